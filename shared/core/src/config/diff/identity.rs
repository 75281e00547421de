//! Which key tells the elements of an array apart.

use std::collections::{HashMap, HashSet};

use super::super::outline::{Id, Outline};
use super::super::span::Kind;

/// Most keys that are tried for one array.
const MAX_CANDIDATES: usize = 32;

/// Keys that are made to tell things apart. Where one of them does, no other is asked: an element with another `id`
/// is another element, however alike the two are.
const STRONG: [&[u8]; 3] = [b"id", b"uid", b"key"];

/// Keys that come first among those that recognise equally many elements.
const WEAK: [&[u8]; 2] = [b"name", b"slug"];

/// Elements of an array, in their outline.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'o, 'a> {
    pub(crate) outline: &'o Outline<'a>,
    pub(crate) ids: &'o [Id],
}

/// The identity of every element of some arrays, array by array, as hashes.
pub(crate) type Identity = Vec<Vec<u64>>;

/// What tells the elements of two versions of an array apart: of the keys that are there as a string or number in
/// every element and differ within each version, a strong one; or, where that was plainly given out anew, the one
/// that recognises the most elements. `None` where there is no such key, or where comparing by value and position
/// finds much more in common.
pub(crate) fn identity(old: Elements<'_, '_>, new: Elements<'_, '_>) -> Option<Identity> {
    let (strong, weak) = candidates(&[old, new])?;
    let score = |identity: &Identity| match identity.as_slice() {
        [before, after] => alike(old, new, by_identity(before, after).into_iter()),
        _ => Likeness::default(),
    };
    let mut best = strong.map(|identity| (score(&identity), identity));
    if let Some(identity) = weak {
        let found = score(&identity);
        if best.as_ref().is_none_or(|(known, _)| found.is_far_above(known)) {
            best = Some((found, identity));
        }
    }
    let (known, identity) = best?;
    let same_length = old.ids.len() == new.ids.len();
    let in_place = || alike(old, new, (0..old.ids.len()).map(|place| (place, place)));
    (!same_length || known.is_half() || !in_place().is_far_above(&known)).then_some(identity)
}

/// The identities of several versions of an array, the first of which is what the others come from. Here a strong key
/// is taken even where it recognises nothing: what only looks alike must not be merged.
pub(crate) fn shared_identity(versions: &[Elements<'_, '_>]) -> Option<Identity> {
    let (strong, weak) = candidates(versions)?;
    strong.or(weak)
}

/// Which place was which before, by identity.
pub(crate) fn by_identity(before: &[u64], after: &[u64]) -> Vec<(usize, usize)> {
    let places: HashMap<u64, usize> = before.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let known = |(new, id)| Some((*places.get(id)?, new));
    after.iter().enumerate().filter_map(known).collect()
}

/// How much pairs of elements have in common.
#[derive(Clone, Copy, Default)]
struct Likeness {
    /// Bytes of the members that are equal.
    common: usize,
    /// Bytes of the elements before.
    whole: usize,
}

impl Likeness {
    fn is_half(&self) -> bool {
        self.common.saturating_mul(2) >= self.whole
    }

    /// By a quarter, with half of all in common.
    fn is_far_above(&self, other: &Self) -> bool {
        self.is_half() && self.common.saturating_mul(4) > other.common.saturating_mul(5)
    }
}

fn alike(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    pairs: impl Iterator<Item = (usize, usize)>,
) -> Likeness {
    let mut sum = Likeness::default();
    for (before, after) in pairs {
        let (Some(before), Some(after)) = (old.ids.get(before), new.ids.get(after)) else { continue };
        sum.whole += old.outline.text(*before).len();
        let others: HashMap<&str, u64> = new
            .outline
            .children(*after)
            .map(|id| (new.outline.raw_key(id), new.outline.get(id).hash))
            .collect();
        for member in old.outline.children(*before) {
            let key = old.outline.raw_key(member);
            if others.get(key) == Some(&old.outline.get(member).hash) {
                sum.common += key.len() + old.outline.text(member).len();
            }
        }
    }
    sum
}

/// How many identities of the first version are found in the others.
fn recognised(identity: &Identity) -> usize {
    let Some((first, others)) = identity.split_first() else { return 0 };
    let first: HashSet<u64> = first.iter().copied().collect();
    others.iter().flatten().filter(|id| first.contains(id)).count()
}

/// The keys that are in every element and tell each version's elements apart: the first strong one; and of the others
/// the one that recognises the most, the preferred ones and then the earlier ones first. `None` when an element is no
/// object.
fn candidates(versions: &[Elements<'_, '_>]) -> Option<(Option<Identity>, Option<Identity>)> {
    let (mut strong, mut weak) = (None, None);
    let mut most = 0;
    for (key, identity) in usable(versions)? {
        if STRONG.contains(&key.as_slice()) {
            strong = strong.or(Some(identity));
        } else {
            let known = recognised(&identity);
            if known > most {
                (most, weak) = (known, Some(identity));
            }
        }
    }
    Some((strong, weak))
}

fn usable(versions: &[Elements<'_, '_>]) -> Option<Vec<(Vec<u8>, Identity)>> {
    let first = versions.iter().find(|version| !version.ids.is_empty())?;
    let keys = keys(first.outline, *first.ids.first()?);
    let mut places: HashMap<Vec<u8>, usize> =
        keys.iter().cloned().enumerate().map(|(place, key)| (key, place)).collect();
    let mut found: Vec<Identity> = vec![Vec::new(); keys.len()];
    for version in versions {
        found.iter_mut().for_each(|identity| identity.push(Vec::with_capacity(version.ids.len())));
        for (count, id) in version.ids.iter().enumerate() {
            element(*version, *id, &places, &mut found)?;
            // A key that is missing, or no string or number, is out.
            places.retain(|_, place| {
                let last = found.get(*place).and_then(|identity| identity.last());
                last.is_some_and(|hashes| hashes.len() == count + 1)
            });
            if places.is_empty() {
                return Some(Vec::new());
            }
        }
        places.retain(|_, place| {
            let last = found.get(*place).and_then(|identity| identity.last());
            last.is_some_and(|hashes| hashes.iter().collect::<HashSet<_>>().len() == hashes.len())
        });
    }
    let whole = keys.into_iter().zip(found).filter(|(key, _)| places.contains_key(key));
    Some(whole.collect())
}

/// Adds the values that one element has under the keys.
fn element(
    version: Elements<'_, '_>,
    id: Id,
    places: &HashMap<Vec<u8>, usize>,
    found: &mut [Identity],
) -> Option<()> {
    let outline = version.outline;
    if !outline.is_open(id, Kind::Object) {
        return None;
    }
    for member in outline.children(id) {
        let value = outline.get(member);
        if matches!(value.kind, Kind::String | Kind::Number)
            && let Some(place) = places.get(outline.key(member).as_ref())
            && let Some(hashes) = found.get_mut(*place).and_then(|identity| identity.last_mut())
        {
            hashes.push(value.hash);
        }
    }
    Some(())
}

/// The keys of an element's strings and numbers, in the order in which they are preferred.
fn keys(outline: &Outline<'_>, element: Id) -> Vec<Vec<u8>> {
    let is_scalar = |member: &Id| matches!(outline.get(*member).kind, Kind::String | Kind::Number);
    let mut keys: Vec<Vec<u8>> =
        outline.children(element).filter(is_scalar).map(|member| outline.key(member).into_owned()).collect();
    let rank = |key: &Vec<u8>| {
        let preferred = STRONG.iter().chain(&WEAK);
        preferred.clone().position(|known| known == key).unwrap_or(STRONG.len() + WEAK.len())
    };
    keys.sort_by_key(rank);
    keys.truncate(MAX_CANDIDATES);
    keys
}
