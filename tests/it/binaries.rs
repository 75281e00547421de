//! The release binaries of the functions, as `bash tests/binaries.sh` has built them the way the template does.

mod emulator;
mod start;

use serde_json::{Value, json};

use self::emulator::Emulator;
use crate::support::lambda::{Stores, event};
use crate::support::steps::under;
use crate::support::{schedule, sqs, time};

const GOOD: &str = r#"{"title":"Refund desk","query":"select * from refunds where customer_id = :id"}"#;
const BROKEN: &str = r#"{"title":"Refund desk","query":"select * from refunds"}"#;

/// The folder with a folder for each binary, and `bootstrap` in it.
fn folder() -> String {
    std::env::var("WAYMARK_BINARIES")
        .expect("bash tests/binaries.sh builds the functions and sets WAYMARK_BINARIES")
}

/// An event of an administrator, with a body and headers.
fn admins(method: &str, rest: &str, headers: &[(&str, &str)], body: Option<&str>) -> Value {
    let body = body.map(|text| serde_json::from_str(text).unwrap());
    let mut event = event(method, &under(rest), "crm/production:admin", body.as_ref()).unwrap();
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    event
}

/// What a function answered, when its status is as expected.
async fn answer(emulator: &Emulator, function: &str, status: u16, event: Value) -> Value {
    let answer = emulator.invoke(function, &event).await;
    assert_eq!(answer["statusCode"], status, "{function}: {answer:#}");
    let body = answer["body"].as_str().unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{function} answered no JSON: {answer:#}"))
}

async fn users_see(emulator: &Emulator) -> String {
    answer(emulator, "live", 200, admins("GET", "live", &[], None)).await.to_string()
}

fn same(config: &str) -> String {
    serde_json::from_str::<Value>(config).unwrap().to_string()
}

#[tokio::test]
#[ignore = "needs the release binaries and cargo-lambda: bash tests/binaries.sh"]
async fn the_story_through_the_real_binaries() {
    let mut stores = Stores::start().await.unwrap();
    let (endpoint, queued) = sqs::start(0).await;
    stores.set("AWS_ENDPOINT_URL_SQS", endpoint.clone());
    stores.set("WAYMARK_BACKUP_QUEUE", sqs::url(&endpoint));
    let mut emulator = Emulator::start(&stores).await;
    let on = &emulator;
    let post = |rest: &str, body: Value| admins("POST", rest, &[], Some(&body.to_string()));

    // Saved, named, published, broken: users are unharmed.
    answer(on, "working", 201, admins("PUT", "working", &[], Some(GOOD))).await;
    answer(on, "snapshot", 201, post("snapshots", json!({}))).await;
    answer(on, "publish", 200, post("publish", json!({"snapshot": "v1"}))).await;
    let broken = admins("PUT", "working", &[("if-match", "*")], Some(BROKEN));
    assert_eq!(answer(on, "working", 200, broken).await["version"], 4);
    assert_eq!(users_see(on).await, same(GOOD));

    // Restored, and a release rolled back.
    let restored = answer(on, "restore", 200, post("restore", json!({"version": 1}))).await;
    assert_eq!(restored["label"], "Reverted changes to #1");
    answer(on, "publish", 200, post("publish", json!({"version": 4}))).await;
    assert_eq!(users_see(on).await, same(BROKEN));
    let back = answer(on, "publish", 200, post("rollback", json!({}))).await;
    assert_eq!(back["label"], "Rolled back to v1");
    assert_eq!(users_see(on).await, same(GOOD));

    // Backed up on demand and by schedule, and proven.
    let backup = answer(on, "backup", 201, post("backups", json!({}))).await;
    let verify = format!("backups/{}/verify", backup["id"].as_str().unwrap());
    assert_eq!(answer(on, "backup", 200, post(&verify, json!({}))).await["ok"], true);
    assert_eq!(on.invoke("backup-tick", &schedule::scheduled(time::start())).await, 1);
    let mut messages: Value = serde_json::from_str(include_str!("../events/sqs.json")).unwrap();
    messages["Records"][0]["body"] = json!(queued.lock().unwrap().bodies.remove(0));
    assert_eq!(on.invoke("backup-worker", &messages).await, json!({"batchItemFailures": []}));
    let policy = answer(on, "backup", 200, admins("GET", "backup-policy", &[], None)).await;
    assert_eq!(policy["last"]["ok"], true);

    // Nothing of it is lost.
    let verified = answer(on, "history", 200, admins("GET", "verify", &[], None)).await;
    assert_eq!((&verified["ok"], &verified["checked"]), (&json!(true), &json!(8)));

    // A panic, here in `lambda_http` itself, ends one request and not the function: panics unwind.
    let mut malformed = admins("GET", "live", &[], None);
    malformed["headers"]["host"] = json!("no host");
    assert!(on.invoke("live", &malformed).await["errorMessage"].as_str().unwrap().contains("panicked"));
    assert_eq!(users_see(on).await, same(GOOD));
    emulator.assert_alive();
    assert_lines(emulator).await;
}

/// Each function has written a line for each request, in which the first start alone was cold.
async fn assert_lines(emulator: Emulator) {
    for (function, printed) in emulator.stop().await {
        let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<Value> = lines.filter(|line| line["_aws"].is_object()).collect();
        assert!(lines.iter().all(|line| line["function"] == function), "{function}: {printed}");
        let cold: Vec<bool> = lines.iter().map(|line| line["cold_start"].as_bool().unwrap()).collect();
        assert!(cold.first() == Some(&true) && !cold[1..].contains(&true), "{function}: {printed}");
        assert!(!printed.contains("Refund") && !printed.contains("refunds"), "{function}: {printed}");
    }
}
