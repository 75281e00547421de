use super::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap()
}

fn config(text: &str) -> Config {
    Config::check(text.as_bytes().to_vec()).unwrap()
}

fn refused(text: &str) -> (String, String) {
    match Schema::parse(text).unwrap_err() {
        SchemaError::Invalid { pointer, reason } => (pointer, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn failures_say_where_and_what_and_never_a_value() {
    let schema = schema(
        r#"{"type": "object", "required": ["title"], "properties": {
            "title": {"type": "string", "maxLength": 5},
            "pages": {"type": "array", "items": {"properties": {"a/b~c": {"type": "integer"}}}}}}"#,
    );
    assert!(schema.check(&config(r#"{"title": "ok", "pages": []}"#), 50).is_empty());
    let found = schema.check(&config(r#"{"title": "hunter2", "pages": [{}, {"a/b~c": "hunter2"}]}"#), 50);
    let mut found: Vec<_> = found.items.iter().map(|f| (f.path.as_str(), f.message.as_str())).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("/pages/1/a~1b~0c", "value is not of type \"integer\""),
            ("/title", "value is longer than 5 characters"),
        ]
    );
    let found = schema.check(&config("{}"), 50);
    assert_eq!(found.items.len(), 1);
    assert_eq!(
        found.items[0],
        Failure {
            path: String::new(),
            label: String::new(),
            message: "\"title\" is a required property".into()
        }
    );
}

#[test]
fn failures_are_bounded_in_number_and_length() {
    let schema = schema(r#"{"items": {"const": 1}}"#);
    let many = config(&format!("[{}]", vec!["2"; 1_000].join(",")));
    let found = schema.check(&many, 50);
    assert_eq!((found.items.len(), found.more), (50, true));
    let found = schema.check(&config("[2,2]"), 2);
    assert_eq!((found.items.len(), found.more), (2, false));

    let name = "k".repeat(10_000);
    let long = self::schema(&format!(r#"{{"additionalProperties": {{"const": "{name}"}}}}"#));
    let found = long.check(&config(&format!(r#"{{"{name}": 1}}"#)), 50);
    assert!(found.items[0].path.len() <= 210 && found.items[0].message.len() <= 310, "{found:?}");
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (text, pointer) in [
        ("[]", ""),
        (r#"{"type": "strin"}"#, "/type"),
        (r#"{"properties": {"a": {"minLength": -1}}}"#, "/properties/a/minLength"),
        (r#"{"properties": {"a": {"pattern": "("}}}"#, "/properties/a/pattern"),
        (r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, "/$schema"),
        (r#"{"const": 1e400}"#, ""),
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
fn nothing_outside_the_schema_is_fetched() {
    for outside in
        ["http://127.0.0.1:1/s.json", "file:///etc/passwd", "other.json", "urn:x:y", "http://a.b/c#/d"]
    {
        let (pointer, reason) = refused(&format!(r#"{{"properties": {{"a/b": {{"$ref": "{outside}"}}}}}}"#));
        assert_eq!(pointer, "/properties/a~1b/$ref", "{outside}");
        assert!(reason.contains("outside the schema") && reason.contains("$defs"), "{outside}: {reason}");
    }
    for absent in ["#/$defs/absent", "#absent"] {
        let (pointer, reason) = refused(&format!(r#"{{"anyOf": [{{}}, {{"$ref": "{absent}"}}]}}"#));
        assert_eq!(pointer, "/anyOf/1/$ref", "{absent}: {reason}");
    }
    let inside =
        schema(r##"{"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}}}"##);
    assert!(inside.check(&config(r#"{"a": 1}"#), 1).is_empty());
    assert!(!inside.check(&config(r#"{"a": ""}"#), 1).is_empty());
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    for text in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"not": {"$ref": "#"}}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}"##,
        r##"{"$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]}"##,
        r##"{"items": {"$ref": "#"}, "type": "array"}"##,
        r##"{"$dynamicAnchor": "n", "items": {"anyOf": [{"$dynamicRef": "#n"}, {"$ref": "#"}]}, "unevaluatedItems": false}"##,
    ] {
        // Any answer but an overflow of the stack will do.
        if let Ok(schema) = Schema::parse(text) {
            schema.check(&config(&deep), 5);
            schema.check(&config(r#"{"a": [{"a": {}}]}"#), 5);
        }
    }
}

#[test]
fn a_pattern_takes_time_in_proportion_to_the_text() {
    let (pointer, reason) = refused(r#"{"pattern": "^(?!x)"}"#);
    assert_eq!(pointer, "/pattern", "{reason}");
    let schema = schema(r#"{"items": {"pattern": "^(a+)+$"}}"#);
    let found = schema.check(&config(&format!("[\"{}b\"]", "a".repeat(100_000))), 5);
    assert_eq!(found.items.len(), 1);
}

#[test]
fn what_cannot_be_represented_fails_as_a_whole() {
    let schema = schema("{}");
    let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    for (text, why) in [
        ("[1e400]", "number out of range"),
        (r#"["\ud800"]"#, "hex escape"),
        (deep.as_str(), "127 can be checked"),
    ] {
        let found = schema.check(&config(text), 5);
        assert_eq!((found.items.len(), found.items[0].path.as_str()), (1, ""), "{text}");
        let message = &found.items[0].message;
        assert!(message.starts_with("The config cannot be checked:") && message.contains(why), "{message}");
    }
    // A number of many digits is read as the nearest float.
    let digits = "1".repeat(40);
    assert!(schema.check(&config(&format!("[{digits}]")), 5).is_empty());
}
