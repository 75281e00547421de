//! Checks that take more than they may.

use serde_json::{Value, json};
use waymark::Waymark;
use waymark::checks::Checks;

use super::set;
use crate::support::steps::under;
use crate::support::{Person, Stack};

/// Functions whose checks may take so many steps.
fn with_steps(stack: &mut Stack, to_publish: u64, to_warn: u64) {
    let checks = Checks::with_steps(to_publish, to_warn);
    stack.turn_to(Waymark { checks, ..stack.waymark.clone() });
}

/// `#1` and `#2`, both released, of 500 numbers each.
async fn two_releases(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    for n in [1, 2] {
        let saved = stack.save(ada, json!(vec![n; 500]).to_string()).await;
        assert!(saved.status.is_success(), "{saved:?}");
        stack.act(ada, "publish", json!({"version": "working"})).await.is(200);
    }
    set(&stack, ada, json!({"items": {"maximum": 1}})).await.is(200);
    stack
}

async fn passes(stack: &Stack, ada: &Person) -> Vec<Value> {
    stack.listed(ada, &under("snapshots"), "/passes").await
}

#[tokio::test]
async fn what_costs_too_much_to_check_is_not_published() {
    let ada = Person::admin("ada");
    let mut stack = two_releases(&ada).await;
    with_steps(&mut stack, 500, 500);
    stack.overwrite(&ada, json!(vec![0; 500]).to_string()).await.is(200);
    let newest = stack.newest(&ada).await;
    let refused = stack.act(&ada, "publish", json!({"version": "working"})).await;
    let refused = refused.is_problem(422, "check-too-costly");
    assert_eq!(refused.at("/reason"), "steps");
    assert_eq!(stack.newest(&ada).await, newest, "nothing was written");
    // With enough of them it is.
    with_steps(&mut stack, 50_000, 500);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
}

#[tokio::test]
async fn a_save_and_a_roll_back_that_cost_too_much_to_check_say_so() {
    let ada = Person::admin("ada");
    let mut stack = two_releases(&ada).await;
    with_steps(&mut stack, 50_000, 500);
    let saved = stack.overwrite(&ada, json!(vec![0; 500]).to_string()).await.is(200);
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    for answer in [saved, back] {
        let warnings = answer.at("/warnings");
        assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
        assert_eq!(warnings[0]["path"], "");
        assert!(warnings[0]["message"].as_str().unwrap().contains("could not be checked"), "{warnings}");
    }
    assert!(stack.users_see().await.0.starts_with("[1,"));
}

#[tokio::test]
async fn a_listing_does_not_take_what_it_did_not_find_out_for_no() {
    let ada = Person::admin("ada");
    let mut stack = two_releases(&ada).await;
    with_steps(&mut stack, 50_000, 500);
    // The first number of the newer one is too great; the older one passes, which takes more steps to see.
    assert_eq!(passes(&stack, &ada).await, [json!(false), Value::Null]);
    // It is not tried again: it would cost as much.
    stack.calls.take();
    assert_eq!(passes(&stack, &ada).await, [json!(false), Value::Null]);
    assert_eq!(stack.calls.take(), ["DynamoDB.GetItem", "DynamoDB.Query", "DynamoDB.Query"]);
    with_steps(&mut stack, 50_000, 50_000);
    assert_eq!(passes(&stack, &ada).await, [json!(false), json!(true)]);
}
