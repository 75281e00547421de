//! What changed between two configs: as a list for people and programs, as an RFC 6902 patch, and as plain text.
//!
//! Objects are compared by key. The elements of arrays are known by their ids, or else by their values, by names that
//! tell them apart, and by their places (`align` says how). What is known and changed its place has moved. What differs
//! only in white space, order of keys, or the spelling of numbers and strings is no change.
//!
//! Both texts are scanned once. Time and memory grow with their length; matching long arrays without identity takes up to
//! n·√n steps, and past a budget n·log n with a coarser result. Configs with more than two million values are
//! compared with their largest parts as one value each.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::outline::{Outline, Same};

mod align;
mod became;
mod follow;
mod identity;
mod label;
mod lines;
mod lis;
mod list;
mod matches;
mod neighbours;
mod only;
mod patch;
mod summary;
mod text;
mod walk;

#[cfg(test)]
mod tests;

pub(super) use align::{Aligned, Pair, Sameness, known};
pub(super) use became::is_alike;
pub use follow::{Earlier, at, follow, follow_each, labelled, labels};
pub(super) use identity::{Elements, is_name_of, twins};
pub(super) use label::Trail;
pub use lines::Hunk;
pub(super) use matches::MATCH_BUDGET;
pub use only::Only;
pub use summary::Summary;
pub(super) use walk::paired;

/// The changes from one config to another.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diff {
    /// The changes, in the order of the newer config; what is gone stands where it was.
    pub changes: Vec<Change>,
    /// How many of each kind they are.
    pub counts: Counts,
}

/// How many changes of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Members and elements that are new.
    pub added: u64,
    /// Members and elements that are gone.
    pub removed: u64,
    /// Values that are others now.
    pub changed: u64,
    /// Elements that are in another place of their array; 0 in entries that were written before moves were told apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// All changes together.
    pub fn total(&self) -> u64 {
        self.added.saturating_add(self.removed).saturating_add(self.changed).saturating_add(self.moved)
    }
}

/// Such as `3 changed, 1 moved`; nothing where there is none.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.removed, "removed"),
            (self.moved, "moved"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        f.write_str(&parts.join(", "))
    }
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// A new member or element.
    Add,
    /// A member or element that is gone.
    Remove,
    /// Another value.
    Replace,
    /// An element in another place of its array.
    Move,
}

/// One change.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its kind.
    pub op: Op,
    /// The JSON Pointer of the place in the newer config; of what is gone, in the older.
    pub path: String,
    /// The JSON Pointer of the place in the older config, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value before, in its own spelling without white space around its parts. None for what is new or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub before: Option<Box<RawValue>>,
    /// The value after, likewise. None for what is gone or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub after: Option<Box<RawValue>>,
    /// The place in words, such as `Panel "Raft IO" › title`.
    pub label: String,
    /// Which lines changed, where both values are strings and one has several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Hunk>>,
    /// All that differs between two strings that look alike: their line ends, white space, case, or invisible characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// Of what moved: the label of the element before it in the newer array. None where it is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
}

/// Shows the kind only: contents never reach a log.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)
    }
}

/// What changed from `before` to `after`, both texts of configs.
pub fn diff(before: &str, after: &str) -> Diff {
    let (old, same) = (Outline::of(before), Same::of(before, after));
    let new = Outline::edited(&old, after, same);
    let edit = walk::compare(&old, &new, Sameness::Identity, same);
    let counts = edit.as_ref().map(walk::Edit::counts).unwrap_or_default();
    let mut found = list::diff(&old, &new, edit.as_ref(), counts);
    for change in &mut found.changes {
        change.only = only::between(change.before.as_deref(), change.after.as_deref());
    }
    neighbours::name(&new, &mut found.changes);
    found
}

/// How much changed from `before` to `after`: the counts of [`diff`], without its list.
pub fn counts(before: &str, after: &str) -> Counts {
    if before == after {
        return Counts::default();
    }
    let (old, same) = (Outline::of(before), Same::of(before, after));
    counted(&old, &Outline::edited(&old, after, same), same)
}

/// The counts of [`diff`] between two outlines.
pub(super) fn between(old: &Outline<'_>, new: &Outline<'_>) -> Counts {
    counted(old, new, Same::default())
}

fn counted(old: &Outline<'_>, new: &Outline<'_>, same: Same) -> Counts {
    let edit = walk::compare(old, new, Sameness::Identity, same);
    edit.as_ref().map(walk::Edit::counts).unwrap_or_default()
}

/// The JSON text of an RFC 6902 patch that turns `before` into `after`, by value: operations `add`, `remove`,
/// `replace` and `move`, to be applied in their order.
///
/// Where replacing a whole object or array takes fewer bytes than its single changes, it is replaced. Numbers and
/// strings keep their spelling.
pub fn patch(before: &str, after: &str) -> String {
    let (old, same) = (Outline::of(before), Same::of(before, after));
    let new = Outline::edited(&old, after, same);
    let edit = walk::compare(&old, &new, Sameness::Place, same);
    patch::write(&old, &new, edit.as_ref())
}

/// What changed, for people: one line for each change, the changed lines of longer texts below it, long values cut.
pub fn text(diff: &Diff) -> String {
    text::write(diff)
}
