//! What the functions log: for one test, and of all tests, for the check that `tests/privileges.sh` makes at the end.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};

use axum::body::{Body, Bytes};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tracing::instrument::WithSubscriber as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use waymark::id::EnvId;

/// Names the file in which all that is logged is written down. Beside it, with `.said`, is what may not be in it.
const VARIABLE: &str = "WAYMARK_LOGS";

/// Texts from here on, in bytes, are looked for in the logs: shorter ones may be there by chance.
const TELLING: usize = 12;

/// A member of backup files, which tests save in configs, too. It is also the name of the crate, which its lines have.
const OURS: &str = "waymark_backup";

/// Bodies up to here, in bytes, are looked at.
const LARGEST: usize = 100_000;

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a function logs: not what the engines say, which would be other machines.
fn of_functions() -> Targets {
    let engines = ["dynoxide", "s3s", "s3s_fs"].map(|engine| (engine, LevelFilter::OFF));
    Targets::new().with_default(LevelFilter::INFO).with_targets(engines)
}

/// Does `work`, and gives what was logged meanwhile.
pub(crate) async fn logged<T>(work: impl Future<Output = T>) -> (T, String) {
    let log = Log::default();
    let writer = log.clone();
    let layer = tracing_subscriber::fmt::layer().json().with_writer(move || writer.clone());
    let listener = tracing_subscriber::registry().with(layer.with_filter(of_functions()));
    let done = Box::pin(work).with_subscriber(listener).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (done, text)
}

/// The lines of requests and jobs among what was logged.
pub(crate) fn lines(log: &str) -> Vec<Value> {
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = events.filter(|event| event["target"] == "waymark::telemetry");
    lines.map(|event| serde_json::from_str(event["fields"]["message"].as_str().unwrap()).unwrap()).collect()
}

/// The file of the record, if one is made.
fn file() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// Writes down what every function logs from now on, if a record is made. Somebody listens in any case: where nobody does, `tracing`
/// may hold an event for unwanted while another test begins to listen.
pub(crate) fn record() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let writer = match file() {
            Some(file) => {
                BoxMakeWriter::new(Arc::new(OpenOptions::new().create(true).append(true).open(file).unwrap()))
            }
            None => BoxMakeWriter::new(io::sink),
        };
        let layer = tracing_subscriber::fmt::layer().json().with_writer(writer);
        tracing_subscriber::registry().with(layer.with_filter(of_functions())).init();
    });
}

/// Adds to the record what a process has printed.
pub(crate) fn add(printed: &str) {
    let Some(file) = file() else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(printed.as_bytes()).unwrap();
}

/// If a record is made, gives the request a token, and notes what of it may be in no log: token, note, values of the
/// query, and the texts of the config.
pub(crate) async fn note(request: Request<Body>) -> Request<Body> {
    let Some(file) = file() else { return request };
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let token = "a-token-that-is-in-no-log";
    let mut secrets = BTreeSet::from([token.to_owned()]);
    parts.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer a-token-that-is-in-no-log"));
    secrets.extend(parts.headers.get("waymark-note").map(|note| note.to_str().unwrap().to_owned()));
    for (name, value) in parts.uri.query().unwrap_or_default().split('&').filter_map(|p| p.split_once('=')) {
        // Ids of uploads, backups and entries, and an environment's name, are no secrets.
        if !["upload", "before"].contains(&name) && value.parse::<EnvId>().is_err() {
            secrets.insert(value.to_owned());
        }
    }
    texts_of(parts.uri.path(), &body, &mut secrets);
    secrets.retain(|text| text.len() >= TELLING && text != OURS);
    write_down(file.with_extension("said"), secrets);
    Request::from_parts(parts, Body::from(body))
}

fn texts_of(path: &str, body: &Bytes, texts: &mut BTreeSet<String>) {
    if body.len() > LARGEST {
        return;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    if path.ends_with("/working") || path.ends_with("/merge") {
        texts_in(&body, texts);
    } else if let Some(note) = body["note"].as_str() {
        texts.insert(note.to_owned());
    }
}

fn texts_in(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(texts.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            texts.insert(name.clone());
            texts_in(member, texts);
        }),
        _ => {}
    }
}

/// Writes each text once, as a line of JSON.
fn write_down(file: PathBuf, texts: BTreeSet<String>) {
    static WRITTEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let new: Vec<String> = texts.into_iter().filter(|text| written.insert(text.clone())).collect();
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    for text in new {
        writeln!(file, "{}", Value::from(text)).unwrap();
    }
}
