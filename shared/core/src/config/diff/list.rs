//! A difference as a list of changes.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::outline::{Id, Outline};
use super::super::pointer;
use super::super::span::{Kind, compact, unescaped};
use super::label::Trail;
use super::lines::{Hunk, lines};
use super::walk::{Edit, Part, Place};
use super::{Change, Counts, Diff, Op};

/// Bytes that the pointers and labels of one list may take, and what each change takes at least. A difference with
/// more is one change: everything was replaced.
const MAX_LIST: usize = 64 * 1024 * 1024;

/// What a change takes beside its texts.
const CHANGE: usize = 200;

/// Lines that one list compares.
const MAX_LINES: usize = 200_000;

/// The list of a difference.
pub(super) fn diff(old: &Outline<'_>, new: &Outline<'_>, edit: Option<&Edit>, counts: Counts) -> Diff {
    let Some(edit) = edit else { return Diff { changes: Vec::new(), counts } };
    let mut list = List { lines: MAX_LINES, ..List::new(old, new, usize::MAX) };
    let root = Place { index: 0, id: Outline::ROOT };
    if list.edit(edit, root, root).is_err() {
        list = List { room: usize::MAX, lines: MAX_LINES, ..List::new(old, new, usize::MAX) };
        // With this much room it fits.
        let _ = list.change(Op::Replace, Some(root), Some(root));
    }
    Diff { changes: list.changes, counts }
}

/// The first `most` changes of a difference, without their values.
pub(super) fn first(old: &Outline<'_>, new: &Outline<'_>, edit: &Edit, most: usize) -> Vec<Change> {
    let mut list = List { with_values: false, ..List::new(old, new, most) };
    let root = Place { index: 0, id: Outline::ROOT };
    // It ends early where there are more.
    let _ = list.edit(edit, root, root);
    list.changes
}

/// There is no room for the list.
struct Full;

struct List<'o, 'a> {
    old: &'o Outline<'a>,
    new: &'o Outline<'a>,
    changes: Vec<Change>,
    /// The place in the newer config, and in the older.
    path: String,
    from: String,
    trail: Trail,
    room: usize,
    lines: usize,
    /// How many changes are listed.
    most: usize,
    with_values: bool,
}

impl<'o, 'a> List<'o, 'a> {
    /// An empty list at the top of both, of at most so many changes; it compares no lines.
    fn new(old: &'o Outline<'a>, new: &'o Outline<'a>, most: usize) -> Self {
        Self {
            old,
            new,
            changes: Vec::new(),
            path: String::new(),
            from: String::new(),
            trail: Trail::default(),
            room: MAX_LIST,
            lines: 0,
            most,
            with_values: true,
        }
    }
}

impl List<'_, '_> {
    fn edit(&mut self, edit: &Edit, old: Place, new: Place) -> Result<(), Full> {
        match edit {
            Edit::Replace => self.change(Op::Replace, Some(old), Some(new)),
            Edit::Object(parts) => parts.iter().try_for_each(|part| self.part(part, true)),
            Edit::Array(parts) => parts.iter().try_for_each(|part| self.part(part, false)),
        }
    }

    fn part(&mut self, part: &Part, is_member: bool) -> Result<(), Full> {
        let lengths = (self.path.len(), self.from.len());
        let outline = if part.new.is_some() { self.new } else { self.old };
        let Some(place) = part.new.or(part.old) else { return Ok(()) };
        if is_member {
            let key = outline.key_text(place.id);
            self.trail.member(&key);
            pointer::push(&mut self.path, &key);
            pointer::push(&mut self.from, &key);
        } else {
            self.trail.element(outline, place.id, place.index);
            pointer::push_index(&mut self.path, place.index);
            pointer::push_index(&mut self.from, part.old.map_or(place.index, |old| old.index));
        }
        match (part.old, part.new) {
            (Some(old), Some(new)) => {
                if part.moved {
                    self.change(Op::Move, None, None)?;
                }
                if let Some(edit) = &part.edit {
                    self.edit(edit, old, new)?;
                }
            }
            (None, new) => self.change(Op::Add, None, new)?,
            (old, None) => self.change(Op::Remove, old, None)?,
        }
        self.trail.up();
        self.path.truncate(lengths.0);
        self.from.truncate(lengths.1);
        Ok(())
    }

    fn change(&mut self, op: Op, old: Option<Place>, new: Option<Place>) -> Result<(), Full> {
        self.most = self.most.checked_sub(1).ok_or(Full)?;
        let with_values = |place: &Place| self.with_values.then_some(*place);
        let (old, new) = (old.as_ref().and_then(with_values), new.as_ref().and_then(with_values));
        let label = self.trail.label();
        let takes = CHANGE + self.path.len() + self.from.len() + label.len();
        self.room = self.room.checked_sub(takes).ok_or(Full)?;
        let lines = match (old, new) {
            (Some(old), Some(new)) => self.lines(old.id, new.id),
            _ => None,
        };
        // What is gone was at a place of the older config, which `path` is then about.
        let (path, from) = match op {
            Op::Remove => (self.from.clone(), None),
            Op::Add => (self.path.clone(), None),
            Op::Replace | Op::Move => {
                (self.path.clone(), (self.from != self.path).then(|| self.from.clone()))
            }
        };
        self.changes.push(Change {
            op,
            path,
            from,
            before: old.and_then(|place| raw(self.old, place.id)),
            after: new.and_then(|place| raw(self.new, place.id)),
            label,
            lines,
            only: None,
            follows: None,
        });
        Ok(())
    }

    fn lines(&mut self, old: Id, new: Id) -> Option<Vec<Hunk>> {
        let is_string = |outline: &Outline<'_>, id| outline.get(id).kind == Kind::String;
        if !is_string(self.old, old) || !is_string(self.new, new) {
            return None;
        }
        let (before, after) = (unescaped(self.old.text(old)), unescaped(self.new.text(new)));
        let text = |bytes: Cow<'_, [u8]>| String::from_utf8_lossy(&bytes).into_owned();
        lines(&text(before), &text(after), &mut self.lines)
    }
}

/// A value's own text, without white space.
fn raw(outline: &Outline<'_>, id: Id) -> Option<Box<RawValue>> {
    RawValue::from_string(compact(outline.text(id)).into_owned()).ok()
}
