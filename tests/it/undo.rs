//! Restoring less than a whole config: one edit undone, some parts brought back.

use serde_json::{Value, json};

use crate::support::{Person, Stack};

/// Three saves: a title, a page's name, and an element; 2 and 3 are by Ben.
async fn edited(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    let ben = Person::admin("ben");
    stack
        .save(ada, r#"{"title":"Desk", "pages":[{"id":1,"name":"Home"},{"id":2,"name":"Old"}]}"#)
        .await
        .is(201);
    stack
        .save(&ben, r#"{"title":"Refunds", "pages":[{"id":1,"name":"Home"},{"id":2,"name":"Old"}]}"#)
        .await
        .is(200);
    stack
        .save(&ben, r#"{"title":"Refunds", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Start"}]}"#)
        .await
        .is(200);
    stack
}

async fn working(stack: &Stack) -> String {
    stack.read(&Person::admin("ada"), "working").await.is(200).text().to_owned()
}

#[tokio::test]
async fn one_edit_is_undone_and_what_came_later_stays() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let undone = stack.act(&ada, "restore", json!({"undo": 2, "note": "Too early"})).await.is(200);
    assert_eq!(
        working(&stack).await,
        r#"{"title":"Desk", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Start"}]}"#
    );
    assert_eq!((undone.at("/version"), undone.at("/label")), (json!(4), json!("Undid #2")));
    assert_eq!(undone.at("/from"), json!({"version": 1, "undo": 2}));
    // The history says what it changed.
    assert_eq!(undone.at("/changes"), json!({"added": 0, "removed": 0, "changed": 1}));
    assert_eq!(undone.at("/first_changes"), json!([{"op": "replace", "path": "/title"}]));
    assert_eq!((undone.at("/kind"), undone.at("/note")), (json!("restored"), json!("Too early")));
    // Undone once, there is nothing left of it.
    let again = stack.act(&ada, "restore", json!({"undo": 2})).await.is(200);
    assert_eq!((again.at("/unchanged"), again.at("/version")), (json!(true), json!(4)));
    // An undo can be undone, and so can the newest.
    stack.act(&ada, "restore", json!({"undo": 4})).await.is(200);
    assert_eq!(
        working(&stack).await,
        r#"{"title":"Refunds", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Start"}]}"#
    );
    stack.act(&ada, "restore", json!({"undo": 3})).await.is(200);
    assert_eq!(
        working(&stack).await,
        r#"{"title":"Refunds", "pages":[{"id":1,"name":"Home"},{"id":2,"name":"Old"}]}"#
    );
    assert_eq!(stack.read(&ada, "history?limit=1").await.at("/items/0/label"), "Undid #3");
    stack.assert_whole(6).await;
}

#[tokio::test]
async fn an_undo_that_would_overwrite_later_edits_is_refused() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    stack
        .save(&ada, r#"{"title":"Returns", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Start"}]}"#)
        .await
        .is(200);
    let refused = stack.act(&ada, "restore", json!({"undo": 2})).await.is_problem(409, "merge-conflict");
    insta::assert_json_snapshot!("undo_conflict", refused.json());
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn what_cannot_be_undone_says_why() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    stack.act(&ada, "publish", json!({"version": 3})).await.is(200);
    stack.act(&ada, "restore", json!({"undo": 1})).await.is_problem(422, "nothing-before");
    let published = stack.act(&ada, "restore", json!({"undo": 5})).await.is_problem(422, "nothing-to-undo");
    assert!(published.text().contains("#5 (Published v1)"), "{}", published.text());
    stack.act(&ada, "restore", json!({"undo": 9})).await.is_problem(404, "version-not-found");
    for bad in [
        json!({"undo": 2, "version": 1}),
        json!({"undo": 2, "paths": ["/title"]}),
        json!({"undo": 0}),
        json!({"paths": ["/a"]}),
    ] {
        stack.act(&ada, "restore", bad).await.is_problem(400, "malformed-request");
    }
    assert_eq!(stack.newest(&ada).await, 5);
}

#[tokio::test]
async fn parts_come_back_and_the_rest_stays() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let body = json!({"version": 1, "paths": ["/title", "/pages/0/name"]});
    let restored = stack.act(&ada, "restore", body.clone()).await.is(200);
    assert_eq!(
        working(&stack).await,
        r#"{"title":"Desk", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Home"}]}"#
    );
    assert_eq!(restored.at("/label"), "Brought back title and 1 more from #1");
    let changed = json!([{"op": "replace", "path": "/title"}, {"op": "replace", "path": "/pages/1/name"}]);
    assert_eq!(restored.at("/first_changes"), changed);
    assert_eq!(restored.at("/from"), json!({"version": 1, "paths": ["/title", "/pages/0/name"]}));
    assert_eq!(stack.act(&ada, "restore", body).await.is(200).at("/unchanged"), true);
    // By a snapshot's name, and what is gone comes back.
    stack.act(&ada, "snapshots", json!({"name": "first", "version": 1})).await.is(201);
    let body = json!({"snapshot": "first", "paths": ["/pages/1", "/title", "/pages/0"]});
    let restored = stack.act(&ada, "restore", body).await.is(200);
    assert_eq!(restored.at("/label"), "Brought back Page \"Old\" from first (#1)");
    let expected =
        r#"{"title":"Desk", "pages":[{"id":3,"name":"New"},{"id":1,"name":"Home"},{"id":2,"name":"Old"}]}"#;
    assert_eq!(working(&stack).await, expected);
    stack.assert_whole(6).await;
}

#[tokio::test]
async fn parts_that_cannot_come_back_are_refused_together() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let restore = |paths: Value| {
        let (stack, ada) = (&stack, &ada);
        async move { stack.act(ada, "restore", json!({"version": 1, "paths": paths})).await }
    };
    let gone = restore(json!(["/title", "/pages/1/name"])).await.is_problem(422, "path-has-no-parent");
    assert_eq!(gone.at("/pointer"), "/pages/1/name");
    restore(json!(["/absent"])).await.is_problem(422, "path-not-found");
    restore(json!([])).await.is_problem(400, "malformed-request");
    restore(json!(["title"])).await.is_problem(400, "malformed-request");
    restore(json!(vec!["/a"; 21])).await.is_problem(413, "too-large");
    restore(json!([format!("/{}", "a".repeat(200))])).await.is_problem(413, "too-large");
    restore(json!(vec![format!("/{}", "a".repeat(190)); 8])).await.is_problem(413, "too-large");
    assert_eq!(stack.newest(&ada).await, 3);
    assert!(working(&stack).await.contains("Refunds"));
}
