//! The sample app: a refund desk with two weeks of history, written by made-up builders.
//!
//! Every step goes as a request through a gateway of its own into the functions' routers, with the builder's own token
//! and at the builder's own hour. So the sample is what using the service makes, and not a copy of its tables.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt as _;
use waymark::aws::{Clients, Resources};
use waymark::clock::{Clock, Sources};
use waymark::{Options, Waymark};

use crate::data_dir::DataDir;
use crate::gateway::{Gateway, RouteError};
use crate::service::functions;
use crate::token::{NewToken, Refused, TokenKey};

/// What happened, step by step.
const STORY: &str = include_str!("sample/story.json");

/// How long the builders' tokens are valid.
const VALID: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// The file in the data folder that says how many steps were played, until all were: half a sample would be taken for
/// somebody's own app.
const BEGUN: &str = "sample-begun";

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The story cannot be read.
    #[error("the sample app cannot be read: {0}")]
    Story(#[from] serde_json::Error),
    /// The functions' routes.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// A builder's token.
    #[error("cannot make a token for the sample app: {0}")]
    Token(#[from] Refused),
    /// The data folder, which holds the note that it was begun.
    #[error("cannot write down that the sample app is begun: {0}")]
    Io(#[from] std::io::Error),
    /// The service refused a step.
    #[error("the sample app cannot be written: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Story<'a> {
    app: String,
    #[serde(borrow)]
    people: Vec<Builder<'a>>,
    /// How long before the present the last step was.
    ended_minutes_ago: i64,
    #[serde(borrow)]
    steps: Vec<Step<'a>>,
}

#[derive(Deserialize)]
struct Builder<'a> {
    id: &'a str,
    name: &'a str,
    role: &'a str,
}

#[derive(Deserialize)]
struct Step<'a> {
    by: &'a str,
    /// Minutes since the step before.
    after: i64,
    /// A method and a path within the environment.
    #[serde(rename = "do")]
    request: &'a str,
    #[serde(default = "production")]
    env: &'a str,
    note: Option<&'a str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

fn production<'a>() -> &'a str {
    "production"
}

/// A clock that stands still until the next step.
struct StepClock(AtomicI64);

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// The tokens of the sample's builders, for the page on this machine: whom it can be opened as.
///
/// # Errors
///
/// [`SampleError::Story`] when the story cannot be read.
pub fn people() -> Result<Vec<NewToken>, SampleError> {
    let story: Story<'_> = serde_json::from_str(STORY)?;
    Ok(story.people.iter().map(|builder| token_of(&story.app, builder)).collect())
}

fn token_of(app: &str, builder: &Builder<'_>) -> NewToken {
    NewToken {
        subject: builder.id.to_owned(),
        name: Some(builder.name.to_owned()),
        grants: vec![format!("{app}/*:{}", builder.role)],
        lifetime: VALID,
    }
}

/// Writes the sample app where there is no environment yet, or goes on where it was interrupted. Says whether it did.
///
/// # Errors
///
/// [`SampleError`], as its variants say. What was written by then stays, and the next start goes on.
pub async fn fill(
    data: &DataDir,
    clients: &Clients,
    resources: &Resources,
    sources: &Sources,
    key: &TokenKey,
) -> Result<bool, SampleError> {
    let story: Story<'_> = serde_json::from_str(STORY)?;
    let stage = Stage::new(&story, clients, resources, sources, key)?;
    let begun = data.path().join(BEGUN);
    let goes_on = begun.try_exists()?;
    if !goes_on && !stage.is_empty().await? {
        return Ok(false);
    }
    let played = stage.play(&story, &begun, story.steps.len()).await;
    // Somebody has gone on with it by hand: then it is theirs.
    let is_theirs = goes_on && matches!(played, Err(SampleError::Refused(_)));
    if !is_theirs {
        played?;
    }
    fs::remove_file(&begun)?;
    Ok(!is_theirs)
}

/// Where the story is played: a gateway whose clock the story moves.
struct Stage<'k> {
    gateway: Router,
    clock: Arc<StepClock>,
    key: &'k TokenKey,
}

impl<'k> Stage<'k> {
    fn new(
        story: &Story<'_>,
        clients: &Clients,
        resources: &Resources,
        sources: &Sources,
        key: &'k TokenKey,
    ) -> Result<Self, SampleError> {
        let now = sources.clock.now();
        let minutes = story.ended_minutes_ago + story.steps.iter().map(|step| step.after).sum::<i64>();
        let began = now.as_millisecond() - minutes * 60_000;
        let clock = Arc::new(StepClock(AtomicI64::new(began)));
        let sources = Sources { clock: Arc::clone(&clock) as Arc<dyn Clock>, ids: Arc::clone(&sources.ids) };
        let waymark = Waymark::new(clients.clone(), resources.clone(), sources.clone(), Options::default());
        let gateway = Gateway::new(functions(&waymark), key.clone(), sources)?.into_router();
        Ok(Self { gateway, clock, key })
    }

    async fn is_empty(&self) -> Result<bool, SampleError> {
        let admin = self.key.issue(&crate::service::machine_token(), self.clock.now())?;
        let listed = send(&self.gateway, request("GET", "/v1/apps", &admin)?).await?;
        Ok(listed == r#"{"items":[],"next":null}"#)
    }

    /// Plays the first `count` steps but those that the file says were played, and writes into it how many were.
    async fn play(&self, story: &Story<'_>, begun: &Path, count: usize) -> Result<(), SampleError> {
        let played = fs::read_to_string(begun).ok().map(|text| text.parse().unwrap_or(0));
        for (number, step) in story.steps.iter().enumerate().take(count) {
            self.clock.0.fetch_add(step.after * 60_000, Ordering::Relaxed);
            if played.is_some_and(|played| number < played) {
                continue;
            }
            note(begun, number)?;
            let builder = story.people.iter().find(|builder| builder.id == step.by);
            let builder = builder.ok_or_else(|| SampleError::Refused(format!("nobody is {}", step.by)))?;
            let token = self.key.issue(&token_of(&story.app, builder), self.clock.now())?;
            let mut request = step.request(&story.app, &token)?;
            let repeatable = HeaderValue::try_from(format!("sample-{number}"));
            request.headers_mut().extend(repeatable.ok().map(|key| (IDEMPOTENCY_KEY, key)));
            let sent = send(&self.gateway, request).await;
            // The step at which it was interrupted was played or not; the key of a step of days ago may have expired.
            if played != Some(number) {
                sent?;
            }
        }
        Ok(note(begun, count)?)
    }
}

/// Writes down how many steps were played; a kill leaves the number before.
fn note(begun: &Path, played: usize) -> std::io::Result<()> {
    let new = begun.with_extension("new");
    fs::write(&new, played.to_string())?;
    fs::rename(new, begun)
}

impl Step<'_> {
    fn request(&self, app: &str, token: &str) -> Result<Request<Body>, SampleError> {
        let (method, path) = self.request.split_once(' ').unwrap_or((self.request, ""));
        let mut request = request(method, &format!("/v1/apps/{app}/envs/{}/{path}", self.env), token)?;
        let media_type = if method == "PATCH" { "application/json-patch+json" } else { "application/json" };
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if method == "PATCH" {
            headers.insert(IF_MATCH, HeaderValue::from_static("*"));
        }
        if let Some(note) = self.note.and_then(|note| HeaderValue::from_str(note).ok()) {
            headers.insert("waymark-note", note);
        }
        *request.body_mut() = Body::from(self.body.get().to_owned());
        Ok(request)
    }
}

fn request(method: &str, path: &str, token: &str) -> Result<Request<Body>, SampleError> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .map_err(|error| SampleError::Refused(error.to_string()))
}

async fn send(gateway: &Router, request: Request<Body>) -> Result<String, SampleError> {
    let what = format!("{} {}", request.method(), request.uri().path());
    let Ok(response) = gateway.clone().oneshot(request).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), MAX_ANSWER).await;
    let body = body.map_err(|error| SampleError::Refused(error.to_string()))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    match status {
        StatusCode::OK | StatusCode::CREATED => Ok(text),
        _ => Err(SampleError::Refused(format!("{what}: {status} {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::Engine;
    use crate::provision;
    use crate::secrets::Secrets;
    use crate::service::engines;

    #[test]
    fn every_step_is_by_a_builder_and_has_a_request() {
        let story: Story<'_> = serde_json::from_str(STORY).unwrap();
        for step in &story.steps {
            assert!(story.people.iter().any(|builder| builder.id == step.by), "{}", step.by);
            assert!(step.request.split_once(' ').is_some() && step.after >= 0, "{}", step.request);
        }
        assert_eq!(people().unwrap().len(), story.people.len());
    }

    /// A data folder with nothing in it, and its engines.
    struct Empty {
        data: DataDir,
        clients: Clients,
        resources: Resources,
        sources: Sources,
        key: TokenKey,
        _engines: Vec<Engine>,
        _folder: tempfile::TempDir,
    }

    impl Empty {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let data = DataDir::open(folder.path()).unwrap();
            let secrets = Secrets::load_or_create(&data).unwrap();
            let (clients, engines) = engines(&data, &secrets.engines).await.unwrap();
            let resources = provision::local_resources();
            provision::provision(&clients, &resources).await.unwrap();
            let (sources, key) = (Sources::system(), TokenKey::from_secret(&secrets.token));
            Self { data, clients, resources, sources, key, _engines: engines, _folder: folder }
        }

        fn stage(&self, story: &Story<'_>) -> Stage<'_> {
            Stage::new(story, &self.clients, &self.resources, &self.sources, &self.key).unwrap()
        }

        async fn fill(&self) -> bool {
            fill(&self.data, &self.clients, &self.resources, &self.sources, &self.key).await.unwrap()
        }

        fn begun(&self) -> std::path::PathBuf {
            self.data.path().join(BEGUN)
        }
    }

    /// The entries of the sample in a folder of its own, whose writing was interrupted after `count` steps, of which the folder
    /// knows `known`.
    async fn entries(count: usize, known: usize) -> Vec<(serde_json::Value, serde_json::Value)> {
        let empty = Empty::new().await;
        let story: Story<'_> = serde_json::from_str(STORY).unwrap();
        let stage = empty.stage(&story);
        if count > 0 {
            stage.play(&story, &empty.begun(), count).await.unwrap();
            fs::write(empty.begun(), known.to_string()).unwrap();
        }
        assert!(empty.fill().await);
        assert!(!empty.fill().await, "only once");
        let admin = empty.key.issue(&crate::service::machine_token(), stage.clock.now()).unwrap();
        let path = format!("/v1/apps/{}/envs/production/history?limit=200", story.app);
        let listed = send(&stage.gateway, request("GET", &path, &admin).unwrap()).await.unwrap();
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let items = listed["items"].as_array().unwrap().iter();
        items.map(|item| (item["version"].clone(), item["label"].clone())).collect()
    }

    #[tokio::test]
    async fn a_sample_that_somebody_went_on_with_is_theirs() {
        let empty = Empty::new().await;
        let story: Story<'_> = serde_json::from_str(STORY).unwrap();
        let stage = empty.stage(&story);
        stage.play(&story, &empty.begun(), 3).await.unwrap();
        let admin = empty.key.issue(&crate::service::machine_token(), stage.clock.now()).unwrap();
        let mut theirs =
            request("PUT", &format!("/v1/apps/{}/envs/production/working", story.app), &admin).unwrap();
        theirs.headers_mut().insert(IF_MATCH, HeaderValue::from_static("*"));
        theirs.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *theirs.body_mut() = Body::from("{}");
        send(&stage.gateway, theirs).await.unwrap();
        for _ in 0..2 {
            assert!(!empty.fill().await);
            assert!(!empty.begun().exists());
        }
    }

    #[tokio::test]
    async fn a_sample_that_was_interrupted_is_completed() {
        let whole = entries(0, 0).await;
        assert!(whole.len() > 10, "{whole:?}");
        assert_eq!(entries(7, 7).await, whole);
        assert_eq!(entries(7, 6).await, whole);
    }
}
