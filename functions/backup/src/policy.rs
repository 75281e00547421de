//! The backup policy of an environment: what is set, when the next backup is due, and what became of the last.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use waymark::backup::{BackupId, Every, Keep, Policy};
use waymark::entry::Author;
use waymark::history::{LastRun, Place, Reply, Scheduled, SetPolicy};
use waymark::http::{Admin, As, Change, Viewer, page_json, reply};
use waymark::id::Version;
use waymark::{Problem, Waymark};

use crate::browse::shown;

/// How often backups are taken and how long they are kept; when the next is due, and what became of the last.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/backup-policy", operation_id = "read_backup_policy",
    params(waymark::openapi::InEnvironment),
    responses((status = 200, description = "The policy.", body = Answer)),
    extensions(("x-problems" = json!(["environment-not-found", "too-large"]))),
))]
pub(crate) async fn read(State(waymark): State<Waymark>, viewer: As<Viewer>) -> Result<Response, Problem> {
    let env = &viewer.env;
    let history = &waymark.history;
    let (head, set, line) =
        tokio::try_join!(history.existing_head(env), history.policy(env), history.scheduled(env))?;
    drop(head);
    // In the order of a repeated answer, which is kept as a value.
    page_json(&json!(answer(&waymark, set.as_ref(), &line)))
}

/// Sets how often backups are taken and how long they are kept.
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/v1/apps/{app}/envs/{env}/backup-policy", operation_id = "replace_backup_policy",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Policy),
    responses((status = 200, description = "The policy.", body = Answer)),
    extensions(("x-problems" = json!(["environment-not-found"]))),
))]
pub(crate) async fn replace(
    State(waymark): State<Waymark>,
    admin: As<Admin>,
    change: Change,
) -> Result<Response, Problem> {
    let policy = change.json::<Policy>()?.check()?;
    let env = &admin.env;
    let mutation = change.mutation(&admin.caller, Place::Environment(env.clone()))?;
    // The registry has a line for what has a history.
    let (head, line) = tokio::try_join!(waymark.history.existing_head(env), waymark.history.scheduled(env))?;
    drop(head);
    let set = SetPolicy { policy, at: waymark.sources.clock.now(), author: admin.caller.author().clone() };
    let body = json!(answer(&waymark, Some(&set), &line));
    let answer = Reply { status: 200, body, version: None, etag: None, location: None };
    reply(&waymark.history.put_policy(&mutation, set, answer).await?)
}

fn answer<'a>(waymark: &Waymark, set: Option<&'a SetPolicy>, line: &'a Scheduled) -> Answer<'a> {
    let policy = set.map_or_else(Policy::default, |set| set.policy);
    Answer {
        every: policy.every,
        keep: policy.keep,
        set: set.map(|set| Set { at: set.at, author: &set.author }),
        next: policy.next(line.done, waymark.sources.clock.now()).map(shown),
        last: line.last.as_ref().map(|last| Run::of(last, line)),
    }
}

/// The policy and how it goes.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BackupPolicy))]
struct Answer<'a> {
    /// How often.
    every: Every,
    /// For how long.
    keep: Keep,
    /// Who set it; null for the one that holds unless one is set.
    set: Option<Set<'a>>,
    /// When the next backup is due.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    next: Option<String>,
    /// What became of the last.
    last: Option<Run<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BackupPolicySet))]
struct Set<'a> {
    #[serde(serialize_with = "waymark::entry::millis")]
    at: Timestamp,
    author: &'a Author,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BackupRun))]
struct Run<'a> {
    ok: bool,
    #[serde(serialize_with = "waymark::entry::millis")]
    scheduled: Timestamp,
    #[serde(serialize_with = "waymark::entry::millis")]
    at: Timestamp,
    version: Option<Version>,
    backups: &'a [BackupId],
    /// When the object that stands for the present state was last read and found whole.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    verified_at: Option<String>,
    fault: Option<&'a str>,
}

impl<'a> Run<'a> {
    fn of(last: &'a LastRun, line: &Scheduled) -> Self {
        Self {
            ok: last.ok,
            scheduled: last.scheduled,
            at: last.at,
            version: last.version,
            backups: &last.backups,
            verified_at: line.good.as_ref().and_then(|good| good.verified_at).map(shown),
            fault: last.fault.as_deref(),
        }
    }
}
