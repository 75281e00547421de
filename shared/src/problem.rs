//! Errors as clients see them: RFC 9457 problems with a stable `type`, a `detail` that says what to do, and
//! what the client needs to act.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::caller::Role;
use crate::config::{ConfigError, PatchError};
use crate::error::Error;
use crate::id::EnvId;

/// What every problem's `type` starts with.
pub const TYPE_PREFIX: &str = "urn:waymark:problem:";

/// A refusal or a failure, ready to be answered.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
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
        Self { status, kind, title, detail: detail.into(), members: Map::new(), retry_after: None }
    }

    /// Adds a member that the client can act on.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
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

    /// Something that a later version brings.
    pub fn not_implemented(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "not-implemented",
            "Not available yet",
            format!("{what} is not available in this version of Waymark."),
        )
    }

    /// The body is larger than the limit.
    pub fn too_large(limit: usize, what: &str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("{what} may be at most {limit} bytes. Split the config, or store large data elsewhere."),
        )
        .with("limit", limit)
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

    /// The request contradicts what is there now.
    pub fn conflict(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// The request is well formed, and what it asks for cannot be.
    pub fn unprocessable(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.members;
        body.insert("type".to_owned(), format!("{TYPE_PREFIX}{}", self.kind).into());
        body.insert("title".to_owned(), self.title.into());
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("detail".to_owned(), self.detail.into());
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for Problem {
    /// The one place where the library's errors become answers. What is for the log alone is logged here.
    fn from(error: Error) -> Self {
        match error {
            Error::Config(error) => error.into(),
            Error::Patch(error) => error.into(),
            Error::InvalidName { what, rule } => Self::unprocessable(
                "invalid-name",
                "Not a valid name",
                format!("The {what} is not valid. It takes {rule}."),
            )
            .with("what", what),
            Error::NoEnvironment => Self::not_found(
                "environment-not-found",
                "Nothing has been saved in this environment. PUT a config to its /working to begin.",
            ),
            Error::NoVersion(version) => Self::not_found(
                "version-not-found",
                format!("There is no version {version}. GET /history lists them."),
            )
            .with("version", version.get()),
            Error::NoSnapshot(name) => Self::not_found(
                "snapshot-not-found",
                format!("There is no snapshot named {name}. GET /snapshots lists them."),
            )
            .with("name", name.as_str()),
            Error::NothingLive => Self::not_found(
                "nothing-live",
                "No release is published, and this environment shows nothing without one. Publish a snapshot.",
            ),
            Error::BeforeHistory => {
                Self::not_found("before-history", "The history begins later than that. Ask for a later time.")
            }
            Error::NoUpload(_) => Self::not_found(
                "upload-not-found",
                "There is no such upload here: it was never sent, has expired, or belongs to another environment. \
                 POST /uploads for a new one.",
            ),
            Error::UploadMismatch(fault) => Self::unprocessable(
                "upload-mismatch",
                "The upload is not what was announced",
                format!("{fault} POST /uploads again and send the same bytes that were announced."),
            ),
            Error::IdempotencyKeyReused => Self::unprocessable(
                "idempotency-key-reused",
                "The idempotency key was used before",
                "This Idempotency-Key was sent with another method, path, query or body. Use a new one.",
            ),
            failure => failed(failure),
        }
    }
}

/// Failures that are not the caller's: the cause goes to the log, and what to do to the caller.
fn failed(error: Error) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "failed");
    match error {
        Error::Contention => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "contention",
            "Many are writing",
            "Many are writing to this environment at once, and nothing of this request was saved. Send it again.",
        )
        .retry_after(1),
        Error::OutcomeUnknown(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "outcome-unknown",
            "It is not known whether this was saved",
            "The storage did not say whether it saved this. Send it again with the same Idempotency-Key, or look at \
             the history first.",
        )
        .retry_after(2),
        Error::NewerFormat { found } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "newer-format",
            "A newer version is being deployed",
            "This history was written by a newer version of Waymark. Send the request again when its deployment has \
             finished.",
        )
        .with("format", found)
        .retry_after(30),
        Error::Damaged { version, object, fault } => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "config-damaged",
            "This version cannot be read safely",
            format!(
                "Version {version} is not what was saved: {object} {fault}. Other versions are not affected; restore one \
                 of them, or save a whole config with If-Match: *."
            ),
        )
        .with("version", version.get())
        .with("object", object),
        Error::Storage { .. } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "storage-unavailable",
            "The storage did not answer",
            "The storage did not answer in time. Nothing was changed. Send the request again.",
        )
        .retry_after(2),
        _ => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something is wrong with this service",
            "This is a fault of the service. Tell its operators the time and the request id.",
        ),
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let detail = sentence(&error.to_string());
        if let ConfigError::TooLarge { limit } = error {
            return Self::too_large(limit, "A config");
        }
        let problem = Self::unprocessable("invalid-config", "Not a config", detail);
        match error {
            ConfigError::Syntax { line, column, .. } => {
                problem.with("reason", "syntax").with("line", line).with("column", column)
            }
            ConfigError::DuplicateKey { pointer, line, column } => problem
                .with("reason", "duplicate-key")
                .with("pointer", pointer)
                .with("line", line)
                .with("column", column),
            ConfigError::TooDeep { line, column, limit } => problem
                .with("reason", "too-deep")
                .with("line", line)
                .with("column", column)
                .with("limit", limit),
            ConfigError::NotUtf8 { offset } => problem.with("reason", "not-utf-8").with("offset", offset),
            ConfigError::ByteOrderMark => problem.with("reason", "byte-order-mark"),
            ConfigError::Empty => problem.with("reason", "empty"),
            ConfigError::NotAContainer => problem.with("reason", "not-a-container"),
            ConfigError::TooLarge { .. } => problem,
        }
    }
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            PatchError::Invalid { operation, .. } => {
                Self::unprocessable("invalid-patch", "Not a patch", detail).with("operation", operation)
            }
            PatchError::Failed { operation, pointer, .. } => {
                Self::unprocessable("patch-failed", "The patch does not fit", detail)
                    .with("operation", operation)
                    .with("pointer", pointer)
            }
            PatchError::Result(error) => error.into(),
        }
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    format!("{}{}.", first.into_iter().flatten().collect::<String>(), chars.as_str())
}
