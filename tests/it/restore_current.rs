//! Restoring what users see, or anything else that stands where a version is expected; and what the answer says of it.

use serde_json::json;

use crate::support::steps::under;
use crate::support::{Person, Stack};

#[tokio::test]
async fn edits_are_discarded_by_one_call() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack.save_each(&ada, 8..=9).await;
    let back = stack.act(&ada, "restore", json!({"version": "live"})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
    assert_eq!(back.at("/from"), json!({"version": 1, "name": "v1"}));
    assert_eq!(back.at("/label"), "Reverted changes to v1 (#1)");
    let again = stack.act(&ada, "restore", json!({"version": "live"})).await.is(200);
    assert_eq!((again.at("/unchanged"), again.at("/version")), (json!(true), back.at("/version")));
    // A part of it.
    stack.save_each(&ada, [7]).await;
    let part = json!({"version": "live", "paths": ["/n"]});
    let part = stack.act(&ada, "restore", part).await.is(200);
    assert_eq!(part.at("/from"), json!({"version": 1, "name": "v1", "paths": ["/n"]}));
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
    stack.assert_whole(9).await;
}

#[tokio::test]
async fn a_version_is_a_number_a_name_live_or_working() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=3).await;
    stack.act(&ada, "snapshots", json!({"name": "old", "version": 1})).await.is(201);
    // Without a release, users see the working version.
    for same in ["live", "working", "3", "4"] {
        let same = stack.act(&ada, "restore", json!({ "version": same })).await.is(200);
        assert_eq!((same.at("/unchanged"), same.at("/version")), (json!(true), json!(4)));
    }
    let named = stack.act(&ada, "restore", json!({"version": "old"})).await.is(200);
    assert_eq!(named.at("/from"), json!({"version": 1, "name": "old"}));
    let undone = stack.act(&ada, "restore", json!({"undo": "working"})).await.is(200);
    assert_eq!((undone.at("/from/undo"), undone.at("/label")), (json!(5), json!("Undid #5")));
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":3}");
    for (path, first) in [
        ("verify?from=old&limit=1", json!(1)),
        ("verify?from=working&limit=1", json!(6)),
        ("history?before=old&limit=1", json!(null)),
        ("history?before=working&limit=1", json!(5)),
        ("history?before=working&limit=1&group=session", json!(5)),
        ("snapshots?before=working&limit=1", json!(4)),
    ] {
        let answer = stack.read(&ada, path).await.is(200);
        let found =
            if path.starts_with("verify") { answer.at("/from") } else { answer.at("/items/0/version") };
        assert_eq!(found, first, "{path}: {answer:?}");
    }
    stack.act(&ada, "restore", json!({"version": "none"})).await.is_problem(404, "snapshot-not-found");
    for word in ["Live", "WORKING"] {
        let refused = stack.act(&ada, "restore", json!({ "version": word })).await;
        let refused = refused.is_problem(404, "snapshot-not-found");
        assert!(refused.at("/detail").as_str().unwrap().contains("small letters"), "{refused:?}");
        stack.act(&ada, "snapshots", json!({ "name": word })).await.is_problem(422, "invalid-name");
        stack
            .call(&ada, "PATCH", &under("snapshots/old"), &[], json!({ "name": word }).to_string())
            .await
            .is_problem(422, "invalid-name");
    }
    // Nothing is live where the settings show nothing without a release.
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"live_without_release\":\"none\"}").await.is(200);
    stack.act(&ada, "restore", json!({"version": "live"})).await.is_problem(404, "nothing-live");
}

#[tokio::test]
async fn a_repeat_is_answered_though_what_was_meant_is_gone() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    let send = |key: &'static str, body: serde_json::Value| {
        let (stack, ada) = (&stack, &ada);
        async move {
            let headers = [("idempotency-key", key)];
            stack.call(ada, "POST", &under("restore"), &headers, body.to_string()).await.is(200).json()
        }
    };
    let first = send("live", json!({"version": "live"})).await;
    let undo = send("undo", json!({"undo": "working"})).await;
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"live_without_release\":\"none\"}").await.is(200);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    stack.act(&ada, "snapshots", json!({})).await.is(201);
    assert_eq!(send("live", json!({"version": "live"})).await, first);
    assert_eq!(send("undo", json!({"undo": "working"})).await, undo);
}

#[tokio::test]
async fn the_version_that_is_missed_is_the_one_that_was_asked_for() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    let body = |name: &str| json!({ name: 50 });
    for (path, body) in
        [("restore", body("undo")), ("restore", body("version")), ("snapshots", body("version"))]
    {
        let missed = stack.act(&ada, path, body).await.is_problem(404, "version-not-found");
        assert_eq!(missed.at("/version"), 50, "{missed:?}");
    }
    for path in ["verify?from=50", "blame?path=/n&version=50", "diff?from=50&to=1", "versions/50"] {
        let missed = stack.read(&ada, path).await.is_problem(404, "version-not-found");
        assert_eq!(missed.at("/version"), 50, "{path}: {missed:?}");
    }
    stack.act(&ada, "restore", json!({"undo": 1})).await.is_problem(422, "nothing-before");
}

/// Restores of every kind over a config that passes, each to one that fails.
async fn restores(stack: &Stack, ada: &Person) -> Vec<crate::support::Answer> {
    let mut answers = Vec::new();
    for body in [json!({"version": 1}), json!({"version": 1, "paths": ["/n"]}), json!({"undo": 2})] {
        stack.overwrite(ada, "{\"n\":\"text\",\"m\":2}").await.is(200);
        answers.push(stack.act(ada, "restore", body).await.is(200));
    }
    answers.push(stack.restore_file(ada, "application/octet-stream", b"{\"n\":1,\"m\":3}").await.is(200));
    answers
}

#[tokio::test]
async fn restores_warn_as_saves_do() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{\"n\":1,\"m\":2}").await.is(201);
    stack.save(&ada, "{\"n\":\"text\",\"m\":2}").await.is(200);
    for answer in restores(&stack, &ada).await {
        assert_eq!(answer.at("/warnings"), json!(null), "{answer:?}");
    }
    let schema = json!({ "schema": { "properties": { "n": { "type": "string" } } } });
    stack.call(&ada, "PUT", &under("settings"), &[], schema.to_string()).await.is(200);
    stack.seconds_pass(31);
    for answer in restores(&stack, &ada).await {
        assert_eq!(answer.at("/warnings/0/path"), "/n", "{answer:?}");
    }
    let passes = stack.act(&ada, "restore", json!({"version": 2})).await.is(200);
    assert_eq!(passes.at("/warnings"), json!([]));
}

#[tokio::test]
async fn a_restore_says_when_users_see_it_at_once() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let begun = stack.restore_file(&ada, "application/octet-stream", b"{\"n\":1,\"m\":2}").await.is(201);
    assert_eq!(begun.at("/users_see_it_within_seconds"), 5);
    stack.save(&ada, "{\"n\":\"text\",\"m\":2}").await.is(200);
    for answer in restores(&stack, &ada).await {
        assert_eq!(answer.at("/users_see_it_within_seconds"), 5, "{answer:?}");
    }
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"live_without_release\":\"none\"}").await.is(200);
    for answer in restores(&stack, &ada).await {
        assert_eq!(answer.at("/users_see_it_within_seconds"), json!(null), "{answer:?}");
    }
    stack.call(&ada, "PUT", &under("settings"), &[], "{}").await.is(200);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    for answer in restores(&stack, &ada).await {
        assert_eq!(answer.at("/users_see_it_within_seconds"), json!(null), "{answer:?}");
    }
}
