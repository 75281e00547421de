//! Waymark: the functions' routers, called as the Lambda runtime calls them.

use std::mem;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::data::Text;
use crate::side::{Op, Run, Side};
use crate::support::client::{Http, gunzip};
use crate::support::item_size::size;
use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack};

/// A request of the API.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// The request that an operation is; `etag` is that of what is live.
pub(crate) fn request(op: Op<'_>, etag: &str) -> Request {
    let get = |path: &str| Request {
        method: "GET",
        path: format!("{ENV}/{path}"),
        headers: vec![],
        body: Bytes::new(),
    };
    let post = |path: &str, body: serde_json::Value| Request {
        method: "POST",
        path: format!("{ENV}/{path}"),
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string().into(),
    };
    match op {
        Op::Save(text) => save(text),
        Op::Read(version) => get(&format!("versions/{version}/config")),
        Op::Head => get("working"),
        Op::List => get("history?limit=50"),
        Op::Restore(version) => post("restore", json!({ "version": version })),
        Op::Publish(version) => post("publish", json!({ "snapshot": format!("r{version}") })),
        Op::LiveSame => Request { headers: vec![("if-none-match", etag.to_owned())], ..get("live") },
        Op::LiveWarm | Op::LiveCold => get("live"),
        Op::Diff(from, to) => get(&format!("diff?from={from}&to={to}")),
    }
}

fn save(text: &Text) -> Request {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if !text.is_first {
        headers.push(("if-match", "*".to_owned()));
    }
    if text.is_zstd {
        headers.push(("content-encoding", "zstd".to_owned()));
    }
    Request { method: "PUT", path: format!("{ENV}/working"), headers, body: text.sent.clone() }
}

/// The request that makes version n a snapshot, which publishing takes for granted.
pub(crate) fn snapshot(version: usize) -> Request {
    Request {
        method: "POST",
        path: format!("{ENV}/snapshots"),
        headers: vec![("content-type", "application/json".to_owned())],
        body: json!({ "name": format!("r{version}"), "version": version }).to_string().into(),
    }
}

/// The request for where things stand, which says what is live.
pub(crate) fn standing() -> Request {
    Request { path: ENV.to_owned(), ..request(Op::LiveWarm, "") }
}

/// The `ETag` of what is live, by the answer to [`standing`].
pub(crate) fn live_etag(standing: &Answer) -> String {
    format!("{}", standing.at("/live/subject/sha256"))
}

/// The config of an answer, from where a large one is.
pub(crate) async fn config(http: &Http, answer: Answer) -> Bytes {
    if answer.status == StatusCode::SEE_OTHER {
        let object = http.exchange("GET", answer.header("location"), &[], Bytes::new()).await.unwrap();
        return gunzip(&object.is(200).body).into();
    }
    assert!(answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED, "{}", answer.text());
    answer.body
}

/// The routers over engines whose table is a file.
pub(crate) struct Service {
    pub(crate) stack: Stack,
    ada: Person,
    http: Http,
    etag: String,
    named: [bool; 3],
    /// What is sent next, as the Lambda runtime gives it to a function: nobody else holds these bytes.
    body: Vec<u8>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let stack = Stack::on_disk().await.unchecked();
        Self {
            stack,
            ada: Person::admin("ada"),
            http: Http::new(),
            etag: String::new(),
            named: [false; 3],
            body: Vec::new(),
        }
    }

    async fn send(&self, request: Request) -> Answer {
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let built =
            crate::support::stack::request(request.method, &request.path, &headers, Body::from(request.body));
        self.stack.send(&self.ada, built).await
    }
}

impl Side for Service {
    fn name(&self) -> &'static str {
        "Waymark"
    }

    fn settings(&self) -> String {
        "the routers in this process, over HTTP to embedded engines: DynamoDB is an SQLite file (WAL, synchronous=FULL: \
         synced before the answer), S3 is files that nothing syncs. Bytes kept: items as DynamoDB counts them, and objects"
            .to_owned()
    }

    fn offers(&self, _: &Op<'_>) -> bool {
        true
    }

    fn prepare<'a>(&'a mut self, op: Op<'a>) -> Run<'a, ()> {
        Box::pin(async move {
            match op {
                Op::Publish(version) if !self.named[version] => {
                    self.send(snapshot(version)).await.is(201);
                    self.named[version] = true;
                }
                Op::LiveSame if self.etag.is_empty() => {
                    self.etag = live_etag(&self.send(standing()).await);
                }
                Op::LiveCold => self.stack.cold(),
                Op::Save(text) => self.body = text.sent.to_vec(),
                _ => {}
            }
        })
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            let mut request = request(op, &self.etag);
            if matches!(op, Op::Save(_)) {
                request.body = mem::take(&mut self.body).into();
            }
            let answer = self.send(request).await;
            if matches!(op, Op::LiveSame) {
                return answer.is(304).body;
            }
            config(&self.http, answer).await
        })
    }

    fn calls(&mut self) -> Option<usize> {
        Some(self.stack.calls.take().len())
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async { Some(stored(&self.stack).await) })
    }
}

/// The bytes of a stack's items, as DynamoDB counts them, and of its keyframes.
async fn stored(stack: &Stack) -> u64 {
    let mut bytes = 0;
    let mut items = stack.clients.dynamodb.scan().table_name(&stack.resources.table).into_paginator().send();
    while let Some(page) = items.next().await {
        bytes += page.unwrap().items().iter().map(|item| size(item) as u64).sum::<u64>();
    }
    let mut pages =
        stack.clients.s3.list_objects_v2().bucket(&stack.resources.configs).into_paginator().send();
    while let Some(page) = pages.next().await {
        let objects = page.unwrap().contents.unwrap_or_default();
        bytes += objects.iter().filter_map(|object| u64::try_from(object.size?).ok()).sum::<u64>();
    }
    bytes
}
