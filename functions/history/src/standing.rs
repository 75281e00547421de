//! Where things stand in an environment, in one answer; and the environments that a caller may see.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use waymark::entry::{EntryView, SubjectView};
use waymark::http::{As, Limit, Query, Signed, Viewer, listing, page_json, query_of};
use waymark::id::{EnvId, SnapshotName};
use waymark::{Problem, Waymark};

/// `GET {prefix}`.
pub(crate) async fn standing(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let (head, settings, backups) = tokio::try_join!(
        waymark.history.head(env),
        waymark.history.effective_settings(env),
        waymark.history.backups(env)
    )?;
    let head = head.ok_or_else(|| Problem::no_environment(env))?.entry;
    let live = head.releases.live.as_ref();
    let before = head.releases.before.as_ref();
    let differs = live.is_some_and(|live| live.subject.sha256 != head.config.sha256);
    page_json(&json!({
        "app": env.app,
        "environment": env.env,
        "working": EntryView::from(&head),
        "live": live.map(|live| json!({
            "name": live.name,
            "version": live.subject.version,
            "subject": SubjectView::from(&live.subject),
            "published": live.entry,
        })),
        "before": before.map(|before| json!({ "name": before.name, "published": before.entry })),
        "differs": differs,
        "next_name": SnapshotName::generated(head.generated + 1),
        "settings": settings,
        "role": viewer.caller.role(env),
        "backup": backups.first().map(|backup| json!({
            "id": backup.id,
            "version": backup.version,
            "at": format!("{:.3}", backup.at),
            "fault": backup.fault,
        })),
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    after: Option<String>,
    limit: Option<u16>,
}

/// `GET /v1/apps`: an item for each environment.
pub(crate) async fn apps(
    State(waymark): State<Waymark>,
    Signed(caller): Signed,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let limit = Limit::check(params.limit)?;
    let after: Option<EnvId> = params.after.as_deref().map(str::parse).transpose()?;
    let page = waymark.history.environments(&caller, after.as_ref(), limit).await?;
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|listed| json!({ "app": listed.env.app, "environment": listed.env.env, "role": listed.role }))
        .collect();
    let next = page.next.map(|after| {
        let (after, limit) = (after.to_string(), limit.to_string());
        format!("/v1/apps?{}", query_of(&[("after", &after), ("limit", &limit)]))
    });
    listing(&items, next)
}
