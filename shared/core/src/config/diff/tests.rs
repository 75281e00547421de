use proptest::prelude::*;

use super::{Counts, Only, Op, Summary, counts, diff, patch, text};

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

/// The line of the only change.
fn told(before: &str, after: &str) -> String {
    let shown = text(&diff(before, after));
    let mut lines = shown.lines().skip(1);
    let line = lines.next().unwrap_or_default().to_owned();
    assert_eq!(lines.next(), None, "{shown}");
    line
}

#[test]
fn long_values_are_cut_around_their_first_difference() {
    let value = |middle: &str| format!("{{\"a\":\"{}{middle}{}\"}}", "x".repeat(300), "y".repeat(300));
    let line = told(&value("1"), &value("2"));
    let (before, after) = line.strip_prefix("~ a: ").unwrap().split_once(" → ").unwrap();
    assert_eq!(before, format!("…{}1{}… (603 bytes)", "x".repeat(20), "y".repeat(59)));
    assert_eq!(after, before.replace('1', "2"));
    // What is spelt in another way is no difference.
    let spelt = format!("{{\"a\":\"\\u00e9{}b\"}}", "x".repeat(300));
    let line = told(&format!("{{\"a\":\"é{}c\"}}", "x".repeat(300)), &spelt);
    assert!(line.contains("xc\" (") && line.contains("xb\" ("), "{line}");
}

#[test]
fn a_change_that_looks_like_none_is_told_in_one_line() {
    let value = |text: &str| serde_json::json!({ "a": text }).to_string();
    for (before, after, expected) in [
        ("a\r\nb\r\n", "a\nb\n", "~ a: only line ends changed (CRLF → LF)"),
        ("a\nb\n", "a\r\nb\n", "~ a: only line ends changed (LF → mixed)"),
        ("a b", "a  b", "~ a: only white space changed: \"a b\" → \"a  b\""),
        ("a\nb", "a\n\nb ", "~ a: only white space changed: \"a\\nb\" → \"a\\n\\nb \""),
        ("Straße", "STRAßE", "~ a: only case changed: \"Straße\" → \"STRAßE\""),
        ("ab", "a\u{200b}b", "~ a: only invisible characters changed: \"ab\" → \"a\\u200bb\""),
        ("é\u{fe0f}", "é", "~ a: only invisible characters changed: \"é\\ufe0f\" → \"é\""),
        ("a", "b", "~ a: \"a\" → \"b\""),
    ] {
        assert_eq!(told(&value(before), &value(after)), expected);
    }
    let found = diff(&value("a\r\n"), &value("a\n"));
    assert_eq!(found.changes[0].only, Some(Only::LineEnds));
    assert_eq!(serde_json::to_value(&found.changes[0]).unwrap()["only"], "line-ends");
    assert!(diff("{\"a\":1}", "{\"a\":2}").changes[0].only.is_none());
}

#[test]
fn changed_lines_are_cut_around_their_difference() {
    let value = |line: &str| serde_json::json!({ "a": format!("first\n{line}\n") }).to_string();
    let long = |end: &str| format!("{}{end}", "x".repeat(400));
    let shown = text(&diff(&value(&long("1")), &value(&long("2"))));
    assert!(shown.contains("x1\n") && shown.contains("x2\n"), "{shown}");
    // A carriage return and white space among other changes are seen.
    let shown = text(&diff("{\"a\":\"x\\nb\\r\\nq\"}", "{\"a\":\"y\\nb\\nq \"}"));
    assert!(shown.contains("- b\\r\n") && shown.contains("+ q   (only white space)"), "{shown}");
}

#[test]
fn a_move_names_its_neighbour() {
    let rows = |ids: &[&str]| {
        let rows: Vec<_> = ids.iter().map(|id| serde_json::json!({ "id": id, "n": 1 })).collect();
        serde_json::json!({ "rows": rows }).to_string()
    };
    let line = told(&rows(&["a", "b", "c"]), &rows(&["c", "a", "b"]));
    assert_eq!(line, "> Row \"c\": moved to the front (/rows/2 → /rows/0)");
    let line = told(&rows(&["a", "b", "c"]), &rows(&["b", "c", "a"]));
    assert_eq!(line, "> Row \"a\": moved after Row \"c\" (/rows/0 → /rows/2)");
    // In the same place as before, among others.
    let shown = text(&diff(&rows(&["a", "b", "c", "d"]), &rows(&["c", "b", "d", "a"])));
    assert!(!shown.contains("/rows/1 → /rows/1"), "{shown}");
    assert!(shown.lines().all(|line| !line.contains("as before") || line.contains("after Row")), "{shown}");
}

/// Every code point that could forge a line or turn the direction of writing.
fn dangerous() -> impl Iterator<Item = char> {
    let bidi =
        (0x202a..=0x202e).chain(0x2066..=0x2069).chain([0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029]);
    (0..=0x1f).chain(0x7f..=0x9f).chain(bidi).filter_map(char::from_u32)
}

#[test]
fn nothing_in_a_config_forges_a_line_or_a_label() {
    for c in dangerous() {
        let text_of = |value: u32| format!("x{c}+ admin: {value}");
        let before = serde_json::json!({ text_of(1): [{ "name": text_of(1), "v": 1 }], "gone": text_of(1) });
        let after = serde_json::json!({
            text_of(1): [{ "name": text_of(1), "v": text_of(2) }, { "name": text_of(3), "v": 1 }],
            text_of(4): text_of(5),
        });
        // As programs may also write it: raw where JSON lets them.
        let raw = |value: &serde_json::Value| {
            value.to_string().replace(
                &format!("\\u{:04x}", u32::from(c)),
                &if u32::from(c) < 0x20 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() },
            )
        };
        let found = diff(&raw(&before), &raw(&after));
        let shown = text(&found);
        // `v` is shown by its lines where it has several.
        let lines = shown.lines().filter(|line| !line.starts_with("    ")).count();
        assert_eq!(lines, 1 + found.changes.len(), "U+{:04X}: {shown:?}", u32::from(c));
        assert!(!shown.replace('\n', "").contains(c), "U+{:04X}: {shown:?}", u32::from(c));
        for change in &found.changes {
            assert!(!change.label.contains(c), "{:?}", change.label);
        }
        assert!(found.changes.iter().any(|change| change.path.contains(c)), "pointers keep their bytes");
        let summary = Summary::of(&raw(&before), &raw(&after), 400);
        assert!(!summary.label.contains(c), "{:?}", summary.label);
    }
}

proptest! {
    #[test]
    fn the_two_sides_never_look_the_same(
        same in "[a-c\\\\\"é\u{200b}\u{200d}\r ]{0,120}",
        a in "[a-c\\\\\"é\u{200b}\u{200d}\r ]{0,3}",
        b in "[a-c\\\\\"é\u{200b}\u{200d}\r ]{0,3}",
        end in "[a-cé ]{0,120}",
    ) {
        prop_assume!(a != b);
        let value = |middle: &str| serde_json::json!({ "k": format!("{same}{middle}{end}") }).to_string();
        let line = told(&value(&a), &value(&b));
        if let Some((before, after)) = line.split_once(": ").and_then(|(_, rest)| rest.split_once(" → ")) {
            let before = before.rsplit_once("changed: ").map_or(before, |(_, value)| value);
            prop_assert!(before != after, "{}", line);
        }
    }
}

#[test]
fn debug_shows_no_contents() {
    let found = diff(r#"{"a":"hunter2","l":"a\nhunter2"}"#, r#"{"b":"hunter2","l":"hunter2\nb"}"#);
    assert!(!format!("{found:?}").contains("hunter2"));
}
