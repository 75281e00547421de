//! Patching: an edit is applied to the working version.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use waymark::config::{Config, MAX_BYTES, PatchError, Text, merge_patch, patch as json_patch};
use waymark::history::{Attempt, Decide, Decision, Place};
use waymark::http::{As, Change, Editor};
use waymark::id::{EnvId, Note};
use waymark::{Problem, Waymark, heavy};

use crate::merge::{self, Outcome};
use crate::save::{Conditions, Putting, put};

/// RFC 6902.
const JSON_PATCH: &str = "application/json-patch+json";

/// RFC 7396.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Applies a patch to the working version: RFC 6902 or RFC 7396, by its media type.
///
/// With `Waymark-Base` the patch is applied to that version, and the outcome merged with what came since. Otherwise:
/// a merge patch says what its author wants to be so, whatever else has changed, and is applied to the newest
/// config. The operations of a JSON patch depend on what is there, so it must say what it builds on.
#[cfg_attr(feature = "openapi", utoipa::path(
    patch, path = "/v1/apps/{app}/envs/{env}/working", operation_id = "patch_working",
    params(waymark::openapi::InEnvironment, waymark::openapi::Saving, waymark::openapi::Repeatable),
    request_body(content((Vec<waymark::openapi::Operation> = "application/json-patch+json"), (Value = "application/merge-patch+json"))),
    responses((status = 200, description = "It was saved, or is there already.", body = waymark::openapi::Saved)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "config-damaged", "invalid-config", "version-mismatch", "already-exists", "precondition-required", "merge-conflict", "merge-too-large", "invalid-patch", "patch-failed"]))),
))]
pub(crate) async fn patch(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    mut change: Change,
) -> Result<Response, Problem> {
    let media_type = change.media_type().unwrap_or_default();
    let is_merge = match media_type.as_str() {
        JSON_PATCH => false,
        MERGE_PATCH => true,
        _ => return Err(Problem::unsupported("the patch with a Content-Type", &[JSON_PATCH, MERGE_PATCH])),
    };
    let conditions = Conditions::read(&change.headers)?;
    let note = change.note()?;
    let mutation = change.mutation(&editor.caller, Place::Environment(editor.env.clone()))?;
    let body = change.bytes(MAX_BYTES).await?;
    let start = waymark.history.start(&mutation).await?;
    let mut patch =
        Patch { waymark: &waymark, env: &editor.env, conditions, body, is_merge, note, made: None };
    let saved = waymark.history.commit(&mutation, start, &mut patch).await?;
    merge::answer(&waymark, &editor.env, &saved, patch.made).await
}

/// The decision to save the newest config, patched.
struct Patch<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    conditions: Conditions,
    body: Bytes,
    is_merge: bool,
    note: Option<Note>,
    /// What was merged last.
    made: Option<Config>,
}

impl Decide for Patch<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let Some(head) = attempt.head.map(|head| &head.entry) else {
            self.conditions.check_given(None)?;
            return Err(Problem::no_environment(self.env));
        };
        // A JSON patch means nothing without what it was made for. A merge patch of or for an array replaces the whole
        // (RFC 7396, section 2), which is overwriting.
        if !self.is_merge {
            self.conditions.check(Some(head))?;
        }
        self.conditions.check_given(Some(head))?;
        if let Some(base) = self.conditions.base {
            let before = merge::config_of(self.waymark, self.env, head, base).await?;
            let text = self.patched(&before).await?;
            let request =
                heavy::copy(text.len(), || Config::check(text)).await?.map_err(PatchError::Result)?;
            let Outcome { config, merged } =
                merge::onto(self.waymark, self.env, head, base, &request).await?;
            self.made = Some(config.clone());
            let save = Putting { config: &config, ahead: None, merged, note: self.note.clone() };
            return put(self.waymark, self.env, Some(head), save).await;
        }
        let configs = &self.waymark.configs;
        let current = configs.newest(self.env, head).await?;
        let text = Text::read(self.patched(&current).await?).map_err(PatchError::Result)?;
        let config = configs.check(self.env, Some(head), text).await?;
        if !is_object(&self.body) || !is_object(current.text().as_bytes()) {
            self.conditions.check(Some(head))?;
        }
        let save = Putting { config: &config, ahead: None, merged: None, note: self.note.clone() };
        put(self.waymark, self.env, Some(head), save).await
    }
}

impl Patch<'_> {
    /// The text that the patch makes of a config.
    async fn patched(&self, current: &Config) -> Result<String, Problem> {
        let patched = if self.is_merge { merge_patch::patched } else { json_patch::patched };
        let bytes = current.len().saturating_add(self.body.len());
        Ok(heavy::compare(bytes, || patched(current, &self.body)).await??)
    }
}

/// Whether a JSON text is an object; what is no JSON at all is found out later.
fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().first() == Some(&b'{')
}
