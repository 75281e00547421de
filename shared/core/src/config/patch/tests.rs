use super::{MAX_OPERATIONS, apply};
use crate::config::span::MAX_ITEMS;
use crate::config::{Config, ConfigError, MAX_BYTES, PatchError};

fn config(text: &str) -> Config {
    Config::check(text.to_owned()).unwrap()
}

/// The text after patching.
fn patched(text: &str, patch: &str) -> String {
    let result = apply(&config(text), patch.as_bytes());
    result.unwrap_or_else(|error| panic!("{text} {patch}: {error}")).text().to_owned()
}

fn refusal(text: &str, patch: &str) -> PatchError {
    apply(&config(text), patch.as_bytes()).expect_err(patch)
}

#[test]
fn the_cases_of_rfc_6902_appendix_a_come_out_as_it_says() {
    let cases = [
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux"}]"#, r#"{"foo":"bar","baz":"qux"}"#),
        (r#"{"foo":["a","b"]}"#, r#"[{"op":"add","path":"/foo/1","value":"x"}]"#, r#"{"foo":["a","x","b"]}"#),
        (r#"{"baz":1,"foo":2}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":2}"#),
        (r#"{"foo":["a","b","c"]}"#, r#"[{"op":"remove","path":"/foo/1"}]"#, r#"{"foo":["a","c"]}"#),
        (r#"{"baz":1,"foo":2}"#, r#"[{"op":"replace","path":"/baz","value":"x"}]"#, r#"{"baz":"x","foo":2}"#),
        (
            r#"{"foo":{"a":1,"b":2},"qux":{"c":3}}"#,
            r#"[{"op":"move","from":"/foo/b","path":"/qux/d"}]"#,
            r#"{"foo":{"a":1},"qux":{"c":3,"d":2}}"#,
        ),
        (r#"["a","b","c","d"]"#, r#"[{"op":"move","from":"/1","path":"/3"}]"#, r#"["a","c","d","b"]"#),
        (
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
        ),
        (
            r#"{"foo":1}"#,
            r#"[{"op":"add","path":"/child","value":{"g":{}}}]"#,
            r#"{"foo":1,"child":{"g":{}}}"#,
        ),
        (r#"{"foo":1}"#, r#"[{"op":"add","path":"/baz","value":2,"xyz":3}]"#, r#"{"foo":1,"baz":2}"#),
        (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
        (r#"{"foo":["bar"]}"#, r#"[{"op":"add","path":"/foo/-","value":["a"]}]"#, r#"{"foo":["bar",["a"]]}"#),
    ];
    for (text, patch, expected) in cases {
        assert_eq!(patched(text, patch), expected);
    }
    let failing = [
        (r#"{"baz":"qux"}"#, r#"[{"op":"test","path":"/baz","value":"bar"}]"#),
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#),
        (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":"10"}]"#),
    ];
    for (text, patch) in failing {
        assert!(matches!(refusal(text, patch), PatchError::Failed { operation: 0, .. }), "{patch}");
    }
    let twice = r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#;
    assert!(matches!(refusal(r#"{"foo":"bar"}"#, twice), PatchError::Invalid { operation: None, .. }));
}

#[test]
fn further_operations_do_what_rfc_6902_says() {
    let cases = [
        ("{\"a\":1}\n", r#"[{"op":"replace","path":"","value":[1]}]"#, "[1]\n"),
        ("{\"a\":1}\n", r#"[{"op":"add","path":"","value":[1]}]"#, "[1]\n"),
        (r#"{"a":1}"#, r#"[{"op":"add","path":"/a","value":2}]"#, r#"{"a":2}"#),
        (r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#, r#"{"a":1}"#),
        (r#"{"a":{"b":1}}"#, r#"[{"op":"move","from":"/a/b","path":"/a"}]"#, r#"{"a":1}"#),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"copy","from":"","path":"/a/c"}]"#,
            r#"{"a":{"b":1,"c":{"a":{"b":1}}}}"#,
        ),
        (r#"{"":1}"#, r#"[{"op":"replace","path":"/","value":2}]"#, r#"{"":2}"#),
        (r#"{"a":1}"#, r#"[{"op":"add","path":"/\"\n","value":2}]"#, r#"{"a":1,"\"\n":2}"#),
        (r#"{"\u0061":1}"#, r#"[{"op":"replace","path":"/a","value":2}]"#, r#"{"\u0061":2}"#),
        (r#"{"1":{"-":0}}"#, r#"[{"op":"remove","path":"/1/-"}]"#, r#"{"1":{}}"#),
        ("[]", r#"[{"op":"add","path":"/0","value":1},{"op":"add","path":"/0","value":2}]"#, "[2,1]"),
        ("[1]", "[]", "[1]"),
        (
            r#"{"a":1}"#,
            r#"[{"op":"remove","path":"/a"},{"op":"add","path":"/a","value":2},{"op":"copy","from":"/a","path":"/b"}]"#,
            r#"{"a":2,"b":2}"#,
        ),
    ];
    for (text, patch, expected) in cases {
        assert_eq!(patched(text, patch), expected, "{patch}");
    }
}

#[test]
fn test_compares_by_value() {
    let text =
        r#"{"n":1.0,"big":1234567890123456789012345678901234567890,"s":"\u00e9","o":{"a":[1],"b":null}}"#;
    for (path, value) in [
        ("/n", "1"),
        ("/n", "1e0"),
        ("/big", "1234567890123456789012345678901234567890.0"),
        ("/s", "\"é\""),
        ("/o", r#"{ "b" : null, "a" : [ 1.0 ] }"#),
        ("", r#"{"o":{"b":null,"a":[1]},"s":"é","n":1,"big":1234567890123456789012345678901234567890}"#),
    ] {
        // Opened by an edit or not, the value is the same.
        let open = r#"{"op":"add","path":"/o/a/-","value":0},{"op":"remove","path":"/o/a/1"},"#;
        for before in ["", open] {
            let patch = format!("[{before}{{\"op\":\"test\",\"path\":\"{path}\",\"value\":{value}}}]");
            assert_eq!(patched(text, &patch), text);
        }
    }
    let other = r#"[{"op":"test","path":"/big","value":1234567890123456789012345678901234567891}]"#;
    assert!(matches!(refusal(text, other), PatchError::Failed { .. }));
}

#[test]
fn what_is_not_touched_keeps_its_text() {
    let text = "\n{ \"z\" : 1.0 ,\t\"a\":[ 1e400,  {\"\\u0061\" :-0 } ] ,\"m\":{ } }\r\n";
    let cases = [
        (r#"[{"op":"replace","path":"/z","value":2.50}]"#, text.replace("1.0", "2.50")),
        (r#"[{"op":"replace","path":"/a/1/a","value":{"x" : [ ]}}]"#, text.replace("-0", "{\"x\" : [ ]}")),
        (r#"[{"op":"remove","path":"/z"}]"#, text.replace("\"z\" : 1.0 ,\t", "")),
        (r#"[{"op":"remove","path":"/a"}]"#, text.replace("\t\"a\":[ 1e400,  {\"\\u0061\" :-0 } ] ,", "")),
        (r#"[{"op":"remove","path":"/m"}]"#, text.replace(" ,\"m\":{ }", "")),
        (r#"[{"op":"remove","path":"/a/0"}]"#, text.replace("1e400,  ", "")),
        (r#"[{"op":"remove","path":"/a/1"}]"#, text.replace(",  {\"\\u0061\" :-0 }", "")),
        (r#"[{"op":"remove","path":"/a/1/a"}]"#, text.replace("{\"\\u0061\" :-0 }", "{}")),
        (r#"[{"op":"test","path":"/a/1/a","value":0}]"#, text.to_owned()),
    ];
    for (patch, expected) in cases {
        assert_eq!(patched(text, patch), expected, "{patch}");
    }
}

#[test]
fn new_items_are_spaced_like_their_neighbours() {
    let pretty = "{\n  \"a\": 1,\n  \"b\": [\n    1\n  ],\n  \"c\": {}\n}\n";
    let cases = [
        (pretty, "add", "/d", pretty.replace("{}\n", "{},\n  \"d\": 7\n")),
        (pretty, "add", "/b/-", pretty.replace("    1\n", "    1,\n    7\n")),
        (pretty, "add", "/b/0", pretty.replace("    1\n", "    7,\n    1\n")),
        (pretty, "add", "/c/x", pretty.replace("{}", "{\"x\": 7}")),
        ("{\"a\": 1}", "add", "/b", "{\"a\": 1, \"b\": 7}".to_owned()),
        ("{ \"a\":1 }", "add", "/b", "{ \"a\":1, \"b\":7 }".to_owned()),
        ("{\"a\":1}", "add", "/b", "{\"a\":1,\"b\":7}".to_owned()),
        ("[ 1\n, 2\n, 3\n]", "add", "/-", "[ 1\n, 2\n, 3\n, 7\n]".to_owned()),
        ("[ 1\n, 2\n]", "add", "/0", "[ 7\n, 1\n, 2\n]".to_owned()),
    ];
    for (text, op, path, expected) in cases {
        let patch = format!("[{{\"op\":\"{op}\",\"path\":\"{path}\",\"value\":7}}]");
        assert_eq!(patched(text, &patch), expected, "{path}");
    }
    let refilled = r#"[{"op":"remove","path":"/b/0"},{"op":"add","path":"/b/-","value":2}]"#;
    assert_eq!(patched(pretty, refilled), pretty.replace("    1\n", "    2\n"));
}

#[test]
fn what_does_not_fit_the_config_fails_with_its_place() {
    let text = r#"{"a":[1,2],"o":{"s":"x"},"l":[{},{}]}"#;
    let operations = [
        (r#"{"op":"remove","path":"/b"}"#, "/b"),
        (r#"{"op":"remove","path":""}"#, ""),
        (r#"{"op":"replace","path":"/b","value":1}"#, "/b"),
        (r#"{"op":"remove","path":"/a/2"}"#, "/a/2"),
        (r#"{"op":"remove","path":"/a/-"}"#, "/a/-"),
        (r#"{"op":"remove","path":"/a/01"}"#, "/a/01"),
        (r#"{"op":"add","path":"/a/3","value":1}"#, "/a/3"),
        (r#"{"op":"add","path":"/a/00","value":1}"#, "/a/00"),
        (r#"{"op":"add","path":"/a/x","value":1}"#, "/a/x"),
        (r#"{"op":"add","path":"/o/s/x","value":1}"#, "/o/s/x"),
        (r#"{"op":"add","path":"/o/t/x","value":1}"#, "/o/t/x"),
        (r#"{"op":"copy","from":"/b","path":"/c"}"#, "/c"),
        (r#"{"op":"move","from":"/b","path":"/b"}"#, "/b"),
        (r#"{"op":"move","from":"/o","path":"/o/x"}"#, "/o/x"),
        (r#"{"op":"move","from":"","path":"/o/x"}"#, "/o/x"),
        (r#"{"op":"test","path":"/a/9","value":1}"#, "/a/9"),
        // Without the first element there would be such a place, in the second.
        (r#"{"op":"move","from":"/l/0","path":"/l/0/x"}"#, "/l/0/x"),
    ];
    for (operation, place) in operations {
        let patch = format!("[{{\"op\":\"add\",\"path\":\"/new\",\"value\":1}},{operation}]");
        match refusal(text, &patch) {
            PatchError::Failed { operation: 1, pointer, reason } => {
                assert_eq!(pointer, place);
                assert!(!reason.is_empty());
            }
            other => panic!("{operation}: {other:?}"),
        }
    }
}

#[test]
fn a_place_that_is_not_there_is_told_by_its_token() {
    for (token, said) in [
        ("1e0", "\"1e0\" is not an index"),
        ("01", "\"01\" is not an index"),
        ("-1", "\"-1\" is not an index"),
        ("title", "\"title\" is not an index"),
        ("", "\"\" is not an index"),
        ("7", "there is no element 7: the array has 2 elements, counted from 0"),
        ("99999999999999999999999", "there is no element 99999999999999999999999"),
        ("-", "behind the last element"),
    ] {
        let fault =
            refusal(r#"{"a":[1,2]}"#, &format!(r#"[{{"op":"remove","path":"/a/{token}"}}]"#)).to_string();
        assert!(fault.contains(said), "{token}: {fault}");
    }
    let fault = refusal(r#"{"a":{}}"#, r#"[{"op":"remove","path":"/a/b"}]"#).to_string();
    assert!(fault.contains("the object has no member \"b\""), "{fault}");
    // A patch that is no JSON is told as a config is.
    let fault = refusal("{}", r#"[{"op":"remove","path":"/a"},]"#).to_string();
    assert!(fault.contains("a comma before the closing bracket"), "{fault}");
}

#[test]
fn what_is_no_patch_is_invalid() {
    let patches = [
        ("", None),
        ("{}", None),
        ("1", None),
        ("[", None),
        ("\u{feff}[]", None),
        ("[1]", Some(0)),
        (r#"[{"op":"test","path":"","value":{}},{}]"#, Some(1)),
        (r#"[{"op":"add","path":"/a"}]"#, Some(0)),
        (r#"[{"op":"test","path":"/a"}]"#, Some(0)),
        (r#"[{"op":"remove"}]"#, Some(0)),
        (r#"[{"path":"/a"}]"#, Some(0)),
        (r#"[{"op":"spam","path":"/a"}]"#, Some(0)),
        (r#"[{"op":1,"path":"/a"}]"#, Some(0)),
        (r#"[{"op":"remove","path":"a"}]"#, Some(0)),
        (r#"[{"op":"remove","path":"/~2"}]"#, Some(0)),
        (r#"[{"op":"remove","path":"/\ud800"}]"#, Some(0)),
        (r#"[{"op":"remove","path":null}]"#, Some(0)),
        (r#"[{"op":"move","path":"/a"}]"#, Some(0)),
        (r#"[{"op":"add","path":"/a","value":{"x":1,"x":2}}]"#, None),
    ];
    for (patch, place) in patches {
        match refusal("{}", patch) {
            PatchError::Invalid { operation, .. } => assert_eq!(operation, place, "{patch}"),
            other => panic!("{patch}: {other:?}"),
        }
    }
    let not_utf8 = apply(&config("{}"), b"[\"\xFF\"]");
    assert!(matches!(not_utf8, Err(PatchError::Invalid { operation: None, .. })));
    let many = format!("[{}]", vec![r#"{"op":"test","path":"","value":{}}"#; MAX_OPERATIONS + 1].join(","));
    assert!(matches!(refusal("{}", &many), PatchError::Invalid { operation: None, .. }));
}

#[test]
fn an_outcome_that_is_no_config_is_refused() {
    let scalar = r#"[{"op":"replace","path":"","value":1}]"#;
    assert_eq!(refusal("{}", scalar), PatchError::Result(ConfigError::NotAContainer));
    let deep =
        format!("[{{\"op\":\"add\",\"path\":\"/a\",\"value\":{}{}}}]", "[".repeat(128), "]".repeat(128));
    assert!(matches!(refusal("{}", &deep), PatchError::Result(ConfigError::TooDeep { .. })));
    let fits = deep.replacen('[', "", 2).replacen(']', "", 1);
    assert_eq!(patched("{}", &format!("[{fits}")).len(), "{\"a\":}".len() + 2 * 127);
}

#[test]
fn errors_quote_a_bounded_part() {
    let path = "x".repeat(100_000);
    for patch in [
        format!("[{{\"op\":\"remove\",\"path\":\"/{path}\"}}]"),
        format!("[{{\"op\":\"remove\",\"path\":\"{path}\"}}]"),
        format!("[{{\"op\":\"{path}\",\"path\":\"\"}}]"),
        format!("[{{\"op\":\"copy\",\"from\":\"/{path}\",\"path\":\"/{path}\"}}]"),
    ] {
        assert!(refusal("{}", &patch).to_string().len() < 800);
    }
}

#[test]
fn doubling_stops_at_the_limit() {
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
    let whole: Vec<String> =
        (0..200).map(|n| format!("{{\"op\":\"copy\",\"from\":\"\",\"path\":\"/c{n}\"}}")).collect();
    let too_large = PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES });
    assert_eq!(refusal(&text, &format!("[{}]", whole.join(","))), too_large);
    let beside: Vec<String> =
        (0..200).map(|n| format!("{{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c{n}\"}}")).collect();
    assert_eq!(refusal(&text, &format!("[{}]", beside.join(","))), too_large);
    // The same place again and again does not grow.
    let same = vec![r#"{"op":"copy","from":"/a","path":"/b"}"#; 200].join(",");
    assert_eq!(patched(&text, &format!("[{same}]")).len(), 2 * text.len() - 1);
}

/// A patch of a few bytes doubles the config with each operation. Copies of what is opened were opened too: some 130
/// bytes of memory for each of two million items.
#[test]
fn copies_of_the_whole_take_the_memory_of_their_text_and_no_more() {
    let doubled = |times: usize| {
        let copies: Vec<String> =
            (0..times).map(|n| format!("{{\"op\":\"copy\",\"from\":\"\",\"path\":\"/{n}\"}}")).collect();
        super::patched(&config("{}"), format!("[{}]", copies.join(",")).as_bytes())
    };
    let brute_force = |times: usize| {
        let mut members: Vec<String> = Vec::new();
        for n in 0..times {
            members.push(format!("\"{n}\":{{{}}}", members.join(",")));
        }
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(doubled(12).unwrap(), brute_force(12));
    // 2^22 objects in 27 MB; one copy more would be over 32 MiB.
    assert_eq!(doubled(22).unwrap().len(), brute_force(22).len());
    let too_large = PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES });
    assert_eq!(doubled(23), Err(too_large));
}

#[test]
fn a_copy_is_of_the_value_as_it_is_then() {
    for (patch, expected) in [
        (
            r#"[{"op":"add","path":"/a/b","value":1},{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/a/d","value":2}]"#,
            r#"{"a":{"b":1,"d":2},"c":{"b":1}}"#,
        ),
        (
            r#"[{"op":"copy","from":"","path":"/c"},{"op":"add","path":"/c/a/x","value":[]},{"op":"copy","from":"/c","path":"/a/y"}]"#,
            r#"{"a":{"y":{"a":{"x":[]}}},"c":{"a":{"x":[]}}}"#,
        ),
    ] {
        assert_eq!(patched(r#"{"a":{}}"#, patch), expected, "{patch}");
    }
}

#[test]
fn copying_what_is_opened_again_and_again_is_bounded() {
    let text = format!("{{\"a\":{{\"b\":\"{}\"}}}}", "x".repeat(1024 * 1024));
    let copies = vec![r#"{"op":"copy","from":"/a","path":"/c"}"#; 40].join(",");
    let patch = format!(r#"[{{"op":"add","path":"/a/d","value":1}},{copies}]"#);
    assert!(refusal(&text, &patch).to_string().contains("copies too much"));
}

#[test]
fn white_space_is_not_multiplied() {
    let text = format!("[1,{}2]", " ".repeat(1024 * 1024));
    let adds = vec![r#"{"op":"add","path":"/-","value":0}"#; 100].join(",");
    assert_eq!(patched(&text, &format!("[{adds}]")).len(), text.len() + 200);
}

#[test]
fn moving_cannot_nest_without_end() {
    // Each operation puts the whole so far beneath the lowest level of a fresh chain.
    let chain = format!("{}{{}}{}", "{\"k\":".repeat(100), "}".repeat(100));
    let bottom = "/k".repeat(100);
    let mut operations = vec![format!("{{\"op\":\"add\",\"path\":\"/x\",\"value\":{chain}}}")];
    for _ in 0..300 {
        operations.push(format!("{{\"op\":\"add\",\"path\":\"/y\",\"value\":{chain}}}"));
        operations.push(format!("{{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/y{bottom}/k\"}}"));
        operations.push("{\"op\":\"move\",\"from\":\"/y\",\"path\":\"/x\"}".to_owned());
    }
    assert!(matches!(refusal("{}", &format!("[{}]", operations.join(","))), PatchError::Failed { .. }));
}

#[test]
fn a_costly_patch_is_refused_and_a_long_one_is_not() {
    let many = format!("[{}]", vec!["0"; 500_000].join(","));
    let at_front = vec![r#"{"op":"add","path":"/0","value":1}"#; 2_000].join(",");
    assert!(matches!(refusal(&many, &format!("[{at_front}]")), PatchError::Failed { .. }));
    let members: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(","));
    let edits: Vec<String> = (0..MAX_OPERATIONS)
        .map(|n| format!("{{\"op\":\"replace\",\"path\":\"/k{}\",\"value\":{n}}}", n % 5_000))
        .collect();
    let result = patched(&text, &format!("[{}]", edits.join(",")));
    let expected: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\":{}", n + 5_000)).collect();
    assert_eq!(result, format!("{{{}}}", expected.join(",")));
}

#[test]
fn a_patch_into_a_huge_array_is_refused_before_it_takes_memory() {
    let huge = format!("{{\"a\":[{}],\"b\":1}}", vec!["0"; MAX_ITEMS + 1].join(","));
    let reason = refusal(&huge, r#"[{"op":"add","path":"/a/0","value":1}]"#).to_string();
    assert!(reason.contains("save the whole config"), "{reason}");
    assert_eq!(patched(&huge, r#"[{"op":"replace","path":"/b","value":2}]"#).len(), huge.len());
    let many = format!("[{}]", vec!["0"; MAX_ITEMS + 1].join(","));
    assert!(refusal("{}", &many).to_string().contains("operations"), "not as a patch either");
}
