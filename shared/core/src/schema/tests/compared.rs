//! Random schemas and values: the verdict is the one of the crate `jsonschema`, where that comes to an end.

use jsonschema::{Draft, PatternOptions};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Keys that schemas and values share.
fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "ab", "é", "kind"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..6_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, 2.25, -0.0]).prop_map(Value::from),
        key().prop_map(Value::from),
    ]
}

fn value() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
        .boxed()
}

/// A keyword that applies no other schema.
fn assertion() -> BoxedStrategy<(&'static str, Value)> {
    let types = prop::sample::subsequence(super::super::program::TYPES.to_vec(), 1..4);
    prop_oneof![
        types.prop_map(|types| ("type", json!(types))),
        scalar().prop_map(|value| ("const", value)),
        value().prop_map(|value| ("const", value)),
        prop::collection::vec(value(), 1..3).prop_map(|values| ("enum", json!(values))),
        (-2..4_i64).prop_map(|limit| ("minimum", json!(limit))),
        (-2..4_i64).prop_map(|limit| ("exclusiveMaximum", json!(limit))),
        prop::sample::select(vec![0.5, 2.0, 0.25]).prop_map(|factor| ("multipleOf", json!(factor))),
        (0..3_u8).prop_map(|limit| ("maxLength", json!(limit))),
        (0..3_u8).prop_map(|limit| ("minItems", json!(limit))),
        (0..3_u8).prop_map(|limit| ("maxItems", json!(limit))),
        (0..3_u8).prop_map(|limit| ("minProperties", json!(limit))),
        any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        key().prop_map(|key| ("required", json!([key]))),
        (key(), key()).prop_map(|(a, b)| ("dependentRequired", json!({ a: [b] }))),
        prop::sample::select(vec!["^a", "b$", "^.$", "\\w"]).prop_map(|pattern| ("pattern", json!(pattern))),
    ]
    .boxed()
}

/// A keyword that applies others to parts of the value: there references may go round.
fn below(inner: BoxedStrategy<Value>) -> BoxedStrategy<(&'static str, Value)> {
    let by_key = prop::collection::vec((key(), inner.clone()), 1..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    prop_oneof![
        by_key.prop_map(|members| ("properties", members)),
        inner.clone().prop_map(|schema| ("patternProperties", json!({ "^a": schema }))),
        inner.clone().prop_map(|schema| ("additionalProperties", schema)),
        inner.clone().prop_map(|schema| ("items", schema)),
        prop::collection::vec(inner.clone(), 1..3).prop_map(|schemas| ("prefixItems", json!(schemas))),
        inner.clone().prop_map(|schema| ("contains", schema)),
        (0..3_u8).prop_map(|least| ("minContains", json!(least))),
        inner.clone().prop_map(|schema| ("propertyNames", schema)),
        inner.clone().prop_map(|schema| ("unevaluatedProperties", schema)),
        inner.prop_map(|schema| ("unevaluatedItems", schema)),
    ]
    .boxed()
}

/// A keyword that applies others to the value itself.
fn in_place(inner: BoxedStrategy<Value>) -> BoxedStrategy<(&'static str, Value)> {
    let several = prop::collection::vec(inner.clone(), 1..4);
    prop_oneof![
        several.clone().prop_map(|schemas| ("allOf", json!(schemas))),
        several.clone().prop_map(|schemas| ("anyOf", json!(schemas))),
        several.prop_map(|schemas| ("oneOf", json!(schemas))),
        inner.clone().prop_map(|schema| ("not", schema)),
        inner.clone().prop_map(|schema| ("if", schema)),
        inner.clone().prop_map(|schema| ("then", schema)),
        inner.clone().prop_map(|schema| ("else", schema)),
        (key(), inner).prop_map(|(key, schema)| ("dependentSchemas", json!({ key: schema }))),
    ]
    .boxed()
}

/// A subschema. References go to the definitions from `first` on, or, from below a value, to any.
fn subschema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        4 => prop::collection::vec(assertion(), 1..3).prop_map(object),
        1 => any::<bool>().prop_map(Value::from),
        2 => (0..3_u8).prop_map(|number| json!({"items": {"$ref": format!("#/$defs/d{number}")}})),
        2 => (0..3_u8).prop_map(|number| json!({"additionalProperties": {"$ref": format!("#/$defs/d{number}")}})),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let keyword = prop_oneof![assertion(), below(inner.clone().boxed()), in_place(inner.boxed())];
        prop::collection::vec(keyword, 1..5).prop_map(object)
    })
    .boxed()
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// A schema of three definitions that may refer to each other below values.
fn whole() -> impl Strategy<Value = Value> {
    (subschema(), subschema(), subschema(), subschema()).prop_map(|(root, d0, d1, d2)| {
        json!({"allOf": [root, {"$ref": "#/$defs/d0"}], "$defs": {"d0": d0, "d1": d1, "d2": d2}})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn verdicts_are_those_of_the_crate(schema in whole(), values in prop::collection::vec(value(), 1..8)) {
        let crates = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .unwrap();
        let ours = self::schema(&schema.to_string());
        for value in values {
            let found = ours.check_text(&value.to_string(), 50, &budget()).unwrap();
            prop_assert_eq!(found.is_empty(), crates.is_valid(&value), "{} {} {:?}", schema, value, found);
            // Where it says that something is wrong, there is something.
            for failure in found.items {
                prop_assert!(value.pointer(&failure.path).is_some(), "{} {} {}", schema, value, failure.path);
            }
        }
    }

    #[test]
    fn what_is_a_schema_is_what_the_meta_schema_says(mut schema in subschema(), other in value(), at in any::<prop::sample::Index>()) {
        // One keyword gets another value.
        if let Value::Object(members) = &mut schema && !members.is_empty() {
            let key = members.keys().nth(at.index(members.len())).cloned().unwrap();
            members.insert(key, other);
        }
        let whole = json!({"allOf": [schema], "$defs": {"d0": true, "d1": {}, "d2": {}}});
        let valid = jsonschema::draft202012::meta::is_valid(&whole);
        match Schema::parse(&whole.to_string()) {
            Ok(_) => prop_assert!(valid, "{}", whole),
            Err(fault) => prop_assert!(!valid || fault.to_string().contains("pattern"), "{} {}", whole, fault),
        }
    }
}
