//! Schemas that change while something is published, and stores that fail while something is checked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{at_most, set};
use crate::faults::TRANSACT;
use crate::support::faults::{Faults, first, refuses, s3_refuses};
use crate::support::steps::under;
use crate::support::{Person, Stack};

/// `#1` and `#2` in production, of which the first is live.
async fn begun() -> (Arc<Stack>, Faults, Person) {
    let (stack, faults) = Faults::stack().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    (stack, faults, ada)
}

/// Sets a schema for somebody else, for a fault to wait for.
fn ben_sets(stack: &Arc<Stack>, schema: Value) -> impl Future<Output = ()> + Send + use<> {
    let stack = Arc::clone(stack);
    async move {
        set(&stack, &Person::admin("ben"), schema).await.is(200);
    }
}

#[tokio::test]
async fn a_schema_that_is_set_during_a_publish_is_not_passed_by() {
    let (stack, faults, ada) = begun().await;
    faults.next(TRANSACT, first(ben_sets(&stack, at_most(1))));
    stack.act(&ada, "publish", json!({"version": 2})).await.is_problem(422, "check-failed");
    // One in the place of another, which it passed.
    set(&stack, &ada, at_most(3)).await.is(200);
    faults.next(TRANSACT, first(ben_sets(&stack, at_most(1))));
    stack.act(&ada, "publish", json!({"version": 2})).await.is_problem(422, "check-failed");
    // Another one that it passes as well.
    set(&stack, &ada, at_most(3)).await.is(200);
    faults.next(TRANSACT, first(ben_sets(&stack, at_most(2))));
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    // None any more.
    faults.next(TRANSACT, first(ben_sets(&stack, Value::Null)));
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    // A promotion is no other.
    let body = json!({"n": 3}).to_string();
    stack.call(&ada, "PUT", "/v1/apps/crm/envs/staging/working", &[], body).await.is(201);
    stack.post(&ada, "/v1/apps/crm/envs/staging/snapshots", json!({"name": "a"})).await.is(201);
    faults.next(TRANSACT, first(ben_sets(&stack, at_most(2))));
    let from = json!({"from": {"env": "staging", "snapshot": "a"}, "go_ahead": true});
    stack.act(&ada, "publish", from).await.is_problem(422, "check-failed");
    assert_eq!(stack.users_see().await.0, "{\"n\":1}");
}

#[tokio::test]
async fn a_roll_back_is_written_before_anything_is_checked() {
    let (stack, faults, ada) = begun().await;
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    set(&stack, &ada, at_most(5)).await.is(200);
    // What is set while it is written is what it is checked by.
    faults.next(TRANSACT, first(ben_sets(&stack, at_most(0))));
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!((back.at("/name"), back.at("/warnings/0/path")), (json!("v1"), json!("/n")));
    assert_eq!(stack.users_see().await.0, "{\"n\":1}");
}

#[tokio::test]
async fn a_save_does_not_wait_for_a_schema_that_cannot_be_read() {
    let (stack, faults, ada) = begun().await;
    set(&stack, &ada, at_most(1)).await.is(200);
    stack.seconds_pass(60);
    faults.always("GetItem", || refuses(500, "InternalServerError"));
    let saved = stack.overwrite(&ada, "{\"n\":3}").await.is(200);
    assert_eq!(saved.at("/warnings"), Value::Null);
    // A publish that cannot be checked is no publish.
    stack.act(&ada, "publish", json!({"version": "working"})).await.is_problem(503, "storage-unavailable");
    faults.mend("GetItem");
    assert_eq!(stack.overwrite(&ada, "{\"n\":4}").await.is(200).at("/warnings/0/path"), "/n");
}

#[tokio::test]
async fn a_roll_back_does_not_wait_for_a_config_that_cannot_be_read() {
    let (mut stack, faults, ada) = begun().await;
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    set(&stack, &ada, at_most(1)).await.is(200);
    Arc::get_mut(&mut stack).unwrap().cold();
    faults.always("GetObject", || s3_refuses(503, "SlowDown"));
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(back.at("/name"), "v1");
    assert!(back.at("/warnings/0/message").as_str().unwrap().contains("not checked"));
    faults.mend("GetObject");
    assert_eq!(stack.read(&ada, "live").await.text(), "{\"n\":1}");
    stack.get(&ada, &under("verify"), &[]).await.is(200);
}
