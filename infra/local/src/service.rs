//! The whole service: engines, functions and gateway, from start to stop.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::Router;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use waymark::aws::Clients;
use waymark::clock::Sources;
use waymark::{Problem, Telemetry, Waymark};

use crate::backups::Schedule;
use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::engines::{Engine, EngineError};
use crate::gateway::{Function, Gateway, RouteError};
use crate::provision::{self, ProvisionError};
use crate::sample::{self, SampleError};
use crate::secrets::{Credentials, Secrets, SecretsError};
use crate::server::{self, Serving};
use crate::token::{NewToken, Refused, TokenKey};

/// The variables that put another DynamoDB or S3 in the place of the embedded one. The SDK reads them itself.
const ENDPOINT_DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";
const ENDPOINT_S3: &str = "AWS_ENDPOINT_URL_S3";

/// How long the token that the start prints is valid.
const START_TOKEN: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Where the service keeps its data and where it listens.
#[derive(Clone, Debug)]
pub struct Place {
    /// The data folder; made when missing.
    pub data: PathBuf,
    /// An address and a port; port 0 lets the operating system choose.
    pub listen: String,
    /// Whether a data folder without environments is filled with the sample app.
    pub sample: bool,
}

/// A service that listens already and serves when [`Running::serve`] is awaited.
pub struct Running {
    listener: TcpListener,
    gateway: Gateway,
    engines: Vec<Engine>,
    address: SocketAddr,
    token: String,
    schedule: Schedule,
    _lock: Lock,
}

/// Why the service does not start. Each is one line for people.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The secrets in it.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Another program listens there.
    #[error("{0} is taken by another program; stop it or use --listen with another port")]
    Taken(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// What `--listen` says.
        listen: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// An engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The SDK's configuration for engines given by variables.
    #[error("cannot use the AWS configuration of the environment: {0}")]
    Environment(Box<dyn std::error::Error + Send + Sync>),
    /// The table or the buckets.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The functions' routes.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// The sample app.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The token for this machine.
    #[error("cannot make a token: {0}")]
    Token(#[from] Refused),
}

impl Running {
    /// Starts everything but the serving: takes the data folder, listens, starts the engines, makes what is missing in them.
    ///
    /// # Errors
    ///
    /// [`StartError`], as its variants say.
    pub async fn start(place: &Place, sources: Sources) -> Result<Self, StartError> {
        let data = DataDir::open(&place.data)?;
        let lock = data.lock()?;
        let listener = listen(&place.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { listen: place.listen.clone(), source })?;
        let secrets = Secrets::load_or_create(&data)?;
        let (clients, engines) = engines(&data, &secrets.engines).await?;
        let resources = provision::local_resources();
        provision::provision(&clients, &resources).await?;
        let key = TokenKey::from_secret(&secrets.token);
        let token = key.issue(&machine_token(), sources.clock.now())?;
        let people = if place.sample {
            sample::fill(&data, &clients, &resources, &sources, &key).await?;
            sample::people()?
        } else {
            Vec::new()
        };
        let waymark = Waymark::new(clients, resources, sources.clone(), waymark::Options::default());
        let gateway = Gateway::new(functions(&waymark), key, sources)?.open(OPEN).open_as(people);
        let schedule = Schedule::start(waymark);
        Ok(Self { listener, gateway, engines, address, token, schedule, _lock: lock })
    }

    /// Where it listens, with the port that the operating system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address for a browser on this machine, with an admin's token in the fragment, which browsers
    /// keep to themselves.
    pub fn page(&self) -> String {
        let ip = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}/#token={}", SocketAddr::new(ip, self.address.port()), self.token)
    }

    /// Serves until `stop` resolves, finishes the requests that have begun, and stops the engines.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let serving = Serving { clock: self.gateway.clock(), ..Serving::default() };
        server::serve_as(serving, self.listener, self.gateway.into_router(), stop).await;
        drop(self.schedule);
        for engine in self.engines {
            engine.stop().await;
        }
    }
}

/// The routes that need no token.
pub const OPEN: &[&str] = waymark_history::OPEN;

/// All functions of the service with their routes, as the account's template has them.
pub fn functions(waymark: &Waymark) -> Vec<Function> {
    // As each function's own main does.
    let function = |name, routes, router: Router| {
        let router = Telemetry::traced(name).watch(router.fallback(Problem::no_route));
        Function { routes, router }
    };
    let of = || waymark.clone();
    vec![
        function("working", waymark_working::ROUTES, waymark_working::router(of())),
        function("snapshot", waymark_snapshot::ROUTES, waymark_snapshot::router(of())),
        function("history", waymark_history::ROUTES, waymark_history::router(of())),
        function("publish", waymark_publish::ROUTES, waymark_publish::router(of())),
        function("live", waymark_live::ROUTES, waymark_live::router(of())),
        function("restore", waymark_restore::ROUTES, waymark_restore::router(of())),
        function("backup", waymark_backup::ROUTES, waymark_backup::router(of())),
    ]
}

/// The token of whoever started the service.
pub(crate) fn machine_token() -> NewToken {
    NewToken {
        subject: "local".to_owned(),
        name: Some("Local administrator".to_owned()),
        grants: vec!["*/*:admin".to_owned()],
        lifetime: START_TOKEN,
    }
}

async fn listen(listen: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(listen).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken(listen.to_owned()),
        _ => StartError::Listen { listen: listen.to_owned(), source },
    })
}

/// Starts the engines that no variable replaces, and makes clients of the ones and the others.
pub(crate) async fn engines(
    data: &DataDir,
    credentials: &Credentials,
) -> Result<(Clients, Vec<Engine>), StartError> {
    let given = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dynamodb_engine = match given(ENDPOINT_DYNAMODB) {
        true => None,
        false => Some(Engine::dynamodb(Some(data.path()), credentials).await?),
    };
    let s3_engine = match given(ENDPOINT_S3) {
        true => None,
        false => Some(Engine::s3(data.path(), credentials).await?),
    };
    let endpoint = |engine: &Option<Engine>| engine.as_ref().map_or("", Engine::endpoint).to_owned();
    let mut clients = waymark::aws::local_clients(
        &endpoint(&dynamodb_engine),
        &endpoint(&s3_engine),
        &credentials.access_key,
        &credentials.secret_key,
    );
    if dynamodb_engine.is_none() || s3_engine.is_none() {
        let others = environment_clients().await?;
        if dynamodb_engine.is_none() {
            clients.dynamodb = others.dynamodb;
        }
        if s3_engine.is_none() {
            clients.s3 = others.s3;
        }
    }
    Ok((clients, dynamodb_engine.into_iter().chain(s3_engine).collect()))
}

/// Clients as in an account: endpoints and credentials from the environment; the region too, or `us-east-1`.
async fn environment_clients() -> Result<Clients, StartError> {
    let sdk = waymark::aws::sdk_config().await.map_err(StartError::Environment)?;
    let region = sdk.region().cloned().unwrap_or(aws_config::Region::from_static("us-east-1"));
    Ok(Clients::new(&sdk.into_builder().region(region).build()))
}
