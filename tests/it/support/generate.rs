//! Configs that nobody wrote: an internal tool of any size, and its edits. The same every time.

use std::fmt::Write as _;

/// The columns of a component, so that editing one changes a line in the middle of the text.
const WORDS: [&str; 16] = [
    "refund",
    "invoice",
    "customer",
    "ledger",
    "parcel",
    "ticket",
    "region",
    "carrier",
    "voucher",
    "account",
    "payout",
    "dispute",
    "warehouse",
    "address",
    "mandate",
    "receipt",
];

/// An internal tool as its builder keeps it: components with titles, queries and places.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    components: Vec<String>,
    random: Random,
}

impl Tool {
    /// A tool whose config has about `bytes` bytes.
    pub(crate) fn of(bytes: usize) -> Self {
        Self::seeded(1, bytes)
    }

    /// Another tool for each `seed`, which is not 0.
    pub(crate) fn seeded(seed: u64, bytes: usize) -> Self {
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut tool = Self { components: Vec::new(), random };
        let mut length = 0;
        while length < bytes {
            let component = tool.component();
            length += component.len() + 4;
            tool.components.push(component);
        }
        tool
    }

    fn component(&mut self) -> String {
        let (id, one, other) = (self.random.next(), self.random.word(), self.random.word());
        let (x, y) = (id % 12, id % 977);
        let mut text = String::with_capacity(320);
        write!(
            text,
            r#"{{"id": "c{id:016x}", "type": "table", "title": "{one} by {other}", "visible": true, "at": {{"x": {x}, "y": {y}, "w": 6.0}}, "query": "select id, {one}, {other}, created_at from {one}s where {other}_id = :{other}_id and state <> 'closed' order by created_at desc limit 200"}}"#,
        )
        .unwrap();
        text
    }

    /// The config's text, one component a line.
    pub(crate) fn text(&self) -> String {
        format!(
            "{{\n\"title\": \"Back office\",\n\"components\": [\n{}\n]\n}}\n",
            self.components.join(",\n")
        )
    }

    /// One edit, as a person makes one: mostly another title, sometimes a component more, less or moved.
    pub(crate) fn edit(&mut self) {
        let place = self.random.below(self.components.len());
        match self.random.below(10) {
            0 => {
                let component = self.component();
                self.components.insert(place, component);
            }
            1 if self.components.len() > 1 => drop(self.components.remove(place)),
            2 => {
                let component = self.components.remove(place);
                let place = self.random.below(self.components.len() + 1);
                self.components.insert(place, component);
            }
            _ => {
                let title = format!(r#""title": "{} #{}""#, self.random.word(), self.random.next() % 10_000);
                let component = &mut self.components[place];
                let start = component.find(r#""title""#).unwrap();
                let end = component.find(r#", "visible""#).unwrap();
                component.replace_range(start..end, &title);
            }
        }
    }
}

/// The config of a tool of about `bytes` bytes, and of `edits` edits one after another.
pub(crate) fn history(bytes: usize, edits: usize) -> Vec<String> {
    let mut tool = Tool::of(bytes);
    let mut versions = vec![tool.text()];
    while versions.len() <= edits {
        tool.edit();
        let text = tool.text();
        // A component that is moved to where it was is no edit.
        if versions.last() != Some(&text) {
            versions.push(text);
        }
    }
    versions
}

/// Numbers that look random: xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len())]
    }
}
