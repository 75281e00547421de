//! What elements became that neither an id nor a name nor their value makes known.

use super::super::span::Kind;
use super::align::Pair;
use super::identity::{Elements, part};

/// Most pairs of elements that are weighed in one gap.
const MAX_WEIGHED: usize = 4_096;

/// Most members of an element that are compared.
const MAX_PARTS: usize = 256;

/// How much two elements have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Members, or elements of arrays, that are equal.
    pub(super) common: usize,
    /// How many the one has that has more.
    most: usize,
    /// Whether both are objects with the same keys.
    same_keys: bool,
}

impl Weight {
    pub(super) fn is_half(self) -> bool {
        self.common > 0 && 2 * self.common >= self.most
    }

    pub(super) fn is_third(self) -> bool {
        self.common > 0 && 3 * self.common >= self.most
    }
}

/// An element, for comparing.
struct Parts {
    kind: Option<Kind>,
    /// Hashes of members or elements, sorted.
    all: Vec<u64>,
    /// Hashes of keys, sorted.
    keys: Vec<u64>,
}

fn parts(of: Elements<'_, '_>, place: usize) -> Parts {
    let kind = of.kind(place);
    let mut all: Vec<u64> = of.members(place).take(MAX_PARTS).map(|id| part(of.outline, id)).collect();
    all.sort_unstable();
    let mut keys: Vec<u64> = Vec::new();
    if kind == Some(Kind::Object) {
        let key =
            |id| of.outline.raw_key(id).bytes().fold(7_u64, |sum, b| sum.wrapping_mul(31) ^ u64::from(b));
        keys.extend(of.members(place).take(MAX_PARTS).map(key));
        keys.sort_unstable();
    }
    Parts { kind, all, keys }
}

fn compared(one: &Parts, other: &Parts) -> Weight {
    let is_container = |kind: Option<Kind>| matches!(kind, Some(Kind::Object | Kind::Array));
    if one.kind != other.kind || !is_container(one.kind) {
        return Weight::default();
    }
    let (mut a, mut b, mut common) = (one.all.iter().peekable(), other.all.iter().peekable(), 0);
    while let (Some(first), Some(second)) = (a.peek(), b.peek()) {
        match first.cmp(second) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                common += 1;
                a.next();
                b.next();
            }
        }
    }
    let most = one.all.len().max(other.all.len());
    let same_keys = one.kind == Some(Kind::Object) && one.keys == other.keys;
    Weight { common, most, same_keys }
}

/// True if two elements are equal, or have a third of their members in common.
pub(crate) fn is_alike(old: Elements<'_, '_>, was: usize, new: Elements<'_, '_>, is: usize) -> bool {
    old.hash(was) == new.hash(is) || weight(old, was, new, is).is_third()
}

/// How much two elements have in common.
pub(super) fn weight(old: Elements<'_, '_>, was: usize, new: Elements<'_, '_>, is: usize) -> Weight {
    compared(&parts(old, was), &parts(new, is))
}

/// What the elements that are gone from a gap became: one by one where as many are new in it, otherwise those that
/// have most in common, in their order.
pub(super) fn became(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    gone: &[usize],
    came: &[usize],
) -> Vec<Pair> {
    let pair = |old: &usize, new: &usize, sure| Pair { old: *old, new: *new, moved: false, sure };
    if let ([one], [other]) = (gone, came) {
        let sure = is_one(old, *one, new, *other, weight(old, *one, new, *other));
        return vec![pair(one, other, sure)];
    }
    let as_many = gone.len() == came.len();
    if gone.is_empty() || came.is_empty() || gone.len().saturating_mul(came.len()) > MAX_WEIGHED {
        let in_place = gone.iter().zip(came).map(|(one, other)| pair(one, other, false));
        return if as_many { in_place.collect() } else { Vec::new() };
    }
    let before: Vec<Parts> = gone.iter().map(|place| parts(old, *place)).collect();
    let after: Vec<Parts> = came.iter().map(|place| parts(new, *place)).collect();
    let table: Vec<Vec<Weight>> =
        before.iter().map(|one| after.iter().map(|other| compared(one, other)).collect()).collect();
    let at = |row: usize, column: usize| {
        table.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
    };
    let found =
        if as_many { (0..gone.len()).map(|place| (place, place)).collect() } else { heaviest(&table) };
    let is_best = |(row, column): (usize, usize)| {
        let own = at(row, column).common;
        let others = (0..came.len()).filter(|other| *other != column).map(|other| at(row, other));
        let others =
            others.chain((0..gone.len()).filter(|other| *other != row).map(|other| at(other, column)));
        let mut others = others.map(|weight| weight.common);
        if as_many { others.all(|other| other <= own) } else { others.all(|other| 2 * other <= own) }
    };
    found
        .into_iter()
        .filter_map(|(row, column)| {
            let (one, other) = (gone.get(row)?, came.get(column)?);
            let weight = at(row, column);
            let is_like = if as_many { is_one(old, *one, new, *other, weight) } else { weight.is_half() };
            Some(pair(one, other, is_like && is_best((row, column))))
        })
        .collect()
}

/// True if an element in the place of another is that other one, changed.
fn is_one(old: Elements<'_, '_>, was: usize, new: Elements<'_, '_>, is: usize, weight: Weight) -> bool {
    match (old.kind(was), new.kind(is)) {
        (Some(Kind::Object), Some(Kind::Object)) => weight.same_keys || weight.is_half(),
        (Some(before), Some(now)) => before == now || ![before, now].contains(&Kind::Object),
        _ => false,
    }
}

/// The pairs of a row and a column, both rising, with the largest sum, of those that have a third in common.
fn heaviest(weights: &[Vec<Weight>]) -> Vec<(usize, usize)> {
    let columns = weights.first().map_or(0, Vec::len);
    let weight = |row: usize, column: usize| {
        let weight = weights.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default();
        if weight.is_third() { weight.common } else { 0 }
    };
    let mut sums = vec![vec![0_usize; columns + 1]; weights.len() + 1];
    let sum = |sums: &[Vec<usize>], row: usize, column: usize| {
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
