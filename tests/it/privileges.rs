//! What every function asks of AWS when it starts, for the record that `tests/privileges.sh` makes.

use serde_json::json;

use crate::support::privileges::within;
use crate::support::steps::under;
use crate::support::{Person, Stack, time};

#[tokio::test]
async fn every_function_opens_its_connections_by_one_get_and_one_head() {
    let functions = [
        "working",
        "snapshot",
        "history",
        "restore",
        "publish",
        "live",
        "backup",
        "backup-tick",
        "backup-worker",
    ];
    let stack = Stack::start().await;
    for function in functions {
        within(function, async {
            tokio::join!(stack.waymark.history.warm_up(), stack.waymark.configs.warm_up())
        })
        .await;
        assert_eq!(stack.calls.take(), ["DynamoDB.GetItem", "S3.HeadObject"]);
    }
}

/// What only happens to functions that have nothing in memory, to the rarer classes of backups, and to large answers.
#[tokio::test]
async fn the_rarer_objects_are_read_and_written_too() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.cold();
    stack.back_up(&ada, json!({})).await;
    stack.restore_file(&ada, "application/octet-stream", b"{\"n\":2}").await.is(200);
    let listed = stack.read(&ada, "backups").await.is(200).at("/items");
    let ids: Vec<String> =
        listed.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    let before = ids.iter().find(|id| id.starts_with("before-restore.")).unwrap();
    let verified = stack.act(&ada, &format!("backups/{before}/verify"), json!({})).await.is(200);
    assert_eq!(verified.at("/ok"), true);
    for (number, every, daily, weekly, class) in [(3, "day", 7, 0, "d14"), (4, "week", 0, 5, "d70")] {
        let policy = json!({"every": every, "keep": {"daily": daily, "weekly": weekly, "monthly": 0}});
        stack.call(&ada, "PUT", &under("backup-policy"), &[], policy.to_string()).await.is(200);
        stack.save_each(&ada, [number]).await;
        let days = i64::try_from(number).unwrap() * 7;
        stack.scheduled_backups(time::start() + jiff::SignedDuration::from_hours(24 * days)).await;
        stack.save_each(&ada, [0]).await;
        let ids = stack.backup_ids(&ada).await;
        let id = ids.iter().find(|id| id.as_str().unwrap().starts_with(class)).unwrap();
        stack.act(&ada, "restore", json!({"backup": id})).await.is(200);
        assert_eq!(stack.read(&ada, "working").await.text(), format!("{{\"n\":{number}}}"));
    }
    // A config each: a copy that is there already is not put again.
    for (letter, path) in [("x", "versions/working/config"), ("y", "live")] {
        let large = format!("{{\"n\":\"{}\"}}", letter.repeat(8_000_000));
        let sent = zstd::bulk::compress(large.as_bytes(), 3).unwrap();
        stack.put(&ada, &[("if-match", "*"), ("content-encoding", "zstd")], sent).await.is(200);
        stack.read(&ada, path).await.is(303);
    }
}
