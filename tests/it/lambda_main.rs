//! Each function's `main.rs`, in a process of its own, answers one API Gateway event.
//!
//! The binaries are targets of this package (`[[bin]]` in its manifest, each with the `main.rs` of a function as its
//! path), since cargo builds binaries for the integration tests of their own package only, and only there sets
//! `CARGO_BIN_EXE_*`. So `cargo test --workspace` and `cargo test -p waymark-tests` find them built and current,
//! without running cargo from inside a test.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::lambda::{Stores, Unanswered, event, invoke};
use crate::support::runtime_api::Outcome;
use crate::support::{schedule, sqs, time};

const ENVIRONMENT: &str = "/v1/apps/crm/envs/production";

/// One event for one function, and the status that it has to answer.
struct Case {
    binary: &'static str,
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    status: u16,
}

fn case(
    binary: &'static str,
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    status: u16,
) -> Case {
    Case { binary, method, path, body, status }
}

/// In an order in which each builds on what those before it stored: the processes share nothing else.
fn cases() -> [Case; 7] {
    let note = json!({ "note": "first" });
    let sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; // of `{}`
    [
        case(env!("CARGO_BIN_EXE_lambda-working"), "PUT", "/working", Some(json!({ "title": "CRM" })), 201),
        case(env!("CARGO_BIN_EXE_lambda-snapshot"), "POST", "/snapshots", Some(note), 201),
        case(env!("CARGO_BIN_EXE_lambda-history"), "GET", "/history?limit=10", None, 200),
        case(
            env!("CARGO_BIN_EXE_lambda-publish"),
            "POST",
            "/publish",
            Some(json!({ "snapshot": "v1" })),
            200,
        ),
        case(env!("CARGO_BIN_EXE_lambda-live"), "GET", "/live", None, 200),
        case(env!("CARGO_BIN_EXE_lambda-restore"), "POST", "/restore", Some(json!({ "version": 1 })), 200),
        case(
            env!("CARGO_BIN_EXE_lambda-backup"),
            "POST",
            "/uploads",
            Some(json!({ "bytes": 2, "sha256": sha256 })),
            201,
        ),
    ]
}

#[tokio::test]
async fn every_function_answers_an_event_in_its_own_process() {
    let stores = Stores::start().await.unwrap();
    for case in cases() {
        let path = format!("{ENVIRONMENT}{}", case.path);
        let event = event(case.method, &path, "crm/production:admin", case.body.as_ref()).unwrap();
        let answer = invoke(case.binary, Some(&stores), &event)
            .await
            .unwrap_or_else(|why| panic!("{} {}: {why:#?}", case.method, case.path));
        assert_eq!(answer["statusCode"], case.status, "{} {}: {answer:#}", case.method, case.path);
    }
}

/// Lambda gives a function 10 s for its start.
#[tokio::test]
async fn a_function_starts_also_where_its_stores_do_not_answer() {
    let mut stores = Stores::start().await.unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for store in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
        stores.set(store, format!("http://{}", silent.local_addr().unwrap()));
    }
    // Whoever has no grants is refused without a look at the table.
    let event = event("GET", &format!("{ENVIRONMENT}/live"), "other/*:viewer", None).unwrap();
    let answer = invoke(env!("CARGO_BIN_EXE_lambda-live"), Some(&stores), &event);
    let answer =
        tokio::time::timeout(Duration::from_secs(10), answer).await.expect("a start within 10 s").unwrap();
    assert_eq!(answer["statusCode"], 403, "{answer:#}");
}

#[tokio::test]
async fn what_one_process_saved_another_serves() {
    let stores = Stores::start().await.unwrap();
    let config = json!({ "title": "CRM" });
    let put = event("PUT", &format!("{ENVIRONMENT}/working"), "crm/*:editor", Some(&config)).unwrap();
    invoke(env!("CARGO_BIN_EXE_lambda-working"), Some(&stores), &put).await.unwrap();

    let get = event("GET", &format!("{ENVIRONMENT}/live"), "crm/*:reader", None).unwrap();
    let answer = invoke(env!("CARGO_BIN_EXE_lambda-live"), Some(&stores), &get).await.unwrap();

    assert_eq!(answer["body"], config.to_string(), "{answer:#}");
    assert_eq!(answer["isBase64Encoded"], false, "{answer:#}");
    assert_eq!(answer["headers"]["waymark-version"], "1", "{answer:#}");
}

#[tokio::test]
async fn a_function_without_its_settings_fails_at_start_and_not_at_the_first_request() {
    let get = event("GET", &format!("{ENVIRONMENT}/live"), "crm/*:reader", None).unwrap();

    let outcome = invoke(env!("CARGO_BIN_EXE_lambda-live"), None, &get).await;

    match outcome {
        Err(Unanswered::Exited(status, printed)) => {
            assert!(!status.success());
            assert!(printed.contains("WAYMARK_"), "it does not say which setting is missing: {printed}");
        }
        Err(Unanswered::Refused(Outcome::InitFailed(_), _)) => {}
        other => panic!("expected it to stop, got {other:#?}"),
    }
}

#[tokio::test]
async fn the_tick_queues_what_is_due_and_the_worker_backs_it_up() {
    let mut stores = Stores::start().await.unwrap();
    let (endpoint, queued) = sqs::start(0).await;
    stores.set("AWS_ENDPOINT_URL_SQS", endpoint.clone());
    stores.set("WAYMARK_BACKUP_QUEUE", sqs::url(&endpoint));
    let path = format!("{ENVIRONMENT}/working");
    let put = event("PUT", &path, "crm/*:editor", Some(&json!({ "title": "CRM" }))).unwrap();
    invoke(env!("CARGO_BIN_EXE_lambda-working"), Some(&stores), &put).await.unwrap();

    let tick = schedule::scheduled(time::start());
    let due = invoke(env!("CARGO_BIN_EXE_lambda-backup-tick"), Some(&stores), &tick).await.unwrap();
    assert_eq!(due, 1);
    let message = queued.lock().unwrap().bodies.remove(0);
    let mut event: Value = serde_json::from_str(include_str!("../events/sqs.json")).unwrap();
    event["Records"][0]["body"] = json!(message);
    let mut broken = event["Records"][0].clone();
    broken["messageId"] = json!("broken");
    broken["body"] = json!("{}");
    event["Records"].as_array_mut().unwrap().push(broken);
    let worked = invoke(env!("CARGO_BIN_EXE_lambda-backup-worker"), Some(&stores), &event).await.unwrap();
    assert_eq!(worked, json!({ "batchItemFailures": [{ "itemIdentifier": "broken" }] }));

    let get =
        crate::support::lambda::event("GET", &format!("{ENVIRONMENT}/backup-policy"), "crm/*:viewer", None);
    let answer = invoke(env!("CARGO_BIN_EXE_lambda-backup"), Some(&stores), &get.unwrap()).await.unwrap();
    let policy: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!((&policy["last"]["ok"], &policy["last"]["version"]), (&json!(true), &json!(1)), "{policy}");
}
