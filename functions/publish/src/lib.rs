//! Publishing: decides what users see, and changes nothing that builders edit.

mod ancestor;
mod checks;
mod kept;
mod lost;
mod own_changes;
mod promote;
mod publish;
mod releases;
mod rollback;
mod settings;
mod unpublish;
mod wanted;

use axum::Router;
use waymark::Waymark;

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/publish" => POST publish::publish;
    "/v1/apps/{app}/envs/{env}/unpublish" => POST unpublish::unpublish;
    "/v1/apps/{app}/envs/{env}/rollback" => POST rollback::rollback;
    "/v1/apps/{app}/envs/{env}/settings" => GET settings::read, PUT settings::replace;
    "/v1/apps/{app}/settings" => GET settings::read_app, PUT settings::replace_app;
}

/// The function: what users see changes in one write, which also says so in the history.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}
