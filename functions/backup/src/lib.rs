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
use waymark::Waymark;

pub use rebuild::{Rebuilt, rebuild};

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/backups" => GET browse::list, POST take::take;
    "/v1/apps/{app}/envs/{env}/backups/{id}" => GET browse::one;
    "/v1/apps/{app}/envs/{env}/backups/{id}/file" => GET browse::file;
    "/v1/apps/{app}/envs/{env}/backups/{id}/verify" => POST verify::verify;
    "/v1/apps/{app}/envs/{env}/backup-policy" => GET policy::read, PUT policy::replace;
    "/v1/apps/{app}/envs/{env}/uploads" => POST upload::announce;
}

/// The function: a backup counts once it was read back and compared.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}
