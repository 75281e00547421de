//! Restoring: an earlier config, or a part of one, becomes the working version again, as a new entry.
//!
//! It changes what builders edit. What is published stays as it is.

mod import;
mod part;
mod preview;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use waymark::backup::BackupId;
use waymark::config::{Config, MAX_BYTES};
use waymark::entry::{ConfigRef, Entry, Event, Origin};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Mutation, Place, Start};
use waymark::http::{As, Change, Editor, IfMatch, Query, given, reply};
use waymark::id::{EnvId, Moment, Note, SnapshotName, Version, VersionRef};
use waymark::{Error, Problem, Waymark};

use crate::import::{Import, Stored};
use crate::preview::{End, Outcome};

waymark::routes! {
    "/v1/apps/{app}/envs/{env}/restore" => POST restore;
}

/// The function: appends the config of an earlier version, snapshot or moment, of a backup or of a file.
pub fn router(waymark: Waymark) -> Router {
    routes().with_state(waymark)
}

/// The media types of a file that lies in the request itself.
const FILES: [&str; 2] = ["application/gzip", "application/octet-stream"];

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
struct Params {
    /// The environment that a file in the request is of, where it is of another one.
    #[cfg_attr(feature = "openapi", param(value_type = Option<EnvId>))]
    from: Option<String>,
}

/// What to restore: one of the first six.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Restore))]
#[serde(deny_unknown_fields)]
struct Request {
    /// A version, a snapshot's name, `live` (what users see) or `working`.
    version: Option<VersionRef>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    snapshot: Option<String>,
    /// The moment whose newest version it is.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<jiff::Timestamp>))]
    at: Option<Moment>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BackupId>))]
    backup: Option<String>,
    upload: Option<String>,
    /// The entry to reverse; what came after it stays.
    undo: Option<VersionRef>,
    /// The first of several entries to reverse as one; `undo` is the last of them.
    undo_from: Option<VersionRef>,
    /// The parts to bring back of the version, snapshot or moment, as JSON Pointers; everything else stays.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<waymark::openapi::Pointer>>, min_items = 1, max_items = 20))]
    paths: Option<Vec<String>>,
    /// The environment that an uploaded backup is of, where it is of another one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EnvId>))]
    from: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    note: Option<String>,
    /// Whether only to show what the working version would be.
    preview: Option<bool>,
}

/// The earlier state that was asked for.
#[derive(Debug)]
enum Target {
    Version(VersionRef),
    At(Moment),
    Stored(Stored),
    /// The first and the last entry to reverse.
    Undo(VersionRef, VersionRef),
}

impl Request {
    fn target(&self) -> Result<Target, Problem> {
        let ways = [
            self.version.is_some(),
            self.snapshot.is_some(),
            self.at.is_some(),
            self.backup.is_some(),
            self.upload.is_some(),
            self.undo.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() != 1 {
            return Err(say_what());
        }
        let backup = given::<BackupId>(self.backup.as_deref())?.map(Stored::Backup);
        let snapshot = self.snapshot.as_deref().map(SnapshotName::existing).transpose()?;
        let target = self
            .version
            .clone()
            .or(snapshot.map(VersionRef::Snapshot))
            .map(Target::Version)
            .or(self.at.map(Target::At))
            .or(self
                .undo
                .clone()
                .map(|last| Target::Undo(self.undo_from.clone().unwrap_or_else(|| last.clone()), last)))
            .or(backup.or(self.upload.clone().map(Stored::Upload)).map(Target::Stored));
        match target {
            Some(Target::Undo(..) | Target::Stored(_)) if self.paths.is_some() => Err(Problem::malformed(
                "\"paths\" are parts of a {\"version\": 7}, {\"snapshot\": \"v1\"} or {\"at\": \"…\"}.",
            )),
            Some(target @ Target::Undo(..)) => Ok(target),
            _ if self.undo_from.is_some() => Err(undo_from()),
            Some(target) => Ok(target),
            None => Err(say_what()),
        }
    }
}

fn undo_from() -> Problem {
    Problem::malformed(
        "\"undo_from\" is the first of the entries to reverse, and \"undo\" the last: {\"undo_from\": 39, \"undo\": 41}. Nothing was changed.",
    )
}

fn say_what() -> Problem {
    Problem::malformed(
        "Say what to restore: one of {\"version\": 7}, {\"version\": \"live\"}, {\"snapshot\": \"v1\"}, \
         {\"at\": \"2026-11-13T09:14:00Z\"}, {\"undo\": 41}, {\"backup\": \"manual.…\"} or {\"upload\": \"…\"}; or send a file with Content-Type: \
         application/gzip or application/octet-stream.",
    )
}

/// Makes an earlier config, or parts of one, the working version again.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/restore", operation_id = "restore",
    params(waymark::openapi::InEnvironment, Params, waymark::openapi::Matching, waymark::openapi::Repeatable),
    request_body(content((Request = "application/json"), (waymark::openapi::Bytes = "application/gzip"), (waymark::openapi::Bytes = "application/octet-stream"))),
    responses((status = 200, description = "It was restored, or is there already; or what would be.", body = waymark::openapi::RestoreAnswer), (status = 201, description = "A file began the history.", body = waymark::openapi::Restored)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "before-history", "backup-not-found", "upload-not-found", "other-environment", "merge-conflict", "config-damaged", "invalid-config", "upload-mismatch", "invalid-file", "nothing-before", "nothing-to-undo", "path-not-found", "path-has-no-parent", "merge-too-large", "part-ambiguous", "keep-ambiguous", "version-mismatch"]))),
))]
async fn restore(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    Query(params): Query<Params>,
    mut change: Change,
) -> Result<Response, Problem> {
    let env = &editor.env;
    let mutation = change.mutation(&editor.caller, Place::Environment(env.clone()))?;
    let if_match = IfMatch::read(&change.headers)?;
    if change.media_type().is_some_and(|media| FILES.contains(&media.as_str())) {
        let bytes = change.bytes(MAX_BYTES).await?;
        let file = Import::file(env, &bytes, params.from.as_deref()).await?;
        let start = waymark.history.start(&mutation).await?;
        let end = End { waymark: &waymark, env, mutation: &mutation, if_match, is_preview: false };
        return Box::pin(import::restore(end, start, file, change.note()?)).await;
    }
    let request: Request = change.json()?;
    let is_preview = request.preview.unwrap_or_default();
    // A preview is no change: it is neither recorded nor answered from a record.
    let mutation = if is_preview { Mutation { key: None, ..mutation } } else { mutation };
    let end = End { waymark: &waymark, env, mutation: &mutation, if_match, is_preview };
    let target = request.target()?;
    let pointers = request.paths.as_deref().map(part::pointers).transpose()?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let start = waymark.history.start(&mutation);
    let (start, (config, from)) = match target {
        Target::Stored(stored) => {
            let start = start.await?;
            // What was restored may be gone when the request is repeated.
            if let Some(first) = start.replayed() {
                return reply(first);
            }
            let import = Import::stored(&waymark, env, stored, request.from.as_deref()).await?;
            return Box::pin(import::restore(end, start, import, note)).await;
        }
        Target::Undo(first, last) => {
            let start = existing(start.await)?;
            // The newest entry is another one when the request is repeated.
            if let Some(first) = start.replayed() {
                return reply(first);
            }
            let last = waymark.version_of(env, &last).await?;
            let first = waymark.version_of(env, &first).await?;
            if first > last {
                return Err(undo_from());
            }
            let undone = part::undo(&waymark, env, first, last).await?;
            let start = waymark.history.not_before(env, start, last).await?;
            return Box::pin(part::restore(end, start, undone, note)).await;
        }
        Target::Version(VersionRef::Number(version)) => find_version(&waymark, env, start, version).await?,
        Target::Version(VersionRef::Snapshot(name)) => find_snapshot(&waymark, env, start, name).await?,
        Target::Version(wanted) => {
            let start = existing(start.await)?;
            // What was live may be gone when the request is repeated.
            if let Some(first) = start.replayed() {
                return reply(first);
            }
            find_current(&waymark, env, start, &wanted).await?
        }
        Target::At(at) => find_moment(&waymark, env, start, at).await?,
    };
    if let Some(pointers) = pointers {
        let taken = part::earlier(&waymark, env, (config, from), pointers).await?;
        return Box::pin(part::restore(end, start, taken, note)).await;
    }
    let restore = Restore { waymark: &waymark, env, config, from, note, is_proven: false };
    Box::pin(end.reach(start, restore)).await
}

/// The decision to bring an earlier config back.
struct Restore<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    config: ConfigRef,
    from: Origin,
    note: Option<Note>,
    /// Whether the bucket was found to have the config.
    is_proven: bool,
}

impl Outcome for Restore<'_> {
    async fn outcome(&self, _: Option<&Entry>) -> Result<Config, Problem> {
        Ok(self.waymark.configs.read(&self.env.app, self.from.version, &self.config).await?)
    }

    fn back_to(&self) -> Option<Version> {
        Some(self.from.version)
    }
}

impl Decide for Restore<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        if head.config.sha256 == self.config.sha256 {
            return Ok(Decision::unchanged(head));
        }
        // Without a release users get it at once.
        if head.releases.live.is_none() && !self.is_proven {
            let keyframe = self.config.keyframe();
            self.waymark.configs.prove(&self.env.app, self.from.version, keyframe).await?;
            self.is_proven = true;
        }
        // Boxed, as below: a debug build's futures are large, and a test's thread has a stack of 2 MiB.
        let warnings = self.waymark.warnings_on_roll_back(self.env, (self.from.version, &self.config));
        let they_do = self.waymark.users_see_working(self.env, Some(head));
        let (warnings, they_do) = tokio::join!(Box::pin(warnings), Box::pin(they_do));
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            config: Some(self.config.clone()),
            ..DraftEntry::new(Event::Restored { from: self.from.clone(), changes: None })
        });
        draft.warn(warnings);
        draft.users_see_it(they_do?);
        Ok(draft.append())
    }
}

/// What a restore begins with: the newest entry, the earlier config, and where that came from.
type Found = (Start, (ConfigRef, Origin));

/// Reads the newest entry and an earlier one at once.
async fn find_version(
    waymark: &Waymark,
    env: &EnvId,
    start: impl Future<Output = Result<Start, Error>>,
    version: Version,
) -> Result<Found, Error> {
    let (start, entry) = tokio::join!(start, waymark.history.entry(env, version));
    let (start, entry) = (existing(start)?, entry?);
    let start = waymark.history.not_before(env, start, version).await?;
    Ok((start, (entry.config, Origin::of(version))))
}

/// Reads the newest entry and what a snapshot's name leads to at once.
async fn find_snapshot(
    waymark: &Waymark,
    env: &EnvId,
    start: impl Future<Output = Result<Start, Error>>,
    name: SnapshotName,
) -> Result<Found, Error> {
    let (start, named) = tokio::join!(start, waymark.history.snapshot(env, &name));
    let (start, named) = (existing(start)?, named?);
    let start = waymark.history.not_before(env, start, named.snapshot).await?;
    let subject = named.subject;
    let origin = Origin { name: Some(name), ..Origin::of(subject.version) };
    Ok((start, (subject.config(), origin)))
}

/// Reads what users see, or builders edit, now. The release keeps its name in what the history says.
async fn find_current(
    waymark: &Waymark,
    env: &EnvId,
    start: Start,
    wanted: &VersionRef,
) -> Result<Found, Error> {
    let head = start.head().ok_or(Error::NoEnvironment)?;
    let found = match wanted {
        VersionRef::Live => waymark.live(env, head).await?,
        _ => head.entry.clone().into(),
    };
    let origin = Origin { name: found.name, ..Origin::of(found.version) };
    Ok((start, (found.config, origin)))
}

/// Looks for the entry that was the newest at a moment.
async fn find_moment(
    waymark: &Waymark,
    env: &EnvId,
    start: impl Future<Output = Result<Start, Error>>,
    Moment(at): Moment,
) -> Result<Found, Error> {
    let start = existing(start.await)?;
    let head = start.head().ok_or(Error::NoEnvironment)?;
    let entry = waymark.history.entry_at(env, head, at).await?;
    let origin = Origin { at: Some(at), ..Origin::of(entry.version) };
    Ok((start, (entry.config, origin)))
}

/// A start in an environment that exists.
fn existing(start: Result<Start, Error>) -> Result<Start, Error> {
    start.and_then(|start| if start.head().is_some() { Ok(start) } else { Err(Error::NoEnvironment) })
}
