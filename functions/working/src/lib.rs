//! The working version: read it, save it, patch it, merge into it.

mod merge;
mod patch;
mod save;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use waymark::entry::Entry;
use waymark::http::{As, ConfigAnswer, Viewer};
use waymark::id::EnvId;
use waymark::{Problem, Waymark};

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/working" => GET read, PUT save::save, PATCH patch::patch;
    "/v1/apps/{app}/envs/{env}/merge" => POST merge::preview;
}

/// The function: saves every edit as a new entry, and answers the newest config.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}

/// The newest config: what builders edit.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/working", operation_id = "read_working",
    params(waymark::openapi::InEnvironment, waymark::openapi::Reading),
    responses((status = 200, description = "The newest config.", body = waymark::openapi::Config)),
    extensions(("x-problems" = json!(["environment-not-found", "config-damaged"]))),
))]
async fn read(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(head) = waymark.history.head(&viewer.env).await? else {
        return Err(Problem::no_environment(&viewer.env));
    };
    let answer = answer(&viewer.env, &headers, &head.entry);
    if let Some(response) = answer.not_modified()? {
        return Ok(response);
    }
    let config = waymark.configs.of(&viewer.env.app, &head.entry).await?;
    answer.send(&waymark, &config).await
}

fn answer<'a>(env: &'a EnvId, headers: &'a HeaderMap, entry: &Entry) -> ConfigAnswer<'a> {
    ConfigAnswer {
        env,
        headers,
        version: entry.version,
        sha256: entry.config.sha256,
        release: None,
        cache: "no-store",
    }
}
