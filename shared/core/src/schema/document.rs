//! A JSON text with an index of its values: what a check reads instead of a tree.
//!
//! The index takes 8 bytes for each value and each key: at most 4 bytes for each byte of text.

use std::borrow::Cow;

use crate::config::pointer;
use crate::config::span::{WHITE_SPACE, string_end, unescaped};

/// A value or a key: its place in the index.
pub(super) type Place = u32;

/// The document as a whole.
pub(super) const ROOT: Place = 0;

/// One value or key.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    /// Where its text starts.
    start: u32,
    /// The place after all that is in it.
    after: Place,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// A JSON text and its index.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    text: &'a str,
    index: &'a [Entry],
}

/// The index of a JSON text of less than 4 GiB. The text must be JSON.
pub(super) fn index(text: &str) -> Vec<Entry> {
    // Exactly as large as it has to be: growing would take up to three times as much for a moment.
    let mut index: Vec<Entry> = Vec::with_capacity(index_bytes(text) / size_of::<Entry>());
    let mut open: Vec<usize> = Vec::new();
    scan(text, |part| {
        let next = u32::try_from(index.len()).unwrap_or(u32::MAX);
        match part {
            Part::Begins(start) => {
                if matches!(text.as_bytes().get(start), Some(b'{' | b'[')) {
                    open.push(index.len());
                }
                let start = u32::try_from(start).unwrap_or(u32::MAX);
                index.push(Entry { start, after: next.saturating_add(1) });
            }
            Part::Ends => {
                let opened = open.pop();
                if let Some(entry) = opened.and_then(|opened| index.get_mut(opened)) {
                    entry.after = next;
                }
            }
        }
    });
    index
}

/// How many bytes the index of a text takes.
pub(super) fn index_bytes(text: &str) -> usize {
    let mut count = 0_usize;
    scan(text, |part| count += usize::from(matches!(part, Part::Begins(_))));
    count.saturating_mul(size_of::<Entry>())
}

/// What a scan comes across.
enum Part {
    /// A value or key begins at this offset.
    Begins(usize),
    /// The object or array that began last and has not ended ends.
    Ends,
}

/// Calls `found` for each part of a JSON text, in order.
fn scan(text: &str, mut found: impl FnMut(Part)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'}' | b']' => {
                found(Part::Ends);
                at += 1;
            }
            _ => {
                found(Part::Begins(at));
                at = match byte {
                    b'{' | b'[' => at + 1,
                    b'"' => string_end(bytes, at),
                    _ => scalar_end(bytes, at),
                };
            }
        }
    }
}

/// The offset after the number or literal that starts at `start`.
fn scalar_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    rest.iter().position(ends).map_or(bytes.len(), |length| start + length)
}

impl<'a> Document<'a> {
    /// The text with an index that was made of it.
    pub(super) fn new(text: &'a str, index: &'a [Entry]) -> Self {
        Self { text, index }
    }

    fn entry(&self, place: Place) -> Entry {
        self.index.get(place as usize).copied().unwrap_or_default()
    }

    fn first_byte(&self, place: Place) -> u8 {
        self.text.as_bytes().get(self.entry(place).start as usize).copied().unwrap_or_default()
    }

    /// What the value is. A key is a string.
    pub(super) fn kind(&self, place: Place) -> Kind {
        match self.first_byte(place) {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' => Kind::True,
            b'f' => Kind::False,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The text of a string (in its quotation marks), number or literal.
    pub(super) fn raw(&self, place: Place) -> &'a str {
        let (bytes, start) = (self.text.as_bytes(), self.entry(place).start as usize);
        let end =
            if self.first_byte(place) == b'"' { string_end(bytes, start) } else { scalar_end(bytes, start) };
        self.text.get(start..end).unwrap_or_default()
    }

    /// A string or key, unescaped, as WTF-8.
    pub(super) fn string(&self, place: Place) -> Cow<'a, [u8]> {
        unescaped(self.raw(place))
    }

    /// Whether it is the key of a member.
    pub(super) fn is_key(&self, place: Place) -> bool {
        let after = self.entry(place).start as usize + self.raw(place).len();
        let rest = self.text.get(after..).unwrap_or_default();
        self.kind(place) == Kind::String && rest.trim_start_matches(WHITE_SPACE).starts_with(':')
    }

    /// A string or key for people.
    pub(super) fn words(&self, place: Place) -> String {
        String::from_utf8_lossy(&self.string(place)).into_owned()
    }

    /// The text of any value.
    pub(super) fn text_of(&self, place: Place) -> &'a str {
        if !matches!(self.kind(place), Kind::Object | Kind::Array) {
            return self.raw(place);
        }
        let (bytes, start) = (self.text.as_bytes(), self.entry(place).start as usize);
        let (mut at, mut levels) = (start, 0_usize);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at),
                b'{' | b'[' => (at, levels) = (at + 1, levels + 1),
                b'}' | b']' if levels == 1 => return self.text.get(start..=at).unwrap_or_default(),
                b'}' | b']' => (at, levels) = (at + 1, levels - 1),
                _ => at += 1,
            }
        }
        self.text.get(start..).unwrap_or_default()
    }

    /// The members of an object: the places of key and value. None of anything else.
    pub(super) fn members(&self, place: Place) -> Members<'a> {
        let ends = if self.kind(place) == Kind::Object { self.entry(place).after } else { 0 };
        Members { document: *self, at: place + 1, ends }
    }

    /// The elements of an array. None of anything else.
    pub(super) fn elements(&self, place: Place) -> Elements<'a> {
        let ends = if self.kind(place) == Kind::Array { self.entry(place).after } else { 0 };
        Elements { document: *self, at: place + 1, ends }
    }

    /// The value of a member by its key. It looks at one member after the other.
    pub(super) fn member(&self, place: Place, key: &[u8]) -> Option<Place> {
        self.members(place).find(|(name, _)| *self.string(*name) == *key).map(|(_, value)| value)
    }

    /// The JSON Pointer of a value. The one of a key is that of its member.
    pub(super) fn pointer(&self, of: Place) -> String {
        let (mut at, mut text) = (ROOT, String::new());
        while at != of {
            let inside = |place: Place| place == of || (place < of && of < self.entry(place).after);
            if let Some((key, value)) = self.members(at).find(|(key, value)| *key == of || inside(*value)) {
                pointer::push(&mut text, &self.words(key));
                if key == of {
                    break;
                }
                at = value;
            } else if let Some((number, value)) =
                self.elements(at).enumerate().find(|(_, value)| inside(*value))
            {
                pointer::push_index(&mut text, number);
                at = value;
            } else {
                break;
            }
        }
        text
    }
}

/// See [`Document::members`].
pub(super) struct Members<'a> {
    document: Document<'a>,
    at: Place,
    ends: Place,
}

impl Iterator for Members<'_> {
    type Item = (Place, Place);

    fn next(&mut self) -> Option<(Place, Place)> {
        let (key, value) = (self.at, self.at + 1);
        (value < self.ends).then(|| self.at = self.document.entry(value).after)?;
        Some((key, value))
    }
}

/// See [`Document::elements`].
pub(super) struct Elements<'a> {
    document: Document<'a>,
    at: Place,
    ends: Place,
}

impl Iterator for Elements<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        let element = self.at;
        (element < self.ends).then(|| self.at = self.document.entry(element).after)?;
        Some(element)
    }
}
