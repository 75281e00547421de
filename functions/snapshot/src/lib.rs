//! Snapshots: give a config a name, list the names, rename.

mod create;
mod list;
mod rename;

use axum::Router;
use axum::routing::{patch, post};
use waymark::Waymark;

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "GET /v1/apps/{app}/envs/{env}/snapshots",
    "POST /v1/apps/{app}/envs/{env}/snapshots",
    "PATCH /v1/apps/{app}/envs/{env}/snapshots/{name}",
];

/// The function: names are unique for ever in their environment.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/snapshots", post(create::create).get(list::list))
        .route("/v1/apps/{app}/envs/{env}/snapshots/{name}", patch(rename::rename))
        .with_state(waymark)
}
