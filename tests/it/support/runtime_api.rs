//! A Lambda Runtime API for one invocation, on a loopback port.
//!
//! Paths, headers and the order of calls are those of
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>: a function asks for the next event until it is
//! stopped, and posts a response or an error for each that it gets.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The only invocation that there is.
const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// 2100-01-01T00:00:00Z in milliseconds: the test has its own time limit, and no clock is read for this one.
const DEADLINE_MS: &str = "4102444800000";

/// What a function said about its start or about the event that it got.
#[derive(Debug)]
#[expect(dead_code, reason = "errors are read by people, in the message of a failed test")]
pub(crate) enum Outcome {
    /// It answered the event: the body of `/invocation/{id}/response`.
    Response(Value),
    /// It failed on the event: the body of `/invocation/{id}/error`.
    Failed(Value),
    /// It could not start: the body of `/init/error`.
    InitFailed(Value),
}

/// A running stub. Dropping it closes the port.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Starts on a free port, to hand out `event` once.
    ///
    /// # Errors
    ///
    /// When no loopback port can be opened.
    pub(crate) async fn start(event: &Value) -> std::io::Result<Self> {
        let (sender, outcomes) = mpsc::unbounded_channel();
        let stub = Arc::new(Stub { event: Mutex::new(Some(event.to_string())), outcomes: sender });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            // It ends only when it is aborted: accept errors are retried inside.
            let _ = axum::serve(listener, routes(stub)).await;
        });
        Ok(Self { address, outcomes, server })
    }

    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` gives it.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits for the function's word. The caller bounds the wait. `None` when the stub has stopped.
    pub(crate) async fn outcome(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Stub {
    event: Mutex<Option<String>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
}

impl Stub {
    /// 202 for a word that the test gets to hear, 400 for one that is not JSON.
    fn accept(&self, body: &str, outcome: fn(Value) -> Outcome) -> StatusCode {
        match serde_json::from_str(body) {
            // A test that has its answer no longer listens: nothing is wrong then.
            Ok(value) => {
                let _ = self.outcomes.send(outcome(value));
                StatusCode::ACCEPTED
            }
            Err(_) => StatusCode::BAD_REQUEST,
        }
    }
}

fn routes(stub: Arc<Stub>) -> Router {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{id}/response", post(respond))
        .route("/invocation/{id}/error", post(fail))
        .route("/init/error", post(init_error))
        .with_state(stub);
    Router::new().nest("/2018-06-01/runtime", runtime)
}

async fn next(State(stub): State<Arc<Stub>>) -> Response {
    let event = stub.event.lock().unwrap_or_else(PoisonError::into_inner).take();
    match event {
        Some(event) => (invocation_headers(), event).into_response(),
        // As Lambda does between two events: the function is frozen in this call.
        None => std::future::pending().await,
    }
}

fn invocation_headers() -> [(HeaderName, &'static str); 5] {
    [
        (HeaderName::from_static("content-type"), "application/json"),
        (HeaderName::from_static("lambda-runtime-aws-request-id"), REQUEST_ID),
        (HeaderName::from_static("lambda-runtime-deadline-ms"), DEADLINE_MS),
        (
            HeaderName::from_static("lambda-runtime-invoked-function-arn"),
            "arn:aws:lambda:eu-central-1:123456789012:function:waymark-test",
        ),
        (
            HeaderName::from_static("lambda-runtime-trace-id"),
            "Root=1-6650a1b2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0",
        ),
    ]
}

async fn respond(State(stub): State<Arc<Stub>>, Path(id): Path<String>, body: String) -> StatusCode {
    if id == REQUEST_ID { stub.accept(&body, Outcome::Response) } else { StatusCode::BAD_REQUEST }
}

async fn fail(State(stub): State<Arc<Stub>>, Path(id): Path<String>, body: String) -> StatusCode {
    if id == REQUEST_ID { stub.accept(&body, Outcome::Failed) } else { StatusCode::BAD_REQUEST }
}

async fn init_error(State(stub): State<Arc<Stub>>, body: String) -> StatusCode {
    stub.accept(&body, Outcome::InitFailed)
}
