//! Settings of an environment, and of its app.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use waymark::config::keep::Keep;
use waymark::config::schema::{MAX_SCHEMA, Schema};
use waymark::history::{LiveWithoutRelease, Place, Reply, Settings, StoredSchema};
use waymark::http::{Admin, As, AsAdminOfApp, Change, Viewer, page_json, reply};
use waymark::{Error, Problem, Waymark};

/// Largest body of new settings, in bytes: a schema and what is around it.
const MAX_SETTINGS: usize = MAX_SCHEMA + 64 * 1024;

/// What an environment says for itself. Without `Debug`: a raw value shows its text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    live_without_release: Option<LiveWithoutRelease>,
    releases: Option<bool>,
    keep: Option<Keep>,
    /// In its own text.
    schema: Option<Box<RawValue>>,
}

/// `GET /settings`: what the environment says for itself, and what holds.
pub(crate) async fn read(State(waymark): State<Waymark>, viewer: As<Viewer>) -> Result<Response, Problem> {
    let (own, app) = (Place::Environment(viewer.env.clone()), Place::App(viewer.env.app.clone()));
    let (own, app, schema) = tokio::try_join!(
        waymark.history.settings(&own),
        waymark.history.settings(&app),
        waymark.history.schema(&viewer.env)
    )?;
    page_json(&with_schema(shown(&own, &app), schema.as_ref())?)
}

/// `PUT /settings`.
pub(crate) async fn replace(
    State(waymark): State<Waymark>,
    admin: As<Admin>,
    change: Change,
) -> Result<Response, Problem> {
    let Own { live_without_release, releases, keep, schema } = change.json_within(MAX_SETTINGS)?;
    let own = Settings { live_without_release, releases, keep };
    let schema = schema.map(|text| Schema::parse(text.get())).transpose().map_err(Error::from)?;
    let schema = schema.as_ref().map(StoredSchema::from);
    let app = waymark.history.settings(&Place::App(admin.env.app.clone())).await?;
    let mutation = change.mutation(&admin.caller, Place::Environment(admin.env.clone()))?;
    let answer = answer(with_schema(shown(&own, &app), schema.as_ref())?);
    reply(&waymark.history.put_settings(&mutation, own, schema, answer).await?)
}

/// `GET /v1/apps/{app}/settings`.
pub(crate) async fn read_app(
    State(waymark): State<Waymark>,
    admin: AsAdminOfApp,
) -> Result<Response, Problem> {
    page_json(&shown(&waymark.history.settings(&Place::App(admin.app)).await?, &Settings::default()))
}

/// `PUT /v1/apps/{app}/settings`.
pub(crate) async fn replace_app(
    State(waymark): State<Waymark>,
    admin: AsAdminOfApp,
    change: Change,
) -> Result<Response, Problem> {
    let own: Settings = change.json()?;
    let mutation = change.mutation(&admin.caller, Place::App(admin.app))?;
    let answer = answer(shown(&own, &Settings::default()));
    reply(&waymark.history.put_settings(&mutation, own, None, answer).await?)
}

/// What a place says for itself, and what holds there.
fn shown(own: &Settings, app: &Settings) -> Value {
    json!({
        "live_without_release": own.live_without_release,
        "releases": own.releases,
        "keep": own.keep,
        "effective": own.within(app),
    })
}

/// The settings of an environment, with the schema that its configs are checked against.
fn with_schema(mut shown: Value, schema: Option<&StoredSchema>) -> Result<Value, Problem> {
    let schema = schema.map(|stored| serde_json::from_str::<Value>(&stored.schema)).transpose();
    let schema = schema.map_err(|fault| Error::Item(format!("a stored schema: {fault}")))?;
    if let Value::Object(members) = &mut shown {
        members.insert("schema".to_owned(), schema.unwrap_or_default());
    }
    Ok(shown)
}

fn answer(body: Value) -> Reply {
    Reply { status: 200, body, version: None, etag: None, location: None }
}
