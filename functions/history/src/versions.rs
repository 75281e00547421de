//! One version: what it says, what its config was, and which one it was at a moment.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use waymark::entry::EntryView;
use waymark::http::{As, ConfigAnswer, Query, Segment, Viewer, page_json};
use waymark::id::VersionRef;
use waymark::{Problem, Waymark};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moment {
    at: Timestamp,
}

/// `GET /versions?at=`: the entry that was the newest at a moment.
pub(crate) async fn at(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(moment): Query<Moment>,
) -> Result<Response, Problem> {
    let head = waymark.history.existing_head(&viewer.env).await?;
    let entry = waymark.history.entry_at(&viewer.env, &head, moment.at).await?;
    page_json(&EntryView::from(&entry))
}

/// `GET /versions/{version}`.
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

/// `GET /versions/{version}/config`.
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
