//! Transactions that are cancelled, for each of the reasons, and whose answers are lost.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::faults::{TRANSACT, at_the_deadline, begun, ben_saves, config, configs, keyed};
use crate::support::faults::{
    Faults, answer_lost, answer_lost_after, cancels, first, held_while, refuses, with_another_token,
};
use crate::support::stack::ENV;
use crate::support::{Person, Stack};

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
    assert_eq!(tokens(&faults).len(), 2, "it is not decided again");
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
    let different: HashSet<_> = tokens.iter().collect();
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
