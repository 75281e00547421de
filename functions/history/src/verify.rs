//! Checking that a history is what was written, in pages.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use waymark::http::{As, Limit, Query, Viewer, page_json};
use waymark::id::Version;
use waymark::{Error, Problem, Waymark};

/// How long one page may take: configs of megabytes take their time, and API Gateway gives up after 30 s.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    from: Option<Version>,
    limit: Option<u16>,
}

/// `GET /verify`: checks a page of entries and says where the next one begins.
pub(crate) async fn verify(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = Limit::check(params.limit)?;
    let from = params.from.unwrap_or(Version::FIRST);
    let until = Instant::now() + LONGEST;
    let verified = waymark.history.verify(&waymark.configs, env, from, limit, until).await?;
    if verified.from.is_none() && verified.faults.is_empty() {
        let head = waymark.history.head(env).await?;
        return Err(head.map_or_else(|| Problem::no_environment(env), |_| Error::NoVersion(from).into()));
    }
    let next = verified
        .next
        .map(|from| format!("/v1/apps/{}/envs/{}/verify?from={from}&limit={limit}", env.app, env.env));
    page_json(&json!({
        "ok": verified.faults.is_empty(),
        "from": verified.from,
        "to": verified.to,
        "checked": verified.checked,
        "faults": verified.faults,
        "hash": verified.hash,
        "next": next,
    }))
}
