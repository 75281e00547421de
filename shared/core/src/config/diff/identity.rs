//! What tells the elements of an array apart.

use std::collections::{HashMap, HashSet};

use super::super::outline::{Id, Outline};
use super::super::span::Kind;

mod name;
mod numbering;

pub(crate) use name::is_name_of;
pub(super) use name::name;
pub(super) use numbering::{is_counted, numbering};

/// Keys that are made to tell things apart: two elements with different values of it are two elements, however alike
/// they are.
const STRONG: [&[u8]; 3] = [b"id", b"uid", b"key"];

/// Elements of an array, in their outline.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'o, 'a> {
    pub(crate) outline: &'o Outline<'a>,
    pub(crate) ids: &'o [Id],
    /// Members that are not looked at, since they belong to the environment and not to the element.
    pub(crate) without: &'o [Vec<u8>],
}

impl<'o, 'a> Elements<'o, 'a> {
    /// Elements with all of their members.
    pub(crate) fn new(outline: &'o Outline<'a>, ids: &'o [Id]) -> Self {
        Self { outline, ids, without: &[] }
    }

    pub(super) fn len(self) -> usize {
        self.ids.len()
    }

    pub(super) fn is_object(self, place: usize) -> bool {
        self.ids.get(place).is_some_and(|id| self.outline.is_open(*id, Kind::Object))
    }

    pub(super) fn kind(self, place: usize) -> Option<Kind> {
        self.ids.get(place).map(|id| self.outline.get(*id).kind)
    }

    /// A hash of an element: equal for equal values.
    pub(crate) fn hash(self, place: usize) -> u64 {
        let Some(id) = self.ids.get(place).copied() else { return 0 };
        if !self.without.is_empty() && self.outline.is_open(id, Kind::Object) {
            return self.members(place).fold(1, |sum, id| sum.wrapping_add(part(self.outline, id)));
        }
        self.outline.get(id).hash
    }

    /// A hash of an object's members but for one.
    pub(super) fn hash_without(self, place: usize, key: &[u8]) -> u64 {
        let others = self.members(place).filter(|id| !is_key(self.outline, *id, key));
        others.fold(1, |sum, id| sum.wrapping_add(part(self.outline, id)))
    }

    /// The members of an object or the elements of an array, without those that are not looked at.
    pub(super) fn members(self, place: usize) -> impl Iterator<Item = Id> + 'o {
        let Self { outline, without, .. } = self;
        let of = self.ids.get(place).copied();
        let is_seen = move |id: &Id| !without.iter().any(|key| is_key(outline, *id, key));
        of.into_iter().flat_map(move |id| outline.children(id)).filter(is_seen)
    }
}

/// A hash of a member with its key, or of an element.
pub(super) fn part(outline: &Outline<'_>, id: Id) -> u64 {
    let key = outline.raw_key(id).bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
    (outline.get(id).hash ^ key.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// True if a member has this key.
fn is_key(outline: &Outline<'_>, member: Id, key: &[u8]) -> bool {
    let raw = outline.raw_key(member).as_bytes();
    raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\"")) == Some(key)
        || raw.contains(&b'\\') && outline.key(member).as_ref() == key
}

/// An element's value of the key that tells elements apart: its hash, and the member itself.
type Token = Option<(u64, Id)>;

/// The ids of the elements of two versions of an array.
pub(super) struct Ids {
    pub(super) key: &'static [u8],
    pub(super) old: Vec<Token>,
    pub(super) new: Vec<Token>,
}

/// The elements' ids, by that one of the strong keys that most of them have; `None` if no element has one.
///
/// An element without an id has none; the others are known all the same.
pub(super) fn ids(old: Elements<'_, '_>, new: Elements<'_, '_>) -> Option<Ids> {
    let (mut best, mut most) = (None, 0);
    for key in STRONG {
        // A member that is not looked at is not found.
        let found = [old, new].map(|version| tokens(version, key));
        let count = found.iter().flatten().flatten().count();
        if count > most {
            let [old, new] = found;
            (best, most) = (Some(Ids { key, old, new }), count);
        }
        if most == old.len() + new.len() {
            break;
        }
    }
    best
}

fn tokens(version: Elements<'_, '_>, key: &[u8]) -> Vec<Token> {
    let token = |place: usize| {
        if !version.is_object(place) {
            return None;
        }
        let id = version.members(place).find(|id| is_key(version.outline, *id, key))?;
        let value = version.outline.get(id);
        matches!(value.kind, Kind::String | Kind::Number).then_some((value.hash, id))
    };
    (0..version.len()).map(token).collect()
}

/// The hashes of equal elements of which one version has more than the other.
pub(crate) fn twins(old: Elements<'_, '_>, new: Elements<'_, '_>) -> HashSet<u64> {
    let mut counts: HashMap<u64, (usize, usize)> = HashMap::new();
    (0..old.len()).for_each(|place| counts.entry(old.hash(place)).or_default().0 += 1);
    (0..new.len()).for_each(|place| counts.entry(new.hash(place)).or_default().1 += 1);
    let is_uneven = |(old, new): (usize, usize)| old != new && old.max(new) > 1;
    counts.into_iter().filter(|(_, count)| is_uneven(*count)).map(|(hash, _)| hash).collect()
}
