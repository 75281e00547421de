//! Taking a snapshot: of the working version, or of an earlier one, which it does not restore.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use waymark::entry::Event;
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Place};
use waymark::http::{As, Change, Editor, given, reply};
use waymark::id::{EnvId, Note, SnapshotName, VersionRef};
use waymark::{Error, Found, Problem, Waymark};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NewSnapshot))]
#[serde(deny_unknown_fields)]
struct Request {
    /// Without one it is called `v1`, `v2`, …
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    name: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    note: Option<String>,
    /// What to name; the working version unless it says.
    version: Option<VersionRef>,
}

/// Names the working version, or an earlier one, for good.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/snapshots", operation_id = "take_snapshot",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Option<Request>),
    responses((status = 201, description = "The snapshot.", body = waymark::openapi::Changed)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "config-damaged", "name-taken"]))),
))]
pub(crate) async fn create(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let name: Option<SnapshotName> = given(request.name.as_deref())?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let env = &editor.env;
    let mutation = change.mutation(&editor.caller, Place::Environment(env.clone()))?;
    let start = waymark.history.start(&mutation).await?;
    // What was named then may be gone by now: what is live, for one.
    if let Some(first) = start.replayed() {
        return reply(first);
    }
    let what = match request.version {
        None => What::Newest(VersionRef::Working),
        Some(newest @ (VersionRef::Working | VersionRef::Live)) => What::Newest(newest),
        Some(earlier) => What::Earlier(Box::new(waymark.find(env, &earlier).await?)),
    };
    let create = Create { waymark: &waymark, env, what, name, note };
    reply(&waymark.history.commit(&mutation, start, create).await?)
}

/// What is to be named.
enum What {
    /// The working or the live version: that of the entry which the write is conditioned on.
    Newest(VersionRef),
    Earlier(Box<Found>),
}

/// The decision to name a config.
struct Create<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    what: What,
    name: Option<SnapshotName>,
    note: Option<Note>,
}

impl Decide for Create<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let newest = match &self.what {
            What::Newest(newest) => {
                let head = attempt.head.ok_or(Error::NoEnvironment)?;
                Some(self.waymark.find_at(self.env, newest, head).await?)
            }
            What::Earlier(_) => None,
        };
        let Found { version, config, .. } = match (&newest, &self.what) {
            (Some(found), _) => found,
            (None, What::Earlier(found)) => found,
            (None, What::Newest(_)) => return Err(Error::NoEnvironment.into()),
        };
        let subject = self.waymark.configs.subject(&self.env.app, *version, config).await?;
        let (number, next) = attempt.generated_name();
        let (generated, name) = match &self.name {
            Some(name) if attempt.is_taken(name) => return Err(Problem::name_taken(name)),
            // Somebody who counts on by hand leaves no row of taken names for the next generated one to try.
            Some(name) => ((*name == next).then_some(number), name.clone()),
            None => (Some(number), next),
        };
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            generated,
            ..DraftEntry::new(Event::Snapshot { name: name.clone(), subject, origin: None })
        });
        draft.status = StatusCode::CREATED.as_u16();
        draft.location =
            Some(format!("/v1/apps/{}/envs/{}/versions/{name}/config", self.env.app, self.env.env));
        Ok(draft.append())
    }
}
