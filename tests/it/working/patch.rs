//! Patching the working version, in both media types.

use serde_json::json;

use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const BEFORE: &str = "{\n  \"title\": \"Desk\",  \"limit\": 1.0,\n  \"big\": 1e400, \"items\": [1, 2]\n}\n";

async fn patch(stack: &Stack, person: &Person, kind: &str, more: &[(&str, &str)], body: &str) -> Answer {
    let kind = format!("application/{kind}+json");
    let mut headers = vec![("content-type", kind.as_str())];
    headers.extend(more);
    stack.call(person, "PATCH", &under("working"), &headers, body.to_owned()).await
}

async fn saved(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    stack.save(ada, BEFORE).await.is(201);
    stack
}

#[tokio::test]
async fn a_merge_patch_is_applied_to_the_newest_config() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    let patched =
        patch(&stack, &ada, "merge-patch", &[], "{\"title\": \"Refunds\", \"items\": null}").await.is(200);
    assert_eq!((patched.at("/version"), patched.at("/kind")), (json!(2), json!("saved")));
    assert_eq!(patched.at("/label"), "title and 1 more, 1 removed");
    let now = stack.read(&ada, "working").await;
    // What it did not touch has its text still.
    for kept in ["\n  \"title\": \"Refunds\"", "\"limit\": 1.0", "\"big\": 1e400"] {
        assert!(now.text().contains(kept), "{kept} in {}", now.text());
    }
    assert!(!now.text().contains("items"));
    assert_eq!(patched.header("etag"), now.header("etag"));

    // A condition is heeded where one is given.
    let stale = patch(&stack, &ada, "merge-patch", &[("if-match", "\"1\"")], "{\"a\":1}").await;
    assert_eq!(stale.is_problem(412, "version-mismatch").at("/version"), 2);
    patch(&stack, &ada, "merge-patch", &[("if-match", "\"2\"")], "{\"a\":1}").await.is(200);
}

#[tokio::test]
async fn a_merge_patch_that_replaces_the_whole_says_what_it_builds_on() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    patch(&stack, &ada, "merge-patch", &[], "[]").await.is_problem(428, "precondition-required");
    patch(&stack, &ada, "merge-patch", &[("if-match", "*")], " [1]").await.is(200);
    patch(&stack, &ada, "merge-patch", &[], "{\"a\":1}").await.is_problem(428, "precondition-required");
    assert_eq!(stack.read(&ada, "working").await.text().trim(), "[1]");
}

#[tokio::test]
async fn merge_patches_of_several_people_at_once_all_count() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    let (one, two, three) = tokio::join!(
        patch(&stack, &ada, "merge-patch", &[], "{\"one\": 1}"),
        patch(&stack, &ada, "merge-patch", &[], "{\"two\": 2}"),
        patch(&stack, &ada, "merge-patch", &[], "{\"three\": 3}"),
    );
    for answer in [one, two, three] {
        answer.is(200);
    }
    let now = stack.read(&ada, "working").await.text().replace("1e400", "0");
    let now: serde_json::Value = serde_json::from_str(&now).unwrap();
    assert_eq!((&now["one"], &now["two"], &now["three"]), (&json!(1), &json!(2), &json!(3)));
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn a_json_patch_says_what_it_builds_on() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    let operations = r#"[{"op":"test","path":"/items/0","value":1},
        {"op":"replace","path":"/items/0","value":9},{"op":"move","from":"/title","path":"/name"}]"#;
    let refused = patch(&stack, &ada, "json-patch", &[], operations).await;
    refused.is_problem(428, "precondition-required");
    let refused = patch(&stack, &ada, "json-patch", &[("if-match", "\"9\"")], operations).await;
    refused.is_problem(412, "version-mismatch");
    let done = patch(&stack, &ada, "json-patch", &[("if-match", "\"1\"")], operations).await.is(200);
    assert_eq!(done.at("/version"), 2);
    let now = stack.read(&ada, "working").await;
    for part in ["\"big\": 1e400", "[9, 2]", "\"name\": \"Desk\""] {
        assert!(now.text().contains(part), "{part} in {}", now.text());
    }

    // All of it is applied, or nothing.
    let half = r#"[{"op":"replace","path":"/limit","value":5},{"op":"remove","path":"/absent"}]"#;
    let refused = patch(&stack, &ada, "json-patch", &[("if-match", "*")], half).await;
    let refused = refused.is_problem(422, "patch-failed");
    assert_eq!((refused.at("/operation"), refused.at("/pointer")), (json!(1), json!("/absent")));
    let failed_test = r#"[{"op":"test","path":"/limit","value":5}]"#;
    patch(&stack, &ada, "json-patch", &[("if-match", "*")], failed_test)
        .await
        .is_problem(422, "patch-failed");
    for bad in ["{", "{}", "[{\"op\":\"spin\",\"path\":\"/a\"}]", "[{\"op\":\"remove\"}]"] {
        let refused = patch(&stack, &ada, "json-patch", &[("if-match", "*")], bad).await;
        assert_eq!(refused.is_problem(422, "invalid-patch").status, 422, "{bad}");
    }
    assert_eq!(stack.newest(&ada).await, 2);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_appends_nothing() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    let no_change = [
        ("merge-patch", "{}"),
        ("merge-patch", "{\"absent\": null}"),
        ("merge-patch", "{\"title\": \"Desk\"}"),
        ("json-patch", "[]"),
        ("json-patch", "[{\"op\":\"test\",\"path\":\"/title\",\"value\":\"Desk\"}]"),
    ];
    for (kind, body) in no_change {
        let answer = patch(&stack, &ada, kind, &[("if-match", "*")], body).await.is(200);
        assert_eq!((answer.at("/version"), answer.at("/unchanged")), (json!(1), json!(true)), "{body}");
    }
    assert_eq!(stack.read(&ada, "working").await.text(), BEFORE);
    assert_eq!(stack.newest(&ada).await, 1);
}

#[tokio::test]
async fn there_is_nothing_to_patch_where_nothing_was_saved() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    patch(&stack, &ada, "merge-patch", &[], "{\"a\":1}").await.is_problem(404, "environment-not-found");
    patch(&stack, &ada, "json-patch", &[], "[]").await.is_problem(404, "environment-not-found");
    assert_eq!(stack.newest(&ada).await, 0);
}

#[tokio::test]
async fn what_comes_out_of_a_patch_is_a_config_or_nothing() {
    let ada = Person::admin("ada");
    let stack = saved(&ada).await;
    let single = patch(&stack, &ada, "merge-patch", &[], "7").await.is_problem(422, "invalid-config");
    assert_eq!(single.at("/reason"), "not-a-container");
    let whole = "[{\"op\":\"replace\",\"path\":\"\",\"value\":true}]";
    let refused = patch(&stack, &ada, "json-patch", &[("if-match", "*")], whole).await;
    refused.is_problem(422, "invalid-config");
    patch(&stack, &ada, "merge-patch", &[], "{\"a\":1,\"a\":2}").await.is_problem(422, "invalid-patch");
    let plain = stack.call(&ada, "PATCH", &under("working"), &[], "{}").await;
    assert_eq!(
        plain.is_problem(415, "unsupported-media-type").at("/accepted"),
        json!(["application/json-patch+json", "application/merge-patch+json"])
    );
    // A charset and capitals are no other media type.
    let kind = [("content-type", "Application/Merge-Patch+JSON; charset=utf-8")];
    stack.call(&ada, "PATCH", &under("working"), &kind, "{\"a\":1}").await.is(200);
}
