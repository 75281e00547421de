//! Bringing parts of an earlier config back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::diff::{Elements, MATCH_BUDGET, Sameness, is_alike, paired, twins};
use super::super::error::cut;
use super::super::outline::{Id, Outline};
use super::super::pointer::{Pointer, array_index};
use super::super::span::Kind;
use super::super::tree::{Fault, Node, Tree};
use super::super::{Config, ConfigError, MAX_BYTES};

/// Why a part was not brought back. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The head does not have what the part belongs into.
    #[error("there is nothing any more that {pointer:?} belongs into: bring that back instead")]
    NoParent {
        /// The part's JSON Pointer, cut at about 200 bytes.
        pointer: String,
    },
    /// Nobody can tell which element of the head the part belongs to.
    #[error("which element of today's config {pointer:?} belongs to cannot be told")]
    Ambiguous {
        /// The part's JSON Pointer, cut at about 200 bytes.
        pointer: String,
    },
    /// Neither config has the part.
    #[error("there is nothing at {pointer:?} in either version")]
    Nowhere {
        /// The part's JSON Pointer, cut at about 200 bytes.
        pointer: String,
    },
    /// The config is too large for it.
    #[error("the configs are too large for bringing back parts")]
    TooLarge,
    /// What comes out is no valid config.
    #[error("the config would not be valid: {0}")]
    Result(#[from] ConfigError),
}

/// The head with some of its parts as they were in `earlier`; everything else keeps its text.
///
/// A pointer names a place in `earlier`. Elements of arrays are followed as in a diff, by identity where they have one, so
/// that an element is found where it is now; one that is gone comes back behind what was before it. What `earlier` does
/// not have is removed from the head, the pointer then being one into the head from there on. Pointers name places of the head
/// as it was given, however many parts come or go.
///
/// # Errors
///
/// [`TakeError`]; nothing is changed then.
pub fn take_paths(head: &Config, earlier: &Config, pointers: &[Pointer]) -> Result<Config, TakeError> {
    let (from, to) = (Outline::of(earlier.text()), Outline::of(head.text()));
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for pointer in pointers {
        match find(&from, &to, pointer) {
            Ok(Target::Nothing) => return Err(nowhere(pointer)),
            Ok(target) => found.push((target, pointer)),
            Err(error @ TakeError::Ambiguous { .. }) => return Err(error),
            // What has no parent may get one by another pointer.
            Err(_) => others.push(pointer),
        }
    }
    let mut text = carried_out(head.text(), &from, found)?;
    for pointer in others {
        let target = find(&from, &Outline::of(&text), pointer)?;
        text = carried_out(&text, &from, vec![(target, pointer)])?;
    }
    Ok(Config::check(text)?)
}

/// The head with these parts as they were. Each place is one of the head as it was given: values are set first, and then
/// elements come and go, the last ones first, so that no index is another element's by then.
fn carried_out(head: &str, from: &Outline<'_>, found: Vec<(Target, &Pointer)>) -> Result<String, TakeError> {
    let mut tree = Tree::new(head);
    let mut shifts = BTreeMap::new();
    for (target, pointer) in found {
        let done = match &target {
            Target::Set(path, id) if path.is_empty() => tree.add(path, Node::text(from.text(*id))),
            Target::Set(path, id) => {
                let replaced = tree.replace(path, Node::text(from.text(*id)));
                replaced.or_else(|_| tree.add(path, Node::text(from.text(*id))))
            }
            Target::Insert(path, id) => {
                shifts.insert((places(path), Shift::Insert(*id)), (path.clone(), pointer));
                Ok(())
            }
            Target::Remove(path) => {
                shifts.insert((places(path), Shift::Remove), (path.clone(), pointer));
                Ok(())
            }
            Target::Nothing => return Err(nowhere(pointer)),
        };
        done.map_err(|fault| refused(fault, pointer))?;
    }
    for ((_, shift), (path, pointer)) in shifts.into_iter().rev() {
        let done = match shift {
            Shift::Insert(id) => tree.add(&path, Node::text(from.text(id))),
            Shift::Remove => tree.remove(&path).map(drop),
        };
        done.map_err(|fault| refused(fault, pointer))?;
    }
    Ok(tree.finish()?)
}

/// What is done to an array or object, in the order in which it comes at one place, from the last to the first: what is
/// to go goes before something comes in its place, and of several that come the later ones first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Shift {
    Insert(Id),
    Remove,
}

/// A path, in the order of its indexes.
fn places(path: &[String]) -> Vec<(Option<usize>, String)> {
    path.iter().map(|token| (array_index(token), token.clone())).collect()
}

fn nowhere(pointer: &Pointer) -> TakeError {
    TakeError::Nowhere { pointer: cut(&pointer.to_string()) }
}

/// Where a part goes.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// In the place of what is there, or as a member.
    Set(Vec<String>, Id),
    /// Between elements.
    Insert(Vec<String>, Id),
    /// Away.
    Remove(Vec<String>),
    /// It is not there, and was not.
    Nothing,
}

fn refused(fault: Fault, pointer: &Pointer) -> TakeError {
    match fault {
        // The way was found in the head's outline, which is not opened further only where it is too large.
        Fault::Refused(_) if pointer.tokens().is_empty() => TakeError::TooLarge,
        Fault::Refused(_) => TakeError::NoParent { pointer: cut(&pointer.to_string()) },
        Fault::TooLarge => TakeError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}

/// Follows a pointer through both configs.
fn find(from: &Outline<'_>, to: &Outline<'_>, pointer: &Pointer) -> Result<Target, TakeError> {
    let no_parent = || TakeError::NoParent { pointer: cut(&pointer.to_string()) };
    let (mut was, mut is) = (Some(Outline::ROOT), Outline::ROOT);
    let mut path = Vec::new();
    let count = pointer.tokens().len();
    for (depth, token) in pointer.tokens().iter().enumerate() {
        let is_last = depth + 1 == count;
        let child = was.and_then(|was| child(from, was, token));
        let found = match (was, child) {
            (Some(was), Some(child)) if from.is_open(was, Kind::Array) => {
                let found = element((from, was, child), (to, is), token);
                found.ok_or_else(|| TakeError::Ambiguous { pointer: cut(&pointer.to_string()) })?
            }
            _ => Found::at(to, is, token),
        };
        path.push(found.token);
        match (is_last, child, found.id) {
            (true, Some(child), None) if found.is_element => return Ok(Target::Insert(path, child)),
            (true, Some(child), _) => return Ok(Target::Set(path, child)),
            (true, None, Some(_)) => return Ok(Target::Remove(path)),
            (true, None, None) => return Ok(Target::Nothing),
            (false, _, Some(id)) => is = id,
            (false, Some(_), None) => return Err(no_parent()),
            (false, None, None) => return Ok(Target::Nothing),
        }
        was = child;
    }
    Ok(Target::Set(path, Outline::ROOT))
}

/// A place in the head.
struct Found {
    token: String,
    id: Option<Id>,
    is_element: bool,
}

impl Found {
    /// What the token itself names.
    fn at(to: &Outline<'_>, is: Id, token: &str) -> Self {
        Self { token: token.to_owned(), id: child(to, is, token), is_element: to.is_open(is, Kind::Array) }
    }
}

/// Where an element of the earlier config is in the head, or would be; `None` where that cannot be told.
fn element(
    (from, was, wanted): (&Outline<'_>, Id, Id),
    (to, is): (&Outline<'_>, Id),
    token: &str,
) -> Option<Found> {
    if !to.is_open(is, Kind::Array) {
        return Some(Found::at(to, is, token));
    }
    let (before, now): (Vec<Id>, Vec<Id>) = (from.children(was).collect(), to.children(is).collect());
    let place = before.iter().position(|id| *id == wanted).unwrap_or_default();
    let (old, new) = (Elements::new(from, &before), Elements::new(to, &now));
    let aligned = paired(old, new, Sameness::Identity, &mut { MATCH_BUDGET });
    let twins = twins(old, new);
    if let Some(pair) = aligned.pairs.iter().find(|pair| pair.old == place) {
        let is_equal = || !pair.moved && old.hash(place) == new.hash(pair.new);
        let is_sure =
            aligned.is_known(pair) || !twins.contains(&old.hash(place)) && (pair.sure || is_equal());
        let id = now.get(pair.new).copied();
        return is_sure.then(|| Found { token: pair.new.to_string(), id, is_element: true });
    }
    // What is new and like it may be it, moved and edited.
    let known: HashSet<usize> = aligned
        .pairs
        .iter()
        .filter(|pair| pair.sure || aligned.is_known(pair))
        .map(|pair| pair.new)
        .collect();
    let is_number = |elements: Elements<'_, '_>, place: usize| {
        elements.ids.get(place).is_some_and(|id| elements.outline.get(*id).kind == Kind::Number)
    };
    let may_be = |other: usize| {
        let is_another = known.contains(&other) || aligned.is_named(0, place) && aligned.is_named(1, other);
        !is_another && (is_alike(old, place, new, other) || is_number(old, place) && is_number(new, other))
    };
    if aligned.names.is_none() && (twins.contains(&old.hash(place)) || (0..now.len()).any(may_be)) {
        return None;
    }
    let places: HashMap<usize, usize> = aligned.pairs.iter().map(|pair| (pair.old, pair.new)).collect();
    let behind = (0..place).rev().find_map(|place| places.get(&place)).map_or(0, |index| index + 1);
    // What was before it may have become what is new there.
    let is_next = place == 0 || places.contains_key(&(place - 1)) || aligned.is_named(0, place - 1);
    let next_is_new = behind < now.len() && !known.contains(&behind) && !aligned.is_named(1, behind);
    if aligned.names.is_none() && !is_next && next_is_new {
        return None;
    }
    Some(Found { token: behind.to_string(), id: None, is_element: true })
}

fn child(outline: &Outline<'_>, id: Id, token: &str) -> Option<Id> {
    if outline.is_open(id, Kind::Array) {
        return outline.children(id).nth(array_index(token)?);
    }
    outline.member(id, token.as_bytes())
}
