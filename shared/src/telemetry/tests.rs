//! The line of requests and jobs, as somebody who listens to `tracing` gets it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use lambda_http::{Context, RequestExt};
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::instrument::WithSubscriber;

use super::line::{Line, MEMBERS};
use super::{Telemetry, metrics, observed};
use crate::error::Error;
use crate::id::{EnvId, Version};
use crate::problem::Problem;

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Does `work`, and gives all that was logged meanwhile.
    async fn of<T>(work: impl Future<Output = T>) -> (T, Vec<Value>) {
        let log = Self::default();
        let writer = log.clone();
        let listener = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let done = work.with_subscriber(listener).await;
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let message = |line: &str| serde_json::from_str::<Value>(line).unwrap()["fields"]["message"].clone();
        let lines = text.lines().map(message);
        (done, lines.filter_map(|line| serde_json::from_str(line.as_str()?).ok()).collect())
    }
}

fn router() -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/working", get(|| async { ([("waymark-version", "7")], "{}") }))
        .route("/v1/apps/{app}/settings", get(|| async { Problem::unauthenticated() }))
        .route("/panic", get(|| async { panic!("at {}", "secret") as StatusCode }))
        .fallback(Problem::no_route)
}

async fn line_of(telemetry: &Telemetry, path: &str) -> (StatusCode, Value) {
    let mut context = Context::default();
    context.request_id = "8476a536".to_owned();
    context.xray_trace_id = Some("Root=1-5759e988-bd86;Parent=5399;Sampled=1".to_owned());
    let request = Request::builder().uri(path).body(Body::empty()).unwrap().with_lambda_context(context);
    let (answer, lines) = Log::of(telemetry.watch(router()).oneshot(request)).await;
    let [line] = lines.try_into().unwrap();
    (answer.unwrap().status(), line)
}

/// A line without what differs from run to run.
fn settled(mut line: Value) -> Value {
    let members = line.as_object_mut().unwrap();
    for time in ["ms", "aws_ms"] {
        assert!(members.remove(time).unwrap().as_f64().unwrap() >= 0.0);
    }
    line
}

#[tokio::test]
async fn a_line_says_who_answered_what_of_which_environment() {
    let telemetry = Telemetry::traced("working");
    let (_, line) = line_of(&telemetry, "/v1/apps/crm/envs/production/working?token=secret").await;
    let whole = json!({
        "function": "working",
        "invocation_id": "8476a536",
        "xray_trace_id": "1-5759e988-bd86",
        "route": "GET /v1/apps/{app}/envs/{env}/working",
        "app": "crm",
        "environment": "production",
        "version": 7,
        "status": 200,
        "dynamodb_calls": 0,
        "s3_calls": 0,
        "cold_start": true,
    });
    assert_eq!(settled(line), whole);
    let (_, line) = line_of(&telemetry, "/v1/apps/crm/settings").await;
    assert_eq!(
        (&line["status"], &line["problem"], &line["app"], &line["environment"], &line["cold_start"]),
        (&json!(401), &json!("unauthenticated"), &json!("crm"), &Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn what_is_no_name_is_not_in_the_line() {
    let telemetry = Telemetry::traced("working");
    for path in ["/v1/apps/Secret%20text/envs/secret%FF/working", "/v1/apps/secret/secret", "/secret"] {
        let (_, line) = line_of(&telemetry, path).await;
        assert!(!line.to_string().to_lowercase().contains("secret"), "{line}");
    }
}

#[tokio::test]
async fn a_panic_is_an_answer_and_a_line() {
    let (status, line) = line_of(&Telemetry::traced("working"), "/panic").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((&line["status"], &line["problem"]), (&json!(500), &json!("internal")));
    assert!(!line.to_string().contains("secret"));
}

#[tokio::test]
async fn a_job_has_a_line_however_it_ends() {
    let telemetry = Telemetry::traced("backup-worker");
    let env: EnvId = "crm/production".parse().unwrap();
    let context = Context::default();
    let good = async {
        observed::version(Version::FIRST);
        observed::backed_up();
        Ok::<_, Error>(())
    };
    let (done, lines) = Log::of(telemetry.job(&context, Some(&env), good)).await;
    done.unwrap();
    let said = json!({
        "function": "backup-worker",
        "app": "crm",
        "environment": "production",
        "version": 1,
        "dynamodb_calls": 0,
        "s3_calls": 0,
        "cold_start": true,
        "backed_up": true,
    });
    assert_eq!(lines.into_iter().map(settled).collect::<Vec<_>>(), [said]);

    let failed = async { Err::<(), _>(Error::NoEnvironment) };
    let (done, lines) = Log::of(telemetry.job(&context, Some(&env), failed)).await;
    assert!(done.is_err());
    assert_eq!((&lines[0]["problem"], &lines[0]["backed_up"]), (&json!("failed"), &Value::Null));

    let telemetry = telemetry.clone();
    let job = async move {
        let panics = async { panic!("secret") as Result<(), Error> };
        telemetry.job(&Context::default(), None, panics).await
    };
    let (ended, lines) = Log::of(async { tokio::spawn(job.with_current_subscriber()).await }).await;
    assert!(ended.unwrap_err().is_panic());
    assert_eq!(lines[0]["problem"], "panic");
}

#[test]
fn a_fault_is_the_functions_own() {
    let line = |status, problem| Line { status, problem, ..Line::default() };
    assert!(line(Some(500), Some("internal")).is_fault() && line(None, Some("failed")).is_fault());
    assert!(!line(Some(409), Some("live-changed")).is_fault() && !line(None, None).is_fault());
}

#[test]
fn every_member_is_known_so_that_none_stays_in_the_next_line() {
    let line = Line {
        request_id: Some(String::new()),
        invocation_id: "1".to_owned(),
        xray_trace_id: Some(String::new()),
        route: Some(String::new()),
        app: "crm".parse().ok(),
        environment: "production".parse().ok(),
        version: Some(Version::FIRST),
        status: Some(200),
        problem: Some("none"),
        sqs_calls: 1,
        repeated_calls: 1,
        due: Some(1),
        backed_up: true,
        damaged: 1,
        ..Line::default()
    };
    let value = serde_json::to_value(line).unwrap();
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = MEMBERS.to_vec();
    names.sort_unstable();
    known.sort_unstable();
    assert_eq!(names, known);
    assert!(metrics::ALL.iter().all(|metric| !MEMBERS.contains(metric)));
}
