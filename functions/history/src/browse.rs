//! The log itself: newest first, in pages, by kind and author.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use waymark::history::Filter;
use waymark::http::{As, Limit, Query, Viewer, listing, query_of};
use waymark::id::VersionRef;
use waymark::{Problem, Waymark};

use crate::sessions;

/// The kinds that may be asked for.
const KINDS: [&str; 7] = ["saved", "snapshot", "renamed", "restored", "published", "unpublished", "imported"];

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// Entries before this version.
    before: Option<VersionRef>,
    /// How many, 1 to 200; 50 unless it says.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200))]
    limit: Option<u16>,
    /// One kind, or several with commas between.
    #[cfg_attr(
        feature = "openapi",
        param(
            pattern = "^(saved|snapshot|renamed|restored|published|unpublished|imported)(,(saved|snapshot|renamed|restored|published|unpublished|imported))*$"
        )
    )]
    kind: Option<String>,
    /// An author's id.
    author: Option<String>,
    /// `session`: what one author saved in a row as one item.
    #[cfg_attr(feature = "openapi", param(pattern = "^session$"))]
    group: Option<String>,
}

impl Params {
    fn filter(&self) -> Result<Filter, Problem> {
        let kinds: Vec<String> =
            self.kind.iter().flat_map(|kinds| kinds.split(',')).map(|kind| kind.trim().to_owned()).collect();
        if kinds.iter().any(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(Problem::malformed(format!("kind takes one or more of {}.", KINDS.join(", "))));
        }
        Ok(Filter { kinds, author: self.author.clone() })
    }
}

/// The log, newest first: entries, or with `group=session` what one author saved in a row as one item.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/history", operation_id = "list_history",
    params(waymark::openapi::InEnvironment, Params),
    responses((status = 200, description = "A page of it.", body = waymark::openapi::Listing<sessions::Line>)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "config-damaged", "too-large"]))),
))]
pub(crate) async fn browse(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let limit = Limit::check(params.limit)?;
    let filter = params.filter()?;
    let before = match &params.before {
        Some(before) => Some(waymark.version_of(env, before).await?),
        None => None,
    };
    match params.group.as_deref() {
        None => {}
        Some("session") if filter == Filter::default() => {
            return sessions::list(&waymark, env, before, limit).await;
        }
        Some("session") => {
            return Err(Problem::malformed("group=session lists everything: leave kind and author out."));
        }
        Some(_) => return Err(Problem::malformed("group takes session.")),
    }
    let page = waymark.history.page(env, before, limit, &filter).await?;
    if page.items.is_empty()
        && page.damaged.is_empty()
        && page.next.is_none()
        && waymark.history.head(env).await?.is_none()
    {
        return Err(Problem::no_environment(env));
    }
    let items = page.items.iter().map(|entry| sessions::Line::Entry(Box::new(entry.into())));
    let items = sessions::with_damaged(items.collect(), &page.damaged);
    let next = page.next.map(|before| {
        let (before, limit) = (before.to_string(), limit.to_string());
        let mut query = vec![("before", before.as_str()), ("limit", &limit)];
        query.extend(params.kind.as_deref().map(|kind| ("kind", kind)));
        query.extend(params.author.as_deref().map(|author| ("author", author)));
        format!("/v1/apps/{}/envs/{}/history?{}", env.app, env.env, query_of(&query))
    });
    listing(&items, next)
}
