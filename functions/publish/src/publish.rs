//! Publishing a snapshot, or a version that is made a snapshot in the same write.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::{Before, Entry, Event, Live, Releases, Subject};
use waymark::hash::Sha256;
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Named, Place, Refused};
use waymark::http::{As, Change, Publisher, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, VersionRef};
use waymark::schema::Schema;
use waymark::{Error, Problem, Waymark};

use crate::checks::{Passed, must_pass};
use crate::lost::must_have_promoted;
use crate::promote::{PromoteFrom, promote};
use crate::releases::{Expected, users_see_it_soon};
use crate::wanted::{Wanted, What};

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
    /// Whether to promote over changes that were made here, or to publish what lacks what was promoted here last.
    pub(crate) go_ahead: Option<bool>,
    /// Whether to merge changes that were made here into what is promoted.
    pub(crate) merge: Option<bool>,
    /// Whether only to show what users would get.
    pub(crate) preview: Option<bool>,
}

/// Makes a snapshot, a version or another environment's snapshot what users see.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/publish", operation_id = "publish",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Request),
    responses((status = 200, description = "Users see it, or would.", body = waymark::openapi::Published), (status = 201, description = "The history began with another environment's snapshot.", body = waymark::openapi::Released)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "releases-off", "name-taken", "live-changed", "promotion-would-lose", "keep-ambiguous", "no-merge-base", "merge-conflict", "merge-too-large", "check-failed", "check-too-costly", "invalid-schema", "checks-busy", "config-damaged", "too-large"]))),
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
    if [request.merge, request.preview].iter().any(Option::is_some) {
        return Err(Problem::malformed("merge and preview belong to a promotion: {\"from\": {…}}."));
    }
    let what = What::read(&request)?;
    if request.name.is_some() && matches!(what, What::Snapshot(_)) {
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
        tokio::join!(waymark.history.start(&mutation), what.found(&waymark, env), waymark.schema(env));
    let mut start = start?;
    // What was published then may be gone by now: what is live, for one.
    if let Some(first) = start.replayed() {
        return reply(first);
    }
    let (wanted, schema) = (found?, schema?);
    if let Some(wanted) = &wanted {
        start = waymark.history.not_before(env, start, wanted.seen()).await?;
    }
    let go_ahead = request.go_ahead.unwrap_or_default();
    let (found, ready) = (Some((wanted, schema)), Ready::default());
    let publish =
        Publish { waymark: &waymark, env, what, name, note, expected, go_ahead, found, refused: 0, ready };
    reply(&waymark.history.commit(&mutation, start, publish).await?)
}

/// The decision to make a snapshot what users see.
struct Publish<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    what: What,
    /// What a version is to be called as a snapshot; without it, the next generated name.
    name: Option<SnapshotName>,
    note: Option<Note>,
    expected: Option<Expected>,
    /// Whether to publish what lacks what was promoted here last.
    go_ahead: bool,
    /// What was found, and the schema that it must pass. It is looked up anew after a refusal.
    found: Option<(Option<Wanted>, Option<Arc<Schema>>)>,
    /// How many refusals the last attempt knew of.
    refused: usize,
    ready: Ready,
}

/// What earlier attempts made sure of: a save that came meanwhile changes nothing of it.
#[derive(Default)]
struct Ready {
    /// The subject that is in the bucket.
    subject: Option<Subject>,
    passed: Passed,
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
        let (wanted, schema) = self.find(&attempt).await?;
        let head = attempt.head()?;
        if wanted.is_live(head, self.name.as_ref()) {
            return Ok(Decision::unchanged(head));
        }
        let subject = self.subject(&wanted).await?;
        if !self.go_ahead && !matches!(&wanted, Wanted::Snapshot(Named { origin: Some(_), .. })) {
            must_have_promoted(self.waymark, self.env, head, &subject).await?;
        }
        let below = self.waymark.history.release_below(self.env, &head.releases, subject.sha256).await?;
        let draft = match wanted {
            Wanted::Snapshot(named) => self.again(&attempt, named, below),
            Wanted::Version(_) => self.named(&attempt, subject.clone(), below)?,
        };
        must_pass(self.waymark, self.env, (schema.as_ref(), &mut self.ready.passed), &subject, draft).await
    }

    fn is_urgent(&self) -> bool {
        true
    }
}

impl Publish<'_> {
    /// What to publish, and the schema that it must pass.
    async fn find(&mut self, attempt: &Attempt<'_>) -> Result<(Wanted, Option<Arc<Schema>>), Problem> {
        // The snapshot may have been renamed, or another schema set.
        if self.refused != attempt.refused.len() {
            self.refused = attempt.refused.len();
            self.found = None;
        }
        let (wanted, schema) = match self.found.take() {
            Some(found) => found,
            None => tokio::try_join!(self.what.found(self.waymark, self.env), self.waymark.schema(self.env))?,
        };
        self.found = Some((wanted.clone(), schema.clone()));
        let wanted = match (wanted, &self.what) {
            (Some(wanted), _) => wanted,
            (None, What::Newest(newest)) => {
                let head = attempt.head.ok_or(Error::NoEnvironment)?;
                Wanted::Version(Box::new(self.waymark.find_at(self.env, newest, head).await?))
            }
            (None, _) => return Err(Error::NoEnvironment.into()),
        };
        Ok((wanted, schema))
    }

    /// The subject of what is to be published, in the bucket by now.
    async fn subject(&mut self, wanted: &Wanted) -> Result<Subject, Error> {
        let (version, config) = wanted.config();
        if let Some(subject) = &self.ready.subject
            && (subject.version, subject.sha256) == (version, config.sha256)
        {
            return Ok(subject.clone());
        }
        let subject = self.waymark.configs.released(&self.env.app, version, &config).await?;
        self.ready.subject = Some(subject.clone());
        Ok(subject)
    }

    /// The entry that publishes a snapshot.
    fn again(&self, attempt: &Attempt<'_>, named: Named, below: Option<Before>) -> Draft {
        let Named { name, snapshot, subject, .. } = named;
        let live = Live { name: name.clone(), snapshot, subject, entry: attempt.next() };
        let mark = Alongside::Published { snapshot, entry: live.entry, name };
        let mut draft = Draft::of(published(live, below, self.note.clone()));
        draft.alongside = vec![Alongside::ReleasesAllowed(self.env.clone()), mark];
        users_see_it_soon(&mut draft);
        draft
    }

    /// The entries that make a version a snapshot, and publish it.
    fn named(
        &self,
        attempt: &Attempt<'_>,
        subject: Subject,
        below: Option<Before>,
    ) -> Result<Draft, Problem> {
        let (number, generated) = attempt.generated_name();
        let name = match &self.name {
            Some(name) if attempt.is_taken(name) => return Err(Problem::name_taken(name)),
            Some(name) => name.clone(),
            None => generated.clone(),
        };
        let snapshot = attempt.next();
        let named = DraftEntry {
            // The count goes on where it was asked for by its name.
            generated: (name == generated).then_some(number),
            ..DraftEntry::new(Event::Snapshot { name: name.clone(), subject: subject.clone(), origin: None })
        };
        let live = Live { name, snapshot, subject, entry: snapshot.next() };
        let mut draft = Draft::of(named);
        draft.entries.push(published(live, below, self.note.clone()));
        draft.alongside = vec![Alongside::ReleasesAllowed(self.env.clone())];
        users_see_it_soon(&mut draft);
        Ok(draft)
    }
}

/// Whether users see this config as a release already, under this name if there is one.
pub(crate) fn shows(head: &Entry, sha256: Sha256, name: Option<&SnapshotName>) -> bool {
    let is_it = |live: &Live| live.subject.sha256 == sha256 && name.is_none_or(|name| *name == live.name);
    head.releases.live.as_ref().is_some_and(is_it)
}

/// The entry that makes `live` what users see, on top of the release `below`.
pub(crate) fn published(live: Live, below: Option<Before>, note: Option<Note>) -> DraftEntry {
    let event = Event::Published { name: live.name.clone(), subject: live.subject.clone(), rollback: false };
    let releases = Releases { live: Some(live), before: below };
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
