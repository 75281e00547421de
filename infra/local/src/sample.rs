//! The sample app: a refund desk with two weeks of history, written by made-up builders.
//!
//! Every step goes as a request through a gateway of its own into the functions' routers, with the builder's own token
//! and at the builder's own hour. So the sample is what using the service makes, and not a copy of its tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{HeaderValue, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt as _;
use waymark::aws::{Clients, Resources};
use waymark::clock::{Clock, Sources};
use waymark::{Options, Waymark};

use crate::gateway::{Gateway, RouteError};
use crate::service::functions;
use crate::token::{NewToken, Refused, TokenKey};

/// What happened, step by step.
const STORY: &str = include_str!("sample/story.json");

/// How long the builders' tokens are valid.
const VALID: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The story cannot be read.
    #[error("the sample app cannot be read: {0}")]
    Story(#[from] serde_json::Error),
    /// The functions' routes.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// A builder's token.
    #[error("cannot make a token for the sample app: {0}")]
    Token(#[from] Refused),
    /// The service refused a step.
    #[error("the sample app cannot be written: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Story<'a> {
    app: String,
    #[serde(borrow)]
    people: Vec<Builder<'a>>,
    /// How long before the present the last step was.
    ended_minutes_ago: i64,
    #[serde(borrow)]
    steps: Vec<Step<'a>>,
}

#[derive(Deserialize)]
struct Builder<'a> {
    id: &'a str,
    name: &'a str,
    role: &'a str,
}

#[derive(Deserialize)]
struct Step<'a> {
    by: &'a str,
    /// Minutes since the step before.
    after: i64,
    /// A method and a path within the environment.
    #[serde(rename = "do")]
    request: &'a str,
    #[serde(default = "production")]
    env: &'a str,
    note: Option<&'a str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

fn production<'a>() -> &'a str {
    "production"
}

/// A clock that stands still until the next step.
struct StepClock(AtomicI64);

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// The tokens of the sample's builders, for the page on this machine: whom it can be opened as.
///
/// # Errors
///
/// [`SampleError::Story`] when the story cannot be read.
pub fn people() -> Result<Vec<NewToken>, SampleError> {
    let story: Story<'_> = serde_json::from_str(STORY)?;
    Ok(story.people.iter().map(|builder| token_of(&story.app, builder)).collect())
}

fn token_of(app: &str, builder: &Builder<'_>) -> NewToken {
    NewToken {
        subject: builder.id.to_owned(),
        name: Some(builder.name.to_owned()),
        grants: vec![format!("{app}/*:{}", builder.role)],
        lifetime: VALID,
    }
}

/// Writes the sample app where there is no environment yet. Says whether it did.
///
/// # Errors
///
/// [`SampleError`], as its variants say. What was written by then stays: it is a history like any other.
pub async fn fill(
    clients: &Clients,
    resources: &Resources,
    sources: &Sources,
    key: &TokenKey,
) -> Result<bool, SampleError> {
    let story: Story<'_> = serde_json::from_str(STORY)?;
    let now = sources.clock.now();
    let minutes = story.ended_minutes_ago + story.steps.iter().map(|step| step.after).sum::<i64>();
    let began = now.as_millisecond() - minutes * 60_000;
    let clock = Arc::new(StepClock(AtomicI64::new(began)));
    let sources = Sources { clock: Arc::clone(&clock) as Arc<dyn Clock>, ids: Arc::clone(&sources.ids) };
    let waymark = Waymark::new(clients.clone(), resources.clone(), sources.clone(), Options::default());
    let gateway = Gateway::new(functions(&waymark), key.clone(), sources)?.into_router();
    let admin = key.issue(&crate::service::machine_token(), clock.now())?;
    let listed = send(&gateway, request("GET", "/v1/apps", &admin)?).await?;
    if listed != r#"{"items":[],"next":null}"# {
        return Ok(false);
    }
    for step in &story.steps {
        clock.0.fetch_add(step.after * 60_000, Ordering::Relaxed);
        let builder = story.people.iter().find(|builder| builder.id == step.by);
        let builder = builder.ok_or_else(|| SampleError::Refused(format!("nobody is {}", step.by)))?;
        let token = key.issue(&token_of(&story.app, builder), clock.now())?;
        send(&gateway, step.request(&story.app, &token)?).await?;
    }
    Ok(true)
}

impl Step<'_> {
    fn request(&self, app: &str, token: &str) -> Result<Request<Body>, SampleError> {
        let (method, path) = self.request.split_once(' ').unwrap_or((self.request, ""));
        let mut request = request(method, &format!("/v1/apps/{app}/envs/{}/{path}", self.env), token)?;
        let media_type = if method == "PATCH" { "application/json-patch+json" } else { "application/json" };
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if method == "PATCH" {
            headers.insert(IF_MATCH, HeaderValue::from_static("*"));
        }
        if let Some(note) = self.note.and_then(|note| HeaderValue::from_str(note).ok()) {
            headers.insert("waymark-note", note);
        }
        *request.body_mut() = Body::from(self.body.get().to_owned());
        Ok(request)
    }
}

fn request(method: &str, path: &str, token: &str) -> Result<Request<Body>, SampleError> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .map_err(|error| SampleError::Refused(error.to_string()))
}

async fn send(gateway: &Router, request: Request<Body>) -> Result<String, SampleError> {
    let what = format!("{} {}", request.method(), request.uri().path());
    let Ok(response) = gateway.clone().oneshot(request).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), MAX_ANSWER).await;
    let body = body.map_err(|error| SampleError::Refused(error.to_string()))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    match status {
        StatusCode::OK | StatusCode::CREATED => Ok(text),
        _ => Err(SampleError::Refused(format!("{what}: {status} {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_by_a_builder_and_has_a_request() {
        let story: Story<'_> = serde_json::from_str(STORY).unwrap();
        for step in &story.steps {
            assert!(story.people.iter().any(|builder| builder.id == step.by), "{}", step.by);
            assert!(step.request.split_once(' ').is_some() && step.after >= 0, "{}", step.request);
        }
        assert_eq!(people().unwrap().len(), story.people.len());
    }
}
