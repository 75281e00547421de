//! Snapshots: give a config a name, list the names, rename.

mod create;
mod rename;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{patch, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use waymark::entry::{Author, SubjectView};
use waymark::history::Marker;
use waymark::http::{As, Limit, Query, Viewer, listing};
use waymark::id::{Note, SnapshotName, Version};
use waymark::{Problem, Waymark};

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &[
    "GET /v1/apps/{app}/envs/{env}/snapshots",
    "POST /v1/apps/{app}/envs/{env}/snapshots",
    "PATCH /v1/apps/{app}/envs/{env}/snapshots/{name}",
];

/// The function: names are unique for ever in their environment.
pub fn router(waymark: Waymark) -> Router {
    Router::new()
        .route("/v1/apps/{app}/envs/{env}/snapshots", post(create::create).get(list))
        .route("/v1/apps/{app}/envs/{env}/snapshots/{name}", patch(rename::rename))
        .with_state(waymark)
}

/// A snapshot as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    /// The entry that made it.
    version: Version,
    name: SnapshotName,
    #[serde(serialize_with = "waymark::entry::millis")]
    at: Timestamp,
    author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    subject: SubjectView,
    /// Whether it is, or was, published.
    release: bool,
    /// Whether it is what users see.
    live: bool,
}

impl Listed {
    fn new(marker: Marker, live: Option<Version>) -> Self {
        Self {
            version: marker.snapshot,
            name: marker.name,
            at: marker.at,
            author: marker.author,
            note: marker.note,
            subject: SubjectView::from(&marker.subject),
            release: marker.published.is_some(),
            live: live == Some(marker.snapshot),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    before: Option<Version>,
    limit: Option<u16>,
}

async fn list(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = Limit::check(page.limit)?;
    let (head, snapshots) =
        tokio::try_join!(waymark.history.head(env), waymark.history.snapshots(env, page.before, limit))?;
    let head = head.ok_or_else(|| Problem::no_environment(env))?;
    let live = head.entry.releases.live.map(|live| live.snapshot);
    let items: Vec<Listed> = snapshots.items.into_iter().map(|marker| Listed::new(marker, live)).collect();
    let next = snapshots.next.map(|before| {
        format!("/v1/apps/{}/envs/{}/snapshots?before={before}&limit={limit}", env.app, env.env)
    });
    listing(&items, next)
}
