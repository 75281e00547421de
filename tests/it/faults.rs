//! Lost answers, late requests, conflicts: every outcome is settled, none is guessed.

use std::sync::Arc;

use http::Request;
use lambda_http::Context;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use waymark::clock::Clock;

use crate::support::faults::{
    Fault, Faults, answer_lost, answer_lost_after, cancels, first, held, held_while, refuses, then, unsent,
    with_another_token,
};
use crate::support::stack::{ENV, request};
use crate::support::{Answer, Person, Stack};

const PUT: &str = "PutItem";
const TRANSACT: &str = "TransactWriteItems";

fn config(text: &str) -> String {
    json!({ "title": text }).to_string()
}

/// A stack in which `one` was saved as #1.
async fn begun() -> (Arc<Stack>, Faults, Person) {
    let (stack, faults) = Faults::stack().await;
    let ada = Person::admin("ada");
    stack.save(&ada, config("one")).await.is(201);
    faults.take_seen(PUT);
    faults.take_seen(TRANSACT);
    (stack, faults, ada)
}

/// Saves for somebody else, for a fault to wait for.
fn ben_saves(stack: &Arc<Stack>, text: &str) -> impl Future<Output = ()> + Send + 'static {
    let (stack, text) = (Arc::clone(stack), config(text));
    async move {
        stack.overwrite(&Person::admin("ben"), text).await.is(200);
    }
}

/// Posts for somebody else, for a fault to wait for.
fn ben_posts(
    stack: &Arc<Stack>,
    path: &str,
    body: Value,
    status: u16,
) -> impl Future<Output = ()> + Send + use<> {
    let (stack, path) = (Arc::clone(stack), format!("{ENV}{path}"));
    async move {
        stack.post(&Person::admin("ben"), &path, body).await.is(status);
    }
}

/// The configs of all versions, oldest first.
async fn configs(stack: &Stack) -> Vec<String> {
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
async fn keyed(stack: &Stack, person: &Person, key: &str, text: &str) -> Answer {
    let headers = [("if-match", "*"), ("idempotency-key", key)];
    stack.call(person, "PUT", &format!("{ENV}/working"), &headers, config(text)).await
}

/// Sends a request whose time is up as soon as it begins: what is unclear after the first attempt stays so.
async fn at_the_deadline(
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
    assert_eq!(stack.overwrite(&ada, config("two")).await.is(200).at("/version"), 2);
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

/// The tokens of the transactions that were sent.
fn tokens(faults: &Faults) -> Vec<String> {
    let sent = faults.take_seen(TRANSACT);
    sent.iter().map(|body| body["ClientRequestToken"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_transaction_whose_answer_is_lost_is_repeated_identically() {
    let (stack, faults, ada) = begun().await;
    let snapshots = format!("{ENV}/snapshots");

    faults.next(TRANSACT, answer_lost());
    stack.post(&ada, &snapshots, json!({"name": "spring"})).await.is(201);
    let sent = faults.take_seen(TRANSACT);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));

    // Also where the store does not know the token any more: the entry that is there is ours.
    faults.next(TRANSACT, answer_lost_after(ben_saves(&stack, "three")));
    faults.next(TRANSACT, with_another_token());
    assert_eq!(stack.post(&ada, &snapshots, json!({"name": "summer"})).await.is(201).at("/version"), 3);
    // With an idempotency record, which is there as well by then.
    faults.next(TRANSACT, answer_lost());
    faults.next(TRANSACT, with_another_token());
    assert_eq!(keyed(&stack, &ada, "k-1", "five").await.is(200).at("/version"), 5);
    stack.assert_whole(5).await;
}

#[tokio::test]
async fn a_passing_conflict_repeats_the_transaction_identically() {
    let (stack, faults, ada) = begun().await;
    faults.next(TRANSACT, cancels(&["TransactionConflict", "None", "None"]));
    faults.next(TRANSACT, cancels(&["None", "ThrottlingError", "ProvisionedThroughputExceeded"]));
    faults.next(TRANSACT, refuses(400, "TransactionInProgressException"));
    faults.next(TRANSACT, refuses(500, "InternalServerError"));
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({})).await.is(201);
    let sent = faults.take_seen(TRANSACT);
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|body| *body == sent[0]), "the same items with the same token");
    stack.assert_whole(2).await;

    // Until the deadline: nothing was written, and that is said.
    faults.next(TRANSACT, cancels(&["TransactionConflict", "None", "None"]));
    let body = json!({}).to_string();
    let conflict = at_the_deadline(&stack, &ada, "POST", "/snapshots", &[], body).await;
    conflict.is_problem(503, "contention");
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn a_transaction_that_loses_the_race_is_decided_again_with_a_new_token() {
    let (stack, faults, ada) = begun().await;
    faults.next(TRANSACT, first(ben_saves(&stack, "two")));
    let made = stack.post(&ada, &format!("{ENV}/snapshots"), json!({})).await.is(201);
    assert_eq!((made.at("/version"), made.at("/subject/version")), (json!(3), json!(2)), "{made:?}");
    let tokens = tokens(&faults);
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    stack.assert_whole(3).await;
}

#[tokio::test]
async fn a_live_idempotency_record_counts_before_a_lost_race() {
    let (stack, faults, ada) = begun().await;
    // The same request twice at once: the other one lands while this one is on its way.
    let twin = Arc::clone(&stack);
    let (answered, answer) = oneshot::channel();
    faults.next(
        TRANSACT,
        first(async move {
            let first = keyed(&twin, &Person::admin("ada"), "k-1", "two").await.is(200);
            answered.send(first).unwrap();
            ben_saves(&twin, "three").await;
        }),
    );
    let second = keyed(&stack, &ada, "k-1", "two").await.is(200);
    assert_eq!(second.body, answer.await.unwrap().body);
    assert_eq!(configs(&stack).await, ["one", "two", "three"]);

    // Another request under the same key is refused, and not applied on the newer entry.
    let other = Arc::clone(&stack);
    faults.next(
        TRANSACT,
        first(async move {
            keyed(&other, &Person::admin("ada"), "k-2", "four").await.is(200);
        }),
    );
    keyed(&stack, &ada, "k-2", "not four").await.is_problem(422, "idempotency-key-reused");
    assert_eq!(configs(&stack).await, ["one", "two", "three", "four"]);
    stack.assert_whole(4).await;
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile() {
    let (stack, faults, ada) = begun().await;
    let path = format!("{ENV}/snapshots");

    // Both the version and the name are gone: the race is lost first, and the name is refused on the new head.
    faults.next(TRANSACT, first(ben_posts(&stack, "/snapshots", json!({"name": "spring"}), 201)));
    let taken = stack.post(&ada, &path, json!({"name": "spring"})).await;
    assert_eq!(taken.is_problem(409, "name-taken").at("/name"), "spring");
    assert_eq!(tokens(&faults).len(), 3, "ben's, the lost one, and the one on the new head");

    // Generated names go on to the next that is free.
    for name in ["v1", "v3"] {
        stack.post(&ada, &path, json!({"name": name})).await.is(201);
    }
    assert_eq!(stack.post(&ada, &path, json!({})).await.is(201).at("/name"), "v2");
    faults.next(TRANSACT, first(ben_posts(&stack, "/snapshots", json!({"name": "v4"}), 201)));
    faults.take_seen(TRANSACT);
    assert_eq!(stack.post(&ada, &path, json!({})).await.is(201).at("/name"), "v5");
    let tokens = tokens(&faults);
    let different: std::collections::HashSet<_> = tokens.iter().collect();
    assert_eq!(different.len(), tokens.len(), "every decision has a token of its own: {tokens:?}");
    stack.assert_whole(7).await;
}

#[tokio::test]
async fn many_taken_names_do_not_keep_a_generated_one_from_being_found() {
    let (stack, faults, ada) = begun().await;
    let path = format!("{ENV}/snapshots");
    for number in 1..=40 {
        stack.post(&ada, &path, json!({"name": format!("v{number}")})).await.is(201);
    }
    faults.take_seen(TRANSACT);
    assert_eq!(stack.post(&ada, &path, json!({})).await.is(201).at("/name"), "v41");
    assert_eq!(tokens(&faults).len(), 1, "names that were given in order are not tried again");
}

#[tokio::test]
async fn releases_that_are_switched_off_meanwhile_stop_a_publish() {
    let (stack, faults, ada) = begun().await;
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    let admin = Arc::clone(&stack);
    faults.next(
        TRANSACT,
        first(async move {
            let off = json!({"releases": false}).to_string();
            admin.call(&Person::admin("ben"), "PUT", &format!("{ENV}/settings"), &[], off).await.is(200);
        }),
    );
    let refused = stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "spring"})).await;
    refused.is_problem(403, "releases-off");
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn a_refusal_that_may_pass_settles_nothing_that_is_unclear() {
    let (stack, faults, ada) = begun().await;
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    let admin = Arc::clone(&stack);
    let switch = move |on: bool| {
        let admin = Arc::clone(&admin);
        async move {
            let body = json!({ "releases": on }).to_string();
            admin.call(&Person::admin("ben"), "PUT", &format!("{ENV}/settings"), &[], body).await.is(200);
        }
    };
    let (fault, late) = held_while(switch(false));
    faults.next(TRANSACT, fault);
    let answer = stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "spring"})).await;
    answer.is_problem(503, "outcome-unknown");
    // Had it been refused, it would be a lie now.
    switch(true).await;
    assert_eq!(late.deliver().await, 200);
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/live/name"), "spring");
    stack.assert_whole(3).await;
}

#[tokio::test]
async fn a_record_that_expires_on_the_way_still_gives_its_answer() {
    let (stack, faults, ada) = begun().await;
    // Two equal requests that change nothing, so that only their record stands between them.
    let (twin, clock) = (Arc::clone(&stack), Arc::clone(&stack.clock));
    faults.next(
        TRANSACT,
        first(async move {
            assert_eq!(
                keyed(&twin, &Person::admin("ada"), "k-1", "one").await.is(200).at("/unchanged"),
                true
            );
            clock.advance(jiff::SignedDuration::from_hours(25));
        }),
    );
    let headers = [("if-match", "*"), ("idempotency-key", "k-1")];
    let second = at_the_deadline(&stack, &ada, "PUT", "/working", &headers, config("one")).await.is(200);
    assert_eq!((second.at("/version"), second.at("/unchanged")), (json!(1), json!(true)));
}
