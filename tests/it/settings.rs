//! Settings of an environment and of its app.

use serde_json::{Value, json};

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const APP: &str = "/v1/apps/crm/settings";

async fn set(stack: &Stack, person: &Person, path: &str, settings: Value) -> Answer {
    stack.call(person, "PUT", path, &[], settings.to_string()).await
}

#[tokio::test]
async fn an_environment_says_more_than_its_app() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    let own = under("settings");
    assert_eq!(
        stack.get(&ada, &own, &[]).await.is(200).json(),
        json!({
            "live_without_release": null,
            "releases": null,
            "keep": null,
            "schema": null,
            "effective": {"live_without_release": "working", "releases": true},
        })
    );
    set(&stack, &ada, APP, json!({"live_without_release": "none"})).await.is(200);
    let effective = json!({"live_without_release": "none", "releases": true});
    assert_eq!(stack.get(&ada, &own, &[]).await.at("/effective"), effective);
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/settings"), effective);

    let answer =
        set(&stack, &ada, &own, json!({"live_without_release": "working", "releases": false})).await.is(200);
    let shown = json!({
        "live_without_release": "working",
        "releases": false,
        "keep": null,
        "schema": null,
        "effective": {"live_without_release": "working", "releases": false},
    });
    assert_eq!((answer.json(), stack.get(&ada, &own, &[]).await.json()), (shown.clone(), shown));
    // Off in either place is off.
    set(&stack, &ada, &own, json!({"releases": true})).await.is(200);
    set(&stack, &ada, APP, json!({"releases": false})).await.is(200);
    let effective = json!({"live_without_release": "working", "releases": false});
    assert_eq!(stack.get(&ada, &own, &[]).await.at("/effective"), effective);
    // A PUT replaces all of it; another environment has its own.
    set(&stack, &ada, &own, json!({})).await.is(200);
    assert_eq!(stack.get(&ada, &own, &[]).await.at("/releases"), Value::Null);
    let staging = "/v1/apps/crm/envs/staging/settings";
    assert_eq!(stack.get(&ada, staging, &[]).await.is(200).at("/effective"), effective);
    // They are no part of the history.
    assert_eq!(stack.newest(&ada).await, 1);
}

#[tokio::test]
async fn without_a_release_users_may_see_nothing() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let user = Person::new("user", "crm/production:reader");
    stack.save_each(&ada, 1..=2).await;
    for path in [under("settings").as_str(), APP] {
        set(&stack, &ada, path, json!({"live_without_release": "none"})).await.is(200);
        stack.read(&user, "live").await.is_problem(404, "nothing-live");
        stack.read(&ada, "versions/live").await.is_problem(404, "nothing-live");
        stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
        assert_eq!(stack.users_see().await.0, "{\"n\":1}");
        stack.act(&ada, "unpublish", json!({})).await.is(200);
        let nothing = stack.read(&user, "live").await.is_problem(404, "nothing-live");
        assert_eq!(nothing.header("cache-control"), "no-store");
        set(&stack, &ada, path, json!({})).await.is(200);
        assert_eq!(stack.users_see().await.0, "{\"n\":2}");
    }
}

#[tokio::test]
async fn where_releases_are_off_nothing_is_published() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    for (name, version) in [("a", 1), ("b", 2)] {
        let body = json!({ "name": name, "version": version });
        stack.act(&ada, "snapshots", body).await.is(201);
        stack.act(&ada, "publish", json!({ "snapshot": name })).await.is(200);
    }
    for path in [under("settings").as_str(), APP] {
        set(&stack, &ada, path, json!({"releases": false})).await.is(200);
        let before = stack.newest(&ada).await;
        for body in [json!({"snapshot": "a"}), json!({"version": 1})] {
            let refused = stack.act(&ada, "publish", body).await.is_problem(403, "releases-off");
            assert!(refused.at("/detail").as_str().unwrap().contains("settings"));
        }
        assert_eq!(stack.newest(&ada).await, before);
        // Snapshots, and the way back, are there still.
        stack.act(&ada, "snapshots", json!({})).await.is(201);
        stack.act(&ada, "rollback", json!({})).await.is(200);
        assert_eq!(stack.users_see().await.1, "a");
        set(&stack, &ada, path, json!({"releases": true})).await.is(200);
        stack.act(&ada, "publish", json!({"snapshot": "b"})).await.is(200);
    }
}

#[tokio::test]
async fn publishing_while_releases_are_switched_off_is_one_or_the_other() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for round in 0..6 {
        let env = format!("/v1/apps/crm/envs/e{round}");
        stack.call(&ada, "PUT", &format!("{env}/working"), &[], "{}").await.is(201);
        let place = if round % 2 == 0 { format!("{env}/settings") } else { APP.to_owned() };
        let path = format!("{env}/publish");
        let (published, off) = tokio::join!(
            stack.post(&ada, &path, json!({"version": 1})),
            set(&stack, &ada, &place, json!({"releases": false})),
        );
        off.is(200);
        let live = stack.get(&ada, &env, &[]).await.is(200).at("/live/name");
        if published.status.is_success() {
            assert_eq!(live, "v1");
            stack.post(&ada, &format!("{env}/unpublish"), json!({})).await.is(200);
        } else {
            published.is_problem(403, "releases-off");
            assert_eq!(live, Value::Null);
        }
        stack.post(&ada, &path, json!({"version": 1})).await.is_problem(403, "releases-off");
        set(&stack, &ada, &place, json!({})).await.is(200);
    }
}

#[tokio::test]
async fn settings_of_an_app_are_for_who_is_admin_of_all_of_it() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for grants in ["crm/production:admin", "crm/p*:admin crm/staging:admin", "crm/*:publisher", "hr/*:admin"]
    {
        let person = Person::new("ben", grants);
        stack.get(&person, APP, &[]).await.is_problem(403, "forbidden");
        set(&stack, &person, APP, json!({"releases": false})).await.is_problem(403, "forbidden");
    }
    for grants in ["crm/*:admin", "c*/*:admin", "[*/*:admin]"] {
        let person = Person::new("ben", grants);
        set(&stack, &person, APP, json!({"releases": false})).await.is(200);
    }
    let shown = stack.get(&ada, APP, &[]).await.is(200);
    assert_eq!((shown.at("/releases"), shown.at("/effective/releases")), (json!(false), json!(false)));
    // Whoever views an environment sees what holds there.
    let viewer = Person::new("vera", "crm/production:viewer");
    assert_eq!(stack.read(&viewer, "settings").await.is(200).at("/effective/releases"), false);
    let publisher = Person::new("pat", "crm/production:publisher");
    set(&stack, &publisher, &under("settings"), json!({})).await.is_problem(403, "forbidden");
    let admin = Person::new("al", "crm/production:admin");
    set(&stack, &admin, &under("settings"), json!({})).await.is(200);
}

#[tokio::test]
async fn settings_that_nobody_knows_are_refused() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let bad = [
        json!({"live": "working"}),
        json!({"live_without_release": "nothing"}),
        json!({"releases": "off"}),
        json!({"releases": 0}),
        json!({"effective": {}}),
        json!([]),
        json!("x"),
    ];
    for path in [under("settings").as_str(), APP] {
        for settings in &bad {
            let refused = set(&stack, &ada, path, settings.clone()).await;
            assert_eq!(refused.status, 400, "{settings}: {refused:?}");
            refused.is_problem(400, "malformed-request");
        }
        let half = stack.call(&ada, "PUT", path, &[], "{\"releases\":").await;
        half.is_problem(400, "malformed-request");
        stack
            .call(&ada, "PUT", path, &[("content-type", "text/plain")], "{}")
            .await
            .is_problem(415, "unsupported-media-type");
        assert_eq!(stack.get(&ada, path, &[]).await.at("/releases"), Value::Null);
    }
}

#[tokio::test]
async fn a_repeated_change_of_settings_is_one() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for path in [under("settings").as_str(), APP] {
        let keyed = |body: &'static str| stack.call(&ada, "PUT", path, &[("idempotency-key", "k")], body);
        let first = keyed("{\"releases\":false}").await.is(200);
        set(&stack, &ada, path, json!({"releases": true})).await.is(200);
        assert_eq!(keyed("{\"releases\":false}").await.is(200).json(), first.json());
        assert_eq!(stack.get(&ada, path, &[]).await.at("/releases"), true);
        keyed("{}").await.is_problem(422, "idempotency-key-reused");
    }
}
