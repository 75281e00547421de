//! Of alternatives, the one that came nearest is named.

use super::bounded::kinds;
use super::*;

#[test]
fn the_alternative_that_came_nearest_says_what_is_wrong() {
    let by =
        |number, message: &str| format!("{message} (by number {number} of 5 in 'anyOf', which came nearest)");
    for (text, path, message) in [
        (r#"{"kind": "table", "label": 1}"#, "/label", by(4, "value is not of type \"string\"")),
        (r#"{"kind": "image"}"#, "", by(3, "\"label\" is a required property")),
        (
            r#"{"kind": "text", "label": "a", "children": [{"kind": "button", "label": null}]}"#,
            "/children/0/label",
            by(5, "value is not of type \"string\""),
        ),
    ] {
        assert_eq!(found(&kinds(), text), [(path.to_owned(), message)], "{text}");
    }
}

#[test]
fn an_alternative_has_a_name_where_the_schema_gives_one() {
    let schema = r##"{"items": {"oneOf": [{"title": "Text", "type": "string"}, {"$ref": "#/$defs/n"}]},
        "$defs": {"n": {"type": "integer", "maximum": 3}}}"##;
    let said = &found(schema, "[7]")[0].1;
    assert_eq!(
        said,
        "value is greater than the maximum of 3 (by #/$defs/n, number 2 of 2 in 'oneOf', which came nearest)"
    );
    let schema =
        r#"{"items": {"anyOf": [{"title": "Text", "type": "string", "minLength": 2}, {"type": "null"}]}}"#;
    assert!(
        found(schema, "[\"a\"]")[0].1.contains("(by \"Text\", number 1 of 2 in 'anyOf', which came nearest)")
    );
    // One is no alternative.
    assert_eq!(found(r#"{"anyOf": [{"minItems": 1}]}"#, "[]")[0].1, "value has less than 1 item");
}

#[test]
fn of_many_alternatives_few_failures_are_listed() {
    let item = r#"{"items": {"type": "string"}}"#;
    let schema = schema(&format!(r#"{{"anyOf": [{item}, {{"type": "object"}}]}}"#));
    let found = checked(&schema, &config(&format!("[{}]", vec!["1"; 500].join(","))), 50);
    assert_eq!((found.items.len(), found.items[7].path.as_str()), (8, "/7"));
}
