//! The working version: read it, save it, patch it, merge into it.

mod merge;
mod patch;
mod save;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use waymark::entry::Entry;
use waymark::http::{As, ConfigAnswer, Viewer};
use waymark::id::EnvId;
use waymark::{Problem, Waymark};

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "GET /v1/apps/{app}/envs/{env}/working",
    "PUT /v1/apps/{app}/envs/{env}/working",
    "PATCH /v1/apps/{app}/envs/{env}/working",
    "POST /v1/apps/{app}/envs/{env}/merge",
];

/// The function: saves every edit as a new entry, and answers the newest config.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/working", get(read).put(save::save).patch(patch::patch))
        .route("/v1/apps/{app}/envs/{env}/merge", post(merge::preview))
        .with_state(waymark)
}

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
