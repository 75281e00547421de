//! Unpublishing: no release is live any more.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::{Before, Entry, Event, Releases};
use waymark::hash::Sha256;
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, LiveWithoutRelease, Place};
use waymark::http::{As, Change, IfMatch, Publisher, given, reply};
use waymark::id::{EnvId, Note};
use waymark::{Problem, Waymark};

use crate::releases::{Expected, PROVE_WITHIN, users_see_it_soon};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Unpublish))]
#[serde(deny_unknown_fields)]
struct Request {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    note: Option<String>,
    /// The snapshot that must be live now; null for none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<waymark::id::SnapshotName>))]
    #[serde(default, deserialize_with = "waymark::http::present")]
    expect_live: Option<Value>,
}

/// No release is live any more. Rolling back brings it back.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/unpublish", operation_id = "unpublish",
    params(waymark::openapi::InEnvironment, waymark::openapi::Matching, waymark::openapi::Repeatable),
    request_body(content = Option<Request>),
    responses((status = 200, description = "No release is live.", body = waymark::openapi::Released)),
    extensions(("x-problems" = json!(["environment-not-found", "live-changed", "version-mismatch", "config-damaged"]))),
))]
pub(crate) async fn unpublish(
    State(waymark): State<Waymark>,
    publisher: As<Publisher>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let expected = Expected::read(request.expect_live.as_ref())?;
    let if_match = IfMatch::read(&change.headers)?;
    let env = &publisher.env;
    let mutation = change.mutation(&publisher.caller, Place::Environment(env.clone()))?;
    let start = waymark.history.start(&mutation).await?;
    let unpublish = Unpublish { waymark: &waymark, env, note, expected, if_match, proven: None };
    reply(&waymark.history.commit(&mutation, start, unpublish).await?)
}

/// The decision that no release is live.
struct Unpublish<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    note: Option<Note>,
    expected: Option<Expected>,
    /// The keyframe that an earlier attempt found in the bucket.
    proven: Option<Sha256>,
    if_match: IfMatch,
}

impl Decide for Unpublish<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        if let Some(expected) = &self.expected {
            expected.check(self.waymark, self.env, head).await?;
        }
        // After what users see: that another release is live says more.
        self.if_match.check(Some(head))?;
        let Some(live) = &head.releases.live else { return Ok(Decision::unchanged(head)) };
        self.prove_working(head).await?;
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            releases: Some(Releases { live: None, before: Some(Before::from(live)) }),
            ..DraftEntry::new(Event::Unpublished { name: live.name.clone() })
        });
        users_see_it_soon(&mut draft);
        Ok(draft.append())
    }

    fn is_urgent(&self) -> bool {
        true
    }
}

impl Unpublish<'_> {
    /// Refuses where users would get the working version and the bucket has lost it: they keep the release then.
    async fn prove_working(&mut self, head: &Entry) -> Result<(), Problem> {
        let keyframe = head.config.keyframe();
        if self.proven == Some(keyframe) {
            return Ok(());
        }
        let settings = self.waymark.history.effective_settings(self.env).await?;
        if settings.live_without_release != Some(LiveWithoutRelease::None) {
            let version = head.version;
            self.waymark.configs.prove_within(PROVE_WITHIN, &self.env.app, version, keyframe).await?;
        }
        self.proven = Some(keyframe);
        Ok(())
    }
}
