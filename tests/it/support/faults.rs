//! A network that fails as a test says. What it reaches are the real stores: only the wire is faked.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use waymark::aws::local_sdk_config;

use super::Stack;
use super::engines::SECRET_KEY;

type Received = Result<HttpResponse, ConnectorError>;
type Receiving = Pin<Box<dyn Future<Output = Received> + Send>>;

/// What becomes of one request.
pub(crate) type Fault = Box<dyn FnOnce(Sent) -> Receiving + Send>;

/// A request on its way.
pub(crate) struct Sent {
    request: HttpRequest,
    store: SharedHttpConnector,
}

impl Sent {
    async fn deliver(self) -> Received {
        self.store.call(self.request).await
    }
}

/// What a test has written for the wire. An operation without a fault goes through.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    script: Arc<Mutex<Script>>,
    // Ends every wait of the SDK's clients, so that a time-out needs no time.
    time_out: Arc<Notify>,
}

#[derive(Default)]
struct Script {
    next: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Box<dyn FnMut() -> Fault + Send>>,
    seen: Vec<(String, Value)>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// A stack whose functions reach their stores over this wire. The clients' repeats do not wait.
    pub(crate) async fn stack() -> (Arc<Stack>, Self) {
        let faults = Self::default();
        let no_wait = |attempts| {
            RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1))
        };
        let stack = Stack::with(
            |dynamodb| {
                let dynamodb = dynamodb.http_client(faults.client()).retry_config(no_wait(4));
                dynamodb.sleep_impl(SharedAsyncSleep::new(faults.clone()))
            },
            |s3| {
                let s3 = s3.http_client(faults.client()).retry_config(no_wait(3));
                s3.sleep_impl(SharedAsyncSleep::new(faults.clone()))
            },
        )
        .await;
        (Arc::new(stack), faults)
    }

    fn client(&self) -> SharedHttpClient {
        let store = local_sdk_config("", "").http_client().unwrap();
        SharedHttpClient::new(Wire { store, faults: self.clone() })
    }

    /// The next request of `operation` meets this; those after it what is said next.
    pub(crate) fn next(&self, operation: &str, fault: Fault) {
        self.script.lock().unwrap().next.entry(operation.to_owned()).or_default().push_back(fault);
    }

    /// Every request of `operation` meets this, unless [`Faults::next`] says otherwise.
    pub(crate) fn always(&self, operation: &str, fault: impl FnMut() -> Fault + Send + 'static) {
        self.script.lock().unwrap().always.insert(operation.to_owned(), Box::new(fault));
    }

    /// Requests of `operation` go through again.
    pub(crate) fn mend(&self, operation: &str) {
        self.script.lock().unwrap().always.remove(operation);
    }

    /// The bodies of the requests of `operation` since the last time.
    pub(crate) fn take_seen(&self, operation: &str) -> Vec<Value> {
        let mut script = self.script.lock().unwrap();
        let (found, others) =
            std::mem::take(&mut script.seen).into_iter().partition(|(name, _)| name == operation);
        script.seen = others;
        let found: Vec<(String, Value)> = found;
        found.into_iter().map(|(_, body)| body).collect()
    }

    /// The request never arrives, and nobody answers in time.
    pub(crate) fn hangs(&self) -> Fault {
        let time_out = Arc::clone(&self.time_out);
        Box::new(move |_| {
            Box::pin(async move {
                time_out.notify_waiters();
                std::future::pending().await
            })
        })
    }

    fn fault(&self, request: &HttpRequest) -> Option<Fault> {
        let operation = operation(request);
        let body = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
        let mut script = self.script.lock().unwrap();
        script.seen.push((operation.clone(), body.unwrap_or_default()));
        let next = script.next.get_mut(&operation).and_then(VecDeque::pop_front);
        next.or_else(|| script.always.get_mut(&operation).map(|fault| fault()))
    }
}

impl AsyncSleep for Faults {
    fn sleep(&self, duration: Duration) -> Sleep {
        // Made now, so that it hears of a time-out from now on.
        let time_out = Arc::clone(&self.time_out).notified_owned();
        Sleep::new(async move {
            tokio::select! {
                () = time_out => {}
                () = tokio::time::sleep(duration) => {}
            }
        })
    }
}

/// The name of a request's operation, such as `PutItem` or `PutObject`.
fn operation(request: &HttpRequest) -> String {
    match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => match request.method() {
            "GET" => "GetObject".to_owned(),
            "HEAD" => "HeadObject".to_owned(),
            "PUT" => "PutObject".to_owned(),
            other => other.to_owned(),
        },
    }
}

#[derive(Debug)]
struct Wire {
    store: SharedHttpClient,
    faults: Faults,
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let store = self.store.http_connector(settings, components);
        SharedHttpConnector::new(Connector { store, faults: self.faults.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    store: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(fault) = self.faults.fault(&request) else { return self.store.call(request) };
        HttpConnectorFuture::new(fault(Sent { request, store: self.store.clone() }))
    }
}

fn broken() -> Received {
    Err(ConnectorError::io("the connection broke".into()))
}

/// The connection breaks before the request arrives.
pub(crate) fn unsent() -> Fault {
    Box::new(|_| Box::pin(async { broken() }))
}

/// The request has its effect, and the connection breaks before the answer arrives.
pub(crate) fn answer_lost() -> Fault {
    answer_lost_after(async {})
}

/// As [`answer_lost`], and `meanwhile` happens between the effect and the break.
pub(crate) fn answer_lost_after(meanwhile: impl Future<Output = ()> + Send + 'static) -> Fault {
    Box::new(|sent| {
        Box::pin(async {
            sent.deliver().await?;
            meanwhile.await;
            broken()
        })
    })
}

/// Something happens before the request arrives.
pub(crate) fn first(before: impl Future<Output = ()> + Send + 'static) -> Fault {
    Box::new(|sent| {
        Box::pin(async {
            before.await;
            sent.deliver().await
        })
    })
}

/// The request has its effect; something happens before the answer arrives.
pub(crate) fn then(after: impl Future<Output = ()> + Send + 'static) -> Fault {
    Box::new(|sent| {
        Box::pin(async {
            let answer = sent.deliver().await;
            after.await;
            answer
        })
    })
}

/// The request does not arrive; this is answered.
fn answers(status: u16, body: String) -> Fault {
    Box::new(move |_| {
        Box::pin(async move { Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))) })
    })
}

/// DynamoDB answers with an error of this name.
pub(crate) fn refuses(status: u16, name: &str) -> Fault {
    let name = format!("com.amazonaws.dynamodb.v20120810#{name}");
    answers(status, json!({ "__type": name, "message": "as the test says" }).to_string())
}

/// S3 answers with an error of this code.
pub(crate) fn s3_refuses(status: u16, code: &str) -> Fault {
    answers(status, format!("<Error><Code>{code}</Code><Message>as the test says</Message></Error>"))
}

/// DynamoDB cancels the transaction, with these codes for its items.
pub(crate) fn cancels(codes: &[&str]) -> Fault {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
    answers(
        400,
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        })
        .to_string(),
    )
}

/// The store has forgotten the transaction's token: it sees a new one, as ten minutes later.
pub(crate) fn with_another_token() -> Fault {
    Box::new(|mut sent| {
        let mut body: Value = serde_json::from_slice(sent.request.body().bytes().unwrap()).unwrap();
        body["ClientRequestToken"] = json!("another");
        let body = body.to_string();
        sent.request.headers_mut().insert("content-length", body.len().to_string());
        sign_again(&mut sent.request, body.as_bytes());
        *sent.request.body_mut() = SdkBody::from(body);
        Box::pin(sent.deliver())
    })
}

/// Signs a request with another body as its sender would: with the key, time and headers of its signature.
fn sign_again(request: &mut HttpRequest, body: &[u8]) {
    // The host is added behind the signature.
    let host = request.uri().parse::<http::Uri>().unwrap().authority().unwrap().to_string();
    let header = |request: &HttpRequest, name: &str| match name {
        "host" => host.clone(),
        name => request.headers().get(name).unwrap().to_owned(),
    };
    let old = header(request, "authorization");
    let (rest, _) = old.split_once("Signature=").unwrap();
    let part = |name: &str| rest.split_once(name).unwrap().1.split(',').next().unwrap().to_owned();
    let scope = part("Credential=");
    let scope: Vec<&str> = scope.split('/').collect();
    let date = header(request, "x-amz-date");
    let time: jiff::civil::DateTime =
        jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", &date).unwrap().to_datetime().unwrap();
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let names = part("SignedHeaders=");
    let headers: Vec<(&str, String)> = names.split(';').map(|name| (name, header(request, name))).collect();
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let key = Credentials::new(scope[0], SECRET_KEY, None, None, "test").into();
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = SigningParams::builder().identity(&key).region(scope[2]).name(scope[3]).time(time.into());
    let params = params.settings(settings).build().unwrap().into();
    let signable =
        SignableRequest::new("POST", "http://localhost/", headers, SignableBody::Bytes(body)).unwrap();
    let signature = sign(signable, &params).unwrap().signature().to_owned();
    request.headers_mut().insert("authorization", format!("{rest}Signature={signature}"));
}

/// The request is held on the way; for the caller the connection breaks. It arrives when [`Held::deliver`] says.
pub(crate) fn held() -> (Fault, Held) {
    held_while(async {})
}

/// As [`held`], and `meanwhile` happens before the connection breaks.
pub(crate) fn held_while(meanwhile: impl Future<Output = ()> + Send + 'static) -> (Fault, Held) {
    let (sender, receiver) = oneshot::channel();
    let fault: Fault = Box::new(|sent| {
        Box::pin(async {
            let _ = sender.send(sent);
            meanwhile.await;
            broken()
        })
    });
    (fault, Held(receiver))
}

/// A request that is held on the way.
pub(crate) struct Held(oneshot::Receiver<Sent>);

impl Held {
    /// Lets it arrive: the status that the store answers.
    pub(crate) async fn deliver(self) -> u16 {
        self.0.await.unwrap().deliver().await.unwrap().status().as_u16()
    }
}
