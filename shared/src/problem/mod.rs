//! Errors as clients see them: RFC 9457 problems with a stable `type`, a `detail` that says what to do, and
//! what the client needs to act.

mod failures;
mod merging;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::caller::Role;
use crate::id::{EnvId, SnapshotName};
use crate::telemetry::ProblemKind;
use crate::visible::visible;

/// What every problem's `type` starts with.
pub const TYPE_PREFIX: &str = "urn:waymark:problem:";

/// A refusal or a failure, ready to be answered.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    // As texts, so that the numbers of a config keep their digits.
    members: BTreeMap<String, Box<RawValue>>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem of the type `urn:waymark:problem:{kind}`. `detail` says what to do.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, kind, title, detail: detail.into(), members: BTreeMap::new(), retry_after: None }
    }

    /// Adds a member that the client can act on.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        self.with_json(name, &value.into())
    }

    /// Adds a member that is more than a text or number. What cannot be written as JSON is left out.
    #[must_use]
    pub fn with_json<T: Serialize>(mut self, name: &str, value: &T) -> Self {
        if let Ok(value) = to_raw_value(value) {
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// Asks the client to wait this many seconds.
    #[must_use]
    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The request is not of the form that it must have.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "The request cannot be understood", detail)
    }

    /// The request names nobody.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Nobody is signed in",
            "Send `Authorization: Bearer <token>` with a token that names its subject (`sub`).",
        )
    }

    /// The caller's grants do not cover what was asked.
    pub fn forbidden(place: &str, needed: Role, has: Option<Role>) -> Self {
        let needed = needed.as_str();
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Not allowed",
            format!("This needs the role {needed} in {place}. Ask whoever grants roles for it."),
        )
        .with("needs", needed)
        .with("has", has.map(Role::as_str))
    }

    /// Something is larger than its limit; `advice` says what to do instead.
    pub fn too_large(limit: usize, what: &str, advice: &str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("{what} may be at most {limit} bytes. {advice}"),
        )
        .with("limit", limit)
    }

    /// More than so many of something; `advice` says what to do instead.
    pub fn too_many(limit: usize, what: &str, advice: &str) -> Self {
        let detail = format!("There may be at most {limit} {what}. {advice}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too many", detail).with("limit", limit)
    }

    /// A media type or encoding that is not understood here.
    pub fn unsupported(what: &str, accepted: &[&str]) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Not a media type for this",
            format!("Send {what} as one of: {}.", accepted.join(", ")),
        )
        .with("accepted", accepted.to_vec())
    }

    /// The environment has no entries.
    pub fn no_environment(env: &EnvId) -> Self {
        Self::not_found(
            "environment-not-found",
            format!("Nothing has been saved in {env}. PUT a config to its /working to begin."),
        )
    }

    /// What was asked for does not exist.
    pub fn not_found(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, "Not found", detail)
    }

    /// Nothing in the function answers to the path: such as a name with an encoded slash, which API Gateway's route
    /// takes for one segment.
    pub async fn no_route() -> Self {
        Self::not_found("route-not-found", "There is nothing at this path. The README lists what there is.")
    }

    /// The service itself is at fault, and the log says how.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something is wrong with this service",
            "This is a fault of the service. Tell its operators the time and the request id.",
        )
    }

    /// The request contradicts what is there now.
    pub fn conflict(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// Another snapshot has, or had, the name.
    pub fn name_taken(name: &SnapshotName) -> Self {
        Self::conflict(
            "name-taken",
            "The name is taken",
            format!(
                "Another snapshot has, or had, the name {name}. Names are unique for ever: choose another."
            ),
        )
        .with("name", name.as_str())
    }

    /// The request is well formed, and what it asks for cannot be.
    pub fn unprocessable(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let noted = ProblemKind(self.kind);
        let (status, kind, title) = (self.status, format!("{TYPE_PREFIX}{}", self.kind), self.title);
        // A detail may quote what was sent. Members for programs keep their bytes.
        let (retry_after, detail) = (self.retry_after, visible(&self.detail).into_owned());
        let whole = self
            .with("type", kind)
            .with("title", title)
            .with("status", status.as_u16())
            .with("detail", detail);
        let body = serde_json::to_string(&whole.members).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.extensions_mut().insert(noted);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::Problem;

    #[tokio::test]
    async fn a_detail_shows_what_it_quotes() {
        for c in
            ['\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{200b}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{feff}']
        {
            let problem = Problem::malformed(format!("a{c}b")).with("pointer", format!("/a{c}b"));
            let body = axum::body::to_bytes(problem.into_response().into_body(), 1_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(!body["detail"].as_str().unwrap().contains(c), "{body}");
            assert_eq!(body["pointer"], format!("/a{c}b"));
        }
    }
}
