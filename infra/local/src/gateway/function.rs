//! Invokes a function the way the Lambda runtime does.

use std::time::Duration;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent};
use tower::{Service as _, ServiceExt};

use super::refusal::Refusal;

/// How long API Gateway waits for a function: the most that an HTTP API may
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What the function is told it has. Less than [`TIME_LIMIT`], so that its own answer comes first.
const FUNCTION_TIME: SignedDuration = SignedDuration::from_secs(29);

/// What the runtime tells a function about one invocation that starts at `now`.
pub(super) fn context(request_id: String, now: Timestamp) -> Context {
    let deadline = now.checked_add(FUNCTION_TIME).unwrap_or(now).as_millisecond();
    let mut context = Context::default();
    context.request_id = request_id;
    context.deadline = u64::try_from(deadline).unwrap_or_default();
    context.invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:local".to_owned();
    context
}

/// Runs `router` on the event's text and gives the text of its answer.
///
/// It runs as a task of its own: a panic, also one of `lambda_http` at a malformed address, ends that task only,
/// and a client that leaves does not end the function's work, as on Lambda.
pub(super) async fn invoke(router: Router, event: String, context: Context) -> Result<Vec<u8>, Refusal> {
    let task = tokio::spawn(run(router, event, context));
    match tokio::time::timeout(TIME_LIMIT, task).await {
        Err(_) => Err(Refusal::TimedOut),
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "the event or the function's answer could not be converted");
            Err(Refusal::FunctionFailed)
        }
        Ok(Err(_)) => {
            tracing::error!("the function panicked");
            Err(Refusal::FunctionFailed)
        }
    }
}

async fn run(router: Router, event: String, context: Context) -> Result<Vec<u8>, serde_json::Error> {
    let payload: LambdaRequest = serde_json::from_str(&event)?;
    drop(event);
    let Ok(ready) = ServiceExt::<lambda_http::Request>::ready_oneshot(router).await;
    // Two statements, since the adapter must not live across the await: it is not `Send`.
    let answering = Adapter::from(ready).call(LambdaEvent { payload, context });
    let Ok(answer) = answering.await;
    serde_json::to_vec(&answer)
}
