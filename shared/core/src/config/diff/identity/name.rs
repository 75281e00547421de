//! Names: members that tell elements apart although they were not made for it.

use std::collections::{HashMap, HashSet};

use super::super::super::outline::Id;
use super::super::super::span::Kind;
use super::{Elements, STRONG, is_key};

/// Most keys that are tried for one array.
const MAX_KEYS: usize = 32;

/// Most keys of which pairs are tried, where no single key tells elements apart.
const MAX_PAIRED: usize = 6;

/// Keys that name things for people or programs. They come first among those that recognise equally many elements.
const NAMES: [&[u8]; 12] = [
    b"name",
    b"slug",
    b"title",
    b"label",
    b"code",
    b"ref",
    b"refId",
    b"nodeId",
    b"documentId",
    b"field",
    b"text",
    b"type",
];

/// What the elements are called, in both versions.
pub(in super::super) struct Name {
    pub(in super::super) old: Vec<u64>,
    pub(in super::super) new: Vec<u64>,
    /// The keys that are the name.
    pub(in super::super) keys: Vec<Vec<u8>>,
    /// False where something may have been renamed: an element of the older version has a name that the newer has not,
    /// and the other way round. Also where another key says otherwise.
    pub(in super::super) is_trusted: bool,
}

/// The values of one key, or of two, in all elements of both versions.
struct Column {
    keys: Vec<Vec<u8>>,
    values: [Vec<u64>; 2],
}

impl Column {
    fn is_unique(&self) -> bool {
        self.values.iter().all(|values| {
            let mut known = HashSet::with_capacity(values.len());
            values.iter().all(|value| known.insert(*value))
        })
    }

    fn is_name(&self) -> bool {
        self.keys.iter().any(|key| NAMES.contains(&key.as_slice()))
    }

    /// How many elements of the older version are in the newer.
    fn recognised(&self) -> usize {
        let [old, new] = &self.values;
        let known: HashSet<u64> = old.iter().copied().collect();
        new.iter().filter(|value| known.contains(value)).count()
    }

    /// True if each element is the same, or new, by the other column.
    fn agrees(&self, other: &Self) -> bool {
        let places = |column: &Self| -> HashMap<u64, usize> {
            let [old, _] = &column.values;
            old.iter().copied().zip(0..).collect()
        };
        let (own, others) = (places(self), places(other));
        let ([_, new], [_, other]) = (&self.values, &other.values);
        let both = new.iter().zip(other).map(|(a, b)| (own.get(a), others.get(b)));
        both.into_iter().all(|(one, other)| one == other)
    }

    /// True if these elements have the keys too, and other values of them than any element of both versions.
    fn tells_apart(&self, around: Elements<'_, '_>) -> bool {
        let mut known: HashSet<u64> = self.values.iter().flatten().copied().collect();
        (0..around.len())
            .all(|place| name_of(&self.keys, around, place).is_some_and(|name| known.insert(name)))
    }
}

fn joined(values: &[u64]) -> u64 {
    values.iter().fold(0, |sum, value| sum.rotate_left(23) ^ value)
}

/// The key, or else the pair of keys, that recognises the most elements: in every element a string or number, and
/// different in each, also in those `around` that are equal in both versions. `None` where there is none, or where it
/// recognises no element.
pub(in super::super) fn name(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    around: Elements<'_, '_>,
) -> Option<Name> {
    let columns = columns(old, new);
    let tells_apart = |column: &&Column| column.is_unique() && column.tells_apart(around);
    let joined = if columns.iter().any(|column| tells_apart(&column)) { Vec::new() } else { pairs(&columns) };
    let unique: Vec<&Column> = columns.iter().chain(&joined).filter(tells_apart).collect();
    let mut best: Option<(usize, &Column)> = None;
    for column in unique.iter().copied() {
        let found = column.recognised();
        if found > best.map_or(0, |(most, _)| most) {
            best = Some((found, column));
        }
    }
    let (found, column) = best?;
    let is_whole = found == old.len() || found == new.len();
    let is_undisputed = || column.is_name() || unique.iter().all(|other| column.agrees(other));
    let is_trusted = is_whole && is_undisputed();
    let [old, new] = column.values.clone();
    Some(Name { old, new, keys: column.keys.clone(), is_trusted })
}

/// True if these keys are a name of the elements of both versions, and nothing can have been renamed: they tell the
/// elements of each apart, and one version has no name that the other has not.
pub(crate) fn is_name_of(keys: &[Vec<u8>], old: Elements<'_, '_>, new: Elements<'_, '_>) -> bool {
    let names = |version: Elements<'_, '_>| -> Option<HashSet<u64>> {
        let mut names = HashSet::with_capacity(version.len());
        let is_new = |place: usize| name_of(keys, version, place).is_some_and(|name| names.insert(name));
        (0..version.len()).all(is_new).then_some(names)
    };
    let (Some(old), Some(new)) = (names(old), names(new)) else { return false };
    old.is_subset(&new) || new.is_subset(&old)
}

/// The name of an element; `None` where one of the keys is missing, or no string or number.
fn name_of(keys: &[Vec<u8>], version: Elements<'_, '_>, place: usize) -> Option<u64> {
    let value = |key: &Vec<u8>| {
        let id = version.members(place).find(|id| is_key(version.outline, *id, key))?;
        is_scalar(version, id).then(|| version.outline.get(id).hash)
    };
    let values: Option<Vec<u64>> = keys.iter().map(value).collect();
    values.filter(|_| version.is_object(place)).map(|values| joined(&values))
}

/// The first columns, two by two.
fn pairs(columns: &[Column]) -> Vec<Column> {
    let first = columns.get(..MAX_PAIRED.min(columns.len())).unwrap_or_default();
    let mut found = Vec::new();
    for (index, one) in first.iter().enumerate() {
        for other in first.iter().skip(index + 1) {
            let both = |one: &[u64], other: &[u64]| -> Vec<u64> {
                one.iter().zip(other).map(|(one, other)| joined(&[*one, *other])).collect()
            };
            let ([old, new], [other_old, other_new]) = (&one.values, &other.values);
            let keys = one.keys.iter().chain(&other.keys).cloned().collect();
            found.push(Column { keys, values: [both(old, other_old), both(new, other_new)] });
        }
    }
    found
}

/// The keys that are a string or number in every element, in the order in which they are preferred.
fn columns(old: Elements<'_, '_>, new: Elements<'_, '_>) -> Vec<Column> {
    let Some(first) = [old, new].into_iter().find(|version| version.len() > 0) else { return Vec::new() };
    let keys = keys(first);
    let places: HashMap<&[u8], usize> = keys.iter().map(Vec::as_slice).zip(0..).collect();
    let mut columns: Vec<Option<[Vec<u64>; 2]>> = vec![Some([Vec::new(), Vec::new()]); keys.len()];
    for (version, elements) in [old, new].into_iter().enumerate() {
        for place in 0..elements.len() {
            if !elements.is_object(place) || columns.iter().all(Option::is_none) {
                return Vec::new();
            }
            for id in elements.members(place).filter(|id| is_scalar(elements, *id)) {
                let column = places.get(elements.outline.key(id).as_ref());
                let values = column.and_then(|column| columns.get_mut(*column)?.as_mut()?.get_mut(version));
                values.into_iter().for_each(|values| values.push(elements.outline.get(id).hash));
            }
            for column in &mut columns {
                let has_value = |values: &[Vec<u64>; 2]| {
                    values.get(version).is_some_and(|values| values.len() == place + 1)
                };
                *column = column.take().filter(has_value);
            }
        }
    }
    let whole =
        |(key, values): (Vec<u8>, Option<[Vec<u64>; 2]>)| Some(Column { keys: vec![key], values: values? });
    drop(places);
    keys.clone().into_iter().zip(columns).filter_map(whole).collect()
}

fn is_scalar(elements: Elements<'_, '_>, id: Id) -> bool {
    matches!(elements.outline.get(id).kind, Kind::String | Kind::Number)
}

/// The keys of the first element's strings and numbers. An id is no name: where it does not tell elements apart,
/// nothing says that it names them.
fn keys(elements: Elements<'_, '_>) -> Vec<Vec<u8>> {
    let scalars = elements.members(0).filter(|id| is_scalar(elements, *id));
    let mut keys: Vec<Vec<u8>> = scalars.map(|id| elements.outline.key(id).into_owned()).collect();
    keys.retain(|key| !STRONG.contains(&key.as_slice()));
    keys.sort_by_key(|key| NAMES.iter().position(|name| name == key).unwrap_or(NAMES.len()));
    keys.truncate(MAX_KEYS);
    keys
}
