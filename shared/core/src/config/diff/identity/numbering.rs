//! Ids that only count the elements.

use std::collections::HashMap;

use super::super::super::outline::{Id, Outline};
use super::{Elements, Ids, Token};

/// What the elements are apart from their ids, where the ids only number them: they rise by one from element to element
/// in both versions, and more elements keep their contents at another number than at theirs. `None` where the ids tell
/// elements apart.
///
/// An element that is put in front gives every other one a new number; what it is stays the same.
pub(in super::super) fn numbering(
    old: Elements<'_, '_>,
    new: Elements<'_, '_>,
    ids: &Ids,
) -> Option<[Vec<u64>; 2]> {
    if old.len() < 2 || new.len() < 2 || !is_counted(old, new, ids) {
        return None;
    }
    let contents = [old, new].map(|version| {
        (0..version.len()).map(|place| version.hash_without(place, ids.key)).collect::<Vec<_>>()
    });
    let [before, after] = &contents;
    let after_once = once(after);
    let by_content = once(before).keys().filter(|content| after_once.contains_key(content)).count();
    let numbered: HashMap<u64, u64> =
        ids.old.iter().zip(before).filter_map(|(token, content)| Some(((*token)?.0, *content))).collect();
    let by_number =
        ids.new.iter().zip(after).filter(|(token, content)| {
            token.is_some_and(|(number, _)| numbered.get(&number) == Some(*content))
        });
    (by_content > by_number.count()).then_some(contents)
}

/// True if the ids of both versions rise by one from element to element.
pub(in super::super) fn is_counted(old: Elements<'_, '_>, new: Elements<'_, '_>, ids: &Ids) -> bool {
    rises(old.outline, &ids.old) && rises(new.outline, &ids.new)
}

/// True if there are numbers, each one more than the one before it.
fn rises(outline: &Outline<'_>, tokens: &[Token]) -> bool {
    let number = |token: &Token| token.and_then(|(_, id): (u64, Id)| outline.text(id).parse::<i64>().ok());
    let numbers: Option<Vec<i64>> = tokens.iter().map(number).collect();
    numbers.is_some_and(|numbers| {
        let by_one = |pair: &[i64]| matches!(pair, [one, next] if one.checked_add(1) == Some(*next));
        !numbers.is_empty() && numbers.windows(2).all(by_one)
    })
}

/// The contents that are there once. Elements that have others in common are not known by them.
fn once(contents: &[u64]) -> HashMap<u64, usize> {
    let mut counts: HashMap<u64, usize> = HashMap::with_capacity(contents.len());
    contents.iter().for_each(|content| *counts.entry(*content).or_default() += 1);
    counts.retain(|_, count| *count == 1);
    counts
}
