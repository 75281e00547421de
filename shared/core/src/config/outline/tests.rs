use proptest::prelude::*;

use super::{MAX_VALUES, Outline, Same, scan};
use crate::config::generate::{document, edited, value};
use crate::config::span::{Kind, elements, members};

/// Compares an outline with what the views of `span` say.
fn same_as_views(outline: &Outline<'_>, id: super::Id, text: &str) {
    assert_eq!(outline.text(id), text);
    let children: Vec<_> = outline.children(id).collect();
    match outline.get(id).kind {
        Kind::Object => {
            let members = members(text).unwrap();
            assert_eq!(children.len(), members.len());
            for (child, member) in children.iter().zip(members) {
                assert_eq!(outline.raw_key(*child), member.raw_key);
                same_as_views(outline, *child, member.value.get());
            }
        }
        Kind::Array => {
            let elements = elements(text).unwrap();
            assert_eq!(children.len(), elements.len());
            children
                .iter()
                .zip(elements)
                .for_each(|(child, element)| same_as_views(outline, *child, element.get()));
        }
        _ => assert!(children.is_empty()),
    }
}

fn hash(text: &str) -> u64 {
    Outline::of(text).get(Outline::ROOT).hash
}

#[test]
fn equal_values_have_equal_hashes() {
    for (one, other) in [
        ("[1, 100, -0, 1.50, 0.001]", "[1.0,1e2,0.0,15e-1,1E-3]"),
        (r#"{"a":"é","b":[]}"#, " {\"b\" : [ ] ,\n\"\\u0061\":\"\\u00e9\"} "),
        (r#"["\ud83d\ude00"]"#, "[\"😀\"]"),
    ] {
        assert_eq!(hash(one), hash(other), "{one} {other}");
    }
    for (one, other) in [
        ("[1,2]", "[2,1]"),
        ("[1]", "[-1]"),
        ("[10]", "[1]"),
        ("[12,3]", "[1,23]"),
        ("[1]", "[\"1\"]"),
        ("[true]", "[\"true\"]"),
        ("[]", "{}"),
        ("[[],[]]", "[[[]]]"),
        (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#),
        ("[0.12]", "[0.012]"),
    ] {
        assert_ne!(hash(one), hash(other), "{one} {other}");
    }
}

#[test]
fn the_largest_parts_are_folded_when_there_are_too_many_values() {
    let text =
        format!("{{\"small\":[1,[2]],\"large\":[{}0],\"last\":{{\"a\":[3]}}}}", "[1,2],".repeat(1_000));
    let (whole, folded) = (Outline::of(&text), Outline::within(&text, 200));
    assert!(folded.values.len() <= 200);
    assert_eq!(whole.get(Outline::ROOT).hash, folded.get(Outline::ROOT).hash);
    for key in ["small", "last"] {
        let (one, other) =
            (whole.member(0, key.as_bytes()).unwrap(), folded.member(0, key.as_bytes()).unwrap());
        same_as_views(&folded, other, whole.text(one));
    }
    let (one, other) = (whole.member(0, b"large").unwrap(), folded.member(0, b"large").unwrap());
    assert!(folded.is_text_of(other, &whole, one));
    assert_eq!(folded.children(other).count(), 0);
    assert!(!folded.is_open(other, Kind::Array) && whole.is_open(one, Kind::Array));
}

#[test]
fn any_text_gives_some_outline() {
    let deep = "[".repeat(100_000);
    for text in ["", "]", "[", "{\"a", "{\"a\":[1,", "\"", "nul", "}{", "[1]2", &deep] {
        let outline = Outline::of(text);
        assert!(outline.children(0).count() <= 2, "{text:.20}");
    }
}

/// The outline of `after` by that of `before`, and how it compares with one by itself.
fn takes_over(before: &str, after: &str) -> bool {
    let old = Outline::of(before);
    let found = scan::edited(&old.values, before, after, Same::of(before, after), MAX_VALUES).unwrap();
    found == *Outline::of(after).values
}

#[test]
fn an_edit_takes_over_the_rest_as_it_is() {
    let before = r#"{"a":[{"id":1,"t":"x\\","u":[1,2]},{"id":2,"t":"y","u":[[3],4]},{"id":3,"u":[5]}],"\u0062":{"c":[6,{"d":7}]}}"#;
    for (old, new) in [
        (r#""y""#, r#""yes""#),
        (r#""y""#, r#"["y"]"#),
        (r#""id":2"#, r#""id":20"#),
        (r#"{"id":2,"t":"y","u":[[3],4]},"#, ""),
        (r#"{"id":2,"#, r#"{"id":9,"t":"y","u":[[3],4]},{"id":2,"#),
        (r#"[3],4"#, "4"),
        (r#"[[3],4]"#, "[]"),
        ("{\"a\"", "{\"x\":{\"a\":1},\n\"a\""),
        (r#"7}]}}"#, "7}]}} "),
        (r#""d":7"#, ""),
        (r#","\u0062":{"c":[6,{"d":7}]}"#, ""),
        ("6", "60"),
        (r#""x\\""#, r#""x\"""#),
        (r#"{"c":[6,{"d":7}]}"#, "1"),
    ] {
        let after = before.replacen(old, new, 1);
        assert_ne!(before, after);
        serde_json::from_str::<serde_json::Value>(&after).unwrap();
        assert!(takes_over(before, &after), "{old} {new}");
        assert!(takes_over(&after, before), "{new} {old}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn an_edited_text_has_the_outline_that_it_has_by_itself(
        (before, after) in document().prop_flat_map(|before| (Just(before.clone()), edited(before))),
        pretty in any::<bool>(),
    ) {
        let text = |value: &serde_json::Value| {
            if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
        };
        prop_assert!(takes_over(&text(&before), &text(&after)));
    }

    #[test]
    fn an_outline_has_every_value(value in value(), pretty in any::<bool>(), max in 1..40_usize) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        same_as_views(&Outline::of(&text), Outline::ROOT, &text);
        prop_assert_eq!(hash(&text), hash(&value.to_string()));
        let folded = Outline::within(&text, max);
        prop_assert!(folded.values.len() <= max);
        prop_assert_eq!(folded.get(Outline::ROOT).hash, hash(&text));
        prop_assert_eq!(folded.text(Outline::ROOT), text.as_str());
    }
}
