//! A difference as an RFC 6902 patch.

use std::collections::HashMap;

use super::super::outline::{Id, Outline};
use super::super::pointer;
use super::super::span::compact;
use super::walk::{Edit, Part, Place};

/// Bytes of a patch around its operations, and of an operation around its pointer and value; a little more than it is.
const AROUND: usize = 48;

/// The patch's JSON text. `None` is no difference.
pub(super) fn write(old: &Outline<'_>, new: &Outline<'_>, edit: Option<&Edit>) -> String {
    let mut writer = Writer { old, new, out: String::from("["), path: String::new(), limit: usize::MAX };
    if let Some(edit) = edit {
        writer.edit(edit, Outline::ROOT);
    }
    writer.out.push(']');
    writer.out
}

struct Writer<'o, 'a> {
    old: &'o Outline<'a>,
    new: &'o Outline<'a>,
    out: String,
    /// The place in the newer config. Whatever lies above it is in its final place already.
    path: String,
    /// A longer text is not worth writing: something above is shorter when it is replaced.
    limit: usize,
}

impl Writer<'_, '_> {
    /// Writes how a value changes, or its replacement if that is shorter.
    fn edit(&mut self, edit: &Edit, new: Id) {
        let (start, limit) = (self.out.len(), self.limit);
        // Everything is replaced only where that is much shorter: who applies the patch keeps the text of the rest.
        let worth = if new == Outline::ROOT { 2 } else { 1 };
        let text = self.new.text(new).len();
        // A replacement is never longer than this: one byte takes at most six in a JSON string.
        let longest = (6 * self.path.len()).saturating_add(text).saturating_add(AROUND);
        self.limit = limit.min(start.saturating_add(worth * longest));
        match edit {
            Edit::Replace => self.operation("replace", None, Some(new)),
            Edit::Object(parts) => self.object(parts),
            Edit::Array(parts) => self.array(parts),
        }
        self.limit = limit;
        // Most edits are far shorter than the value.
        if !matches!(edit, Edit::Replace) && self.out.len() - start > text / 4 {
            let edits = self.out.split_off(start);
            self.limit = usize::MAX;
            self.operation("replace", None, Some(new));
            self.limit = limit;
            if worth * (self.out.len() - start) >= edits.len() {
                self.out.truncate(start);
                self.out.push_str(&edits);
            }
        }
    }

    fn object(&mut self, parts: &[Part]) {
        for part in parts {
            if self.out.len() > self.limit {
                return;
            }
            let length = self.path.len();
            let key = match (part.old, part.new) {
                (_, Some(new)) => self.new.key_text(new.id),
                (Some(old), None) => self.old.key_text(old.id),
                (None, None) => continue,
            };
            pointer::push(&mut self.path, &key);
            match (part.old, part.new, &part.edit) {
                (Some(_), Some(new), Some(edit)) => self.edit(edit, new.id),
                (None, Some(new), _) => self.operation("add", None, Some(new.id)),
                (Some(_), None, _) => self.operation("remove", None, None),
                _ => {}
            }
            self.path.truncate(length);
        }
    }

    /// First what is gone, from the end; then what moves and what is new, from the start, each behind what is before
    /// it in the end; then what changes inside, now that all is in its place.
    fn array(&mut self, parts: &[Part]) {
        let length = self.path.len();
        let mut gone: Vec<usize> =
            parts.iter().filter(|part| part.new.is_none()).filter_map(|part| Some(part.old?.index)).collect();
        gone.sort_unstable();
        for index in gone.into_iter().rev() {
            pointer::push_index(&mut self.path, index);
            self.operation("remove", None, None);
            self.path.truncate(length);
        }
        let mut slots = Slots::new(parts);
        for part in parts {
            let Some(new) = part.new else { continue };
            if self.out.len() > self.limit {
                return;
            }
            match part.old {
                Some(old) if part.moved => {
                    let (from, to) = slots.shift(old.index, new.index);
                    // Others have gone out of the way.
                    if from != to {
                        let mut source = self.path.clone();
                        pointer::push_index(&mut source, from);
                        pointer::push_index(&mut self.path, to);
                        self.operation("move", Some(&source), None);
                    }
                }
                Some(_) => {}
                None => {
                    pointer::push_index(&mut self.path, slots.fill(new.index));
                    self.operation("add", None, Some(new.id));
                }
            }
            self.path.truncate(length);
        }
        for part in parts {
            if let (Some(Place { index, id }), Some(edit)) = (part.new, &part.edit) {
                pointer::push_index(&mut self.path, index);
                self.edit(edit, id);
                self.path.truncate(length);
            }
        }
    }

    fn operation(&mut self, op: &str, from: Option<&str>, value: Option<Id>) {
        if self.out.len() > self.limit {
            return;
        }
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.out.push_str("{\"op\":\"");
        self.out.push_str(op);
        if let Some(from) = from {
            self.out.push_str("\",\"from\":");
            push_string(&mut self.out, from);
            self.out.push_str(",\"path\":");
        } else {
            self.out.push_str("\",\"path\":");
        }
        push_string(&mut self.out, &self.path);
        if let Some(value) = value {
            self.out.push_str(",\"value\":");
            self.out.push_str(&compact(self.new.text(value)));
        }
        self.out.push('}');
    }
}

/// Appends a JSON string.
fn push_string(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Where elements are while moves and additions are carried out one after another.
///
/// Every place that an element leaves or comes to is a slot; what stays is only counted. A slot of what comes lies right
/// behind what is before it in the end, and before the slots of what has yet to leave from there.
struct Slots {
    /// How many staying elements lie before the slot, whether it is left (rather than come to), and its index before or
    /// after. Sorted.
    slots: Vec<(usize, bool, usize)>,
    /// Where each slot is, by its last two members.
    places: HashMap<(bool, usize), usize>,
    /// How many of the slots are taken: sums by Fenwick (1994), so that each step takes log n.
    taken: Vec<usize>,
}

impl Slots {
    fn new(parts: &[Part]) -> Self {
        let mut left: Vec<(usize, bool)> = parts
            .iter()
            .filter(|part| part.moved || part.new.is_none())
            .filter_map(|part| Some((part.old?.index, part.moved)))
            .collect();
        left.sort_unstable();
        let left = left
            .iter()
            .enumerate()
            .filter(|(_, (_, moved))| *moved)
            .map(|(rank, (index, _))| (index - rank, true, *index));
        let come = parts
            .iter()
            .filter(|part| part.moved || part.old.is_none())
            .filter_map(|part| Some(part.new?.index));
        let come = come.enumerate().map(|(rank, index)| (index - rank, false, index));
        let mut slots: Vec<_> = left.chain(come).collect();
        slots.sort_unstable();
        let places = slots.iter().enumerate().map(|(place, slot)| ((slot.1, slot.2), place)).collect();
        let mut this = Self { taken: vec![0; slots.len() + 1], places, slots };
        let left: Vec<usize> =
            this.slots.iter().enumerate().filter(|(_, slot)| slot.1).map(|(place, _)| place).collect();
        left.into_iter().for_each(|place| this.take(place, true));
        this
    }

    /// Moves what was at `old` to where it is at `new` in the end: where it is now, and where it comes to without it.
    fn shift(&mut self, old: usize, new: usize) -> (usize, usize) {
        (self.step(old, true), self.step(new, false))
    }

    /// Adds what is at `new` in the end: where it comes to now.
    fn fill(&mut self, new: usize) -> usize {
        self.step(new, false)
    }

    /// Leaves a slot, or takes it; its index at this moment.
    fn step(&mut self, index: usize, leave: bool) -> usize {
        let found = self.places.get(&(leave, index)).copied().unwrap_or_default();
        let stays = self.slots.get(found).map_or(0, |slot| slot.0);
        let at = stays + self.taken_before(found);
        self.take(found, !leave);
        at
    }

    fn taken_before(&self, place: usize) -> usize {
        let (mut at, mut sum) = (place, 0);
        while at > 0 {
            sum += self.taken.get(at).copied().unwrap_or_default();
            at &= at - 1;
        }
        sum
    }

    fn take(&mut self, place: usize, taken: bool) {
        let mut at = place + 1;
        while let Some(sum) = self.taken.get_mut(at) {
            *sum = if taken { *sum + 1 } else { sum.saturating_sub(1) };
            at += at & at.wrapping_neg();
        }
    }
}
