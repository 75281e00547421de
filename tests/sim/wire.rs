//! The wire between the functions and both engines: an HTTP client for the SDK that asks what becomes of each request.
//!
//! A request that was sent is out of its sender's hands: it arrives in a task of its own, whether or not somebody still
//! waits for the answer. Everything runs on one thread and on paused time, so that a seed decides all of it.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use super::engines::{Engines, Packet, response};
use super::fate::{Fate, Gets, Kill, Weather};

type Received = Result<HttpResponse, ConnectorError>;

tokio::task_local! {
    /// The invocation that a request is sent by. A request outside of any is the observer's: nothing disturbs it.
    pub(crate) static INVOCATION: Arc<Invocation>;
}

/// One run of a function.
#[derive(Debug, Default)]
pub(crate) struct Invocation {
    pub(crate) sandbox: usize,
    /// Whether the sandbox was frozen before: its connections are dead, and the first use finds out.
    pub(crate) frozen: AtomicBool,
    pub(crate) calls: AtomicUsize,
    /// Told when the function is to be killed.
    pub(crate) killed: Notify,
}

/// Who decides what becomes of requests.
#[derive(Debug)]
pub(crate) enum Fates {
    /// The seed.
    Weather(Weather),
    /// Nothing happens, but for a kill.
    Script(Option<Kill>),
}

/// The wire, the engines behind it, and what is written down about both.
pub(crate) struct Net {
    pub(crate) engines: Engines,
    fates: Mutex<Fates>,
    trace: Mutex<Vec<String>>,
    /// The newest entry of each partition, as the engine has it.
    heads: Mutex<HashMap<String, usize>>,
    /// Requests that are still on their way.
    flying: AtomicUsize,
    calls: AtomicUsize,
    begun: Instant,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}

impl Net {
    pub(crate) fn new(engines: Engines, fates: Fates) -> Self {
        Self {
            engines,
            fates: Mutex::new(fates),
            trace: Mutex::default(),
            heads: Mutex::default(),
            flying: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            begun: Instant::now(),
        }
    }

    /// Writes a line with the time.
    pub(crate) fn note(&self, line: impl fmt::Display) {
        let at = self.begun.elapsed().as_millis();
        self.trace.lock().unwrap().push(format!("{at:>7} ms  {line}"));
    }

    /// What was written down.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.trace.lock().unwrap().clone()
    }

    /// The newest version of an environment, such as `crm/production`: what the table holds at this moment.
    pub(crate) fn head(&self, partition: &str) -> usize {
        self.heads.lock().unwrap().get(partition).copied().unwrap_or_default()
    }

    /// How many requests of functions there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// From now on functions are killed as this says.
    pub(crate) fn script(&self, kill: Option<Kill>) {
        *self.fates.lock().unwrap() = Fates::Script(kill);
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn settle(&self) {
        while self.flying.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// The request has its effect.
    fn arrive(&self, packet: &Packet, invocation: &Invocation) -> HttpResponse {
        let answer = self.engines.call(packet);
        let appended = self.appended(packet, &answer);
        let (sandbox, operation) = (invocation.sandbox, &packet.operation);
        self.note(format_args!("    s{sandbox} {operation} arrives: {}{appended}", answer.status().as_u16()));
        answer
    }

    /// Takes note of the entries that a write has appended, and says so.
    fn appended(&self, packet: &Packet, answer: &HttpResponse) -> String {
        let is_write = matches!(packet.operation.as_str(), "PutItem" | "TransactWriteItems");
        if !is_write || !answer.status().is_success() {
            return String::new();
        }
        let body = packet.json();
        let transacted =
            body["TransactItems"].as_array().into_iter().flatten().map(|item| &item["Put"]["Item"]);
        let mut said = String::new();
        for item in transacted.chain([&body["Item"]]) {
            let (Some(pk), Some(sk)) = (item["pk"]["S"].as_str(), item["sk"]["S"].as_str()) else { continue };
            let version = sk.strip_prefix("v#").and_then(|number| number.parse::<usize>().ok());
            let Some(version) = version else { continue };
            let mut heads = self.heads.lock().unwrap();
            let head = heads.entry(pk.to_owned()).or_default();
            // A transaction that is repeated with its token changes nothing.
            *head = version.max(*head);
            said += &format!(" {pk} #{version}");
        }
        said
    }

    fn fate(&self, packet: &Packet, invocation: &Invocation) -> Fate {
        let call = invocation.calls.fetch_add(1, Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
        match &mut *self.fates.lock().unwrap() {
            Fates::Weather(weather) => {
                let fate = weather.fate(packet);
                if !invocation.frozen.swap(false, Ordering::SeqCst) {
                    return fate;
                }
                let gets = if weather.rng.bool() { Gets::Break } else { Gets::Nothing };
                Fate { name: "frozen connection", arrives: None, gets, ..fate }
            }
            Fates::Script(Some(kill)) => kill.fate(call),
            Fates::Script(None) => Kill { call: usize::MAX, moment: super::fate::Moment::Before }.fate(call),
        }
    }

    async fn carry(self: Arc<Self>, request: HttpRequest) -> Received {
        let packet = Packet::read(request).await;
        let Ok(invocation) = INVOCATION.try_with(Arc::clone) else {
            let answer = self.engines.call(&packet);
            self.appended(&packet, &answer);
            return Ok(answer);
        };
        let fate = self.fate(&packet, &invocation);
        if !fate.name.is_empty() {
            self.note(format_args!("    s{} {}: {}", invocation.sandbox, packet.operation, fate.name));
        }
        let effect = fate.arrives.map(|travel| self.send(packet, Arc::clone(&invocation), travel));
        let waited = match effect {
            Some(effect) if !fate.is_late => effect.await.ok(),
            _ => None,
        };
        match fate.gets {
            Gets::Nothing => return std::future::pending().await,
            Gets::Kill => {
                invocation.killed.notify_one();
                return std::future::pending().await;
            }
            _ => sleep(fate.after).await,
        }
        match (fate.gets, waited) {
            (Gets::Answer, Some(answer)) => Ok(answer),
            (Gets::Half, Some(answer)) => Ok(half(answer)),
            (Gets::Error(status, body), _) => Ok(response(status, body)),
            _ => Err(ConnectorError::io("the connection broke".into())),
        }
    }

    /// Sends a request on its way, from which nothing brings it back.
    fn send(
        self: &Arc<Self>,
        packet: Packet,
        invocation: Arc<Invocation>,
        travel: Duration,
    ) -> oneshot::Receiver<HttpResponse> {
        let (sender, receiver) = oneshot::channel();
        let net = Arc::clone(self);
        net.flying.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            sleep(travel).await;
            // Nobody may wait for it any more.
            let _ = sender.send(net.arrive(&packet, &invocation));
            net.flying.fetch_sub(1, Ordering::SeqCst);
        });
        receiver
    }
}

/// The beginning of an answer's body, and then a broken connection.
fn half(mut answer: HttpResponse) -> HttpResponse {
    let body = answer.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    let first = body.slice(..body.len() / 2);
    *answer.body_mut() = SdkBody::from_body_1_x(Half { first: Some(first) });
    answer
}

/// A body that breaks off after its first half.
struct Half {
    first: Option<Bytes>,
}

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let first = self.first.take().map(|first| Ok(Frame::data(first)));
        Poll::Ready(first.or_else(|| Some(Err(std::io::Error::other("the connection broke")))))
    }
}

/// The SDK's way to the wire.
#[derive(Clone, Debug)]
pub(crate) struct Wire(pub(crate) Arc<Net>);

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(Arc::clone(&self.0).carry(request))
    }
}
