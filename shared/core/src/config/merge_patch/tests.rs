use super::apply;
use crate::config::span::MAX_ITEMS;
use crate::config::{Config, ConfigError, PatchError};

fn merged(text: &str, patch: &str) -> Result<String, PatchError> {
    let config = Config::check(text.to_owned()).unwrap();
    apply(&config, patch.as_bytes()).map(|config| config.text().to_owned())
}

#[test]
fn the_cases_of_rfc_7396_appendix_a_come_out_as_it_says() {
    let cases = [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
        (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ];
    for (text, patch, expected) in cases {
        assert_eq!(merged(text, patch).as_deref(), Ok(expected), "{text} {patch}");
    }
    for scalar in ["null", "\"bar\"", "1"] {
        let refused = merged(r#"{"a":"foo"}"#, scalar);
        assert_eq!(refused, Err(PatchError::Result(ConfigError::NotAContainer)), "{scalar}");
    }
}

#[test]
fn merging_is_deep_and_keeps_the_text_around() {
    let text = "{\n  \"a\": { \"x\": 1.0, \"y\" : [ 1e400 ] },\n  \"\\u0062\": 2,\n  \"c\": {}\n}\n";
    let cases = [
        (r#"{"a":{"x":2}}"#, text.replace("1.0", "2")),
        (r#"{"a":{"x":null}}"#, text.replace("\"x\": 1.0, ", "")),
        (r#"{"b":null}"#, text.replace("\n  \"\\u0062\": 2,", "")),
        (r#"{"\u0062":3}"#, text.replace(": 2", ": 3")),
        (r#"{"c":{"n":{"o":null,"p":[null]}}}"#, text.replace("{}", "{\"n\": {\"p\":[null]}}")),
        (r#"{"d":1}"#, text.replace("{}\n", "{},\n  \"d\": 1\n")),
        (r#"{"missing":null}"#, text.to_owned()),
        ("{}", text.to_owned()),
        (r#"{"a":{}}"#, text.to_owned()),
        (r#"{"\u0062":{"x":null}}"#, text.replace(": 2", ": {}")),
    ];
    for (patch, expected) in cases {
        assert_eq!(merged(text, patch), Ok(expected), "{patch}");
    }
}

#[test]
fn keys_with_lone_surrogates_can_be_merged() {
    let text = r#"{"\ud800":1,"\ud801":2}"#;
    assert_eq!(merged(text, r#"{"\uD800":null,"\udc00":3}"#).as_deref(), Ok(r#"{"\ud801":2,"\udc00":3}"#));
}

#[test]
fn nulls_are_removed_from_objects_and_kept_in_arrays() {
    let patch = r#"{"a":{"n":null,"s":"null","o":{"n":null},"l":[null,{"n":null}]}}"#;
    assert_eq!(merged("{}", patch).as_deref(), Ok(r#"{"a":{"s":"null","o":{},"l":[null,{"n":null}]}}"#));
}

#[test]
fn what_is_no_patch_is_invalid() {
    for patch in ["", "{", r#"{"a":1,"a":2}"#, r#"{"x":{"a":1,"\u0061":null}}"#, "{} {}", "\u{feff}{}"] {
        let refused = merged("{}", patch);
        assert!(matches!(refused, Err(PatchError::Invalid { operation: None, .. })), "{patch}: {refused:?}");
    }
}

#[test]
fn an_outcome_that_is_too_deep_is_refused() {
    let text = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
    let patch = format!("{}{{}}{}", "{\"a\":".repeat(128), "}".repeat(128));
    assert!(matches!(merged(&text, &patch), Err(PatchError::Result(ConfigError::TooDeep { .. }))));
}

#[test]
fn a_patch_into_a_huge_object_is_refused_and_loses_nothing() {
    let members: Vec<String> = (0..=MAX_ITEMS).map(|n| format!("\"{n}\":0")).collect();
    let huge = format!("{{\"h\":{{{}}},\"b\":1}}", members.join(","));
    assert!(matches!(merged(&huge, r#"{"h":{"0":null}}"#), Err(PatchError::Invalid { .. })));
    assert_eq!(merged(&huge, r#"{"b":2}"#).unwrap().len(), huge.len());
}
