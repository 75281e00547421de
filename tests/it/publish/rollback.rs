//! Rolling back: users get an earlier release.

use serde_json::{Value, json};
use waymark::entry::{Author, Before, Event, Live, Releases};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Mutation, Place};
use waymark::id::EnvId;
use waymark::{Error, Problem};

use super::{seen, three_snapshots};
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

async fn publish_all(stack: &Stack, person: &Person, names: &[&str]) {
    for name in names {
        stack.act(person, "publish", json!({ "snapshot": name })).await.is(200);
    }
}

async fn before(stack: &Stack, person: &Person) -> Value {
    stack.get(person, ENV, &[]).await.is(200).at("/before/name")
}

#[tokio::test]
async fn each_step_goes_to_the_release_before() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b", "c"]).await;
    let back = stack.act(&ada, "rollback", json!({"note": "Broken"})).await.is(200);
    insta::assert_json_snapshot!("rolled_back", back.json());
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "b"));
    assert_eq!(before(&stack, &ada).await, "a");
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "a");
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "a"));

    let first = stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");
    assert!(first.at("/detail").as_str().unwrap().starts_with("a is the first release"));
    // What builders edit was never touched.
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":3}");
    assert_eq!(stack.newest(&ada).await, 11);

    // From there it goes on as from any release.
    publish_all(&stack, &ada, &["c"]).await;
    assert_eq!(before(&stack, &ada).await, "a");
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "a");
}

#[tokio::test]
async fn a_named_release_brings_what_was_before_it() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b", "c"]).await;
    let back = stack.act(&ada, "rollback", json!({"to": "b"})).await.is(200);
    assert_eq!((back.at("/name"), back.at("/rollback")), (json!("b"), json!(true)));
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "b"));
    assert_eq!(before(&stack, &ada).await, "a");
    // To what is live: nothing to do.
    let same = stack.act(&ada, "rollback", json!({"to": "b"})).await.is(200);
    assert_eq!((same.at("/unchanged"), same.at("/version")), (json!(true), back.at("/version")));
    // Forward again works as well.
    stack.act(&ada, "rollback", json!({"to": "c"})).await.is(200);
    assert_eq!((stack.users_see().await.1.as_str(), before(&stack, &ada).await), ("c", json!("b")));

    stack.act(&ada, "snapshots", json!({"name": "d"})).await.is(201);
    let never = stack.act(&ada, "rollback", json!({"to": "d"})).await.is_problem(409, "not-a-release");
    assert_eq!(never.at("/name"), "d");
    stack.act(&ada, "rollback", json!({"to": "x"})).await.is_problem(404, "snapshot-not-found");
    stack.act(&ada, "rollback", json!({"to": "12"})).await.is_problem(422, "invalid-name");
    stack.act(&ada, "rollback", json!({"snapshot": "a"})).await.is_problem(400, "malformed-request");
}

#[tokio::test]
async fn after_unpublishing_it_brings_the_release_back() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b"]).await;
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    assert_eq!(before(&stack, &ada).await, "b");
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "b");
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "b"));
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "a");

    // Another release published meanwhile has the same one before it.
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    publish_all(&stack, &ada, &["c"]).await;
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "a");
    // By name too, while nothing is live.
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    stack.act(&ada, "rollback", json!({"to": "b"})).await.is(200);
    assert_eq!(stack.users_see().await.1, "b");
}

#[tokio::test]
async fn where_nothing_was_published_there_is_no_way_back() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");
    stack.act(&ada, "rollback", json!({"to": "a"})).await.is_problem(409, "not-a-release");
    publish_all(&stack, &ada, &["a"]).await;
    stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");
    stack.act(&ada, "publish", json!({"snapshot": "a"})).await.is(200);
    stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");
    for verb in ["publish", "unpublish", "rollback"] {
        let body = if verb == "publish" { json!({"version": 1}) } else { json!({}) };
        let path = format!("/v1/apps/crm/envs/staging/{verb}");
        assert_eq!(stack.post(&ada, &path, body).await.status, 404, "{verb}");
    }
}

#[tokio::test]
async fn a_release_published_twice_has_two_places() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b", "a", "c"]).await;
    let mut back = Vec::new();
    for _ in 0..3 {
        back.push(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"));
    }
    assert_eq!(back, ["a", "b", "a"]);
    stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");
}

#[tokio::test]
async fn what_was_before_shows_its_present_name_after_a_roll_back() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b", "c"]).await;
    stack.call(&ada, "PATCH", &under("snapshots/a"), &[], "{\"name\":\"alpha\"}").await.is(200);
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(before(&stack, &ada).await, "alpha");
}

#[tokio::test]
async fn publishing_again_what_was_unpublished_is_no_step() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a"]).await;
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    publish_all(&stack, &ada, &["a"]).await;
    assert_eq!(before(&stack, &ada).await, Value::Null);
    stack.act(&ada, "rollback", json!({})).await.is_problem(409, "no-earlier-release");

    publish_all(&stack, &ada, &["b"]).await;
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    publish_all(&stack, &ada, &["b"]).await;
    assert_eq!(before(&stack, &ada).await, "a");
    let back = stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!((back.at("/name"), back.at("/unchanged")), (json!("a"), json!(false)));
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "a"));
}

#[tokio::test]
async fn another_name_for_what_users_have_is_no_step() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b"]).await;
    // By a snapshot of its own, by a name in the request, and over what was unpublished under its present name.
    stack.act(&ada, "snapshots", json!({"version": "b", "name": "twin"})).await.is(201);
    publish_all(&stack, &ada, &["twin"]).await;
    assert_eq!(before(&stack, &ada).await, "a");
    let named = stack.act(&ada, "publish", json!({"version": "live", "name": "spring"})).await.is(200);
    assert_eq!((named.at("/label"), named.at("/unchanged")), (json!("Published spring"), json!(false)));
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "spring"));
    let again = stack.act(&ada, "publish", json!({"version": "live", "name": "spring"})).await.is(200);
    assert_eq!(again.at("/unchanged"), true);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    stack.call(&ada, "PATCH", &under("snapshots/a"), &[], "{\"name\":\"alpha\"}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "b", "name": "summer"})).await.is(200);
    assert_eq!((stack.users_see().await.1.as_str(), before(&stack, &ada).await), ("summer", json!("alpha")));
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "alpha");
    let newest = stack.newest(&ada).await;
    stack.assert_whole(newest).await;
}

#[tokio::test]
async fn the_release_before_by_its_name_is_the_release_before() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b", "c"]).await;
    stack.act(&ada, "rollback", json!({"to": "a"})).await.is(200);
    publish_all(&stack, &ada, &["b"]).await;
    // `c` was published over the `b` that was over `a`; the `b` of now would lead elsewhere, had it had another below.
    stack.act(&ada, "rollback", json!({"to": "c"})).await.is(200);
    let plain = before(&stack, &ada).await;
    let named = stack.act(&ada, "rollback", json!({"to": "b"})).await.is(200);
    assert_eq!((named.at("/name"), before(&stack, &ada).await), (plain, json!("a")));
}

/// Publishes `b` over itself, as histories of before have it.
struct Twice<'a>(&'a Stack);

impl Decide for Twice<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let env: EnvId = "crm/production".parse()?;
        let named = self.0.waymark.history.snapshot(&env, &"b".parse()?).await?;
        let below = attempt.head()?.releases.live.as_ref().map(Before::from);
        let (name, subject, entry) = (named.name.clone(), named.subject.clone(), attempt.next());
        let live = Live { name: named.name, snapshot: named.snapshot, subject: named.subject, entry };
        let event = Event::Published { name, subject, rollback: false };
        let releases = Releases { live: Some(live), before: below };
        let draft = Draft::of(DraftEntry { releases: Some(releases), ..DraftEntry::new(event) });
        Ok::<_, Error>(draft.append()).map_err(Problem::from)
    }
}

#[tokio::test]
async fn a_history_of_before_is_gone_back_through_all_the_same() {
    let ada = Person::admin("ada");
    let stack = three_snapshots(&ada).await;
    publish_all(&stack, &ada, &["a", "b"]).await;
    for _ in 0..2 {
        let mutation = Mutation {
            place: Place::Environment("crm/production".parse().unwrap()),
            author: Author { id: "ada".to_owned(), name: "ada".to_owned() },
            id: stack.waymark.sources.ids.fresh(),
            key: None,
            deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(5),
        };
        let start = stack.waymark.history.start(&mutation).await.unwrap();
        stack.waymark.history.commit(&mutation, start, Twice(&stack)).await.unwrap();
    }
    assert_eq!(before(&stack, &ada).await, "a");
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "a");
}
