//! Lost answers, late requests, conflicts: every outcome is settled, none is guessed.

use std::sync::Arc;

use http::Request;
use lambda_http::Context;
use serde_json::json;
use tokio::sync::oneshot;
use waymark::clock::Clock;

use crate::support::faults::{
    Fault, Faults, answer_lost, answer_lost_after, first, held, held_while, refuses, then, unsent,
};
use crate::support::stack::{ENV, request};
use crate::support::{Answer, Person, Stack};

const PUT: &str = "PutItem";
pub(crate) const TRANSACT: &str = "TransactWriteItems";

pub(crate) fn config(text: &str) -> String {
    json!({ "title": text }).to_string()
}

/// A stack in which `one` was saved as #1.
pub(crate) async fn begun() -> (Arc<Stack>, Faults, Person) {
    let (stack, faults) = Faults::stack().await;
    let ada = Person::admin("ada");
    stack.save(&ada, config("one")).await.is(201);
    faults.take_seen(PUT);
    faults.take_seen(TRANSACT);
    (stack, faults, ada)
}

/// Saves for somebody else, for a fault to wait for.
pub(crate) fn ben_saves(stack: &Arc<Stack>, text: &str) -> impl Future<Output = ()> + Send + 'static {
    let (stack, text) = (Arc::clone(stack), config(text));
    async move {
        stack.overwrite(&Person::admin("ben"), text).await.is(200);
    }
}

/// The configs of all versions, oldest first.
pub(crate) async fn configs(stack: &Stack) -> Vec<String> {
    let ada = Person::admin("ada");
    let head = stack.get(&ada, ENV, &[]).await.is(200).at("/working/version").as_u64().unwrap();
    let mut found = Vec::new();
    for version in 1..=head {
        let config = stack.get(&ada, &format!("{ENV}/versions/{version}/config"), &[]).await.is(200);
        found.push(config.at("/title").as_str().unwrap().to_owned());
    }
    found
}

/// Overwrites with an idempotency key.
pub(crate) async fn keyed(stack: &Stack, person: &Person, key: &str, text: &str) -> Answer {
    let headers = [("if-match", "*"), ("idempotency-key", key)];
    stack.call(person, "PUT", &format!("{ENV}/working"), &headers, config(text)).await
}

/// Sends a request whose time is up as soon as it begins: what is unclear after the first attempt stays so.
pub(crate) async fn at_the_deadline(
    stack: &Stack,
    person: &Person,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    let mut request: Request<_> = request(method, &format!("{ENV}{path}"), &headers, body.into());
    let mut context = Context::default();
    context.deadline = u64::try_from(stack.clock.now().as_millisecond()).unwrap();
    request.extensions_mut().insert(context);
    stack.send(person, request).await
}

#[tokio::test]
async fn a_lost_answer_is_found_to_be_a_success() {
    let (stack, faults, ada) = begun().await;
    faults.next(PUT, answer_lost());
    let saved = stack.overwrite(&ada, config("two")).await.is(200);
    assert_eq!((saved.at("/version"), saved.at("/unchanged")), (json!(2), json!(false)));
    let sent = faults.take_seen(PUT);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "the repeat is the identical write");
    assert_eq!(configs(&stack).await, ["one", "two"]);
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn a_lost_answer_is_a_success_also_when_others_have_gone_on() {
    let (stack, faults, ada) = begun().await;
    faults.next(PUT, answer_lost_after(ben_saves(&stack, "three")));
    let saved = stack.overwrite(&ada, config("two")).await.is(200);
    assert_eq!((saved.at("/version"), saved.at("/author/id")), (json!(2), json!("ada")));
    assert_eq!(configs(&stack).await, ["one", "two", "three"]);
    stack.assert_whole(3).await;
}

#[tokio::test]
async fn a_request_that_arrives_late_appends_nothing_more() {
    // After our own repeat, and another writer's save.
    let (stack, faults, ada) = begun().await;
    let (fault, late) = held();
    faults.next(PUT, fault);
    assert_eq!(stack.overwrite(&ada, config("two")).await.is(200).at("/version"), 2);
    ben_saves(&stack, "three").await;
    assert_eq!(late.deliver().await, 400);
    assert_eq!(configs(&stack).await, ["one", "two", "three"]);

    // After another writer has taken the version.
    let (fault, late) = held_while(ben_saves(&stack, "four"));
    faults.next(PUT, fault);
    assert_eq!(stack.overwrite(&ada, config("five")).await.is(200).at("/version"), 5);
    assert_eq!(late.deliver().await, 400);
    assert_eq!(configs(&stack).await, ["one", "two", "three", "four", "five"]);

    // A transaction too.
    let (fault, late) = held_while(ben_saves(&stack, "six"));
    faults.next(TRANSACT, fault);
    assert_eq!(keyed(&stack, &ada, "k", "seven").await.is(200).at("/version"), 7);
    assert_eq!(late.deliver().await, 400);
    assert_eq!(configs(&stack).await, ["one", "two", "three", "four", "five", "six", "seven"]);
    stack.assert_whole(7).await;
}

#[tokio::test]
async fn what_was_not_written_is_written_again() {
    let (stack, faults, ada) = begun().await;
    let passing: [Fault; 5] = [
        unsent(),
        faults.hangs(),
        refuses(500, "InternalServerError"),
        refuses(400, "ProvisionedThroughputExceededException"),
        refuses(400, "TransactionConflictException"),
    ];
    for fault in passing {
        faults.next(PUT, fault);
    }
    assert_eq!(stack.overwrite(&ada, config("two")).await.is(200).at("/version"), 2);
    let sent = faults.take_seen(PUT);
    assert_eq!(sent.len(), 6);
    assert!(sent.iter().all(|body| *body == sent[0]), "every repeat is the identical write");
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn an_outcome_that_stays_unclear_is_said_to_be_so() {
    for fault in [answer_lost, unsent] {
        let (stack, faults, ada) = begun().await;
        let headers = [("if-match", "\"1\""), ("idempotency-key", "k-1")];
        faults.next(TRANSACT, fault());
        let unclear = at_the_deadline(&stack, &ada, "PUT", "/working", &headers, config("two")).await;
        assert_eq!(unclear.is_problem(503, "outcome-unknown").header("retry-after"), "2");

        // Whether it was saved or not: the same request again gives the answer, and saves once.
        let path = format!("{ENV}/working");
        let answer = stack.call(&ada, "PUT", &path, &headers, config("two")).await.is(200);
        assert_eq!((answer.at("/version"), answer.header("waymark-version")), (json!(2), "2"));
        let again = stack.call(&ada, "PUT", &path, &headers, config("two")).await.is(200);
        assert_eq!(again.body, answer.body);
        let other = stack.call(&ada, "PUT", &path, &headers, config("three")).await;
        other.is_problem(422, "idempotency-key-reused");
        assert_eq!(configs(&stack).await, ["one", "two"]);
        stack.assert_whole(2).await;
    }
}

#[tokio::test]
async fn without_a_key_an_unclear_save_is_said_to_be_so() {
    let (stack, faults, ada) = begun().await;
    faults.next(PUT, answer_lost());
    let headers = [("if-match", "*")];
    let unclear = at_the_deadline(&stack, &ada, "PUT", "/working", &headers, config("two")).await;
    unclear.is_problem(503, "outcome-unknown");

    // A request that was surely not written is no unclear one.
    faults.next(PUT, refuses(400, "ThrottlingException"));
    let held_off = at_the_deadline(&stack, &ada, "PUT", "/working", &headers, config("three")).await;
    assert_eq!(held_off.is_problem(503, "contention").header("retry-after"), "1");
    // One that was refused for good neither.
    faults.next(PUT, refuses(400, "AccessDeniedException"));
    stack.overwrite(&ada, config("four")).await.is_problem(500, "internal");
    // Unless an attempt before it may have been written.
    faults.next(PUT, unsent());
    faults.next(PUT, refuses(400, "AccessDeniedException"));
    stack.overwrite(&ada, config("five")).await.is_problem(503, "outcome-unknown");
    assert_eq!(configs(&stack).await, ["one", "two"]);
}

#[tokio::test]
async fn a_first_attempt_that_lands_during_the_second_is_answered_not_refused() {
    let (stack, faults, ada) = begun().await;
    let headers = [("if-match", "\"1\""), ("idempotency-key", "k-1")];
    let (fault, late) = held();
    faults.next(TRANSACT, fault);
    let unclear = at_the_deadline(&stack, &ada, "PUT", "/working", &headers, config("two")).await;
    unclear.is_problem(503, "outcome-unknown");

    // The client repeats. Its record is looked for, then the first attempt lands, then the newest entry is read:
    // that is #2 now, which the request does not build on, since it made it.
    let (looked, was_looked) = oneshot::channel();
    faults.next("GetItem", then(async { looked.send(()).unwrap() }));
    faults.next(
        "Query",
        first(async {
            was_looked.await.unwrap();
            assert_eq!(late.deliver().await, 200);
        }),
    );
    let answer = stack.call(&ada, "PUT", &format!("{ENV}/working"), &headers, config("two")).await.is(200);
    assert_eq!((answer.at("/version"), answer.at("/author/id")), (json!(2), json!("ada")));
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn a_save_that_is_done_is_not_said_to_have_failed() {
    let (stack, faults, ada) = begun().await;
    let (base, theirs) = (json!({ "a": 1, "b": 1 }), json!({ "a": 1, "b": 2 }));
    stack.overwrite(&ada, base.to_string()).await.is(200);
    stack.overwrite(&ada, theirs.to_string()).await.is(200);
    // Whatever is read behind the version that it builds on (and the record of its key) cannot be read.
    let no_more_than = |read: usize| {
        (0..read).for_each(|_| faults.next("GetItem", first(async {})));
        (0..8).for_each(|_| faults.next("GetItem", refuses(500, "InternalServerError")));
    };
    no_more_than(1);
    let ours = json!({ "a": 2, "b": 1 }).to_string();
    let headers = [("waymark-base", "2"), ("idempotency-key", "k-1")];
    let merged = stack.put(&ada, &headers[..1], ours.clone()).await.is(200);
    assert_eq!((merged.at("/version"), merged.at("/config")), (json!(4), json!({ "a": 2, "b": 2 })));

    // A repeat has to read what was merged then.
    let (stack, faults, ada) = begun().await;
    stack.overwrite(&ada, base.to_string()).await.is(200);
    stack.overwrite(&ada, theirs.to_string()).await.is(200);
    let merged = stack.put(&ada, &headers, ours.clone()).await.is(200);
    faults.next("GetItem", first(async {}));
    (0..8).for_each(|_| faults.next("GetItem", refuses(500, "InternalServerError")));
    let again = stack.put(&ada, &headers, ours).await.is(200);
    assert_eq!((again.at("/version"), again.at("/config")), (merged.at("/version"), json!(null)));
    stack.assert_whole(4).await;
}

#[tokio::test]
async fn a_full_disk_says_so_and_has_changed_nothing() {
    let (stack, faults, ada) = begun().await;
    for operation in [PUT, TRANSACT] {
        faults.always(operation, || refuses(507, "StorageFull"));
    }
    stack.overwrite(&ada, config("two")).await.is_problem(507, "storage-full");
    keyed(&stack, &ada, "key", "two").await.is_problem(507, "storage-full");
    for operation in [PUT, TRANSACT] {
        assert_eq!(faults.take_seen(operation).len(), 1, "room does not come back by asking again");
        faults.mend(operation);
    }
    stack.assert_whole(1).await;
    stack.overwrite(&ada, config("two")).await.is(200);
    faults.always("PutObject", || crate::support::faults::s3_refuses(507, "StorageFull"));
    let other = "/v1/apps/crm/envs/staging/working";
    stack.call(&ada, "PUT", other, &[], config("three")).await.is_problem(507, "storage-full");
    faults.mend("PutObject");
    stack.assert_whole(2).await;
}
