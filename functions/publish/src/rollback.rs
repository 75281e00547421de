//! Rolling back: users get the release before the present one, or a named one. Builders keep everything.
//!
//! It works also where releases are switched off: it is the way back.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::{Before, Entry, Event, Live, Releases, Subject};
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Place, Reply};
use waymark::http::{As, Change, Publisher, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, Version};
use waymark::schema::Failure;
use waymark::{Error, Problem, Waymark};

use crate::releases::{Expected, users_see_it_soon};

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
    extensions(("x-problems" = json!(["environment-not-found", "snapshot-not-found", "live-changed", "no-earlier-release", "not-a-release"]))),
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
    let mut rollback = Rollback { waymark: &waymark, env, to, note, expected, subject: None };
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
}

impl Decide for Rollback<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        if let Some(expected) = &self.expected {
            expected.check(self.waymark, self.env, head).await?;
        }
        let published_by = match &self.to {
            Some(name) => last_published(self.waymark, self.env, name).await?,
            None => head.releases.before.as_ref().ok_or_else(|| no_earlier_release(head))?.entry,
        };
        let target = self.waymark.history.entry(self.env, published_by).await?;
        self.back_to(&attempt, target).await
    }

    fn reads_beside(&self) -> bool {
        self.to.is_some() || self.expected.is_some()
    }
}

impl Rollback<'_> {
    /// Goes back to the state of releases that `target` left: its release, and the one before that.
    async fn back_to(&mut self, attempt: &Attempt<'_>, target: Entry) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        let Releases { live: Some(release), before } = target.releases else {
            return Err(Error::Item(format!("entry {} published nothing", target.version)).into());
        };
        if head.releases.live.as_ref().is_some_and(|live| live.snapshot == release.snapshot) {
            return Ok(Decision::unchanged(head));
        }
        let (name, before) =
            tokio::try_join!(self.present_name(release.snapshot), self.present_before(before))?;
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

    /// The name of a snapshot, which may have been renamed since the entry that is gone back to.
    async fn present_name(&self, snapshot: Version) -> Result<SnapshotName, Error> {
        Ok(self.waymark.history.marker(self.env, snapshot).await?.name)
    }

    async fn present_before(&self, before: Option<Before>) -> Result<Option<Before>, Error> {
        let Some(before) = before else { return Ok(None) };
        Ok(Some(Before { name: self.present_name(before.snapshot).await?, ..before }))
    }
}

/// The entry that published a snapshot last.
async fn last_published(waymark: &Waymark, env: &EnvId, name: &SnapshotName) -> Result<Version, Problem> {
    let record = waymark.history.named(env, name).await?;
    let marker = waymark.history.marker(env, record.snapshot).await?;
    marker.published.ok_or_else(|| {
        Problem::conflict(
            "not-a-release",
            "Never published",
            format!("{name} was never published, so there is nothing to go back to. Publish it instead."),
        )
        .with("name", name.as_str())
    })
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
