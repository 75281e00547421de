//! Reading the history: what happened, where things stand, what a version was, what changed between two, who
//! changed a value.

mod blame;
mod browse;
mod diff;
mod document;
mod sessions;
mod standing;
mod verify;
mod versions;

use axum::Router;
use waymark::Waymark;

waymark::routes! {
    "/v1/openapi.json" => GET document::read;
    "/v1/apps" => GET standing::apps;
    "/v1/apps/{app}/envs/{env}" => GET standing::standing;
    "/v1/apps/{app}/envs/{env}/history" => GET browse::browse;
    "/v1/apps/{app}/envs/{env}/versions" => GET versions::at;
    "/v1/apps/{app}/envs/{env}/versions/{version}" => GET versions::one;
    "/v1/apps/{app}/envs/{env}/versions/{version}/config" => GET versions::config;
    "/v1/apps/{app}/envs/{env}/diff" => GET diff::diff;
    "/v1/apps/{app}/envs/{env}/blame" => GET blame::blame;
    "/v1/apps/{app}/envs/{env}/verify" => GET verify::verify;
}

/// Those of them that need no token: the document says nothing that is not public, and tools read it before they have one.
pub const OPEN: &[&str] = &["GET /v1/openapi.json", "HEAD /v1/openapi.json"];

/// The function: it writes nothing.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}
