//! Waymark as `cargo run` serves it: over HTTP, through the gateway that plays API Gateway.

use std::path::PathBuf;

use bytes::Bytes;
use tempfile::TempDir;
use waymark::clock::Sources;
use waymark_local::service::{Place, Running};

use crate::service::{Request, config, live_etag, request, snapshot, standing};
use crate::side::{Op, Run, Side};
use crate::support::Answer;
use crate::support::client::Http;

/// The whole local service, in this process.
pub(crate) struct Gateway {
    origin: String,
    token: String,
    http: Http,
    etag: String,
    named: [bool; 3],
    _data: TempDir,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let place =
            Place { data: PathBuf::from(data.path()), listen: "127.0.0.1:0".to_owned(), sample: false };
        let running = Running::start(&place, Sources::system()).await.unwrap();
        let page = running.page();
        let (origin, token) = page.split_once("/#token=").unwrap();
        let (origin, token) = (origin.to_owned(), format!("Bearer {token}"));
        tokio::spawn(running.serve(std::future::pending()));
        Self { origin, token, http: Http::new(), etag: String::new(), named: [false; 3], _data: data }
    }

    async fn send(&self, request: Request) -> Answer {
        let mut headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("authorization", &self.token));
        let url = format!("{}{}", self.origin, request.path);
        self.http.exchange(request.method, &url, &headers, request.body).await.unwrap()
    }
}

impl Side for Gateway {
    fn name(&self) -> &'static str {
        "through the gateway"
    }

    fn settings(&self) -> String {
        "the same behind the local service: HTTP, the token, the event and the answer of Lambda as JSON"
            .to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        !matches!(op, Op::LiveCold)
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
                _ => {}
            }
        })
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            let answer = self.send(request(op, &self.etag)).await;
            if matches!(op, Op::LiveSame) {
                return answer.is(304).body;
            }
            config(&self.http, answer).await
        })
    }
}
