//! Every value of a config in one list: where its text lies, and a hash of what it means. One scan makes it; nothing
//! is copied out of the text.
//!
//! A value takes 32 bytes. A config with more than [`MAX_VALUES`] values has its largest parts folded: they are in
//! the list as one value each, with their hash, and are compared and replaced as a whole.

use std::borrow::Cow;
use std::ops::Range;

use super::span::{Kind, unescaped};

mod same;
mod scan;

pub(super) use same::Same;

#[cfg(test)]
mod tests;

/// Most values that an outline lists: 64 MB.
const MAX_VALUES: usize = 2_000_000;

/// The place of a value in its outline.
pub(super) type Id = u32;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Equal values have equal hashes, however they are spelled. Different values may: a hash finds, it never proves.
    pub(super) hash: u64,
    start: u32,
    end: u32,
    /// The member's key with its quotes; empty outside objects.
    key_start: u32,
    key_end: u32,
    /// Where the value after this one and all in it is.
    next: Id,
    pub(super) kind: Kind,
    folded: bool,
}

// What the top of this file says a value takes; `MAX_VALUES` is reckoned with it.
const _: () = assert!(size_of::<Value>() == 32);

/// What stands for a value that is not there, so that nothing panics on a text that is no JSON.
const NOTHING: Value =
    Value { hash: 0, start: 0, end: 0, key_start: 0, key_end: 0, next: 0, kind: Kind::Literal, folded: true };

/// The values of a text, each before those in it.
pub(super) struct Outline<'a> {
    text: &'a str,
    values: Cow<'a, [Value]>,
}

impl<'a> Outline<'a> {
    /// The outline of the text of a config; of another text, an outline of some of it. Time and memory grow with the
    /// text alone.
    pub(super) fn of(text: &'a str) -> Self {
        Self::within(text, MAX_VALUES)
    }

    /// The same as [`Outline::of`] a text that an edit has made of another: sooner, since what is the `same` in both, at their
    /// beginning and end, is not scanned again. Both are JSON.
    pub(super) fn edited(before: &Outline<'_>, text: &'a str, same: Same) -> Self {
        match scan::edited(&before.values, before.text, text, same, MAX_VALUES) {
            Some(values) => Self { text, values: Cow::Owned(values) },
            None => Self::of(text),
        }
    }

    fn within(text: &'a str, max_values: usize) -> Self {
        Self { text, values: Cow::Owned(scan::values(text, max_values)) }
    }

    /// The outline of `text` that was made before, when [`Outline::into_values`] took its values out.
    pub(super) fn again(text: &'a str, values: &'a [Value]) -> Self {
        Self { text, values: Cow::Borrowed(values) }
    }

    /// The values without the text.
    pub(super) fn into_values(self) -> Vec<Value> {
        self.values.into_owned()
    }

    /// The values whose texts hold what a text has from `start` to `end`, the outermost first: that of the whole text, which is
    /// there in any case, and so on down.
    pub(super) fn way(&self, start: usize, end: usize) -> Vec<Id> {
        let holds = |id: &Id| {
            let Range { start: from, end: to } = self.range(*id);
            from <= start && end <= to
        };
        let mut way = vec![Self::ROOT];
        let mut id = Self::ROOT;
        while let Some(child) = self.children(id).find(holds) {
            way.push(child);
            id = child;
        }
        way
    }

    /// The value of the whole text.
    pub(super) const ROOT: Id = 0;

    /// A value.
    pub(super) fn get(&self, id: Id) -> &Value {
        self.values.get(id as usize).unwrap_or(&NOTHING)
    }

    /// Where the text of a value lies, in bytes.
    pub(super) fn range(&self, id: Id) -> Range<usize> {
        let value = self.get(id);
        value.start as usize..value.end as usize
    }

    /// The text of a value.
    pub(super) fn text(&self, id: Id) -> &'a str {
        self.text.get(self.range(id)).unwrap_or_default()
    }

    /// The key of a member with its quotes and escapes.
    pub(super) fn raw_key(&self, id: Id) -> &'a str {
        let value = self.get(id);
        self.text.get(value.key_start as usize..value.key_end as usize).unwrap_or_default()
    }

    /// The key of a member, unescaped, as WTF-8.
    pub(super) fn key(&self, id: Id) -> Cow<'a, [u8]> {
        unescaped(self.raw_key(id))
    }

    /// The key of a member for a pointer or for people. A lone surrogate in it is lost.
    pub(super) fn key_text(&self, id: Id) -> Cow<'a, str> {
        match self.key(id) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        }
    }

    /// The members or elements of a value, in their order; none where it is folded.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let value = self.get(id);
        let mut at = id + 1;
        let end = if value.folded { at } else { value.next };
        std::iter::from_fn(move || {
            let child = (at < end).then_some(at)?;
            at = self.get(child).next.max(child + 1);
            Some(child)
        })
    }

    /// Whether a value is an object or array whose members or elements are listed.
    pub(super) fn is_open(&self, id: Id, kind: Kind) -> bool {
        let value = self.get(id);
        value.kind == kind && !value.folded
    }

    /// The member of an object; `None` also in a folded one.
    pub(super) fn member(&self, id: Id, key: &[u8]) -> Option<Id> {
        self.children(id).find(|child| self.key(*child).as_ref() == key)
    }

    /// Whether two values lie in what their texts have in common.
    pub(super) fn is_in_same(&self, id: Id, other: &Outline<'_>, of: Id, same: Same) -> bool {
        same.holds((self.range(id), self.text.len()), (other.range(of), other.text.len()))
    }

    /// Whether two values have the same text.
    pub(super) fn is_text_of(&self, id: Id, other: &Outline<'_>, of: Id) -> bool {
        self.get(id).hash == other.get(of).hash && self.text(id) == other.text(of)
    }
}
