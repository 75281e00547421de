//! Checking that a history is what was written, in pages.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use waymark::history::Verified;
use waymark::http::{As, Limit, Query, Viewer, page_json};
use waymark::id::{Version, VersionRef};
use waymark::{Error, Problem, Waymark};

/// How long one page may take: configs of megabytes take their time, and API Gateway gives up after 30 s.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The first version to check; 1 unless it says.
    from: Option<VersionRef>,
    /// How many, 1 to 200; 50 unless it says.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200))]
    limit: Option<u16>,
}

/// Checks a page of entries and says where the next one begins.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/verify", operation_id = "verify_history",
    params(waymark::openapi::InEnvironment, Params),
    responses((status = 200, description = "What was found.", body = Answer)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "too-large"]))),
))]
pub(crate) async fn verify(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = Limit::check(params.limit)?;
    let from = match &params.from {
        Some(from) => waymark.version_of(env, from).await?,
        None => Version::FIRST,
    };
    let until = Instant::now() + LONGEST;
    let verified = waymark.history.verify(&waymark.configs, env, from, limit, until).await?;
    if verified.from.is_none() && verified.faults.is_empty() {
        let head = waymark.history.head(env).await?;
        return Err(head.map_or_else(|| Problem::no_environment(env), |_| Error::NoVersion(from).into()));
    }
    let next = verified
        .next
        .map(|from| format!("/v1/apps/{}/envs/{}/verify?from={from}&limit={limit}", env.app, env.env));
    page_json(&Answer { ok: verified.faults.is_empty(), verified, next })
}

/// What was found.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VerifiedHistory))]
struct Answer {
    /// Whether nothing is wrong.
    ok: bool,
    #[serde(flatten)]
    verified: Verified,
    /// Path and query of the next page.
    next: Option<String>,
}
