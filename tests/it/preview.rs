//! Previews of restores, which save nothing; and restores that count only on the version that they were shown for.

use serde_json::{Value, json};

use crate::support::steps::{moment, under};
use crate::support::{Answer, Person, Stack};

async fn preview(stack: &Stack, person: &Person, mut body: Value) -> Answer {
    body["preview"] = json!(true);
    stack.act(person, "restore", body).await
}

async fn on(stack: &Stack, person: &Person, version: &str, path: &str, body: Value) -> Answer {
    let method = if path.starts_with("snapshots/") { "PATCH" } else { "POST" };
    stack.call(person, method, &under(path), &[("if-match", version)], body.to_string()).await
}

/// Two by Ada, two by Ben, one by Ada; a snapshot of the first.
async fn edited(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    let ben = Person::admin("ben");
    stack.save(ada, r#"{"title":"A", "n":1}"#).await.is(201);
    for (person, config) in [
        (ada, r#"{"title":"A", "n":2}"#),
        (&ben, r#"{"title":"B", "n":2}"#),
        (&ben, r#"{"title":"B", "n":2, "ben":1}"#),
        (ada, r#"{"title":"B", "n":2, "ben":1, "ada":1}"#),
    ] {
        stack.overwrite(person, config).await.is(200);
    }
    stack.act(ada, "snapshots", json!({"name": "first", "version": 1})).await.is(201);
    stack
}

#[tokio::test]
async fn every_way_to_restore_shows_what_comes_out_and_saves_nothing() {
    let ada = Person::admin("ada");
    for body in [
        json!({"version": 2}),
        json!({"snapshot": "first"}),
        json!({ "at": moment(0) }),
        json!({"undo": 3}),
        json!({"undo": 4, "undo_from": 3}),
        json!({"version": 1, "paths": ["/title", "/n"]}),
        json!({"version": 6}),
    ] {
        let stack = edited(&ada).await;
        let shown = preview(&stack, &ada, body.clone()).await.is(200);
        assert_eq!(stack.newest(&ada).await, 6, "{body}");
        assert_eq!(shown.at("/version"), 6);
        let done = stack.act(&ada, "restore", body.clone()).await.is(200);
        assert_eq!(shown.at("/sha256"), done.at("/sha256"), "{body}");
        assert_eq!(shown.at("/unchanged"), done.at("/unchanged"), "{body}");
        let diff = stack.read(&ada, &format!("diff?from=6&to={}", done.at("/version"))).await.is(200);
        assert_eq!(shown.at("/changes"), diff.at("/changes"), "{body}");
        assert_eq!(shown.at("/counts"), diff.at("/counts"), "{body}");
    }
}

#[tokio::test]
async fn a_preview_says_whose_edits_give_way() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let shown = preview(&stack, &ada, json!({"version": 3})).await.is(200);
    let by: Vec<Value> =
        shown.at("/since/with").as_array().unwrap().iter().map(|e| e["author"]["id"].clone()).collect();
    assert_eq!(by, ["ada", "ben"]);
    assert_eq!(preview(&stack, &ada, json!({"undo": 3})).await.is(200).at("/since"), Value::Null);
}

#[tokio::test]
async fn a_promoted_release_was_nobodys_working_config() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let staging = "/v1/apps/crm/envs/staging";
    stack.call(&ada, "PUT", &format!("{staging}/working"), &[], r#"{"title":"S"}"#).await.is(201);
    stack.post(&ada, &format!("{staging}/snapshots"), json!({"name": "s1"})).await.is(201);
    let from = json!({"env": "staging", "snapshot": "s1"});
    stack.act(&ada, "publish", json!({"from": from, "go_ahead": true})).await.is(200);
    let shown = preview(&stack, &ada, json!({"snapshot": "v1"})).await.is(200);
    // Edits from before it was promoted give way, too: nobody knows whose.
    assert_eq!((shown.at("/since"), shown.at("/counts/removed")), (Value::Null, json!(3)));
}

#[tokio::test]
async fn a_preview_is_refused_as_the_restore_is() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    stack.overwrite(&ada, r#"{"title":"C"}"#).await.is(200);
    for (body, status, name) in [
        (json!({"undo": 3}), 409, "merge-conflict"),
        (json!({"undo": 1}), 422, "nothing-before"),
        (json!({"version": 99}), 404, "version-not-found"),
        (json!({"version": 1, "paths": ["/absent"]}), 422, "path-not-found"),
        (json!({"undo": 3, "undo_from": 4}), 400, "malformed-request"),
        (json!({"version": 3, "undo_from": 2}), 400, "malformed-request"),
    ] {
        preview(&stack, &ada, body.clone()).await.is_problem(status, name);
        stack.act(&ada, "restore", body).await.is_problem(status, name);
    }
    let viewer = Person::new("eve", "crm/production:viewer");
    preview(&stack, &viewer, json!({"version": 1})).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_file_is_shown_with_the_values_that_this_environment_keeps() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let backup = stack.act(&ada, "backups", json!({"of": 2})).await.is(201).at("/id");
    let shown = preview(&stack, &ada, json!({ "backup": backup })).await.is(200);
    let done = stack.act(&ada, "restore", json!({ "backup": backup })).await.is(200);
    assert_eq!((shown.at("/sha256"), shown.at("/version")), (done.at("/sha256"), json!(6)));
    // The state before a restore is backed up, before a preview it is not.
    assert_eq!(stack.listed(&ada, &under("backups"), "/class").await.len(), 2);
}

#[tokio::test]
async fn a_session_is_undone_as_one() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    let undone = stack.act(&ada, "restore", json!({"undo": 4, "undo_from": 3})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), r#"{"title":"A", "n":2, "ada":1}"#);
    assert_eq!(undone.at("/label"), "Undid #3–#4");
    assert_eq!(undone.at("/from"), json!({"version": 2, "undo": 4, "undo_from": 3}));
    stack.assert_whole(7).await;
}

#[tokio::test]
async fn what_was_shown_for_another_version_is_not_done() {
    let ada = Person::admin("ada");
    let stack = edited(&ada).await;
    stack.act(&ada, "publish", json!({"snapshot": "first"})).await.is(200);
    for (path, body) in [
        ("restore", json!({"version": 1})),
        ("restore", json!({"undo": 3})),
        ("restore", json!({"version": 1, "paths": ["/title"]})),
        ("restore", json!({"version": 1, "preview": true})),
        ("unpublish", json!({})),
        ("snapshots/first", json!({"name": "second"})),
    ] {
        let refused = on(&stack, &ada, "\"6\"", path, body.clone()).await.is_problem(412, "version-mismatch");
        assert_eq!(refused.at("/version"), 7, "{path} {body}");
    }
    assert_eq!(stack.newest(&ada).await, 7);
    let etag = stack.read(&ada, "working").await.header("etag").to_owned();
    on(&stack, &ada, &etag, "snapshots/first", json!({"name": "second"})).await.is(200);
    on(&stack, &ada, "\"8\"", "unpublish", json!({})).await.is(200);
    on(&stack, &ada, "*", "restore", json!({"version": 1})).await.is(200);
}

#[tokio::test]
async fn where_things_stand_says_who_edited_last() {
    let ada = Person::admin("ada");
    let ben = Person::admin("ben");
    let stack = edited(&ada).await;
    let edited = async || stack.get(&ada, "/v1/apps/crm/envs/production", &[]).await.is(200).at("/edited");
    assert_eq!(edited().await["version"], 5);
    stack.overwrite(&ben, r#"{"title":"C"}"#).await.is(200);
    let last = edited().await;
    assert_eq!((&last["version"], &last["author"]["id"]), (&json!(7), &json!("ben")));
    // However much others do that is no edit.
    for _ in 0..30 {
        stack.act(&ada, "snapshots", json!({})).await.is(201);
    }
    assert_eq!(edited().await, last);
}
