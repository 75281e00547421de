//! Writes down which function asks what of AWS, in the file that the variable `WAYMARK_CALLS` names; without it, nothing.
//! `tests/privileges.sh` holds the record against the policies of the template.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use serde_json::Value;
use waymark::Telemetry;

tokio::task_local! {
    static FUNCTION: &'static str;
}

/// What was written already. A line that is there is not repeated.
static WRITTEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Does `work` in the name of a function.
pub(crate) async fn within<T>(function: &'static str, work: impl Future<Output = T>) -> T {
    FUNCTION.scope(function, work).await
}

/// A router whose calls are its function's.
pub(crate) fn of(function: &'static str, router: Router) -> Router {
    let router = Telemetry::traced(function).watch(router);
    router.route_layer(from_fn(move |request: Request, next: Next| within(function, next.run(request))))
}

/// Writes down a request that is about to be sent, or was signed for somebody else to send.
pub(crate) fn note(request: &HttpRequest) {
    let Some(file) = std::env::var_os("WAYMARK_CALLS") else { return };
    let Ok(function) = FUNCTION.try_with(|function| *function) else { return };
    for (action, resource) in asked(request) {
        let line = format!("{function} {action} {resource}\n");
        if WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&file).unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
    }
}

/// The actions of IAM that a request needs, each with the resource by the template's name for it.
fn asked(request: &HttpRequest) -> Vec<(String, String)> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    match target.split_once('.') {
        Some((service, operation)) if service.starts_with("DynamoDB") => on_table(operation, request),
        Some(("AmazonSQS", operation)) => {
            // A batch is allowed by the action for one.
            let one = operation.strip_suffix("Batch").unwrap_or(operation);
            vec![(format!("sqs:{one}"), "BackupQueue".to_owned())]
        }
        _ => vec![on_object(request)],
    }
}

/// A transaction needs the actions of its parts
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
fn on_table(operation: &str, request: &HttpRequest) -> Vec<(String, String)> {
    let on = |action: &str| (format!("dynamodb:{action}"), "Table".to_owned());
    if operation != "TransactWriteItems" {
        return vec![on(operation)];
    }
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    let parts = body["TransactItems"].as_array().unwrap().iter();
    parts.flat_map(|part| part.as_object().unwrap().keys()).map(|kind| on(&format!("{}Item", kind))).collect()
}

/// HEAD is allowed by the action for GET. A key counts by its first part.
fn on_object(request: &HttpRequest) -> (String, String) {
    let path = request.uri().split_once("://").map_or(request.uri(), |(_, rest)| rest);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let mut parts = path.splitn(3, '/').skip(1);
    let (bucket, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let known = [("configs", "Configs"), ("backups", "Backups"), ("transfer", "Transfer")];
    let bucket = known.iter().find(|(name, _)| bucket.ends_with(name)).map_or(bucket, |(_, name)| name);
    let action = match (request.method(), key) {
        ("GET", "") => "ListBucket",
        ("GET" | "HEAD", _) => "GetObject",
        ("PUT", _) => "PutObject",
        (other, _) => other,
    };
    let resource = match key.split_once('/') {
        None => bucket.to_owned(),
        // What every function looks for when it starts.
        Some(_) if key == "configs/-" => format!("{bucket}/{key}"),
        Some((first, _)) => format!("{bucket}/{first}/*"),
    };
    (format!("s3:{action}"), resource)
}
