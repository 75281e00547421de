//! What the local service keeps when its process ends, however it ends.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use crate::support::Answer;
use crate::support::generate::{Tool, history};
use crate::support::process::Service;
use crate::support::stack::ENV;

const BINARY: &str = env!("CARGO_BIN_EXE_local-waymark");

/// When the process is killed: at once when what the save has done so far shows in the data folder.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// A keyframe is being written, and its entry is not.
    Object,
    /// The entry is being written, or has just been.
    Entry,
}

impl Moment {
    /// Returns when files of `data` have changed as this moment says, or when the save has its answer already.
    async fn comes(self, data: &Path, before: &[Seen], save: &JoinHandle<Option<Answer>>) {
        while self.seen(data) == before && !save.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    fn seen(self, data: &Path) -> Vec<Seen> {
        let mut found = Vec::new();
        match self {
            Self::Object => walk(&data.join("s3"), &mut found),
            Self::Entry => found.extend(seen(data.join("dynamodb.sqlite-wal"))),
        }
        found.sort();
        found
    }
}

/// A file, its length, and when it changed last.
type Seen = (PathBuf, u64, Option<SystemTime>);

/// Nothing when there is no such file (any more).
fn seen(path: PathBuf) -> Option<Seen> {
    let metadata = std::fs::metadata(&path).ok()?;
    Some((path, metadata.len(), metadata.modified().ok()))
}

fn walk(folder: &Path, found: &mut Vec<Seen>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { walk(&path, found) } else { found.extend(seen(path)) }
    }
}

/// Saves `text` as version `version`, to be tried again with the same key.
fn save(service: &Service, version: usize, text: &str) -> JoinHandle<Option<Answer>> {
    let (base, key) = (format!("\"{}\"", version - 1), format!("save-{version}"));
    let mut headers = vec![("content-type", "application/json"), ("idempotency-key", key.as_str())];
    if version > 1 {
        headers.push(("if-match", base.as_str()));
    }
    service.send("PUT", &format!("{ENV}/working"), &headers, text.to_owned())
}

async fn assert_saved(service: &Service, version: usize, text: &str) {
    let read = service.get(&format!("{ENV}/versions/{version}/config")).await.is(200);
    assert!(read.body == text.as_bytes(), "#{version} is not what was saved");
}

async fn head(service: &Service) -> usize {
    let standing = service.get(ENV).await.is(200);
    usize::try_from(standing.at("/working/version").as_u64().unwrap()).unwrap()
}

/// Walks all pages of `verify`, and gives the number of entries that were checked.
async fn verified(service: &Service) -> u64 {
    let (mut path, mut checked) = (format!("{ENV}/verify"), 0);
    loop {
        let page = service.get(&path).await.is(200).json();
        assert_eq!(page["ok"], true, "{page}");
        checked += page["checked"].as_u64().unwrap();
        match &page["next"] {
            Value::String(next) => path.clone_from(next),
            _ => return checked,
        }
    }
}

/// How many kills have to meet a save in flight, at each of the two moments. Some come too late.
const MET: usize = 2;

/// A history in which every third of the first versions takes a keyframe of its own.
fn versions() -> Vec<(Moment, String)> {
    let small = history(60_000, 40).into_iter().map(|text| (Moment::Entry, text));
    let mut versions: Vec<_> = small.collect();
    for place in (1..30).step_by(3) {
        versions.insert(place, (Moment::Object, Tool::seeded(place as u64 + 1, 1_500_000).text()));
    }
    versions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_save_is_lost_when_the_process_is_killed() {
    let (folder, versions) = (tempfile::tempdir().unwrap(), versions());
    let mut met = [0, 0];
    let mut service = Service::start(BINARY, folder.path()).await;
    for (version, (moment, text)) in (1..).zip(&versions) {
        if met[*moment as usize] < MET && version > 1 {
            let before = moment.seen(folder.path());
            let saving = save(&service, version, text);
            moment.comes(folder.path(), &before, &saving).await;
            service.kill().await;
            let answer = saving.await.unwrap();
            service = Service::start(BINARY, folder.path()).await;
            for (version, (_, text)) in (1..version).zip(&versions) {
                assert_saved(&service, version, text).await;
            }
            let there = head(&service).await;
            match answer {
                Some(answer) => assert_eq!((answer.is(200).at("/version"), there), (version.into(), version)),
                None => met[*moment as usize] += 1,
            }
            assert!((version - 1..=version).contains(&there), "#{there} at save {version}");
        }
        // After a kill this is the second time, with the same key: it is saved once.
        let answer = save(&service, version, text).await.unwrap().unwrap();
        assert!(answer.status.is_success(), "{}", answer.text());
        assert_eq!(answer.at("/version"), version);
    }
    assert_eq!(met, [MET, MET], "too few kills met a save in flight");
    assert_eq!(head(&service).await, versions.len());
    for (version, (_, text)) in (1..).zip(&versions) {
        assert_saved(&service, version, text).await;
    }
    assert_eq!(verified(&service).await, versions.len() as u64);
}

#[tokio::test]
async fn a_save_in_flight_is_answered_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = Tool::of(100_000).text();
    let service = Service::start(BINARY, folder.path()).await;
    // The service asks for the body when it has begun with the request.
    let (mut stream, asked) = service.begin("PUT", &format!("{ENV}/working"), text.len()).await;
    assert!(asked.starts_with("HTTP/1.1 100 "), "{asked}");
    service.ask_to_end().await;
    service.closed().await;

    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(service.ended().await.code(), Some(0));
    let service = Service::start(BINARY, folder.path()).await;
    assert_saved(&service, 1, &text).await;
    assert_eq!(verified(&service).await, 1);
}
