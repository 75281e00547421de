//! Publishing: what the app's users see.

mod renamed;
mod rollback;

use serde_json::json;

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

/// An environment with the configs `{"n":1}` … `{"n":3}`, and the snapshots `a`, `b` and `c` of them.
async fn three_snapshots(person: &Person) -> Stack {
    let stack = Stack::start().await;
    for (n, name) in [(1, "a"), (2, "b"), (3, "c")] {
        stack.save_each(person, [n]).await;
        stack.act(person, "snapshots", json!({ "name": name })).await.is(201);
    }
    stack
}

fn seen(config: &str, release: &str) -> (String, String) {
    (config.to_owned(), release.to_owned())
}

#[tokio::test]
async fn a_published_snapshot_is_what_users_see() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    assert_eq!(stack.users_see().await, seen("{\"n\":3}", ""));
    let body = json!({"snapshot": "b", "note": "For the sale"});
    let published = stack.act(&ada, "publish", body).await.is(200);
    insta::assert_json_snapshot!("published", published.json());
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "b"));
    // What builders edit is as it was.
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":3}");

    let again = stack.act(&ada, "publish", json!({"snapshot": "b"})).await.is(200);
    assert_eq!((again.at("/unchanged"), again.at("/version")), (json!(true), published.at("/version")));
    assert_eq!(stack.newest(&ada).await, 7);

    stack.act(&ada, "publish", json!({"snapshot": "x"})).await.is_problem(404, "snapshot-not-found");
    let bad =
        [json!({}), json!({"snapshot": "a", "version": 1}), json!({"snapshot": null}), json!({"version": 0})];
    for body in bad.into_iter().chain([json!({"name": "a"}), json!({"snapshot": "a", "expect_live": 7})]) {
        let refused = stack.act(&ada, "publish", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
    stack.act(&ada, "publish", json!({"snapshot": "a b"})).await.is_problem(422, "invalid-name");
    assert_eq!(stack.newest(&ada).await, 7);
}

#[tokio::test]
async fn a_version_becomes_a_snapshot_and_a_release_in_one_step() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    stack.act(&ada, "snapshots", json!({"name": "v1"})).await.is(201);
    let published = stack.act(&ada, "publish", json!({"version": 1, "note": "Now"})).await.is(200);
    assert_eq!(published.at("/label"), "Published v2");
    assert_eq!((published.at("/version"), published.at("/subject/version")), (json!(5), json!(1)));
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "v2"));
    let labels = stack.listed(&ada, &under("history?limit=2"), "/label").await;
    assert_eq!(labels[..2], ["Published v2", "Snapshot v2 of #1"]);
    let flags = stack.listed(&ada, &under("snapshots"), "/live").await;
    assert_eq!(flags, [true, false]);

    // Users see that config already.
    let again = stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    assert_eq!((again.at("/unchanged"), stack.newest(&ada).await), (json!(true), 5));
    stack.act(&ada, "publish", json!({"version": 9})).await.is_problem(404, "version-not-found");
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "v2"));
}

#[tokio::test]
async fn a_version_is_published_by_the_name_that_was_asked_for() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=3).await;
    // The name that is shown before is the name that is made, and the count goes on.
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/next_name"), "v1");
    let published = stack.act(&ada, "publish", json!({"version": 1, "name": "v1"})).await.is(200);
    assert_eq!(published.at("/label"), "Published v1");
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/next_name"), "v2");
    stack.act(&ada, "publish", json!({"version": 2, "name": "spring"})).await.is(200);
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/next_name"), "v2");
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "spring"));

    // One that somebody has taken by hand is not the next.
    stack.act(&ada, "snapshots", json!({"name": "v3"})).await.is(201);
    stack.act(&ada, "snapshots", json!({"name": "v2"})).await.is(201);
    let next = stack.get(&ada, ENV, &[]).await.at("/next_name");
    assert_eq!(next, "v4");
    assert_eq!(stack.act(&ada, "snapshots", json!({})).await.is(201).at("/name"), next);

    let taken = stack.act(&ada, "publish", json!({"version": 3, "name": "v1"})).await;
    taken.is_problem(409, "name-taken");
    stack.act(&ada, "publish", json!({"version": 3, "name": "a b"})).await.is_problem(422, "invalid-name");
    let named_already = stack.act(&ada, "publish", json!({"snapshot": "v1", "name": "v9"})).await;
    named_already.is_problem(400, "malformed-request");
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "spring"));
}

#[tokio::test]
async fn who_expects_something_else_to_be_live_is_told_what_is() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    let publish = |name: &'static str, expected: serde_json::Value| {
        stack.act(&ada, "publish", json!({"snapshot": name, "expect_live": expected}))
    };
    let refused = publish("a", json!("b")).await.is_problem(409, "live-changed");
    assert_eq!((refused.at("/live"), refused.at("/version")), (json!(null), json!(6)));
    publish("a", json!(null)).await.is(200);
    let refused = publish("b", json!(null)).await.is_problem(409, "live-changed");
    insta::assert_json_snapshot!("live_changed", refused.json());
    publish("b", json!("c")).await.is_problem(409, "live-changed");
    publish("b", json!("never-heard-of")).await.is_problem(409, "live-changed");
    publish("b", json!("a")).await.is(200);

    // A former name of the release is its name.
    let path = under("snapshots/b");
    stack.call(&ada, "PATCH", &path, &[], "{\"name\":\"beta\"}").await.is(200);
    publish("c", json!("b")).await.is(200);
    publish("beta", json!("c")).await.is(200);
    let back = |expected| stack.act(&ada, "rollback", json!({ "expect_live": expected }));
    back(json!("c")).await.is_problem(409, "live-changed");
    back(json!("b")).await.is(200);
    let off = |expected| stack.act(&ada, "unpublish", json!({ "expect_live": expected }));
    off(json!("b")).await.is_problem(409, "live-changed");
    off(json!("c")).await.is(200);
    back(json!("c")).await.is_problem(409, "live-changed");
    back(json!(null)).await.is(200);
    assert_eq!(stack.users_see().await.1, "c");
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_is_told() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    let publish =
        |name: &'static str| stack.act(&ada, "publish", json!({"snapshot": name, "expect_live": null}));
    let (a, b) = tokio::join!(publish("a"), publish("b"));
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    let lost = lost.is_problem(409, "live-changed");
    assert_eq!(won.is(200).at("/name"), lost.at("/live/name"));
    // Without it the later one counts, and nothing is lost.
    let publish = |name: &'static str| stack.act(&ada, "publish", json!({"snapshot": name}));
    let before = stack.newest(&ada).await;
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    let (a, b) = tokio::join!(publish("a"), publish("b"));
    let last = if a.at("/version").as_u64() > b.at("/version").as_u64() { "a" } else { "b" };
    assert_eq!((stack.users_see().await.1.as_str(), stack.newest(&ada).await), (last, before + 3));
}

/// A repeat of a request gets the first answer, although what it named is not there any more.
#[tokio::test]
async fn a_repeat_that_names_what_was_live_gets_the_first_answer() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"live_without_release\":\"none\"}").await.is(200);
    for (path, status) in [("snapshots", 201), ("publish", 200)] {
        stack.act(&ada, "publish", json!({"snapshot": "a"})).await.is(200);
        let (under, headers) = (under(path), [("idempotency-key", path)]);
        let send = || stack.call(&ada, "POST", &under, &headers, "{\"version\":\"live\"}");
        let first = send().await.is(status);
        stack.act(&ada, "unpublish", json!({})).await.is(200);
        let again = send().await.is(status);
        assert_eq!(
            (again.json(), again.headers.get("location")),
            (first.json(), first.headers.get("location"))
        );
        stack.act(&ada, path, json!({"version": "live"})).await.is_problem(404, "nothing-live");
    }
}

#[tokio::test]
async fn after_unpublishing_users_see_the_working_version() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    // Where nothing is live there is nothing to do.
    let nothing = stack.act(&ada, "unpublish", json!({})).await.is(200);
    assert_eq!((nothing.at("/unchanged"), nothing.at("/version")), (json!(true), json!(6)));
    stack.act(&ada, "publish", json!({"snapshot": "a"})).await.is(200);
    let off = stack.act(&ada, "unpublish", json!({"note": "Prices are wrong"})).await.is(200);
    insta::assert_json_snapshot!("unpublished", off.json());
    assert_eq!(stack.users_see().await, seen("{\"n\":3}", ""));
    stack.save_each(&ada, [4]).await;
    assert_eq!(stack.users_see().await, seen("{\"n\":4}", ""));
    // No body at all is as good as an empty one.
    let headers = [("content-type", "text/plain")];
    stack.call(&ada, "POST", &under("unpublish"), &headers, "").await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "a"})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "a"));
}

#[tokio::test]
async fn a_release_shows_its_present_name() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    for name in ["a", "b"] {
        stack.act(&ada, "publish", json!({ "snapshot": name })).await.is(200);
    }
    for (old, new) in [("a", "alpha"), ("b", "beta")] {
        let path = under(&format!("snapshots/{old}"));
        stack.call(&ada, "PATCH", &path, &[], json!({ "name": new }).to_string()).await.is(200);
    }
    let standing = stack.get(&ada, ENV, &[]).await.is(200);
    assert_eq!((standing.at("/live/name"), standing.at("/before/name")), (json!("beta"), json!("alpha")));
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "beta"));
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!((back.at("/name"), back.at("/label")), (json!("alpha"), json!("Rolled back to alpha")));
    // The history says what was done under the names of that time.
    let labels = stack.listed(&ada, &under("history?kind=published"), "/label").await;
    assert_eq!(labels, ["Rolled back to alpha", "Published b", "Published a"]);
}

#[tokio::test]
async fn what_is_published_is_a_release_for_ever() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    stack.act(&ada, "publish", json!({"snapshot": "a"})).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "c"})).await.is(200);
    let standing = stack.get(&ada, ENV, &[]).await.is(200);
    insta::assert_json_snapshot!("standing", standing.json());
    stack.save_each(&ada, [5]).await;
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/differs"), true);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    assert_eq!(stack.listed(&ada, &under("snapshots"), "/release").await, [true, false, true]);
}
