//! Promotion: a snapshot of one environment becomes what the users of another see.

mod budget;
mod keep;
mod merge;
mod own;

use serde_json::{Value, json};

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

/// The environment that is promoted from.
const STAGING: &str = "/v1/apps/crm/envs/staging";

/// Saves in staging and gives it a name there.
async fn stage(stack: &Stack, person: &Person, config: &str, name: &str) {
    let path = format!("{STAGING}/working");
    let there = stack.get(person, STAGING, &[]).await.status.is_success();
    let headers: &[(&str, &str)] = if there { &[("if-match", "*")] } else { &[] };
    let saved = stack.call(person, "PUT", &path, headers, config.to_owned()).await;
    assert!(saved.status.is_success(), "{saved:?}");
    stack.post(person, &format!("{STAGING}/snapshots"), json!({ "name": name })).await.is(201);
}

/// Promotes a snapshot of staging to production, with further members of the request.
async fn promote(stack: &Stack, person: &Person, name: &str, more: Value) -> Answer {
    let mut body = json!({ "from": { "env": "staging", "snapshot": name } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stack.act(person, "publish", body).await
}

fn seen(config: &str, release: &str) -> (String, String) {
    (config.to_owned(), release.to_owned())
}

#[tokio::test]
async fn a_snapshot_of_another_environment_becomes_what_users_see() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{\"local\":1}").await.is(201);
    stage(&stack, &ada, "{\"n\": 1.0}", "spring").await;
    stack.calls.take();
    let promoted =
        promote(&stack, &ada, "spring", json!({"note": "For the sale", "go_ahead": true})).await.is(200);
    insta::assert_json_snapshot!("promoted", promoted.json());
    assert!(!stack.calls.take().contains(&"S3.PutObject".to_owned()), "by reference, no copy");
    assert_eq!(stack.users_see().await, seen("{\"n\": 1.0}", "v1"));
    // Nothing that builders edit has changed, here or there.
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"local\":1}");
    assert_eq!(stack.get(&ada, STAGING, &[]).await.at("/working/version"), 2);

    let entry = stack.read(&ada, "versions/2").await.is(200);
    insta::assert_json_snapshot!("promoted_entry", entry.json());
    let page = stack.read(&ada, "history").await;
    assert_eq!(page.at("/items/1"), entry.json());
    let listed = stack.read(&ada, "snapshots").await;
    assert_eq!(listed.at("/items/0/origin"), entry.at("/origin"));
    assert_eq!((listed.at("/items/0/release"), listed.at("/items/0/live")), (json!(true), json!(true)));

    // Once more, it is there.
    let again = promote(&stack, &ada, "spring", json!({})).await.is(200);
    assert_eq!((again.at("/unchanged"), again.at("/version")), (json!(true), json!(3)));
    stack.assert_whole(3).await;
}

#[tokio::test]
async fn wherever_a_promoted_snapshot_is_read_it_is_its_own_config() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{\"local\":1}").await.is(201);
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    promote(&stack, &ada, "spring", json!({"name": "sale", "go_ahead": true})).await.is(200);
    stack.save(&ada, "{\"local\":2}").await.is(200);
    stack.cold();

    for name in ["sale", "live"] {
        let config = stack.read(&ada, &format!("versions/{name}/config")).await.is(200);
        assert_eq!(config.text(), "{\"n\":1}", "{name}");
    }
    // The entry's own config is the working one, as that of every entry.
    assert_eq!(stack.read(&ada, "versions/2/config").await.text(), "{\"local\":1}");
    assert_eq!(
        stack.read(&ada, "versions/sale").await.at("/subject/sha256"),
        stack.read(&ada, "versions/2").await.at("/subject/sha256")
    );
    let diff = stack.read(&ada, "diff?from=working&to=sale").await.is(200);
    assert!(diff.text().contains("/n"), "{diff:?}");
    // A name for it is a name for the promoted config.
    stack.act(&ada, "snapshots", json!({"version": "sale", "name": "twin"})).await.is(201);
    assert_eq!(stack.read(&ada, "versions/twin/config").await.text(), "{\"n\":1}");
    // So is a backup of it, and the part of one that says what was live.
    for of in ["sale", "live", "working"] {
        let id = stack.back_up(&ada, json!({ "of": of })).await;
        let file = stack.document(&ada, &id).await;
        let part = if of == "working" { &file["live"] } else { &file };
        assert_eq!(part["config"], "{\"n\":1}", "{of}");
        assert_eq!(stack.act(&ada, &format!("backups/{id}/verify"), json!({})).await.is(200).at("/ok"), true);
    }
    // Restoring it brings the promoted config to builders.
    let restored = stack.act(&ada, "restore", json!({"snapshot": "sale"})).await.is(200);
    assert_eq!(restored.at("/label"), "Reverted changes to sale (#2)");
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
    // And rolling back to it gives it to users.
    stack.act(&ada, "publish", json!({"version": 1, "go_ahead": true})).await.is(200);
    assert_eq!(stack.users_see().await.0, "{\"local\":1}");
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "sale"));
    stack.act(&ada, "rollback", json!({"to": "v1"})).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "sale"})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "sale"));
    let newest = stack.newest(&ada).await;
    stack.assert_whole(newest).await;
}

#[tokio::test]
async fn an_environment_may_begin_with_a_promotion() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    let first = promote(&stack, &ada, "spring", json!({"expect_live": null})).await.is(201);
    assert_eq!((first.at("/version"), first.at("/label")), (json!(3), json!("Published v1")));
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "v1"));
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");
    let labels = stack.listed(&ada, &under("history"), "/label").await;
    assert_eq!(
        labels,
        ["Published v1", "Promoted spring (#1) from staging as v1", "Began with spring (#1) of crm/staging"]
    );
    let begun = stack.read(&ada, "versions/1").await;
    assert_eq!(
        begun.at("/source"),
        json!({"environment": "crm/staging", "snapshot": "spring", "version": 1})
    );
    assert_eq!(stack.listed(&ada, "/v1/apps", "/environment").await, ["production", "staging"]);
    stack.assert_whole(3).await;
    // From then on it follows, without a question, and each is a release to go back to.
    for (n, name) in [(2, "summer"), (3, "autumn")] {
        stage(&stack, &ada, &json!({ "n": n }).to_string(), name).await;
        promote(&stack, &ada, name, json!({})).await.is(200);
    }
    assert_eq!(stack.users_see().await, seen("{\"n\":3}", "v3"));
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":2}", "v2"));
}

#[tokio::test]
async fn it_takes_a_viewer_there_and_a_publisher_here() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    stack.calls.take();
    let there = [
        ("crm/production:admin", None),
        ("crm/production:admin crm/staging:reader", Some("reader")),
        ("crm/production:admin crm/stag:admin", None),
    ];
    for (grants, has) in there {
        let refused = promote(&stack, &Person::new("p", grants), "spring", json!({})).await;
        let refused = refused.is_problem(403, "forbidden");
        assert_eq!((refused.at("/needs"), refused.at("/has")), (json!("viewer"), json!(has)));
        assert!(refused.at("/detail").as_str().unwrap().contains("crm/staging"));
        // Whether the other one exists cannot be told.
        let body = json!({"from": {"env": "absent", "snapshot": "spring"}});
        let absent = stack.act(&Person::new("p", grants), "publish", body).await.is_problem(403, "forbidden");
        assert_eq!(absent.at("/needs"), "viewer");
    }
    let here = Person::new("p", "crm/production:editor crm/staging:admin");
    let refused = promote(&stack, &here, "spring", json!({})).await.is_problem(403, "forbidden");
    assert_eq!((refused.at("/needs"), refused.at("/has")), (json!("publisher"), json!("editor")));
    assert!(stack.calls.take().is_empty(), "nothing is read before the rights are checked");
    let enough = Person::new("p", "crm/production:publisher crm/staging:viewer");
    promote(&stack, &enough, "spring", json!({})).await.is(201);
}

#[tokio::test]
async fn what_cannot_be_promoted_is_refused() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    let absent = promote(&stack, &ada, "absent", json!({})).await.is_problem(404, "snapshot-not-found");
    assert!(absent.at("/detail").as_str().unwrap().contains("crm/staging"));
    let from = |env: &str| json!({"from": {"env": env, "snapshot": "spring"}});
    stack.act(&ada, "publish", from("nowhere")).await.is_problem(404, "snapshot-not-found");
    stack.act(&ada, "publish", from("production")).await.is_problem(400, "malformed-request");
    stack.act(&ada, "publish", from("STAGING")).await.is_problem(422, "invalid-name");
    for more in [
        json!({"snapshot": "a"}),
        json!({"version": 1}),
        json!({"from": {"env": "staging"}}),
        json!({"merge": 1}),
        json!({"merge": true, "go_ahead": true}),
        json!({"preview": "yes"}),
        json!({"go_ahead": "yes"}),
    ] {
        promote(&stack, &ada, "spring", more).await.is_problem(400, "malformed-request");
    }
    promote(&stack, &ada, "spring", json!({"name": "live"})).await.is_problem(422, "invalid-name");
    promote(&stack, &ada, "spring", json!({"expect_live": "v1"})).await.is_problem(409, "live-changed");
    for body in [
        json!({"snapshot": "a", "name": "b"}),
        json!({"version": 1, "merge": true}),
        json!({"version": 1, "preview": true}),
    ] {
        stack.act(&ada, "publish", body).await.is_problem(400, "malformed-request");
    }
    stack.get(&ada, ENV, &[]).await.is_problem(404, "environment-not-found");

    promote(&stack, &ada, "spring", json!({"name": "sale"})).await.is(201);
    stage(&stack, &ada, "{\"n\":2}", "summer").await;
    promote(&stack, &ada, "summer", json!({"name": "sale"})).await.is_problem(409, "name-taken");
    promote(&stack, &ada, "summer", json!({"expect_live": null})).await.is_problem(409, "live-changed");
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"releases\":false}").await.is(200);
    promote(&stack, &ada, "summer", json!({})).await.is_problem(403, "releases-off");
    // What users would get here must pass what is asked here.
    let schema = "{\"schema\":{\"properties\":{\"n\":{\"maximum\":1}}}}";
    stack.call(&ada, "PUT", &under("settings"), &[], schema).await.is(200);
    promote(&stack, &ada, "summer", json!({})).await.is_problem(422, "check-failed");
    assert_eq!(stack.newest(&ada).await, 3);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "sale"));
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    let body = json!({"from": {"env": "staging", "snapshot": "spring"}}).to_string();
    let headers = [("idempotency-key", "k")];
    let first = stack.call(&ada, "POST", &under("publish"), &headers, body.clone()).await.is(201);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    let again = stack.call(&ada, "POST", &under("publish"), &headers, body).await.is(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn the_name_there_may_be_a_former_one() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    let path = format!("{STAGING}/snapshots/spring");
    stack.call(&ada, "PATCH", &path, &[], "{\"name\":\"easter\"}").await.is(200);
    let promoted = promote(&stack, &ada, "spring", json!({})).await.is(201);
    assert_eq!(
        promoted.at("/origin"),
        json!({"environment": "staging", "snapshot": "easter", "version": 1, "kept": false, "merged": false})
    );
}

#[tokio::test]
async fn of_two_promotions_at_once_both_are_in_the_history() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"n\":1}", "spring").await;
    stage(&stack, &ada, "{\"n\":2}", "summer").await;
    let (a, b) =
        tokio::join!(promote(&stack, &ada, "spring", json!({})), promote(&stack, &ada, "summer", json!({})));
    // One begins the history; the other finds a working version that is the first one's, which is no change of its own.
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201], "{a:?} {b:?}");
    stack.assert_whole(5).await;
}
