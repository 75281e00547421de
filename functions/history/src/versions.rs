//! One version: what it says, what its config was, and which one it was at a moment.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use waymark::entry::EntryView;
use waymark::http::{As, ConfigAnswer, Query, Segment, Viewer, page_json};
use waymark::id::{Moment as At, VersionRef};
use waymark::{Problem, Waymark};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Moment {
    /// The moment.
    #[cfg_attr(feature = "openapi", param(value_type = jiff::Timestamp))]
    at: At,
}

/// The entry that was the newest at a moment.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/versions", operation_id = "find_version",
    params(waymark::openapi::InEnvironment, Moment),
    responses((status = 200, description = "The entry.", body = EntryView)),
    extensions(("x-problems" = json!(["environment-not-found", "before-history", "too-large"]))),
))]
pub(crate) async fn at(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(moment): Query<Moment>,
) -> Result<Response, Problem> {
    let head = waymark.history.existing_head(&viewer.env).await?;
    let entry = waymark.history.entry_at(&viewer.env, &head, moment.at.0).await?;
    page_json(&EntryView::from(&entry))
}

/// One entry.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/versions/{version}", operation_id = "read_version",
    params(waymark::openapi::InEnvironment, ("version" = VersionRef, Path, description = "A version, a snapshot's name, `live` or `working`.")),
    responses((status = 200, description = "The entry.", body = EntryView)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "too-large"]))),
))]
pub(crate) async fn one(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Segment(version): Segment,
) -> Result<Response, Problem> {
    let version: VersionRef = version.parse()?;
    let found = waymark.find(&viewer.env, &version).await?;
    let entry = match found.entry {
        Some(entry) => entry,
        None => waymark.history.entry(&viewer.env, found.version).await?,
    };
    page_json(&EntryView::from(&entry))
}

/// The config of a version.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/versions/{version}/config", operation_id = "read_version_config",
    params(waymark::openapi::InEnvironment, ("version" = VersionRef, Path, description = "A version, a snapshot's name, `live` or `working`."), waymark::openapi::Reading),
    responses((status = 200, description = "The config.", body = waymark::openapi::Config)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "config-damaged"]))),
))]
pub(crate) async fn config(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Segment(version): Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let version: VersionRef = version.parse()?;
    let found = waymark.find(&viewer.env, &version).await?;
    let answer = ConfigAnswer {
        env: &viewer.env,
        headers: &headers,
        version: found.version,
        sha256: found.config.sha256,
        // A snapshot that was never published is no release.
        release: found.name.as_ref().filter(|_| version == VersionRef::Live),
        cache: "no-store",
    };
    if let Some(response) = answer.not_modified()? {
        return Ok(response);
    }
    let config = waymark.configs.read(&viewer.env.app, found.version, &found.config).await?;
    answer.send(&waymark, &config).await
}
