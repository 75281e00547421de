//! The live version: what the app's users read.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use waymark::http::{As, ConfigAnswer, Reader};
use waymark::{Problem, Waymark};

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/live" => GET live;
}

/// How long caches may keep what is live: a shared cache for 5 seconds, which is how long publishing takes to
/// reach all users, and for an hour when this service does not answer.
pub const CACHE: &str = "public, max-age=0, s-maxage=5, stale-if-error=3600";

/// The function: answers the published release or, without one, the working version.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}

/// What users see: the published release or, without one, the working version.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/live", operation_id = "read_live",
    params(waymark::openapi::InEnvironment, waymark::openapi::Reading),
    responses((status = 200, description = "The config that users see.", body = waymark::openapi::Config)),
    extensions(("x-problems" = json!(["environment-not-found", "nothing-live", "config-damaged"]))),
))]
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
