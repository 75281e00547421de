//! Backups: take one, list them, download one, verify one. And uploads: what is too large for a request goes to the
//! transfer bucket first.

mod browse;
mod policy;
mod rebuild;
pub mod schedule;
mod take;
mod upload;
mod verify;

use axum::Router;
use axum::routing::{get, post};
use waymark::Waymark;

pub use rebuild::{Rebuilt, rebuild};

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "POST /v1/apps/{app}/envs/{env}/backups",
    "GET /v1/apps/{app}/envs/{env}/backups",
    "GET /v1/apps/{app}/envs/{env}/backups/{id}",
    "GET /v1/apps/{app}/envs/{env}/backups/{id}/file",
    "POST /v1/apps/{app}/envs/{env}/backups/{id}/verify",
    "GET /v1/apps/{app}/envs/{env}/backup-policy",
    "PUT /v1/apps/{app}/envs/{env}/backup-policy",
    "POST /v1/apps/{app}/envs/{env}/uploads",
];

/// The function: a backup counts once it was read back and compared.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/backups", post(take::take).get(browse::list))
        .route("/v1/apps/{app}/envs/{env}/backups/{id}", get(browse::one))
        .route("/v1/apps/{app}/envs/{env}/backups/{id}/file", get(browse::file))
        .route("/v1/apps/{app}/envs/{env}/backups/{id}/verify", post(verify::verify))
        .route("/v1/apps/{app}/envs/{env}/backup-policy", get(policy::read).put(policy::replace))
        .route("/v1/apps/{app}/envs/{env}/uploads", post(upload::announce))
        .with_state(waymark)
}
