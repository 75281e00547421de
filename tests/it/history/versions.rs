//! One version: what it says, what its config was, and which one it was at a moment.

use serde_json::{Value, json};

use super::a_full_history;
use crate::support::steps::{moment, under};
use crate::support::{Person, Stack};

#[tokio::test]
async fn a_version_is_found_by_number_and_by_name() {
    let (stack, ada) = a_full_history().await;
    stack.act(&ada, "publish", json!({"snapshot": "spring"})).await.is(200);
    let found = async |name: &str| stack.read(&ada, &format!("versions/{name}")).await.is(200).at("/version");
    for (name, version) in [("1", 1), ("7", 7), ("spring", 2), ("easter", 2), ("live", 2), ("working", 11)] {
        assert_eq!(found(name).await, version, "{name}");
    }
    let one = stack.read(&ada, "versions/5").await.is(200);
    let listed = stack.read(&ada, "history?before=6&limit=1").await;
    assert_eq!(one.json(), listed.at("/items/0"));

    let texts = [("1", "Desk"), ("2", "Refunds"), ("5", "Desk"), ("easter", "Refunds"), ("live", "Refunds")];
    for (name, title) in texts.into_iter().chain([("working", "Desk"), ("10", "Desk"), ("v1", "Desk")]) {
        let config = stack.read(&ada, &format!("versions/{name}/config")).await.is(200);
        assert_eq!(config.json()["title"], title, "{name}");
        assert_eq!(config.header("cache-control"), "no-store");
        let path = under(&format!("versions/{name}/config"));
        stack.get(&ada, &path, &[("if-none-match", config.header("etag"))]).await.is(304);
    }
    let live = stack.read(&ada, "versions/live/config").await;
    assert_eq!((live.header("waymark-release"), live.header("waymark-version")), ("easter", "2"));
}

#[tokio::test]
async fn a_version_that_is_not_there_is_not_found() {
    let (stack, ada) = a_full_history().await;
    for rest in ["", "/config"] {
        let missing = stack.read(&ada, &format!("versions/99{rest}")).await;
        assert_eq!(missing.is_problem(404, "version-not-found").at("/version"), 99);
        let missing = stack.read(&ada, &format!("versions/absent{rest}")).await;
        assert_eq!(missing.is_problem(404, "snapshot-not-found").at("/name"), "absent");
        for bad in ["0", "01", "a%20b", "10000000000", "-1"] {
            let refused = stack.read(&ada, &format!("versions/{bad}{rest}")).await;
            assert_eq!(refused.status, 422, "{bad}: {refused:?}");
        }
    }
    for name in ["live", "working"] {
        let nowhere = stack.get(&ada, &format!("/v1/apps/crm/envs/staging/versions/{name}"), &[]).await;
        nowhere.is_problem(404, "environment-not-found");
    }
}

#[tokio::test]
async fn before_anything_is_published_live_is_the_working_version() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    assert_eq!(stack.read(&ada, "versions/live").await.is(200).at("/version"), 2);
    assert_eq!(stack.read(&ada, "versions/live/config").await.is(200).text(), "{\"n\":2}");
}

#[tokio::test]
async fn the_version_at_a_moment_is_the_newest_until_then() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    // At 0, 10, 20, 30, 30, 30 and 40 seconds.
    for (n, wait) in [(1, 0), (2, 10), (3, 10), (4, 10), (5, 0), (6, 0), (7, 10)] {
        stack.seconds_pass(wait);
        stack.save_each(&ada, [n]).await;
    }
    let expected = [(0, 1), (1, 1), (9, 1), (10, 2), (19, 2), (29, 3), (30, 6), (39, 6), (40, 7), (99, 7)];
    for (seconds, version) in expected {
        let at = stack.read(&ada, &format!("versions?at={}", moment(seconds))).await.is(200);
        assert_eq!(at.at("/version"), version, "{seconds}");
    }
    let early = stack.read(&ada, &format!("versions?at={}", moment(-1))).await;
    early.is_problem(404, "before-history");
    let offset = stack.read(&ada, "versions?at=2026-11-13T10:14:11%2B01:00").await.is(200);
    assert_eq!(offset.at("/version"), 2);
    for bad in ["", "at=", "at=yesterday", "at=2026-11-13", "at=2026-11-13T09:14:00", "when=x"] {
        let refused = stack.read(&ada, &format!("versions?{bad}")).await;
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
    }
    let nowhere = format!("/v1/apps/crm/envs/staging/versions?at={}", moment(0));
    stack.get(&ada, &nowhere, &[]).await.is_problem(404, "environment-not-found");
}

#[tokio::test]
async fn times_never_run_backwards() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, [1]).await;
    stack.seconds_pass(60);
    stack.save_each(&ada, [2]).await;
    stack.seconds_pass(-90);
    stack.save_each(&ada, 3..=4).await;
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack.seconds_pass(100);
    stack.save_each(&ada, [7]).await;
    let times = stack.listed(&ada, &under("history"), "/at").await;
    let expected =
        [70, 60, 60, 60, 60, 60, 0].map(|seconds| Value::from(moment(seconds).replace('Z', ".000Z")));
    assert_eq!(times, expected);
    for (seconds, version) in [(59, 1), (60, 6), (70, 7)] {
        let at = stack.read(&ada, &format!("versions?at={}", moment(seconds))).await;
        assert_eq!(at.at("/version"), version, "{seconds}");
    }
    assert_eq!(stack.read(&ada, "verify").await.at("/ok"), true);
}

/// A clock that was hours ahead for one save dates that save alone.
#[tokio::test]
async fn a_time_that_is_ahead_is_not_handed_on() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, [1]).await;
    stack.seconds_pass(10);
    stack.save_each(&ada, [2]).await;
    stack.seconds_pass(7200);
    stack.save_each(&ada, 3..=4).await;
    stack.seconds_pass(-7200 + 10);
    stack.save_each(&ada, [5]).await;
    stack.seconds_pass(10);
    stack.save_each(&ada, 6..=7).await;
    // Five minutes are handed on: clocks differ by less.
    stack.seconds_pass(300);
    stack.save_each(&ada, [8]).await;
    stack.seconds_pass(-300);
    stack.save_each(&ada, [9]).await;
    let times = stack.listed(&ada, &under("history"), "/at").await;
    let expected = [330, 330, 30, 30, 20, 7210, 7210, 10, 0]
        .map(|seconds| Value::from(moment(seconds).replace('Z', ".000Z")));
    assert_eq!(times, expected);
    assert_eq!(stack.read(&ada, "verify").await.at("/faults"), json!([]));
    for (seconds, version) in
        [(0, 1), (9, 1), (10, 2), (19, 2), (20, 5), (29, 5), (30, 7), (329, 7), (330, 9)]
    {
        let at = stack.read(&ada, &format!("versions?at={}", moment(seconds))).await;
        assert_eq!(at.at("/version"), version, "{seconds}");
    }
}
