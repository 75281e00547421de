use super::config;
use crate::config::merge::{TakeError, take_paths};

fn taken(head: &str, earlier: &str, pointers: &[&str]) -> Result<String, TakeError> {
    let pointers: Vec<_> = pointers.iter().map(|pointer| pointer.parse().unwrap()).collect();
    take_paths(&config(head), &config(earlier), &pointers).map(|config| config.text().to_owned())
}

#[test]
fn parts_come_back_and_the_rest_keeps_its_text() {
    let earlier = r#"{"a":{"b":[ 1 ],"c":2},"d":3,"e/f":4}"#;
    let head = "{ \"a\": {\"b\": [1, 9], \"c\": 8}, \"d\": 7, \"new\": { } }";
    for (pointers, expected) in [
        (&["/a/b"][..], "{ \"a\": {\"b\": [ 1 ], \"c\": 8}, \"d\": 7, \"new\": { } }"),
        (&["/d", "/new"], "{ \"a\": {\"b\": [1, 9], \"c\": 8}, \"d\": 3 }"),
        (&["/e~1f"], "{ \"a\": {\"b\": [1, 9], \"c\": 8}, \"d\": 7, \"new\": { }, \"e/f\": 4 }"),
        (&["/a/b/0"], "{ \"a\": {\"b\": [1, 9], \"c\": 8}, \"d\": 7, \"new\": { } }"),
        (&["/a/b/1"], "{ \"a\": {\"b\": [1], \"c\": 8}, \"d\": 7, \"new\": { } }"),
        (&[""], earlier),
        (&[], head),
    ] {
        assert_eq!(taken(head, earlier, pointers).unwrap(), expected, "{pointers:?}");
    }
}

#[test]
fn elements_are_found_where_they_are_now() {
    let earlier = r#"{"panels":[{"id":1,"t":"one"},{"id":2,"t":"two"},{"id":3,"t":"three"}]}"#;
    let head = r#"{"panels":[{"id":4,"t":"four"},{"id":2,"t":"2"},{"id":1,"t":"1"}]}"#;
    let find = |pointers: &[&str]| taken(head, earlier, pointers).unwrap();
    assert_eq!(find(&["/panels/1/t"]), head.replace("\"2\"", "\"two\""));
    assert_eq!(find(&["/panels/0"]), head.replace("\"1\"", "\"one\""));
    // What is gone comes back behind what was before it.
    assert_eq!(
        find(&["/panels/2"]),
        head.replace("\"t\":\"2\"},", "\"t\":\"2\"},{\"id\":3,\"t\":\"three\"},")
    );
    assert!(matches!(taken(head, earlier, &["/panels/2/t"]), Err(TakeError::NoParent { .. })));
    assert_eq!(
        taken(r#"{"panels":[]}"#, earlier, &["/panels/1"]).unwrap(),
        r#"{"panels":[{"id":2,"t":"two"}]}"#
    );
}

#[test]
fn elements_without_identity_are_found_as_a_diff_finds_them() {
    for (head, earlier, pointer, expected) in [
        // Something came before it: what stands at its index now is another.
        (r#"["x","a","b2","c"]"#, r#"["a","b","c"]"#, "/1", r#"["x","a","b","c"]"#),
        (r#"["x","a","c"]"#, r#"["a","b","c"]"#, "/1", r#"["x","a","b","c"]"#),
        (r#"["c"]"#, r#"["a","b","c"]"#, "/0", r#"["a","c"]"#),
        ("[9,1,2,3]", "[1,5,3]", "/1", "[9,1,5,3]"),
        (r#"[{"n":0},{"n":1,"t":2}]"#, r#"[{"n":1,"t":1}]"#, "/0/t", r#"[{"n":0},{"n":1,"t":1}]"#),
        ("[]", "[1]", "/0", "[1]"),
    ] {
        assert_eq!(taken(head, earlier, &[pointer]).unwrap(), expected, "{head} {pointer}");
    }
}

#[test]
fn parts_to_remove_are_those_of_the_head_as_it_was() {
    let (head, earlier) = (r#"{"list":["a","b","c","d","e","f"]}"#, r#"{"list":["a","b","c"],"k":1}"#);
    for (pointers, expected) in [
        (&["/list/3", "/list/4"][..], r#"{"list":["a","b","c","f"]}"#),
        (&["/list/4", "/list/3"], r#"{"list":["a","b","c","f"]}"#),
        (&["/list/3", "/list/3"], r#"{"list":["a","b","c","e","f"]}"#),
        (&["/list/5", "/k", "/list/3"], r#"{"list":["a","b","c","e"],"k":1}"#),
    ] {
        assert_eq!(taken(head, earlier, pointers).unwrap(), expected, "{pointers:?}");
    }
    // In a part that goes itself; behind ten others; and beside one that comes back.
    let twelve = r#"[0,1,2,3,4,5,6,7,8,{"x":1},{"y":1},{"z":1}]"#;
    let found = taken(twelve, "[0,1,2,3,4,5,6,7,8]", &["/9", "/9/x", "/11/z", "/10"]).unwrap();
    assert_eq!(found, "[0,1,2,3,4,5,6,7,8,{}]");
    assert_eq!(taken(r#"["b","x","y"]"#, r#"["a","b"]"#, &["/0", "/2"]).unwrap(), r#"["a","b","x"]"#);
    assert!(
        matches!(taken("[1]", "[1]", &["/0", "/7"]), Err(TakeError::Nowhere { pointer }) if pointer == "/7")
    );
}

#[test]
fn what_cannot_be_brought_back_is_refused() {
    let found = |head: &str, earlier: &str, pointer: &str| taken(head, earlier, &[pointer]).unwrap_err();
    assert!(
        matches!(found("{}", "{\"a\":{\"b\":1}}", "/a/b"), TakeError::NoParent { pointer } if pointer == "/a/b")
    );
    assert!(matches!(found("{\"a\":1}", "{\"a\":{\"b\":1}}", "/a/b"), TakeError::NoParent { .. }));
    assert!(matches!(found("{\"a\":1}", "{\"a\":1}", "/b"), TakeError::Nowhere { .. }));
    assert!(matches!(found("{\"a\":1}", "{\"a\":1}", "/b/c/d"), TakeError::Nowhere { .. }));
    assert!(matches!(found("[1]", "[1]", "/-"), TakeError::Nowhere { .. }));
}

#[test]
fn a_part_is_refused_where_nobody_can_tell_which_element_it_is() {
    for (head, earlier, pointer) in [
        // One more of what is equal.
        ("[2,2]", "[2]", "/0"),
        ("[0,0]", "[4,0]", "/1"),
        // What is there may be it, moved and edited.
        ("[4]", "[0,1]", "/0"),
        // What was before it may be what is there now.
        (r#"["b","e"]"#, r#"["e","a","e"]"#, "/1"),
        (r#"[{"n":0}]"#, r#"[{"n":1},{"n":3}]"#, "/1"),
    ] {
        let found = taken(head, earlier, &[pointer]);
        assert!(
            matches!(&found, Err(TakeError::Ambiguous { pointer: told }) if told == pointer),
            "{head} {earlier}: {found:?}"
        );
    }
}
