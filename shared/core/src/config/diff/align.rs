//! Which element of an array was which before.
//!
//! Elements are known, each by the first of these that holds:
//!
//! 1. their id, where it is another one in each element; elements with one id by their order;
//! 2. their value: in order by a longest common subsequence, elsewhere where it is there once;
//! 3. a name that tells the elements apart;
//! 4. their place between those that are known, and what they have in common.
//!
//! Everything that asks which element is which asks here: a difference, blame, a merge, what is brought back or kept.

use std::collections::HashMap;

use super::became::{became, weight};
use super::identity::{Elements, Ids, ids, is_counted, name, numbering};
use super::lis::longest_rising;
use super::matches::{matches, once};

/// Most elements, and most pairs of them, that are compared for what says more.
const MAX_WEIGHED: usize = 2_000;

/// An element in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Its place before.
    pub(crate) old: usize,
    /// Its place after.
    pub(crate) new: usize,
    /// Whether it is among those that changed places, rather than among those that stayed.
    pub(crate) moved: bool,
    /// False where it may also be two elements: one that is gone, and one that is new.
    pub(crate) sure: bool,
}

/// What may be taken for the same element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// No elements with different ids: for people, and for merging.
    Identity,
    /// Also what stands in the place of another: for the shortest way from one to the other.
    Place,
}

/// The elements that are in both versions of an array; the others are gone, or new.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    /// By their place after.
    pub(crate) pairs: Vec<Pair>,
    /// For each element of the older version and of the newer: whether it has a name, so that it is surely gone or new where
    /// it is in no pair.
    pub(crate) named: [Vec<bool>; 2],
    /// The keys of the name that tells the elements apart, where one does and was asked for.
    pub(crate) names: Option<Vec<Vec<u8>>>,
    /// True if the ids are numbers that were given out anew, or may be: they rise by one from element to element in both
    /// versions, which are of different lengths.
    pub(crate) is_counted: bool,
}

impl Aligned {
    /// True if an element of the older version that is in a pair is that one for sure, unless there are others like it.
    pub(crate) fn is_known(&self, pair: &Pair) -> bool {
        self.names.is_some() || self.is_named(0, pair.old) && pair.sure
    }

    /// True if an element has an id that no other has.
    pub(crate) fn is_named(&self, version: usize, place: usize) -> bool {
        self.named.get(version).and_then(|named| named.get(place)).copied().unwrap_or_default()
    }
}

/// Aligns two versions of an array. The elements `around` them are equal in both.
pub(crate) fn align(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    around: Elements<'_, '_>,
    sameness: Sameness,
    budget: &mut usize,
) -> Aligned {
    let mut found = Finding {
        old,
        new,
        pairs: Vec::new(),
        paired: [vec![false; old.len()], vec![false; new.len()]],
        named: [vec![false; old.len()], vec![false; new.len()]],
        names: None,
        ids: [Vec::new(), Vec::new()],
        is_counted: false,
    };
    if old.len() > 0 && new.len() > 0 {
        found.all(around, Some(sameness), budget);
    }
    let Finding { mut pairs, named, names, is_counted, .. } = found;
    pairs.sort_unstable_by_key(|pair| pair.new);
    Aligned { pairs, named, names, is_counted }
}

/// The elements of two arrays, both made of one that has the elements `around`, that have the same id, value or name.
pub(crate) fn known(
    one: Elements<'_, '_>,
    other: Elements<'_, '_>,
    around: Elements<'_, '_>,
    budget: &mut usize,
) -> Aligned {
    let mut found = Finding {
        old: one,
        new: other,
        pairs: Vec::new(),
        paired: [vec![false; one.len()], vec![false; other.len()]],
        named: [vec![false; one.len()], vec![false; other.len()]],
        names: None,
        ids: [Vec::new(), Vec::new()],
        is_counted: false,
    };
    if one.len() > 0 && other.len() > 0 {
        found.all(around, None, budget);
    }
    let Finding { pairs, named, names, is_counted, .. } = found;
    Aligned { pairs, named, names, is_counted }
}

/// The elements that are known so far.
struct Finding<'o, 'a> {
    old: Elements<'o, 'a>,
    new: Elements<'o, 'a>,
    pairs: Vec<Pair>,
    paired: [Vec<bool>; 2],
    named: [Vec<bool>; 2],
    names: Option<Vec<Vec<u8>>>,
    /// The ids of the elements that have one; empty where ids do not count.
    ids: [Vec<Option<u64>>; 2],
    is_counted: bool,
}

impl Finding<'_, '_> {
    /// Finds all there is to find; without a `sameness`, nothing by places.
    fn all(&mut self, around: Elements<'_, '_>, sameness: Option<Sameness>, budget: &mut usize) {
        let (old, new) = (self.old, self.new);
        let has_objects = (0..old.len()).any(|place| old.is_object(place));
        let ids = if has_objects { ids(old, new) } else { None };
        let contents = ids.as_ref().and_then(|ids| numbering(old, new, ids));
        self.is_counted = contents.is_some();
        if let (Some(ids), None) = (&ids, &contents) {
            self.is_counted = old.len() != new.len() && is_counted(old, new, ids);
            self.by_id(ids);
        }
        let by_id = self.pairs.len();
        self.by_value(contents, budget);
        if by_id > 0 && self.pairs.len() > by_id {
            self.put_in_order();
        }
        if has_objects && (sameness.is_none() || self.asks_for_names()) {
            self.by_name(around);
        }
        self.twins();
        if let Some(sameness) = sameness {
            self.fill(sameness);
        }
    }

    fn pair(&mut self, pair: Pair) {
        let [old, new] = &mut self.paired;
        old.get_mut(pair.old).into_iter().for_each(|is_paired| *is_paired = true);
        new.get_mut(pair.new).into_iter().for_each(|is_paired| *is_paired = true);
        self.pairs.push(pair);
    }

    /// The elements of both versions that are in no pair so far.
    fn free(&self) -> [Vec<usize>; 2] {
        self.paired.each_ref().map(|paired| {
            paired.iter().enumerate().filter(|(_, is_paired)| !**is_paired).map(|(place, _)| place).collect()
        })
    }

    /// Pairs elements with the same id. One id of several elements says nothing but that they belong together.
    fn by_id(&mut self, ids: &Ids) {
        let only = |tokens: &[Option<(u64, _)>]| tokens.iter().map(|token| token.map(|(id, _)| id)).collect();
        self.ids = [only(&ids.old), only(&ids.new)];
        let [before, after] = self.ids.each_ref().map(|ids| counted(ids));
        let is_single = |counts: &HashMap<u64, (usize, usize)>, id: &u64| {
            counts.get(id).is_none_or(|(_, count)| *count == 1)
        };
        for (version, ids) in self.ids.iter().enumerate() {
            for (place, id) in ids.iter().enumerate() {
                let is_named = id.is_some_and(|id| is_single(&before, &id) && is_single(&after, &id));
                self.named.get_mut(version).into_iter().for_each(|named| mark(named, place, is_named));
            }
        }
        let [_, new] = &self.ids;
        let both = new.iter().enumerate().filter(|(place, _)| is_marked(&self.named[1], *place));
        let pairs: Vec<Pair> = both
            .filter_map(|(new, id)| Some((before.get(id.as_ref()?)?.0, new)))
            .map(|(old, new)| Pair { old, new, moved: true, sure: true })
            .collect();
        pairs.into_iter().for_each(|pair| self.pair(pair));
        self.put_in_order();
    }

    /// Pairs the elements that share one id and are not known by anything else, in their order.
    fn twins(&mut self) {
        let [old, new] = self.free();
        let mut groups: HashMap<u64, [Vec<usize>; 2]> = HashMap::new();
        for (version, free) in [old, new].iter().enumerate() {
            for place in free {
                let Some(id) = self.id(version, *place) else { continue };
                let group = groups.entry(id).or_default();
                group.get_mut(version).into_iter().for_each(|places| places.push(*place));
            }
        }
        let before = self.pairs.len();
        let mut groups: Vec<[Vec<usize>; 2]> = groups.into_values().collect();
        groups.sort_unstable();
        for [old, new] in groups {
            let sure = old.len() == new.len();
            let twins = old.into_iter().zip(new);
            twins.for_each(|(old, new)| self.pair(Pair { old, new, moved: true, sure }));
        }
        if self.pairs.len() > before {
            self.put_in_order();
        }
    }

    fn id(&self, version: usize, place: usize) -> Option<u64> {
        self.ids.get(version).and_then(|ids| ids.get(place)).copied().flatten()
    }

    /// True unless both elements have an id, and each another.
    fn may_be_one(&self, old: usize, new: usize) -> bool {
        match (self.id(0, old), self.id(1, new)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// Tells what stayed from what moved: as much as possible stayed.
    fn put_in_order(&mut self) {
        self.pairs.sort_unstable_by_key(|pair| pair.new);
        let order: Vec<u32> =
            self.pairs.iter().map(|pair| u32::try_from(pair.old).unwrap_or(u32::MAX)).collect();
        self.pairs.iter_mut().for_each(|pair| pair.moved = true);
        for stays in longest_rising(&order) {
            self.pairs.get_mut(stays).into_iter().for_each(|pair| pair.moved = false);
        }
    }

    /// Pairs equal elements, by the `contents` where these are not the values.
    fn by_value(&mut self, contents: Option<[Vec<u64>; 2]>, budget: &mut usize) {
        let free = self.free();
        let hashes = |version: usize, elements: Elements<'_, '_>| -> Vec<u64> {
            let places = free.get(version).into_iter().flatten();
            match contents.as_ref().and_then(|contents| contents.get(version)) {
                Some(contents) => places.filter_map(|place| contents.get(*place).copied()).collect(),
                None => places.map(|place| elements.hash(*place)).collect(),
            }
        };
        let (before, after) = (hashes(0, self.old), hashes(1, self.new));
        let mut stays = matches(&before, &after, budget);
        if before.len() == after.len() {
            // What is equal in its place stays there, unless more is equal elsewhere.
            let equal = before.iter().zip(&after).enumerate().filter(|(_, (old, new))| old == new);
            let in_place: Vec<(usize, usize)> = equal.map(|(place, _)| (place, place)).collect();
            if in_place.len() >= stays.len() {
                stays = in_place;
            }
        }
        let moved = once(&before, &after, &stays);
        let all =
            stays.into_iter().map(|pair| (pair, false)).chain(moved.into_iter().map(|pair| (pair, true)));
        let [old_places, new_places] = &free;
        let pairs: Vec<Pair> = all
            .filter_map(|((old, new), moved)| {
                let (old, new) = (*old_places.get(old)?, *new_places.get(new)?);
                Some(Pair { old, new, moved, sure: !moved })
            })
            .collect();
        pairs.into_iter().for_each(|pair| self.pair(pair));
    }

    /// True if names could say more than values and places: more than one element is not known, or one moved.
    fn asks_for_names(&self) -> bool {
        let [old, new] = self.free();
        let (gone, came) = (old.len(), new.len());
        (gone > 0 && came > 0 && (gone, came) != (1, 1))
            || self.pairs.iter().any(|pair| pair.moved && !pair.sure)
            || (gone, came) == (1, 1) && !self.are_in_one_gap(&old, &new)
    }

    fn are_in_one_gap(&self, old: &[usize], new: &[usize]) -> bool {
        let (Some(old), Some(new)) = (old.first(), new.first()) else { return false };
        let is_between = |pair: &Pair| (pair.old < *old) != (pair.new < *new);
        !self.pairs.iter().any(|pair| !pair.moved && is_between(pair))
    }

    /// Pairs what has the same name, unless places say more.
    fn by_name(&mut self, around: Elements<'_, '_>) {
        let Some(name) = name(self.old, self.new, around) else { return };
        let [old_free, new_free] = self.free();
        let places: HashMap<u64, usize> =
            old_free.iter().filter_map(|place| Some((*name.old.get(*place)?, *place))).collect();
        let named: Vec<(usize, usize)> = new_free
            .iter()
            .filter_map(|place| Some((*places.get(name.new.get(*place)?)?, *place)))
            .filter(|(old, new)| self.may_be_one(*old, *new))
            .collect();
        if name.is_trusted {
            named
                .iter()
                .for_each(|(old, new)| self.pair(Pair { old: *old, new: *new, moved: true, sure: true }));
            self.names = Some(name.keys);
        } else {
            if named.is_empty() || self.says_less(&named, &old_free, &new_free) {
                return;
            }
            for (old, new) in named {
                self.pair(Pair { old, new, moved: true, sure: false });
            }
        }
        self.put_in_order();
        self.pairs.iter_mut().for_each(|pair| pair.sure &= name.is_trusted || !pair.moved);
    }

    /// True if what has the same name has no more in common than what stands in the same places.
    fn says_less(&self, named: &[(usize, usize)], old_free: &[usize], new_free: &[usize]) -> bool {
        if old_free.len().max(new_free.len()) > MAX_WEIGHED {
            return false;
        }
        let of = |pairs: &mut dyn Iterator<Item = (usize, usize)>| -> usize {
            pairs.map(|(was, is)| weight(self.old, was, self.new, is).common).sum()
        };
        let by_place = self.gaps(old_free, new_free);
        let mut by_place = by_place
            .iter()
            .flat_map(|(gone, came)| became(self.old, self.new, gone, came))
            .map(|pair| (pair.old, pair.new));
        of(&mut by_place) >= of(&mut named.iter().copied())
    }

    /// What is not known in each gap between what stays.
    fn gaps(&self, old_free: &[usize], new_free: &[usize]) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut stays: Vec<(usize, usize)> =
            self.pairs.iter().filter(|pair| !pair.moved).map(|pair| (pair.old, pair.new)).collect();
        stays.sort_unstable();
        stays.push((self.old.len(), self.new.len()));
        let (mut old_free, mut new_free) = (old_free.iter().peekable(), new_free.iter().peekable());
        let mut gaps = Vec::new();
        for (old, new) in stays {
            let mut gap = (Vec::new(), Vec::new());
            while let Some(place) = old_free.next_if(|place| **place < old) {
                gap.0.push(*place);
            }
            while let Some(place) = new_free.next_if(|place| **place < new) {
                gap.1.push(*place);
            }
            if !gap.0.is_empty() && !gap.1.is_empty() {
                gaps.push(gap);
            }
        }
        gaps
    }

    /// Pairs, in each gap between what stays, what its elements became.
    fn fill(&mut self, sameness: Sameness) {
        let [old_free, new_free] = self.free();
        if old_free.is_empty() || new_free.is_empty() {
            return;
        }
        let known = self.pairs.len();
        for (gone, came) in self.gaps(&old_free, &new_free) {
            for pair in became(self.old, self.new, &gone, &came) {
                if sameness == Sameness::Place || self.may_be_one(pair.old, pair.new) {
                    self.pair(pair);
                }
            }
        }
        self.doubt(known);
    }

    /// Doubts the pairs from the `known` ones on of which an element is as like another one that is in no pair.
    fn doubt(&mut self, known: usize) {
        let [old_free, new_free] = self.free();
        let filled = self.pairs.len() - known;
        let is_too_many = filled.saturating_mul(old_free.len() + new_free.len()) > MAX_WEIGHED;
        let (old, new) = (self.old, self.new);
        for pair in self.pairs.iter_mut().skip(known).filter(|pair| pair.sure) {
            let own = weight(old, pair.old, new, pair.new).common;
            let is_closer = |was: usize, is: usize| {
                let other = weight(old, was, new, is);
                other.is_third() && other.common >= own
            };
            pair.sure = !is_too_many
                && !old_free.iter().any(|was| is_closer(*was, pair.new))
                && !new_free.iter().any(|is| is_closer(pair.old, *is));
        }
    }
}

/// Where each id is for the first time, and how often it is there.
fn counted(ids: &[Option<u64>]) -> HashMap<u64, (usize, usize)> {
    let mut counts: HashMap<u64, (usize, usize)> = HashMap::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            counts.entry(*id).or_insert((place, 0)).1 += 1;
        }
    }
    counts
}

fn is_marked(marks: &[bool], place: usize) -> bool {
    marks.get(place).copied().unwrap_or_default()
}

fn mark(marks: &mut [bool], place: usize, is_marked: bool) {
    if let Some(mark) = marks.get_mut(place) {
        *mark = is_marked;
    }
}
