//! Settings of an environment, and of its app.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use waymark::config::keep::Keep;
use waymark::history::{LiveWithoutRelease, Place, Reply, Settings, StoredSchema};
use waymark::http::{Admin, As, AsAdminOfApp, Change, Viewer, page_json, reply, reply_with_text};
use waymark::schema::MAX_SCHEMA;
use waymark::{Error, Problem, Waymark};

/// Largest body of new settings, in bytes: a schema and what is around it.
const MAX_SETTINGS: usize = MAX_SCHEMA + 64 * 1024;

/// What an environment says for itself. Without `Debug`: a raw value shows its text.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EnvironmentSettings))]
#[serde(deny_unknown_fields)]
struct Own {
    live_without_release: Option<LiveWithoutRelease>,
    releases: Option<bool>,
    keep: Option<Keep>,
    /// In its own text.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Value>))]
    schema: Option<Box<RawValue>>,
}

/// What the environment says for itself, and what holds.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/settings", operation_id = "read_settings",
    params(waymark::openapi::InEnvironment),
    responses((status = 200, description = "The settings.", body = ShownWithSchema)),
    extensions(("x-problems" = json!(["too-large"]))),
))]
pub(crate) async fn read(State(waymark): State<Waymark>, viewer: As<Viewer>) -> Result<Response, Problem> {
    let (own, app) = (Place::Environment(viewer.env.clone()), Place::App(viewer.env.app.clone()));
    let (own, app, schema) = tokio::try_join!(
        waymark.history.settings(&own),
        waymark.history.settings(&app),
        waymark.history.schema(&viewer.env)
    )?;
    page_json(&ShownWithSchema::of(Shown::of(&own, &app), schema)?)
}

/// Replaces what the environment says for itself: what is left out, its app decides.
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/v1/apps/{app}/envs/{env}/settings", operation_id = "replace_settings",
    params(waymark::openapi::InEnvironment, waymark::openapi::Repeatable),
    request_body(content = Option<Own>),
    responses((status = 200, description = "The settings.", body = ShownWithSchema)),
    extensions(("x-problems" = json!(["invalid-schema", "checks-busy"]))),
))]
pub(crate) async fn replace(
    State(waymark): State<Waymark>,
    admin: As<Admin>,
    change: Change,
) -> Result<Response, Problem> {
    let Own { live_without_release, releases, keep, schema: text } = change.json_within(MAX_SETTINGS)?;
    let own = Settings { live_without_release, releases, keep };
    let schema = match &text {
        Some(text) => Some(waymark.checks.compile(text.get().to_owned()).await?),
        None => None,
    };
    let schema = schema.as_deref().map(StoredSchema::from);
    let app = waymark.history.settings(&Place::App(admin.env.app.clone())).await?;
    let mutation = change.mutation(&admin.caller, Place::Environment(admin.env.clone()))?;
    let answer = answer(json!(Shown::of(&own, &app)));
    let answer = waymark.history.put_settings(&mutation, own, schema, answer).await?;
    // In the text of the request: a repeat has the same.
    reply_with_text(&answer, "schema", text.as_ref().map_or("null", |text| text.get()))
}

/// What an app says for all of its environments.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/settings", operation_id = "read_app_settings",
    params(waymark::openapi::InApp),
    responses((status = 200, description = "The settings.", body = Shown)),
    extensions(("x-problems" = json!(["too-large"]))),
))]
pub(crate) async fn read_app(
    State(waymark): State<Waymark>,
    admin: AsAdminOfApp,
) -> Result<Response, Problem> {
    page_json(&Shown::of(&waymark.history.settings(&Place::App(admin.app)).await?, &Settings::default()))
}

/// Replaces what an app says for all of its environments.
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/v1/apps/{app}/settings", operation_id = "replace_app_settings",
    params(waymark::openapi::InApp, waymark::openapi::Repeatable),
    request_body(content = Option<Settings>),
    responses((status = 200, description = "The settings.", body = Shown)),
))]
pub(crate) async fn replace_app(
    State(waymark): State<Waymark>,
    admin: AsAdminOfApp,
    change: Change,
) -> Result<Response, Problem> {
    let own: Settings = change.json()?;
    let mutation = change.mutation(&admin.caller, Place::App(admin.app))?;
    let answer = answer(json!(Shown::of(&own, &Settings::default())));
    reply(&waymark.history.put_settings(&mutation, own, None, answer).await?)
}

/// What a place says for itself, and what holds there.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShownSettings))]
struct Shown {
    live_without_release: Option<LiveWithoutRelease>,
    releases: Option<bool>,
    keep: Option<Keep>,
    /// What holds.
    effective: Settings,
}

impl Shown {
    fn of(own: &Settings, app: &Settings) -> Self {
        Self {
            live_without_release: own.live_without_release,
            releases: own.releases,
            keep: own.keep.clone(),
            effective: own.within(app),
        }
    }
}

/// The settings of an environment, with the schema that its configs are checked against.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShownEnvironmentSettings))]
struct ShownWithSchema {
    #[serde(flatten)]
    shown: Shown,
    /// The JSON Schema, in the text that it was sent in; null where there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    schema: Option<Box<RawValue>>,
}

impl ShownWithSchema {
    fn of(shown: Shown, schema: Option<StoredSchema>) -> Result<Self, Problem> {
        let schema = schema.map(|stored| RawValue::from_string(stored.schema)).transpose();
        let schema = schema.map_err(|fault| Error::Item(format!("a stored schema: {fault}")))?;
        Ok(Self { shown, schema })
    }
}

fn answer(body: Value) -> Reply {
    Reply { status: 200, body, version: None, etag: None, location: None }
}
