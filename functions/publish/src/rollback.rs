//! Rolling back: users get the release before the present one, or a named one. Builders keep everything.
//!
//! It works also where releases are switched off: it is the way back.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::{Before, Entry, Event, Live, Releases, Subject};
use waymark::hash::Sha256;
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Named, Place, Reply};
use waymark::http::{As, Change, Publisher, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, Version};
use waymark::schema::Failure;
use waymark::{Error, Problem, Waymark};

use crate::releases::{Expected, PROVE_WITHIN, users_see_it_soon};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RollBack))]
#[serde(deny_unknown_fields)]
struct Request {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    /// The release to go back to; the one before unless it says.
    to: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    note: Option<String>,
    /// The snapshot that must be live now; null for none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<waymark::id::SnapshotName>))]
    #[serde(default, deserialize_with = "waymark::http::present")]
    expect_live: Option<Value>,
}

/// Gives users the release before the present one, or a named one.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/rollback", operation_id = "roll_back",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Option<Request>),
    responses((status = 200, description = "Users see it.", body = waymark::openapi::Released)),
    extensions(("x-problems" = json!(["environment-not-found", "snapshot-not-found", "live-changed", "no-earlier-release", "not-a-release", "config-damaged"]))),
))]
pub(crate) async fn rollback(
    State(waymark): State<Waymark>,
    publisher: As<Publisher>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let to: Option<SnapshotName> = given(request.to.as_deref())?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let expected = Expected::read(request.expect_live.as_ref())?;
    let env = &publisher.env;
    let mutation = change.mutation(&publisher.caller, Place::Environment(env.clone()))?;
    let start = waymark.history.start(&mutation).await?;
    let mut rollback =
        Rollback { waymark: &waymark, env, to, note, expected, target: None, proven: None, subject: None };
    let mut answer = waymark.history.commit(&mutation, start, &mut rollback).await?;
    warn(&waymark, env, rollback.subject, &mut answer).await;
    reply(&answer)
}

/// Says in the answer what the schema finds in the release that users see now. It is checked only once users
/// see it: nothing of a check, its cost or its faults is in the way of a roll back. There are no warnings where
/// the storage does not answer.
async fn warn(waymark: &Waymark, env: &EnvId, subject: Option<Subject>, answer: &mut Reply) {
    let Reply { body: Value::Object(members), version: Some(version), .. } = answer else { return };
    if members.get("unchanged") != Some(&Value::Bool(false)) {
        return;
    }
    let subject = match subject {
        Some(subject) => subject,
        // The answer to a repeat.
        None => match waymark.history.entry(env, *version).await.map(|entry| entry.event) {
            Ok(Event::Published { subject, .. }) => subject,
            _ => return,
        },
    };
    if let Some(warnings) = waymark.warnings_on_roll_back(env, (subject.version, &subject.config())).await {
        members.insert("warnings".to_owned(), warnings.iter().map(Failure::to_json).collect());
    }
}

/// The decision to give users an earlier release.
struct Rollback<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    /// The release to go back to; `None` for the one before the present one.
    to: Option<SnapshotName>,
    note: Option<Note>,
    expected: Option<Expected>,
    /// What users are to see, once that is decided.
    subject: Option<Subject>,
    /// The state of releases that an earlier attempt found, and where that leads to. Saves change neither.
    target: Option<(Releases, Target)>,
    /// The config that an earlier attempt found in the bucket.
    proven: Option<Sha256>,
}

/// A release to go back to, and the one below it.
#[derive(Clone)]
struct Target {
    release: Live,
    below: Option<Before>,
}

impl Decide for Rollback<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        if let Some(expected) = &self.expected {
            expected.check(self.waymark, self.env, head).await?;
        }
        let target = match self.target.take() {
            Some((releases, target)) if releases == head.releases => target,
            _ => match &self.to {
                Some(name) => last_published(self.waymark, self.env, head, name).await?,
                None => before(self.waymark, self.env, head).await?,
            },
        };
        self.target = Some((head.releases.clone(), target.clone()));
        self.back_to(&attempt, target).await
    }

    fn reads_beside(&self) -> bool {
        self.to.is_some() || self.expected.is_some()
    }

    fn is_urgent(&self) -> bool {
        true
    }
}

impl Rollback<'_> {
    /// Goes back to a release, and to the one that was below it then.
    async fn back_to(&mut self, attempt: &Attempt<'_>, target: Target) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        let Target { release, below } = target;
        if head.releases.live.as_ref().is_some_and(|live| live.snapshot == release.snapshot) {
            return Ok(Decision::unchanged(head));
        }
        self.prove(&release).await?;
        let (name, before) =
            tokio::try_join!(self.present_name(release.snapshot), self.present_before(below))?;
        let live = Live { name: name.clone(), entry: attempt.next(), ..release };
        self.subject = Some(live.subject.clone());
        let event = Event::Published { name: name.clone(), subject: live.subject.clone(), rollback: true };
        let mark = Alongside::Published { snapshot: live.snapshot, entry: live.entry, name };
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            releases: Some(Releases { live: Some(live), before }),
            ..DraftEntry::new(event)
        });
        draft.alongside.push(mark);
        users_see_it_soon(&mut draft);
        Ok(draft.append())
    }

    /// Makes sure that the bucket has what users are to get. Where the bucket does not answer,
    /// users get the release all the same: it was there when it was published, and this is the way back.
    async fn prove(&mut self, release: &Live) -> Result<(), Error> {
        let Subject { version, sha256, .. } = release.subject;
        if self.proven != Some(sha256) {
            self.waymark.configs.prove_within(PROVE_WITHIN, &self.env.app, version, sha256).await?;
            self.proven = Some(sha256);
        }
        Ok(())
    }

    /// The name of a snapshot, which may have been renamed since the entry that is gone back to.
    async fn present_name(&self, snapshot: Version) -> Result<SnapshotName, Error> {
        Ok(self.waymark.history.marker(self.env, snapshot).await?.name)
    }

    async fn present_before(&self, before: Option<Before>) -> Result<Option<Before>, Error> {
        let Some(before) = before else { return Ok(None) };
        Ok(Some(Before { name: self.present_name(before.snapshot).await?, ..before }))
    }
}

/// The release before the present one: the next one below with another config than users have.
async fn before(waymark: &Waymark, env: &EnvId, head: &Entry) -> Result<Target, Problem> {
    let seen = head.releases.live.as_ref().map(|live| live.subject.sha256);
    let mut below = head.releases.before.clone();
    while let Some(before) = below {
        let (release, deeper) = waymark.history.release(env, &before).await?;
        // Histories of before these were passed over have the same release twice in a row.
        if seen != Some(release.subject.sha256) {
            return Ok(Target { release, below: deeper });
        }
        below = deeper;
    }
    Err(no_earlier_release(head))
}

/// Where a snapshot was published last; for the release before the present one, where that one is.
async fn last_published(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    name: &SnapshotName,
) -> Result<Target, Problem> {
    let Named { snapshot, name, .. } = waymark.history.snapshot(env, name).await?;
    if let Some(before) = head.releases.before.as_ref().filter(|before| before.snapshot == snapshot) {
        let (release, below) = waymark.history.release(env, before).await?;
        return Ok(Target { release, below });
    }
    let marker = waymark.history.marker(env, snapshot).await?;
    let entry = marker.published.ok_or_else(|| {
        Problem::conflict(
            "not-a-release",
            "Never published",
            format!("{name} was never published, so there is nothing to go back to. Publish it instead."),
        )
        .with("name", name.as_str())
    })?;
    let (release, below) = waymark.history.release(env, &Before { name, snapshot, entry }).await?;
    Ok(Target { release, below })
}

fn no_earlier_release(head: &Entry) -> Problem {
    let detail = match &head.releases.live {
        Some(live) => format!(
            "{} is the first release: there is none before it, and users see it still. Unpublish, or publish another. To give \
             builders what users see, POST /restore {{\"version\": \"live\"}}.",
            live.name
        ),
        None => "Nothing was ever published here. Publish a snapshot first.".to_owned(),
    };
    Problem::conflict("no-earlier-release", "No earlier release", detail)
}
