//! All functions over embedded engines, called as the Lambda runtime calls them: with the verified claims in the
//! request's context.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;
use waymark::Waymark;
use waymark::aws::{Clients, Resources, dynamodb_config, local_sdk_config, s3_config};

use super::calls::Calls;
use super::engines::TestEngines;
use super::logs;
use super::privileges::of;
use super::time::{TestClock, sources};
use super::{Answer, Asked};

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    id: String,
    grants: String,
}

impl Person {
    pub(crate) fn new(id: &str, grants: &str) -> Self {
        Self { id: id.to_owned(), grants: grants.to_owned() }
    }

    /// Somebody who may do everything in the app `crm`.
    pub(crate) fn admin(id: &str) -> Self {
        Self::new(id, "[crm/*:admin]")
    }
}

/// The service with stores of its own.
pub(crate) struct Stack {
    pub(crate) router: Router,
    pub(crate) waymark: Waymark,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) calls: Calls,
    pub(crate) clients: Clients,
    pub(crate) resources: Resources,
    /// The functions' own clients; those of `clients` are the test's, and are neither counted nor disturbed.
    functions: Clients,
    pub(super) engines: TestEngines,
    /// Whether answers are held against the OpenAPI document.
    checks: bool,
}

/// The environment that most tests use.
pub(crate) const ENV: &str = "/v1/apps/crm/envs/production";

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::with(|dynamodb| dynamodb, |s3| s3).await
    }

    /// A stack whose clients are built with changes of the test's own, such as another HTTP client.
    pub(crate) async fn with(
        dynamodb: impl FnOnce(aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder,
        s3: impl FnOnce(aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder,
    ) -> Self {
        logs::record();
        Self::over_engines(TestEngines::start().await.unwrap(), dynamodb, s3)
    }

    fn over_engines(
        engines: TestEngines,
        dynamodb: impl FnOnce(aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder,
        s3: impl FnOnce(aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder,
    ) -> Self {
        let resources = engines.resources.clone();
        let plain = engines.clients();
        let calls = Calls::default();
        let sdk = local_sdk_config(&engines.credentials().access_key, &engines.credentials().secret_key);
        let dynamodb = dynamodb(dynamodb_config(&sdk).endpoint_url(engines.dynamodb_endpoint()));
        let s3 = s3(s3_config(&sdk).endpoint_url(engines.s3_endpoint()).force_path_style(true));
        let clients = Clients {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.interceptor(calls.clone()).build()),
            s3: aws_sdk_s3::Client::from_conf(s3.interceptor(calls.clone()).build()),
        };
        let (clock, sources) = sources();
        let waymark = Waymark::new(clients.clone(), resources.clone(), sources, waymark::Options::default());
        Self {
            router: router(&waymark),
            waymark,
            clock,
            calls,
            clients: plain,
            resources,
            functions: clients,
            engines,
            checks: true,
        }
    }

    /// The same stores, met by functions that have just started: nothing is in memory.
    pub(crate) fn cold(&mut self) {
        let waymark = Waymark {
            configs: waymark::configs::Configs::new(
                self.functions.s3.clone(),
                self.resources.configs.clone(),
            ),
            ..self.waymark.clone()
        };
        self.router = router(&waymark);
        self.waymark = waymark;
    }

    /// The same stores, met by other functions. Gives back those so far.
    pub(crate) fn turn_to(&mut self, functions: Waymark) -> Waymark {
        self.router = router(&functions);
        std::mem::replace(&mut self.waymark, functions)
    }

    /// Functions that use other names of table and buckets.
    pub(crate) fn over(&mut self, resources: Resources) {
        let sources = self.waymark.sources.clone();
        let options = waymark::Options::default();
        self.waymark = Waymark::new(self.functions.clone(), resources.clone(), sources, options);
        self.router = router(&self.waymark);
        self.resources = resources;
    }

    /// Sends a request as `person`.
    pub(crate) async fn send(&self, person: &Person, request: Request<Body>) -> Answer {
        let mut request = logs::note(request).await;
        request.extensions_mut().insert(context(json!({
            "sub": person.id,
            "name": person.id,
            "waymark_grants": person.grants,
        })));
        if !self.checks {
            return Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        }
        let (asked, request) = Asked::of(request).await;
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        asked.check(&answer);
        answer
    }

    /// `GET`, with headers.
    pub(crate) async fn get(&self, person: &Person, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(person, request("GET", path, headers, Body::empty())).await
    }

    /// A request with a body of JSON, unless the headers say otherwise.
    pub(crate) async fn call(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut all = headers.to_vec();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            all.push(("content-type", "application/json"));
        }
        self.send(person, request(method, path, &all, body.into())).await
    }

    /// `POST` of a small JSON document.
    pub(crate) async fn post(&self, person: &Person, path: &str, body: Value) -> Answer {
        self.call(person, "POST", path, &[], body.to_string()).await
    }

    /// Saves a config over whatever is there, in `crm/production`.
    pub(crate) async fn save(&self, person: &Person, config: impl Into<Body>) -> Answer {
        let there = self.get(person, ENV, &[]).await.status.is_success();
        let headers: &[(&str, &str)] = if there { &[("if-match", "*")] } else { &[] };
        self.call(person, "PUT", &format!("{ENV}/working"), headers, config).await
    }
}

impl Stack {
    /// Saves a config over whatever is there, in `crm/production`, without looking first.
    pub(crate) async fn overwrite(&self, person: &Person, config: impl Into<Body>) -> Answer {
        self.call(person, "PUT", &format!("{ENV}/working"), &[("if-match", "*")], config).await
    }

    /// Asserts that `crm/production` has exactly `entries` entries, and that they verify.
    pub(crate) async fn assert_whole(&self, entries: u64) {
        let verified = self.get(&Person::admin("ada"), &format!("{ENV}/verify?limit=200"), &[]).await.is(200);
        assert_eq!(verified.at("/faults"), json!([]));
        assert_eq!((verified.at("/checked"), verified.at("/next")), (json!(entries), Value::Null));
        assert_eq!((verified.at("/from"), verified.at("/to")), (json!(1), json!(entries)));
    }
}

#[allow(dead_code, reason = "for the benchmarks")]
impl Stack {
    /// A stack whose table is a file, as that of the local service is.
    pub(crate) async fn on_disk() -> Self {
        logs::record();
        Self::over_engines(TestEngines::on_disk().await.unwrap(), |dynamodb| dynamodb, |s3| s3)
    }

    /// Functions that have just started, over the stores of a stack in another process: its [`Stack::address`].
    pub(crate) fn elsewhere(address: &[String; 3]) -> Self {
        logs::record();
        Self::over_engines(TestEngines::elsewhere(address), |dynamodb| dynamodb, |s3| s3)
    }

    /// Where this stack's DynamoDB and S3 listen, and the access key.
    pub(crate) fn address(&self) -> [String; 3] {
        let access_key = &self.engines.credentials().access_key;
        [self.engines.dynamodb_endpoint(), self.engines.s3_endpoint(), access_key].map(str::to_owned)
    }

    /// The same, for measurements: answers are not held against the OpenAPI document.
    pub(crate) fn unchecked(self) -> Self {
        Self { checks: false, ..self }
    }
}

fn router(waymark: &Waymark) -> Router {
    Router::new()
        .merge(of("working", waymark_working::router(waymark.clone())))
        .merge(of("snapshot", waymark_snapshot::router(waymark.clone())))
        .merge(of("history", waymark_history::router(waymark.clone())))
        .merge(of("publish", waymark_publish::router(waymark.clone())))
        .merge(of("live", waymark_live::router(waymark.clone())))
        .merge(of("restore", waymark_restore::router(waymark.clone())))
        .merge(of("backup", waymark_backup::router(waymark.clone())))
}

/// A request without a context.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// The request context that API Gateway's JWT authorizer leaves.
fn context(claims: Value) -> RequestContext {
    let context: ApiGatewayV2httpRequestContext = serde_json::from_value(json!({
        "authorizer": { "jwt": { "claims": claims, "scopes": null } },
        "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
        "timeEpoch": 0,
    }))
    .unwrap();
    RequestContext::ApiGatewayV2(context)
}
