//! The examples of RFC 6902, appendix A, and RFC 7396, appendix A, and the cases that the public suite for JSON Patch
//! tells implementations apart by (<https://github.com/json-patch/json-patch-tests>), in our own words, each as a
//! `PATCH /working` of an environment of its own.

use serde_json::Value;

use crate::support::{Person, Stack};

/// A config, a patch, and what it becomes; or the last part of the problem's type.
type Case = (&'static str, &'static str, Result<&'static str, &'static str>);

/// It can be understood and does not fit the config.
const FAILED: Result<&str, &str> = Err("patch-failed");

/// It is no patch.
const INVALID: Result<&str, &str> = Err("invalid-patch");

const APPENDIX_A_6902: [Case; 16] = [
    (
        r#"{"desk":"open"}"#,
        r#"[{"op":"add","path":"/queue","value":"refunds"}]"#,
        Ok(r#"{"queue":"refunds","desk":"open"}"#),
    ),
    (
        r#"{"tabs":["a","c"]}"#,
        r#"[{"op":"add","path":"/tabs/1","value":"b"}]"#,
        Ok(r#"{"tabs":["a","b","c"]}"#),
    ),
    (r#"{"a":"x","b":"y"}"#, r#"[{"op":"remove","path":"/a"}]"#, Ok(r#"{"b":"y"}"#)),
    (r#"{"tabs":["a","b","c"]}"#, r#"[{"op":"remove","path":"/tabs/1"}]"#, Ok(r#"{"tabs":["a","c"]}"#)),
    (r#"{"a":"x","b":"y"}"#, r#"[{"op":"replace","path":"/a","value":"z"}]"#, Ok(r#"{"a":"z","b":"y"}"#)),
    (
        r#"{"from":{"keep":1,"go":2},"to":{"has":3}}"#,
        r#"[{"op":"move","from":"/from/go","path":"/to/came"}]"#,
        Ok(r#"{"from":{"keep":1},"to":{"has":3,"came":2}}"#),
    ),
    (
        r#"{"t":["all","mine","old","new"]}"#,
        r#"[{"op":"move","from":"/t/1","path":"/t/3"}]"#,
        Ok(r#"{"t":["all","old","new","mine"]}"#),
    ),
    (
        r#"{"a":"x","t":["k",2,"m"]}"#,
        r#"[{"op":"test","path":"/a","value":"x"},{"op":"test","path":"/t/1","value":2}]"#,
        Ok(r#"{"a":"x","t":["k",2,"m"]}"#),
    ),
    (r#"{"a":"x"}"#, r#"[{"op":"test","path":"/a","value":"y"}]"#, FAILED),
    (
        r#"{"a":"x"}"#,
        r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
        Ok(r#"{"a":"x","child":{"grandchild":{}}}"#),
    ),
    (r#"{"a":"x"}"#, r#"[{"op":"add","path":"/b","value":"y","unknown":1}]"#, Ok(r#"{"a":"x","b":"y"}"#)),
    (r#"{"a":"x"}"#, r#"[{"op":"add","path":"/none/b","value":"y"}]"#, FAILED),
    (r#"{"a":"x"}"#, r#"[{"op":"add","path":"/b","value":"y","op":"remove"}]"#, INVALID),
    (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, Ok(r#"{"/":9,"~1":10}"#)),
    (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":"10"}]"#, FAILED),
    (r#"{"t":["a"]}"#, r#"[{"op":"add","path":"/t/-","value":["b","c"]}]"#, Ok(r#"{"t":["a",["b","c"]]}"#)),
];

const SUITE: &[Case] = &[
    // Nothing to do.
    ("{}", "[]", Ok("{}")),
    (r#"{"b":1,"a":[{"d":1,"c":2}]}"#, "[]", Ok(r#"{"a":[{"c":2,"d":1}],"b":1}"#)),
    // The top.
    ("[]", r#"[{"op":"add","path":"/0","value":"a"}]"#, Ok(r#"["a"]"#)),
    ("{}", r#"[{"op":"add","path":"/n","value":"1"}]"#, Ok(r#"{"n":"1"}"#)),
    ("{}", r#"[{"op":"add","path":"","value":[]}]"#, Ok("[]")),
    ("[]", r#"[{"op":"add","path":"","value":{}}]"#, Ok("{}")),
    (r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{"b":2}}]"#, Ok(r#"{"b":2}"#)),
    (r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":"text"}]"#, Err("invalid-config")),
    (r#"{"a":1}"#, r#"[{"op":"test","path":"","value":{"a":1}}]"#, Ok(r#"{"a":1}"#)),
    (r#"{"a":1}"#, r#"[{"op":"remove","path":""}]"#, FAILED),
    // Empty and odd keys.
    ("{}", r#"[{"op":"add","path":"/","value":1}]"#, Ok(r#"{"":1}"#)),
    (r#"{"a":{}}"#, r#"[{"op":"add","path":"/a/","value":1}]"#, Ok(r#"{"a":{"":1}}"#)),
    (r#"{"":1}"#, r#"[{"op":"test","path":"/","value":1}]"#, Ok(r#"{"":1}"#)),
    (r#"{"a":1}"#, r#"[{"op":"add","path":"/A","value":2}]"#, Ok(r#"{"a":1,"A":2}"#)),
    (
        r#"{"t":["x"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#,
        r#"[{"op":"test","path":"/t/0","value":"x"},{"op":"test","path":"/","value":0},{"op":"test","path":"/a~1b","value":1},
            {"op":"test","path":"/c%d","value":2},{"op":"test","path":"/e^f","value":3},{"op":"test","path":"/g|h","value":4},
            {"op":"test","path":"/i\\j","value":5},{"op":"test","path":"/k\"l","value":6},{"op":"test","path":"/ ","value":7},
            {"op":"test","path":"/m~0n","value":8}]"#,
        Ok(r#"{"t":["x"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#),
    ),
    // Adding.
    (r#"{"a":null}"#, r#"[{"op":"add","path":"/a","value":1}]"#, Ok(r#"{"a":1}"#)),
    (r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":[1,2]}]"#, Ok(r#"{"a":1,"b":[1,2]}"#)),
    (
        r#"{"a":1,"b":[{"c":"x"}]}"#,
        r#"[{"op":"add","path":"/b/0/d","value":"y"}]"#,
        Ok(r#"{"a":1,"b":[{"c":"x","d":"y"}]}"#),
    ),
    (
        r#"{"a":1}"#,
        r#"[{"op":"add","path":"/b","value":true},{"op":"add","path":"/c","value":false},{"op":"add","path":"/d","value":null}]"#,
        Ok(r#"{"a":1,"b":true,"c":false,"d":null}"#),
    ),
    (r#"{"a":1}"#, r#"[{"op":"add","path":"/0","value":"x"}]"#, Ok(r#"{"a":1,"0":"x"}"#)),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/0","value":"x"}]"#, Ok(r#"["x","a","c"]"#)),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/1","value":"x"}]"#, Ok(r#"["a","x","c"]"#)),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/2","value":"x"}]"#, Ok(r#"["a","c","x"]"#)),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/1","value":["x","y"]}]"#, Ok(r#"["a",["x","y"],"c"]"#)),
    ("[1,[2,[3]]]", r#"[{"op":"add","path":"/1/1/-","value":{"t":[4]}}]"#, Ok(r#"[1,[2,[3,{"t":[4]}]]]"#)),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/3","value":"x"}]"#, FAILED),
    (r#"{"t":[1,2]}"#, r#"[{"op":"add","path":"/t/8","value":"x"}]"#, FAILED),
    (r#"{"t":[1,2]}"#, r#"[{"op":"add","path":"/t/-1","value":"x"}]"#, FAILED),
    (r#"["a","c"]"#, r#"[{"op":"add","path":"/name","value":1}]"#, FAILED),
    // What is no index.
    (r#"{"1e0":"x"}"#, r#"[{"op":"test","path":"/1e0","value":"x"}]"#, Ok(r#"{"1e0":"x"}"#)),
    (r#"["a","b"]"#, r#"[{"op":"test","path":"/1e0","value":"b"}]"#, FAILED),
    (r#"["a","b"]"#, r#"[{"op":"test","path":"/00","value":"a"}]"#, FAILED),
    (r#"["a","b"]"#, r#"[{"op":"test","path":"/01","value":"b"}]"#, FAILED),
    (r#"["a","b"]"#, r#"[{"op":"add","path":"/1e0","value":"x"}]"#, FAILED),
    ("[1,2]", r#"[{"op":"remove","path":"/1e0"}]"#, FAILED),
    (r#"{"t":[{"q":1}]}"#, r#"[{"op":"remove","path":"/t/1e0/q"}]"#, FAILED),
    (r#"[""]"#, r#"[{"op":"replace","path":"/1e0","value":false}]"#, FAILED),
    (r#"{"t":[1,2]}"#, r#"[{"op":"copy","from":"/t/1e0","path":"/x"}]"#, FAILED),
    (r#"{"t":[1,2]}"#, r#"[{"op":"move","from":"/t/1e0","path":"/x"}]"#, FAILED),
    // Removing and replacing.
    (r#"{"a":1,"t":[1,2]}"#, r#"[{"op":"remove","path":"/t"}]"#, Ok(r#"{"a":1}"#)),
    (r#"{"t":[{"q":1}]}"#, r#"[{"op":"remove","path":"/t/0/q"}]"#, Ok(r#"{"t":[{}]}"#)),
    ("[1,2,3,4]", r#"[{"op":"remove","path":"/0"}]"#, Ok("[2,3,4]")),
    ("[1,2,3,4]", r#"[{"op":"remove","path":"/1"},{"op":"remove","path":"/2"}]"#, Ok("[1,3]")),
    (r#"{"a":1}"#, r#"[{"op":"remove","path":"/b"}]"#, FAILED),
    ("[1,2]", r#"[{"op":"remove","path":"/2"}]"#, FAILED),
    (
        r#"{"a":1,"t":[{"q":1}]}"#,
        r#"[{"op":"replace","path":"/a","value":[1]},{"op":"replace","path":"/t/0/q","value":2}]"#,
        Ok(r#"{"a":[1],"t":[{"q":2}]}"#),
    ),
    (r#"[""]"#, r#"[{"op":"replace","path":"/0","value":0}]"#, Ok("[0]")),
    (r#"[""]"#, r#"[{"op":"replace","path":"/0","value":null}]"#, Ok("[null]")),
    (r#"["a","b"]"#, r#"[{"op":"replace","path":"/1","value":["x","y"]}]"#, Ok(r#"["a",["x","y"]]"#)),
    (r#"{"a":1}"#, r#"[{"op":"replace","path":"/none/a","value":false}]"#, FAILED),
    (r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":false}]"#, FAILED),
    // A null is a value.
    (
        r#"{"a":null}"#,
        r#"[{"op":"test","path":"/a","value":null},{"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/b","path":"/c"}]"#,
        Ok(r#"{"a":null,"c":null}"#),
    ),
    (r#"{"a":null}"#, r#"[{"op":"replace","path":"/a","value":"x"}]"#, Ok(r#"{"a":"x"}"#)),
    (r#"{"a":null}"#, r#"[{"op":"remove","path":"/a"}]"#, Ok("{}")),
    (r#"{"a":1}"#, r#"[{"op":"replace","path":"/a","value":null}]"#, Ok(r#"{"a":null}"#)),
    // Comparing.
    (
        r#"{"o":{"a":1,"b":[{"c":1,"d":2}]}}"#,
        r#"[{"op":"test","path":"/o","value":{"b":[{"d":2,"c":1}],"a":1}}]"#,
        Ok(r#"{"o":{"a":1,"b":[{"c":1,"d":2}]}}"#),
    ),
    (r#"{"o":{"t":[1,2,3]}}"#, r#"[{"op":"test","path":"/o","value":[1,2]}]"#, FAILED),
    (r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1,"spurious":true}]"#, Ok(r#"{"a":1}"#)),
    // Moving and copying.
    (r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#, Ok(r#"{"a":1}"#)),
    (
        r#"{"t":[{"q":"x"}],"b":1}"#,
        r#"[{"op":"move","from":"/t/0/q","path":"/t/1"}]"#,
        Ok(r#"{"t":[{},"x"],"b":1}"#),
    ),
    (
        r#"{"t":[{"q":"x"}],"b":1}"#,
        r#"[{"op":"copy","from":"/t/0","path":"/c"}]"#,
        Ok(r#"{"t":[{"q":"x"}],"b":1,"c":{"q":"x"}}"#),
    ),
    (r#"{"a":{"b":1}}"#, r#"[{"op":"move","from":"/a","path":"/a/b"}]"#, FAILED),
    (r#"{"a":1}"#, r#"[{"op":"copy","from":"/none","path":"/b"}]"#, FAILED),
    // No patch.
    ("[1]", r#"[{"op":"add","path":"/-"}]"#, INVALID),
    ("[1]", r#"[{"op":"replace","path":"/0"}]"#, INVALID),
    ("[null]", r#"[{"op":"test","path":"/0"}]"#, INVALID),
    ("[1]", r#"[{"op":"copy","path":"/-"}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"op":"move","path":""}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"op":"spam","path":"/a","value":1}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"path":"/a","value":1}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"op":"add","value":1}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"op":"add","path":null,"value":1}]"#, INVALID),
    (r#"{"a":1}"#, r#"[{"op":"add","path":"a","value":1}]"#, INVALID),
    (r#"{"a":1}"#, r#"{"op":"add","path":"/b","value":1}"#, INVALID),
    // All or nothing.
    (r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":1},{"op":"remove","path":"/none"}]"#, FAILED),
];

const APPENDIX_A_7396: [Case; 15] = [
    (r#"{"a":"x"}"#, r#"{"a":"y"}"#, Ok(r#"{"a":"y"}"#)),
    (r#"{"a":"x"}"#, r#"{"b":"y"}"#, Ok(r#"{"a":"x","b":"y"}"#)),
    (r#"{"a":"x"}"#, r#"{"a":null}"#, Ok("{}")),
    (r#"{"a":"x","b":"y"}"#, r#"{"a":null}"#, Ok(r#"{"b":"y"}"#)),
    (r#"{"a":["x"]}"#, r#"{"a":"y"}"#, Ok(r#"{"a":"y"}"#)),
    (r#"{"a":"y"}"#, r#"{"a":["x"]}"#, Ok(r#"{"a":["x"]}"#)),
    (r#"{"a":{"b":"x"}}"#, r#"{"a":{"b":"y","c":null}}"#, Ok(r#"{"a":{"b":"y"}}"#)),
    (r#"{"a":[{"b":"x"}]}"#, r#"{"a":[1]}"#, Ok(r#"{"a":[1]}"#)),
    (r#"["x","y"]"#, r#"["z","w"]"#, Ok(r#"["z","w"]"#)),
    (r#"{"a":"x"}"#, r#"["z"]"#, Ok(r#"["z"]"#)),
    // The RFC's other targets are no configs: neither a null nor a text can become one.
    (r#"{"a":"x"}"#, "null", Err("invalid-config")),
    (r#"{"a":"x"}"#, r#""text""#, Err("invalid-config")),
    (r#"{"e":null}"#, r#"{"a":1}"#, Ok(r#"{"e":null,"a":1}"#)),
    ("[1,2]", r#"{"a":"x","c":null}"#, Ok(r#"{"a":"x"}"#)),
    ("{}", r#"{"a":{"b":{"c":null}}}"#, Ok(r#"{"a":{"b":{}}}"#)),
];

/// Patches each config in an environment of its own; what is refused leaves the config as it was.
async fn play(cases: &[Case], media_type: &str) {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for (number, (config, patch, expected)) in cases.iter().enumerate() {
        let path = format!("/v1/apps/crm/envs/case-{number}/working");
        stack.call(&ada, "PUT", &path, &[], *config).await.is(201);
        let headers = [("content-type", media_type), ("if-match", "\"1\"")];
        let patched = stack.call(&ada, "PATCH", &path, &headers, *patch).await;
        let now = stack.get(&ada, &path, &[]).await.is(200);
        match expected {
            Ok(expected) => {
                assert_eq!(patched.status, 200, "{config} {patch}: {patched:?}");
                assert_eq!(value(now.text()), value(expected), "{config} {patch}");
            }
            Err(kind) => {
                assert!(patched.status.is_client_error(), "{config} {patch}: {patched:?}");
                assert_eq!(patched.at("/type"), format!("urn:waymark:problem:{kind}"), "{config} {patch}");
                assert_eq!(now.text(), *config, "{patch}");
            }
        }
    }
}

#[tokio::test]
async fn every_example_of_rfc_6902() {
    play(&APPENDIX_A_6902, "application/json-patch+json").await;
}

#[tokio::test]
async fn every_case_of_the_public_suite() {
    play(SUITE, "application/json-patch+json").await;
}

#[tokio::test]
async fn every_example_of_rfc_7396() {
    play(&APPENDIX_A_7396, "application/merge-patch+json").await;
}
