//! The examples that reports of faults name, with the outcome that they name.

use crate::tree::{Node, same};
use crate::{Outcome, merged};

/// A merge, or an undo as the merge that it is, and what may come out of it.
struct Fixed {
    name: &'static str,
    base: String,
    ours: String,
    theirs: String,
    /// Whether a conflict is right, and at which path if that was named.
    conflict: Option<&'static str>,
    clean: Vec<String>,
}

const ANYWHERE: &str = "*";

fn fixed(
    name: &'static str,
    base: &str,
    ours: &str,
    theirs: &str,
    conflict: Option<&'static str>,
    clean: &[&str],
) -> Fixed {
    Fixed {
        name,
        base: base.to_owned(),
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
        conflict,
        clean: clean.iter().map(|&text| text.to_owned()).collect(),
    }
}

fn faults(cases: &[Fixed]) -> Vec<String> {
    let mut out = Vec::new();
    for case in cases {
        let fault = match merged(&case.base, &case.ours, &case.theirs) {
            Outcome::Clean(text) => {
                let result = Node::parse(&text);
                (!case.clean.iter().any(|right| same(&result, &Node::parse(right)))).then(|| result.text())
            }
            Outcome::Conflict(paths) => match case.conflict {
                None => Some(format!("a conflict at {paths:?}")),
                Some(ANYWHERE) => None,
                Some(path) => (paths != [path]).then(|| format!("a conflict at {paths:?}, not at {path}")),
            },
        };
        out.extend(fault.map(|fault| format!("{}: {fault}", case.name)));
    }
    out
}

#[test]
fn a_rename_is_the_same_element() {
    let home = r#"{"pages":[{"name":"Home","widgets":[1]},{"name":"About","widgets":[]}]}"#;
    let (start, board) = (home.replace("Home", "Start"), home.replace("Home", "Dashboard"));
    let old = r#"{"pages":[{"name":"Home","widgets":[1]},{"name":"Old","widgets":[2]}]}"#;
    let gone = r#"{"pages":[{"name":"Home","widgets":[1]}]}"#;
    let noted = r#"{"pages":[{"name":"Home","widgets":[1]},{"name":"New","widgets":[2],"note":"n"}]}"#;
    let mut cases = Vec::new();
    for key in ["name", "slug", "code", "ref", "nodeId", "documentId", "label", "text", "title"] {
        let by = |text: &str| text.replace("\"name\"", &format!("\"{key}\""));
        let at: &'static str = Box::leak(format!("/pages/0/{key}").into_boxed_str());
        cases.push(fixed("both rename a page", &by(home), &by(&start), &by(&board), Some(at), &[]));
        cases.push(fixed(
            "undo of a rename that was renamed",
            &by(&start),
            &by(&board),
            &by(home),
            Some(at),
            &[],
        ));
        cases.push(fixed("removed, renamed and noted", &by(old), &by(gone), &by(noted), Some(ANYWHERE), &[]));
        cases.push(fixed("renamed and noted, removed", &by(old), &by(noted), &by(gone), Some(ANYWHERE), &[]));
        cases.push(fixed(
            "removed, renamed",
            &by(old),
            &by(gone),
            &by(&old.replace("Old", "New")),
            Some(ANYWHERE),
            &[],
        ));
        cases.push(fixed("both rename it alike", &by(home), &by(&start), &by(&start), None, &[&by(&start)]));
    }
    assert_eq!(faults(&cases), Vec::<String>::new());
}

/// Two ids may be two elements, or one that was renumbered: both are accepted, and nothing between them.
#[test]
fn two_ids_are_two_elements_or_one() {
    let base = r#"{"pages":[{"id":1,"widgets":[1]},{"id":9,"widgets":[]}]}"#;
    let with = |id: u32| base.replace("\"id\":1", &format!("\"id\":{id}"));
    let both = |a: u32, b: u32| {
        format!(
            r#"{{"pages":[{{"id":{a},"widgets":[1]}},{{"id":{b},"widgets":[1]}},{{"id":9,"widgets":[]}}]}}"#
        )
    };
    let cases =
        [fixed("both change an id", base, &with(2), &with(3), Some(ANYWHERE), &[&both(2, 3), &both(3, 2)])];
    assert_eq!(faults(&cases), Vec::<String>::new());
}

#[test]
fn twins_keep_their_places() {
    let twins = |a: u32, b: u32| format!(r#"{{"c":[{{"id":"x","t":{a}}},{{"id":"x","t":{b}}}]}}"#);
    let cases = [
        fixed(
            "each edits another twin",
            &twins(1, 2),
            &twins(1, 9),
            &twins(5, 2),
            Some(ANYWHERE),
            &[&twins(5, 9)],
        ),
        fixed("both edit one twin", &twins(1, 2), &twins(1, 9), &twins(1, 5), Some(ANYWHERE), &[]),
    ];
    assert_eq!(faults(&cases), Vec::<String>::new());
}

#[test]
fn a_reorder_is_no_renumbering() {
    let list = |ids: &[u32], color: u32| {
        let items: Vec<String> = ids
            .iter()
            .enumerate()
            .map(|(n, id)| {
                let color = if *id == color { r#","color":"red""# } else { "" };
                format!(r#"{{"id":{id},"style":{{"zIndex":{}{color}}}}}"#, n + 1)
            })
            .collect();
        format!("[{}]", items.join(","))
    };
    let (before, after) = ([1, 2, 3, 4, 5, 6, 7, 8, 9], [7, 8, 9, 1, 2, 3, 4, 5, 6]);
    let cases = (1..=9)
        .map(|id| {
            fixed(
                "reordered, coloured",
                &list(&before, 0),
                &list(&after, 0),
                &list(&before, id),
                None,
                &[&list(&after, id)],
            )
        })
        .collect::<Vec<_>>();
    assert_eq!(faults(&cases), Vec::<String>::new());
}

/// What an action and a subject name together, as the rules of a permission do.
#[test]
fn action_and_subject_name_a_rule() {
    let rule = |action: &str, subject: &str, rest: &str| {
        format!(r#"{{"action":"{action}","subject":"{subject}"{rest}}}"#)
    };
    let (a, b, c) = (rule("read", "post", ""), rule("read", "page", ""), rule("write", "post", ""));
    let (x, y) = (rule("write", "page", ""), rule("delete", "post", ""));
    let list = |items: &[&str]| format!("[{}]", items.join(","));
    let edited = rule("read", "page", r#","if":"own""#);
    let cases = [
        fixed(
            "inserted, edited",
            &list(&[&a, &b, &c]),
            &list(&[&x, &a, &b, &c]),
            &list(&[&a, &edited, &c]),
            None,
            &[&list(&[&x, &a, &edited, &c])],
        ),
        fixed(
            "removed, inserted",
            &list(&[&a, &b, &c]),
            &list(&[&b, &c]),
            &list(&[&a, &b, &c, &y]),
            None,
            &[&list(&[&b, &c, &y])],
        ),
        fixed(
            "moved, edited",
            &list(&[&a, &b, &c]),
            &list(&[&c, &a, &b]),
            &list(&[&a, &edited, &c]),
            None,
            &[&list(&[&c, &a, &edited])],
        ),
        fixed(
            "inserted, undone",
            &list(&[&a, &x, &b]),
            &list(&[&a, &x, &edited]),
            &list(&[&a, &b]),
            None,
            &[&list(&[&a, &edited])],
        ),
    ];
    assert_eq!(faults(&cases), Vec::<String>::new());
}

#[test]
fn a_value_that_is_edited_is_no_identity() {
    let pages =
        |a: &str, b: &str| format!(r#"[{{"name":"{a}","widgets":[1]}},{{"name":"{b}","widgets":[2,3]}}]"#);
    let max = |a: u32, b: u32| format!(r#"[{{"max":{a}}},{{"max":{b}}}]"#);
    let base = pages("Home", "Orders");
    let cases = [
        fixed(
            "both rename page 2",
            &base,
            &pages("Home", "Sales"),
            &pages("Home", "Bills"),
            Some("/1/name"),
            &[],
        ),
        fixed(
            "each renames another page",
            &base,
            &pages("Start", "Orders"),
            &pages("Home", "Sales"),
            Some(ANYWHERE),
            &[&pages("Start", "Sales")],
        ),
        fixed(
            "to each other's name",
            &base,
            &pages("Home", "Start"),
            &pages("Start", "Orders"),
            Some(ANYWHERE),
            &[&pages("Start", "Start")],
        ),
        fixed("two maxima", &max(8, 3), &max(8, 12), &max(0, 3), Some(ANYWHERE), &[&max(0, 12)]),
        fixed(
            "two maxima, turned round",
            &max(8, 3),
            &max(0, 3),
            &max(8, 12),
            Some(ANYWHERE),
            &[&max(0, 12)],
        ),
        fixed(
            "plain numbers",
            "[7,5,10,15]",
            "[12,5,10,15]",
            "[7,5,10,12]",
            Some(ANYWHERE),
            &["[12,5,10,12]"],
        ),
        fixed(
            "plain numbers, turned round",
            "[7,5,10,15]",
            "[7,5,10,12]",
            "[12,5,10,15]",
            Some(ANYWHERE),
            &["[12,5,10,12]"],
        ),
    ];
    assert_eq!(faults(&cases), Vec::<String>::new());
}

/// An insertion that renumbers the ids after it, and an edit of an element behind it.
#[test]
fn renumbered_ids_take_no_edit_elsewhere() {
    let item = |id: u32, name: &str, w: u32| format!(r#"{{"id":{id},"name":"{name}","w":{w},"on":true}}"#);
    let list = |items: &[(&str, u32)]| {
        let all: Vec<String> =
            items.iter().enumerate().map(|(n, (name, w))| item(n as u32 + 1, name, *w)).collect();
        format!("[{}]", all.join(","))
    };
    let base = list(&[("a", 4), ("b", 4), ("c", 4)]);
    let ours = list(&[("x", 4), ("a", 4), ("b", 4), ("c", 4)]);
    let theirs = list(&[("a", 4), ("b", 7), ("c", 4)]);
    let right = list(&[("x", 4), ("a", 4), ("b", 7), ("c", 4)]);
    let cases = [fixed("renumbered, edited", &base, &ours, &theirs, Some(ANYWHERE), &[&right])];
    assert_eq!(faults(&cases), Vec::<String>::new());
}

/// One id that is there twice takes identity from no other element, at any size.
#[test]
fn one_id_twice_in_a_large_array() {
    for len in [50, 63, 64, 65, 80] {
        let item = |n: usize, x: usize| format!(r#"{{"id":{},"x":{x}}}"#, if n == 7 { 3 } else { n });
        let list = |order: &[usize], edited: usize| {
            let items: Vec<String> =
                order.iter().map(|&n| item(n, if n == edited { 999 } else { n })).collect();
            format!("[{}]", items.join(","))
        };
        let before: Vec<usize> = (0..len).collect();
        let after: Vec<usize> = (20..len).chain(0..20).collect();
        let cases = [fixed(
            "moved, edited",
            &list(&before, 0),
            &list(&after, 0),
            &list(&before, 0).replace(r#""x":30}"#, r#""x":999}"#),
            None,
            &[&list(&after, 0).replace(r#""x":30}"#, r#""x":999}"#)],
        )];
        assert_eq!(faults(&cases), Vec::<String>::new(), "{len} elements");
    }
}
