//! Taking a backup on demand.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use waymark::backup::{BackupId, Class, Take};
use waymark::history::{Place, Reply};
use waymark::http::{As, Change, Editor, given, reply};
use waymark::id::{Note, VersionRef};
use waymark::{Problem, Waymark};

use crate::browse::Listed;

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NewBackup))]
#[serde(deny_unknown_fields)]
struct Request {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Note>))]
    note: Option<String>,
    /// `working`, `live`, a snapshot's name or a version.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<VersionRef>))]
    of: Option<Value>,
}

impl Request {
    fn of(&self) -> Result<VersionRef, Problem> {
        match &self.of {
            None => Ok(VersionRef::Working),
            Some(Value::String(text)) => Ok(text.parse()?),
            Some(other) => VersionRef::deserialize(other).map_err(|_| {
                Problem::malformed("of takes \"working\", \"live\", a snapshot's name or a version.")
            }),
        }
    }
}

/// Takes a backup, and reads it back before it counts.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/backups", operation_id = "take_backup",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Option<Request>),
    responses((status = 201, description = "It was taken.", body = Listed)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "config-damaged"]))),
))]
pub(crate) async fn take(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let note: Option<Note> = given(request.note.as_deref())?;
    let of = request.of()?;
    let env = &editor.env;
    let mutation = change.mutation(&editor.caller, Place::Environment(env.clone()))?;
    let mut start = waymark.history.start(&mutation).await?;
    if let Some(replayed) = start.replayed() {
        return reply(replayed);
    }
    // The file says which entry was the newest: never one of before its config.
    let head = start.head().ok_or_else(|| Problem::no_environment(env))?;
    let of = waymark.find_at(env, &of, head).await?;
    start = waymark.history.not_before(env, start, of.version).await?;
    let head = start.head().ok_or_else(|| Problem::no_environment(env))?;
    let id = BackupId::new(Class::Manual, &mutation.id.to_string())?;
    let author = editor.caller.author().clone();
    let backup = waymark.back_up(Take { env, id, head, of, author, note }).await?;
    let answer = Reply {
        status: StatusCode::CREATED.as_u16(),
        location: Some(format!("/v1/apps/{}/envs/{}/backups/{}", env.app, env.env, backup.id)),
        body: Listed::from(&backup).to_json()?,
        version: None,
        etag: None,
    };
    reply(&waymark.history.record_backup(&mutation, backup, answer).await?)
}
