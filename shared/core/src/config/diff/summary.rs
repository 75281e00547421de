//! What changed, in few words: what an entry of the history says of its save.

use serde::{Deserialize, Serialize};

use super::super::outline::{Outline, Same};
use super::super::outlined::Outlined;
use super::super::pointer::Pointer;
use super::super::span::Kind;
use super::walk::{self, Edit, Part};
use super::{Counts, Op, Sameness, list};
use crate::visible::visible;

/// Longest key that says what elements are.
const MAX_KEY: usize = 60;

/// Most changes that are named.
const MAX_NAMED: usize = 8;

/// The counts of a difference, its first places, and a line for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many changes of each kind there are.
    #[serde(flatten, with = "sparse")]
    pub counts: Counts,
    /// What changed, for people, such as `Panel "Raft IO" › title and 3 more`. Empty where nothing but white space did,
    /// where there was no room for it, and in entries that were written before there were labels.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The first changes, as many as there was room for: each a letter (`a` added, `r` removed, `c` changed, `m` moved) and
    /// the JSON Pointer of [`super::Change::path`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// Counts without those that are 0.
mod sparse {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::{Counts, is_zero};

    #[derive(Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "is_zero")]
        added: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        removed: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        changed: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        moved: u64,
    }

    pub(super) fn serialize<S: Serializer>(counts: &Counts, to: S) -> Result<S::Ok, S::Error> {
        let Counts { added, removed, changed, moved } = *counts;
        Sparse { added, removed, changed, moved }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Counts, D::Error> {
        let Sparse { added, removed, changed, moved } = Sparse::deserialize(from)?;
        Ok(Counts { added, removed, changed, moved })
    }
}

impl Summary {
    /// What changed from `before` to `after`, in at most `room` bytes of label and pointers.
    pub fn of(before: &str, after: &str, room: usize) -> Self {
        if before == after {
            return Self::default();
        }
        let (old, same) = (Outline::of(before), Same::of(before, after));
        Self::between(&old, &Outline::edited(&old, after, same), same, room)
    }

    /// The same as [`Summary::of`] the texts of two configs whose outlines are there.
    pub fn of_outlined(before: &Outlined, after: &Outlined, room: usize) -> Self {
        Self::between(&before.outline(), &after.outline(), Same::default(), room)
    }

    /// What changed between two texts that have the `same` in common.
    pub(in super::super) fn between(old: &Outline<'_>, new: &Outline<'_>, same: Same, room: usize) -> Self {
        let edit = walk::compare(old, new, Sameness::Identity, same);
        let Some(edit) = edit else { return Self::default() };
        let counts = edit.counts();
        let first = list::first(old, new, &edit, MAX_NAMED);
        let mut label = match removed((old, new), &edit, counts).or_else(|| added(new, &edit)) {
            Some(label) => label,
            None => first.first().map_or_else(String::new, |one| in_words(one.op, &one.label, counts)),
        };
        let mut room = room;
        if label.len() > room {
            label = String::new();
        }
        room -= label.len();
        let mut paths = Vec::new();
        for change in &first {
            let Some(left) = room.checked_sub(change.path.len() + 2) else { break };
            room = left;
            paths.push(format!("{}{}", letter(change.op), change.path));
        }
        Self { counts, label, paths }
    }

    /// Whether the value at `place` of the newer config, and whatever is in it, surely stood at the same place of the
    /// older. False also where this summary does not say enough.
    pub fn leaves_alone(&self, place: &Pointer) -> bool {
        self.paths.len() as u64 == self.counts.total() && self.paths.iter().all(|path| is_apart(path, place))
    }
}

/// Whether a change, as a summary has it, neither touches a place nor shifts it.
fn is_apart(change: &str, place: &Pointer) -> bool {
    let mut chars = change.chars();
    let op = chars.next();
    let Ok(changed) = chars.as_str().parse::<Pointer>() else { return false };
    if changed == *place || changed.is_above(place) || place.is_above(&changed) {
        return false;
    }
    let (Some((last, above)), tokens) = (changed.tokens().split_last(), place.tokens()) else { return false };
    // What comes, goes or moves in an array shifts what is beside it.
    let beside = tokens.len() > above.len() && tokens.starts_with(above);
    op == Some('c')
        || !beside
        || !is_index(last)
        || !tokens.get(above.len()).is_some_and(|token| is_index(token))
}

fn is_index(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit())
}

fn letter(op: Op) -> char {
    match op {
        Op::Add => 'a',
        Op::Remove => 'r',
        Op::Replace => 'c',
        Op::Move => 'm',
    }
}

fn in_words(op: Op, label: &str, counts: Counts) -> String {
    let what = match op {
        Op::Add => format!("Added {label}"),
        Op::Remove => format!("Removed {label}"),
        Op::Move => format!("Moved {label}"),
        Op::Replace => label.to_owned(),
    };
    let more = counts.total() - 1;
    // What is gone stands out, also behind something else.
    match (more, counts.removed) {
        (0, _) => what,
        (_, removed) if removed > 0 && op != Op::Remove => {
            format!("{what} and {more} more, {removed} removed")
        }
        _ => format!("{what} and {more} more"),
    }
}

/// Such as `Removed 14 pages`: what is gone stands out, whatever else changed. Of several arrays that lost elements, the
/// one that lost most.
fn removed((old, new): (&Outline<'_>, &Outline<'_>), edit: &Edit, counts: Counts) -> Option<String> {
    let mut most: Option<(usize, String)> = None;
    for_arrays(new, edit, None, &mut |key, parts| {
        let is_gone = |part: &&Part| {
            part.new.is_none() && part.old.is_some_and(|place| old.get(place.id).kind == Kind::Object)
        };
        let gone = parts.iter().filter(is_gone).count();
        if gone > 1 && most.as_ref().is_none_or(|(most, _)| gone > *most) {
            most = Some((gone, key.to_owned()));
        }
    });
    let (gone, key) = most?;
    let (more, key) = (counts.total().saturating_sub(gone as u64), visible(&key));
    Some(if more == 0 {
        format!("Removed {gone} {key}")
    } else {
        format!("Removed {gone} {key} and {more} more")
    })
}

/// Such as `Added 3 pages`, where that is all.
fn added(new: &Outline<'_>, edit: &Edit) -> Option<String> {
    let mut came = None;
    for_arrays(new, edit, None, &mut |key, parts| {
        let is_new = |part: &Part| {
            part.old.is_none() && part.new.is_some_and(|place| new.get(place.id).kind == Kind::Object)
        };
        if parts.len() > 1 && parts.iter().all(is_new) {
            came = Some((parts.len(), key.to_owned()));
        }
    });
    let (count, key) = came?;
    (edit.counts().total() == count as u64).then(|| format!("Added {count} {}", visible(&key)))
}

/// Visits the arrays that differ, each with the key that it or an array around it has.
fn for_arrays(new: &Outline<'_>, edit: &Edit, key: Option<&str>, visit: &mut impl FnMut(&str, &[Part])) {
    let (parts, is_object) = match edit {
        Edit::Replace => return,
        Edit::Object(parts) => (parts, true),
        Edit::Array(parts) => (parts, false),
    };
    if let Some(key) = key.filter(|key| !is_object && key.len() <= MAX_KEY) {
        visit(key, parts);
    }
    for part in parts {
        let Some(inner) = &part.edit else { continue };
        let own = part.new.filter(|_| is_object).map(|place| new.key_text(place.id));
        for_arrays(new, inner, own.as_deref().or(key), visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(before: &str, after: &str) -> String {
        Summary::of(before, after, 400).label
    }

    #[test]
    fn the_first_change_is_named_and_the_others_are_counted() {
        let panels =
            |title: &str, n: u32| format!(r#"{{"panels":[{{"id":1,"title":"{title}","n":{n},"m":{n}}}]}}"#);
        assert_eq!(label(&panels("Raft IO", 1), &panels("Raft", 1)), r#"Panel "Raft" › title"#);
        assert_eq!(label(&panels("Raft IO", 1), &panels("Raft", 2)), r#"Panel "Raft" › title and 2 more"#);
        assert_eq!(label(r#"{"a":1}"#, r#"{"a":1,"b":2}"#), "Added b");
        assert_eq!(label(r#"{"a":1,"b":2}"#, r#"{"a":1}"#), "Removed b");
        assert_eq!(label(r#"{"a":1,"b":2,"c":3}"#, r#"{"a":2}"#), "a and 2 more, 2 removed");
        assert_eq!(label(r#"{"a":1}"#, r#"{ "a":1.0}"#), "");
    }

    #[test]
    fn many_elements_at_once_are_one_phrase() {
        let pages = |ids: &[u32]| {
            let pages: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":{id}}}"#)).collect();
            format!(r#"{{"app":{{"pages":[{}]}}}}"#, pages.join(","))
        };
        assert_eq!(label(&pages(&[1, 2, 3, 4]), &pages(&[2])), "Removed 3 pages");
        assert_eq!(label(&pages(&[2]), &pages(&[1, 2, 3])), "Added 2 pages");
        // What is gone stands out, also among other changes.
        let beside = |n: u32, ids: &[u32]| format!(r#"{{"n":{n},"p":{}}}"#, pages(ids));
        assert_eq!(label(&beside(1, &[1, 2, 3]), &beside(2, &[3])), "Removed 2 pages and 1 more");
        assert_eq!(label(&beside(1, &[3]), &beside(2, &[1, 2, 3])), "n and 2 more");
        assert_eq!(label(&pages(&[1, 2]), &pages(&[2])), "Removed app › Page \"1\"");
    }

    #[test]
    fn it_keeps_to_its_room() {
        let before = r#"{"a":1,"b":1,"c":1}"#;
        let after = r#"{"a":2,"b":2,"c":2}"#;
        let whole = Summary::of(before, after, 400);
        assert_eq!(
            (whole.label.as_str(), whole.paths.as_slice()),
            ("a and 2 more", &["c/a", "c/b", "c/c"].map(String::from)[..])
        );
        for room in 0..40 {
            let summary = Summary::of(before, after, room);
            let bytes = summary.label.len() + summary.paths.iter().map(|path| path.len() + 1).sum::<usize>();
            assert!(bytes <= room, "{room}: {summary:?}");
            assert_eq!(summary.counts, whole.counts);
        }
    }

    #[test]
    fn a_place_is_left_alone_where_nothing_touches_or_shifts_it() {
        let summary = |paths: &[&str]| Summary {
            counts: Counts { changed: paths.len() as u64, ..Counts::default() },
            label: String::new(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        let alone = |paths: &[&str], place: &str| summary(paths).leaves_alone(&place.parse().unwrap());
        assert!(alone(&["c/a"], "/b"));
        assert!(alone(&["c/list/0"], "/list/1"));
        assert!(alone(&["a/list/0/x"], "/list/1"));
        assert!(alone(&["r/object/b"], "/object/c"));
        assert!(alone(&[], ""));
        for (paths, place) in [
            (&["c/a"][..], "/a"),
            (&["c/a"], "/a/b"),
            (&["c/a/b"], "/a"),
            (&["c"], "/a"),
            (&["a/list/0"], "/list/1/x"),
            (&["r/list/7"], "/list/1"),
            (&["m/list/7"], "/list/1"),
            (&["c/b", "r/list/7"], "/list/1"),
        ] {
            assert!(!alone(paths, place), "{paths:?} {place}");
        }
        // What is not named may be anything.
        let cut = Summary { counts: Counts { changed: 2, ..Counts::default() }, ..summary(&["c/b"]) };
        assert!(!cut.leaves_alone(&"/a".parse().unwrap()));
    }
}
