//! Configs made to take much time or memory.

use super::{counts, diff, patch, text};
use crate::config::diff::Counts;

/// All answers on two configs; how many changes there are.
fn all(before: &str, after: &str) -> u64 {
    let found = diff(before, after);
    let shown = text(&found);
    assert!(shown.len() <= 600 * (found.changes.len() + 1) + before.len() + after.len());
    let operations = patch(before, after);
    assert!(operations.len() <= 2 * after.len() + 1_000, "{}", operations.len());
    assert_eq!(counts(before, after), found.counts);
    found.counts.total()
}

#[test]
fn a_million_equal_elements() {
    let zeros = |count: usize| format!("[{}1]", "0,".repeat(count));
    assert_eq!(all(&zeros(1_000_000), &zeros(1_000_001)), 1);
    assert_eq!(all(&zeros(100_000), &zeros(90_000)), 10_000);
}

#[test]
fn more_values_than_an_outline_lists() {
    let text =
        |first: &str, last: &str| format!("{{\"first\":{first},\"a\":[{}{last}]}}", "0,".repeat(2_500_000));
    assert_eq!(diff(&text("1", "0"), &text("2", "1")).counts, Counts { changed: 2, ..Counts::default() });
}

#[test]
fn many_elements_in_another_order() {
    let array = |step: usize| {
        let elements: Vec<String> = (0..150_000).map(|n| format!("{}", n * step % 150_001)).collect();
        format!("[{}]", elements.join(","))
    };
    assert!(all(&array(1), &array(61_001)) > 100_000);
}

#[test]
fn identities_that_are_almost_the_same() {
    let array = |last: &str| format!("[{}{{\"id\":{last}}}]", "{\"id\":1,\"x\":2},".repeat(200_000));
    assert_eq!(all(&array("1"), &array("2")), 2);
}

#[test]
fn long_keys_above_many_changes() {
    let key = "k".repeat(500_000);
    let text = |value: u8| format!("{{\"{key}\":[{}0]}}", format!("{{\"a\":{value}}},").repeat(200_000));
    let found = diff(&text(1), &text(2));
    assert_eq!(found.changes.len(), 1, "there is no room for all of them");
    assert_eq!(found.counts.changed, 200_000);
    assert!(patch(&text(1), &text(2)).len() < 2 * text(1).len() + 1_000);
}

#[test]
fn deep_nesting() {
    let deep = |value: u8| format!("{}{value}{}", "[{\"a\":".repeat(64), "}]".repeat(64));
    assert_eq!(all(&deep(1), &deep(2)), 1);
    let wide = |value: u8| format!("{}{value}{}", "[0,{\"b\":[[]],\"a\":".repeat(42), "}]".repeat(42));
    assert_eq!(all(&wide(1), &wide(2)), 1);
}
