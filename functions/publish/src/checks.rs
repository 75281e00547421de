//! What is published passes the schema of its environment.

use std::sync::Arc;

use serde_json::Value;
use waymark::checks::Unchecked;
use waymark::config::Config;
use waymark::entry::Subject;
use waymark::hash::Sha256;
use waymark::history::{Alongside, Decision, Draft};
use waymark::id::EnvId;
use waymark::schema::{Failure, Failures, Schema, Unfinished};
use waymark::{Error, Problem, Waymark};

/// A schema and a config that passes it, by their SHA-256s, where an attempt has found out.
pub(crate) type Passed = Option<(Sha256, Sha256)>;

/// The decision to append a draft that publishes `subject`, where its config passes the schema; conditioned on that schema, so
/// that none that was set meanwhile is passed by. What an earlier attempt has checked is not checked again.
pub(crate) async fn must_pass(
    waymark: &Waymark,
    env: &EnvId,
    (schema, passed): (Option<&Arc<Schema>>, &mut Passed),
    subject: &Subject,
    mut draft: Draft,
) -> Result<Decision, Problem> {
    if let Some(schema) = schema.filter(|schema| *passed != Some((schema.sha256(), subject.sha256))) {
        let config = waymark.configs.read(&env.app, subject.version, &subject.config()).await?;
        passes(waymark, env, schema, &config).await?;
        *passed = Some((schema.sha256(), subject.sha256));
    }
    draft.alongside.push(Alongside::SchemaIs(schema.map(|schema| schema.sha256())));
    Ok(draft.append())
}

/// Refuses a config that fails the schema.
pub(crate) async fn passes(
    waymark: &Waymark,
    env: &EnvId,
    schema: &Arc<Schema>,
    config: &Config,
) -> Result<(), Problem> {
    match waymark.check(schema, config).await {
        Ok(failures) if failures.is_empty() => Ok(()),
        Ok(failures) => Err(check_failed(env, &failures)),
        Err(Unchecked::Busy) => Err(Error::ChecksBusy.into()),
        Err(Unchecked::Unfinished(Unfinished::Failed)) => Err(Problem::internal()),
        Err(Unchecked::Unfinished(why)) => Err(too_costly(env, why)),
    }
}

/// 422: whether it is as the schema asks cannot be found out within the limits of a check.
fn too_costly(env: &EnvId, why: Unfinished) -> Problem {
    let reason = match why {
        Unfinished::Steps => "steps",
        Unfinished::Memory => "memory",
        Unfinished::Levels => "levels",
        Unfinished::Cancelled | Unfinished::Failed => "time",
    };
    Problem::unprocessable(
        "check-too-costly",
        "The config cannot be checked",
        format!(
            "Nothing was published: the config was not checked to the end by the schema of {env}: {why}. Make the schema \
             simpler (alternatives and references inside of one another cost most), or the config smaller."
        ),
    )
    .with("reason", reason)
}

/// 422: what was to be published is not as the schema asks.
fn check_failed(env: &EnvId, failures: &Failures) -> Problem {
    let listed: Vec<Value> = failures.items.iter().map(Failure::to_json).collect();
    Problem::unprocessable(
        "check-failed",
        "The config is not as the schema asks",
        format!(
            "Nothing was published: the config fails the schema of {env}. Mend what failures lists and publish that, or \
             change the schema: GET /settings shows it."
        ),
    )
    .with("failures", listed)
    .with("more", failures.more)
}
