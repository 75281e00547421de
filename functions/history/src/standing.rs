//! Where things stand in an environment, in one answer; and the environments that a caller may see.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use waymark::backup::BackupId;
use waymark::caller::Role;
use waymark::entry::{Entry, EntryView, Releases, SubjectView};
use waymark::history::{Brief, Settings};
use waymark::http::{As, Limit, Query, Signed, Viewer, listing, page_json, query_of};
use waymark::id::{AppName, EnvId, EnvName, SnapshotName, Version};
use waymark::{Error, Problem, Waymark};

/// Where things stand in an environment, in one answer.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}", operation_id = "read_standing",
    params(waymark::openapi::InEnvironment),
    responses((status = 200, description = "Where it stands.", body = Standing)),
    extensions(("x-problems" = json!(["environment-not-found", "too-large"]))),
))]
pub(crate) async fn standing(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let (head, settings, backup) = tokio::try_join!(
        waymark.history.head(env),
        waymark.history.effective_settings(env),
        waymark.history.newest_backup(env)
    )?;
    let head = head.ok_or_else(|| Problem::no_environment(env))?.entry;
    let (next_name, before, edited) = tokio::try_join!(
        waymark.history.next_name(env, &head),
        before(&waymark, env, &head),
        waymark.history.last_edit(env, &head)
    )?;
    let live = head.releases.live.as_ref();
    page_json(&Standing {
        app: &env.app,
        environment: &env.env,
        working: EntryView::from(&head),
        edited,
        live: live.map(|live| Live {
            name: &live.name,
            version: live.subject.version,
            subject: SubjectView::from(&live.subject),
            published: live.entry,
        }),
        before: before.as_ref().map(|before| Before { name: &before.name, published: before.entry }),
        differs: live.is_some_and(|live| live.subject.sha256 != head.config.sha256),
        next_name,
        settings,
        role: viewer.caller.role(env),
        backup: backup.as_ref().map(|backup| LastBackup {
            id: &backup.id,
            version: backup.version,
            at: backup.at,
            fault: backup.fault.as_deref(),
        }),
    })
}

/// The release that a roll back would give users. No call, unless an entry of an older version of Waymark says that it is the
/// one that they have.
async fn before(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
) -> Result<Option<waymark::entry::Before>, Error> {
    let Releases { live, before } = &head.releases;
    match (live, before) {
        (Some(live), Some(before)) if live.snapshot == before.snapshot => {
            waymark.history.release_below(env, &head.releases, live.subject.sha256).await
        }
        _ => Ok(before.clone()),
    }
}

/// Where things stand.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Standing<'a> {
    app: &'a AppName,
    environment: &'a EnvName,
    /// The newest entry: what builders edit.
    working: EntryView,
    /// The entry that gave builders what they edit; null where it lies more than 1,000 entries back.
    edited: Option<Brief>,
    /// The release that users see; null where none is live.
    live: Option<Live<'a>>,
    /// The release before it, which rolling back would publish.
    before: Option<Before<'a>>,
    /// Whether users see another config than builders edit.
    differs: bool,
    /// What the next snapshot is called that nobody names.
    next_name: SnapshotName,
    /// What holds here.
    settings: Settings,
    /// The caller's role.
    role: Option<Role>,
    /// The newest backup.
    backup: Option<LastBackup<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Live<'a> {
    name: &'a SnapshotName,
    version: Version,
    subject: SubjectView,
    /// The entry that published it.
    published: Version,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Before<'a> {
    name: &'a SnapshotName,
    /// The entry that published it.
    published: Version,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct LastBackup<'a> {
    id: &'a BackupId,
    version: Version,
    #[serde(serialize_with = "waymark::entry::millis")]
    at: Timestamp,
    /// What was wrong with it when it was last read.
    fault: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The last of the page before, as `app/environment`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<EnvId>))]
    after: Option<String>,
    /// How many, 1 to 200; 50 unless it says.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200))]
    limit: Option<u16>,
}

/// The environments that the caller may view.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps", operation_id = "list_environments",
    params(Params),
    responses((status = 200, description = "A page of them.", body = waymark::openapi::Listing<Place>)),
    extensions(("x-problems" = json!(["invalid-name", "too-large"]))),
))]
pub(crate) async fn apps(
    State(waymark): State<Waymark>,
    Signed(caller): Signed,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let limit = Limit::check(params.limit)?;
    let after: Option<EnvId> = params.after.as_deref().map(str::parse).transpose()?;
    let page = waymark.history.environments(&caller, after.as_ref(), limit).await?;
    let items: Vec<Place<'_>> = page
        .items
        .iter()
        .map(|listed| Place { app: &listed.env.app, environment: &listed.env.env, role: listed.role })
        .collect();
    let next = page.next.map(|after| {
        let (after, limit) = (after.to_string(), limit.to_string());
        format!("/v1/apps?{}", query_of(&[("after", &after), ("limit", &limit)]))
    });
    listing(&items, next)
}

/// An environment that the caller may view.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ListedEnvironment))]
struct Place<'a> {
    app: &'a AppName,
    environment: &'a EnvName,
    /// The caller's role there.
    role: Role,
}
