//! Arrays: identity, moves, and what stands in the place of what.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{changes, counts, diff, patch};
use crate::config::diff::{Counts, Op};

/// A dashboard with so many panels of about half a kilobyte.
fn dashboard(panels: usize) -> Value {
    let panel = |id: usize| {
        json!({"id": id * 3, "type": if id.is_multiple_of(2) { "graph" } else { "table" }, "title": format!("Panel no {id}"),
            "gridPos": {"h": 8, "w": 12, "x": 0, "y": id * 8}, "targets": [{"refId": "A", "expr": "rate(x[1m]) ".repeat(30)}]})
    };
    json!({"title": "Overview", "panels": (0..panels).map(panel).collect::<Vec<_>>(), "tags": ["a", "b"]})
}

#[test]
fn one_inserted_panel_is_one_change_of_its_size() {
    let before = dashboard(30);
    let mut after = before.clone();
    let mut panel = after["panels"][4].clone();
    (panel["id"], panel["title"]) = (json!(1000), json!("Raft IO"));
    after["panels"].as_array_mut().unwrap().insert(15, panel.clone());
    let (before, after) = (before.to_string(), after.to_string());

    let found = diff(&before, &after);
    assert_eq!(found.counts, Counts { added: 1, ..Counts::default() });
    assert_eq!(found.changes.len(), 1);
    assert_eq!(
        (found.changes[0].path.as_str(), found.changes[0].label.as_str()),
        ("/panels/15", "Panel \"Raft IO\"")
    );
    let size = patch(&before, &after).len();
    assert!(size < panel.to_string().len() + 50, "{size}");
}

#[test]
fn one_moved_panel_is_one_move() {
    let before = dashboard(30);
    let mut after = before.clone();
    let panels = after["panels"].as_array_mut().unwrap();
    let panel = panels.remove(3);
    panels.insert(20, panel);
    let (before, after) = (before.to_string(), after.to_string());
    assert_eq!(changes(&before, &after), ["> /panels/20 from /panels/3 → | Panel \"Panel no 3\""]);
    assert_eq!(patch(&before, &after), r#"[{"op":"move","from":"/panels/3","path":"/panels/20"}]"#);
    assert_eq!(counts(&before, &after), Counts { moved: 1, ..Counts::default() });
}

#[test]
fn a_moved_and_edited_panel_is_a_move_and_an_edit() {
    let before = dashboard(6);
    let mut after = before.clone();
    let panels = after["panels"].as_array_mut().unwrap();
    let mut panel = panels.remove(5);
    panel["title"] = json!("First");
    panels.insert(0, panel);
    assert_eq!(
        changes(&before.to_string(), &after.to_string()),
        [
            "> /panels/0 from /panels/5 → | Panel \"First\"",
            "~ /panels/0/title from /panels/5/title \"Panel no 5\"→\"First\" | Panel \"First\" › title",
        ]
    );
}

#[test]
fn elements_are_known_by_whatever_tells_them_apart() {
    // No "id": by "refId", since an edit of "expr" leaves it alone.
    let before =
        r#"{"targets":[{"expr":"a","refId":"A"},{"expr":"b","refId":"B"},{"expr":"c","refId":"C"}]}"#;
    let after =
        r#"{"targets":[{"expr":"c","refId":"C"},{"expr":"a2","refId":"A"},{"expr":"b","refId":"B"}]}"#;
    assert_eq!(
        changes(before, after),
        [
            "> /targets/0 from /targets/2 → | Target 1",
            "~ /targets/1/expr from /targets/0/expr \"a\"→\"a2\" | Target 2 › expr",
        ]
    );
    // A renamed page is known by its slug; a renamed one without any is another.
    let before = r#"[{"name":"Home","slug":"h"},{"name":"Old","slug":"o"}]"#;
    assert_eq!(
        changes(before, &before.replace("Old", "New")),
        ["~ /1/name \"Old\"→\"New\" | Item \"New\" › name"]
    );
}

#[test]
fn another_id_is_another_element() {
    let before = r#"{"p":[{"id":1,"type":"a","x":1},{"id":2,"type":"b","x":2}]}"#;
    let after = r#"{"p":[{"id":1,"type":"a","x":1},{"id":3,"type":"b","x":3}]}"#;
    let ops: Vec<Op> = diff(before, after).changes.iter().map(|change| change.op).collect();
    assert_eq!(ops, [Op::Remove, Op::Add]);
}

#[test]
fn ids_that_were_given_out_anew_are_changed_ids() {
    let panels = |first: usize| {
        let panel = |n: usize| json!({"id": first + n, "title": format!("P{n}"), "expr": "rate(x[1m])".repeat(n + 1)});
        json!((0..6).map(panel).collect::<Vec<_>>()).to_string()
    };
    let found = diff(&panels(1), &panels(2));
    assert_eq!(found.counts, Counts { changed: 6, ..Counts::default() });
    assert!(found.changes.iter().all(|change| change.path.ends_with("/id")));
}

#[test]
fn elements_without_identity_are_matched_by_value() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("[1,2,3,4]", "[1,9,3,4]", &["~ /1 2→9 | Item 2"]),
        ("[1,2,3,4]", "[0,1,2,3,4]", &["+ /0 →0 | Item 1"]),
        ("[1,2,3,4]", "[2,3,4,1]", &["> /3 from /0 → | Item 4"]),
        ("[1,1,2]", "[1,2,1]", &["> /2 from /1 → | Item 3"]),
        // Which of two moved, nothing says.
        ("[1,3]", "[3,1,1]", &["- /0 1→ | Item 1", "+ /1 →1 | Item 2", "+ /2 →1 | Item 3"]),
        // What is equal in its place stays.
        (
            r#"[{"n":0},{"n":2},{"n":1}]"#,
            r#"[{"n":2},{"n":2},{"n":2}]"#,
            &["~ /0/n 0→2 | Item 1 › n", "~ /2/n 1→2 | Item 3 › n"],
        ),
        ("[7,8]", "[1,2,3]", &["~  [7,8]→[1,2,3] | Everything"]),
        ("[[1],[2]]", "[[1],[3],[2]]", &["+ /1 →[3] | Item 2"]),
        ("[0,[1,2],[2,2]]", "[0,[1,5],[2,2]]", &["~ /1/1 2→5 | Item 2 › Item 2"]),
        (
            r#"[{"a":1,"b":[1],"c":[2]},{"a":1,"b":[1],"c":[2]}]"#,
            r#"[{"a":2,"b":[1],"c":[3]},{"z":0},{"a":1,"b":[1],"c":[2]}]"#,
            &["~ /0/a 1→2 | Item 1 › a", "~ /0/c/0 2→3 | Item 1 › C 1", "+ /1 →{\"z\":0} | Item 2"],
        ),
    ];
    for (before, after, expected) in cases {
        assert_eq!(&changes(before, after), expected, "{before} {after}");
    }
}

#[test]
fn a_patch_replaces_what_is_shorter_replaced() {
    let before = r#"{"deeply":{"nested":{"a":1,"b":2,"c":3,"d":[1,2,3]}}}"#;
    let after = r#"{"deeply":{"nested":{"a":2,"b":3,"c":4,"d":[3,2,1]}}}"#;
    let expected = r#"[{"op":"replace","path":"/deeply/nested","value":{"a":2,"b":3,"c":4,"d":[3,2,1]}}]"#;
    assert_eq!(patch(before, after), expected);
    // People see each.
    assert_eq!(counts(before, after), Counts { changed: 3, moved: 2, ..Counts::default() });
}

#[test]
fn a_patch_follows_the_indexes_as_it_goes() {
    let element = |id: u8| format!("{{\"id\":{id},\"text\":\"{}\"}}", "long ".repeat(20));
    let array = |ids: &[u8]| format!("[{}]", ids.iter().map(|id| element(*id)).collect::<Vec<_>>().join(","));
    for (before, after) in [
        ([1, 2, 3, 4, 5, 6].as_slice(), [6, 5, 4, 3, 2, 1].as_slice()),
        (&[1, 2, 3, 4, 5, 6], &[2, 1, 4, 3, 6, 5]),
        (&[1, 2, 3, 4, 5, 6], &[9, 6, 2, 8, 1, 7]),
        (&[1, 2, 3, 4, 5, 6], &[4, 5, 6, 1, 2, 3]),
    ] {
        let (before, after) = (array(before), array(after));
        let operations: json_patch::Patch = serde_json::from_str(&patch(&before, &after)).unwrap();
        let mut patched: Value = serde_json::from_str(&before).unwrap();
        json_patch::patch(&mut patched, &operations).unwrap();
        assert_eq!(patched, serde_json::from_str::<Value>(&after).unwrap());
        assert!(operations.0.len() <= 8, "{operations:?}");
    }
}

#[test]
fn one_id_that_is_there_twice_takes_identity_from_no_other_element() {
    for count in [50, 64, 300] {
        let mut panels: Vec<Value> = (0..count)
            .map(|id| json!({"id": id, "title": format!("Panel no {}", id % 7), "expr": "up", "w": id % 3}))
            .collect();
        panels[14]["id"] = json!(13);
        let mut moved = panels.clone();
        moved.rotate_right(10);
        let (before, after) = (json!(panels).to_string(), json!(moved).to_string());
        assert_eq!(counts(&before, &after), Counts { moved: 10, ..Counts::default() }, "{count}");
        // And each is known when it is edited, too.
        moved.iter_mut().for_each(|panel| panel["expr"] = json!("down"));
        let found = counts(&before, &json!(moved).to_string());
        let expected = Counts { moved: 10, changed: u64::try_from(count).unwrap(), ..Counts::default() };
        assert_eq!(found, expected, "{count}");
    }
}

#[test]
fn a_reorder_is_no_renumbering() {
    let of = |ids: [u8; 9]| {
        let element = |(id, z): (u8, u8)| json!({"id": id, "style": {"zIndex": z}});
        json!(ids.into_iter().zip(1..).map(element).collect::<Vec<_>>()).to_string()
    };
    let found = diff(&of([1, 2, 3, 4, 5, 6, 7, 8, 9]), &of([7, 8, 9, 1, 2, 3, 4, 5, 6]));
    assert_eq!(found.counts, Counts { moved: 3, changed: 9, ..Counts::default() });
    let changed = found.changes.iter().filter(|change| change.op == Op::Replace);
    assert!(changed.clone().all(|change| change.path.ends_with("/style/zIndex")));
    let moved: Vec<_> = found.changes.iter().filter(|change| change.op == Op::Move).collect();
    let moved: Vec<_> = moved.iter().map(|change| (change.from.as_deref(), change.path.as_str())).collect();
    assert_eq!(moved, [(Some("/6"), "/0"), (Some("/7"), "/1"), (Some("/8"), "/2")]);
}

#[test]
fn a_large_row_of_numbers_reports_what_changed_and_nothing_else() {
    // Of many that are equal some change, each to one that was not there.
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let before: Vec<u64> = (0..300_000).map(|_| random(1_000)).collect();
    let mut after = before.clone();
    for _ in 0..3_000 {
        let place = usize::try_from(random(300_000)).unwrap();
        after[place] = 1_000 + random(1_000);
    }
    let expected: Vec<String> = (0..300_000)
        .filter(|place| before[*place] != after[*place])
        .map(|place| format!("/{place} {}→{}", before[place], after[place]))
        .collect();
    assert!(expected.len() > 2_900, "{}", expected.len());
    let found = diff(&json!(before).to_string(), &json!(after).to_string());
    assert!(found.changes.iter().all(|change| change.op == Op::Replace));
    let value = |value: &Option<Box<RawValue>>| value.as_ref().unwrap().get().to_owned();
    let told = found
        .changes
        .iter()
        .map(|change| format!("{} {}→{}", change.path, value(&change.before), value(&change.after)));
    let others: Vec<String> =
        told.zip(&expected).filter(|(told, expected)| told != *expected).map(|(told, _)| told).collect();
    assert_eq!((found.changes.len(), others), (expected.len(), Vec::new()));
}
