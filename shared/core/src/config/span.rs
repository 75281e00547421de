//! Shallow views of JSON text: the members of an object and the elements of an array as parts of the text
//! that they stand in. One view costs one scan of its text; nothing below the first level is built.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

#[cfg(test)]
mod tests;

/// The white space of JSON (RFC 8259, section 2).
pub const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Most members or elements that a view shows: one costs up to 32 bytes, so that views stay under 32 MB.
pub const MAX_ITEMS: usize = 1_000_000;

/// A text is not the JSON that it was taken for, or has more than [`MAX_ITEMS`] items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a JSON value of the expected kind and size")]
pub struct Unexpected;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number of any size.
    Number,
    /// `true`, `false` or `null`.
    Literal,
}

/// The kind of a JSON value, from its first character. `text` must be JSON.
pub fn kind(text: &str) -> Kind {
    match text.trim_start_matches(WHITE_SPACE).as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Literal,
    }
}

/// One member of an object.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// The key with its quotes and escapes.
    pub raw_key: &'a str,
    /// The value.
    pub value: &'a RawValue,
}

impl<'a> Member<'a> {
    /// The key, unescaped, as WTF-8: see [`unescaped`].
    pub fn key(&self) -> Cow<'a, [u8]> {
        unescaped(self.raw_key)
    }
}

/// The members of an object, in their order.
///
/// # Errors
///
/// When `text` is not a JSON object, or has more than [`MAX_ITEMS`] members.
pub fn members(text: &str) -> Result<Vec<Member<'_>>, Unexpected> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members).map_err(|_| Unexpected)
}

/// The elements of an array.
///
/// # Errors
///
/// When `text` is not a JSON array, or has more than [`MAX_ITEMS`] elements.
pub fn elements(text: &str) -> Result<Vec<&RawValue>, Unexpected> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_seq(Elements).map_err(|_| Unexpected)
}

/// Where `part`, a slice of `whole`, lies in it, in bytes. `None` when it does not lie in it.
pub fn within(whole: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// The content of a raw JSON string, as WTF-8: UTF-8, in which a lone surrogate escape (`\ud800`), for which
/// UTF-8 has no form, is the three bytes of its code point. Equal strings have equal bytes.
pub fn unescaped(raw: &str) -> Cow<'_, [u8]> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner.as_bytes());
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    // It cannot fail on a raw JSON string; on anything else the text itself is the best answer.
    let bytes = deserializer.deserialize_bytes(Content).unwrap_or_else(|_| inner.as_bytes().to_vec());
    Cow::Owned(bytes)
}

/// A JSON text without the white space between its parts.
pub(super) fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let (mut at, mut from, mut out) = (0, 0, String::new());
    while let Some(byte) = bytes.get(at) {
        if *byte == b'"' {
            at = string_end(bytes, at);
        } else if is_space(byte) {
            out.push_str(text.get(from..at).unwrap_or_default());
            at += bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_space(byte)).count();
            from = at;
        } else {
            at += 1;
        }
    }
    if from == 0 {
        return text.into();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.into()
}

/// The offset just after the string that starts at `start`. `bytes` must be JSON.
pub(crate) fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(next) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return bytes.len();
        };
        if rest.get(next) == Some(&b'"') {
            return at + next + 1;
        }
        at += next + 2;
    }
}

/// Refuses one item more than a view shows.
fn room<E: serde::de::Error>(items: usize) -> Result<(), E> {
    if items < MAX_ITEMS { Ok(()) } else { Err(E::custom("too many items")) }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            room(members.len())?;
            members.push(Member { raw_key: key.get(), value });
        }
        Ok(members)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            room(elements.len())?;
            elements.push(element);
        }
        Ok(elements)
    }
}

struct Content;

impl Visitor<'_> for Content {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}
