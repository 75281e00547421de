use super::{conflicts, text};

/// An array of elements with an id, each with a value: `"a1 b2"`.
fn array(elements: &str) -> String {
    let element = |word: &str| format!("{{\"id\":\"{}\",\"v\":{}}}", &word[..1], &word[1..]);
    format!("[{}]", elements.split_whitespace().map(element).collect::<Vec<_>>().join(","))
}

fn by_id(base: &str, head: &str, request: &str) -> String {
    let merged = text(&array(base), &array(head), &array(request));
    let merged: Vec<serde_json::Value> = serde_json::from_str(&merged).unwrap();
    let word = |value: &serde_json::Value| format!("{}{}", value["id"].as_str().unwrap(), value["v"]);
    merged.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn elements_are_merged_by_identity() {
    for (base, head, request, expected) in [
        // Edited here, edited there.
        ("a1 b1 c1", "a2 b1 c1", "a1 b1 c2", "a2 b1 c2"),
        // Edited and moved, and added beside.
        ("a1 b1 c1", "c2 a1 b1", "a1 b1 x1 c1", "c2 a1 b1 x1"),
        ("a1 b1 c1", "a1 x1 b1 c1", "a1 c1 b2", "a1 x1 c1 b2"),
        // Moved there, edited here.
        ("a1 b1 c1", "a1 b1 c2", "c1 a1 b1", "c2 a1 b1"),
        // Removed, and others edited.
        ("a1 b1 c1", "a1 c1", "a2 b1 c1", "a2 c1"),
        ("a1 b1 c1", "a2 b1 c1", "a1 c1 d1", "a2 c1 d1"),
        ("a1 b1", "", "a1 b1 c1", "c1"),
        // Both added at the end: the head's first.
        ("a1", "a1 h1", "a1 r1", "a1 h1 r1"),
        ("a1", "h1 a1", "r1 a1", "h1 r1 a1"),
        ("a1", "a1 h1 i1", "a1 r1 s1", "a1 h1 i1 r1 s1"),
        // Both added the same.
        ("a1", "a1 x1", "x1 a1", "a1 x1"),
        // Both moved the same alike; and different ones.
        ("a1 b1 c1", "b1 c1 a2", "b1 c1 a1", "b1 c1 a2"),
        ("a1 b1 c1 d1 e1 f1", "b1 c1 a1 d1 e1 f1", "a1 b1 c1 f1 d1 e1", "b1 c1 f1 a1 d1 e1"),
        // Both removed the same.
        ("a1 b1 c1", "a1 c1", "a1 c2", "a1 c2"),
    ] {
        assert_eq!(by_id(base, head, request), expected, "{base} | {head} | {request}");
    }
}

#[test]
fn elements_with_identity_can_conflict() {
    let found =
        |base: &str, head: &str, request: &str| conflicts(&array(base), &array(head), &array(request));
    assert_eq!(found("a1 b1", "a2 b1", "a3 b1"), ["/0/v 1 2 3 | Item \"a\" › v"]);
    assert_eq!(found("a1 b1", "b1", "a2 b1"), [r#"/0 {"id":"a","v":1} - {"id":"a","v":2} | Item "a""#]);
    assert_eq!(found("a1 b1", "b1 a2", "b1"), [r#"/1 {"id":"a","v":1} {"id":"a","v":2} - | Item "a""#]);
    assert_eq!(found("a1", "a1 x1", "a1 x2"), [r#"/1 - {"id":"x","v":1} {"id":"x","v":2} | Item "x""#]);
    assert_eq!(found("a1 b1 c1 d1 e1", "b1 c1 a1 d1 e1", "b1 c1 d1 e1 a1"), ["/2 0 2 4 order | Item \"a\""]);
}

#[test]
fn another_element_with_the_same_looks_is_not_merged_into() {
    // The head replaced panel 1 by a copy with another id; the request's edit has nowhere to go.
    let base = r#"{"panels":[{"id":1,"title":"A","x":1}]}"#;
    let head = r#"{"panels":[{"id":2,"title":"A","x":1}]}"#;
    let request = r#"{"panels":[{"id":1,"title":"B","x":1}]}"#;
    assert_eq!(
        conflicts(base, head, request),
        [r#"/panels/0 {"id":1,"title":"A","x":1} - {"id":1,"title":"B","x":1} | Panel "B""#]
    );
}

#[test]
fn what_both_moved_is_not_there_twice() {
    for (base, head, request) in [
        // Both moved it, to different places; as texts, objects and numbers.
        (r#"["n","e","r","c","a"]"#, r#"["e","r","c","a","n"]"#, r#"["e","r","n","c","a"]"#),
        ("[{},{\"b\":1},{\"c\":1},[]]", "[{\"b\":1},{\"c\":1},[],{}]", "[{\"b\":1},{},{\"c\":1},[]]"),
        ("[1,2,3,4,5]", "[2,3,4,5,1]", "[2,3,1,4,5]"),
        // Both added it, at different places.
        (r#"["p","q"]"#, r#"["x","p","q"]"#, r#"["p","q","x"]"#),
        // One moved what the other removed.
        (r#"["a","b","c"]"#, r#"["b","c","a"]"#, r#"["b","c"]"#),
        (r#"["a","b","c"]"#, r#"["b","c"]"#, r#"["b","c","a"]"#),
        // Moved into the place of another that it removed.
        (r#"["a","b","c","d"]"#, r#"["a","c","d"]"#, r#"["a","c","b"]"#),
        ("[0,1,2,3,4,5]", "[1,2,3,4,5]", "[1,4,2,3,0,5]"),
        // One moved what the other moved up in the place of what it removed.
        ("[0,1,2,3,4,5]", "[0,5,2,3,1,4]", "[0,5,1,3,4]"),
    ] {
        assert_eq!(conflicts(base, head, request), [format!(" {base} {head} {request} | Everything")]);
    }
    // Which of two equal ones the other side has edited cannot be told.
    assert_eq!(conflicts("[1,5]", "[2,5]", "[1,5,1]"), ["/0 1 2 1 | Item 1"]);
    // Both moved it alike, and one of them something else, too; what was there twice.
    for (base, head, request, expected) in [
        (r#"["a","b","c"]"#, r#"["b","c","a"]"#, r#"["b","c","a"]"#, r#"["b","c","a"]"#),
        (
            r#"["a","b","c","d"]"#,
            r#"["b","c","d","a"]"#,
            r#"["b","x","c","d","a"]"#,
            r#"["b","x","c","d","a"]"#,
        ),
        (r#"["a","b","a"]"#, r#"["a","b","a","c"]"#, r#"["z","a","b","a"]"#, r#"["z","a","b","a","c"]"#),
        // In the place of others, they are no moves.
        ("[0,1,2,3]", "[5,1,2,3]", "[0,1,2,5]", "[5,1,2,5]"),
        (r#"["t","t","n"]"#, r#"["d","t","n"]"#, r#"["t","t","d"]"#, r#"["d","t","d"]"#),
        (r#"["t","t","n"]"#, r#"["d","t","n"]"#, r#"["t","t","t"]"#, r#"["d","t","t"]"#),
        ("[true,false,false]", "[true,true,false]", "[true,false,true]", "[true,true,true]"),
        // Both removed one of two, and one of them something else, too.
        (r#"["a","b","a","c"]"#, r#"["b","a","c"]"#, r#"["b","a"]"#, r#"["b","a"]"#),
    ] {
        assert_eq!(text(base, head, request), expected, "{base} | {head} | {request}");
    }
}

#[test]
fn elements_without_identity_are_merged_by_parts() {
    for (base, head, request, expected) in [
        ("[1,2,3,4,5]", "[9,2,3,4,5]", "[1,2,3,4,8]", "[9,2,3,4,8]"),
        ("[1,2,3,4,5]", "[0,1,2,3,4,5]", "[1,2,3,5]", "[0,1,2,3,5]"),
        ("[1,2]", "[9,2]", "[1,8]", "[9,8]"),
        ("[1,2,3]", "[1,3]", "[1,3]", "[1,3]"),
        ("[1,2,3]", "[1,3]", "[1,2,3,4]", "[1,3,4]"),
        ("[[1,1],[2,2]]", "[[1,9],[2,2]]", "[[8,1],[2,2]]", "[[8,9],[2,2]]"),
        (r#"["a"]"#, r#"["a","h"]"#, r#"["a","r"]"#, r#"["a","h","r"]"#),
        (r#"["a"]"#, r#"["a","h","x"]"#, r#"["a","x","r"]"#, r#"["a","h","x","r"]"#),
        ("[]", "[{}]", "[[]]", "[{},[]]"),
    ] {
        assert_eq!(text(base, head, request), expected, "{base} | {head} | {request}");
    }
    assert_eq!(conflicts("[1,2,3]", "[1,9,3]", "[1,8,3]"), ["/1 2 9 8 | Item 2"]);
    // A row of numbers is one thing.
    assert_eq!(conflicts("[10]", "[10,20]", "[10,30]"), [" [10] [10,20] [10,30] | Everything"]);
    assert_eq!(conflicts(r#"{"a":["x","y"]}"#, r#"{"a":["z"]}"#, r#"{"a":["x","y","w"]}"#).len(), 1);
}

#[test]
fn merged_arrays_keep_the_spacing_of_the_head() {
    let base = r#"[{"id":1},{"id":2},{"id":3}]"#;
    let head = "[\n  { \"id\": 1 },\n  { \"id\": 2, \"h\": true },\n  { \"id\": 3 }\n]\n";
    let request = r#"[{"id":3},{"id":1},{"id":2},{"id":4}]"#;
    let expected = "[\n  { \"id\": 3 },\n  { \"id\": 1 },\n  { \"id\": 2, \"h\": true },\n  {\"id\":4}\n]\n";
    assert_eq!(text(base, head, request), expected);
    assert_eq!(
        text("{\"a\":[1],\"b\":1}", "{\"a\": [ 1 ], \"b\": 2}", "{\"a\":[],\"b\":1}"),
        "{\"a\": [], \"b\": 2}"
    );
}

#[test]
fn edits_of_one_element_never_land_in_another() {
    // Without an identity: the head took `a` away and added `c`, so that `b` stands in its place; the request edits `b`.
    let (a, b, c) = (r#"{"t":1,"u":[1]}"#, r#"{"t":1,"u":[2]}"#, r#"{"t":1,"u":[3]}"#);
    let edited = r#"{"t":1,"u":[2],"v":1}"#;
    let list = |elements: &[&str]| format!("[{}]", elements.join(","));
    assert_eq!(
        conflicts(&list(&[a, b]), &list(&[b, c]), &list(&[a, edited])),
        [format!(" {} {} {} | Everything", list(&[a, b]), list(&[b, c]), list(&[a, edited]))]
    );
    // Two changed places around what both have; one of them was edited.
    assert_eq!(
        conflicts(&list(&[a, "0", c]), &list(&[c, "0", a]), &list(&[&a.replace('}', ",\"v\":1}"), "0", c]))
            .len(),
        1
    );
    // In its own place both edit it.
    let both = text(&list(&[a, b]), &list(&[a, &b.replace("[2]", "[7]")]), &list(&[a, edited]));
    assert_eq!(both, list(&[a, r#"{"t":1,"u":[7],"v":1}"#]));
}

#[test]
fn what_one_side_added_twice_is_there_twice() {
    assert_eq!(text("[]", r#"["x"]"#, r#"["x","x"]"#), r#"["x","x"]"#);
    assert_eq!(text("[]", r#"["x","x"]"#, r#"["y","x"]"#), r#"["x","y","x"]"#);
}
