//! The OpenAPI document, for whoever asks.

use axum::response::IntoResponse;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// The document. A test generates it from the routers and types of all functions, and compares.
const DOCUMENT: &str = include_str!("../openapi.json");

/// This document.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "read_document",
    responses((status = 200, description = "The OpenAPI document.", body = Object, content_type = "application/json")),
    security(()),
))]
pub(crate) async fn read() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    (headers, DOCUMENT)
}
