//! A config with its outline, kept for the next edit.

use std::fmt;
use std::ops::Range;

use super::diff::Summary;
use super::outline::{Outline, Same, Value};
use super::span::{Kind, WHITE_SPACE};
use super::{Config, MAX_DEPTH, check};

/// A config and the outline of its text. With it the next edit is checked and compared by what it changes, instead of being
/// read whole.
#[derive(Clone)]
pub struct Outlined {
    config: Config,
    values: Vec<Value>,
}

impl Outlined {
    /// Reads a config. Time and memory grow with it: 32 bytes for each of its values.
    pub fn of(config: Config) -> Self {
        let values = Outline::of(config.text()).into_values();
        Self { config, values }
    }

    /// The same as [`Outlined::of`], sooner where `config` is an edit of this one.
    pub fn edited(&self, config: Config) -> Edited<'_> {
        let same = Same::of(self.config.text(), config.text());
        self.edited_but(same, config)
    }

    /// [`Outlined::edited`] by what is the same in both texts.
    pub(super) fn edited_but(&self, same: Same, config: Config) -> Edited<'_> {
        let values = Outline::edited(&self.outline(), config.text(), same).into_values();
        Edited { before: self, after: Self { config, values }, same }
    }

    /// What this config's text has in common with another.
    pub(super) fn same(&self, text: &str) -> Same {
        Same::of(self.config.text(), text)
    }

    /// The config.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        self.config.len().saturating_add(self.values.len().saturating_mul(size_of::<Value>()))
    }

    pub(super) fn outline(&self) -> Outline<'_> {
        Outline::again(self.config.text(), &self.values)
    }

    /// Whether this config being one shows that `text` is one too. False where it does not, whatever `text` is.
    ///
    /// It does where `text` is this config's with one value replaced by another, or elements of an array that follow each other
    /// replaced by others, at least one: what is around a value does not depend on it (RFC 8259, sections 2 to 5), and no
    /// object gets a key.
    pub(super) fn proves(&self, text: &str, same: Same) -> bool {
        let (before, after) = (self.config.text(), text);
        let Some(end) = before.len().checked_sub(same.end) else { return false };
        let is_small = |part: &Part| part.range.len() <= before.len() / 2;
        let holds = |part: Part| {
            // What is behind the part is the same in both.
            let end = (part.range.end + after.len()).checked_sub(before.len());
            let new = end.and_then(|end| text.get(part.range.start..end));
            new.is_some_and(|new| part.may_become(new))
        };
        self.parts(same.start, end).filter(is_small).take(ATTEMPTS).any(holds)
    }

    /// The parts that hold what the text has from `start` to `end`, the smallest first.
    fn parts(&self, start: usize, end: usize) -> impl Iterator<Item = Part> {
        let outline = self.outline();
        let way = outline.way(start, end);
        let innermost = way.last().copied().unwrap_or(Outline::ROOT);
        let first =
            outline.children(innermost).take_while(|child| outline.range(*child).start <= start).last();
        let last = outline.children(innermost).find(|child| outline.range(*child).end >= end);
        let siblings = match (first, last) {
            (Some(first), Some(last)) if outline.is_open(innermost, Kind::Array) => Some(Part {
                range: outline.range(first).start..outline.range(last).end,
                are_elements: true,
                around: way.len() - 1,
            }),
            _ => None,
        };
        let values: Vec<Part> = way
            .windows(2)
            .enumerate()
            .map(|(around, pair)| {
                let are_elements = pair.first().is_some_and(|above| outline.is_open(*above, Kind::Array));
                let range = pair.last().map_or(0..0, |id| outline.range(*id));
                Part { range, are_elements, around: if are_elements { around } else { around + 1 } }
            })
            .collect();
        siblings.into_iter().chain(values.into_iter().rev())
    }
}

/// A config that an edit made of another.
pub struct Edited<'b> {
    before: &'b Outlined,
    after: Outlined,
    same: Same,
}

impl Edited<'_> {
    /// What changed, in at most `room` bytes of label and pointers.
    pub fn summary(&self, room: usize) -> Summary {
        Summary::between(&self.before.outline(), &self.after.outline(), self.same, room)
    }

    /// The config with its outline.
    pub fn into_outlined(self) -> Outlined {
        self.after
    }
}

/// How many parts are tried, so that no text takes more than a few times what it takes to read it once.
const ATTEMPTS: usize = 4;

/// A part of a config's text: a value, or elements of an array that follow each other.
struct Part {
    range: Range<usize>,
    are_elements: bool,
    /// How many objects and arrays are around the value, or around the array.
    around: usize,
}

impl Part {
    /// Whether a config stays one when `text` takes this part's place.
    fn may_become(&self, text: &str) -> bool {
        let depth = MAX_DEPTH.saturating_sub(self.around);
        if self.are_elements {
            !text.trim_matches(WHITE_SPACE).is_empty()
                && check::any_document(&format!("[{text}]"), depth).is_ok()
        } else {
            check::any_document(text, depth).is_ok()
        }
    }
}

/// Shows the config's length and hash: contents never reach a log.
impl fmt::Debug for Outlined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlined").field("config", &self.config).field("values", &self.values.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Text;
    use crate::config::generate::{document, edited};

    fn outlined(text: &str) -> Outlined {
        Outlined::of(Config::check(text.to_owned()).unwrap())
    }

    fn proves(before: &str, after: &str) -> bool {
        outlined(before).proves(after, Same::of(before, after))
    }

    /// Compares what checking an edit says with what checking its text says.
    fn same(before: &str, after: &str) -> Result<(), TestCaseError> {
        let found = Text::read(after.to_owned()).and_then(|text| text.check_edit(&outlined(before)));
        let expected = Config::check(after.to_owned());
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{} {}", before, after);
        Ok(())
    }

    #[test]
    fn a_replaced_part_proves_the_whole() {
        let before = r#"{"a":["a long one, so that the array is the largest part",{"id":1,"t":"one"},{"id":2,"t":"two"},{"id":3}],"b":1}"#;
        for (old, new) in [
            (r#""two""#, r#""2""#),
            (r#""b":1"#, r#""b":10"#),
            (r#"{"id":2,"t":"two"}"#, "[ ]"),
            ("two", r"tw\u006f"),
            (r#"{"id":2"#, r#"{"id":4},{"id":2"#),
            (r#",{"id":3}"#, ""),
            (r#"{"id":2,"t":"two"},{"id":3}"#, "[3] , 4"),
            (r#""t":"two""#, r#""x":[]"#),
        ] {
            let after = before.replacen(old, new, 1);
            assert!(proves(before, &after), "{old} {new}");
            same(before, &after).unwrap();
        }
    }

    #[test]
    fn what_is_no_config_is_refused_as_ever() {
        let before = r#"{"a":[{"id":1,"t":"one"},{"id":2,"t":"two"}],"b":1}"#;
        for (old, new) in [
            (r#""two""#, r#""two"#),
            (r#""two""#, r#""two","id":3"#),
            (r#""two""#, r#"{"x":1,"\u0078":2}"#),
            (r#""t":"two""#, r#""id":"two""#),
            (r#"{"id":2,"t":"two"}"#, ""),
            (r#"{"id":2,"t":"two"}"#, " "),
            (r#"{"id":2,"t":"two"}"#, "1],[2"),
            (r#"{"id":2,"t":"two"}"#, "1,,2"),
            (r#""b":1"#, r#""a":1"#),
            ("1}", "1"),
            ("1}", "1}}"),
            ("1}", "1 2}"),
            ("1}", "}"),
            ("1}", "01}"),
            ("two", "\u{1}"),
            (",{", "{"),
            (before, ""),
            (before, "1"),
            (before, "\u{feff}{}"),
        ] {
            let after = before.replacen(old, new, 1);
            assert!(Config::check(after.clone()).is_err(), "{after}");
            same(before, &after).unwrap();
        }
    }

    #[test]
    fn members_are_no_elements() {
        let before = r#"{"a":"a long one, so that what follows is small","b":1,"c":2}"#;
        for (old, new) in
            [(r#""c":2"#, "2"), (r#""b":1,"c":2"#, r#""b":1,2,"c":3"#), (r#","c""#, r#",3,"c""#)]
        {
            let after = before.replacen(old, new, 1);
            assert!(!proves(before, &after), "{after}");
            same(before, &after).unwrap();
        }
    }

    #[test]
    fn an_edit_does_not_make_a_config_deeper_than_allowed() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep =
                |inner: &str| format!("{}{inner}{}", open.repeat(MAX_DEPTH - 1), close.repeat(MAX_DEPTH - 1));
            let before = deep("1");
            assert!(proves(&before, &deep("[]")));
            assert!(!proves(&before, &deep("[[]]")));
            same(&before, &deep("[[]]")).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        #[test]
        fn checking_an_edit_says_what_checking_the_text_says(
            (before, after) in document().prop_flat_map(|before| (Just(before.clone()), edited(before))),
            pretty in any::<bool>(),
        ) {
            let text = |value: &serde_json::Value| {
                if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
            };
            same(&text(&before), &text(&after))?;
        }

        #[test]
        fn that_holds_for_whatever_is_written_into_a_config(
            before in document(), from in any::<prop::sample::Index>(), removed in 0..4_usize,
            written in "[\\[\\]{}\",: 0-9a\\\\é\n]{0,6}",
        ) {
            let before = before.to_string();
            let places: Vec<usize> = before.char_indices().map(|(at, _)| at).chain([before.len()]).collect();
            let start = from.index(places.len());
            let end = (start + removed).min(places.len() - 1);
            let mut after = before.clone();
            after.replace_range(places[start]..places[end], &written);
            same(&before, &after)?;
        }
    }
}
