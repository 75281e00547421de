//! Merging: a save that builds on an earlier version gets what came since.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};
use waymark::config::Config;
use waymark::config::merge::merge;
use waymark::entry::Entry;
use waymark::history::{Reply, Since};
use waymark::http::{As, Change, Viewer, base, mismatch, reply, reply_with};
use waymark::id::{EnvId, Version};
use waymark::{Error, Problem, Waymark, heavy};

/// The member of an answer that says what was merged.
const MERGED: &str = "merged";

/// What a save comes to.
pub(crate) struct Outcome {
    /// The config to save.
    pub(crate) config: Config,
    /// What the answer says of the merge, where there was something to merge.
    pub(crate) merged: Option<Value>,
}

/// The config that `version`, which a request builds on, has.
///
/// # Errors
/// 412 when it is newer than the newest.
pub(crate) async fn config_of(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    version: Version,
) -> Result<Config, Problem> {
    if version > head.version {
        return Err(mismatch(Some(head)));
    }
    if version == head.version {
        return Ok(waymark.configs.of(&env.app, head).await?);
    }
    let entry = waymark.history.entry(env, version).await?;
    Ok(waymark.configs.of(&env.app, &entry).await?)
}

/// Merges what a request made of version `version` with what came since.
///
/// # Errors
/// 409 with the places that both changed; 412 when the version is newer than the newest.
pub(crate) async fn onto(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    version: Version,
    request: &Config,
) -> Result<Outcome, Problem> {
    if version == head.version {
        return Ok(Outcome { config: request.clone(), merged: None });
    }
    let base = config_of(waymark, env, head, version).await?;
    let current = waymark.configs.of(&env.app, head).await?;
    if base.sha256() == current.sha256() {
        return Ok(Outcome { config: request.clone(), merged: None });
    }
    let bytes = base.len().saturating_add(current.len()).saturating_add(request.len());
    let found = heavy::compare(bytes, || merge(&base, &current, request)).await?;
    let since = waymark.history.since(env, version, head).await?;
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let authors = waymark.authors(env, &since, &error).await?;
            return Err(Problem::merge(error, head, &since, &authors));
        }
    };
    let is_other = found.config.sha256() != request.sha256();
    let merged = described(&since, is_other).ok_or_else(|| Error::Item("what came since".to_owned()))?;
    Ok(Outcome { config: found.config, merged: Some(merged) })
}

/// What the answer says of a merge. `is_other` when the config is not what the caller sent.
fn described(since: &Since, is_other: bool) -> Option<Value> {
    let mut merged = serde_json::to_value(since).ok()?;
    merged.as_object_mut()?.insert("config_changed".to_owned(), is_other.into());
    Some(merged)
}

/// Adds what was merged to the members of an answer.
pub(crate) fn say(merged: Option<Value>, more: &mut Map<String, Value>) {
    more.extend(merged.map(|merged| (MERGED.to_owned(), merged)));
}

/// The answer to a save: with the merged config as `config` where it is not what the caller sent. `made` is what was merged
/// last; a repeat is answered about what was merged then, which has to be read. The save is done, whatever becomes of
/// that: where it cannot be read the answer goes without it, as where it is too large.
pub(crate) async fn answer(
    waymark: &Waymark,
    env: &EnvId,
    saved: &Reply,
    made: Option<Config>,
) -> Result<Response, Problem> {
    let is_other = saved.body.pointer("/merged/config_changed") == Some(&Value::Bool(true));
    let Some(version) = saved.version.filter(|_| is_other) else { return reply(saved) };
    if let Some(made) = made.filter(|made| saved.etag == Some(made.sha256())) {
        return reply_with(saved, "config", &made).await;
    }
    // Not part of what is recorded for a repeat: a record is small, and the version keeps its config.
    match stored(waymark, env, version).await {
        Ok(config) => reply_with(saved, "config", &config).await,
        Err(error) => {
            tracing::warn!(error = waymark::error::chain(&error), "an answer without the merged config");
            reply(saved)
        }
    }
}

async fn stored(waymark: &Waymark, env: &EnvId, version: Version) -> Result<Config, Error> {
    let entry = waymark.history.entry(env, version).await?;
    waymark.configs.of(&env.app, &entry).await
}

/// What saving the body with this `Waymark-Base` would come to. Saves nothing.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/merge", operation_id = "merge",
    params(waymark::openapi::InEnvironment, waymark::openapi::Based),
    request_body(content = waymark::openapi::Config, content_type = "application/json"),
    responses((status = 200, description = "What it would come to.", body = waymark::openapi::Preview)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "config-damaged", "invalid-config", "version-mismatch", "merge-conflict", "merge-too-large"]))),
))]
pub(crate) async fn preview(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    mut change: Change,
) -> Result<Response, Problem> {
    let Some(version) = base(&change.headers)? else {
        return Err(Problem::malformed(
            "Say which version the config builds on: Waymark-Base: 7. The answer is what saving it would come to.",
        ));
    };
    let text = change.config_text().await?;
    let request = heavy::copy(text.len(), || text.check()).await?.map_err(Problem::from)?;
    let head = waymark.history.existing_head(&viewer.env).await?.entry;
    let Outcome { config, merged } = onto(&waymark, &viewer.env, &head, version, &request).await?;
    let mut body = json!({ "version": head.version, "sha256": config.sha256() });
    if let Some(members) = body.as_object_mut() {
        say(merged, members);
    }
    let answer = Reply { status: 200, body, version: None, etag: None, location: None };
    reply_with(&answer, "config", &config).await
}
