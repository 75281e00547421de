//! A stub that speaks SQS's JSON protocol, as far as `SendMessageBatch`.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::HeaderMap;
use serde_json::{Value, json};

/// What was sent, and how many of the next messages are not taken.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The requests, whole.
    pub(crate) requests: Vec<Value>,
    /// The bodies of the messages that were taken.
    pub(crate) bodies: Vec<String>,
    /// The trace header of each request that had one.
    pub(crate) traces: Vec<String>,
    refuse: usize,
}

/// What a stub has taken so far.
pub(crate) type Shared = Arc<Mutex<Taken>>;

async fn send(State(taken): State<Shared>, headers: HeaderMap, body: String) -> Json<Value> {
    let request: Value = serde_json::from_str(&body).unwrap();
    let mut taken = taken.lock().unwrap();
    taken.traces.extend(headers.get("x-amzn-trace-id").map(|trace| trace.to_str().unwrap().to_owned()));
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in request["Entries"].as_array().unwrap() {
        let id = &entry["Id"];
        if taken.refuse > 0 {
            taken.refuse -= 1;
            failed.push(json!({ "Id": id, "Code": "InternalError", "SenderFault": false }));
            continue;
        }
        let body = entry["MessageBody"].as_str().unwrap().to_owned();
        taken.bodies.push(body);
        let md5 = "00000000000000000000000000000000";
        successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": md5 }));
    }
    taken.requests.push(request);
    Json(json!({ "Successful": successful, "Failed": failed }))
}

/// Starts a stub that does not take the first `refuse` messages; gives its endpoint.
pub(crate) async fn start(refuse: usize) -> (String, Shared) {
    let taken: Shared = Arc::new(Mutex::new(Taken { refuse, ..Taken::default() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(send)).with_state(Arc::clone(&taken));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (endpoint, taken)
}

/// The URL of a queue at `endpoint`.
pub(crate) fn url(endpoint: &str) -> String {
    format!("{endpoint}/123456789012/waymark-backup")
}
