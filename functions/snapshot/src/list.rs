//! Listing snapshots, with what one needs to know before an emergency: what can be rolled back to.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use waymark::checks::Known;
use waymark::entry::{Author, PromotionView, SubjectView};
use waymark::history::{Damaged, Marker};
use waymark::http::{As, Limit, Query, Viewer, listing};
use waymark::id::{EnvId, Note, SnapshotName, Version, VersionRef};
use waymark::{Error, Problem, Waymark};

/// How many releases of a page are checked against the schema, where that is not known yet: each takes a read of its config.
const MOST_CHECKED: usize = 20;

/// How long checking releases may take before the rest of the page is left open.
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// A line of the list: a snapshot, or what is in the place of one whose record is damaged.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SnapshotLine))]
#[serde(untagged)]
enum Line {
    Snapshot(Box<Listed>),
    Damaged(Damaged),
}

impl Line {
    fn version(&self) -> Version {
        match self {
            Self::Snapshot(listed) => listed.version,
            Self::Damaged(damaged) => damaged.version,
        }
    }
}

/// A snapshot as it is listed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ListedSnapshot))]
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
    /// Where it came from, when it was promoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<PromotionView>,
    /// Whether it is, or was, published.
    release: bool,
    /// Whether it is what users see.
    live: bool,
    /// Of a release, in an environment with a schema: whether it passes; `null` when it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    passes: Option<Option<bool>>,
}

impl Listed {
    fn new(marker: Marker, live: Option<Version>, passes: Option<Option<bool>>) -> Self {
        Self {
            version: marker.snapshot,
            name: marker.name,
            at: marker.at,
            author: marker.author,
            note: marker.note,
            subject: SubjectView::from(&marker.subject),
            origin: marker.origin.as_ref().map(PromotionView::from),
            release: marker.published.is_some(),
            live: live == Some(marker.snapshot),
            passes,
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Snapshots that were made before this version.
    before: Option<VersionRef>,
    /// How many, 1 to 200; 50 unless it says.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200))]
    limit: Option<u16>,
}

/// Snapshots, newest first.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/snapshots", operation_id = "list_snapshots",
    params(waymark::openapi::InEnvironment, Page),
    responses((status = 200, description = "A page of them.", body = waymark::openapi::Listing<Line>)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "too-large"]))),
))]
pub(crate) async fn list(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = Limit::check(page.limit)?;
    let before = match &page.before {
        Some(before) => Some(waymark.version_of(env, before).await?),
        None => None,
    };
    let (head, snapshots) =
        tokio::try_join!(waymark.history.head(env), waymark.history.snapshots(env, before, limit))?;
    let head = head.ok_or_else(|| Problem::no_environment(env))?;
    let live = head.entry.releases.live.map(|live| live.snapshot);
    let passes = passes(&waymark, env, &snapshots.items).await?;
    let listed = snapshots.items.into_iter().zip(passes);
    let listed = listed.map(|(marker, passes)| Line::Snapshot(Box::new(Listed::new(marker, live, passes))));
    let damaged = snapshots.damaged.iter().map(|fault| Line::Damaged(fault.into()));
    let mut items: Vec<Line> = listed.chain(damaged).collect();
    items.sort_by_key(|line| std::cmp::Reverse(line.version()));
    let next = snapshots.next.map(|before| {
        format!("/v1/apps/{}/envs/{}/snapshots?before={before}&limit={limit}", env.app, env.env)
    });
    listing(&items, next)
}

/// For each snapshot whether it passes the schema, if there is one and it is a release: the newest first, as far as the
/// time goes. One get, where there are releases, and at most one GET for each.
async fn passes(
    waymark: &Waymark,
    env: &EnvId,
    markers: &[Marker],
) -> Result<Vec<Option<Option<bool>>>, Error> {
    let none = vec![None; markers.len()];
    if !markers.iter().any(|marker| marker.published.is_some()) {
        return Ok(none);
    }
    let schema = match waymark.schema(env).await {
        Ok(None) => return Ok(none),
        Ok(Some(schema)) => schema,
        // The listing does not need it.
        Err(Error::StoredSchema(_) | Error::ChecksBusy) => {
            return Ok(markers.iter().map(|marker| marker.published.is_some().then_some(None)).collect());
        }
        Err(error) => return Err(error),
    };
    let until = Instant::now() + CHECK_WITHIN;
    let mut left = MOST_CHECKED;
    let mut passes = Vec::with_capacity(markers.len());
    for marker in markers {
        if marker.published.is_none() {
            passes.push(None);
            continue;
        }
        let config = marker.subject.config();
        let known = waymark.known_to_pass(&schema, &config);
        if known.is_some() || left == 0 {
            passes.push(Some(known.and_then(Known::verdict)));
            continue;
        }
        left -= 1;
        let check = waymark.passes(&env.app, &schema, (marker.subject.version, &config));
        passes.push(Some(match tokio::time::timeout_at(until, check).await {
            Ok(Ok(passed)) => passed,
            // What cannot be read cannot be published or served either.
            Ok(Err(Error::Damaged { .. })) => Some(false),
            Ok(Err(error)) => return Err(error),
            Err(_) => None,
        }));
    }
    Ok(passes)
}
