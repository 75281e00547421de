//! A history fed through `PUT /working`, read back, and measured.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use waymark::delta::{MAX_DELTA, compress, encode};
use waymark::hash::Sha256;
use waymark::http::MAX_SENT;
use waymark::id::{EnvId, Version};

use super::client::{Http, gunzip};
use super::stack::ENV;
use super::{Person, Stack};

/// Something of which there are some, with so many bytes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) count: usize,
    pub(crate) bytes: usize,
}

impl Sum {
    fn add(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// What feeding a history took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The texts that were given.
    pub(crate) given: Sum,
    /// Entries appended: fewer than texts when some repeat the one before.
    pub(crate) entries: usize,
    /// Objects in the configs bucket.
    pub(crate) keyframes: Sum,
    /// Deltas in entries.
    pub(crate) deltas: Sum,
    /// What one zstd object for each entry would take, at the level of keyframes.
    pub(crate) objects: Sum,
    /// AWS calls of all saves together.
    pub(crate) calls: BTreeMap<String, usize>,
    /// How long the deltas took to make, each; those that were too large for an entry are not among them.
    pub(crate) encoding: Vec<Duration>,
}

impl Report {
    /// Bytes of keyframes and deltas together.
    pub(crate) fn stored(&self) -> usize {
        self.keyframes.bytes + self.deltas.bytes
    }

    /// AWS calls per save, on average.
    pub(crate) fn calls_per_save(&self) -> f64 {
        self.calls.values().sum::<usize>() as f64 / self.given.count as f64
    }
}

/// Saves `versions` one after another in an empty environment, each building on the one before, and checks that every
/// one can be read byte for byte.
///
/// # Panics
///
/// When a save is refused, or a version is not what was saved.
pub(crate) async fn feed(stack: &Stack, versions: &[String]) -> Report {
    let (mut report, mut head) = (Report::default(), 0);
    let mut saved: Vec<&str> = Vec::new();
    stack.calls.take();
    for text in versions {
        report.given.add(text.len());
        let version = save(stack, text, head).await;
        if version > head {
            saved.push(text);
            head = version;
        }
        assert_eq!(saved.len(), head, "versions have no gaps");
        for call in stack.calls.take() {
            *report.calls.entry(call).or_default() += 1;
        }
    }
    report.entries = saved.len();
    check(stack, &saved).await;
    measure(stack, &saved, &mut report).await;
    report
}

async fn save(stack: &Stack, text: &str, head: usize) -> usize {
    let base = format!("\"{head}\"");
    let mut headers = Vec::new();
    if head > 0 {
        headers.push(("if-match", base.as_str()));
    }
    let body = if text.len() <= MAX_SENT {
        text.as_bytes().to_vec()
    } else {
        headers.push(("content-encoding", "zstd"));
        zstd::bulk::compress(text.as_bytes(), 3).unwrap()
    };
    let answer = stack.call(&Person::admin("ada"), "PUT", &format!("{ENV}/working"), &headers, body).await;
    assert!(answer.status.is_success(), "after #{head}: {}", answer.text());
    usize::try_from(answer.at("/version").as_u64().unwrap()).unwrap()
}

async fn check(stack: &Stack, saved: &[&str]) {
    let person = Person::admin("ada");
    for (version, text) in (1..).zip(saved) {
        let answer = stack.get(&person, &format!("{ENV}/versions/{version}/config"), &[]).await;
        let read = if answer.status == StatusCode::SEE_OTHER {
            gunzip(&Http::new().get(answer.header("location")).await.is(200).body)
        } else {
            answer.is(200).body.to_vec()
        };
        assert!(read == text.as_bytes(), "#{version} is not what was saved");
    }
}

async fn measure(stack: &Stack, saved: &[&str], report: &mut Report) {
    let env = EnvId { app: "crm".parse().unwrap(), env: "production".parse().unwrap() };
    let texts: HashMap<_, _> = saved.iter().map(|text| (Sha256::of(text.as_bytes()), *text)).collect();
    for (number, text) in (1..).zip(saved) {
        report.objects.add(compress(text.as_bytes()).unwrap().len());
        let version: Version = serde_json::from_value(number.into()).unwrap();
        let entry = stack.waymark.history.entry(&env, version).await.unwrap();
        let Some(delta) = entry.config.delta else { continue };
        report.deltas.add(delta.data.len());
        let start = Instant::now();
        let again = encode(texts[&delta.keyframe].as_bytes(), text.as_bytes(), MAX_DELTA).unwrap();
        report.encoding.push(start.elapsed());
        assert_eq!(again, Some(delta.data), "#{number}: the same texts give another delta");
    }
    let mut pages =
        stack.clients.s3.list_objects_v2().bucket(&stack.resources.configs).into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page.unwrap().contents.unwrap_or_default() {
            report.keyframes.add(usize::try_from(object.size.unwrap()).unwrap());
        }
    }
}
