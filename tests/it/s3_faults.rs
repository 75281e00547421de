//! Keyframes over a bad line: what is stored is whole, or nothing is appended.

use std::sync::Arc;

use serde_json::json;

use crate::support::faults::{Faults, answer_lost, s3_refuses, unsent};
use crate::support::objects::Object;
use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack};

const PUT: &str = "PutObject";
const STAGING: &str = "/v1/apps/crm/envs/staging";

fn config(text: &str) -> String {
    json!({ "title": text, "query": "select * from customers" }).to_string()
}

async fn save_in(stack: &Stack, person: &Person, env: &str, text: &str) -> Answer {
    stack.call(person, "PUT", &format!("{env}/working"), &[], config(text)).await
}

/// A stack in which `one` was saved as #1 of production, met by functions that have just started.
async fn begun() -> (Stack, Faults, Person) {
    let (stack, faults) = Faults::stack().await;
    let ada = Person::admin("ada");
    save_in(&stack, &ada, ENV, "one").await.is(201);
    let mut stack = Arc::into_inner(stack).unwrap();
    stack.cold();
    stack.calls.take();
    faults.take_seen(PUT);
    (stack, faults, ada)
}

/// The only keyframe.
fn object(stack: &Stack) -> Object {
    let sha256 = waymark::hash::Sha256::of(config("one").as_bytes());
    stack.keyframe(&sha256.to_string())
}

async fn reads_as(stack: &mut Stack, person: &Person, env: &str, text: &str) {
    stack.cold();
    assert_eq!(stack.get(person, &format!("{env}/working"), &[]).await.is(200).text(), config(text));
}

#[tokio::test]
async fn a_keyframe_that_is_there_already_is_a_success() {
    let (mut stack, _, ada) = begun().await;
    save_in(&stack, &ada, STAGING, "one").await.is(201);
    let calls = stack.calls.take();
    assert!(calls.contains(&"S3.HeadObject".to_owned()), "its size is compared: {calls:?}");
    assert!(!calls.contains(&"S3.GetObject".to_owned()), "that is enough: {calls:?}");
    reads_as(&mut stack, &ada, STAGING, "one").await;
}

#[tokio::test]
async fn a_damaged_keyframe_that_is_there_already_is_mended() {
    let (mut stack, _, ada) = begun().await;
    stack.alter(&object(&stack), b"nothing that zstd knows".to_vec()).await;
    save_in(&stack, &ada, STAGING, "one").await.is(201);
    // For both who refer to it.
    reads_as(&mut stack, &ada, STAGING, "one").await;
    reads_as(&mut stack, &ada, ENV, "one").await;
}

#[tokio::test]
async fn a_conflict_with_another_put_is_tried_again() {
    let (mut stack, faults, ada) = begun().await;
    for _ in 0..2 {
        faults.next(PUT, s3_refuses(409, "ConditionalRequestConflict"));
    }
    save_in(&stack, &ada, STAGING, "two").await.is(201);
    reads_as(&mut stack, &ada, STAGING, "two").await;
}

#[tokio::test]
async fn a_lost_answer_of_a_put_is_a_success() {
    let (mut stack, faults, ada) = begun().await;
    faults.next(PUT, answer_lost());
    save_in(&stack, &ada, STAGING, "two").await.is(201);
    assert_eq!(faults.take_seen(PUT).len(), 2, "the repeat finds it there");
    reads_as(&mut stack, &ada, STAGING, "two").await;
}

#[tokio::test]
async fn without_s3_nothing_is_appended() {
    let (stack, faults, ada) = begun().await;
    let downs: [fn() -> _; 3] =
        [unsent, || s3_refuses(503, "SlowDown"), || s3_refuses(409, "ConditionalRequestConflict")];
    for down in downs {
        faults.always(PUT, down);
        let refused = save_in(&stack, &ada, STAGING, "two").await;
        assert_eq!(refused.is_problem(503, "storage-unavailable").header("retry-after"), "2");
        stack.get(&ada, STAGING, &[]).await.is_problem(404, "environment-not-found");
    }
    faults.mend(PUT);

    // Nor is a keyframe that cannot be fetched taken for one that is damaged, and written over.
    for down in [unsent, || s3_refuses(500, "InternalError")] {
        faults.always("GetObject", down);
        stack.overwrite(&ada, config("two")).await.is_problem(503, "storage-unavailable");
        stack.get(&ada, &format!("{ENV}/working"), &[]).await.is_problem(503, "storage-unavailable");
    }
    faults.mend("GetObject");
    stack.assert_whole(1).await;
    stack.overwrite(&ada, config("two")).await.is(200);
    stack.assert_whole(2).await;
}
