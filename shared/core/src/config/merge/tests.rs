use super::{Conflict, MergeError, Merged, merge};
use crate::config::Config;

mod arrays;
mod laws;
mod same;
mod take;

fn config(text: &str) -> Config {
    Config::check(text.to_owned()).unwrap()
}

fn merged(base: &str, head: &str, request: &str) -> Result<Merged, MergeError> {
    merge(&config(base), &config(head), &config(request))
}

/// The merged text.
fn text(base: &str, head: &str, request: &str) -> String {
    match merged(base, head, request) {
        Ok(merged) => merged.config.text().to_owned(),
        Err(error) => panic!("{base:.200} {head:.200} {request:.200}: {error} {:?}", shown(&error)),
    }
}

/// The conflicts in one line each.
fn conflicts(base: &str, head: &str, request: &str) -> Vec<String> {
    match merged(base, head, request) {
        Ok(merged) => panic!("merged to {}", merged.config.text()),
        Err(error) => shown(&error),
    }
}

fn shown(error: &MergeError) -> Vec<String> {
    let MergeError::Conflicts { conflicts, total } = error else { return vec![error.to_string()] };
    assert_eq!(conflicts.len(), *total);
    let line = |conflict: &Conflict| {
        let value = |value: &Option<Box<serde_json::value::RawValue>>| {
            value.as_ref().map_or("-", |v| v.get()).to_owned()
        };
        let values = [value(&conflict.base), value(&conflict.ours), value(&conflict.theirs)].join(" ");
        format!(
            "{} {values}{} | {}",
            conflict.path,
            if conflict.order { " order" } else { "" },
            conflict.label
        )
    };
    conflicts.iter().map(line).collect()
}

#[test]
fn members_are_merged_by_key() {
    let base = r#"{"a":1,"b":2,"c":{"d":3,"e":4},"gone":0}"#;
    for (head, request, expected) in [
        (
            r#"{"a":9,"b":2,"c":{"d":3,"e":4},"gone":0}"#,
            r#"{"a":1,"b":8,"c":{"d":3,"e":4},"gone":0}"#,
            r#"{"a":9,"b":8,"c":{"d":3,"e":4},"gone":0}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":{"d":9,"e":4},"gone":0}"#,
            r#"{"a":1,"b":2,"c":{"d":3,"e":8},"gone":0}"#,
            r#"{"a":1,"b":2,"c":{"d":9,"e":8},"gone":0}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":{"d":3,"e":4}}"#,
            r#"{"a":1,"b":2,"c":{"d":3,"e":4},"gone":0,"new":[]}"#,
            r#"{"a":1,"b":2,"c":{"d":3,"e":4},"new":[]}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":{"d":3,"e":4},"gone":0,"new":1}"#,
            r#"{"b":2,"c":{"d":3,"e":4},"new":1.0}"#,
            r#"{"b":2,"c":{"d":3,"e":4},"new":1}"#,
        ),
        // The same change is made once.
        (
            r#"{"a":9,"b":2,"c":5,"gone":0}"#,
            r#"{"a":9.0,"b":7,"c":5,"gone":0}"#,
            r#"{"a":9,"b":7,"c":5,"gone":0}"#,
        ),
    ] {
        assert_eq!(text(base, head, request), expected);
    }
}

#[test]
fn what_the_request_left_alone_keeps_its_text() {
    let base = r#"{"a":1,"b":[1,2],"c":{"x":1.0,"y":2},"s":"é"}"#;
    let head = "{\n  \"s\" : \"\\u00e9\",\n  \"c\": { \"x\": 1e0,\n \"y\": 2 },\n  \"b\": [ 1,2 ,3 ],\n  \"a\": 1\n}\n";
    let request = r#"{"a":1,"b":[1,2],"c":{"x":1.0,"y":5,"z":[ 7 ]},"s":"é"}"#;
    let expected = "{\n  \"s\" : \"\\u00e9\",\n  \"c\": { \"x\": 1e0,\n \"y\": 5,\n \"z\": [ 7 ] },\n  \"b\": [ 1,2 ,3 ],\n  \"a\": 1\n}\n";
    assert_eq!(text(base, head, request), expected);
}

#[test]
fn one_side_alone_is_taken_as_it_is() {
    let (base, same, other) = ("{\"a\":1}", "{ \"a\" : 1.0 }", "{ \"b\":2 }");
    assert_eq!(text(base, same, other), other);
    assert_eq!(text(base, other, same), other);
    assert_eq!(text(base, same, base), same);
    let found = merged(base, other, same).unwrap();
    assert_eq!((found.since.total(), found.asked.total()), (2, 0));
}

#[test]
fn both_sides_changing_the_same_is_a_conflict() {
    let base = r#"{"pages":[{"id":"h","title":"Home","box":{"w":1}}],"n":1,"o":{"x":1}}"#;
    let set = |from: &str, to: &str| base.replace(from, to);
    assert_eq!(
        conflicts(base, &set("Home", "Start"), &set("Home", "Desk")),
        [r#"/pages/0/title "Home" "Start" "Desk" | Page "Start" › title"#]
    );
    assert_eq!(
        conflicts(base, &set("\"box\":{\"w\":1}", "\"box\":{\"w\":2}"), &set(",\"box\":{\"w\":1}", "")),
        [r#"/pages/0/box {"w":1} {"w":2} - | Page "Home" › box"#]
    );
    assert_eq!(
        conflicts(base, &set(",\"box\":{\"w\":1}", ""), &set("\"w\":1", "\"w\":2")),
        [r#"/pages/0/box {"w":1} - {"w":2} | Page "Home" › box"#]
    );
    assert_eq!(
        conflicts(base, &set("\"n\":1", "\"n\":1,\"new\":1"), &set("\"n\":1", "\"n\":1,\"new\":2")),
        ["/new - 1 2 | new"]
    );
    assert_eq!(
        conflicts(base, &set("{\"x\":1}", "{\"x\":2}"), &set("{\"x\":1}", "[]")),
        [r#"/o {"x":1} {"x":2} [] | o"#]
    );
    assert_eq!(conflicts("{}", "[]", "[1]"), [" {} [] [1] | Everything"]);
}

#[test]
fn many_conflicts_are_counted_and_some_listed() {
    let text = |value: u8| {
        let members: Vec<String> = (0..5_000).map(|key| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let Err(MergeError::Conflicts { conflicts, total }) = merged(&text(1), &text(2), &text(3)) else {
        panic!()
    };
    assert_eq!((conflicts.len(), total), (super::MAX_CONFLICTS, 5_000));
}

#[test]
fn debug_shows_no_contents() {
    let error = merged("{\"hunter2\":1}", "{\"hunter2\":\"hunter2\"}", "{\"hunter2\":3}").unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

#[test]
fn hostile_configs_merge_within_bounds() {
    let huge = |first: u8, last: u8| format!("{{\"a\":[{first},{}{last}]}}", "0,".repeat(900_000));
    assert_eq!(text(&huge(1, 1), &huge(2, 1), &huge(1, 2)), huge(2, 2));
    let ids = |first: u8, last: u8| {
        let elements: Vec<String> = (0..100_000)
            .map(|id| {
                format!(
                    "{{\"id\":{id},\"v\":{}}}",
                    if id == 0 {
                        first
                    } else if id == 99_999 {
                        last
                    } else {
                        0
                    }
                )
            })
            .collect();
        format!("[{}]", elements.join(","))
    };
    assert_eq!(text(&ids(1, 1), &ids(2, 1), &ids(1, 2)), ids(2, 2));
    let deep = |left: u8, right: u8| {
        format!("{}{{\"l\":{left},\"r\":{right}}}{}", "[{\"a\":".repeat(63), "}]".repeat(63))
    };
    assert_eq!(text(&deep(1, 1), &deep(2, 1), &deep(1, 2)), deep(2, 2));
}
