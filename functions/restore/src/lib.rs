//! Restoring: an earlier config becomes the working version again, as a new entry.
//!
//! It changes what builders edit. What is published stays as it is.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;
use waymark::entry::{ConfigRef, Event, Origin};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Place, Start};
use waymark::http::{As, Change, Editor, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, Version};
use waymark::{Error, Problem, Waymark};

/// The routes that API Gateway sends here.
pub const ROUTES: &[&str] = &["POST /v1/apps/{app}/envs/{env}/restore"];

/// The function: appends the config of an earlier version, snapshot or moment.
pub fn router(waymark: Waymark) -> Router {
    Router::new().route("/v1/apps/{app}/envs/{env}/restore", post(restore)).with_state(waymark)
}

/// What to restore: one of the first five.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    version: Option<Version>,
    snapshot: Option<String>,
    at: Option<Timestamp>,
    backup: Option<String>,
    upload: Option<String>,
    note: Option<String>,
}

/// The earlier state that was asked for.
#[derive(Debug)]
enum Target {
    Version(Version),
    Snapshot(SnapshotName),
    At(Timestamp),
}

impl Request {
    fn target(&self) -> Result<Target, Problem> {
        match (&self.version, &self.snapshot, &self.at, &self.backup, &self.upload) {
            (Some(version), None, None, None, None) => Ok(Target::Version(*version)),
            (None, Some(name), None, None, None) => Ok(Target::Snapshot(name.parse()?)),
            (None, None, Some(at), None, None) => Ok(Target::At(*at)),
            (None, None, None, Some(_), None) => Err(Problem::not_implemented("Restoring a backup")),
            (None, None, None, None, Some(_)) => Err(Problem::not_implemented("Restoring an upload")),
            _ => Err(Problem::malformed(
                "Say what to restore: one of {\"version\": 7}, {\"snapshot\": \"v1\"} or \
                 {\"at\": \"2026-11-13T09:14:00Z\"}.",
            )),
        }
    }
}

async fn restore(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let target = request.target()?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let mutation = change.mutation(&editor.caller, Place::Environment(editor.env.clone()))?;
    let start = waymark.history.start(&mutation);
    let (start, (config, from)) = find(&waymark, &editor.env, start, target).await?;
    let restore = Restore { config, from, note };
    reply(&waymark.history.commit(&mutation, start, restore).await?)
}

/// The decision to bring an earlier config back.
#[derive(Debug)]
struct Restore {
    config: ConfigRef,
    from: Origin,
    note: Option<Note>,
}

impl Decide for Restore {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        if head.config.sha256 == self.config.sha256 {
            return Ok(Decision::unchanged(head));
        }
        let draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            config: Some(self.config.clone()),
            ..DraftEntry::new(Event::Restored { from: self.from.clone() })
        });
        Ok(draft.append())
    }
}

/// Reads the newest entry and the earlier state, at once where they do not depend on each other.
async fn find(
    waymark: &Waymark,
    env: &EnvId,
    start: impl Future<Output = Result<Start, Error>>,
    target: Target,
) -> Result<(Start, (ConfigRef, Origin)), Error> {
    match target {
        Target::Version(version) => {
            let (start, entry) = tokio::join!(start, waymark.history.entry(env, version));
            let (start, entry) = (existing(start)?, entry?);
            Ok((start, (entry.config, Origin { version, name: None, at: None })))
        }
        Target::Snapshot(name) => {
            let (start, record) = tokio::join!(start, waymark.history.named(env, &name));
            let (start, subject) = (existing(start)?, record?.subject);
            let origin = Origin { version: subject.version, name: Some(name), at: None };
            Ok((start, (subject.config(), origin)))
        }
        Target::At(at) => {
            let start = existing(start.await)?;
            let head = start.head().ok_or(Error::NoEnvironment)?;
            let entry = waymark.history.entry_at(env, head, at).await?;
            let origin = Origin { version: entry.version, name: None, at: Some(at) };
            Ok((start, (entry.config, origin)))
        }
    }
}

/// A start in an environment that exists.
fn existing(start: Result<Start, Error>) -> Result<Start, Error> {
    start.and_then(|start| if start.head().is_some() { Ok(start) } else { Err(Error::NoEnvironment) })
}
