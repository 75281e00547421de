//! What two sequences of values have in common, in order.

use std::collections::{HashMap, VecDeque};

use imara_diff::{Algorithm, InternedInput};

use super::lis::longest_rising;

/// Longest sequences that are matched by Myers' algorithm at once. It takes up to n·√n steps.
const MAX_MATCHED: usize = 20_000;

/// Elements of both versions that one comparison matches so; further ones are matched more coarsely.
pub(crate) const MATCH_BUDGET: usize = 200_000;

/// How many values in a row make an anchor in longer sequences.
const RUN: usize = 8;

/// The places of a long common subsequence of both, rising.
///
/// By Myers' algorithm, as git has it (it is the longest, or nearly). Longer sequences are cut first, at runs of values
/// that are once in each, as rsync and patience diff do. Past the budget, by the n-th occurrences of each value.
pub(crate) fn matches(before: &[u64], after: &[u64], budget: &mut usize) -> Vec<(usize, usize)> {
    if before.len().saturating_add(after.len()) <= 2 * MAX_MATCHED {
        return short(before, after, budget);
    }
    let mut pairs = Vec::new();
    let mut from = (0, 0);
    for (old, new) in anchors(before, after).into_iter().chain([(before.len(), after.len())]) {
        let gap = (before.get(from.0..old).unwrap_or_default(), after.get(from.1..new).unwrap_or_default());
        pairs
            .extend(between(gap.0, gap.1, budget).into_iter().map(|pair| (from.0 + pair.0, from.1 + pair.1)));
        if old < before.len() {
            pairs.push((old, new));
        }
        from = (old + 1, new + 1);
    }
    pairs
}

/// Matches a part: what is equal at both ends, and what lies between.
fn between(before: &[u64], after: &[u64], budget: &mut usize) -> Vec<(usize, usize)> {
    let first = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - first;
    let last = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (old_end, new_end) = (before.len() - last, after.len() - last);
    let middle =
        (before.get(first..old_end).unwrap_or_default(), after.get(first..new_end).unwrap_or_default());
    let mut pairs: Vec<(usize, usize)> = (0..first).map(|place| (place, place)).collect();
    pairs.extend(short(middle.0, middle.1, budget).into_iter().map(|(old, new)| (old + first, new + first)));
    pairs.extend((0..last).map(|place| (old_end + place, new_end + place)));
    pairs
}

fn short(before: &[u64], after: &[u64], budget: &mut usize) -> Vec<(usize, usize)> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
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

/// Where runs begin that are once in each sequence, as many as are in order in both.
fn anchors(before: &[u64], after: &[u64]) -> Vec<(usize, usize)> {
    let (old, new) = (runs(before), runs(after));
    let mut pairs: Vec<(usize, usize)> =
        new.iter().filter_map(|(run, place)| Some(((*old.get(run)?)?, (*place)?))).collect();
    pairs.sort_unstable_by_key(|(_, new)| *new);
    // A hash finds; the values prove.
    pairs.retain(|(old, new)| before.get(*old) == after.get(*new));
    let order: Vec<u32> = pairs.iter().map(|(old, _)| u32::try_from(*old).unwrap_or(u32::MAX)).collect();
    longest_rising(&order).into_iter().filter_map(|place| pairs.get(place).copied()).collect()
}

/// The place of each run; `None` for one that is there more than once.
fn runs(values: &[u64]) -> HashMap<u64, Option<usize>> {
    let mut places = HashMap::with_capacity(values.len());
    for (place, run) in values.windows(RUN).enumerate() {
        let hash = run
            .iter()
            .fold(0_u64, |sum, value| (sum.rotate_left(11) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        places.entry(hash).and_modify(|place| *place = None).or_insert(Some(place));
    }
    places
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
pub(super) fn once(before: &[u64], after: &[u64], stays: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut stayed = (vec![false; before.len()], vec![false; after.len()]);
    for (old, new) in stays {
        stayed.0.get_mut(*old).into_iter().for_each(|mark| *mark = true);
        stayed.1.get_mut(*new).into_iter().for_each(|mark| *mark = true);
    }
    let left = |values: &[u64], stayed: &[bool]| {
        let is_left = |(place, _): &(usize, u64)| !stayed.get(*place).copied().unwrap_or_default();
        occurrences(values.iter().copied().enumerate().filter(is_left))
    };
    let (gone, came) = (left(before, &stayed.0), left(after, &stayed.1));
    let single = |places: &VecDeque<usize>| places.front().copied().filter(|_| places.len() == 1);
    gone.iter().filter_map(|(hash, old)| Some((single(old)?, single(came.get(hash)?)?))).collect()
}
