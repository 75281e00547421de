//! Restoring: an earlier config becomes the working version again.

use serde_json::json;

use crate::support::steps::{moment, under};
use crate::support::{Person, Stack};

/// Versions 1, 2 and 3, saved 0, 10 and 20 seconds after the beginning.
async fn three_versions(person: &Person) -> Stack {
    let stack = Stack::start().await;
    stack.save_each(person, [1]).await;
    for n in 2..=3 {
        stack.seconds_pass(10);
        stack.save_each(person, [n]).await;
    }
    stack
}

#[tokio::test]
async fn a_version_comes_back_as_a_new_entry() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    let restored = stack.act(&ada, "restore", json!({"version": 1, "note": "Too early"})).await.is(200);
    insta::assert_json_snapshot!("restored_version", restored.json());
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
    assert_eq!(restored.header("etag"), stack.read(&ada, "working").await.header("etag"));
    // What it replaced is there still, and can come back itself.
    assert_eq!(stack.read(&ada, "versions/3/config").await.text(), "{\"n\":3}");
    let again = stack.act(&ada, "restore", json!({"version": 3})).await.is(200);
    assert_eq!((again.at("/version"), again.at("/label")), (json!(5), json!("Reverted changes to #3")));
    let over = stack.act(&ada, "restore", json!({"version": 4})).await.is(200);
    assert_eq!(over.at("/label"), "Reverted changes to #4");
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
}

#[tokio::test]
async fn a_snapshot_comes_back_by_any_of_its_names() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    stack.act(&ada, "snapshots", json!({"name": "old", "version": 2})).await.is(201);
    stack.call(&ada, "PATCH", &under("snapshots/old"), &[], "{\"name\":\"new\"}").await.is(200);
    for (name, before) in [("new", 3), ("old", 1)] {
        stack.save_each(&ada, [before + 10]).await;
        let restored = stack.act(&ada, "restore", json!({ "snapshot": name })).await.is(200);
        assert_eq!(restored.at("/from"), json!({"version": 2, "name": name}));
        assert_eq!(restored.at("/label"), format!("Reverted changes to {name} (#2)"));
        assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":2}");
    }
}

#[tokio::test]
async fn a_moment_comes_back() {
    let ada = Person::admin("ada");
    for (seconds, version) in [(0, 1), (9, 1), (10, 2), (15, 2)] {
        let stack = three_versions(&ada).await;
        let at = moment(seconds);
        let restored = stack.act(&ada, "restore", json!({ "at": at })).await.is(200);
        assert_eq!(restored.at("/from"), json!({ "version": version, "at": at }));
        assert_eq!(restored.at("/label"), format!("Reverted changes to #{version} (as of {at})"));
        assert_eq!(stack.read(&ada, "working").await.text(), json!({ "n": version }).to_string());
    }
    let stack = three_versions(&ada).await;
    let at = moment(-1);
    stack.act(&ada, "restore", json!({ "at": at })).await.is_problem(404, "before-history");
    // The newest version is what holds at any later moment.
    let now = stack.act(&ada, "restore", json!({"at": moment(1_000)})).await.is(200);
    assert_eq!((now.at("/unchanged"), now.at("/version")), (json!(true), json!(3)));
    // The same moment in another zone.
    let at = "2026-11-13T10:14:12+01:00";
    assert_eq!(stack.act(&ada, "restore", json!({ "at": at })).await.is(200).at("/from/version"), 2);
}

#[tokio::test]
async fn restoring_what_is_there_appends_nothing() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    stack.act(&ada, "snapshots", json!({"name": "now"})).await.is(201);
    for body in [json!({"version": 3}), json!({"version": 4}), json!({"snapshot": "now"})] {
        let same = stack.act(&ada, "restore", body.clone()).await.is(200);
        assert_eq!((same.at("/unchanged"), same.at("/version")), (json!(true), json!(4)), "{body}");
    }
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn users_see_the_release_whatever_is_restored() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    let restored = stack.act(&ada, "restore", json!({"version": 1})).await.is(200);
    assert_eq!(restored.at("/live"), "v1");
    assert_eq!(stack.users_see().await, ("{\"n\":2}".to_owned(), "v1".to_owned()));
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
}

#[tokio::test]
async fn what_does_not_exist_cannot_come_back() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    let absent = stack.act(&ada, "restore", json!({"version": 4})).await.is_problem(404, "version-not-found");
    assert_eq!(absent.at("/version"), 4);
    let absent =
        stack.act(&ada, "restore", json!({"snapshot": "x"})).await.is_problem(404, "snapshot-not-found");
    assert_eq!(absent.at("/name"), "x");
    for body in [json!({"version": 1}), json!({"snapshot": "x"}), json!({"at": moment(0)})] {
        let refused = stack.post(&ada, "/v1/apps/crm/envs/staging/restore", body).await;
        refused.is_problem(404, "environment-not-found");
    }
    // Neither does restoring create what was never saved.
    stack.get(&ada, "/v1/apps/crm/envs/staging", &[]).await.is_problem(404, "environment-not-found");
    assert_eq!(stack.newest(&ada).await, 3);
}

#[tokio::test]
async fn one_thing_is_restored_at_a_time() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    let bad = [
        json!({}),
        json!({"version": null}),
        json!({"version": 1, "snapshot": "x"}),
        json!({"version": 1, "at": moment(0)}),
        json!({"version": 1, "backup": "b"}),
        json!({"backup": "b", "upload": "u"}),
        json!({"version": 0}),
        json!({"at": "yesterday"}),
        json!({"at": 5}),
        json!({"vresion": 1}),
        json!([1]),
    ];
    for body in bad {
        let refused = stack.act(&ada, "restore", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
        refused.is_problem(400, "malformed-request");
    }
    stack.act(&ada, "restore", json!({"snapshot": "12"})).await.is_problem(422, "invalid-name");
    stack.act(&ada, "restore", json!({"backup": "b"})).await.is_problem(422, "invalid-name");
    stack.act(&ada, "restore", json!({"upload": "u"})).await.is_problem(404, "upload-not-found");
    assert_eq!(stack.newest(&ada).await, 3);
}

#[tokio::test]
async fn a_repeated_restore_is_one() {
    let ada = Person::admin("ada");
    let stack = three_versions(&ada).await;
    let path = under("restore");
    let restore = || stack.call(&ada, "POST", &path, &[("idempotency-key", "k")], "{\"version\":1}");
    let (a, b) = tokio::join!(restore(), restore());
    assert_eq!(a.is(200).json(), b.is(200).json());
    stack.save_each(&ada, [9]).await;
    assert_eq!(restore().await.is(200).at("/version"), 4);
    assert_eq!((stack.newest(&ada).await, stack.read(&ada, "working").await.text()), (5, "{\"n\":9}"));
}
