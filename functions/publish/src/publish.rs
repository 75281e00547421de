//! Publishing a snapshot, or a version that is made a snapshot in the same write.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::{Entry, Event, Live, Releases, Subject};
use waymark::hash::Sha256;
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Place, Refused};
use waymark::http::{As, Change, Publisher, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, Version, VersionRef};
use waymark::schema::Schema;
use waymark::{Problem, Waymark};

use crate::checks::must_pass;
use crate::promote::{PromoteFrom, promote};
use crate::releases::{Expected, before, users_see_it_soon};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Publish))]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    pub(crate) snapshot: Option<String>,
    pub(crate) version: Option<VersionRef>,
    /// A snapshot of another environment.
    pub(crate) from: Option<PromoteFrom>,
    /// What the snapshot that is made is to be called here.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    pub(crate) name: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    pub(crate) note: Option<String>,
    /// The snapshot that must be live now; null for none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<waymark::id::SnapshotName>))]
    #[serde(default, deserialize_with = "waymark::http::present")]
    pub(crate) expect_live: Option<Value>,
    /// Whether to promote over changes that were made here.
    pub(crate) go_ahead: Option<bool>,
    /// Whether to merge changes that were made here into what is promoted.
    pub(crate) merge: Option<bool>,
    /// Whether only to show what users would get.
    pub(crate) preview: Option<bool>,
}

/// What is to be published.
enum Wanted {
    /// A snapshot: its present name, the entry that made it, and its config.
    Snapshot { name: SnapshotName, snapshot: Version, subject: Subject },
    /// A version that has to be given a name first.
    Version(Subject),
}

impl Wanted {
    fn subject(&self) -> &Subject {
        match self {
            Self::Snapshot { subject, .. } | Self::Version(subject) => subject,
        }
    }
}

/// Makes a snapshot, a version or another environment's snapshot what users see.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/publish", operation_id = "publish",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Request),
    responses((status = 200, description = "Users see it, or would.", body = waymark::openapi::Published), (status = 201, description = "The history began with another environment's snapshot.", body = waymark::openapi::Released)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "releases-off", "name-taken", "live-changed", "promotion-would-lose", "no-merge-base", "merge-conflict", "merge-too-large", "check-failed", "check-too-costly", "invalid-schema", "checks-busy", "config-damaged", "too-large"]))),
))]
pub(crate) async fn publish(
    State(waymark): State<Waymark>,
    publisher: As<Publisher>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    if let Some(from) = &request.from {
        return promote(&waymark, &publisher, &change, (from, &request)).await;
    }
    if [request.go_ahead, request.merge, request.preview].iter().any(Option::is_some) {
        return Err(Problem::malformed(
            "merge, go_ahead and preview belong to a promotion: {\"from\": {…}}.",
        ));
    }
    let is_snapshot = request.snapshot.is_some() || matches!(request.version, Some(VersionRef::Snapshot(_)));
    if request.name.is_some() && is_snapshot {
        return Err(Problem::malformed(
            "A snapshot has its name: give a name with a version, or rename the snapshot.",
        ));
    }
    let name: Option<SnapshotName> = given(request.name.as_deref())?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let expected = Expected::read(request.expect_live.as_ref())?;
    let env = &publisher.env;
    let mutation = change.mutation(&publisher.caller, Place::Environment(env.clone()))?;
    let (start, found, schema) =
        tokio::join!(waymark.history.start(&mutation), wanted(&waymark, env, &request), waymark.schema(env));
    let start = start?;
    // What was published then may be gone by now: what is live, for one.
    if let Some(first) = start.replayed() {
        return reply(first);
    }
    let (wanted, schema) = (found?, schema?);
    let start = waymark.history.not_before(env, start, wanted.subject().version).await?;
    let found = Some((wanted, schema));
    let publish = Publish { waymark: &waymark, env, request, name, note, expected, found };
    reply(&waymark.history.commit(&mutation, start, publish).await?)
}

/// The decision to make a snapshot what users see.
struct Publish<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    request: Request,
    /// What a version is to be called as a snapshot; without it, the next generated name.
    name: Option<SnapshotName>,
    note: Option<Note>,
    expected: Option<Expected>,
    /// What was found for the first attempt, and the schema that it must pass.
    found: Option<(Wanted, Option<Arc<Schema>>)>,
}

impl Decide for Publish<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        if attempt.refused.contains(&Refused::ReleasesOff) {
            return Err(releases_off(self.env));
        }
        if let Some(expected) = &self.expected {
            expected.check(self.waymark, self.env, attempt.head()?).await?;
        }
        // Whoever was faster may have renamed the snapshot, or set another schema.
        let (wanted, schema) = match self.found.take() {
            Some(found) => found,
            None => {
                (wanted(self.waymark, self.env, &self.request).await?, self.waymark.schema(self.env).await?)
            }
        };
        let subject = wanted.subject().clone();
        let decision = decide(self.env, &attempt, wanted, (self.name.as_ref(), self.note.clone()))?;
        must_pass(self.waymark, self.env, schema.as_ref(), &subject, decision).await
    }
}

async fn wanted(waymark: &Waymark, env: &EnvId, request: &Request) -> Result<Wanted, Problem> {
    let name = match (&request.snapshot, &request.version) {
        (Some(name), None) => Some(name.parse()?),
        (None, Some(VersionRef::Snapshot(name))) => Some(name.clone()),
        _ => None,
    };
    match (name, &request.version) {
        (Some(name), _) => {
            let record = waymark.history.named(env, &name).await?;
            let name = waymark.history.present_name(env, name, &record).await?;
            Ok(Wanted::Snapshot { name, snapshot: record.snapshot, subject: record.subject })
        }
        (None, Some(version)) if request.snapshot.is_none() => {
            let found = waymark.find(env, version).await?;
            Ok(Wanted::Version(waymark.configs.subject(&env.app, found.version, &found.config).await?))
        }
        _ => Err(Problem::malformed("Say what to publish: {\"snapshot\": \"v1\"} or {\"version\": 7}.")),
    }
}

fn decide(
    env: &EnvId,
    attempt: &Attempt<'_>,
    wanted: Wanted,
    (name, note): (Option<&SnapshotName>, Option<Note>),
) -> Result<Decision, Problem> {
    let head = attempt.head()?;
    match wanted {
        Wanted::Snapshot { snapshot, .. } if is_live(head, snapshot) => Ok(Decision::unchanged(head)),
        Wanted::Snapshot { name, snapshot, subject } => {
            let live = Live { name: name.clone(), snapshot, subject, entry: attempt.next() };
            let mark = Alongside::Published { snapshot, entry: live.entry, name };
            let mut draft = Draft::of(published(Some(head), live, note));
            draft.alongside = vec![Alongside::ReleasesAllowed(env.clone()), mark];
            users_see_it_soon(&mut draft);
            Ok(draft.append())
        }
        // Another name for it would change nothing for users, and take the way back from roll back.
        Wanted::Version(subject) if shows(head, subject.sha256) => Ok(Decision::unchanged(head)),
        Wanted::Version(subject) => {
            let (number, generated) = attempt.generated_name();
            let name = match name {
                Some(name) if attempt.is_taken(name) => return Err(Problem::name_taken(name)),
                Some(name) => name.clone(),
                None => generated.clone(),
            };
            let snapshot = attempt.next();
            let named = DraftEntry {
                // The count goes on where it was asked for by its name.
                generated: (name == generated).then_some(number),
                ..DraftEntry::new(Event::Snapshot {
                    name: name.clone(),
                    subject: subject.clone(),
                    origin: None,
                })
            };
            let live = Live { name, snapshot, subject, entry: snapshot.next() };
            let mut draft = Draft::of(named);
            draft.entries.push(published(Some(head), live, note));
            draft.alongside = vec![Alongside::ReleasesAllowed(env.clone())];
            users_see_it_soon(&mut draft);
            Ok(draft.append())
        }
    }
}

fn is_live(head: &Entry, snapshot: Version) -> bool {
    head.releases.live.as_ref().is_some_and(|live| live.snapshot == snapshot)
}

/// Whether users see this config as a release already.
pub(crate) fn shows(head: &Entry, sha256: Sha256) -> bool {
    head.releases.live.as_ref().is_some_and(|live| live.subject.sha256 == sha256)
}

/// The entry that makes `live` what users see.
pub(crate) fn published(head: Option<&Entry>, live: Live, note: Option<Note>) -> DraftEntry {
    let event = Event::Published { name: live.name.clone(), subject: live.subject.clone(), rollback: false };
    let releases = Releases { live: Some(live), before: head.and_then(|head| before(&head.releases)) };
    DraftEntry { note, releases: Some(releases), ..DraftEntry::new(event) }
}

/// 403: whoever runs this installation has switched releases off.
pub(crate) fn releases_off(env: &EnvId) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "releases-off",
        "Releases are switched off",
        format!(
            "Publishing is switched off, in the settings of {env} or in those of its app. Ask an admin; GET /settings \
             shows what holds. Rolling back and unpublishing work all the same."
        ),
    )
}
