use super::*;
use crate::config::MAX_DEPTH;

mod bounded;
mod compared;
mod nearest;
mod suite;

const STEPS: u64 = 2_000_000;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|fault| panic!("{fault:?}: {text}"))
}

fn config(text: &str) -> Config {
    Config::check(text.as_bytes().to_vec()).unwrap()
}

fn budget() -> Budget {
    Budget::new(STEPS, 64 * 1024 * 1024)
}

fn checked(schema: &Schema, config: &Config, most: usize) -> Failures {
    schema.check(config, most, &budget()).unwrap()
}

fn passes(schema: &str, text: &str) -> bool {
    self::schema(schema).passes(&config(text), &budget()).unwrap()
}

fn refused(text: &str) -> (String, String) {
    match Schema::parse(text).unwrap_err() {
        SchemaError::Invalid { pointer, reason } => (pointer, reason),
        other => panic!("{other:?}"),
    }
}

fn found(schema: &str, text: &str) -> Vec<(String, String)> {
    let found = checked(&self::schema(schema), &config(text), 50).items;
    let mut found: Vec<_> = found.into_iter().map(|f| (f.path, f.message)).collect();
    found.sort();
    found
}

#[test]
fn failures_say_where_and_what_and_never_a_value() {
    let schema = r#"{"type": "object", "required": ["title"], "properties": {
        "title": {"type": "string", "maxLength": 5},
        "pages": {"type": "array", "items": {"properties": {"a/b~c": {"type": "integer"}}}}}}"#;
    assert!(passes(schema, r#"{"title": "ok", "pages": []}"#));
    let failures = found(schema, r#"{"title": "hunter2", "pages": [{}, {"a/b~c": "hunter2"}]}"#);
    let failures: Vec<_> = failures.iter().map(|(path, message)| (path.as_str(), message.as_str())).collect();
    assert_eq!(
        failures,
        [
            ("/pages/1/a~1b~0c", "value is not of type \"integer\""),
            ("/title", "value is longer than 5 characters"),
        ]
    );
    assert_eq!(found(schema, "{}"), [(String::new(), "\"title\" is a required property".to_owned())]);
}

#[test]
fn each_keyword_says_what_it_asks_for() {
    for (schema, text, path, message) in [
        (r#"{"items": false}"#, "[1]", "/0", "nothing is allowed here"),
        (r#"{"items": {"const": {"a": [1, "}"]}}}"#, "[1]", "/0", "{\"a\": [1, \"}\"]} was expected"),
        (r#"{"items": {"enum": ["a", 1.0]}}"#, "[2]", "/0", "value is not one of \"a\", 1.0"),
        (
            r#"{"items": {"type": ["string", "null"]}}"#,
            "[2]",
            "/0",
            "value is not of types \"null\", \"string\"",
        ),
        (
            r#"{"additionalProperties": false}"#,
            r#"{"a":1,"b":2}"#,
            "",
            "Additional properties are not allowed ('a', 'b' were unexpected)",
        ),
        (
            r#"{"unevaluatedProperties": false}"#,
            r#"{"a":1}"#,
            "",
            "Unevaluated properties are not allowed ('a' was unexpected)",
        ),
        (
            r#"{"propertyNames": {"maxLength": 1}}"#,
            r#"{"ab":1}"#,
            "/ab",
            "the name is longer than 1 character",
        ),
        (
            r#"{"dependentRequired": {"a": ["b"]}}"#,
            r#"{"a":1}"#,
            "",
            "\"b\" is required where there is \"a\"",
        ),
        (r#"{"contains": {"const": 1}}"#, "[2]", "", "no item is as 'contains' asks"),
        (
            r#"{"oneOf": [{"minItems": 1}, {"maxItems": 1}]}"#,
            "[2]",
            "",
            "value is valid under more than one of the schemas listed in the 'oneOf' keyword",
        ),
        (r#"{"items": {"multipleOf": 0.1}}"#, "[0.25]", "/0", "value is not a multiple of 0.1"),
        (r#"{"items": {"pattern": "^a"}}"#, "[\"b\"]", "/0", "value does not match \"^a\""),
        (r#"{"uniqueItems": true}"#, "[1, 1.0]", "", "value has non-unique elements"),
    ] {
        assert_eq!(found(schema, text), [(path.to_owned(), message.to_owned())], "{schema}");
    }
}

#[test]
fn failures_are_bounded_in_number_and_length() {
    let schema = schema(r#"{"items": {"const": 1}}"#);
    let many = config(&format!("[{}]", vec!["2"; 1_000].join(",")));
    let found = checked(&schema, &many, 50);
    assert_eq!((found.items.len(), found.more), (50, true));
    let found = checked(&schema, &config("[2,2]"), 2);
    assert_eq!((found.items.len(), found.more), (2, false));

    let name = "k".repeat(10_000);
    let long = self::schema(&format!(r#"{{"additionalProperties": {{"const": "{name}"}}}}"#));
    let found = checked(&long, &config(&format!(r#"{{"{name}": 1}}"#)), 50);
    assert!(found.items[0].path.len() <= 210 && found.items[0].message.len() <= 310, "{found:?}");
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (text, pointer) in [
        ("[]", ""),
        ("1", ""),
        (r#"{"type": "strin"}"#, "/type"),
        (r#"{"type": ["null", "null"]}"#, "/type/1"),
        (r#"{"properties": {"a": {"minLength": -1}}}"#, "/properties/a/minLength"),
        (r#"{"properties": {"a": {"minLength": 1.5}}}"#, "/properties/a/minLength"),
        (r#"{"properties": {"a": {"pattern": "("}}}"#, "/properties/a/pattern"),
        (r#"{"patternProperties": {"(": {}}}"#, "/patternProperties/("),
        (r#"{"allOf": []}"#, "/allOf"),
        (r#"{"allOf": [{}, 1]}"#, "/allOf/1"),
        (r#"{"items": [{}]}"#, "/items"),
        (r#"{"required": ["a", "a"]}"#, "/required"),
        (r#"{"multipleOf": 0}"#, "/multipleOf"),
        (r#"{"title": 1}"#, "/title"),
        (r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, "/$schema"),
        (r#"{"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}}"#, "/$defs/b/$id"),
    ] {
        assert_eq!(refused(text).0, pointer, "{text}: {:?}", refused(text));
    }
    assert!(matches!(Schema::parse("{"), Err(SchemaError::Text(ConfigError::Syntax { .. }))));
    let twice = r#"{"type": "object", "type": "array"}"#;
    assert!(matches!(Schema::parse(twice), Err(SchemaError::Text(ConfigError::DuplicateKey { .. }))));
    let large = format!(r#"{{"description": "{}"}}"#, "x".repeat(MAX_SCHEMA));
    assert!(matches!(Schema::parse(&large), Err(SchemaError::TooLarge)));
    let named = format!(r#"{{"$schema": "{DIALECT}", "type": "object"}}"#);
    assert_eq!(schema(&named).text(), named);
}

#[test]
fn true_and_false_are_schemas() {
    assert!(passes("true", "{}"));
    assert_eq!(found("false", "{}"), [(String::new(), "nothing is allowed here".to_owned())]);
}

#[test]
fn nothing_outside_the_schema_is_fetched() {
    for outside in [
        "http://127.0.0.1:1/s.json",
        "file:///etc/passwd",
        "other.json",
        "urn:x:y",
        "http://a.b/c#/d",
        DIALECT,
    ] {
        let (pointer, reason) = refused(&format!(r#"{{"properties": {{"a/b": {{"$ref": "{outside}"}}}}}}"#));
        assert_eq!(pointer, "/properties/a~1b/$ref", "{outside}");
        assert!(reason.contains("outside the schema") && reason.contains("$defs"), "{outside}: {reason}");
    }
    for absent in ["#/$defs/absent", "#absent"] {
        let (pointer, reason) = refused(&format!(r#"{{"anyOf": [{{}}, {{"$ref": "{absent}"}}]}}"#));
        assert_eq!(pointer, "/anyOf/1/$ref", "{absent}: {reason}");
    }
    let inside = r##"{"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}}}"##;
    assert!(passes(inside, r#"{"a": 1}"#));
    assert!(!passes(inside, r#"{"a": ""}"#));
}

#[test]
fn numbers_are_compared_by_their_exact_amount() {
    let digits = "1".repeat(40);
    for (schema, number, expected) in [
        (format!("{{\"maximum\": {digits}}}"), digits.clone(), true),
        (format!("{{\"maximum\": {digits}}}"), format!("{digits}.1"), false),
        (format!("{{\"exclusiveMinimum\": {digits}}}"), digits.clone(), false),
        ("{\"maximum\": 1e400}".to_owned(), "1e399".to_owned(), true),
        ("{\"maximum\": 1e400}".to_owned(), "1.1e400".to_owned(), false),
        ("{\"minimum\": -1e400}".to_owned(), "-2e400".to_owned(), false),
        ("{\"minimum\": 0}".to_owned(), "-0.0".to_owned(), true),
        ("{\"type\": \"integer\"}".to_owned(), "1e400".to_owned(), true),
        ("{\"type\": \"integer\"}".to_owned(), "1.50e1".to_owned(), true),
        ("{\"type\": \"integer\"}".to_owned(), "1.5".to_owned(), false),
        ("{\"multipleOf\": 0.01}".to_owned(), "19.99".to_owned(), true),
        ("{\"multipleOf\": 0.01}".to_owned(), "19.999".to_owned(), false),
        ("{\"multipleOf\": 0.123456789}".to_owned(), "1e308".to_owned(), false),
        ("{\"multipleOf\": 3}".to_owned(), "3e400".to_owned(), true),
        ("{\"multipleOf\": 7}".to_owned(), "1e400".to_owned(), false),
        ("{\"const\": 10}".to_owned(), "1.0e1".to_owned(), true),
        ("{\"maximum\": 1e99999999999999999999999999999999999999999}".to_owned(), "5".to_owned(), true),
    ] {
        let of = format!("{{\"items\": {schema}}}");
        assert_eq!(passes(&of, &format!("[{number}]")), expected, "{schema}: {number}");
    }
}

#[test]
fn whatever_a_config_may_hold_is_checked() {
    let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(passes(r##"{"items": {"$ref": "#"}, "type": "array"}"##, &deep));
    let half = r#"{"a": "\ud800", "\udead": "\ud83d\ude00"}"#;
    assert!(passes(r#"{"additionalProperties": {"maxLength": 1}}"#, half));
    assert!(!passes(r#"{"additionalProperties": {"const": "\ud801"}}"#, half));
}

#[test]
fn a_pattern_takes_time_in_proportion_to_the_text() {
    let (pointer, reason) = refused(r#"{"pattern": "^(?!x)"}"#);
    assert_eq!(pointer, "/pattern", "{reason}");
    let schema = r#"{"items": {"pattern": "^(a+)+$"}}"#;
    assert_eq!(found(schema, &format!("[\"{}b\"]", "a".repeat(100_000))).len(), 1);
    // The classes of ECMA-262 are those of ASCII.
    assert!(!passes(r#"{"items": {"pattern": "^\\d\\w$"}}"#, "[\"٣é\"]"));
    assert!(passes(r#"{"items": {"pattern": "\\p{L}\\s"}}"#, "[\"é\u{a0}\"]"));
}
