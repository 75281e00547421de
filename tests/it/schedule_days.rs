//! A hundred days of scheduled backups, with what the bucket's lifecycle removes: every day, everything that the policy
//! promises is there and verifies.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use waymark::backup::BackupId;

use crate::support::{Person, Stack, time};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The days on which somebody saves: a few, two of them in a row.
const CHANGES: [i64; 6] = [0, 3, 4, 31, 58, 90];

/// Removes the objects whose days are over, as the lifecycle rules of the template do: by the class in their name and
/// the time at which they were written, at the end of the day in which that lies.
async fn expire(stack: &Stack, written: &mut Vec<(String, Timestamp)>, now: Timestamp) {
    let known = written.clone();
    for key in stack.backup_objects().await {
        if !known.iter().any(|(known, _)| *known == key) {
            written.push((key, now));
        }
    }
    let runs_out = |key: &str, at: Timestamp| {
        let class: waymark::backup::Class = key.split('/').next().unwrap().parse().unwrap();
        class.lifetime().is_some_and(|lifetime| now >= at + lifetime)
    };
    for (key, _) in written.extract_if(.., |(key, at)| runs_out(key, *at)) {
        stack.lose(&stack.backup_object(&key)).await;
    }
}

/// The ids that the default policy promises on a day, since `first`.
fn promised(now: Timestamp, first: Timestamp) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let zoned = now.to_zoned(TimeZone::UTC);
    let mut push = |id: String, at: Timestamp| {
        if at >= first && !ids.contains(&id) {
            ids.push(id);
        }
    };
    for days in 0..=7 {
        let day = &zoned - days.days();
        push(format!("d14.{}", day.strftime("%Y-%m-%d")), day.timestamp());
    }
    for weeks in 0..=5 {
        let day = &zoned - weeks.weeks();
        push(format!("d70.{}", day.strftime("%G-W%V")), day.timestamp());
    }
    for months in 0..=12 {
        let day = &zoned - months.months();
        push(format!("d800.{}", day.strftime("%Y-%m")), day.timestamp());
    }
    ids
}

#[tokio::test]
async fn on_each_of_a_hundred_days_what_the_policy_promises_is_there_and_verifies() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let first = waymark::backup::hour_of(time::start());
    let mut configs: Vec<(Timestamp, Value)> = Vec::new();
    let mut written = Vec::new();
    for day in 0..100 {
        let now = first + DAY * i32::try_from(day).unwrap();
        if CHANGES.contains(&day) {
            stack.save_each(&ada, [u64::try_from(day).unwrap()]).await;
            configs.push((now, json!(format!("{{\"n\":{day}}}"))));
        }
        assert_eq!(stack.scheduled_backups(now).await, 1, "day {day}");
        expire(&stack, &mut written, now).await;
        let listed: Vec<String> =
            stack.backup_ids(&ada).await.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        for id in promised(now, first) {
            assert!(listed.contains(&id), "day {day}: {id} is not in {listed:?}");
        }
        for id in &listed {
            let verified = stack.act(&ada, &format!("backups/{id}/verify"), json!({})).await.is(200);
            assert_eq!(verified.at("/ok"), true, "day {day}, {id}: {verified:?}");
        }
        stack.clock.advance(DAY);
    }
    holds_the_config_of_its_day(&stack, &ada, &configs).await;
    let objects = stack.backup_objects().await.len();
    assert!(objects <= 16, "{objects} objects for 100 days with six changes");
}

/// Each daily backup that is still there holds what was the working version on its day.
async fn holds_the_config_of_its_day(stack: &Stack, ada: &Person, configs: &[(Timestamp, Value)]) {
    let mut days = 0;
    for id in stack.backup_ids(ada).await {
        let id: BackupId = id.as_str().unwrap().parse().unwrap();
        let Ok(day) = format!("{}T23:00:00Z", id.period()).parse::<Timestamp>() else { continue };
        let (_, expected) = configs.iter().rev().find(|(at, _)| *at < day).unwrap();
        assert_eq!(stack.document(ada, &id.to_string()).await["config"], *expected, "{id}");
        days += 1;
    }
    assert!(days >= 7);
}
