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
    if !rises(old.outline, &ids.old) || !rises(new.outline, &ids.new) {
        return None;
    }
    let contents = [old, new]
        .map(|version| (0..version.len()).map(|place| version.hash_without(place, ids.key)).collect::<Vec<_>>());
    let [before, after] = &contents;
    let numbered: HashMap<u64, u64> =
        ids.old.iter().zip(before).filter_map(|(token, content)| Some(((*token)?.0, *content))).collect();
    let by_number = ids.new.iter().zip(after);
    let by_number = by_number.filter(|(token, content)| {
        token.is_some_and(|(number, _)| numbered.get(&number) == Some(*content))
    });
    (common(before, after) > by_number.count()).then_some(contents)
}

/// True if there are two numbers or more, each one more than the one before it.
fn rises(outline: &Outline<'_>, tokens: &[Token]) -> bool {
    let number = |token: &Token| token.and_then(|(_, id): (u64, Id)| outline.text(id).parse::<i64>().ok());
    let numbers: Option<Vec<i64>> = tokens.iter().map(number).collect();
    numbers.is_some_and(|numbers| {
        let by_one = |pair: &[i64]| matches!(pair, [one, next] if one.checked_add(1) == Some(*next));
        numbers.len() > 1 && numbers.windows(2).all(by_one)
    })
}

/// How many values both have, counted as often as both have them.
fn common(before: &[u64], after: &[u64]) -> usize {
    let mut counts: HashMap<u64, usize> = HashMap::with_capacity(before.len());
    before.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
    let is_common = |value: &&u64| match counts.get_mut(value) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    after.iter().filter(is_common).count()
}
