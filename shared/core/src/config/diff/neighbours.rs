//! Beside what an element has moved: its index says little where others came, went or moved as well.

use std::collections::HashMap;

use super::super::outline::{Id, Outline};
use super::super::pointer::Pointer;
use super::super::span::Kind;
use super::follow::find;
use super::label::Trail;
use super::{Change, Op};

/// Says of every move after which element it is now. Time grows with the arrays that have moves, each read once.
pub(super) fn name(new: &Outline<'_>, changes: &mut [Change]) {
    let mut arrays: HashMap<String, Option<(String, Vec<Id>)>> = HashMap::new();
    for change in changes.iter_mut().filter(|change| change.op == Op::Move) {
        let Some((array, index)) = change.path.rsplit_once('/') else { continue };
        let Some(before) = index.parse::<usize>().ok().and_then(|index| index.checked_sub(1)) else {
            continue;
        };
        if !arrays.contains_key(array) {
            arrays.insert(array.to_owned(), elements(new, array));
        }
        let Some(Some((key, elements))) = arrays.get(array) else { continue };
        let Some(id) = elements.get(before) else { continue };
        let mut trail = Trail::default();
        trail.member(key);
        trail.element(new, *id, before);
        change.follows = Some(trail.label());
    }
}

/// The key of an array, which says what its elements are, and its elements.
fn elements(new: &Outline<'_>, array: &str) -> Option<(String, Vec<Id>)> {
    let place: Pointer = array.parse().ok()?;
    let id = find(new, &place).filter(|id| new.is_open(*id, Kind::Array))?;
    let key = place.tokens().last().filter(|_| !is_element(new, &place)).cloned().unwrap_or_default();
    Some((key, new.children(id).collect()))
}

/// True where the array is itself an element: then no key says what is in it.
fn is_element(new: &Outline<'_>, place: &Pointer) -> bool {
    let Some((_, above)) = place.tokens().split_last() else { return true };
    let above: String = above.iter().fold(String::new(), |mut text, token| {
        super::super::pointer::push(&mut text, token);
        text
    });
    above.parse().ok().and_then(|above| find(new, &above)).is_none_or(|id| new.is_open(id, Kind::Array))
}
