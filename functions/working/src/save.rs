//! Saving: a whole config becomes the working version.

use axum::extract::State;
use axum::response::Response;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use waymark::config::{Config, Text};
use waymark::configs::Ahead;
use waymark::entry::{Entry, Event};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Place, Reply};
use waymark::http::{As, Change, Editor, IfMatch, Query, base, matches_etag, mismatch, reply};
use waymark::id::{EnvId, Note, Version};
use waymark::{Error, Problem, Waymark, heavy};

use crate::merge::{self, Outcome};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The id of an upload that is to be saved, instead of the body.
    upload: Option<String>,
}

/// Saves the body, or an upload, as the working version. The first save makes the environment.
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/v1/apps/{app}/envs/{env}/working", operation_id = "save_working",
    params(waymark::openapi::InEnvironment, Params, waymark::openapi::Saving, waymark::openapi::Repeatable),
    request_body(content = Option<waymark::openapi::Config>, description = "The config. None with `upload`.", content_type = "application/json"),
    responses((status = 200, description = "It was saved, or is there already.", body = waymark::openapi::Saved), (status = 201, description = "It was saved, as the first of the environment.", body = waymark::openapi::Saved)),
    extensions(("x-problems" = json!(["version-not-found", "config-damaged", "invalid-config", "version-mismatch", "already-exists", "precondition-required", "merge-conflict", "merge-too-large", "upload-not-found", "upload-mismatch"]))),
))]
pub(crate) async fn save(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    Query(params): Query<Params>,
    mut change: Change,
) -> Result<Response, Problem> {
    let conditions = Conditions::read(&change.headers)?;
    let note = change.note()?;
    let mutation = change.mutation(&editor.caller, Place::Environment(editor.env.clone()))?;
    let (start, text, ahead) = match params.upload {
        None => {
            let text = change.config_text().await?;
            let start = waymark.history.start(&mutation);
            let (start, ahead) = tokio::join!(start, waymark.configs.ahead(&editor.env, &text));
            (start?, text, ahead.transpose().map_err(Problem::from)?)
        }
        Some(id) => {
            let start = waymark.history.start(&mutation).await?;
            // An upload ends before the answer to who repeats the request does.
            if let Some(first) = start.replayed() {
                return reply(first);
            }
            let upload = waymark.history.upload(&editor.env, &id).await?;
            let bytes = waymark.transfer.uploaded(&upload).await?;
            let text = heavy::copy(bytes.len(), || Text::read(bytes)).await?.map_err(Problem::from)?;
            (start, text, None)
        }
    };
    let config = match &ahead {
        Some(ahead) => ahead.config().clone(),
        None => {
            let head = start.head().map(|head| &head.entry);
            waymark.configs.check(&editor.env, head, text).await?
        }
    };
    let mut save = Save { waymark: &waymark, env: &editor.env, conditions, config, ahead, note, made: None };
    let saved = waymark.history.commit(&mutation, start, &mut save).await?;
    merge::answer(&waymark, &editor.env, &saved, save.made).await
}

/// The decision to save a whole config.
struct Save<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    conditions: Conditions,
    config: Config,
    ahead: Option<Ahead>,
    note: Option<Note>,
    /// What was merged last.
    made: Option<Config>,
}

impl Decide for Save<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head.map(|head| &head.entry);
        self.conditions.check(head)?;
        let Some((head, base)) = head.zip(self.conditions.base) else {
            let config = self.config.clone();
            let save = self.putting(&config, None);
            return put(self.waymark, self.env, head, save).await;
        };
        let Outcome { config, merged } =
            merge::onto(self.waymark, self.env, head, base, &self.config).await?;
        self.made = Some(config.clone());
        let save = self.putting(&config, merged);
        put(self.waymark, self.env, Some(head), save).await
    }
}

impl Save<'_> {
    /// What was made ready goes along once: where that is lost to another writer, it serves no more.
    fn putting<'a>(&mut self, config: &'a Config, merged: Option<Value>) -> Putting<'a> {
        Putting { config, ahead: self.ahead.take(), merged, note: self.note.clone() }
    }
}

/// A config to save.
pub(crate) struct Putting<'a> {
    pub(crate) config: &'a Config,
    /// What was made ready of it, or of what it was merged from.
    pub(crate) ahead: Option<Ahead>,
    /// What the answer says of a merge.
    pub(crate) merged: Option<Value>,
    pub(crate) note: Option<Note>,
}

/// Decides to save a config on top of `head`; what is there already appends nothing, unless it is damaged there.
pub(crate) async fn put(
    waymark: &Waymark,
    env: &EnvId,
    head: Option<&Entry>,
    Putting { config, mut ahead, merged, note }: Putting<'_>,
) -> Result<Decision, Problem> {
    if let Some(head) = head.filter(|head| head.config.sha256 == config.sha256()) {
        // Whoever saves again what was damaged gets it back.
        if !matches!(waymark.configs.of(&env.app, head).await, Err(Error::Damaged { .. })) {
            let mut more = Map::from_iter([("unchanged".to_owned(), true.into())]);
            merge::say(merged, &mut more);
            return Ok(Decision::Answer(Reply::about(StatusCode::OK.as_u16(), head, more)));
        }
        ahead = None;
    }
    let stored = waymark.configs.store(env, config, head, ahead);
    let (stored, warnings) = tokio::join!(stored, waymark.warnings_on_save(env, config));
    let stored = stored?;
    let entry = DraftEntry {
        note,
        config: Some(stored.config),
        ..DraftEntry::new(Event::Saved { changes: stored.changes })
    };
    let mut draft = Draft::of(entry);
    merge::say(merged, &mut draft.more);
    draft.warn(warnings);
    if head.is_none() {
        draft.status = StatusCode::CREATED.as_u16();
        draft.location = Some(format!("/v1/apps/{}/envs/{}/working", env.app, env.env));
    }
    Ok(draft.append())
}

/// What a save says about the config that it builds on. Without `Debug`: the headers hold the token.
pub(crate) struct Conditions {
    if_match: IfMatch,
    /// The version that it is to be merged with what came since.
    pub(crate) base: Option<Version>,
    headers: HeaderMap,
}

impl Conditions {
    /// Reads the preconditions of a request.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let (if_match, base) = (IfMatch::read(headers)?, base(headers)?);
        if base.is_some() && if_match != IfMatch::Absent {
            return Err(Problem::malformed(
                "If-Match saves only if nothing came since, Waymark-Base merges with what came: send one of them.",
            ));
        }
        Ok(Self { if_match, base, headers: headers.clone() })
    }

    /// Refuses to overwrite silently: over an existing config, the request must say what it builds on.
    pub(crate) fn check(&self, head: Option<&Entry>) -> Result<(), Problem> {
        self.check_given(head)?;
        match head {
            Some(head) if self.if_match == IfMatch::Absent && self.base.is_none() => {
                Err(precondition_required(head))
            }
            _ => Ok(()),
        }
    }

    /// Checks the conditions that the request does have.
    pub(crate) fn check_given(&self, head: Option<&Entry>) -> Result<(), Problem> {
        self.if_match.check(head)?;
        if self.base.is_some() && head.is_none() {
            return Err(mismatch(None));
        }
        if let Some(head) = head
            && matches_etag(&self.headers, IF_NONE_MATCH, &head.config.sha256)
        {
            return Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "already-exists",
                "There is a config already",
                format!("If-None-Match asks for none; the working version is #{}.", head.version),
            )
            .with("version", head.version.get()));
        }
        Ok(())
    }
}

fn precondition_required(head: &Entry) -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "precondition-required",
        "Say what this builds on",
        format!(
            "There is a config already: #{version}. Send If-Match: \"{version}\" to save only if nothing came since, \
             Waymark-Base: {version} to merge with what came since, or If-Match: * to overwrite it knowingly.",
            version = head.version
        ),
    )
    .with("version", head.version.get())
    .with("etag", format!("\"{}\"", head.config.sha256))
}
