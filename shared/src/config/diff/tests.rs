use proptest::prelude::*;
use serde_json::Value;

use super::{Counts, changes, counts};
use crate::config::span::MAX_ITEMS;
use crate::config::{Config, patch, value};

fn operations(before: &str, after: &str) -> String {
    serde_json::to_string(&changes(before, after).operations).unwrap()
}

#[test]
fn changes_are_found_at_their_places() {
    let cases = [
        ("{}", "{}", "[]"),
        (r#"{"a":1}"#, r#"{"a":2}"#, r#"[{"op":"replace","path":"/a","value":2}]"#),
        (
            r#"{"a":1}"#,
            r#"{"b":1.50}"#,
            r#"[{"op":"remove","path":"/a"},{"op":"add","path":"/b","value":1.50}]"#,
        ),
        (
            r#"{"a/b~":{"":[0]}}"#,
            r#"{"a/b~":{"":[1]}}"#,
            r#"[{"op":"replace","path":"/a~1b~0//0","value":1}]"#,
        ),
        ("[1,2,3]", "[1]", r#"[{"op":"remove","path":"/2"},{"op":"remove","path":"/1"}]"#),
        ("[1]", "[1,[],{}]", r#"[{"op":"add","path":"/1","value":[]},{"op":"add","path":"/2","value":{}}]"#),
        ("[1]", "{}", r#"[{"op":"replace","path":"","value":{}}]"#),
        ("[[]]", "[{}]", r#"[{"op":"replace","path":"/0","value":{}}]"#),
    ];
    for (before, after, expected) in cases {
        assert_eq!(operations(before, after), expected);
    }
}

#[test]
fn spelling_is_no_change() {
    let before = r#"{"n":[1.0,1e2,-0],"s":"\u00e9","o":{"a":1,"b":2}}"#;
    let after = "{ \"o\": {\"b\":2, \"\\u0061\":1},\n \"s\": \"é\", \"n\": [1, 100, 0.0] }\n";
    assert_eq!(operations(before, after), "[]");
    assert_eq!(counts(before, after), Counts::default());
}

#[test]
fn an_object_whose_keys_no_pointer_can_name_is_replaced() {
    let (before, after) = (r#"{"o":{"\ud800":1,"a":1}}"#, r#"{"o":{"\ud800":1,"a":2}}"#);
    let found = changes(before, after);
    assert_eq!(found.counts, Counts { changed: 1, ..Counts::default() });
    assert_eq!(found.operations[0].path(), "/o");
    assert_eq!(operations(before, r#"{"o":{"a":1,"\uD800":1.0}}"#), "[]");
}

#[test]
fn a_huge_array_is_replaced_as_a_whole() {
    let huge = |last: &str| format!("{{\"a\":[{}{last}],\"b\":1}}", "0,".repeat(MAX_ITEMS));
    let found = changes(&huge("0"), &huge("1"));
    assert_eq!(found.counts, Counts { changed: 1, ..Counts::default() });
    assert_eq!(found.operations[0].path(), "/a");
}

#[test]
fn debug_shows_no_contents() {
    assert!(!format!("{:?}", changes(r#"{"a":"hunter2"}"#, r#"{"b":"hunter2"}"#)).contains("hunter2"));
}

/// Documents with few different keys and values, so that two of them have much in common.
fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4i64).prop_map(Value::from),
        prop_oneof![Just("a"), Just("é\"\\\n"), Just("\u{0}😀"), Just("")].prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[ab/~\"é]{0,2}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop_oneof![
        prop::collection::vec(value.clone(), 0..5).prop_map(Value::from),
        prop::collection::hash_map("[ab/~]{0,2}", value, 0..6)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_operations_turn_one_into_the_other(a in document(), b in document(), pretty in any::<bool>()) {
        let before = if pretty { serde_json::to_string_pretty(&a).unwrap() } else { a.to_string() };
        let after = b.to_string();
        let found = changes(&before, &after);
        let operations = serde_json::to_string(&found.operations).unwrap();

        let config = Config::check(before.clone()).unwrap();
        let ours = patch::apply(&config, operations.as_bytes()).unwrap();
        prop_assert!(value::equal(ours.text(), &after), "{} {}", operations, ours.text());
        prop_assert_eq!(serde_json::from_str::<Value>(ours.text()).unwrap(), b.clone());

        let mut theirs = a.clone();
        let independent: json_patch::Patch = serde_json::from_str(&operations).unwrap();
        json_patch::patch(&mut theirs, &independent).unwrap();
        prop_assert_eq!(&theirs, &b);

        prop_assert_eq!(found.counts, counts(&before, &after));
        let total = found.counts.added + found.counts.removed + found.counts.changed;
        prop_assert_eq!(total, found.operations.len() as u64);
        prop_assert_eq!(total == 0, a == b);
    }

    #[test]
    fn merging_agrees_with_an_independent_implementation(a in document(), b in document()) {
        prop_assume!(b.is_object());
        let config = Config::check(a.to_string()).unwrap();
        let ours = crate::config::merge_patch::apply(&config, b.to_string().as_bytes()).unwrap();
        let mut theirs = a.clone();
        json_patch::merge(&mut theirs, &b);
        prop_assert_eq!(serde_json::from_str::<Value>(ours.text()).unwrap(), theirs);
    }

    #[test]
    fn replacing_a_value_changes_only_its_span(a in document(), pick in any::<prop::sample::Index>()) {
        let text = serde_json::to_string_pretty(&a).unwrap();
        let mut places = Vec::new();
        collect(&text, &text, String::new(), &mut places);
        let (path, start, end) = pick.get(&places).clone();
        let quoted = serde_json::to_string(&path).unwrap();
        let operation = format!("[{{\"op\":\"replace\",\"path\":{quoted},\"value\":[ 1e400 ]}}]");
        let config = Config::check(text.clone()).unwrap();
        let result = patch::apply(&config, operation.as_bytes()).unwrap();
        prop_assert_eq!(result.text(), format!("{}[ 1e400 ]{}", &text[..start], &text[end..]));
    }
}

/// The pointer and the span of every value.
fn collect(whole: &str, part: &str, path: String, places: &mut Vec<(String, usize, usize)>) {
    use crate::config::{pointer, span};
    let place = span::within(whole, part).unwrap();
    places.push((path.clone(), place.start, place.end));
    for member in span::members(part).unwrap_or_default() {
        let mut path = path.clone();
        pointer::push(&mut path, std::str::from_utf8(&member.key()).unwrap());
        collect(whole, member.value.get(), path, places);
    }
    for (index, element) in span::elements(part).unwrap_or_default().iter().enumerate() {
        collect(whole, element.get(), format!("{path}/{index}"), places);
    }
}
