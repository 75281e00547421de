//! A backup, or any config in a file, becomes the working version again.

use serde_json::{Value, json};

use crate::support::backups::sha256;
use crate::support::client::{gunzip, gzip};
use crate::support::presigned::send;
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

/// White space, numbers and escapes that a parser would not give back.
const ODD: &str =
    "\t{ \"n\" : 1.0,\"huge\":1e400, \"lone\":\"\\ud800 \\u0041\\/\",\r\n  \"tab\":\"\\t\", \"ü\":[ ] }\n\n";

const STAGING: &str = "/v1/apps/crm/envs/staging";

#[tokio::test]
async fn a_backup_goes_round() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, ODD).await.is(201);
    let taken = stack.act(&ada, "backups", json!({"note": "before the fair"})).await.is(201);
    let id = taken.at("/id").as_str().unwrap().to_owned();
    assert_eq!((taken.at("/class"), taken.at("/version")), (json!("manual"), json!(1)));
    assert_eq!((taken.at("/sha256"), taken.at("/bytes")), (json!(sha256(ODD.as_bytes())), json!(ODD.len())));
    assert_eq!(taken.header("location"), under(&format!("backups/{id}")));
    assert_eq!(taken.at("/verified_at"), taken.at("/at"));

    // What a browser gets, and what a program that asks for the address gets.
    let path = under(&format!("backups/{id}/file"));
    let redirect = stack.get(&ada, &path, &[]).await.is(303);
    assert_eq!(redirect.header("cache-control"), "no-store");
    let fetched = send("GET", redirect.header("location"), &[], Vec::new()).await;
    let named = "content-disposition: attachment; filename=\"crm-production-v1.waymark.json.gz\"";
    assert!(fetched.head.contains(named), "{}", fetched.head);
    let minimal = stack.get(&ada, &path, &[("prefer", "return=minimal")]).await.is(200);
    assert_eq!(minimal.at("/name"), "crm-production-v1.waymark.json.gz");
    let again = send("GET", minimal.at("/url").as_str().unwrap(), &[], Vec::new()).await;
    assert_eq!((again.body.len(), &again.body), (fetched.body.len(), &fetched.body));
    assert_eq!(taken.at("/size"), fetched.body.len());

    // Any JSON tool reads it.
    let document: Value = serde_json::from_slice(&gunzip(&fetched.body)).unwrap();
    assert_eq!(document["config"], ODD);
    assert_eq!(document["sha256"], sha256(document["config"].as_str().unwrap().as_bytes()));
    assert_eq!((&document["app"], &document["environment"]), (&json!("crm"), &json!("production")));
    assert_eq!(document["author"], json!({"id": "ada", "name": "ada"}));
    let verified = stack.read(&ada, "verify").await;
    assert_eq!(document["head"], json!({"version": 1, "hash": verified.at("/hash")}));

    stack.save(&ada, "{\"changed\":true}").await.is(200);
    let upload = stack.upload(&ada, &fetched.body).await;
    let restored = stack.act(&ada, "restore", json!({"upload": upload, "note": "undo"})).await.is(200);
    assert_eq!((restored.at("/version"), restored.at("/kind")), (json!(3), json!("imported")));
    assert_eq!(restored.at("/note"), "undo");
    assert_eq!(stack.read(&ada, "working").await.text(), ODD);
    let newest = stack.read(&ada, "history?limit=1").await.at("/items/0");
    assert_eq!(newest["source"]["environment"], "crm/production");
    assert_eq!(newest["source"]["version"], 1);
    assert_eq!(newest["label"], "Imported a file said to be crm/production #1");

    // The state before it was backed up, and comes back too.
    let ids = stack.backup_ids(&ada).await;
    assert_eq!(ids.len(), 2);
    let before =
        ids.iter().find_map(|id| id.as_str().filter(|id| id.starts_with("before-restore."))).unwrap();
    let back = stack.act(&ada, "restore", json!({"backup": before})).await.is(200);
    assert_eq!((back.at("/version"), back.at("/kind")), (json!(4), json!("restored")));
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"changed\":true}");
    stack.assert_whole(4).await;
}

#[tokio::test]
async fn what_is_there_already_is_not_restored() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, ODD).await.is(201);
    let id = stack.back_up(&ada, json!({})).await;
    let file = stack.download(&ada, &id).await;
    let upload = stack.upload(&ada, &file).await;
    for body in [json!({"backup": id}), json!({"upload": upload})] {
        assert_eq!(stack.act(&ada, "restore", body).await.is(200).at("/version"), 1);
    }
    assert_eq!(stack.restore_file(&ada, "application/gzip", &file).await.is(200).at("/version"), 1);
    assert_eq!(stack.backup_ids(&ada).await, [json!(id)]);
    stack.assert_whole(1).await;
}

#[tokio::test]
async fn the_state_before_is_backed_up_once() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    for (text, ids) in [("{\"n\":7}", 1), ("{\"n\":8}", 2)] {
        stack.restore_file(&ada, "application/octet-stream", text.as_bytes()).await.is(200);
        assert_eq!(stack.backup_ids(&ada).await.len(), ids);
    }
    let listed = stack.read(&ada, "backups").await;
    let mut versions = stack.listed(&ada, &under("backups"), "/version").await;
    versions.sort_by_key(Value::as_u64);
    assert_eq!(versions, [json!(2), json!(3)], "{listed:?}");
}

#[tokio::test]
async fn a_file_may_lie_in_the_request() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, "{}").await.is(201);
    let id = stack.back_up(&ada, json!({})).await;
    let file = stack.download(&ada, &id).await;
    let document = gunzip(&file);
    let packed = gzip(ODD.as_bytes());
    // A config may have members of a backup, as it may when it is saved from a body.
    let marked = "{\"waymark_backup\":1,\"app\":\"crm\",\"version\":7,\"sha256\":\"x\"}";
    stack.overwrite(&ada, marked).await.is(200);
    stack.overwrite(&ada, "{}").await.is(200);
    let cases: [(&str, &[u8], &str); 7] = [
        ("application/octet-stream", marked.as_bytes(), marked),
        ("application/octet-stream", ODD.as_bytes(), ODD),
        ("application/gzip", &file, "{}"),
        ("application/gzip", &packed, ODD),
        ("application/octet-stream", &document, "{}"),
        ("application/octet-stream", &packed, ODD),
        ("application/octet-stream", b"[1, {\"waymark_backup\": 1}]", "[1, {\"waymark_backup\": 1}]"),
    ];
    for (version, (media_type, bytes, text)) in (4..).zip(cases) {
        let answer = stack.restore_file(&ada, media_type, bytes).await.is(200);
        assert_eq!((answer.at("/version"), answer.at("/kind")), (json!(version), json!("imported")));
        assert_eq!(stack.read(&ada, "working").await.text(), text);
    }
    let plain = stack.read(&ada, "versions/4").await;
    assert_eq!(
        (plain.at("/source/environment"), plain.at("/label")),
        (Value::Null, json!("Imported a file"))
    );
    stack.assert_whole(10).await;
}

#[tokio::test]
async fn a_file_begins_an_environment() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let begun = stack.restore_file(&ada, "application/octet-stream", ODD.as_bytes()).await.is(201);
    assert_eq!((begun.at("/version"), begun.at("/kind")), (json!(1), json!("imported")));
    assert_eq!(stack.read(&ada, "working").await.text(), ODD);
    assert_eq!(stack.backup_ids(&ada).await, [] as [Value; 0]);
    assert_eq!(stack.get(&ada, "/v1/apps", &[]).await.at("/items").as_array().unwrap().len(), 1);
    stack.assert_whole(1).await;
}

#[tokio::test]
async fn a_backup_of_another_environment_is_taken_when_asked_for() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, ODD).await.is(201);
    let id = stack.back_up(&ada, json!({})).await;
    let file = stack.download(&ada, &id).await;
    let upload = stack.upload_to(&ada, STAGING, &file).await;
    let path = format!("{STAGING}/restore");
    let wrong = [json!({"upload": upload}), json!({"upload": upload, "from": "crm/staging"})];
    for body in wrong {
        let refused = stack.post(&ada, &path, body).await.is_problem(409, "other-environment");
        assert_eq!(refused.at("/from"), "crm/production");
    }
    let direct = [("content-type", "application/gzip")];
    stack.call(&ada, "POST", &path, &direct, file.clone()).await.is_problem(409, "other-environment");
    stack.get(&ada, STAGING, &[]).await.is_problem(404, "environment-not-found");

    let body = json!({"upload": upload, "from": "crm/production"});
    let taken = stack.post(&ada, &path, body).await.is(201);
    assert_eq!(taken.at("/label"), "Imported a file said to be crm/production #1");
    assert_eq!(stack.get(&ada, &format!("{STAGING}/working"), &[]).await.text(), ODD);
    let asked = format!("{STAGING}/restore?from=crm/production");
    assert_eq!(stack.call(&ada, "POST", &asked, &direct, file).await.is(200).at("/version"), 1);
    // A stored backup is found in its own environment alone, and so is an upload.
    stack.post(&ada, &path, json!({"backup": id})).await.is_problem(404, "backup-not-found");
    stack.act(&ada, "restore", json!({"upload": upload})).await.is_problem(404, "upload-not-found");
}

#[tokio::test]
async fn a_repeated_restore_of_a_file_is_one() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    let upload = stack.upload(&ada, b"{\"n\":7}").await;
    let (path, body) = (under("restore"), json!({"upload": upload}).to_string());
    let restore = || stack.call(&ada, "POST", &path, &[("idempotency-key", "k")], body.clone());
    let (a, b) = tokio::join!(restore(), restore());
    assert_eq!(a.is(200).json(), b.is(200).json());
    stack.save_each(&ada, [9]).await;
    // The upload ends an hour before the key does.
    stack.seconds_pass(23 * 60 * 60 + 60);
    assert_eq!(restore().await.is(200).at("/version"), 3);
    stack.assert_whole(4).await;
}

#[tokio::test]
async fn two_restores_at_once_are_both_in_the_history() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    let (a, b) = tokio::join!(
        stack.restore_file(&ada, "application/octet-stream", b"{\"n\":7}"),
        stack.restore_file(&ada, "application/octet-stream", b"{\"n\":8}"),
    );
    let mut versions = [a.is(200).at("/version").as_u64(), b.is(200).at("/version").as_u64()];
    versions.sort_unstable();
    assert_eq!(versions, [Some(3), Some(4)]);
    let mut backed_up = stack.listed(&ada, &under("backups"), "/version").await;
    backed_up.sort_by_key(Value::as_u64);
    assert_eq!(backed_up, [json!(2), json!(3)]);
    stack.assert_whole(4).await;
}

#[tokio::test]
async fn live_stays_as_it_is() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack.restore_file(&ada, "application/octet-stream", ODD.as_bytes()).await.is(200);
    assert_eq!(stack.users_see().await.0, "{\"n\":1}");
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/working/version"), 4);
}
