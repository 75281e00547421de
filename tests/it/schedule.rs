//! Scheduled backups: what an event brings, what it costs, and how often it may come.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::schedule::TestQueue;
use crate::support::steps::under;
use crate::support::{Person, Stack, time};

const QUERY: &str = "DynamoDB.Query";
const TRANSACT: &str = "DynamoDB.TransactWriteItems";
const GET: &str = "S3.GetObject";
const PUT: &str = "S3.PutObject";

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_makes_one_backup() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{ \"n\": 1.0 }").await.is(201);
    let (queue, time) = (TestQueue::default(), at("2026-11-13T10:00:00Z"));
    // Both are in the queue before the worker has seen either; the clock has gone on, and somebody has saved.
    assert_eq!(stack.tick(&queue, time).await, 1);
    assert_eq!(stack.tick(&queue, time).await, 1);
    queue.deliver(&stack).await;
    let listed = stack.read(&ada, "backups").await.text().to_owned();
    stack.seconds_pass(60);
    stack.save_each(&ada, [2]).await;
    queue.deliver_all(&stack).await;
    assert_eq!(stack.tick(&queue, time).await, 0, "nothing is due for a time that is done");
    assert_eq!(stack.read(&ada, "backups").await.text(), listed);
    assert_eq!(stack.backup_ids(&ada).await, ["d800.2026-11", "d70.2026-W46", "d14.2026-11-13"]);
    assert_eq!(
        stack.backup_objects().await.len(),
        1,
        "one object stands for the day, the week and the month"
    );
}

#[tokio::test]
async fn both_workers_at_once_make_one_backup() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let queues = [TestQueue::default(), TestQueue::default()];
    for queue in &queues {
        stack.tick(queue, time::start()).await;
    }
    let failed = tokio::join!(queues[0].deliver(&stack), queues[1].deliver(&stack));
    assert_eq!(failed, (0, 0));
    assert_eq!(stack.backup_ids(&ada).await.len(), 3);
    assert_eq!(stack.backup_objects().await.len(), 1);
}

#[tokio::test]
async fn a_scheduled_backup_restores_byte_for_byte_and_says_who_it_is_by() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{ \"n\": 1.0 }").await.is(201);
    stack.scheduled_backups(time::start()).await;
    stack.save_each(&ada, [2]).await;
    let shown = stack.read(&ada, "backups/d14.2026-11-13").await.is(200);
    assert_eq!(shown.at("/author/name"), "Backup schedule");
    assert_eq!((shown.at("/same_as"), shown.at("/version")), (json!("d800.2026-11"), json!(1)));
    let file = stack.document(&ada, "d14.2026-11-13").await;
    assert_eq!(
        (&file["config"], &file["taken"]["author"]["name"]),
        (&json!("{ \"n\": 1.0 }"), &json!("Backup schedule"))
    );
    stack.act(&ada, "restore", json!({"backup": "d14.2026-11-13"})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), "{ \"n\": 1.0 }");
}

#[tokio::test]
async fn an_unchanged_environment_costs_one_read_and_one_write_and_a_changed_one_six_calls() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let queue = TestQueue::default();
    let day = |day: i64| time::start() + hours(24 * day);
    stack.scheduled_backups(day(0)).await;
    stack.tick(&queue, day(1)).await;
    stack.calls.take();
    queue.deliver_all(&stack).await;
    assert_eq!(stack.calls.take_unrepeated(), [QUERY, TRANSACT], "unchanged");
    assert_eq!(stack.backup_objects().await.len(), 1);

    stack.save_each(&ada, [2]).await;
    stack.cold();
    stack.tick(&queue, day(2)).await;
    stack.calls.take();
    queue.deliver_all(&stack).await;
    // One GET for the config, the other to read the backup back.
    assert_eq!(stack.calls.take_unrepeated(), [QUERY, TRANSACT, GET, GET, PUT], "changed");
    assert_eq!(stack.backup_objects().await.len(), 2);
}

#[tokio::test]
async fn publishing_another_config_is_a_change_and_a_new_name_is_none() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.act(&ada, "snapshots", json!({"name": "one"})).await.is(201);
    stack.save_each(&ada, [2]).await;
    let day = |day: i64| time::start() + hours(24 * day);
    stack.scheduled_backups(day(0)).await;
    stack.act(&ada, "publish", json!({"snapshot": "one"})).await.is(200);
    stack.scheduled_backups(day(1)).await;
    assert_eq!(stack.backup_objects().await.len(), 2);
    assert_eq!(stack.document(&ada, "d14.2026-11-14").await["live"]["config"], "{\"n\":1}");
    let path = under("snapshots/one");
    stack.call(&ada, "PATCH", &path, &[], r#"{"name":"uno"}"#).await.is(200);
    stack.scheduled_backups(day(2)).await;
    assert_eq!(stack.backup_objects().await.len(), 2);
    // What users see and what builders edit are the same again: the file needs only one of them.
    stack.act(&ada, "publish", json!({"version": 3})).await.is(200);
    stack.scheduled_backups(day(3)).await;
    assert_eq!(stack.document(&ada, "d14.2026-11-16").await.get("live"), None);
}

#[tokio::test]
async fn an_object_that_would_not_live_long_enough_is_written_anew() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let policy = json!({"every": "day", "keep": {"daily": 7, "weekly": 0, "monthly": 0}}).to_string();
    stack.call(&ada, "PUT", &under("backup-policy"), &[], policy).await.is(200);
    // An object of 14 days stands for a day as long as it has 8 days left: the day's seven, and one.
    for day in 0..=8 {
        assert_eq!(stack.scheduled_backups(time::start() + hours(24 * day)).await, 1);
        assert_eq!(stack.backup_objects().await.len(), if day <= 6 { 1 } else { 2 }, "day {day}");
        stack.seconds_pass(24 * 3600);
    }
}

#[tokio::test]
async fn an_environment_that_is_due_no_more_or_has_no_history_is_passed_over() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    assert_eq!(stack.scheduled_backups(time::start()).await, 1);
    assert_eq!(stack.scheduled_backups(time::start() + hours(1)).await, 0);
    assert_eq!(
        stack.scheduled_backups(time::start() - hours(48)).await,
        0,
        "an event that comes days too late"
    );
    let env: waymark::id::EnvId = "crm/lost".parse().unwrap();
    let due = waymark_backup::schedule::Due {
        env,
        scheduled: time::start(),
        backups: vec!["d14.2026-11-13".parse().unwrap()],
        policy: waymark::backup::Policy::default(),
        good: None,
    };
    let queue = TestQueue::default();
    waymark_backup::schedule::Queue::send(&queue, &[due]).await.unwrap();
    queue.deliver_all(&stack).await;
    assert_eq!(stack.backup_objects().await.len(), 1);
    let listed: Vec<Value> = stack.listed(&ada, "/v1/apps", "/environment").await;
    assert_eq!(listed.len(), 1);
}
