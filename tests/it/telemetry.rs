//! One line for each request and each job, and nothing in the logs that people have written.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::lambda::{Stores, event, invoke_logged};
use crate::support::logs::{lines, logged};
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack, schedule, sqs, time};

/// A line without what differs from run to run.
fn settled(mut line: Value) -> Value {
    for time in ["ms", "aws_ms"] {
        assert!(line.as_object_mut().unwrap().remove(time).unwrap().as_f64().unwrap() >= 0.0);
    }
    line
}

#[tokio::test]
async fn a_save_and_a_refusal_have_a_line_each() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, r#"{"n":1}"#).await.is(201);
    let (_, log) = logged(async {
        stack.overwrite(&ada, r#"{"n":2}"#).await.is(200);
        stack.call(&ada, "PUT", &under("working"), &[], r#"{"n":3}"#).await.is(428);
        stack.read(&Person::new("eve", "[]"), "live").await.is(403);
    })
    .await;
    let lines: Vec<Value> = lines(&log).into_iter().map(settled).collect();
    let saved = json!({
        "function": "working", "route": "PUT /v1/apps/{app}/envs/{env}/working", "app": "crm", "environment": "production",
        "version": 2, "status": 200, "dynamodb_calls": 2, "s3_calls": 0, "cold_start": false,
    });
    assert_eq!(lines[0], saved);
    let (refused, foreign) = (&lines[1], &lines[2]);
    assert_eq!((&refused["status"], &refused["problem"]), (&json!(428), &json!("precondition-required")));
    assert_eq!((&foreign["status"], &foreign["problem"]), (&json!(403), &json!("forbidden")));
    assert_eq!((&foreign["function"], &foreign["dynamodb_calls"]), (&json!("live"), &json!(0)));
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn the_tick_and_each_environment_of_the_worker_have_a_line() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, r#"{"n":1}"#).await.is(201);
    let other = "/v1/apps/crm/envs/staging/working";
    stack.call(&ada, "PUT", other, &[], r#"{"n":2}"#).await.is(201);
    let (due, log) = logged(stack.scheduled_backups(time::start())).await;
    assert_eq!(due, 2);
    let lines = lines(&log);
    assert_eq!((&lines[0]["function"], &lines[0]["due"]), (&json!("backup-tick"), &json!(2)));
    let of_worker: Vec<_> =
        lines[1..].iter().map(|line| (&line["environment"], &line["backed_up"])).collect();
    let yes = json!(true);
    assert_eq!(of_worker, [(&json!("production"), &yes), (&json!("staging"), &yes)]);
    assert_eq!((&lines[1]["version"], &lines[1]["s3_calls"]), (&json!(1), &json!(2)));

    let objects = stack.backup_objects().await;
    stack.flip(&stack.backup_object(&objects[0])).await;
    let next = time::start() + jiff::SignedDuration::from_hours(24 * 8);
    stack.clock.advance(jiff::SignedDuration::from_hours(24 * 8));
    let (_, log) = logged(stack.scheduled_backups(next)).await;
    let damaged: Vec<Value> = crate::support::logs::lines(&log);
    assert_eq!(damaged.iter().filter(|line| line["damaged"] == 1).count(), 1, "{damaged:#?}");
}

#[tokio::test]
async fn nothing_that_people_write_is_logged() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let note = [("waymark-note", "canary"), ("if-match", "*"), ("idempotency-key", "canary")];
    let (_, log) = logged(async {
        stack
            .call(&ada, "PUT", &under("working"), &[("waymark-note", "canary")], r#"{"canary":"canary"}"#)
            .await;
        for body in [r#"{"canary":"canary","#, r#"{"canary":1,"canary":2}"#, "\"canary\"", r#"["canary"]"#] {
            stack.call(&ada, "PUT", &under("working"), &note, body).await;
        }
        let patch = [("content-type", "application/json-patch+json"), ("if-match", "*")];
        for body in [r#"[{"op":"test","path":"/canary","value":"canary"}]"#, r#"[{"op":"canary"}]"#] {
            stack.call(&ada, "PATCH", &under("working"), &patch, body).await;
        }
        for query in
            ["history?author=canary", "blame?label=canary", "versions?at=canary", "diff?from=canary&to=live"]
        {
            stack.read(&ada, query).await;
        }
        let schema =
            json!({"schema": {"required": ["canary"], "properties": {"canary": {"const": "Canary"}}}});
        stack.call(&ada, "PUT", &under("settings"), &[], schema.to_string()).await;
        for (verb, body) in [
            ("snapshots", json!({"note": "canary"})),
            ("snapshots", json!({"canary": "canary"})),
            ("publish", json!({"snapshot": "v1", "note": "canary"})),
            ("restore", json!({"version": 1, "note": "canary", "paths": ["/canary"]})),
            ("restore", json!({"undo": 1, "note": "canary"})),
            ("backups", json!({"note": "canary"})),
        ] {
            stack.act(&ada, verb, body).await;
        }
        stack.restore_file(&ada, "application/octet-stream", b"{\"canary\":\"canary\"}").await;
        stack.restore_file(&ada, "application/gzip", b"canary").await;
        stack.get(&ada, "/v1/apps/Canary/envs/canary%20/working", &[]).await;
        stack.get(&Person::new("canary", "[canary:canary]"), ENV, &[]).await;
    })
    .await;
    assert_eq!(lines(&log).len(), 22, "{log}");
    assert!(!log.to_lowercase().contains("canary"), "{log}");
}

#[tokio::test]
async fn a_damaged_config_is_logged_by_its_place_alone() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    let saved = stack.save(&ada, r#"{"canary":"canary"}"#).await.is(201);
    let keyframe = stack.keyframe(saved.at("/sha256").as_str().unwrap());
    stack.alter(&keyframe, b"{\"canary\":1}".to_vec()).await;
    stack.cold();
    let (_, log) = logged(stack.read(&ada, "working")).await;
    assert_eq!(lines(&log)[0]["problem"], "config-damaged");
    assert!(log.contains("configs/crm/") && !log.contains("canary"), "{log}");
}

/// The lines of CloudWatch's embedded metric format that a process has printed.
fn embedded(printed: &str) -> Vec<Value> {
    let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["_aws"].is_object()).collect()
}

#[tokio::test]
async fn a_function_prints_its_line_with_the_metrics_in_it() {
    let stores = Stores::start().await.unwrap();
    let mut put =
        event("PUT", &under("working"), "crm/*:editor", Some(&json!({"canary": "canary"}))).unwrap();
    put["headers"]["waymark-note"] = json!("canary");
    put["headers"]["authorization"] = json!("Bearer canary");
    let (_, printed) = invoke_logged(env!("CARGO_BIN_EXE_lambda-working"), &stores, &put).await;
    let [line] = embedded(&printed).try_into().unwrap();
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Waymark/test");
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().iter();
    let names: BTreeSet<&str> = metrics.map(|metric| metric["Name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["AwsTime", "ColdStarts"]));
    assert!(line["AwsTime"][0].as_f64().unwrap() > 0.0);
    for (member, value) in [
        ("function", json!("working")),
        ("app", json!("crm")),
        ("environment", json!("production")),
        ("version", json!(1)),
        ("status", json!(201)),
        ("cold_start", json!(true)),
        ("ColdStarts", json!(1)),
        ("invocation_id", json!("8476a536-e9f4-11e8-9739-2dfe598c3fcd")),
        ("request_id", put["requestContext"]["requestId"].clone()),
        ("xray_trace_id", json!("1-6650a1b2-0123456789abcdef01234567")),
    ] {
        assert_eq!(line[member], value, "{member}: {line:#}");
    }
    assert!(!printed.contains("canary"), "{printed}");
}

#[tokio::test]
async fn the_trace_goes_on_to_aws() {
    let mut stores = Stores::start().await.unwrap();
    let (endpoint, queued) = sqs::start(0).await;
    stores.set("AWS_ENDPOINT_URL_SQS", endpoint.clone());
    stores.set("WAYMARK_BACKUP_QUEUE", sqs::url(&endpoint));
    let put = event("PUT", &under("working"), "crm/*:editor", Some(&json!({}))).unwrap();
    invoke_logged(env!("CARGO_BIN_EXE_lambda-working"), &stores, &put).await;
    let tick = schedule::scheduled(time::start());
    let (_, printed) = invoke_logged(env!("CARGO_BIN_EXE_lambda-backup-tick"), &stores, &tick).await;
    let trace = "Root=1-6650a1b2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0";
    assert_eq!(queued.lock().unwrap().traces, [trace]);
    let [line] = embedded(&printed).try_into().unwrap();
    assert_eq!(
        (&line["function"], &line["due"], &line["sqs_calls"]),
        (&json!("backup-tick"), &json!(1), &json!(1))
    );
}

/// At the end of `tests/privileges.sh`: no token, no note, no text of a config that any test has sent is in what any
/// function has logged.
#[test]
#[ignore = "needs the record of all integration tests: bash tests/privileges.sh"]
fn no_function_has_logged_what_people_wrote() {
    let file = std::env::var("WAYMARK_LOGS").expect("bash tests/privileges.sh sets WAYMARK_LOGS");
    let logs = std::fs::read_to_string(&file).unwrap();
    assert!(logs.contains("waymark::telemetry") && logs.contains("_aws"), "nothing was logged");
    let said = std::fs::read_to_string(std::path::Path::new(&file).with_extension("said")).unwrap();
    let said: Vec<String> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(said.iter().any(|text| text == "a-token-that-is-in-no-log"), "nothing was noted");
    let found: Vec<&String> = said.iter().filter(|text| logs.contains(text.as_str())).collect();
    assert!(found.is_empty(), "{found:#?}");
}
