//! Uploads: announced here, sent to the transfer bucket, used by their id.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use waymark::config::MAX_BYTES;
use waymark::hash::Sha256;
use waymark::history::{Place, Reply, Upload};
use waymark::http::{As, Change, Editor, reply};
use waymark::transfer::PRESIGNED_FOR;
use waymark::{Error, Problem, Waymark};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NewUpload))]
#[serde(deny_unknown_fields)]
struct Request {
    /// Its length.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 33554432))]
    #[serde(deserialize_with = "waymark::number::whole")]
    bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-fA-F]{64}$"))]
    sha256: String,
}

/// A presigned PUT for exactly these bytes, and the id by which they are used afterwards.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/uploads", operation_id = "announce_upload",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Request),
    responses((status = 201, description = "Where to send it.", body = Announced)),
))]
pub(crate) async fn announce(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    if request.bytes > MAX_BYTES as u64 {
        return Err(Problem::too_large(MAX_BYTES, "An upload", "Split the config."));
    }
    if request.bytes == 0 {
        return Err(Problem::malformed("bytes: an upload has at least one."));
    }
    let sha256: Sha256 =
        request.sha256.parse().map_err(|error| Problem::malformed(format!("sha256: {error}.")))?;
    let mutation = change.mutation(&editor.caller, Place::Environment(editor.env.clone()))?;
    let now = waymark.sources.clock.now();
    let upload = Upload::announced(waymark.sources.ids.fresh().to_string(), request.bytes, sha256, now);
    let answer = answer(json!({ "id": upload.id }));
    // What is recorded for a repeat is the id alone. The address is a right that soon ends, and is signed anew.
    let recorded = waymark.history.announce(&mutation, upload.clone(), answer).await?;
    let id = recorded.body.get("id").and_then(Value::as_str).unwrap_or(&upload.id).to_owned();
    reply(&presigned(&waymark, Upload { id, ..upload }).await?)
}

async fn presigned(waymark: &Waymark, upload: Upload) -> Result<Reply, Error> {
    let presigned = waymark.transfer.presign_upload(&upload).await?;
    let headers = presigned.headers.into_iter().collect();
    let expires = waymark.sources.clock.now() + PRESIGNED_FOR;
    Ok(answer(json!(Announced { id: upload.id, url: presigned.url, method: "PUT", headers, expires })))
}

/// Where the bytes go.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Upload))]
struct Announced {
    /// By which it is used: `?upload=ID`.
    id: String,
    url: String,
    method: &'static str,
    /// To be sent exactly as they are.
    headers: BTreeMap<String, String>,
    #[serde(serialize_with = "waymark::entry::millis")]
    expires: Timestamp,
}

fn answer(body: Value) -> Reply {
    Reply { status: StatusCode::CREATED.as_u16(), body, version: None, etag: None, location: None }
}
