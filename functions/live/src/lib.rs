//! The live version: what the app's users read.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::HeaderMap;
use waymark::http::{As, ConfigAnswer, Reader};
use waymark::{Problem, Waymark};

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &["GET /v1/apps/{app}/envs/{env}/live"];

/// How long caches may keep what is live: a shared cache for 5 seconds, which is how long publishing takes to
/// reach all users, and for an hour when this service does not answer.
pub const CACHE: &str = "public, max-age=0, s-maxage=5, stale-if-error=3600";

/// The function: answers the published release or, without one, the working version.
pub fn router(waymark: Waymark) -> Router {
    Router::new().route("/v1/apps/{app}/envs/{env}/live", get(live)).with_state(waymark)
}

async fn live(
    State(waymark): State<Waymark>,
    reader: As<Reader>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(head) = waymark.history.head(&reader.env).await? else {
        return Err(Problem::no_environment(&reader.env));
    };
    let found = waymark.live(&reader.env, &head).await?;
    let answer = ConfigAnswer {
        env: &reader.env,
        headers: &headers,
        version: found.version,
        sha256: found.config.sha256,
        release: found.name.as_ref(),
        cache: CACHE,
    };
    if let Some(response) = answer.not_modified()? {
        return Ok(response);
    }
    let config = waymark.configs.read(&reader.env.app, found.version, &found.config).await?;
    answer.send(&waymark, &config).await
}
