//! Settings of an environment, and of its app.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use waymark::history::{Place, Reply, Settings};
use waymark::http::{Admin, As, AsAdminOfApp, Change, Viewer, page_json, reply};
use waymark::{Problem, Waymark};

/// `GET /settings`: what the environment says for itself, and what holds.
pub(crate) async fn read(State(waymark): State<Waymark>, viewer: As<Viewer>) -> Result<Response, Problem> {
    let (own, app) = (Place::Environment(viewer.env.clone()), Place::App(viewer.env.app.clone()));
    let (own, app) = tokio::try_join!(waymark.history.settings(&own), waymark.history.settings(&app))?;
    page_json(&shown(&own, &app))
}

/// `PUT /settings`.
pub(crate) async fn replace(
    State(waymark): State<Waymark>,
    admin: As<Admin>,
    change: Change,
) -> Result<Response, Problem> {
    let own: Settings = change.json()?;
    let app = waymark.history.settings(&Place::App(admin.env.app.clone())).await?;
    let mutation = change.mutation(&admin.caller, Place::Environment(admin.env.clone()))?;
    let answer = answer(shown(&own, &app));
    reply(&waymark.history.put_settings(&mutation, own, answer).await?)
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
    reply(&waymark.history.put_settings(&mutation, own, answer).await?)
}

/// What a place says for itself, and what holds there.
fn shown(own: &Settings, app: &Settings) -> Value {
    json!({
        "live_without_release": own.live_without_release,
        "releases": own.releases,
        "effective": own.within(app),
    })
}

fn answer(body: Value) -> Reply {
    Reply { status: 200, body, version: None, etag: None, location: None }
}
