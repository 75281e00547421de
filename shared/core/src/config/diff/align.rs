//! Which element of an array was which before.

use std::collections::{HashMap, VecDeque};

use imara_diff::{Algorithm, InternedInput};

use super::super::outline::{Id, Outline};
use super::identity::{Elements, by_identity, identity};
use super::lis::longest_rising;

/// Longest array, without what is equal at both ends, that is matched by Myers' algorithm. It takes up to n·√n steps.
const MAX_MATCHED: usize = 20_000;

/// Elements of both versions that one comparison matches so; further ones are matched more coarsely.
pub(crate) const MATCH_BUDGET: usize = 200_000;

/// Most pairs of elements that are weighed for what one became, in one gap.
const MAX_WEIGHED: usize = 4_096;

/// An element in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Its place before.
    pub(crate) old: usize,
    /// Its place after.
    pub(crate) new: usize,
    /// Whether it is among those that changed places, rather than among those that stayed.
    pub(crate) moved: bool,
}

/// What may be taken for the same element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// What has the same identity, where elements have one: for people.
    Identity,
    /// Also what stands in the place of another: for the shortest way from one to the other.
    Place,
}

/// The elements that are in both versions of an array, by their place after. The others are gone, or new.
pub(crate) fn align(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    sameness: Sameness,
    budget: &mut usize,
) -> Vec<Pair> {
    if old.ids.is_empty() || new.ids.is_empty() {
        return Vec::new();
    }
    if let Some(known) = identity(old, new)
        && let [before, after] = known.as_slice()
    {
        let pairs = in_order(before, after);
        return if sameness == Sameness::Place { filled(old, new, pairs) } else { pairs };
    }
    filled(old, new, by_value(old, new, budget))
}

fn in_order(before: &[u64], after: &[u64]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> =
        by_identity(before, after).into_iter().map(|(old, new)| Pair { old, new, moved: true }).collect();
    let order: Vec<u32> = pairs.iter().map(|pair| u32::try_from(pair.old).unwrap_or(u32::MAX)).collect();
    for stays in longest_rising(&order) {
        if let Some(pair) = pairs.get_mut(stays) {
            pair.moved = false;
        }
    }
    pairs
}

fn by_value(old: Elements<'_, '_>, new: Elements<'_, '_>, budget: &mut usize) -> Vec<Pair> {
    let hashes = |of: Elements<'_, '_>| of.ids.iter().map(|id| of.outline.get(*id).hash).collect::<Vec<_>>();
    let (before, after) = (hashes(old), hashes(new));
    let stays = matches(&before, &after, budget);
    let moved = moved(&before, &after, &stays);
    let stays = stays.into_iter().map(|(old, new)| Pair { old, new, moved: false });
    stays.chain(moved).collect()
}

/// The pairs, and in each gap between what stays, what its elements became.
fn filled(old: Elements<'_, '_>, new: Elements<'_, '_>, mut pairs: Vec<Pair>) -> Vec<Pair> {
    let mut known = (vec![false; old.ids.len()], vec![false; new.ids.len()]);
    for pair in &pairs {
        mark(&mut known.0, pair.old);
        mark(&mut known.1, pair.new);
    }
    let end = Pair { old: old.ids.len(), new: new.ids.len(), moved: false };
    pairs.sort_unstable_by_key(|pair| pair.new);
    let stays: Vec<Pair> = pairs.iter().filter(|pair| !pair.moved).copied().chain([end]).collect();
    let mut from = (0, 0);
    for stay in stays {
        let gone: Vec<usize> = (from.0..stay.old).filter(|place| !is_marked(&known.0, *place)).collect();
        let came: Vec<usize> = (from.1..stay.new).filter(|place| !is_marked(&known.1, *place)).collect();
        pairs.extend(became(old, new, &gone, &came));
        from = (stay.old + 1, stay.new + 1);
    }
    pairs.sort_unstable_by_key(|pair| pair.new);
    pairs
}

fn mark(marks: &mut [bool], place: usize) {
    if let Some(mark) = marks.get_mut(place) {
        *mark = true;
    }
}

fn is_marked(marks: &[bool], place: usize) -> bool {
    marks.get(place).copied().unwrap_or_default()
}

/// The places of a long common subsequence of both, rising: by Myers' algorithm as git has it (it is the longest, or
/// nearly), and past the budget by the n-th occurrences of each value.
pub(crate) fn matches(before: &[u64], after: &[u64], budget: &mut usize) -> Vec<(usize, usize)> {
    let size = before.len().saturating_add(after.len());
    if size > 2 * MAX_MATCHED || size > *budget {
        return by_occurrence(before, after);
    }
    *budget -= size;
    let mut input = InternedInput::default();
    input.update_before(before.iter().copied());
    input.update_after(after.iter().copied());
    let script = imara_diff::Diff::compute(Algorithm::Myers, &input);
    let mut pairs = Vec::new();
    let mut at = (0, 0);
    let whole = imara_diff::Hunk { before: input.before.len() as u32..0, after: input.after.len() as u32..0 };
    for hunk in script.hunks().chain([whole]) {
        pairs.extend((at.0..hunk.before.start as usize).zip(at.1..hunk.after.start as usize));
        at = (hunk.before.end as usize, hunk.after.end as usize);
    }
    pairs
}

/// Pairs the n-th occurrence of each value with the n-th after, and keeps the longest part that is in order.
fn by_occurrence(before: &[u64], after: &[u64]) -> Vec<(usize, usize)> {
    let mut places = occurrences(before.iter().copied().enumerate());
    let pairs: Vec<(usize, usize)> = after
        .iter()
        .enumerate()
        .filter_map(|(new, hash)| Some((places.get_mut(hash)?.pop_front()?, new)))
        .collect();
    let order: Vec<u32> = pairs.iter().map(|(old, _)| u32::try_from(*old).unwrap_or(u32::MAX)).collect();
    longest_rising(&order).into_iter().filter_map(|place| pairs.get(place).copied()).collect()
}

fn occurrences(values: impl Iterator<Item = (usize, u64)>) -> HashMap<u64, VecDeque<usize>> {
    let mut places: HashMap<u64, VecDeque<usize>> = HashMap::new();
    values.for_each(|(place, hash)| places.entry(hash).or_default().push_back(place));
    places
}

/// Values that are gone from one place and new in another. One that is gone or new more than once is not followed:
/// which zero of a list of numbers moved where says nothing.
fn moved(before: &[u64], after: &[u64], stays: &[(usize, usize)]) -> Vec<Pair> {
    let mut stayed = (vec![false; before.len()], vec![false; after.len()]);
    for (old, new) in stays {
        mark(&mut stayed.0, *old);
        mark(&mut stayed.1, *new);
    }
    let left = |values: &[u64], stayed: &[bool]| {
        occurrences(values.iter().copied().enumerate().filter(|(place, _)| !is_marked(stayed, *place)))
    };
    let (gone, came) = (left(before, &stayed.0), left(after, &stayed.1));
    let once = |places: &VecDeque<usize>| places.front().copied().filter(|_| places.len() == 1);
    gone.iter()
        .filter_map(|(hash, old)| Some(Pair { old: once(old)?, new: once(came.get(hash)?)?, moved: true }))
        .collect()
}

/// What the elements that are gone from a gap became: one by one where as many are new in it, otherwise those that
/// have most in common, in their order.
fn became(old: Elements<'_, '_>, new: Elements<'_, '_>, gone: &[usize], came: &[usize]) -> Vec<Pair> {
    let pair = |(old, new): (&usize, &usize)| Pair { old: *old, new: *new, moved: false };
    if gone.len() == came.len() {
        return gone.iter().zip(came).map(pair).collect();
    }
    if gone.is_empty() || came.is_empty() || gone.len().saturating_mul(came.len()) > MAX_WEIGHED {
        return Vec::new();
    }
    let parts = |of: Elements<'_, '_>, place: &usize| {
        of.ids.get(*place).map_or_else(Vec::new, |id| parts(of.outline, *id))
    };
    let before: Vec<Vec<u64>> = gone.iter().map(|place| parts(old, place)).collect();
    let after: Vec<Vec<u64>> = came.iter().map(|place| parts(new, place)).collect();
    let likeness: Vec<Vec<u32>> =
        before.iter().map(|one| after.iter().map(|other| common(one, other)).collect()).collect();
    heaviest(&likeness)
        .into_iter()
        .filter_map(|(row, column)| Some(pair((gone.get(row)?, came.get(column)?))))
        .collect()
}

/// Hashes of an object's members or an array's elements, sorted; at most some hundreds.
fn parts(outline: &Outline<'_>, id: Id) -> Vec<u64> {
    let hash = |child: Id| {
        let key =
            outline.raw_key(child).bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        outline.get(child).hash ^ key.rotate_left(17)
    };
    let mut parts: Vec<u64> = outline.children(id).take(256).map(hash).collect();
    parts.sort_unstable();
    parts
}

/// How many parts two values have in common, if it is at least a third of either.
fn common(one: &[u64], other: &[u64]) -> u32 {
    let (mut a, mut b, mut count) = (one.iter().peekable(), other.iter().peekable(), 0);
    while let (Some(first), Some(second)) = (a.peek(), b.peek()) {
        match first.cmp(second) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    if 3 * count as usize >= one.len().max(other.len()) { count } else { 0 }
}

/// The pairs of a row and a column, both rising, with the largest sum.
fn heaviest(weights: &[Vec<u32>]) -> Vec<(usize, usize)> {
    let columns = weights.first().map_or(0, Vec::len);
    let weight =
        |row: usize, column: usize| weights.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
    let mut sums = vec![vec![0_u32; columns + 1]; weights.len() + 1];
    let sum = |sums: &[Vec<u32>], row: usize, column: usize| {
        sums.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0)
    };
    for row in (0..weights.len()).rev() {
        for column in (0..columns).rev() {
            let both = match weight(row, column) {
                0 => 0,
                weight => weight + sum(&sums, row + 1, column + 1),
            };
            let best = both.max(sum(&sums, row + 1, column)).max(sum(&sums, row, column + 1));
            if let Some(place) = sums.get_mut(row).and_then(|row| row.get_mut(column)) {
                *place = best;
            }
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < weights.len() && column < columns {
        let here = sum(&sums, row, column);
        if here == sum(&sums, row + 1, column) {
            row += 1;
        } else if here == sum(&sums, row, column + 1) {
            column += 1;
        } else {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        }
    }
    pairs
}
