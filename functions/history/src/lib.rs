//! Reading the history: what happened, where things stand, what a version was, what changed between two, who
//! changed a value.

mod blame;
mod browse;
mod diff;
mod sessions;
mod standing;
mod verify;
mod versions;

use axum::Router;
use axum::routing::get;
use waymark::Waymark;

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "GET /v1/apps",
    "GET /v1/apps/{app}/envs/{env}",
    "GET /v1/apps/{app}/envs/{env}/history",
    "GET /v1/apps/{app}/envs/{env}/versions",
    "GET /v1/apps/{app}/envs/{env}/versions/{version}",
    "GET /v1/apps/{app}/envs/{env}/versions/{version}/config",
    "GET /v1/apps/{app}/envs/{env}/diff",
    "GET /v1/apps/{app}/envs/{env}/blame",
    "GET /v1/apps/{app}/envs/{env}/verify",
];

/// The function: it writes nothing.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps", get(standing::apps))
        .route("/v1/apps/{app}/envs/{env}", get(standing::standing))
        .route("/v1/apps/{app}/envs/{env}/history", get(browse::browse))
        .route("/v1/apps/{app}/envs/{env}/versions", get(versions::at))
        .route("/v1/apps/{app}/envs/{env}/versions/{version}", get(versions::one))
        .route("/v1/apps/{app}/envs/{env}/versions/{version}/config", get(versions::config))
        .route("/v1/apps/{app}/envs/{env}/diff", get(diff::diff))
        .route("/v1/apps/{app}/envs/{env}/blame", get(blame::blame))
        .route("/v1/apps/{app}/envs/{env}/verify", get(verify::verify))
        .with_state(waymark)
}
