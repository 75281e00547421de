//! Random documents for the tests of this module: they have much in common, and arrays of elements with identity.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A number, string or literal; few different ones.
pub(super) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4i64).prop_map(Value::from),
        prop_oneof![
            Just("a"),
            Just("é\"\\\n"),
            Just("\u{0}😀"),
            Just(""),
            Just("one\ntwo\nthree"),
            Just("one\n2\nthree")
        ]
        .prop_map(Value::from),
    ]
}

/// Elements with an `id`, in any order, some of eight.
fn identified(inner: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Value> {
    let ids = Just((0..8_i64).collect::<Vec<_>>()).prop_shuffle();
    (ids, prop::collection::vec(inner, 0..7))
        .prop_map(|(ids, contents)| {
            let element = |(id, content): (i64, Value)| json!({"id": id, "title": format!("T{id}"), "content": content});
            ids.into_iter().zip(contents).map(element).collect()
        })
        .boxed()
}

/// A value of any kind.
pub(super) fn value() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                identified(inner.clone()),
                prop::collection::hash_map("[ab/~\"é]{0,2}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
        .boxed()
}

/// An object or array.
pub(super) fn document() -> BoxedStrategy<Value> {
    prop_oneof![
        prop::collection::vec(value(), 0..6).prop_map(Value::from),
        identified(value()),
        prop::collection::hash_map("[ab/~]{0,2}", value(), 0..6)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
    ]
    .boxed()
}

/// The same document with something done to it somewhere, several times.
pub(super) fn edited(document: Value) -> impl Strategy<Value = Value> {
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..6_u8, scalar(), any::<prop::sample::Index>()),
        0..6,
    );
    edits.prop_map(move |edits| {
        let mut document = document.clone();
        for (place, what, new, other) in edits {
            edit(&mut document, place, what, new, other);
        }
        document
    })
}

/// Does one thing to one value.
pub(super) fn edit(
    document: &mut Value,
    place: prop::sample::Index,
    what: u8,
    new: Value,
    other: prop::sample::Index,
) {
    let mut places = vec![String::new()];
    collect(document, String::new(), &mut places);
    let Some(value) = document.pointer_mut(place.get::<String>(&places)) else { return };
    match value {
        Value::Array(elements) if elements.is_empty() => elements.push(new),
        Value::Array(elements) => {
            let (at, to) = (place.index(elements.len()), other.index(elements.len()));
            match what {
                0 => drop(elements.remove(at)),
                1 => elements.insert(at, json!({"id": 100 + to, "title": "new", "content": new})),
                2 | 3 => {
                    let element = elements.remove(at);
                    elements.insert(to, element);
                }
                _ => elements.insert(at, new),
            }
        }
        Value::Object(members) => {
            let key = members.keys().nth(at_most(members.len(), place)).cloned().unwrap_or_default();
            match what {
                0 => drop(members.remove(&key)),
                1 => drop(members.insert("~new/".to_owned(), new)),
                _ => drop(members.insert(key, new)),
            }
        }
        scalar => *scalar = new,
    }
}

fn at_most(length: usize, place: prop::sample::Index) -> usize {
    if length == 0 { 0 } else { place.index(length) }
}

fn collect(value: &Value, path: String, places: &mut Vec<String>) {
    let mut child = |token: &str, value: &Value| {
        let mut path = path.clone();
        super::pointer::push(&mut path, token);
        places.push(path.clone());
        collect(value, path, places);
    };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| child(&index.to_string(), value))
        }
        Value::Object(members) => members.iter().for_each(|(key, value)| child(key, value)),
        _ => {}
    }
}
