//! The comparison: both outlines side by side, down to where they differ.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::outline::{Id, Outline, Same};
use super::super::span::Kind;
use super::super::value;
use super::Counts;
use super::align::{Aligned, Pair, Sameness, align};
use super::identity::Elements;
use super::matches::MATCH_BUDGET;

/// How a value differs from what it was.
pub(super) enum Edit {
    /// It is another value.
    Replace,
    /// It is an object in both; the members that differ, those that are new last.
    Object(Vec<Part>),
    /// It is an array in both; the elements that differ or moved, in the order of the newer, what is gone where it was.
    Array(Vec<Part>),
}

/// A member or element that differs.
pub(super) struct Part {
    /// Where it was; `None` for what is new.
    pub(super) old: Option<Place>,
    /// Where it is; `None` for what is gone.
    pub(super) new: Option<Place>,
    /// An element that is in another place of its array.
    pub(super) moved: bool,
    /// What is in both and differs.
    pub(super) edit: Option<Edit>,
}

/// A value and its number among those beside it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) id: Id,
}

impl Edit {
    /// How many changes it is.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.count(&mut counts);
        counts
    }

    fn count(&self, counts: &mut Counts) {
        let parts = match self {
            Self::Replace => {
                counts.changed += 1;
                return;
            }
            Self::Object(parts) | Self::Array(parts) => parts,
        };
        for part in parts {
            counts.added += u64::from(part.old.is_none());
            counts.removed += u64::from(part.new.is_none());
            counts.moved += u64::from(part.moved);
            if let Some(edit) = &part.edit {
                edit.count(counts);
            }
        }
    }
}

/// How the one config differs from the other; `None` when they are equal. What is known to be the `same` in both texts is not
/// compared again.
pub(super) fn compare(old: &Outline<'_>, new: &Outline<'_>, sameness: Sameness, same: Same) -> Option<Edit> {
    Walk { same, ..Walk::new(old, new, sameness) }.value(Outline::ROOT, Outline::ROOT)
}

/// A comparison under way, and what it may still use up.
pub(super) struct Walk<'o, 'a> {
    pub(super) old: &'o Outline<'a>,
    pub(super) new: &'o Outline<'a>,
    sameness: Sameness,
    same: Same,
    /// Bytes that may still be scanned to compare folded values.
    work: usize,
    /// Elements that may still be matched finely.
    matching: usize,
}

impl<'o, 'a> Walk<'o, 'a> {
    pub(super) fn new(old: &'o Outline<'a>, new: &'o Outline<'a>, sameness: Sameness) -> Self {
        Self { old, new, sameness, same: Same::default(), work: value::MAX_WORK, matching: MATCH_BUDGET }
    }
}

impl Walk<'_, '_> {
    /// Which element of an array was the `index`-th of its newer version.
    pub(super) fn earlier(&mut self, old: Id, new: Id, index: usize) -> Option<(usize, Id)> {
        let (before, after) = (places(self.old.children(old)), places(self.new.children(new)));
        let pairs = self.pairs(&before, &after);
        let pair = pairs.into_iter().find(|pair| pair.new == index)?;
        before.get(pair.old).map(|place| (place.index, place.id))
    }

    /// How a value differs; `None` when it is equal.
    pub(super) fn value(&mut self, old: Id, new: Id) -> Option<Edit> {
        if self.old.is_in_same(old, self.new, new, self.same) || self.old.is_text_of(old, self.new, new) {
            return None;
        }
        let both = |kind| self.old.is_open(old, kind) && self.new.is_open(new, kind);
        if both(Kind::Object) {
            return self.objects(old, new);
        }
        if both(Kind::Array) {
            return self.arrays(old, new);
        }
        let same_hash = self.old.get(old).hash == self.new.get(new).hash;
        let equal = same_hash && value::equal_within(self.old.text(old), self.new.text(new), &mut self.work);
        (!equal).then_some(Edit::Replace)
    }

    fn both(&mut self, old: Place, new: Place, moved: bool) -> Option<Part> {
        let edit = self.value(old.id, new.id);
        (moved || edit.is_some()).then_some(Part { old: Some(old), new: Some(new), moved, edit })
    }

    fn objects(&mut self, old: Id, new: Id) -> Option<Edit> {
        let (before, after) = (places(self.old.children(old)), places(self.new.children(new)));
        let mut parts = Vec::new();
        let same_keys = before.len() == after.len()
            && before.iter().zip(&after).all(|(a, b)| self.old.raw_key(a.id) == self.new.raw_key(b.id));
        if same_keys {
            parts.extend(before.iter().zip(&after).filter_map(|(a, b)| self.both(*a, *b, false)));
        } else {
            let keys: HashMap<Cow<'_, [u8]>, Place> =
                after.iter().map(|place| (self.new.key(place.id), *place)).collect();
            let mut known = vec![false; after.len()];
            for place in &before {
                match keys.get(&self.old.key(place.id)) {
                    Some(now) => {
                        known.get_mut(now.index).into_iter().for_each(|known| *known = true);
                        parts.extend(self.both(*place, *now, false));
                    }
                    None => parts.push(Part { old: Some(*place), new: None, moved: false, edit: None }),
                }
            }
            let is_new = |place: &&Place| !known.get(place.index).copied().unwrap_or_default();
            let added = after.iter().filter(is_new);
            parts.extend(added.map(|place| Part { old: None, new: Some(*place), moved: false, edit: None }));
        }
        // No JSON Pointer can name a key with a lone surrogate: such an object is replaced as a whole.
        if parts.iter().any(|part| self.is_unnameable(part)) {
            return Some(Edit::Replace);
        }
        (!parts.is_empty()).then_some(Edit::Object(parts))
    }

    fn is_unnameable(&self, part: &Part) -> bool {
        let lone = |outline: &Outline<'_>, place: Option<Place>| {
            place.is_some_and(|place| {
                outline.raw_key(place.id).contains('\\')
                    && std::str::from_utf8(&outline.key(place.id)).is_err()
            })
        };
        lone(self.old, part.old) || lone(self.new, part.new)
    }

    fn arrays(&mut self, old: Id, new: Id) -> Option<Edit> {
        let (before, after) = (places(self.old.children(old)), places(self.new.children(new)));
        let pairs = self.pairs(&before, &after);
        if pairs.is_empty() && !before.is_empty() && !after.is_empty() && !self.has_objects(&before, &after) {
            return Some(Edit::Replace);
        }
        let mut parts = Vec::new();
        let is_paired = {
            let mut paired = vec![false; before.len()];
            pairs
                .iter()
                .for_each(|pair| paired.get_mut(pair.old).into_iter().for_each(|paired| *paired = true));
            paired
        };
        let mut gone =
            before.iter().zip(is_paired).filter(|(_, paired)| !paired).map(|(place, _)| *place).peekable();
        let removed = |place| Part { old: Some(place), new: None, moved: false, edit: None };
        let mut came = after.iter();
        for pair in pairs {
            let (Some(was), Some(is)) = (before.get(pair.old), after.get(pair.new)) else { continue };
            if !pair.moved {
                while let Some(place) = gone.next_if(|place| place.index < pair.old) {
                    parts.push(removed(place));
                }
            }
            let added = came.by_ref().take_while(|place| place.index < pair.new);
            parts.extend(added.map(|place| Part { old: None, new: Some(*place), moved: false, edit: None }));
            parts.extend(self.both(*was, *is, pair.moved));
        }
        parts.extend(gone.map(removed));
        parts.extend(came.map(|place| Part { old: None, new: Some(*place), moved: false, edit: None }));
        (!parts.is_empty()).then_some(Edit::Array(parts))
    }

    fn pairs(&mut self, before: &[Place], after: &[Place]) -> Vec<Pair> {
        let (before, after) = (ids(before), ids(after));
        let (old, new) = (Elements::new(self.old, &before), Elements::new(self.new, &after));
        paired(old, new, self.sameness, &mut self.matching).pairs
    }

    fn has_objects(&self, before: &[Place], after: &[Place]) -> bool {
        before.iter().any(|place| self.old.get(place.id).kind == Kind::Object)
            || after.iter().any(|place| self.new.get(place.id).kind == Kind::Object)
    }
}

/// Which elements of two versions of an array are the same. What is equal at both ends stays; what is between is aligned.
pub(crate) fn paired(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    sameness: Sameness,
    budget: &mut usize,
) -> Aligned {
    let (before, after) = (old.ids, new.ids);
    let equal = |(a, b): &(usize, usize)| old.hash(*a) == new.hash(*b);
    let first = (0..before.len()).zip(0..after.len()).take_while(equal).count();
    let rest = before.len().min(after.len()) - first;
    let last = (0..before.len()).rev().zip((0..after.len()).rev()).take(rest).take_while(equal).count();
    let (old_end, new_end) = (before.len() - last, after.len() - last);
    let gone = Elements { ids: before.get(first..old_end).unwrap_or_default(), ..old };
    let came = Elements { ids: after.get(first..new_end).unwrap_or_default(), ..new };
    let ends: Vec<Id> = if gone.ids.is_empty() || came.ids.is_empty() {
        Vec::new()
    } else {
        before.iter().take(first).chain(before.iter().skip(old_end)).copied().collect()
    };
    let between = align(gone, came, Elements { ids: &ends, ..old }, sameness, budget);
    let stay = |old: usize, new: usize| Pair { old, new, moved: false, sure: true };
    let shifted =
        between.pairs.into_iter().map(|pair| Pair { old: pair.old + first, new: pair.new + first, ..pair });
    let pairs = (0..first)
        .map(|place| stay(place, place))
        .chain(shifted)
        .chain((0..last).map(|place| stay(old_end + place, new_end + place)))
        .collect();
    let named = between.named.map(|middle| {
        let ends = |count: usize| std::iter::repeat_n(false, count);
        ends(first).chain(middle).chain(ends(last)).collect()
    });
    Aligned { pairs, named, names: between.names, is_counted: between.is_counted }
}

fn ids(places: &[Place]) -> Vec<Id> {
    places.iter().map(|place| place.id).collect()
}

fn places(children: impl Iterator<Item = Id>) -> Vec<Place> {
    children.enumerate().map(|(index, id)| Place { index, id }).collect()
}
