//! Who changed a value: from a version back to the entry that gave it its present value.
//!
//! What the entries say of themselves passes over most of them. The others are compared with the one before, config
//! by config; how many of those one request reads is bounded, and the answer says where it stopped.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use waymark::config::Config;
use waymark::config::diff::{at, labelled};
use waymark::config::pointer::Pointer;
use waymark::entry::{Entry, EntryView, Event};
use waymark::history::Filter;
use waymark::http::{As, Query, Viewer, page_json, query_of};
use waymark::id::{EnvId, Version, VersionRef};
use waymark::trace::{Bounds, Done, Place, Trace};
use waymark::{Error, Found, Problem, Waymark, heavy};

/// Entries that are read in one query.
const PAGE: u16 = 200;

/// Queries of entries that one request makes at most.
const MAX_PAGES: usize = 10;

/// Configs that one request reads at most, and bytes of them.
const MAX_CONFIGS: usize = 100;
const MAX_BYTES: usize = 200 * 1024 * 1024;

/// Longest value that an answer shows, in bytes.
const MAX_SHOWN: usize = 64 * 1024;

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The JSON Pointer of the value.
    #[cfg_attr(feature = "openapi", param(pattern = "^(/([^~/]|~[01])*)*$"))]
    path: Option<String>,
    /// Its label, as a diff has it, instead.
    label: Option<String>,
    /// The version to look at; the working one unless it says.
    #[cfg_attr(feature = "openapi", param(value_type = Option<VersionRef>))]
    version: Option<String>,
    /// The restore that an earlier part of the search passed.
    restored: Option<Version>,
}

/// Who gave a value its present form, when, and what it was before.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/v1/apps/{app}/envs/{env}/blame", operation_id = "blame",
    params(waymark::openapi::InEnvironment, Params),
    responses((status = 200, description = "Who it was, or how far the search came.", body = Answer)),
    extensions(("x-problems" = json!(["environment-not-found", "version-not-found", "snapshot-not-found", "nothing-live", "place-not-found", "ambiguous-label", "config-damaged", "too-large"]))),
))]
pub(crate) async fn blame(
    State(waymark): State<Waymark>,
    viewer: As<Viewer>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let env = &viewer.env;
    let of: VersionRef = params.version.as_deref().map_or(Ok(VersionRef::Working), str::parse)?;
    let found = waymark.find(env, &of).await?;
    let config = waymark.configs.read(&env.app, found.version, &found.config).await?;
    let (place, shown) = heavy::compare(config.len(), || {
        let place = place(&params, &config)?;
        let shown = at(config.text(), &place);
        Ok::<_, Problem>((place, shown))
    })
    .await??;
    let mut search = Search {
        waymark: &waymark,
        env,
        place: Place { at: place.clone(), is_there: shown.is_some() },
        trace: Trace::new(&waymark, env, Bounds { configs: MAX_CONFIGS, bytes: MAX_BYTES }),
        brought_back: passed(&waymark, env, params.restored, found.version).await?,
    };
    let blamed = match promoted(&waymark, env, &found).await?.filter(|_| shown.is_some()) {
        Some(entry) => Blamed::By(Box::new(entry), None),
        None => {
            search.trace.knows(found.version, config);
            search.from(found.version).await?
        }
    };
    let outcome = match blamed {
        Blamed::By(entry, before) => Outcome::By(Box::new(search.named(&entry, before))),
        Blamed::SoFar(unchanged_since) => {
            Outcome::SoFar { unchanged_since, next: search.goes_on(unchanged_since) }
        }
        Blamed::Never => return Err(no_place(&place)),
    };
    let (label, value) = shown.unzip();
    page_json(&Answer {
        path: place.to_string(),
        label,
        version: found.version,
        deleted: value.is_none(),
        complete: matches!(outcome, Outcome::By(_)),
        value: Shown::of(value),
        outcome,
    })
}

/// The answer, whole or as far as one request goes.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Blame))]
struct Answer {
    path: String,
    label: Option<String>,
    version: Version,
    deleted: bool,
    /// Whether the search has come to its end.
    complete: bool,
    /// The value; where it is too long to show, `{"bytes_not_shown": …}`.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    value: Shown,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What the search came to.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BlameOutcome))]
#[serde(untagged)]
enum Outcome {
    By(Box<By>),
    SoFar {
        /// Where the search stopped before its end.
        unchanged_since: Version,
        /// Path and query that go on from there.
        next: String,
    },
}

/// Who made the value what it is.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BlamedOn))]
struct By {
    /// In words.
    who: String,
    entry: EntryView,
    /// Where the value was then.
    path_then: String,
    /// What it was before.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    before: Shown,
    /// The restore that brought it back.
    brought_back: Option<EntryView>,
}

/// A value in an answer: none, in its own spelling, or its length in bytes where that is too much to show.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Value(Option<Box<RawValue>>),
    Large { bytes_not_shown: usize },
}

impl Shown {
    fn of(value: Option<Box<RawValue>>) -> Self {
        match value {
            Some(value) if value.get().len() > MAX_SHOWN => {
                Self::Large { bytes_not_shown: value.get().len() }
            }
            value => Self::Value(value),
        }
    }
}

/// The place that is asked for.
fn place(params: &Params, config: &Config) -> Result<Pointer, Problem> {
    match (&params.path, &params.label) {
        (Some(path), None) => path.parse().map_err(|error| Problem::malformed(format!("path: {error}."))),
        (None, Some(label)) => {
            let paths = labelled(config.text(), label);
            match paths.as_slice() {
                [path] => path.parse().map_err(|error| Problem::malformed(format!("label: {error}."))),
                [] => Err(Problem::not_found(
                    "place-not-found",
                    "Nothing has this label. Labels are those of GET /diff; a JSON Pointer in path serves too.",
                )),
                _ => Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "ambiguous-label",
                    "Several places have this label",
                    "Several places have this label. Ask with path for one of paths.",
                )
                .with("paths", paths)),
            }
        }
        _ => Err(Problem::malformed("Say which value: ?path=/panels/3/title or ?label=….")),
    }
}

fn no_place(place: &Pointer) -> Problem {
    Problem::not_found("place-not-found", format!("There is nothing at {place}, and there never was."))
        .with("path", place.to_string())
}

/// What a search has found.
enum Blamed {
    /// The entry that made the value what it is, and what it was before.
    By(Box<Entry>, Option<Box<RawValue>>),
    /// Nothing down to this version, which is as far as one request goes.
    SoFar(Version),
    /// The history has no such place.
    Never,
}

struct Search<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    place: Place,
    trace: Trace<'a>,
    /// The newest restore that brought the value back.
    brought_back: Option<Box<Entry>>,
}

impl Search<'_> {
    /// Goes back from a version, newest first.
    async fn from(&mut self, version: Version) -> Result<Blamed, Problem> {
        let mut next = Some(version);
        for _ in 0..MAX_PAGES {
            let Some(from) = next else { return Ok(Blamed::Never) };
            let history = &self.waymark.history;
            let page = history.page(self.env, Some(from.next()), PAGE, &Filter::default()).await?;
            next = page.next.and_then(Version::before);
            let damaged = page.damaged.first().cloned();
            for entry in page.items {
                // Who made a damaged entry, and what it changed, is unknown: the search ends there.
                if let Some(fault) = damaged.clone().filter(|fault| fault.version > entry.version) {
                    return Err(Error::from(fault).into());
                }
                let done = self.trace.step(&entry, std::slice::from_mut(&mut self.place)).await?;
                match done.into_iter().next().unwrap_or(Done::Nothing) {
                    Done::Nothing => {}
                    Done::TooMuch => return Ok(Blamed::SoFar(entry.version)),
                    Done::Changed(before) => match came_from(self.waymark, self.env, &entry).await? {
                        Some(Origin::Version(earlier)) => {
                            self.brought_back.get_or_insert_with(|| Box::new(entry));
                            next = Some(earlier);
                            break;
                        }
                        Some(Origin::Promotion(promotion)) => {
                            self.brought_back.get_or_insert_with(|| Box::new(entry));
                            return Ok(Blamed::By(promotion, before));
                        }
                        None => return Ok(Blamed::By(Box::new(entry), before)),
                    },
                }
            }
            // Without a jump over it.
            if let Some(fault) = damaged.filter(|fault| next.is_none_or(|next| next < fault.version)) {
                return Err(Error::from(fault).into());
            }
        }
        Ok(next.map_or(Blamed::Never, Blamed::SoFar))
    }

    fn named(&self, entry: &Entry, before: Option<Box<RawValue>>) -> By {
        let who = format!("{}, #{}", entry.author.name, entry.version);
        let who = match &self.brought_back {
            Some(by) => format!("{who}; brought back by {}'s restore #{}", by.author.name, by.version),
            None => who,
        };
        By {
            who,
            entry: entry.into(),
            path_then: self.place.at.to_string(),
            before: Shown::of(before),
            brought_back: self.brought_back.as_deref().map(EntryView::from),
        }
    }

    /// Where the next request goes on.
    fn goes_on(&self, version: Version) -> String {
        let (path, version) = (self.place.at.to_string(), version.to_string());
        let restored = self.brought_back.as_ref().map(|entry| entry.version.to_string());
        let mut query = vec![("path", path.as_str()), ("version", &version)];
        query.extend(restored.as_deref().map(|restored| ("restored", restored)));
        format!("/v1/apps/{}/envs/{}/blame?{}", self.env.app, self.env.env, query_of(&query))
    }
}

/// The entry that a config came with from another environment: nobody edited it here, and the entries before that one
/// are about another config.
async fn promoted(waymark: &Waymark, env: &EnvId, found: &Found) -> Result<Option<Entry>, Error> {
    if found.entry.is_some() {
        return Ok(None);
    }
    let entry = waymark.history.entry(env, found.version).await?;
    Ok((entry.config.sha256 != found.config.sha256).then_some(entry))
}

/// Where a restored config, whole, came from.
enum Origin {
    /// The version whose working config it was.
    Version(Version),
    /// The promotion that it came with: no version here had it before.
    Promotion(Box<Entry>),
}

/// Where the config came from that an entry has brought back.
async fn came_from(waymark: &Waymark, env: &EnvId, entry: &Entry) -> Result<Option<Origin>, Error> {
    let Event::Restored { from, .. } = &entry.event else { return Ok(None) };
    if from.version >= entry.version {
        return Ok(None);
    }
    let earlier = match waymark.history.entry(env, from.version).await {
        Ok(earlier) => earlier,
        Err(Error::NoVersion(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let restored = entry.config.sha256;
    if earlier.config.sha256 == restored {
        return Ok(Some(Origin::Version(from.version)));
    }
    let is_promotion = matches!(
        &earlier.event,
        Event::Snapshot { subject, origin: Some(_), .. } if subject.sha256 == restored
    );
    // A part of it, or a backup of another history, is another config.
    Ok(is_promotion.then(|| Origin::Promotion(Box::new(earlier))))
}

/// The restore that an earlier part of the search passed, as `next` said. Whatever a caller writes there, it is a restore
/// of this history, to a version from which `version` can be come to.
async fn passed(
    waymark: &Waymark,
    env: &EnvId,
    restored: Option<Version>,
    version: Version,
) -> Result<Option<Box<Entry>>, Problem> {
    let Some(restored) = restored else { return Ok(None) };
    let entry = match waymark.history.entry(env, restored).await {
        Err(Error::NoVersion(_)) => None,
        found => Some(found?),
    };
    if let Some(entry) = entry
        && let Some(Origin::Version(from)) = came_from(waymark, env, &entry).await?
        && version <= from
    {
        return Ok(Some(Box::new(entry)));
    }
    Err(Problem::malformed(
        "restored is a part of next, the way on that an answer gives: leave it out, or take next as it is.",
    ))
}
