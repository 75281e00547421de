//! Both embedded engines, called in-process: no sockets, no threads of their own, no clock.
//!
//! They are the engines of the local service, dynoxide over SQLite in memory and s3s-fs over files. What is left out is
//! what lies between them and a socket: dynoxide's server only reads the operation's name and the JSON around it.

use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::HeaderValue;
use http_body_util::BodyExt;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Handle;

/// What S3 accepts.
pub(crate) const ACCESS_KEY: &str = "test";
pub(crate) const SECRET_KEY: &str = "test-secret";

/// A request as it is on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Such as `PutItem` or `PutObject`.
    pub(crate) operation: String,
    /// Whether it is for DynamoDB.
    pub(crate) is_dynamodb: bool,
    parts: http::request::Parts,
    pub(crate) body: Bytes,
}

impl Packet {
    pub(crate) async fn read(request: HttpRequest) -> Self {
        let (mut parts, body) = request.try_into_http1x().unwrap().into_parts();
        // What a connection adds; it is signed.
        if let Some(host) = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
            parts.headers.insert(http::header::HOST, host);
        }
        let body = body.collect().await.unwrap().to_bytes();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let target = target.and_then(|target| target.rsplit('.').next()).map(str::to_owned);
        let is_dynamodb = target.is_some();
        let operation = target.unwrap_or_else(|| {
            let query = parts.uri.query().unwrap_or_default();
            match parts.method.as_str() {
                "GET" if query.contains("list-type=2") => "ListObjectsV2".to_owned(),
                "GET" => "GetObject".to_owned(),
                "HEAD" => "HeadObject".to_owned(),
                "PUT" => "PutObject".to_owned(),
                other => other.to_owned(),
            }
        });
        Self { operation, is_dynamodb, parts, body }
    }

    pub(crate) fn has(&self, header: &str) -> bool {
        self.parts.headers.contains_key(header)
    }

    /// The body, of a request to DynamoDB.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A DynamoDB and an S3 with nothing in them.
pub(crate) struct Engines {
    database: Database,
    s3: S3Service,
    /// Of the runtime on whose threads s3s-fs reads and writes its files: it outlives the simulations.
    disk: Handle,
    _objects: TempDir,
}

impl Engines {
    /// The three buckets are there, the table is not.
    pub(crate) fn new(disk: Handle, buckets: [&str; 3]) -> Self {
        let objects = tempfile::tempdir().unwrap();
        for bucket in buckets {
            std::fs::create_dir(objects.path().join(bucket)).unwrap();
        }
        let mut s3 = S3ServiceBuilder::new(FileSystem::new(objects.path()).unwrap());
        s3.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        Self { database: Database::memory().unwrap(), s3: s3.build(), disk, _objects: objects }
    }

    /// Carries a request out: at once, and before anything else happens.
    pub(crate) fn call(&self, packet: &Packet) -> HttpResponse {
        if packet.is_dynamodb { self.dynamodb(packet) } else { self.s3(packet) }
    }

    fn dynamodb(&self, packet: &Packet) -> HttpResponse {
        let (db, body) = (&self.database, &packet.body[..]);
        macro_rules! run {
            ($($name:literal => $method:ident),* $(,)?) => {
                match packet.operation.as_str() {
                    $($name => read(body).and_then(|request| db.$method(request)).map(|answer| written(&answer)),)*
                    other => panic!("the simulation knows no {other} yet"),
                }
            };
        }
        let answer = run! {
            "CreateTable" => create_table,
            "DescribeTable" => describe_table,
            "UpdateTimeToLive" => update_time_to_live,
            "DescribeTimeToLive" => describe_time_to_live,
            "GetItem" => get_item,
            "PutItem" => put_item,
            "UpdateItem" => update_item,
            "Query" => query,
            "TransactWriteItems" => transact_write_items,
        };
        match answer {
            Ok(body) => response(200, body),
            Err(error) => response(error.status_code(), error.to_json()),
        }
    }

    /// Blocks until the files are read or written. Whatever waits for time waits: for the simulation it takes none.
    fn s3(&self, packet: &Packet) -> HttpResponse {
        let request = http::Request::from_parts(packet.parts.clone(), s3s::Body::from(packet.body.clone()));
        let s3 = self.s3.clone();
        let _disk = self.disk.enter();
        // Unconstrained: a budget that is used up comes back only when this task gives way.
        let answer = pollster::block_on(tokio::task::unconstrained(async move {
            let (parts, body) = s3.call(request).await.unwrap().into_parts();
            http::Response::from_parts(parts, SdkBody::from(body.collect().await.unwrap().to_bytes()))
        }));
        HttpResponse::try_from(answer).unwrap()
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn written<T: serde::Serialize>(answer: &T) -> String {
    serde_json::to_string(answer).unwrap()
}

/// An answer with a body.
pub(crate) fn response(status: u16, body: String) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

/// The runtime for files, shared by all simulations of this process.
pub(crate) fn disk() -> Handle {
    static DISK: std::sync::OnceLock<Arc<tokio::runtime::Runtime>> = std::sync::OnceLock::new();
    let runtime = DISK.get_or_init(|| {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        Arc::new(threads.unwrap())
    });
    runtime.handle().clone()
}
