//! Renaming a snapshot: the old name stays an alias, and nobody else can have it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use waymark::entry::Event;
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, NameRecord, Place};
use waymark::http::{As, Change, Editor, IfMatch, Segment, given, reply};
use waymark::id::{EnvId, Note, SnapshotName};
use waymark::{Problem, Waymark};

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Rename))]
#[serde(deny_unknown_fields)]
struct Request {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SnapshotName>))]
    name: Option<String>,
    /// Null or an empty text takes the note away.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<waymark::openapi::NewNote>))]
    #[serde(default, deserialize_with = "waymark::http::present")]
    note: Option<Value>,
}

/// The note that a request asks for: `Some(None)` takes it away, `None` leaves it.
fn wanted_note(given: Option<&Value>) -> Result<Option<Option<Note>>, Problem> {
    match given {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) if text.is_empty() => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.parse()?))),
        Some(_) => Err(Problem::malformed("\"note\" takes a text, or null to take the note away.")),
    }
}

/// Gives a snapshot another name, or note. The old name stays an alias.
#[cfg_attr(feature = "openapi", utoipa::path(
    patch, path = "/v1/apps/{app}/envs/{env}/snapshots/{name}", operation_id = "rename_snapshot",
    params(waymark::openapi::InEnvironment, ("name" = SnapshotName, Path, description = "Its name, old or new."), waymark::openapi::Matching, waymark::openapi::Repeatable),
    request_body(content = Request),
    responses((status = 200, description = "It was renamed, or is called that already.", body = waymark::openapi::Changed)),
    extensions(("x-problems" = json!(["environment-not-found", "snapshot-not-found", "name-taken", "version-mismatch"]))),
))]
pub(crate) async fn rename(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    Segment(present): Segment,
    change: Change,
) -> Result<Response, Problem> {
    let request: Request = change.json()?;
    let wanted: Option<SnapshotName> = given(request.name.as_deref())?;
    let note = wanted_note(request.note.as_ref())?;
    let if_match = IfMatch::read(&change.headers)?;
    if wanted.is_none() && note.is_none() {
        return Err(Problem::malformed("Say what to change: {\"name\": …}, {\"note\": …} or both."));
    }
    let env = &editor.env;
    let present = SnapshotName::existing(&present)?;
    let mutation = change.mutation(&editor.caller, Place::Environment(env.clone()))?;
    let (start, named) =
        tokio::try_join!(waymark.history.start(&mutation), waymark.history.snapshot(env, &present))?;
    let record = NameRecord { subject: named.subject, snapshot: named.snapshot, former: false };
    let rename = Rename { waymark: &waymark, env, record, name: wanted, note };
    reply(&waymark.history.commit(&mutation, start, if_match.guard(rename)).await?)
}

/// The decision to give a snapshot another name or note.
struct Rename<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    record: NameRecord,
    name: Option<SnapshotName>,
    note: Option<Option<Note>>,
}

impl Decide for Rename<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let Self { record, note, .. } = self;
        let head = attempt.head()?;
        let marker = self.waymark.history.marker(self.env, record.snapshot).await?;
        let name = self.name.clone().unwrap_or_else(|| marker.name.clone());
        if attempt.is_taken(&name) {
            return Err(Problem::name_taken(&name));
        }
        if name == marker.name && note.as_ref().is_none_or(|note| *note == marker.note) {
            return Ok(Decision::unchanged(head));
        }
        let event =
            Event::Renamed { name: name.clone(), previous: marker.name.clone(), snapshot: record.snapshot };
        let mut draft = Draft::of(DraftEntry {
            note: note.clone().flatten(),
            releases: Some(head.releases.renamed(record.snapshot, &name)),
            ..DraftEntry::new(event)
        });
        if name != marker.name {
            let of = |former| NameRecord { former, ..record.clone() };
            draft.alongside.push(Alongside::Name { name: name.clone(), record: of(false) });
            draft.alongside.push(Alongside::Name { name: marker.name.clone(), record: of(true) });
        }
        draft.alongside.push(Alongside::Rename { snapshot: record.snapshot, name, note: note.clone() });
        Ok(draft.append())
    }
}
