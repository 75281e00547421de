//! What is true of any merge.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::config::generate::{document, edited, value as any_value};
use crate::config::merge::{MergeError, merge};
use crate::config::{Config, value};

fn config(value: &Value, pretty: bool) -> Config {
    let text = if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() };
    Config::check(text).unwrap()
}

/// Three configs that have much in common.
fn three() -> impl Strategy<Value = (Value, Value, Value)> {
    document().prop_flat_map(|base| (Just(base.clone()), edited(base.clone()), edited(base)))
}

/// A value, and what it was edited to.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    any_value().prop_flat_map(|value| (Just(value.clone()), edited(value)))
}

fn parsed(config: &Config) -> Value {
    serde_json::from_str(config.text()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_change_on_one_side_gives_the_other((base, head, _) in three(), pretty in any::<bool>()) {
        let (base, spelled, head) = (config(&base, pretty), config(&base, !pretty), config(&head, pretty));
        prop_assume!(!value::equal(base.text(), head.text()));
        prop_assert_eq!(&merge(&base, &spelled, &head).unwrap().config, &head);
        prop_assert_eq!(&merge(&base, &head, &spelled).unwrap().config, &head);
        let both = merge(&base, &head, &config(&parsed(&head), !pretty)).unwrap();
        prop_assert_eq!(both.config.text(), head.text());
    }

    #[test]
    fn edits_of_different_places_commute((a, a2) in pair(), (b, b2) in pair(), pretty in any::<bool>()) {
        // Side by side in an object, in elements of an array, and deeper.
        let whole = |a: &Value, b: &Value| json!({
            "a": a, "list": [{"id": 1, "v": a}, {"id": 2, "v": b}], "row": [a, "between", b], "deep": {"er": {"a": a, "b": b}},
        });
        let [base, head, request, both] =
            [whole(&a, &b), whole(&a2, &b), whole(&a, &b2), whole(&a2, &b2)].map(|value| config(&value, pretty));
        let one = merge(&base, &head, &request).unwrap().config;
        let other = merge(&base, &request, &head).unwrap().config;
        prop_assert!(value::equal(one.text(), other.text()), "{} {}", one.text(), other.text());
        prop_assert!(value::equal(one.text(), both.text()), "{} {}", one.text(), both.text());
    }

    #[test]
    fn an_edit_and_a_move_commute(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(), edited in 0..6_usize, added in 0..7_usize) {
        let element = |id: usize, v: usize| json!({"id": id, "v": v});
        let base: Vec<Value> = (0..6).map(|id| element(id, 0)).collect();
        let mut head = base.clone();
        head[edited] = element(edited, 1);
        let moved: Vec<Value> = order.iter().map(|id| base[*id].clone()).collect();
        let expected: Value = order.iter().map(|id| head[*id].clone()).collect();
        let [b, h, r] = [json!(base), json!(head), json!(moved)].map(|value| config(&value, false));
        prop_assert_eq!(&parsed(&merge(&b, &h, &r).unwrap().config), &expected);
        prop_assert_eq!(&parsed(&merge(&b, &r, &h).unwrap().config), &expected);
        // And an addition survives a move.
        let mut longer = base.clone();
        longer.insert(added, element(9, 9));
        let l = config(&json!(longer), false);
        for merged in [merge(&b, &l, &r).unwrap().config, merge(&b, &r, &l).unwrap().config] {
            let merged = parsed(&merged);
            let merged = merged.as_array().unwrap();
            let others: Value = merged.iter().filter(|element| element["id"] != 9).cloned().collect();
            prop_assert_eq!(others, json!(moved));
            let place = merged.iter().position(|element| element["id"] == 9).unwrap();
            prop_assert_eq!(place.checked_sub(1).map(|before| &merged[before]), added.checked_sub(1).map(|before| &base[before]));
        }
    }

    #[test]
    fn what_is_moved_and_removed_is_there_once_or_not_at_all_or_a_conflict(
        sides in proptest::array::uniform2(proptest::collection::vec((0..6_usize, 0..8_usize), 0..4)),
        plain in any::<bool>(),
    ) {
        // Nothing tells them apart: a member that is an identity must have another name.
        let base: Vec<Value> = (0..6).map(|number| if plain { json!(number) } else { json!({"x": number}) }).collect();
        // From a place to another; the last two are nowhere.
        let edited = |moves: Vec<(usize, usize)>| {
            let mut edited = base.clone();
            for (from, to) in moves {
                if from < edited.len() {
                    let element = edited.remove(from);
                    if to < 6 {
                        edited.insert(to.min(edited.len()), element);
                    }
                }
            }
            edited
        };
        let [head, request] = sides.map(edited);
        let [b, h, r] = [json!(base), json!(head), json!(request)].map(|value| config(&value, false));
        if let Ok(merged) = merge(&b, &h, &r) {
            let mut merged = parsed(&merged.config).as_array().unwrap().clone();
            merged.sort_by_key(Value::to_string);
            let both = |element: &&Value| head.contains(element) && request.contains(element);
            prop_assert_eq!(merged, base.iter().filter(both).cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn undo_and_redo_is_identity((a, a2) in pair(), (b, b2) in pair(), (c, c2) in pair()) {
        let whole = |a: &Value, b: &Value, c: &Value| config(&json!({"a": a, "list": [{"id": 1, "v": b}, {"id": 2, "v": c}]}), false);
        let (before, after, head) = (whole(&a, &b, &c), whole(&a2, &b, &c), whole(&a2, &b2, &c));
        let undone = merge(&after, &head, &before).unwrap().config;
        prop_assert!(value::equal(undone.text(), whole(&a, &b2, &c).text()));
        prop_assert_eq!(&merge(&undone, &undone, &head).unwrap().config, &head);
        // And with another edit between.
        let later = whole(&a, &b2, &c2);
        let redone = merge(&undone, &later, &head).unwrap().config;
        prop_assert!(value::equal(redone.text(), whole(&a2, &b2, &c2).text()));
    }

    #[test]
    fn a_merge_never_loses_silently((base, head, request) in three(), pretty in any::<bool>()) {
        let [b, h, r] = [&base, &head, &request].map(|value| config(value, pretty));
        match (merge(&b, &h, &r), merge(&b, &r, &h)) {
            (Ok(one), Ok(other)) => {
                // Whichever way round, the same values are in it, if not in the same order.
                prop_assert_eq!(leaves(&parsed(&one.config)), leaves(&parsed(&other.config)));
                prop_assert!(one.config.text().len() <= h.text().len() + 2 * r.text().len() + 64);
            }
            (Err(MergeError::Conflicts { conflicts, .. }), Err(MergeError::Conflicts { .. })) => {
                prop_assert!(!conflicts.is_empty());
                for conflict in conflicts.iter().filter(|conflict| !conflict.order) {
                    if let Some(ours) = &conflict.ours {
                        prop_assert_eq!(head.pointer(&conflict.path), Some(&serde_json::from_str(ours.get()).unwrap()));
                    }
                }
            }
            (one, other) => prop_assert!(false, "{one:?} {other:?}"),
        }
    }
}

/// Every scalar with its keys above, sorted.
fn leaves(value: &Value) -> Vec<String> {
    fn collect(value: &Value, path: &str, leaves: &mut Vec<String>) {
        match value {
            Value::Array(elements) => {
                elements.iter().for_each(|value| collect(value, &format!("{path}[]"), leaves))
            }
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), leaves))
            }
            scalar => leaves.push(format!("{path} {scalar}")),
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found.sort();
    found
}
