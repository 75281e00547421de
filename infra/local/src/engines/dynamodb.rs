//! The embedded DynamoDB over HTTP: what is signed with this folder's secret is answered, and nothing else.
//!
//! dynoxide's own server checks no signature, and lets pages of any origin in. So its operations are called here, in
//! the process, behind a check of our own. Its answers allow no other origin.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use waymark::clock::{Clock as _, SystemClock};

use super::rows::Rows;
use super::sigv4::{Claim, Refused};
use crate::secrets::Credentials;

/// The largest body in bytes. The largest of ours is a transaction with a schema of 64 KB and some entries of 4 KB.
const MAX_BODY: usize = 1024 * 1024;

/// What the operations are called by, in the header `x-amz-target`.
const TARGET: &str = "DynamoDB_20120810.";

/// The error code of a full disk, here and from the embedded S3. AWS has none.
pub(super) const STORAGE_FULL: &str = "StorageFull";

/// What SQLite says when the disk is full (<https://www.sqlite.org/rescode.html#full>). dynoxide hands on its words alone.
const DISK_IS_FULL: &str = "database or disk is full";

/// The database and who may ask it.
#[derive(Clone)]
pub(super) struct DynamoDb {
    database: Database,
    rows: Option<Arc<Rows>>,
    credentials: Arc<Credentials>,
}

/// An answer that is no success: its status, and what it says.
struct Failed {
    status: StatusCode,
    body: Cow<'static, str>,
}

impl DynamoDb {
    /// The service over `database`; `rows` reads what dynoxide cannot, in the same file.
    pub(super) fn router(database: Database, rows: Option<Rows>, credentials: Credentials) -> Router {
        let rows = rows.map(Arc::new);
        let engine = Self { database, rows, credentials: Arc::new(credentials) };
        Router::new().fallback(handle).with_state(engine)
    }

    async fn call(self, request: Request) -> Result<String, Failed> {
        let (parts, body) = request.into_parts();
        let claim = Claim::of(&parts, "dynamodb", &self.credentials, SystemClock.now().into())?;
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| Failed::too_large())?;
        claim.check(&parts, &body, &self.credentials)?;
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(TARGET)).unwrap_or_default().to_owned();
        // SQLite waits for the disk.
        let answer = tokio::task::spawn_blocking(move || self.answer(&operation, &body)).await;
        answer.map_err(|_| Failed::internal("the operation ended early"))?
    }

    fn answer(&self, operation: &str, body: &Bytes) -> Result<String, Failed> {
        let answered = match operation {
            "GetItem" => return self.get_item(body),
            "Query" => return self.query(body),
            "PutItem" => run(body, |request| self.database.put_item(request)),
            "UpdateItem" => run(body, |request| self.database.update_item(request)),
            "DeleteItem" => run(body, |request| self.database.delete_item(request)),
            "TransactWriteItems" => run(body, |request| self.database.transact_write_items(request)),
            "BatchWriteItem" => run(body, |request| self.database.batch_write_item(request)),
            "Scan" => run(body, |request| self.database.scan(request)),
            "CreateTable" => run(body, |request| self.database.create_table(request)),
            "DescribeTable" => run(body, |request| self.database.describe_table(request)),
            "UpdateTimeToLive" => run(body, |request| self.database.update_time_to_live(request)),
            "DescribeTimeToLive" => run(body, |request| self.database.describe_time_to_live(request)),
            _ => return Err(Failed::refused("com.amazon.coral.service#UnknownOperationException", "")),
        };
        Ok(answered?)
    }

    /// `GetItem`. dynoxide takes a row that it cannot read for one that is not there.
    fn get_item(&self, body: &Bytes) -> Result<String, Failed> {
        let mut found = false;
        let answered = run(body, |request| {
            let answer = self.database.get_item(request)?;
            found = answer.item.is_some();
            Ok(answer)
        });
        match &self.rows {
            Some(rows) if !found => rows.item_instead(body).map_or_else(|| Ok(answered?), Ok),
            _ => Ok(answered?),
        }
    }

    /// `Query`. dynoxide gives no row at all where it cannot read one of them.
    fn query(&self, body: &Bytes) -> Result<String, Failed> {
        let answered = run(body, |request| self.database.query(request));
        match &self.rows {
            Some(rows) if answered.as_ref().is_err_and(|error| error.status_code() >= 500) => {
                rows.page_instead(body).map_or_else(|| Ok(answered?), Ok)
            }
            _ => Ok(answered?),
        }
    }
}

async fn handle(State(engine): State<DynamoDb>, request: Request) -> Response {
    let (status, body) = match engine.call(request).await {
        Ok(answer) => (StatusCode::OK, Body::from(answer)),
        Err(Failed { status, body }) => (status, Body::from(body.into_owned())),
    };
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

/// Reads the request, carries it out, and writes the answer.
fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<String> {
    let malformed = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let answer = operation(serde_json::from_slice(body).map_err(malformed)?)?;
    serde_json::to_string(&answer).map_err(malformed)
}

impl Failed {
    fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self { status, body: json!({"__type": code, "message": message}).to_string().into() }
    }

    fn refused(code: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "com.amazon.coral.service#RequestEntityTooLarge", "")
    }

    fn internal(message: &str) -> Self {
        let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
    }
}

impl From<DynoxideError> for Failed {
    fn from(error: DynoxideError) -> Self {
        if error.to_string().contains(DISK_IS_FULL) {
            tracing::error!("the disk of the database is full");
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, STORAGE_FULL, DISK_IS_FULL);
        }
        let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
        if status.is_server_error() {
            // Without its words: they may quote what is stored.
            tracing::error!(kind = error.error_type(), "the embedded DynamoDB failed");
        }
        Self { status, body: error.to_json().into() }
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Unsigned => "com.amazon.coral.service#MissingAuthenticationTokenException",
            Refused::Malformed => "com.amazon.coral.service#IncompleteSignatureException",
            Refused::UnknownKey => "com.amazon.coral.service#UnrecognizedClientException",
            Refused::Stale | Refused::Mismatch => "com.amazon.coral.service#InvalidSignatureException",
        };
        Self::refused(code, &refused.to_string())
    }
}

#[cfg(test)]
mod tests;
