//! Checks before publish: an environment's JSON Schema refuses a publish, and warns of the rest.

mod costly;
mod during;
mod schema;

use serde_json::{Value, json};

use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

/// Sets the schema of `crm/production`.
async fn set(stack: &Stack, person: &Person, schema: Value) -> Answer {
    let body = json!({ "schema": schema }).to_string();
    stack.call(person, "PUT", &under("settings"), &[], body).await
}

/// A schema by which `n` is a number of at most this size.
fn at_most(n: u64) -> Value {
    json!({ "required": ["n"], "properties": { "n": { "type": "number", "maximum": n } } })
}

/// An environment with the configs `{"n":1}` … `{"n":3}` as `a`, `b` and `c`; `a` and `c` are releases, `c` is live.
async fn releases(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    for (n, name) in [(1, "a"), (2, "b"), (3, "c")] {
        stack.save_each(ada, [n]).await;
        stack.act(ada, "snapshots", json!({ "name": name })).await.is(201);
    }
    for name in ["a", "c"] {
        stack.act(ada, "publish", json!({ "snapshot": name })).await.is(200);
    }
    stack
}

#[tokio::test]
async fn a_publish_that_fails_is_refused_and_says_where() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack
        .save(&ada, "{\"n\": 7, \"pages\": [{\"title\": \"Start\", \"secret\": \"hunter2\"}]}")
        .await
        .is(201);
    stack.act(&ada, "snapshots", json!({"name": "bad"})).await.is(201);
    let schema = json!({
        "properties": {
            "n": { "maximum": 5 },
            "pages": { "items": { "properties": { "secret": { "type": "string", "maxLength": 3 } } } },
        },
    });
    set(&stack, &ada, schema).await.is(200);
    let refused = stack.act(&ada, "publish", json!({"version": 1})).await.is_problem(422, "check-failed");
    insta::assert_json_snapshot!("check_failed", refused.json());
    assert!(!refused.text().contains("hunter2"));
    stack.act(&ada, "publish", json!({"snapshot": "bad"})).await.is_problem(422, "check-failed");
    assert_eq!(stack.newest(&ada).await, 2);

    // What passes is published, with a condition on the schema; and what is live stays so, whatever the schema.
    stack.save(&ada, "{\"n\": 5}").await.is(200);
    stack.act(&ada, "publish", json!({"version": 3})).await.is(200);
    set(&stack, &ada, at_most(0)).await.is(200);
    let same = stack.act(&ada, "publish", json!({"version": 3})).await.is(200);
    assert_eq!(same.at("/unchanged"), true);
    assert_eq!(stack.users_see().await, ("{\"n\": 5}".to_owned(), "v1".to_owned()));
    // Without a schema everything is as before.
    set(&stack, &ada, Value::Null).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "bad"})).await.is(200);
}

#[tokio::test]
async fn a_refusal_lists_at_most_fifty() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, json!(vec![7; 200]).to_string()).await.is(201);
    set(&stack, &ada, json!({"items": {"maximum": 1}})).await.is(200);
    let refused = stack.act(&ada, "publish", json!({"version": 1})).await.is_problem(422, "check-failed");
    let failures = refused.at("/failures");
    assert_eq!((failures.as_array().unwrap().len(), refused.at("/more")), (50, json!(true)));
    assert_eq!(failures[49]["path"], "/49");
}

#[tokio::test]
async fn whatever_a_config_may_hold_is_checked() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{\"n\": 1e400}").await.is(201);
    set(&stack, &ada, at_most(5)).await.is(200);
    let refused = stack.act(&ada, "publish", json!({"version": 1})).await.is_problem(422, "check-failed");
    assert_eq!(refused.at("/failures/0/path"), "/n");
    let saved = stack.save(&ada, "{\"n\": -1e400, \"half\": \"\\udead\"}").await.is(200);
    assert_eq!(saved.at("/warnings"), json!([]));
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
}

#[tokio::test]
async fn saves_are_warned_and_never_refused() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let first = stack.save(&ada, "{\"n\":1}").await.is(201);
    assert_eq!(first.at("/warnings"), Value::Null, "no schema, no word of it");
    set(&stack, &ada, at_most(5)).await.is(200);
    stack.seconds_pass(30);
    let fine = stack.save(&ada, "{\"n\":2}").await.is(200);
    assert_eq!(fine.at("/warnings"), json!([]));
    let bad = stack.save(&ada, "{\"n\":9}").await.is(200);
    assert_eq!(
        bad.at("/warnings"),
        json!([{"path": "/n", "label": "n", "message": "value is greater than the maximum of 5"}])
    );
    let headers = [("content-type", "application/merge-patch+json"), ("idempotency-key", "k")];
    let working = under("working");
    let patch = |body: &'static str| stack.call(&ada, "PATCH", &working, &headers, body);
    let patched = patch("{\"n\":\"x\"}").await.is(200);
    assert_eq!(patched.at("/warnings/0/message"), "value is not of type \"number\"");
    assert_eq!(patch("{\"n\":\"x\"}").await.json(), patched.json(), "a repeat is warned as well");
    assert_eq!(stack.newest(&ada).await, 4);
    // In half a minute every function knows of another schema.
    set(&stack, &ada, Value::Null).await.is(200);
    stack.seconds_pass(30);
    assert_eq!(stack.save(&ada, "{\"n\":8}").await.is(200).at("/warnings"), Value::Null);
}

#[tokio::test]
async fn roll_backs_are_warned_and_never_refused() {
    let ada = Person::admin("ada");
    let stack = releases(&ada).await;
    set(&stack, &ada, json!({"properties": {"n": {"minimum": 2}}})).await.is(200);
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(back.at("/name"), "a");
    assert_eq!(
        back.at("/warnings"),
        json!([{"path": "/n", "label": "n", "message": "value is less than the minimum of 2"}])
    );
    assert_eq!(stack.users_see().await.1, "a");
    let forward = stack.act(&ada, "rollback", json!({"to": "c"})).await.is(200);
    assert_eq!(forward.at("/warnings"), json!([]));
    // By a config that is lost alone, which users could not get.
    let sha256 = waymark::hash::Sha256::of(b"{\"n\":1}").to_string();
    stack.lose(&stack.keyframe(&sha256)).await;
    let mut stack = stack;
    stack.cold();
    stack.act(&ada, "rollback", json!({})).await.is_problem(500, "config-damaged");
    assert_eq!(stack.users_see().await.1, "c");
    set(&stack, &ada, Value::Null).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "b"})).await.is(200);
    assert_eq!(stack.act(&ada, "rollback", json!({"to": "c"})).await.is(200).at("/warnings"), Value::Null);
}

#[tokio::test]
async fn releases_that_no_longer_pass_are_marked() {
    let ada = Person::admin("ada");
    let mut stack = releases(&ada).await;
    let passes = async |stack: &Stack| -> Vec<(Value, Option<Value>)> {
        let listed = stack.read(&ada, "snapshots").await.is(200);
        let items = listed.at("/items");
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["name"].clone(), item.get("passes").cloned()))
            .collect()
    };
    let expected = |c: Option<bool>, a: Option<bool>| {
        // `b` was never published.
        [("c", c), ("b", None), ("a", a)]
            .map(|(name, passes)| (json!(name), passes.map(Value::from)))
            .to_vec()
    };
    assert_eq!(passes(&stack).await, expected(None, None));
    set(&stack, &ada, at_most(2)).await.is(200);
    assert_eq!(passes(&stack).await, expected(Some(false), Some(true)));
    set(&stack, &ada, at_most(3)).await.is(200);
    assert_eq!(passes(&stack).await, expected(Some(true), Some(true)));
    // What is known is not found out again.
    stack.calls.take();
    passes(&stack).await;
    let calls = stack.calls.take();
    assert_eq!(calls, ["DynamoDB.GetItem", "DynamoDB.Query", "DynamoDB.Query"]);
    // A release that is damaged is none to go back to.
    let sha256 = waymark::hash::Sha256::of(b"{\"n\":1}").to_string();
    stack.lose(&stack.keyframe(&sha256)).await;
    stack.cold();
    set(&stack, &ada, at_most(4)).await.is(200);
    assert_eq!(passes(&stack).await, expected(Some(true), Some(false)));
}

#[tokio::test]
async fn a_page_of_many_releases_checks_some() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    for n in 1..=25 {
        stack.save_each(&ada, [n]).await;
        stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    }
    set(&stack, &ada, at_most(24)).await.is(200);
    let known = stack.listed(&ada, &under("snapshots?limit=25"), "/passes").await;
    assert_eq!(known[0], false, "the newest first");
    assert_eq!(known[1..20], vec![json!(true); 19]);
    assert_eq!(known[20..], vec![Value::Null; 5], "left open, not guessed");
    // The next look goes on.
    let known = stack.listed(&ada, &under("snapshots?limit=25"), "/passes").await;
    assert_eq!(known[1..], vec![json!(true); 24]);
}
