//! Merging arrays whose elements have no identity: by the parts between what all three have in common
//! (Khanna, Kunal, Pierce: A Formal Investigation of Diff3, 2007).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::diff::matches;
use super::super::outline::{Id, Outline, Value};
use super::super::span::Kind;
use super::super::tree::{Plan, Slot};
use super::array::planned;
use super::walk::{Three, Walk};

/// The same part of an array in all three configs.
struct Chunk {
    base: Range<usize>,
    head: Range<usize>,
    request: Range<usize>,
}

/// What becomes of a part.
enum Outcome {
    /// The head's.
    Head,
    /// The request's.
    Request,
    /// Element by element.
    Pairwise,
    /// The head's elements, and then those of the request's that it does not have.
    Both,
    /// Both sides changed it.
    Conflict,
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn sequences(&mut self, at: Three, base: &[Id], head: &[Id], request: &[Id]) -> Plan<'a> {
        let chunks = self.chunks(base, head, request);
        let all = |outline: &Outline<'_>, ids: &[Id]| counted(&hashes(outline, ids));
        let known =
            Known { base: all(self.base, base), sides: [all(self.head, head), all(self.request, request)] };
        let before = self.total;
        let mut merged = Merged::default();
        for chunk in chunks {
            let (b, h, r) = (part(base, &chunk.base), part(head, &chunk.head), part(request, &chunk.request));
            self.note(&mut merged, [b, h, r]);
            match self.outcome(b, h, r) {
                Outcome::Head => self.heads(&mut merged, chunk.head, h),
                Outcome::Request => r.iter().for_each(|id| self.requests(&mut merged, *id)),
                Outcome::Pairwise => {
                    for (index, ((base, head), request)) in chunk.head.zip(b.iter().zip(h).zip(r)) {
                        let at = Three { base: *base, head: *head, request: *request };
                        self.one(&mut merged, index, at, &known);
                    }
                }
                Outcome::Both => {
                    self.heads(&mut merged, chunk.head, h);
                    let mut there: HashMap<u64, Vec<Id>> = HashMap::new();
                    h.iter().for_each(|id| there.entry(self.head.get(*id).hash).or_default().push(*id));
                    for id in r {
                        // Each is there for one: what the request has twice comes twice.
                        let head = there.get_mut(&self.request.get(*id).hash).and_then(Vec::pop);
                        if !head.is_some_and(|head| self.agree(head, *id)) {
                            self.requests(&mut merged, *id);
                        }
                    }
                }
                Outcome::Conflict => {
                    self.conflict(Some(at.base), Some(at.head), Some(at.request));
                    return Plan::Keep;
                }
            }
        }
        if self.total == before && merged.is_ambiguous(&known) {
            self.conflict(Some(at.base), Some(at.head), Some(at.request));
            return Plan::Keep;
        }
        planned(merged.slots, head.len())
    }

    fn heads(&self, merged: &mut Merged<'a>, range: Range<usize>, head: &[Id]) {
        merged.slots.extend(range.map(|index| Slot::Old(index, Plan::Keep)));
        merged.hashes.extend(hashes(self.head, head));
    }

    fn requests(&self, merged: &mut Merged<'a>, id: Id) {
        merged.slots.push(Slot::New(self.request.text(id)));
        merged.hashes.push(self.request.get(id).hash);
    }

    /// An element that is at one place in all three.
    fn one(&mut self, merged: &mut Merged<'a>, index: usize, at: Three, known: &Known) {
        self.enter_element(self.head, at.head, index);
        let plan = if self.may_be_one(at, known) {
            self.value(at)
        } else {
            self.conflict(Some(at.base), Some(at.head), Some(at.request));
            Plan::Keep
        };
        self.leave();
        match plan {
            Plan::Keep => merged.hashes.push(self.head.get(at.head).hash),
            Plan::Take(_) => merged.hashes.push(self.request.get(at.request).hash),
            // Made of both sides: another element than any.
            _ => {}
        }
        merged.slots.push(Slot::Old(index, plan));
    }

    /// Takes down what the sides have put into a part that has grown or shrunk.
    fn note(&self, merged: &mut Merged<'a>, [base, head, request]: [&[Id]; 3]) {
        let before = hashes(self.base, base);
        let sides = [hashes(self.head, head), hashes(self.request, request)];
        for (side, now) in sides.iter().enumerate().filter(|(_, now)| now.len() != before.len()) {
            // What both have put at one place is there once.
            let mut there = counted(&before);
            for (hash, count) in counted(&sides[1 - side]) {
                let known = there.entry(hash).or_default();
                *known = (*known).max(count);
            }
            merged.put[side].extend(beyond(there, now));
        }
    }

    /// What all three have in common stays; between lie the parts that may differ.
    fn chunks(&mut self, base: &[Id], head: &[Id], request: &[Id]) -> Vec<Chunk> {
        let before = hashes(self.base, base);
        let in_head = matches(&before, &hashes(self.head, head), &mut self.matching);
        let in_request: HashMap<usize, usize> =
            matches(&before, &hashes(self.request, request), &mut self.matching).into_iter().collect();
        let anchors = in_head.into_iter().filter_map(|(b, h)| Some((b, h, *in_request.get(&b)?)));
        let mut chunks = Vec::new();
        let mut from = (0, 0, 0);
        for (b, h, r) in anchors.chain([(base.len(), head.len(), request.len())]) {
            let chunk = Chunk { base: from.0..b, head: from.1..h, request: from.2..r };
            chunks.push(chunk);
            // The anchor itself is a part of one element.
            let anchor = Chunk { base: b..b + 1, head: h..h + 1, request: r..r + 1 };
            if b < base.len() {
                chunks.push(anchor);
            }
            from = (b + 1, h + 1, r + 1);
        }
        chunks
    }

    fn outcome(&mut self, base: &[Id], head: &[Id], request: &[Id]) -> Outcome {
        if self.all_same((self.base, base), (self.request, request))
            || self.all_same((self.head, head), (self.request, request))
        {
            return Outcome::Head;
        }
        let as_many = base.len() == head.len() && head.len() == request.len();
        if as_many {
            return Outcome::Pairwise;
        }
        if self.all_same((self.base, base), (self.head, head)) {
            return Outcome::Request;
        }
        let are_items = head.iter().all(|id| is_item(self.head, *id))
            && request.iter().all(|id| is_item(self.request, *id));
        if base.is_empty() && are_items { Outcome::Both } else { Outcome::Conflict }
    }

    /// Whether elements at one place can be one element that both sides changed: not where one of them stands, or stood,
    /// at another place too. Members of two elements must not be mixed.
    fn may_be_one(&self, at: Three, known: &Known) -> bool {
        let before = self.base.get(at.base);
        let sides = [self.head.get(at.head), self.request.get(at.request)];
        let [head, request] = sides;
        let is_single = |value: &Value| !matches!(value.kind, Kind::Object | Kind::Array);
        let is_plain = [head.hash, request.hash].contains(&before.hash) || head.hash == request.hash;
        // Nothing is mixed where one side alone changed it, or where it has no members.
        if is_plain || [before, head, request].into_iter().any(is_single) {
            return true;
        }
        sides
            .iter()
            .zip(&known.sides)
            .all(|(side, all)| !known.base.contains_key(&side.hash) && !all.contains_key(&before.hash))
    }

    fn all_same(&mut self, one: (&Outline<'_>, &[Id]), other: (&Outline<'_>, &[Id])) -> bool {
        one.1.len() == other.1.len()
            && one.1.iter().zip(other.1).all(|(a, b)| self.same((one.0, *a), (other.0, *b)))
    }
}

/// How often the three arrays have an element, by hash.
struct Known {
    base: HashMap<u64, usize>,
    sides: [HashMap<u64, usize>; 2],
}

/// What comes out of a merge so far.
#[derive(Default)]
struct Merged<'a> {
    slots: Vec<Slot<'a>>,
    /// Of the elements that are as one of the sides has them.
    hashes: Vec<u64>,
    /// What the head and the request have put to new places. Different elements of one hash are made on purpose, and a conflict
    /// is safe for them, too.
    put: [HashSet<u64>; 2],
}

impl Merged<'_> {
    /// Whether both have put the same to different places; or whether an element is there more often than their changes come to:
    /// one that both have moved would be there twice, and one that a side has moved and the other removed would be back.
    fn is_ambiguous(&self, known: &Known) -> bool {
        let [head, request] = &self.put;
        let of = |all: &HashMap<u64, usize>, hash: &u64| all.get(hash).copied().unwrap_or(0);
        let is_too_often = |(hash, count): (&u64, &usize)| {
            let [head, request] = known.sides.each_ref().map(|side| of(side, hash));
            // Where both have removed some, they may be the same ones.
            let both = (head + request).saturating_sub(of(&known.base, hash));
            *count > both.max(head.min(request))
        };
        !head.is_disjoint(request) || counted(&self.hashes).iter().any(is_too_often)
    }
}

fn counted(hashes: &[u64]) -> HashMap<u64, usize> {
    let mut counts = HashMap::with_capacity(hashes.len());
    hashes.iter().for_each(|hash| *counts.entry(*hash).or_default() += 1);
    counts
}

/// Those that are there more often than is known.
fn beyond(mut known: HashMap<u64, usize>, hashes: &[u64]) -> Vec<u64> {
    let is_beyond = |hash: &u64| match known.get_mut(hash) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    hashes.iter().copied().filter(is_beyond).collect()
}

/// Numbers in a row mean something by their place; texts and objects are rather a collection.
fn is_item(outline: &Outline<'_>, id: Id) -> bool {
    matches!(outline.get(id).kind, Kind::String | Kind::Object | Kind::Array)
}

fn hashes(outline: &Outline<'_>, ids: &[Id]) -> Vec<u64> {
    ids.iter().map(|id| outline.get(*id).hash).collect()
}

fn part<'i>(ids: &'i [Id], range: &Range<usize>) -> &'i [Id] {
    ids.get(range.clone()).unwrap_or_default()
}
