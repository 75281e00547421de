//! The embedded DynamoDB and the embedded S3, each on a loopback port that the operating system chooses. Both answer
//! only what is signed with the secret of the data folder, since every user of the machine reaches the ports.

mod dynamodb;
mod objects;
mod rows;
mod sigv4;
pub(crate) mod sync;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use dynoxide::Database;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Layer as _;
use tower_http::cors::CorsLayer;
use waymark::aws::Clients;

use self::dynamodb::DynamoDb;
use self::objects::Objects;
use self::rows::Rows;
use self::sync::Disk;
use crate::secrets::Credentials;
use crate::server;

/// The database's file within the data folder.
const DATABASE: &str = "dynamodb.sqlite";

/// The objects' folder within the data folder.
const OBJECTS: &str = "s3";

/// One running engine. Dropping it stops it too, without waiting for what it has begun.
pub struct Engine {
    endpoint: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Both engines.
pub struct Engines {
    dynamodb: Engine,
    s3: Engine,
    credentials: Credentials,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database file cannot be opened.
    #[error("cannot open the database {}: {reason}", path.display())]
    Database {
        /// The file, or `:memory:`.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The objects' folder cannot be used.
    #[error("cannot use {} for objects: {reason}", path.display())]
    Objects {
        /// The folder.
        path: PathBuf,
        /// What the engine or the operating system said.
        reason: String,
    },
    /// There is no loopback port.
    #[error("cannot listen on a loopback port: {0}")]
    Port(#[from] io::Error),
}

impl Engine {
    /// Starts an S3 over a folder of `dir`, which is made when missing. It verifies signatures, of presigned
    /// addresses too, and answers pages of any origin: what they may do, a presigned address says.
    ///
    /// # Errors
    ///
    /// [`EngineError::Objects`], [`EngineError::Port`].
    pub async fn s3(dir: &Path, credentials: &Credentials) -> Result<Self, EngineError> {
        Self::s3_on(dir, credentials, Disk::default()).await
    }

    pub(crate) async fn s3_on(
        dir: &Path,
        credentials: &Credentials,
        disk: Disk,
    ) -> Result<Self, EngineError> {
        let path = dir.join(OBJECTS);
        let service = s3_service(&path, credentials, disk)
            .map_err(|reason| EngineError::Objects { path: path.clone(), reason })?;
        let service = CorsLayer::permissive().layer(service);
        Self::start(|listener, stop| server::serve(listener, service, stop)).await
    }

    /// Starts a DynamoDB over a file of `dir`, which must exist; without `dir`, in memory. It verifies signatures, and
    /// lets no page of another origin in.
    ///
    /// # Errors
    ///
    /// [`EngineError::Database`], [`EngineError::Port`].
    pub async fn dynamodb(dir: Option<&Path>, credentials: &Credentials) -> Result<Self, EngineError> {
        let path = dir.map(|dir| dir.join(DATABASE));
        let database = open(path.as_deref()).map_err(|reason| EngineError::Database {
            path: path.clone().unwrap_or_else(|| PathBuf::from(":memory:")),
            reason,
        })?;
        let router = DynamoDb::router(database, path.map(Rows::new), credentials.clone());
        Self::start(|listener, stop| server::serve(listener, router, stop)).await
    }

    async fn start<F>(serve: impl FnOnce(TcpListener, Stop) -> F) -> Result<Self, EngineError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let stopped: Stop = Box::pin(async move {
            // An error means that the engine was dropped, and that is a stop too.
            let _ = stopped.await;
        });
        Ok(Self { endpoint, stop, task: tokio::spawn(serve(listener, stopped)) })
    }

    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stops it and waits until requests that have begun have ended, [`server::GRACE`] at most.
    pub async fn stop(self) {
        // It may have ended by itself; then nobody listens any more.
        let _ = self.stop.send(());
        if tokio::time::timeout(server::GRACE, self.task).await.is_err() {
            tracing::warn!("an engine did not end in time");
        }
    }
}

/// Resolves when an engine shall stop.
type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn open(path: Option<&Path>) -> Result<Database, String> {
    let Some(path) = path else { return Database::memory().map_err(|error| error.to_string()) };
    let path = path.to_str().ok_or("the path is not valid UTF-8")?;
    Database::new(path).map_err(|error| error.to_string())
}

fn s3_service(path: &Path, credentials: &Credentials, disk: Disk) -> Result<S3Service, String> {
    let mut builder = S3ServiceBuilder::new(Objects::open(path, disk)?);
    let Credentials { access_key, secret_key } = credentials.clone();
    builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
    Ok(builder.build())
}

impl Engines {
    /// Starts both over the files in `dir`, which must exist. What they hold survives the end of the process,
    /// however it ends.
    ///
    /// # Errors
    ///
    /// [`EngineError`], as its variants say.
    pub async fn start(dir: &Path, credentials: Credentials) -> Result<Self, EngineError> {
        let dynamodb = Engine::dynamodb(Some(dir), &credentials).await?;
        let s3 = Engine::s3(dir, &credentials).await?;
        Ok(Self { dynamodb, s3, credentials })
    }

    /// Starts both for one test: the table in memory, the objects in `dir`, the credentials fixed.
    ///
    /// # Errors
    ///
    /// [`EngineError`], as its variants say.
    pub async fn in_memory(dir: &Path) -> Result<Self, EngineError> {
        let credentials = Credentials { access_key: "test".to_owned(), secret_key: "test-secret".to_owned() };
        let dynamodb = Engine::dynamodb(None, &credentials).await?;
        let s3 = Engine::s3(dir, &credentials).await?;
        Ok(Self { dynamodb, s3, credentials })
    }

    /// Where the DynamoDB listens.
    pub fn dynamodb_endpoint(&self) -> &str {
        self.dynamodb.endpoint()
    }

    /// Where the S3 listens.
    pub fn s3_endpoint(&self) -> &str {
        self.s3.endpoint()
    }

    /// What both accept.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Clients of both.
    pub fn clients(&self) -> Clients {
        let Credentials { access_key, secret_key } = &self.credentials;
        waymark::aws::local_clients(self.dynamodb_endpoint(), self.s3_endpoint(), access_key, secret_key)
    }

    /// Stops both, as [`Engine::stop`] does.
    pub async fn stop(self) {
        tokio::join!(self.dynamodb.stop(), self.s3.stop());
    }
}

#[cfg(test)]
mod tests;
