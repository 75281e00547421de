//! Paths that belong to an environment keep its values where a config comes from another one.

use serde_json::{Value, json};

use super::{STAGING, promote, seen, stage};
use crate::support::client::gunzip;
use crate::support::presigned::send;
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

async fn keep(stack: &Stack, person: &Person, path: &str, paths: Value) {
    stack.call(person, "PUT", path, &[], json!({ "keep": paths }).to_string()).await.is(200);
}

const PRODUCTION: &str =
    r#"{"title": "Desk", "resources": [{"id": "db", "url": "prod.db"}, {"id": "api", "url": "prod.api"}]}"#;
const STAGED: &str = r#"{"title":  "Desk 2", "resources": [{"id": "api", "url": "stag.api"}, {"id": "db",  "url": "stag.db"}]}"#;
const KEPT: &str = r#"{"title":  "Desk 2", "resources": [{"id": "api", "url": "prod.api"}, {"id": "db",  "url": "prod.db"}]}"#;

#[tokio::test]
async fn a_promotion_keeps_the_values_of_the_target() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, PRODUCTION).await.is(201);
    stage(&stack, &ada, STAGED, "spring").await;
    keep(&stack, &ada, &under("settings"), json!(["/resources/*/url"])).await;
    let promoted = promote(&stack, &ada, "spring", json!({"go_ahead": true})).await.is(200);
    assert_eq!(promoted.at("/origin/kept"), true);
    stack.cold();
    assert_eq!(stack.users_see().await, seen(KEPT, "v1"));
    assert_eq!(stack.get(&ada, &format!("{STAGING}/working"), &[]).await.text(), STAGED);
    let sha256 = waymark::hash::Sha256::of(KEPT.as_bytes()).to_string();
    assert_eq!(stack.read(&ada, "versions/2").await.at("/subject/sha256"), sha256);
    stack.assert_whole(3).await;
    // The same again is what users see already.
    let again = promote(&stack, &ada, "spring", json!({})).await.is(200);
    assert_eq!(again.at("/unchanged"), true);

    // What users see counts, not what builders are at; without a release, what builders are at.
    stack.save(&ada, PRODUCTION.replace("prod.db", "draft.db")).await.is(200);
    let next = STAGED.replace("Desk 2", "Desk 3");
    stage(&stack, &ada, &next, "summer").await;
    promote(&stack, &ada, "summer", json!({"go_ahead": true})).await.is(200);
    assert_eq!(stack.users_see().await.0, KEPT.replace("Desk 2", "Desk 3"));
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    promote(&stack, &ada, "summer", json!({"go_ahead": true})).await.is(200);
    assert!(stack.users_see().await.0.contains("draft.db"));
}

#[tokio::test]
async fn what_is_kept_is_checked_and_counts_for_what_would_be_lost() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, PRODUCTION).await.is(201);
    let schema =
        json!({"properties": {"resources": {"items": {"properties": {"url": {"pattern": "^prod"}}}}}});
    let settings = json!({"keep": ["/resources/*/url"], "schema": schema}).to_string();
    stage(&stack, &ada, STAGED, "spring").await;
    stack.call(&ada, "PUT", &under("settings"), &[], json!({"schema": schema}).to_string()).await.is(200);
    promote(&stack, &ada, "spring", json!({"go_ahead": true})).await.is_problem(422, "check-failed");
    stack.call(&ada, "PUT", &under("settings"), &[], settings).await.is(200);
    promote(&stack, &ada, "spring", json!({"go_ahead": true})).await.is(200);
    // Staging's next one differs in what is kept alone: nothing new for users here.
    stage(&stack, &ada, &STAGED.replace("stag.db", "other.db"), "summer").await;
    assert_eq!(promote(&stack, &ada, "summer", json!({})).await.is(200).at("/unchanged"), true);
}

#[tokio::test]
async fn an_app_says_it_for_all_its_environments() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, PRODUCTION).await.is(201);
    stage(&stack, &ada, STAGED, "spring").await;
    keep(&stack, &ada, "/v1/apps/crm/settings", json!(["/resources/*/url"])).await;
    promote(&stack, &ada, "spring", json!({"go_ahead": true})).await.is(200);
    assert_eq!(stack.users_see().await.0, KEPT);
}

#[tokio::test]
async fn an_import_from_another_environment_keeps_them_too() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, PRODUCTION).await.is(201);
    stage(&stack, &ada, STAGED, "spring").await;
    keep(&stack, &ada, &under("settings"), json!(["/resources/*/url"])).await;
    let id = stack.post(&ada, &format!("{STAGING}/backups"), json!({})).await.is(201).at("/id");
    let path = format!("{STAGING}/backups/{}/file", id.as_str().unwrap());
    let answer = stack.get(&ada, &path, &[]).await.is(303);
    let file = send("GET", answer.header("location"), &[], Vec::new()).await.body;

    let upload = stack.upload(&ada, &file).await;
    stack.act(&ada, "restore", json!({"upload": upload})).await.is_problem(409, "other-environment");
    stack.act(&ada, "restore", json!({"upload": upload, "from": "crm/staging"})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), KEPT);
    // A file in the request, too; and what came to the same appends nothing.
    let path = format!("{}?from=crm%2Fstaging", under("restore"));
    let headers = [("content-type", "application/gzip")];
    let again = stack.call(&ada, "POST", &path, &headers, file.clone()).await.is(200);
    assert_eq!(again.at("/unchanged"), true);

    // A plain config, and a backup of this environment, are taken as they are.
    let own = stack.back_up(&ada, json!({})).await;
    let plain =
        serde_json::from_slice::<Value>(&gunzip(&file)).unwrap()["config"].as_str().unwrap().to_owned();
    stack.restore_file(&ada, "application/octet-stream", plain.as_bytes()).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), STAGED);
    stack.act(&ada, "restore", json!({"backup": own})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), KEPT);
    stack.get(&ada, ENV, &[]).await.is(200);
}
