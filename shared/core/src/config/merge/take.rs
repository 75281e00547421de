//! Bringing parts of an earlier config back.

use std::collections::{BTreeMap, HashMap};

use super::super::diff::{Elements, MATCH_BUDGET, Sameness, paired};
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
/// not have is removed from the head, the pointer then being one into the head from there on: the head as it was given, however
/// many parts are removed.
///
/// # Errors
///
/// [`TakeError`]; nothing is changed then.
pub fn take_paths(head: &Config, earlier: &Config, pointers: &[Pointer]) -> Result<Config, TakeError> {
    let from = Outline::of(earlier.text());
    let (mut text, others) = without(head.text(), &from, pointers)?;
    for pointer in others {
        text = take(&text, &from, pointer)?;
    }
    Ok(Config::check(text)?)
}

/// The head without what `from` does not have, and the pointers to what it has.
fn without<'p>(
    head: &str,
    from: &Outline<'_>,
    pointers: &'p [Pointer],
) -> Result<(String, Vec<&'p Pointer>), TakeError> {
    let to = Outline::of(head);
    let (mut gone, mut others) = (BTreeMap::new(), Vec::new());
    for pointer in pointers {
        match find(from, &to, pointer) {
            Ok(Target::Remove(path)) => {
                let place: Vec<_> = path.iter().map(|token| (array_index(token), token.clone())).collect();
                gone.insert(place, (path, pointer));
            }
            Ok(Target::Nothing) => return Err(nowhere(pointer)),
            // What has no parent may get one by another pointer.
            Ok(Target::Set(..) | Target::Insert(..)) | Err(_) => others.push(pointer),
        }
    }
    let mut tree = Tree::new(head);
    // From behind, so that no index is another element's by then; and what is in a part that goes need not go before it does.
    for (path, pointer) in gone.values().rev() {
        tree.remove(path).map_err(|fault| refused(fault, pointer))?;
    }
    Ok((tree.finish()?, others))
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

fn take(head: &str, from: &Outline<'_>, pointer: &Pointer) -> Result<String, TakeError> {
    let to = Outline::of(head);
    let target = find(from, &to, pointer)?;
    let mut tree = Tree::new(head);
    let done = match &target {
        Target::Set(path, id) if path.is_empty() => tree.add(path, Node::text(from.text(*id))),
        Target::Set(path, id) => {
            let replaced = tree.replace(path, Node::text(from.text(*id)));
            replaced.or_else(|_| tree.add(path, Node::text(from.text(*id))))
        }
        Target::Insert(path, id) => tree.add(path, Node::text(from.text(*id))),
        Target::Remove(path) => tree.remove(path).map(drop),
        Target::Nothing => return Err(nowhere(pointer)),
    };
    done.map_err(|fault| refused(fault, pointer))?;
    Ok(tree.finish()?)
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
                element((from, was, child), (to, is), token)
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

/// Where an element of the earlier config is in the head, or would be.
fn element((from, was, wanted): (&Outline<'_>, Id, Id), (to, is): (&Outline<'_>, Id), token: &str) -> Found {
    if !to.is_open(is, Kind::Array) {
        return Found::at(to, is, token);
    }
    let (before, now): (Vec<Id>, Vec<Id>) = (from.children(was).collect(), to.children(is).collect());
    let place = before.iter().position(|id| *id == wanted).unwrap_or_default();
    let (old, new) = (Elements::new(from, &before), Elements::new(to, &now));
    let pairs = paired(old, new, Sameness::Identity, &mut { MATCH_BUDGET }).pairs;
    let pairs: HashMap<usize, usize> = pairs.into_iter().map(|pair| (pair.old, pair.new)).collect();
    if let Some(index) = pairs.get(&place) {
        return Found { token: index.to_string(), id: now.get(*index).copied(), is_element: true };
    }
    let behind = (0..place).rev().find_map(|place| pairs.get(&place)).map_or(0, |index| index + 1);
    Found { token: behind.to_string(), id: None, is_element: true }
}

fn child(outline: &Outline<'_>, id: Id, token: &str) -> Option<Id> {
    if outline.is_open(id, Kind::Array) {
        return outline.children(id).nth(array_index(token)?);
    }
    outline.member(id, token.as_bytes())
}
