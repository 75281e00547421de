//! The library's errors as problems.

use http::StatusCode;

use super::Problem;
use crate::backup::FileError;
use crate::config::{ConfigError, PatchError};
use crate::error::{Error, chain};
use crate::id::SnapshotName;
use crate::schema::{MAX_SCHEMA, SchemaError};

impl From<Error> for Problem {
    /// The one place where the library's errors become answers. What is for the log alone is logged here.
    fn from(error: Error) -> Self {
        match error {
            Error::Config(error) => error.into(),
            Error::Patch(error) => error.into(),
            Error::Schema(error) => error.into(),
            Error::InvalidName { what, rule } => Self::unprocessable(
                "invalid-name",
                "Not valid",
                format!("The {} is not valid: it takes {rule}.", in_words(what)),
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
                format!(
                    "There is no snapshot named {name}. {}GET /snapshots lists them.",
                    case_counts(&name)
                ),
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
            Error::NoBackup(id) => Self::not_found(
                "backup-not-found",
                format!("There is no backup {id}. GET /backups lists them."),
            )
            .with("id", id),
            Error::File(error) => error.into(),
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
    tracing::error!(error = chain(&error), "failed");
    match error {
        Error::StoredSchema(fault) => Problem::unprocessable(
            "invalid-schema",
            "Not a schema",
            format!(
                "Nothing was changed: the schema of this environment cannot be used any more: {fault}. Set another: PUT \
                 /settings."
            ),
        ),
        Error::ChecksBusy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "checks-busy",
            "Other configs are being checked",
            "Nothing was changed: other configs are being checked, one at a time, and the turn of this request did not \
             come. Send it again.",
        )
        .retry_after(5),
        Error::Contention => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "contention",
            "Many are writing",
            "Many are writing to this environment at once, and nothing of this request was saved. Send it again.",
        )
        .retry_after(1),
        Error::Busy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Busy with large configs",
            "The service works on as many large configs as it can at once. This sending of the request changed nothing. \
             Send it again, with the same Idempotency-Key where it has one.",
        )
        .retry_after(2),
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
        Error::EntryDamaged { version, fault } => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "entry-damaged",
            "An entry of the history is damaged",
            format!(
                "Entry {version} of this history {fault}. Nothing was changed. Other versions are not affected: GET /verify \
                 lists all damage."
            ),
        )
        .with("version", version.get())
        .with("fault", fault),
        Error::StorageFull { .. } => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "storage-full",
            "The disk is full",
            "The disk that holds the data folder is full. This sending of the request changed nothing. Make room on it, and \
             send the request again.",
        ),
        Error::Storage { .. } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "storage-unavailable",
            "The storage did not answer",
            "The storage did not answer in time. This sending of the request changed nothing. Send it again, with the \
             same Idempotency-Key where it has one.",
        )
        .retry_after(2),
        _ => Problem::internal(),
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let detail = sentence(&error.to_string());
        if let ConfigError::TooLarge { limit } = error {
            return Self::too_large(limit, "A config", "Split it, or keep large data elsewhere.");
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
            ConfigError::OtherFormat { .. } => problem.with("reason", "other-format"),
            ConfigError::ByteOrderMark => problem.with("reason", "byte-order-mark"),
            ConfigError::Empty => problem.with("reason", "empty"),
            ConfigError::NotAContainer => problem.with("reason", "not-a-container"),
            ConfigError::TooLarge { .. } => problem,
        }
    }
}

impl From<SchemaError> for Problem {
    fn from(error: SchemaError) -> Self {
        let detail = format!("The schema was not set: {error}.");
        let problem = |detail| Self::unprocessable("invalid-schema", "Not a schema", detail);
        match error {
            SchemaError::TooLarge => Self::too_large(MAX_SCHEMA, "A schema", "Take long texts out of it."),
            SchemaError::Text(ConfigError::Syntax { line, column, .. }) => {
                problem(detail).with("line", line).with("column", column)
            }
            SchemaError::Text(ConfigError::DuplicateKey { pointer, line, column }) => {
                problem(detail).with("pointer", pointer).with("line", line).with("column", column)
            }
            SchemaError::Text(_) => problem(detail).with("pointer", ""),
            SchemaError::Invalid { pointer, .. } => problem(detail).with("pointer", pointer),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let reason = match error {
            FileError::Config(error) => return error.into(),
            FileError::Gzip(_) => "gzip",
            FileError::TooLarge { .. } => "too-large",
            FileError::Form(_) => "form",
            FileError::Format { .. } => "format",
            FileError::Length { .. } => "length",
            FileError::Hash { .. } => "hash",
        };
        let detail = format!(
            "{} Nothing was changed. Take the file from another place.",
            sentence(&error.to_string())
        );
        Self::unprocessable("invalid-file", "Not a file that can be restored", detail).with("reason", reason)
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

/// What a rule is about: of what has a name, its name.
fn in_words(what: &'static str) -> String {
    match what {
        "app" | "environment" | "snapshot" => format!("{what}'s name"),
        other => other.to_owned(),
    }
}

/// Helps whoever writes a word that is not a name for another reason than its letters.
fn case_counts(name: &SnapshotName) -> &'static str {
    if name.is_reserved() {
        "`live` and `working` are written in small letters. "
    } else {
        "Capital and small letters count. "
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    format!("{}{}.", first.into_iter().flatten().collect::<String>(), chars.as_str())
}
