//! Snapshots: give a config a name, list the names, rename.

mod create;
mod list;
mod rename;

use axum::Router;
use waymark::Waymark;

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/snapshots" => GET list::list, POST create::create;
    "/v1/apps/{app}/envs/{env}/snapshots/{name}" => PATCH rename::rename;
}

/// The function: names are unique for ever in their environment.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}
