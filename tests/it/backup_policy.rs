//! The backup policy: what is asked for, when the next backup is due, and what became of the last.

use serde_json::{Value, json};

use crate::support::steps::under;
use crate::support::{Answer, Person, Stack, time};

async fn set(stack: &Stack, person: &Person, policy: Value) -> Answer {
    stack.call(person, "PUT", &under("backup-policy"), &[], policy.to_string()).await
}

#[tokio::test]
async fn by_default_every_day_and_the_next_hour_brings_the_first() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let policy = stack.read(&ada, "backup-policy").await.is(200);
    assert_eq!(policy.at("/every"), "day");
    assert_eq!(policy.at("/keep"), json!({"daily": 7, "weekly": 5, "monthly": 12}));
    assert_eq!((policy.at("/set"), policy.at("/last")), (Value::Null, Value::Null));
    assert_eq!(policy.at("/next"), "2026-11-13T10:00:00.000Z");
}

#[tokio::test]
async fn the_last_result_and_the_next_time_are_shown() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1, 2]).await;
    stack.scheduled_backups(waymark::backup::hour_of(time::start())).await;
    let policy = stack.read(&ada, "backup-policy").await.is(200);
    assert_eq!(policy.at("/next"), "2026-11-14T00:00:00.000Z");
    assert_eq!(
        policy.at("/last"),
        json!({
            "ok": true,
            "scheduled": "2026-11-13T09:00:00.000Z",
            "at": "2026-11-13T09:14:00.000Z",
            "version": 2,
            "backups": ["d800.2026-11", "d70.2026-W46", "d14.2026-11-13"],
            "verified_at": "2026-11-13T09:14:00.000Z",
            "fault": null,
        })
    );
}

#[tokio::test]
async fn an_admin_sets_it_and_the_schedule_follows() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let policy = json!({"every": "week", "keep": {"daily": 0, "weekly": 2, "monthly": 0}});
    let answer = set(&stack, &ada, policy.clone()).await.is(200);
    assert_eq!(
        answer.at("/set"),
        json!({"at": "2026-11-13T09:14:00.000Z", "author": {"id": "ada", "name": "ada"}})
    );
    assert_eq!(stack.read(&ada, "backup-policy").await.text(), answer.text());
    stack.scheduled_backups(time::start()).await;
    assert_eq!(stack.backup_ids(&ada).await, ["d70.2026-W46"]);

    set(&stack, &ada, json!({"every": "off"})).await.is(200);
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/next"), Value::Null);
    let later = time::start() + jiff::SignedDuration::from_hours(24 * 40);
    assert_eq!(stack.scheduled_backups(later).await, 0);
    // The schedule's own memory outlives a change of the policy.
    set(&stack, &ada, json!({"every": "hour"})).await.is(200);
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/last/backups"), json!(["d70.2026-W46"]));
    assert_eq!(stack.scheduled_backups(later).await, 1);
}

#[tokio::test]
async fn only_an_admin_sets_it_and_a_viewer_may_look() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let off = json!({"every": "off"});
    for role in ["reader", "viewer", "editor", "publisher"] {
        let person = Person::new("bob", &format!("[crm/production:{role}]"));
        set(&stack, &person, off.clone()).await.is_problem(403, "forbidden");
        let read = stack.read(&person, "backup-policy").await;
        assert_eq!(read.status, if role == "reader" { 403 } else { 200 }, "{role}");
    }
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/every"), "day");
}

#[tokio::test]
async fn what_the_bucket_does_not_keep_is_refused_and_changes_nothing() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let day = |daily, weekly, monthly| json!({"every": "day", "keep": {"daily": daily, "weekly": weekly, "monthly": monthly}});
    set(&stack, &ada, day(1, 1, 1)).await.is_problem(404, "environment-not-found");
    stack.read(&ada, "backup-policy").await.is_problem(404, "environment-not-found");
    stack.save_each(&ada, [1]).await;
    for too_much in [day(8, 0, 0), day(0, 6, 0), day(0, 0, 13), day(0, 0, 0)] {
        let refused = set(&stack, &ada, too_much).await.is_problem(422, "invalid-name");
        assert_eq!(refused.at("/what"), "backup policy");
    }
    for malformed in
        [json!({}), json!({"every": "minute"}), json!({"every": "day", "until": 1}), day(-1, 0, 0)]
    {
        let refused = set(&stack, &ada, malformed.clone()).await;
        assert!(refused.status.is_client_error(), "{malformed}: {refused:?}");
    }
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/set"), Value::Null);
}

#[tokio::test]
async fn a_repeated_request_sets_it_once() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let path = under("backup-policy");
    let key: &[(&str, &str)] = &[("idempotency-key", "k1")];
    let first = stack.call(&ada, "PUT", &path, key, r#"{"every":"off"}"#).await.is(200);
    set(&stack, &ada, json!({"every": "hour"})).await.is(200);
    let again = stack.call(&ada, "PUT", &path, key, r#"{"every":"off"}"#).await.is(200);
    assert_eq!(first.text(), again.text());
    assert_eq!(stack.read(&ada, "backup-policy").await.at("/every"), "hour", "the repeat changed nothing");
}
