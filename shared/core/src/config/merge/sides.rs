//! The elements of an array in all three configs, as the differences from the base to both sides have them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::diff::{Aligned, Elements, Pair, Sameness, is_alike, is_name_of, known, paired, twins};
use super::super::outline::{Id, Outline};
use super::super::span::Kind;
use super::order::Token;
use super::walk::Walk;

/// Most pairs of elements that are compared for whether one may be the other, moved and edited.
const MAX_WEIGHED: usize = 4_096;

/// One side of a merge: its elements, and which of them was which in the base.
pub(super) struct Side<'s, 'a> {
    pub(super) elements: Elements<'s, 'a>,
    pairs: Vec<Option<Pair>>,
    base: Vec<Option<usize>>,
    /// Whether an element of the base, and one of this side, is surely gone or new where it is in no pair.
    named: [Vec<bool>; 2],
    /// The elements of the base that are gone, as it seems, and those that are new, which may be these, moved and edited.
    edited: [HashSet<usize>; 2],
    /// The tokens of its elements.
    tokens: Vec<Token>,
    places: HashMap<Token, usize>,
}

impl<'s, 'a> Side<'s, 'a> {
    fn new(base: usize, elements: Elements<'s, 'a>, aligned: Aligned) -> Self {
        let (mut pairs, mut places) = (vec![None; base], vec![None; elements.ids.len()]);
        for pair in aligned.pairs {
            pairs.get_mut(pair.old).into_iter().for_each(|known| *known = Some(pair));
            places.get_mut(pair.new).into_iter().for_each(|known| *known = Some(pair.old));
        }
        Self {
            elements,
            pairs,
            base: places,
            named: aligned.named,
            edited: [HashSet::new(), HashSet::new()],
            tokens: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// What became of an element of the base.
    pub(super) fn pair(&self, base: usize) -> Option<Pair> {
        self.pairs.get(base).copied().flatten()
    }

    /// Which element of the base one of this side is.
    pub(super) fn base_of(&self, place: usize) -> Option<usize> {
        self.base.get(place).copied().flatten()
    }

    /// What this side moved.
    pub(super) fn moved(&self) -> HashSet<Token> {
        let moved = self.pairs.iter().flatten().filter(|pair| pair.moved);
        moved.map(|pair| pair.old as Token).collect()
    }

    /// Where an element is on this side.
    pub(super) fn place_of(&self, token: Token) -> Option<usize> {
        self.places.get(&token).copied()
    }

    fn is_named(&self, version: usize, place: usize) -> bool {
        self.named.get(version).and_then(|named| named.get(place)).copied().unwrap_or_default()
    }

    /// The nearest element before one of this side that is in the base and stayed.
    fn behind(&self, place: usize) -> Option<usize> {
        let stayed = |base: &usize| self.pair(*base).is_some_and(|pair| !pair.moved);
        (0..place).rev().find_map(|before| self.base_of(before).filter(stayed))
    }

    /// Names tell its elements apart, so that all of its pairs are sure.
    fn trust(&mut self) {
        self.named.iter_mut().flatten().for_each(|named| *named = true);
        self.pairs.iter_mut().flatten().for_each(|pair| pair.sure = true);
    }

    /// Names do not tell its elements apart. No move is sure, then, nor which of several equal elements is which where
    /// there are more or fewer of them now.
    fn doubt(&mut self, base: Elements<'_, '_>) {
        let twins = twins(base, self.elements);
        let [named, _] = &self.named;
        for (place, (pair, named)) in self.pairs.iter_mut().zip(named).enumerate() {
            let is_twin = |pair: &Pair| {
                let is_in_place = base.ids.len() == self.elements.ids.len() && pair.new == place;
                !is_in_place && twins.contains(&base.hash(place))
            };
            pair.iter_mut().filter(|_| !named).for_each(|pair| pair.sure &= !pair.moved && !is_twin(pair));
        }
    }

    /// Finds elements of the base that are gone, as it seems, and may have been moved and edited: something new is like
    /// them.
    fn find_moved_and_edited(&mut self, base: Elements<'_, '_>) {
        let gone: Vec<usize> = (0..base.ids.len()).filter(|place| self.pair(*place).is_none()).collect();
        let count = self.elements.ids.len();
        let new: Vec<usize> = (0..count).filter(|place| self.base_of(*place).is_none()).collect();
        if gone.len().saturating_mul(new.len()) > MAX_WEIGHED {
            self.edited = [gone.into_iter().collect(), new.into_iter().collect()];
            return;
        }
        for was in gone {
            for is in &new {
                let may_be_one = !self.is_named(0, was) || !self.is_named(1, *is);
                if may_be_one && is_alike(base, was, self.elements, *is) {
                    self.edited[0].insert(was);
                    self.edited[1].insert(*is);
                }
            }
        }
    }

    /// True if this side's reading of a part may be wrong: something in it may have been renamed, or replaced.
    fn is_unsure(&self, base: &Range<usize>, own: &Range<usize>) -> bool {
        let is_unsure = |place: usize| self.pair(place).is_some_and(|pair| !pair.sure);
        let mut gone = base.clone().filter(|place| self.pair(*place).is_none()).peekable();
        let mut new = own.clone().filter(|place| self.base_of(*place).is_none()).peekable();
        let is_replaced = gone.peek().is_some()
            && new.peek().is_some()
            && (gone.any(|place| !self.is_named(0, place)) || new.any(|place| !self.is_named(1, place)));
        is_replaced
            || base.clone().any(|place| is_unsure(place) || self.edited[0].contains(&place))
            || own.clone().any(|place| self.base_of(place).is_some_and(is_unsure))
            || own.clone().any(|place| self.edited[1].contains(&place))
    }

    fn has_new(&self, own: &Range<usize>) -> bool {
        own.clone().any(|place| self.base_of(place).is_none())
    }

    fn part(&self, own: &Range<usize>) -> (&'s Outline<'a>, &'s [Id]) {
        (self.elements.outline, self.elements.ids.get(own.clone()).unwrap_or_default())
    }
}

/// All three versions of an array.
pub(super) struct Sides<'s, 'a> {
    pub(super) base: Elements<'s, 'a>,
    pub(super) ours: Side<'s, 'a>,
    pub(super) theirs: Side<'s, 'a>,
    /// For each element of the head that both sides added: its place in the request.
    both: HashMap<usize, usize>,
    /// The same the other way round.
    in_head: HashMap<usize, usize>,
    /// Whether names tell the elements apart, on both sides.
    are_named: bool,
}

impl<'s, 'a> Sides<'s, 'a> {
    pub(super) fn new(
        base: Elements<'s, 'a>,
        head: Elements<'s, 'a>,
        request: Elements<'s, 'a>,
        budget: &mut usize,
    ) -> Self {
        let ours = paired(base, head, Sameness::Identity, budget);
        let theirs = paired(base, request, Sameness::Identity, budget);
        let names = ours.names.clone().or_else(|| theirs.names.clone());
        let are_named =
            names.is_some_and(|names| is_name_of(&names, base, head) && is_name_of(&names, base, request));
        let count = base.ids.len();
        let (mut ours, mut theirs) = (Side::new(count, head, ours), Side::new(count, request, theirs));
        for side in [&mut ours, &mut theirs] {
            if are_named {
                side.trust()
            } else {
                side.doubt(base)
            }
            side.find_moved_and_edited(base);
        }
        let mut sides = Self { base, ours, theirs, both: HashMap::new(), in_head: HashMap::new(), are_named };
        sides.find_added(budget);
        sides.give_tokens();
        sides
    }

    /// Finds what both sides added: by id, by value, or by a name.
    fn find_added(&mut self, budget: &mut usize) {
        let added = |side: &Side<'_, '_>| -> Vec<usize> {
            (0..side.elements.ids.len()).filter(|place| side.base_of(*place).is_none()).collect()
        };
        let (ours, theirs) = (added(&self.ours), added(&self.theirs));
        let ids = |side: &Side<'_, '_>, places: &[usize]| -> Vec<Id> {
            places.iter().filter_map(|place| side.elements.ids.get(*place).copied()).collect()
        };
        let (head, request) = (ids(&self.ours, &ours), ids(&self.theirs, &theirs));
        let old = Elements { ids: &head, ..self.ours.elements };
        let new = Elements { ids: &request, ..self.theirs.elements };
        let known = known(old, new, self.base, budget);
        let [named, _] = &known.named;
        for pair in known.pairs {
            let (Some(head), Some(request)) = (ours.get(pair.old), theirs.get(pair.new)) else { continue };
            if self.are_named || named.get(pair.old).copied().unwrap_or_default() {
                self.ours.named[1].get_mut(*head).into_iter().for_each(|named| *named = true);
                self.theirs.named[1].get_mut(*request).into_iter().for_each(|named| *named = true);
            }
            self.both.insert(*head, *request);
            self.in_head.insert(*request, *head);
        }
    }

    /// An element of the base has its place as token; what a side added has one beyond.
    fn give_tokens(&mut self) {
        let count = self.base.ids.len();
        let head = self.ours.elements.ids.len();
        let token = |place: usize| place as Token;
        self.ours.tokens =
            (0..head).map(|place| token(self.ours.base_of(place).unwrap_or(count + place))).collect();
        let of_request = |place: usize| match (self.theirs.base_of(place), self.in_head.get(&place)) {
            (Some(base), _) => token(base),
            (None, Some(place)) => token(count + place),
            (None, None) => token(count + head + place),
        };
        self.theirs.tokens = (0..self.theirs.elements.ids.len()).map(of_request).collect();
        for side in [&mut self.ours, &mut self.theirs] {
            side.places = side.tokens.iter().copied().zip(0..).collect();
        }
    }

    /// The tokens of the base, of the head and of the request.
    pub(super) fn tokens(&self) -> [Vec<Token>; 3] {
        let base = (0..self.base.ids.len()).map(|place| place as Token).collect();
        [base, self.ours.tokens.clone(), self.theirs.tokens.clone()]
    }

    /// The place in the request of an element that both sides added.
    pub(super) fn added_by_both(&self, head: usize) -> Option<usize> {
        self.both.get(&head).copied()
    }

    /// True if an element of the request that is not in the base is in the head.
    pub(super) fn is_in_head(&self, request: usize) -> bool {
        self.in_head.contains_key(&request)
    }

    /// True if an element of the base that both sides moved is one element for sure.
    pub(super) fn is_surely_moved(&self, token: Token) -> bool {
        let Ok(base) = usize::try_from(token) else { return false };
        [&self.ours, &self.theirs].iter().all(|side| side.pair(base).is_some_and(|pair| pair.sure))
    }

    /// True if nobody can tell what both sides together have made of the array: both changed a part of it, and what
    /// became of an element there may be something else.
    pub(super) fn are_unclear(&self, walk: &mut Walk<'_, 'a>) -> bool {
        self.parts().iter().any(|part| self.is_unclear(part, walk))
            || (0..self.base.ids.len()).any(|place| self.is_pulled(place, walk))
            || self.both.iter().any(|(head, request)| self.is_put_twice(*head, *request))
            || self.ours.edited[0].iter().any(|place| !self.is_kept(&self.theirs, *place, walk))
            || self.theirs.edited[0].iter().any(|place| !self.is_kept(&self.ours, *place, walk))
    }

    /// The parts between the elements that stayed on both sides.
    fn parts(&self) -> Vec<[Range<usize>; 3]> {
        let lengths = [self.base.ids.len(), self.ours.elements.ids.len(), self.theirs.elements.ids.len()];
        let [base, head, request] = lengths;
        let in_place = base == head && base == request;
        let is_anchor = |place: usize, pair: &Pair, side: &Side<'_, '_>| {
            pair.sure
                && !pair.moved
                && (!in_place || pair.new == place || self.are_named || side.is_named(0, place))
        };
        let mut parts = Vec::new();
        let mut from = [0, 0, 0];
        for place in 0..base {
            let (Some(ours), Some(theirs)) = (self.ours.pair(place), self.theirs.pair(place)) else {
                continue;
            };
            if is_anchor(place, &ours, &self.ours) && is_anchor(place, &theirs, &self.theirs) {
                parts.push([from[0]..place, from[1]..ours.new, from[2]..theirs.new]);
                from = [place + 1, ours.new + 1, theirs.new + 1];
            }
        }
        parts.push([from[0]..base, from[1]..head, from[2]..request]);
        parts
    }

    fn is_unclear(&self, [base, head, request]: &[Range<usize>; 3], walk: &mut Walk<'_, 'a>) -> bool {
        if head.is_empty() && request.is_empty() || base.is_empty() && (head.is_empty() || request.is_empty())
        {
            return false;
        }
        let before = (self.base.outline, self.base.ids.get(base.clone()).unwrap_or_default());
        let (ours, theirs) = (self.ours.part(head), self.theirs.part(request));
        if walk.all_same(before, ours) || walk.all_same(before, theirs) || walk.all_same(ours, theirs) {
            return false;
        }
        let is_row = |(outline, ids): (&Outline<'_>, &[Id])| ids.iter().any(|id| !is_item(outline, *id));
        let both_added = self.ours.has_new(head) && self.theirs.has_new(request);
        let moved_in_place = {
            let lengths = [self.base.ids.len(), self.ours.elements.ids.len(), self.theirs.elements.ids.len()];
            let in_place = lengths.iter().all(|length| *length == lengths[0]);
            let is_off = |side: &Side<'_, '_>, place: usize| {
                side.pair(place).is_some_and(|pair| pair.new != place && !side.is_named(0, place))
            };
            in_place && base.clone().any(|place| is_off(&self.ours, place) || is_off(&self.theirs, place))
        };
        moved_in_place
            || self.ours.is_unsure(base, head)
            || self.theirs.is_unsure(base, request)
            || both_added && (is_row(ours) || is_row(theirs))
    }

    /// True if a side moved an element, as far as its value tells, and the other changed, removed or moved it, too.
    fn is_pulled(&self, place: usize, walk: &mut Walk<'_, 'a>) -> bool {
        let Some(base) = self.base.ids.get(place).copied() else { return false };
        let (ours, theirs) = (self.ours.pair(place), self.theirs.pair(place));
        let is_unsure = |pair: Option<Pair>| pair.is_some_and(|pair| pair.moved && !pair.sure);
        if !is_unsure(ours) && !is_unsure(theirs) {
            return false;
        }
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return true };
        let head = self.ours.elements.ids.get(ours.new).copied().unwrap_or_default();
        let request = self.theirs.elements.ids.get(theirs.new).copied().unwrap_or_default();
        !walk.head_kept(base, head) || !walk.request_kept(base, request)
    }

    /// True if a side has an element of the base as it was.
    fn is_kept(&self, side: &Side<'_, 'a>, base: usize, walk: &mut Walk<'_, 'a>) -> bool {
        let now = side.pair(base).and_then(|pair| side.elements.ids.get(pair.new).copied());
        let before = self.base.ids.get(base).copied();
        let (Some(before), Some(now)) = (before, now) else { return false };
        walk.same((self.base.outline, before), (side.elements.outline, now))
    }

    /// True if both sides added the same at different places, and nothing says that it is one element.
    fn is_put_twice(&self, head: usize, request: usize) -> bool {
        let is_named = self.ours.is_named(1, head) && self.theirs.is_named(1, request);
        !is_named && self.ours.behind(head) != self.theirs.behind(request)
    }
}

/// Numbers in a row mean something by their place; texts and objects are rather a collection.
fn is_item(outline: &Outline<'_>, id: Id) -> bool {
    matches!(outline.get(id).kind, Kind::String | Kind::Object | Kind::Array)
}
