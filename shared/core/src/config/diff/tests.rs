use super::{Counts, Op, counts, diff, patch, text};

mod arrays;
mod hostile;
mod laws;

/// The changes in one line each: kind, pointer, where it was, values, label.
fn changes(before: &str, after: &str) -> Vec<String> {
    let found = diff(before, after);
    let line = |change: &super::Change| {
        let op = match change.op {
            Op::Add => '+',
            Op::Remove => '-',
            Op::Replace => '~',
            Op::Move => '>',
        };
        let from = change.from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
        let value = |value: &Option<Box<serde_json::value::RawValue>>| {
            value.as_ref().map_or("", |v| v.get()).to_owned()
        };
        let values = [value(&change.before), value(&change.after)].join("→");
        format!("{op} {}{from} {values} | {}", change.path, change.label)
    };
    found.changes.iter().map(line).collect()
}

#[test]
fn changes_are_found_at_their_places() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", "{}", &[]),
        (r#"{"a":1}"#, r#"{"a":2}"#, &["~ /a 1→2 | a"]),
        (r#"{"a":1}"#, r#"{"b":1.50}"#, &["- /a 1→ | a", "+ /b →1.50 | b"]),
        (r#"{"a/b~":{"":[0]}}"#, r#"{"a/b~":{"":[1]}}"#, &["~ /a~1b~0//0 0→1 | a/b~ › Item 1"]),
        ("[1,2,3]", "[1]", &["- /1 2→ | Item 2", "- /2 3→ | Item 3"]),
        ("[1]", "[1,[],{}]", &["+ /1 →[] | Item 2", "+ /2 →{} | Item 3"]),
        ("[1]", "{}", &["~  [1]→{} | Everything"]),
        ("[[]]", "[{ }]", &["~ /0 []→{} | Item 1"]),
    ];
    for (before, after, expected) in cases {
        assert_eq!(&changes(before, after), expected, "{before} {after}");
    }
}

#[test]
fn labels_say_where_in_words() {
    let before = r#"{"pages":[{"id":7,"name":"Home","valueMaps":[{"x":1}],"queries":[{"key":"q","sql":"a"}]}],
        "data":{"list":[{"label":"L","children":[{"uid":"u","v":1}]}]}}"#;
    let after = before.replace("\"x\":1", "\"x\":2").replace("\"a\"", "\"b\"").replace("\"v\":1", "\"v\":2");
    let labels: Vec<String> = diff(before, &after).changes.into_iter().map(|change| change.label).collect();
    assert_eq!(
        labels,
        [
            "Page \"Home\" › Value map 1 › x",
            "Page \"Home\" › Query \"q\" › sql",
            "data › Item \"L\" › Child \"u\" › v",
        ]
    );
}

#[test]
fn labels_are_short() {
    let long = "ü".repeat(5_000);
    let before = format!(
        r#"{{"{long}":[{{"title":"{long}","{long}":{{"b":{{"{long}":{{"{long}":{{"c":{{"d":1}}}}}}}}}}}}]}}"#
    );
    let after = before.replace("\"d\":1", "\"d\":2");
    let label = &diff(&before, &after).changes[0].label;
    assert!(label.len() <= 300, "{}", label.len());
    assert!(label.contains("› … ›") && label.ends_with("c › d"), "{label}");
}

#[test]
fn spelling_is_no_change() {
    let before = r#"{"n":[1.0,1e2,-0],"s":"\u00e9","o":{"a":1,"b":2}}"#;
    let after = "{ \"o\": {\"b\":2, \"\\u0061\":1},\n \"s\": \"é\", \"n\": [1, 100, 0.0] }\n";
    assert_eq!(patch(before, after), "[]");
    assert_eq!(counts(before, after), Counts::default());
    assert_eq!(text(&diff(before, after)), "No changes\n");
}

#[test]
fn an_object_whose_keys_no_pointer_can_name_is_replaced() {
    let (before, after) = (r#"{"o":{"\ud800":1,"a":1}}"#, r#"{"o":{"\ud800":2,"a":1}}"#);
    assert_eq!(changes(before, after), [r#"~ /o {"\ud800":1,"a":1}→{"\ud800":2,"a":1} | o"#]);
    assert_eq!(patch(before, r#"{"o":{"a":1,"\uD800":1.0}}"#), "[]");
    assert_eq!(patch(before, r#"{"o":{"\uD800":1,"a":2}}"#), r#"[{"op":"replace","path":"/o/a","value":2}]"#);
}

#[test]
fn values_keep_their_spelling() {
    let (before, after) = ("{\"n\": 1, \"m\": [ 1 ]}", "{\"n\": 1e400,\n \"m\": [ 1, { \"a b\" : 1.0 } ]}");
    let expected =
        r#"[{"op":"replace","path":"/n","value":1e400},{"op":"add","path":"/m/1","value":{"a b":1.0}}]"#;
    assert_eq!(patch(before, after), expected);
    assert_eq!(changes(before, after), ["~ /n 1→1e400 | n", "+ /m/1 →{\"a b\":1.0} | M 2"]);
}

#[test]
fn texts_of_several_lines_say_which_changed() {
    let before = r#"{"queries":[{"name":"main","sql":"SELECT a\nFROM t\nWHERE x\r\n"}],"one":"line"}"#;
    let after =
        r#"{"queries":[{"name":"main","sql":"SELECT a, b\nFROM t\nWHERE x\r\nLIMIT 5\n"}],"one":"more"}"#;
    let found = diff(before, after);
    let hunks = found.changes[0].lines.as_deref().unwrap();
    let shown: Vec<_> =
        hunks.iter().map(|h| (h.before, h.after, h.removed.join("|"), h.added.join("|"))).collect();
    assert_eq!(
        shown,
        [
            (1, 1, "SELECT a".to_owned(), "SELECT a, b".to_owned()),
            (4, 4, String::new(), "LIMIT 5".to_owned()),
        ]
    );
    assert!(found.changes[1].lines.is_none());
    assert_eq!(
        text(&found),
        "2 changed\n~ Query \"main\" › sql:\n    @@ line 1 → 1 @@\n    - SELECT a\n    + SELECT a, b\n    \
         @@ line 4 → 4 @@\n    + LIMIT 5\n~ one: \"line\" → \"more\"\n"
    );
}

#[test]
fn the_text_cuts_long_values() {
    let after = format!("{{\"a\":\"{}\"}}", "x".repeat(500));
    let shown = text(&diff("{}", &after));
    assert!(shown.starts_with("1 added\n+ a: \"xxx") && shown.ends_with("x… (502 bytes)\n"), "{shown}");
    assert!(shown.len() < 150);
}

#[test]
fn debug_shows_no_contents() {
    let found = diff(r#"{"a":"hunter2","l":"a\nhunter2"}"#, r#"{"b":"hunter2","l":"hunter2\nb"}"#);
    assert!(!format!("{found:?}").contains("hunter2"));
}
