//! The backup policy of an environment: what is set, when the next backup is due, and what became of the last.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use waymark::backup::Policy;
use waymark::history::{LastRun, Place, Reply, Scheduled, SetPolicy};
use waymark::http::{Admin, As, Change, Viewer, page_json, reply};
use waymark::{Problem, Waymark};

use crate::browse::shown;

/// `GET /backup-policy`.
pub(crate) async fn read(State(waymark): State<Waymark>, viewer: As<Viewer>) -> Result<Response, Problem> {
    let env = &viewer.env;
    let history = &waymark.history;
    let (head, set, line) =
        tokio::try_join!(history.existing_head(env), history.policy(env), history.scheduled(env))?;
    drop(head);
    page_json(&answer(&waymark, set.as_ref(), &line))
}

/// `PUT /backup-policy`.
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
    let body = answer(&waymark, Some(&set), &line);
    let answer = Reply { status: 200, body, version: None, etag: None, location: None };
    reply(&waymark.history.put_policy(&mutation, set, answer).await?)
}

fn answer(waymark: &Waymark, set: Option<&SetPolicy>, line: &Scheduled) -> Value {
    let policy = set.map_or_else(Policy::default, |set| set.policy);
    json!({
        "every": policy.every,
        "keep": policy.keep,
        "set": set.map(|set| json!({ "at": shown(set.at), "author": set.author })),
        "next": policy.next(line.done, waymark.sources.clock.now()).map(shown),
        "last": line.last.as_ref().map(|last| run(last, line)),
    })
}

fn run(last: &LastRun, line: &Scheduled) -> Value {
    let verified_at: Option<Timestamp> = line.good.as_ref().and_then(|good| good.verified_at);
    json!({
        "ok": last.ok,
        "scheduled": shown(last.scheduled),
        "at": shown(last.at),
        "version": last.version,
        "backups": last.backups,
        "verified_at": verified_at.map(shown),
        "fault": last.fault,
    })
}
