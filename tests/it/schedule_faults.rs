//! What goes wrong with scheduled backups: damage is found, reported and mended; a worker that dies loses nothing.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::faults::{Faults, answer_lost, unsent};
use crate::support::schedule::TestQueue;
use crate::support::{Person, Stack, time};

fn day(day: i64) -> jiff::Timestamp {
    time::start() + SignedDuration::from_hours(24 * day)
}

#[tokio::test]
async fn a_flipped_bit_is_reported_by_the_next_proof_and_a_new_backup_is_taken() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(day(0)).await;
    stack.flip(&stack.backup_object(&stack.backup_objects().await[0])).await;
    // Within a week the object stands for the unchanged state unread.
    stack.scheduled_backups(day(6)).await;
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/last/fault"), json!(null));
    stack.seconds_pass(7 * 24 * 3600);
    stack.scheduled_backups(day(7)).await;

    let last = stack.read(&ada, "backup-policy").await.is(200).at("/last");
    assert_eq!(last["ok"], true, "{last}");
    let fault = last["fault"].as_str().unwrap();
    assert!(fault.starts_with("backup d800.2026-11 was damaged, and a new one was taken: "), "{fault}");
    // Everything that shared the object is marked, and what was taken since is whole.
    for (id, ok) in [("d800.2026-11", false), ("d14.2026-11-13", false), ("d14.2026-11-20", true)] {
        let shown = stack.read(&ada, &format!("backups/{id}")).await.is(200);
        assert_eq!(shown.at("/fault").is_null(), ok, "{id}: {shown:?}");
        let verified = stack.act(&ada, &format!("backups/{id}/verify"), json!({})).await.is(200);
        assert_eq!(verified.at("/ok"), ok, "{id}");
    }
    let listed = stack.read(&ada, "backups").await.is(200);
    let marked =
        listed.at("/items").as_array().unwrap().iter().filter(|item| !item["fault"].is_null()).count();
    assert_eq!(marked, 5, "the month's, the first week's and day's, and those of the 19th: {listed:?}");
}

#[tokio::test]
async fn what_verifying_one_shows_is_told_of_all_that_share_its_object() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(day(0)).await;
    stack.flip(&stack.backup_object(&stack.backup_objects().await[0])).await;
    stack.act(&ada, "backups/d14.2026-11-13/verify", json!({})).await.is(200);
    for id in ["d800.2026-11", "d70.2026-W46", "d14.2026-11-13"] {
        let shown = stack.read(&ada, &format!("backups/{id}")).await.is(200);
        assert!(shown.at("/fault").is_string(), "{id}: {shown:?}");
    }
    let faults = stack.listed(&ada, &crate::support::steps::under("backups"), "/fault").await;
    assert!(faults.iter().all(serde_json::Value::is_string), "{faults:?}");
}

#[tokio::test]
async fn a_whole_object_is_proven_again_once_a_week() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let mut read = Vec::new();
    for number in 0..22 {
        stack.calls.take();
        stack.scheduled_backups(day(number)).await;
        if stack.calls.take().contains(&"S3.GetObject".to_owned()) {
            read.push(number);
        }
        stack.seconds_pass(24 * 3600);
    }
    assert_eq!(read, [0, 7, 14, 21]);
    let shown = stack.read(&ada, "backups/d14.2026-12-04").await.is(200);
    assert_eq!(shown.at("/verified_at"), "2026-12-04T09:14:00.000Z");
    assert_eq!(stack.backup_objects().await.len(), 1, "it stands for December, too");
}

#[tokio::test]
async fn an_object_that_is_damaged_before_it_is_proven_does_not_count() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(day(0)).await;
    let key = stack.backup_objects().await.remove(0);
    // What lies where the next month's backup belongs is no whole backup.
    stack.flip(&stack.backup_object(&key)).await;
    let in_the_way = key.replace("2026-11", "2026-12");
    stack.copy_backup(&key, &in_the_way).await;
    stack.lose(&stack.backup_object(&key)).await;
    stack.save_each(&ada, [2]).await;
    stack.scheduled_backups("2026-12-01T00:00:00Z".parse().unwrap()).await;

    let last = stack.read(&ada, "backup-policy").await.at("/last");
    assert_eq!(last["ok"], true, "{last}");
    assert!(last["fault"].as_str().unwrap().contains("backup d800.2026-12 was not proven"), "{last}");
    let shown = stack.read(&ada, "backups/d800.2026-12").await.is(200);
    assert_eq!(shown.at("/same_as"), "d800.2026-12-2");
    assert_eq!(stack.document(&ada, "d800.2026-12").await["config"], "{\"n\":2}");
}

#[tokio::test]
async fn an_older_state_in_the_way_is_not_taken_for_todays() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(day(0)).await;
    let key = stack.backup_objects().await.remove(0);
    let in_the_way = |number: &str| key.replace("2026-11", &format!("2026-12{number}"));
    for number in ["", "-2", "-3", "-4", "-5"] {
        stack.copy_backup(&key, &in_the_way(number)).await;
    }
    stack.save_each(&ada, [2]).await;
    let (queue, december) = (TestQueue::default(), "2026-12-01T00:00:00Z".parse().unwrap());
    stack.tick(&queue, december).await;
    assert_eq!(queue.deliver(&stack).await, 1);
    let last = stack.read(&ada, "backup-policy").await.at("/last");
    assert_eq!(last["ok"], false, "{last}");
    assert!(last["fault"].as_str().unwrap().contains("none of them holds the present state"), "{last}");

    stack.lose(&stack.backup_object(&in_the_way("-5"))).await;
    stack.scheduled_backups(december).await;
    let last = stack.read(&ada, "backup-policy").await.at("/last");
    assert_eq!((&last["ok"], &last["version"]), (&json!(true), &json!(2)), "{last}");
    let shown = stack.read(&ada, "backups/d14.2026-12-01").await.is(200);
    assert_eq!(shown.at("/same_as"), "d800.2026-12-5");
    assert_eq!(stack.document(&ada, "d14.2026-12-01").await["config"], "{\"n\":2}");
    // The older ones are listed for what they are.
    for id in ["d800.2026-12", "d800.2026-12-4"] {
        assert_eq!(stack.read(&ada, &format!("backups/{id}")).await.is(200).at("/same_as"), Value::Null);
        assert_eq!(stack.document(&ada, id).await["config"], "{\"n\":1}", "{id}");
    }
}

#[tokio::test]
async fn a_config_that_cannot_be_read_is_reported_and_stays_due() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let sha256 = stack.read(&ada, "versions/1").await.at("/sha256");
    let keyframe = stack.keyframe(sha256.as_str().unwrap());
    let whole = stack.stored(&keyframe).await;
    stack.alter(&keyframe, b"nonsense".to_vec()).await;
    stack.cold();
    let queue = TestQueue::default();
    stack.tick(&queue, day(0)).await;
    assert_eq!(queue.deliver(&stack).await, 1);
    let policy = stack.read(&ada, "backup-policy").await.is(200);
    assert_eq!(policy.at("/last/ok"), false);
    assert!(
        policy.at("/last/fault").as_str().unwrap().contains("version 1 cannot be read safely"),
        "{policy:?}"
    );
    assert_eq!(policy.at("/next"), "2026-11-13T10:00:00.000Z", "it is tried again in an hour");
    stack.alter(&keyframe, whole).await;
    assert_eq!(stack.scheduled_backups(day(0)).await, 1);
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/last/ok"), true);
}

/// A stack with thirty environments, half of which have changed since the backup of day 0, due on day 1.
async fn due() -> (Arc<Stack>, Faults, TestQueue, Person) {
    let (stack, faults) = Faults::stack().await;
    let ada = Person::admin("ada");
    let put = async |number: u32, config: String| {
        let path = format!("/v1/apps/crm/envs/e{number}/working");
        let saved = stack.call(&ada, "PUT", &path, &[("if-match", "*")], config).await;
        if saved.status == 412 {
            stack.call(&ada, "PUT", &path, &[], "{}").await.is(201);
        }
    };
    for number in 0..30 {
        put(number, "{}".to_owned()).await;
    }
    stack.scheduled_backups(day(0)).await;
    for number in 0..15 {
        put(number, format!("{{\"n\":{number}}}")).await;
    }
    let queue = TestQueue::default();
    assert_eq!(stack.tick(&queue, day(1)).await, 30);
    (stack, faults, queue, ada)
}

/// Every environment has its backup of day 1, with its config of then, whole; no object is there twice.
async fn nothing_is_lost(stack: &Stack, ada: &Person) {
    for number in 0..30 {
        let env = format!("/v1/apps/crm/envs/e{number}");
        let id = "d14.2026-11-14";
        let verified = stack.post(ada, &format!("{env}/backups/{id}/verify"), json!({})).await.is(200);
        assert_eq!(verified.at("/ok"), true, "{env}");
        let version = if number < 15 { 2 } else { 1 };
        assert_eq!(verified.at("/compared/version"), version, "{env}");
    }
    assert_eq!(stack.backup_objects().await.len(), 45);
}

#[tokio::test]
async fn a_worker_that_dies_half_way_loses_none() {
    let (stack, _, queue, ada) = due().await;
    // It ends at a different place each time: with the batch in hand, after so many turns of the executor.
    for turns in [1, 3, 8, 15, 25, 40, 60] {
        let mut delivery = Box::pin(queue.deliver(&stack));
        for _ in 0..turns {
            tokio::select! {
                biased;
                _ = &mut delivery => break,
                () = tokio::task::yield_now() => {}
            }
        }
    }
    queue.deliver_all(&stack).await;
    nothing_is_lost(&stack, &ada).await;
}

#[tokio::test]
async fn at_whichever_call_it_fails_the_next_delivery_goes_on() {
    for operation in ["Query", "GetObject", "PutObject", "TransactWriteItems"] {
        for lost in [false, true] {
            let (stack, faults, queue, ada) = due().await;
            faults.always(operation, move || if lost { answer_lost() } else { unsent() });
            let failed = queue.deliver(&stack).await;
            assert!(failed > 0, "{operation}: nothing failed");
            faults.mend(operation);
            queue.deliver_all(&stack).await;
            nothing_is_lost(&stack, &ada).await;
        }
    }
}
