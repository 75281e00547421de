//! Publishing: decides what users see, and changes nothing that builders edit.

mod ancestor;
mod checks;
mod own_changes;
mod promote;
mod publish;
mod releases;
mod rollback;
mod settings;
mod unpublish;

use axum::Router;
use axum::routing::{get, post};
use waymark::Waymark;

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "POST /v1/apps/{app}/envs/{env}/publish",
    "POST /v1/apps/{app}/envs/{env}/unpublish",
    "POST /v1/apps/{app}/envs/{env}/rollback",
    "GET /v1/apps/{app}/envs/{env}/settings",
    "PUT /v1/apps/{app}/envs/{env}/settings",
    "GET /v1/apps/{app}/settings",
    "PUT /v1/apps/{app}/settings",
];

/// The function: what users see changes in one write, which also says so in the history.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/publish", post(publish::publish))
        .route("/v1/apps/{app}/envs/{env}/unpublish", post(unpublish::unpublish))
        .route("/v1/apps/{app}/envs/{env}/rollback", post(rollback::rollback))
        .route("/v1/apps/{app}/envs/{env}/settings", get(settings::read).put(settings::replace))
        .route("/v1/apps/{app}/settings", get(settings::read_app).put(settings::replace_app))
        .with_state(waymark)
}
