//! The table is lost: the list of backups is made anew from the bucket, and what it lists restores.

use jiff::SignedDuration;
use serde_json::{Value, json};
use waymark::aws::Resources;
use waymark_backup::rebuild;
use waymark_local::provision::provision;

use crate::support::{Person, Stack, time};

/// What of a listed backup the bucket can bring back.
fn known(item: &Value) -> Value {
    let mut item = item.clone();
    item.as_object_mut().unwrap().remove("verified_at");
    item
}

async fn listed(stack: &Stack, ada: &Person) -> Vec<Value> {
    let items = stack.read(ada, "backups").await.is(200).at("/items");
    items.as_array().unwrap().iter().filter(|item| item.get("same_as").is_none()).map(known).collect()
}

/// Puts the functions in front of an empty table, over the same buckets.
async fn lose_the_table(stack: &mut Stack) {
    let resources =
        Resources { table: format!("{}-another", stack.resources.table), ..stack.resources.clone() };
    provision(&stack.clients, &resources).await.unwrap();
    stack.over(resources);
}

#[tokio::test]
async fn the_list_comes_back_and_what_it_lists_restores() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{ \"n\": 1.0 }").await.is(201);
    let manual = stack.back_up(&ada, json!({"note": "vor dem Umbau „A“"})).await;
    stack.save_each(&ada, [2]).await;
    stack.scheduled_backups(time::start()).await;
    let before = listed(&stack, &ada).await;
    assert_eq!(before.len(), 2);

    lose_the_table(&mut stack).await;
    stack.read(&ada, "backups").await.is_problem(404, "environment-not-found");
    let rebuilt = rebuild(&stack.waymark).await.unwrap();
    assert_eq!((rebuilt.recorded, rebuilt.known, rebuilt.expired), (2, 0, 0));
    assert_eq!(rebuilt.damaged, []);
    assert_eq!(listed(&stack, &ada).await, before);
    let restored = stack.act(&ada, "restore", json!({"backup": manual})).await.is(201);
    assert_eq!(restored.at("/version"), 1);
    assert_eq!(stack.read(&ada, "working").await.text(), "{ \"n\": 1.0 }");
    // The schedule goes on. The month's object is there already, and holds what was saved before the table was lost.
    stack.seconds_pass(3600);
    assert_eq!(stack.scheduled_backups(time::start() + SignedDuration::from_hours(1)).await, 1);
    let last = stack.read(&ada, "backup-policy").await.at("/last");
    assert_eq!((&last["ok"], &last["version"], &last["fault"]), (&json!(true), &json!(1), &Value::Null));
    let day = stack.read(&ada, "backups/d14.2026-11-13").await.is(200);
    assert_eq!(day.at("/same_as"), "d800.2026-11-2");
    let restored = stack.act(&ada, "restore", json!({"backup": "d800.2026-11-2"})).await;
    assert_eq!(restored.is(200).at("/unchanged"), true, "it holds the present state");
    let again = rebuild(&stack.waymark).await.unwrap();
    assert_eq!((again.recorded, again.known), (0, 3));
}

#[tokio::test]
async fn what_is_damaged_expired_or_of_elsewhere_is_told_apart() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(time::start()).await;
    let key = stack.backup_objects().await.remove(0);
    let copy = key.replace("d800/", "d14/").replace("2026-11", "2026-11-13");
    let elsewhere = "d14/0123456789abcdef0123456789abcdef/2026-11-13.waymark.json.gz";
    for copy in [&copy, elsewhere] {
        stack.copy_backup(&key, copy).await;
    }
    stack.flip(&stack.backup_object(&key)).await;
    stack.seconds_pass(15 * 24 * 3600);
    lose_the_table(&mut stack).await;
    let rebuilt = rebuild(&stack.waymark).await.unwrap();
    assert_eq!((rebuilt.recorded, rebuilt.expired), (0, 1));
    let damaged: Vec<&str> = rebuilt.damaged.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(damaged, [elsewhere, &key]);
}

#[tokio::test]
async fn what_is_recorded_stays_when_only_the_registry_was_lost() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.scheduled_backups(time::start()).await;
    let before = stack.read(&ada, "backups").await.text().to_owned();
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let delete = stack.clients.dynamodb.delete_item().table_name(&stack.resources.table);
    delete.key("pk", text("environments")).key("sk", text("crm/production")).send().await.unwrap();
    stack.save_each(&ada, [2]).await;
    stack.seconds_pass(60);
    let queue = crate::support::schedule::TestQueue::default();
    let due = waymark_backup::schedule::Due {
        env: "crm/production".parse().unwrap(),
        scheduled: time::start(),
        backups: waymark::backup::Policy::default().due(None, time::start()).unwrap(),
        policy: waymark::backup::Policy::default(),
        good: None,
    };
    waymark_backup::schedule::Queue::send(&queue, &[due]).await.unwrap();
    queue.deliver_all(&stack).await;
    assert_eq!(stack.read(&ada, "backups").await.text(), before);
}
