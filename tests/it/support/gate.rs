//! The service as clients meet it: the gateway before all functions, over embedded engines, with a clock of the
//! test's own.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use tower::ServiceExt;
use waymark::aws::{Clients, Resources};
use waymark::clock::Clock as _;
use waymark::{Options, Waymark};
use waymark_local::gateway::Gateway;
use waymark_local::service::{OPEN, functions};
use waymark_local::token::{NewToken, TokenKey};

use super::engines::TestEngines;
use super::time::{TestClock, sources};
use super::{Answer, Asked};

/// The whole service with stores of its own, and a token for it.
pub(crate) struct Gate {
    router: Router,
    token: String,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) clients: Clients,
    pub(crate) resources: Resources,
    _engines: TestEngines,
}

impl Gate {
    /// Starts it; the token is an administrator's of the app `crm`, valid for ten days.
    pub(crate) async fn start() -> Self {
        let engines = TestEngines::start().await.unwrap();
        let (clients, resources) = (engines.clients(), engines.resources.clone());
        let (clock, sources) = sources();
        let key = TokenKey::from_secret(&[7; 32]);
        let token = NewToken {
            subject: "ada".to_owned(),
            name: None,
            grants: vec!["crm/*:admin".to_owned()],
            lifetime: SignedDuration::from_hours(240),
        };
        let token = format!("Bearer {}", key.issue(&token, clock.now()).unwrap());
        let functions =
            functions(&Waymark::new(clients.clone(), resources.clone(), sources.clone(), Options::default()));
        let router = Gateway::new(functions, key, sources).unwrap().open(OPEN).into_router();
        Self { router, token, clock, clients, resources, _engines: engines }
    }

    /// Sends a request with the token.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("authorization", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Sends a request without a token.
    pub(crate) async fn unsigned(&self, method: &str, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (asked, request) = Asked::of(request).await;
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        asked.check(&answer);
        answer
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call("GET", path, headers, Body::empty()).await
    }

    /// `POST` of a small JSON document.
    pub(crate) async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// The keys of the objects in the transfer bucket that begin with `prefix`.
    pub(crate) async fn transferred(&self, prefix: &str) -> Vec<String> {
        let list = self.clients.s3.list_objects_v2().bucket(&self.resources.transfer).prefix(prefix);
        let objects = list.send().await.unwrap().contents.unwrap_or_default();
        objects.into_iter().filter_map(|object| object.key).collect()
    }
}
