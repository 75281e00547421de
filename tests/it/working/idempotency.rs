//! `Idempotency-Key`: a repeated request gives the first answer again.

use serde_json::json;

use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const DAY: i64 = 24 * 60 * 60;

async fn keyed(stack: &Stack, person: &Person, key: &str, config: &'static str) -> Answer {
    let headers = [("idempotency-key", key), ("if-match", "*")];
    stack.put(person, &headers, config).await
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    for header in ["etag", "waymark-version", "location"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
}

#[tokio::test]
async fn a_repeat_gives_the_first_answer_whatever_came_since() {
    let stack = Stack::start().await;
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let create = || stack.put(&ada, &[("idempotency-key", "k1")], "{\"n\":1}");
    let created = create().await.is(201);
    assert_same(&created, &create().await);
    assert_eq!(stack.newest(&ada).await, 1);

    let first = keyed(&stack, &ada, "k2", "{\"n\":2}").await.is(200);
    stack.save(&ben, "{\"n\":3}").await.is(200);
    assert_same(&first, &keyed(&stack, &ada, "k2", "{\"n\":2}").await);
    assert_same(&created, &create().await);
    assert_eq!(stack.newest(&ada).await, 3);
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":3}");
}

#[tokio::test]
async fn a_save_that_appended_nothing_is_remembered_too() {
    let stack = Stack::start().await;
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    stack.save(&ada, "{\"n\":1}").await.is(201);
    let first = keyed(&stack, &ada, "k", "{\"n\":1}").await.is(200);
    assert_eq!(first.at("/unchanged"), true);
    stack.save(&ben, "{\"n\":2}").await.is(200);
    assert_same(&first, &keyed(&stack, &ada, "k", "{\"n\":1}").await);
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":2}");
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    keyed(&stack, &ada, "k", "{\"n\":2}").await.is(200);
    keyed(&stack, &ada, "k", "{\"n\":3}").await.is_problem(422, "idempotency-key-reused");
    let patch = [("idempotency-key", "k"), ("content-type", "application/merge-patch+json")];
    let patched = stack.call(&ada, "PATCH", &under("working"), &patch, "{\"n\":2}").await;
    patched.is_problem(422, "idempotency-key-reused");
    let headers = [("idempotency-key", "k")];
    let other = stack.call(&ada, "POST", &under("snapshots"), &headers, "{}").await;
    other.is_problem(422, "idempotency-key-reused");
    let publish = stack.call(&ada, "POST", &under("publish"), &headers, "{\"version\":1}").await;
    publish.is_problem(422, "idempotency-key-reused");
    assert_eq!(stack.newest(&ada).await, 2);

    let elsewhere = "/v1/apps/crm/envs/staging/working";
    stack.call(&ada, "PUT", elsewhere, &headers, "{\"n\":9}").await.is(201);
    for bad in ["", "é", &"k".repeat(256)] {
        let headers = [("idempotency-key", bad), ("if-match", "*")];
        stack.put(&ada, &headers, "{\"n\":4}").await.is_problem(400, "malformed-request");
    }
    assert_eq!(stack.newest(&ada).await, 2);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    let stack = Stack::start().await;
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    stack.save(&ada, "{\"n\":1}").await.is(201);
    keyed(&stack, &ada, "k", "{\"n\":2}").await.is(200);
    let his = keyed(&stack, &ben, "k", "{\"n\":3}").await.is(200);
    assert_eq!((his.at("/version"), his.at("/author/id")), (json!(3), json!("ben")));
}

#[tokio::test]
async fn a_key_counts_for_a_day() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    let first = keyed(&stack, &ada, "k", "{\"n\":2}").await.is(200);
    stack.save(&ada, "{\"n\":3}").await.is(200);
    stack.seconds_pass(DAY - 1);
    assert_same(&first, &keyed(&stack, &ada, "k", "{\"n\":2}").await);
    stack.seconds_pass(1);
    // The table deletes late; the record's own time decides.
    let anew = keyed(&stack, &ada, "k", "{\"n\":2}").await.is(200);
    assert_eq!(anew.at("/version"), 4);
    assert_same(&anew, &keyed(&stack, &ada, "k", "{\"n\":2}").await);
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_are_one() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    for (key, config) in [("a", "{\"n\":2}"), ("b", "{\"n\":3}"), ("c", "{\"n\":4}")] {
        let before = stack.newest(&ada).await;
        let ((one, two), three) = tokio::join!(
            async { tokio::join!(keyed(&stack, &ada, key, config), keyed(&stack, &ada, key, config)) },
            keyed(&stack, &ada, key, config),
        );
        assert_same(&one, &two);
        assert_same(&one, &three);
        assert_eq!(stack.newest(&ada).await, before + 1);
    }
    // Also where a repeat could do harm: a snapshot is one snapshot.
    let headers = [("idempotency-key", "snap")];
    let (path, snap) = (under("snapshots"), "{}");
    let (one, two) = tokio::join!(
        stack.call(&ada, "POST", &path, &headers, snap),
        stack.call(&ada, "POST", &path, &headers, snap),
    );
    assert_same(&one.is(201), &two);
    assert_eq!(stack.listed(&ada, &path, "/name").await, ["v1"]);
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    let save = |condition: &'static str| {
        let headers = [("idempotency-key", "k"), ("if-match", condition)];
        let stack = &stack;
        let ada = &ada;
        async move { stack.put(ada, &headers, "{\"n\":2}").await }
    };
    save("\"9\"").await.is_problem(412, "version-mismatch");
    assert_eq!(save("\"1\"").await.is(200).at("/version"), 2);
}
