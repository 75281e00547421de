//! The backups that there are, and their files.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use waymark::backup::{BackupId, Class};
use waymark::entry::Author;
use waymark::hash::Sha256;
use waymark::history::Backup;
use waymark::http::{As, Limit, Prefer, Query, Segment, Viewer, listing, page_json};
use waymark::id::{Note, SnapshotName, Version};
use waymark::{Error, Problem, Waymark};

/// A backup as answers show it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ListedBackup))]
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

/// A line of the list: a backup, or what is in the place of one whose record is damaged.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BackupLine))]
#[serde(untagged)]
enum Line {
    Backup(Box<Listed>),
    Damaged {
        id: BackupId,
        /// `damaged`.
        #[cfg_attr(feature = "openapi", schema(pattern = "^damaged$"))]
        kind: &'static str,
        /// What is wrong, and what to do.
        fault: String,
    },
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// The id of the last one of the page before.
    #[cfg_attr(feature = "openapi", param(value_type = Option<BackupId>))]
    before: Option<String>,
    /// How many, 1 to 200; 50 unless it says.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200))]
    limit: Option<u16>,
}

/// Backups, newest first.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/backups", operation_id = "list_backups",
    params(waymark::openapi::InEnvironment, Page),
    responses((status = 200, description = "A page of them.", body = waymark::openapi::Listing<Line>)),
    extensions(("x-problems" = json!(["environment-not-found", "backup-not-found", "too-large"]))),
))]
pub(crate) async fn list(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = usize::from(Limit::check(page.limit)?);
    let before: Option<BackupId> = page.before.as_deref().map(str::parse).transpose()?;
    let found = waymark.history.backups_and_damaged(env);
    let (head, (backups, damaged)) = tokio::try_join!(waymark.history.head(env), found)?;
    if head.is_none() && backups.is_empty() && damaged.is_empty() {
        return Err(Problem::no_environment(env));
    }
    let mut backups = backups;
    if let Some(before) = before {
        // An empty page would say that there are no more.
        let Some(end) = backups.iter().position(|backup| backup.id == before) else {
            return Err(Error::NoBackup(before.to_string()).into());
        };
        backups.drain(..=end);
    }
    let more = backups.len() > limit;
    backups.truncate(limit);
    let next = backups.last().filter(|_| more).map(|last| {
        format!("/v1/apps/{}/envs/{}/backups?before={}&limit={limit}", env.app, env.env, last.id)
    });
    let listed = backups.iter().map(|backup| Line::Backup(Box::new(backup.into())));
    // Their times are in the records: they come last.
    let damaged = damaged.into_iter().filter(|_| next.is_none()).map(|id| {
        let fault = "its record cannot be understood; its file is in the backups bucket".to_owned();
        Line::Damaged { id, kind: "damaged", fault }
    });
    let items: Vec<Line> = listed.chain(damaged).collect();
    listing(&items, next)
}

/// One backup.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/backups/{id}", operation_id = "read_backup",
    params(waymark::openapi::InEnvironment, ("id" = BackupId, Path, description = "Its id.")),
    responses((status = 200, description = "The backup.", body = Listed)),
    extensions(("x-problems" = json!(["backup-not-found", "too-large"]))),
))]
pub(crate) async fn one(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let backup = waymark.history.backup(&viewer.env, &id.parse()?).await?;
    page_json(&Listed::from(&backup))
}

/// Where to download a backup, for 5 minutes.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/backups/{id}/file", operation_id = "download_backup",
    params(waymark::openapi::InEnvironment, ("id" = BackupId, Path, description = "Its id."), waymark::openapi::Downloading),
    responses((status = 200, description = "Its address, for `Prefer: return=minimal`.", body = BackupFile), (status = 303, description = "Its address.", headers(("Location" = String, description = "Where to download it.")))),
    extensions(("x-problems" = json!(["backup-not-found", "too-large"]))),
))]
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
        return page_json(&BackupFile { url: presigned.url, name, size: backup.size });
    }
    let location = HeaderValue::from_str(&presigned.url).map_err(|e| Error::Item(e.to_string()))?;
    let no_store = HeaderValue::from_static("no-store");
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, no_store)]).into_response())
}

/// Where a backup can be downloaded, for 5 minutes.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct BackupFile {
    url: String,
    /// The file's name.
    name: String,
    /// The file's length in bytes.
    size: u64,
}
