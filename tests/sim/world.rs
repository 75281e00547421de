//! The service in a simulated account: functions in sandboxes, which start cold, freeze, and are killed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use lambda_http::Context;
use lambda_http::request::RequestContext;
use serde_json::json;
use tokio::time::Instant;
use tower::ServiceExt;
use uuid::Uuid;
use waymark::aws::{Clients, dynamodb_config, local_sdk_config, s3_config};
use waymark::clock::{Clock, Ids, Sources};
use waymark::{Options, Waymark};
use waymark_local::provision::{local_resources, provision};

use super::act::{ENVIRONMENTS, Sent};
use super::answer::Answer;
use super::engines::{ACCESS_KEY, Engines, SECRET_KEY, disk};
use super::wire::{Fates, INVOCATION, Invocation, Net, Wire};

/// 2026-11-13T09:14:00Z.
const START_MS: i64 = 1_794_561_240_000;

/// Paused time since the beginning, and how far this sandbox's clock is off.
struct SimClock {
    begun: Instant,
    skew: SignedDuration,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap();
        Timestamp::from_millisecond(START_MS).unwrap() + passed + self.skew
    }
}

/// Ids from a seed: different ones, spread over all bits.
#[derive(Debug)]
struct SimIds {
    seed: u64,
    count: AtomicU64,
}

impl Ids for SimIds {
    fn fresh(&self) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let mixed = (count ^ self.seed.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Uuid::from_u64_pair(mixed ^ (mixed >> 29), count)
    }
}

/// A place where functions run: what is in memory stays there between invocations.
#[derive(Clone)]
struct Sandbox {
    router: Router,
    clock: Arc<SimClock>,
    is_frozen: Arc<AtomicBool>,
}

/// The simulated account.
pub(crate) struct World {
    pub(crate) net: Arc<Net>,
    clients: Clients,
    ids: Arc<SimIds>,
    begun: Instant,
    sandboxes: Mutex<Vec<Sandbox>>,
    observer: OnceLock<Sandbox>,
}

/// What comes of an invocation.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Answer(Answer),
    /// The function was killed, or its answer did not come in time.
    Nothing,
}

impl World {
    /// An account with the table and the buckets, and this many sandboxes. `seed` is that of the identifiers.
    pub(crate) async fn new(seed: u64, fates: Fates, sandboxes: usize) -> Self {
        let resources = local_resources();
        let engines = Engines::new(disk(), [&resources.configs, &resources.backups, &resources.transfer]);
        let net = Arc::new(Net::new(engines, fates));
        let http = SharedHttpClient::new(Wire(Arc::clone(&net)));
        let sdk = local_sdk_config(ACCESS_KEY, SECRET_KEY).into_builder().http_client(http).build();
        // Its own budget of retries: the usual one is the process's, and would tell one seed of those before it.
        let budget = || RetryPartition::custom("simulation").build();
        let dynamodb = dynamodb_config(&sdk).endpoint_url("http://dynamodb").retry_partition(budget());
        let s3 = s3_config(&sdk).endpoint_url("http://s3").force_path_style(true).retry_partition(budget());
        let clients = Clients {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
        };
        provision(&clients, &resources).await.unwrap();
        let ids = Arc::new(SimIds { seed, count: AtomicU64::new(0) });
        let (places, observer) = (Mutex::default(), OnceLock::new());
        let world = Self { net, clients, ids, begun: Instant::now(), sandboxes: places, observer };
        for number in 0..sandboxes {
            // No two clocks are the same.
            let skew = SignedDuration::from_millis([0, -700, 1_900, 40][number % 4]);
            let cold = world.cold(skew);
            world.sandboxes.lock().unwrap().push(cold);
        }
        world
    }

    /// Functions that have just started.
    fn cold(&self, skew: SignedDuration) -> Sandbox {
        let clock = Arc::new(SimClock { begun: self.begun, skew });
        let sources = Sources { clock: Arc::clone(&clock) as _, ids: Arc::clone(&self.ids) as _ };
        let waymark = Waymark::new(self.clients.clone(), local_resources(), sources, Options::default());
        let router = Router::new()
            .merge(waymark_working::router(waymark.clone()))
            .merge(waymark_snapshot::router(waymark.clone()))
            .merge(waymark_history::router(waymark.clone()))
            .merge(waymark_publish::router(waymark.clone()))
            .merge(waymark_live::router(waymark.clone()))
            .merge(waymark_restore::router(waymark.clone()))
            .merge(waymark_backup::router(waymark));
        Sandbox { router, clock, is_frozen: Arc::default() }
    }

    /// Replaces a sandbox by one that starts cold.
    pub(crate) fn restart(&self, sandbox: usize) {
        let skew = self.sandboxes.lock().unwrap()[sandbox].clock.skew;
        let cold = self.cold(skew);
        self.sandboxes.lock().unwrap()[sandbox] = cold;
    }

    /// The sandbox has been frozen for so long that its connections are dead.
    pub(crate) fn freeze(&self, sandbox: usize) {
        self.sandboxes.lock().unwrap()[sandbox].is_frozen.store(true, Ordering::SeqCst);
    }

    /// Runs a function in a sandbox, with this much time for its answer; it is killed after that, or earlier. A sandbox
    /// that was killed starts cold the next time.
    pub(crate) async fn invoke(
        &self,
        sandbox: usize,
        asked: &Asked,
        allowed: Duration,
        killed: Option<Duration>,
    ) -> Came {
        let place = self.sandboxes.lock().unwrap()[sandbox].clone();
        let frozen = AtomicBool::new(place.is_frozen.swap(false, Ordering::SeqCst));
        let invocation = Arc::new(Invocation { sandbox, frozen, ..Invocation::default() });
        let mut request = asked.build();
        let mut context = Context::default();
        let deadline = place.clock.now() + SignedDuration::try_from(allowed).unwrap();
        context.deadline = u64::try_from(deadline.as_millisecond()).unwrap();
        request.extensions_mut().insert(context);
        let answer = async { Answer::read(place.router.oneshot(request).await.unwrap()).await };
        let answer = INVOCATION.scope(Arc::clone(&invocation), answer);
        let answer = tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = invocation.killed.notified() => None,
            () = tokio::time::sleep(killed.unwrap_or(allowed)) => None,
        };
        match answer {
            Some(answer) => Came::Answer(answer),
            None => {
                self.restart(sandbox);
                Came::Nothing
            }
        }
    }

    /// Reads as the observer does: over a wire that nothing disturbs, by functions of its own.
    pub(crate) async fn read(&self, env: usize, rest: &str) -> Answer {
        self.send(&request("ada", env, &get(rest), None)).await
    }

    /// Sends a request as [`World::read`] does.
    pub(crate) async fn send(&self, request: &Asked) -> Answer {
        let observer = self.observer.get_or_init(|| self.cold(SignedDuration::ZERO)).clone();
        Answer::read(observer.router.oneshot(request.build()).await.unwrap()).await
    }
}

/// A read of a path of an environment.
pub(crate) fn get(path: &str) -> Sent {
    Sent { method: "GET", path: path.to_owned(), headers: Vec::new(), body: String::new() }
}

/// A request that can be sent again.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    person: String,
    path: String,
    sent: Sent,
}

/// A request of somebody who may do everything in the app, with an idempotency key if one is given.
pub(crate) fn request(person: &str, env: usize, sent: &Sent, key: Option<&str>) -> Asked {
    let mut sent = sent.clone();
    if let Some(key) = key {
        sent.headers.push(("idempotency-key", key.to_owned()));
    }
    let slash = if sent.path.is_empty() { "" } else { "/" };
    let path = format!("/v1/apps/crm/envs/{}{slash}{}", ENVIRONMENTS[env], sent.path);
    Asked { person: person.to_owned(), path, sent }
}

impl Asked {
    pub(crate) fn build(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.sent.method).uri(&self.path);
        if !self.sent.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.sent.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(self.sent.body.clone())).unwrap();
        let claims = json!({ "sub": self.person, "name": self.person, "waymark_grants": "[crm/*:admin]" });
        let context = serde_json::from_value(json!({
            "authorizer": { "jwt": { "claims": claims, "scopes": null } },
            "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
            "timeEpoch": 0,
        }));
        request.extensions_mut().insert(RequestContext::ApiGatewayV2(context.unwrap()));
        request
    }
}
