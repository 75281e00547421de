//! What changed between two versions: as a list, as an RFC 6902 patch, or in words.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use waymark::caller::Role;
use waymark::config::Config;
use waymark::config::diff::{Diff, diff as compare, patch, text};
use waymark::hash::Sha256;
use waymark::http::{As, Query, Viewer, accepted, page_json, page_text};
use waymark::id::{EnvId, SnapshotName, Version, VersionRef};
use waymark::{Problem, Waymark, heavy};

/// The list of changes, for programs and people.
const LIST: &str = "application/json";

/// RFC 6902.
const PATCH: &str = "application/json-patch+json";

/// One line for each change.
const TEXT: &str = "text/plain";

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The older version, as in a path.
    #[cfg_attr(feature = "openapi", param(value_type = VersionRef))]
    from: String,
    /// The newer version.
    #[cfg_attr(feature = "openapi", param(value_type = VersionRef))]
    to: String,
    /// The environment of the same app that `from` is in, where it is another one.
    #[cfg_attr(feature = "openapi", param(value_type = Option<waymark::id::EnvName>))]
    from_env: Option<String>,
}

/// One of the two versions that are compared.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DiffSide))]
struct Side {
    /// `app/environment`.
    environment: String,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<SnapshotName>,
    sha256: Sha256,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Changes))]
struct Answer {
    from: Side,
    to: Side,
    #[serde(flatten)]
    diff: Diff,
}

/// What changed between two versions: a list, or as `Accept` says a JSON Patch (RFC 6902) or text.
///
/// What is too large for an answer is refused: both configs can be downloaded.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/diff", operation_id = "diff",
    params(waymark::openapi::InEnvironment, Params),
    responses((status = 200, description = "What changed.", content((Answer = "application/json"), (Vec<waymark::openapi::Operation> = "application/json-patch+json"), (String = "text/plain")))),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "not-acceptable", "config-damaged", "too-large"]))),
))]
pub(crate) async fn diff(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = accepted(&headers, &[LIST, PATCH, TEXT])?;
    let (from, to): (VersionRef, VersionRef) = (params.from.parse()?, params.to.parse()?);
    let env = source(&viewer, params.from_env.as_deref())?;
    let ((before, from), (after, to)) =
        tokio::try_join!(side(&waymark, &env, &from), side(&waymark, &viewer.env, &to))?;
    let bytes = before.len().saturating_add(after.len());
    let compared = heavy::compare(bytes, || match form {
        PATCH => page_text(HeaderValue::from_static(PATCH), patch(before.text(), after.text())),
        TEXT => {
            let found = compare(before.text(), after.text());
            let title =
                format!("{} #{} → {} #{}\n", from.environment, from.version, to.environment, to.version);
            page_text(HeaderValue::from_static("text/plain; charset=utf-8"), title + &text(&found))
        }
        _ => page_json(&Answer { from, to, diff: compare(before.text(), after.text()) }),
    });
    compared.await?
}

/// The environment that `from` is in. Reading another one takes the right to view it.
fn source(viewer: &As<Viewer>, name: Option<&str>) -> Result<EnvId, Problem> {
    let Some(name) = name else { return Ok(viewer.env.clone()) };
    let env = EnvId { app: viewer.env.app.clone(), env: name.parse()? };
    let role = viewer.caller.role(&env);
    if role < Some(Role::Viewer) {
        return Err(Problem::forbidden(&env.to_string(), Role::Viewer, role));
    }
    Ok(env)
}

async fn side(waymark: &Waymark, env: &EnvId, wanted: &VersionRef) -> Result<(Config, Side), waymark::Error> {
    let found = waymark.find(env, wanted).await?;
    let config = waymark.configs.read(&env.app, found.version, &found.config).await?;
    let side = Side {
        environment: env.to_string(),
        version: found.version,
        name: found.name,
        sha256: found.config.sha256,
    };
    Ok((config, side))
}
