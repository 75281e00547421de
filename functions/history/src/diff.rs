//! What changed between two versions, as an RFC 6902 patch.

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use waymark::config::Config;
use waymark::config::diff::changes;
use waymark::http::{As, Query, Viewer, page_json};
use waymark::id::{EnvId, VersionRef};
use waymark::{Problem, Waymark};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    from: String,
    to: String,
}

/// `GET /diff?from=&to=`. A patch that is too large for an answer is refused: both configs can be downloaded.
pub(crate) async fn diff(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let (from, to): (VersionRef, VersionRef) = (params.from.parse()?, params.to.parse()?);
    let (from, to) = tokio::try_join!(text(&waymark, &viewer.env, &from), text(&waymark, &viewer.env, &to))?;
    let patch = changes(from.text(), to.text()).operations;
    let mut response = page_json(&patch)?;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json-patch+json"));
    Ok(response)
}

async fn text(waymark: &Waymark, env: &EnvId, version: &VersionRef) -> Result<Config, waymark::Error> {
    let found = waymark.find(env, version).await?;
    waymark.configs.read(&env.app, found.version, &found.config).await
}
