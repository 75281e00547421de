//! The backups that there are, and their files.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use waymark::backup::{BackupId, Class};
use waymark::entry::Author;
use waymark::hash::Sha256;
use waymark::history::Backup;
use waymark::http::{As, Limit, Prefer, Query, Segment, Viewer, listing, page_json};
use waymark::id::{Note, SnapshotName, Version};
use waymark::{Error, Problem, Waymark};

/// A backup as answers show it.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    id: BackupId,
    class: Class,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<SnapshotName>,
    sha256: Sha256,
    bytes: u64,
    /// The file's length in bytes.
    size: u64,
    at: String,
    author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    verified_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    expires: Option<String>,
    /// The backup whose object stands for this one, since nothing had changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<BackupId>,
}

/// A time as answers show it: to the millisecond.
pub(crate) fn shown(at: Timestamp) -> String {
    format!("{at:.3}")
}

impl From<&Backup> for Listed {
    fn from(backup: &Backup) -> Self {
        Self {
            id: backup.id.clone(),
            class: backup.id.class,
            version: backup.version,
            name: backup.name.clone(),
            sha256: backup.sha256,
            bytes: backup.bytes,
            size: backup.size,
            at: shown(backup.at),
            author: backup.author.clone(),
            note: backup.note.clone(),
            verified_at: backup.verified_at.map(shown),
            fault: backup.fault.clone(),
            expires: backup.expires.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(shown),
            same_as: backup.same_as.clone(),
        }
    }
}

impl Listed {
    /// The body of an answer about this backup alone.
    pub(crate) fn to_json(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|e| Error::Item(e.to_string()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    before: Option<String>,
    limit: Option<u16>,
}

/// `GET /backups`: newest first. `before` is the id of the last one of the page before.
pub(crate) async fn list(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = usize::from(Limit::check(page.limit)?);
    let before: Option<BackupId> = page.before.as_deref().map(str::parse).transpose()?;
    let (head, backups) = tokio::try_join!(waymark.history.head(env), waymark.history.backups(env))?;
    if head.is_none() && backups.is_empty() {
        return Err(Problem::no_environment(env));
    }
    let mut backups = backups;
    if let Some(before) = before {
        let end = backups.iter().position(|backup| backup.id == before);
        backups.drain(..end.map_or(backups.len(), |end| end + 1));
    }
    let more = backups.len() > limit;
    backups.truncate(limit);
    let next = backups.last().filter(|_| more).map(|last| {
        format!("/v1/apps/{}/envs/{}/backups?before={}&limit={limit}", env.app, env.env, last.id)
    });
    let items: Vec<Listed> = backups.iter().map(Listed::from).collect();
    listing(&items, next)
}

/// `GET /backups/{id}`.
pub(crate) async fn one(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let backup = waymark.history.backup(&viewer.env, &id.parse()?).await?;
    page_json(&Listed::from(&backup))
}

/// `GET /backups/{id}/file`: where to download it.
pub(crate) async fn file(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let backup = waymark.history.backup(env, &id.parse()?).await?;
    let name = format!("{}-{}-v{}.waymark.json.gz", env.app, env.env, backup.version);
    let presigned = waymark.backups.presign(&backup.key, &name).await?;
    if Prefer::read(&headers) == Prefer(true) {
        return page_json(&json!({ "url": presigned.url, "name": name, "size": backup.size }));
    }
    let location = HeaderValue::from_str(&presigned.url).map_err(|e| Error::Item(e.to_string()))?;
    let no_store = HeaderValue::from_static("no-store");
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, no_store)]).into_response())
}
