//! Which element is which: the merge has it as the differences to both sides have it, or it is a conflict.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{config, conflicts, merged, text};
use crate::config::merge::merge;

fn pages(pages: &Value) -> String {
    json!({ "pages": pages }).to_string()
}

fn page(name: &str, widgets: &[u8]) -> Value {
    json!({ "name": name, "widgets": widgets })
}

#[test]
fn a_rename_is_a_rename_on_both_sides() {
    let of = |first: &str| pages(&json!([page(first, &[1]), page("About", &[])]));
    let (home, start, dashboard) = (of("Home"), of("Start"), of("Dashboard"));
    let names = |base: &str, ours: &str, theirs: &str| {
        format!("/pages/0/name \"{base}\" \"{ours}\" \"{theirs}\" | Page \"{ours}\" › name")
    };
    assert_eq!(conflicts(&home, &start, &dashboard), [names("Home", "Start", "Dashboard")]);
    // The undo of the first rename after the second.
    assert_eq!(conflicts(&start, &dashboard, &home), [names("Start", "Dashboard", "Home")]);
    // An edit within goes along.
    let edited = pages(&json!([page("Home", &[1, 2]), page("About", &[])]));
    let both = pages(&json!([page("Start", &[1, 2]), page("About", &[])]));
    assert_eq!(text(&home, &start, &edited), both);
    assert_eq!(text(&home, &edited, &start), both);
}

#[test]
fn what_one_side_removed_and_the_other_renamed_is_a_conflict() {
    let of = |others: &[Value]| {
        let mut all = vec![page("Home", &[1])];
        all.extend_from_slice(others);
        pages(&json!(all))
    };
    let base = of(&[page("Old", &[2]), page("About", &[])]);
    let removed = of(&[page("About", &[])]);
    let renamed = json!({ "name": "New", "widgets": [2], "note": "kept" });
    let renamed = of(&[renamed, page("About", &[])]);
    assert_eq!(conflicts(&base, &removed, &renamed).len(), 1);
    assert_eq!(conflicts(&base, &renamed, &removed).len(), 1);
}

#[test]
fn of_twins_each_side_edits_its_own() {
    let of = |first: u8, second: u8| {
        json!({ "c": [{ "id": "x", "t": first }, { "id": "x", "t": second }] }).to_string()
    };
    assert_eq!(text(&of(1, 2), &of(1, 9), &of(5, 2)), of(5, 9));
    assert_eq!(text(&of(1, 2), &of(5, 2), &of(1, 9)), of(5, 9));
}

#[test]
fn a_value_that_is_edited_is_no_identity() {
    // Both rename one page.
    let of = |first: &str, second: &str| pages(&json!([page(first, &[1]), page(second, &[2])]));
    assert_eq!(
        conflicts(&of("Home", "Orders"), &of("Home", "Sales"), &of("Home", "Shop")),
        ["/pages/1/name \"Orders\" \"Sales\" \"Shop\" | Page \"Sales\" › name"]
    );
    // Each renames another.
    assert_eq!(
        text(&of("Home", "Orders"), &of("Start", "Orders"), &of("Home", "Sales")),
        of("Start", "Sales")
    );
    let limits = |first: u8, second: u8| json!([{ "max": first }, { "max": second }]).to_string();
    assert_eq!(text(&limits(8, 3), &limits(8, 12), &limits(0, 3)), limits(0, 12));
    assert_eq!(text(&limits(8, 3), &limits(0, 3), &limits(8, 12)), limits(0, 12));
    // Both to the same value, at different places.
    for (base, head, request, expected) in [
        ("[7,5,10,15]", "[12,5,10,15]", "[7,5,10,12]", "[12,5,10,12]"),
        ("[8,3]", "[8,12]", "[12,3]", "[12,12]"),
    ] {
        assert_eq!(text(base, head, request), expected);
        assert_eq!(text(base, request, head), expected);
    }
}

/// Edits of elements in their places: which element, which of its members, and to what.
type Edits = Vec<(usize, usize, u8)>;

fn edited(base: &[Value], edits: &Edits) -> Vec<Value> {
    let mut edited = base.to_vec();
    for (place, member, value) in edits {
        let place = place % base.len();
        match &mut edited[place] {
            Value::Object(members) => {
                let key = ["name", "max", "step"][member % members.len()];
                members.insert(key.to_owned(), json!(100 + value));
            }
            number => *number = json!(100 + value),
        }
    }
    edited
}

/// What both sides made of a value that was edited in its place; `None` where they do not agree.
fn both(base: &Value, head: &Value, request: &Value) -> Option<Value> {
    match (base, head, request) {
        (Value::Object(base), Value::Object(head), Value::Object(request)) => {
            base.keys().map(|key| Some((key.clone(), both(&base[key], &head[key], &request[key])?))).collect()
        }
        _ if head == request || base == request => Some(head.clone()),
        _ if base == head => Some(request.clone()),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn edits_in_their_places_are_merged_in_their_places_or_are_a_conflict(
        values in proptest::collection::vec((0..20_u8, 0..4_u8, 0..3_u8), 1..6),
        members in 0..4_usize,
        ours in proptest::collection::vec((0..6_usize, 0..3_usize, 0..3_u8), 1..4),
        theirs in proptest::collection::vec((0..6_usize, 0..3_usize, 0..3_u8), 1..4),
    ) {
        let element = |(name, max, step): &(u8, u8, u8)| match members {
            0 => json!(name),
            1 => json!({ "name": name }),
            2 => json!({ "name": name, "max": max }),
            _ => json!({ "name": name, "max": max, "step": step }),
        };
        let base: Vec<Value> = values.iter().map(element).collect();
        let (head, request) = (edited(&base, &ours), edited(&base, &theirs));
        let [b, h, r] = [&base, &head, &request].map(|value| config(&json!(value).to_string()));
        if let Ok(merged) = merge(&b, &h, &r) {
            let expected: Option<Vec<Value>> =
                base.iter().zip(&head).zip(&request).map(|((base, head), request)| both(base, head, request)).collect();
            let found: Vec<Value> = serde_json::from_str(merged.config.text()).unwrap();
            prop_assert_eq!(Some(found), expected, "{:?} {:?} {:?}", base, head, request);
        }
    }
}

#[test]
fn an_id_is_another_element_for_everyone() {
    // Two ids are two elements: the head's is new, and what it took the place of is gone.
    let of = |id: &str, title: &str| json!([{ "id": id, "title": title, "w": 1 }]).to_string();
    assert_eq!(
        conflicts(&of("a", "A"), &of("b", "A"), &of("a", "B")),
        [r#"/0 {"id":"a","title":"A","w":1} - {"id":"a","title":"B","w":1} | Item "B""#]
    );
    assert!(merged(&of("a", "A"), &of("b", "A"), &of("c", "A")).is_ok_and(|merged| {
        let found: Value = serde_json::from_str(merged.config.text()).unwrap();
        found == json!([{ "id": "b", "title": "A", "w": 1 }, { "id": "c", "title": "A", "w": 1 }])
    }));
}

#[test]
fn what_may_be_another_element_is_a_conflict() {
    for (base, head, request) in [
        // Renamed, or replaced: no name is trusted.
        (r#"[{"n":3,"u":1}]"#, r#"[{"n":3,"u":0},{"n":2,"u":1}]"#, r#"[{"n":0,"u":0}]"#),
        // The names are names on one side only.
        (r#"[{"n":1},{"n":0}]"#, r#"[{"n":2},{"n":0}]"#, r#"[{"n":0},{"n":1}]"#),
        // Another one is as like it.
        (
            r#"[{"n":2,"u":0},{"n":1,"u":1},{"n":3,"u":2}]"#,
            r#"[{"n":3,"u":2},{"n":1,"u":1},{"n":3,"u":2},{"n":2,"u":2}]"#,
            r#"[{"n":3,"u":2},{"n":2,"u":0},{"n":1,"u":1},{"n":3,"u":2}]"#,
        ),
        (
            r#"[{"n":2,"u":1},{"n":0,"u":0}]"#,
            r#"[{"n":1,"u":2},{"n":2,"u":0}]"#,
            r#"[{"n":0,"u":2},{"n":2,"u":1},{"n":2,"u":0,"z":1}]"#,
        ),
        // Of one id there are two, and each side has other ones in their places.
        (
            r#"[{"id":3,"u":1},{"id":4,"u":1},{"id":4,"u":1},{"id":1,"u":1}]"#,
            r#"[{"id":4,"u":1},{"id":3,"u":1},{"id":4,"u":1},{"id":1,"u":1}]"#,
            r#"[{"id":4,"u":1},{"id":4,"u":1},{"id":1,"u":1},{"id":0,"u":1}]"#,
        ),
        // One side may have moved and edited what the other removed.
        (
            r#"[{"n":0,"u":2},{"n":1,"u":2},{"n":3,"u":2}]"#,
            r#"[{"n":0,"u":2},{"n":0,"u":2},{"n":1,"u":2}]"#,
            r#"[{"n":0,"u":2},{"n":1,"u":2}]"#,
        ),
        (
            r#"[{"n":3,"u":2},{"n":0,"u":1},{"n":1,"u":2}]"#,
            r#"[{"n":3,"u":2},{"n":1,"u":2}]"#,
            r#"[{"n":2,"u":1},{"n":3,"u":2},{"n":1,"u":2}]"#,
        ),
    ] {
        assert_eq!(conflicts(base, head, request), [format!(" {base} {head} {request} | Everything")]);
    }
}

#[test]
fn ids_that_are_there_once_are_known_beside_one_that_is_there_twice() {
    assert_eq!(
        text(
            r#"[{"id":3,"u":1},{"id":4,"u":0},{"id":2,"u":1},{"id":4,"u":1}]"#,
            r#"[{"id":4,"u":0},{"id":2,"u":1},{"id":0,"u":1,"z":1}]"#,
            r#"[{"id":2,"u":1},{"id":4,"u":1}]"#,
        ),
        r#"[{"id":2,"u":1},{"id":0,"u":1,"z":1}]"#
    );
}
