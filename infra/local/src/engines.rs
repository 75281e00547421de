//! The embedded DynamoDB and the embedded S3, each on a loopback port that the operating system chooses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use dynoxide::Database;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Layer as _;
use tower_http::cors::CorsLayer;
use waymark::aws::Clients;
use waymark::clock::{Ids as _, RandomIds};

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
        let path = dir.join(OBJECTS);
        let service = s3_service(&path, credentials)
            .map_err(|reason| EngineError::Objects { path: path.clone(), reason })?;
        let service = CorsLayer::permissive().layer(service);
        Self::start(Ipv4Addr::LOCALHOST, |listener, stop| server::serve(listener, service, stop)).await
    }

    /// Starts a DynamoDB over a file of `dir`, which must exist; without `dir`, in memory. It accepts every caller
    /// that can reach its port, pages of any origin in a browser on this machine too. So it listens on an address of
    /// 127.0.0.0/8 that nobody guesses, where the system has them all on its loopback (Linux has).
    ///
    /// # Errors
    ///
    /// [`EngineError::Database`], [`EngineError::Port`].
    pub async fn dynamodb(dir: Option<&Path>) -> Result<Self, EngineError> {
        let path = dir.map(|dir| dir.join(DATABASE));
        let database = open(path.as_deref()).map_err(|reason| EngineError::Database {
            path: path.unwrap_or_else(|| PathBuf::from(":memory:")),
            reason,
        })?;
        Self::start(unguessable_loopback(), |listener, stop| async move {
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stop).await {
                tracing::error!(%error, "the embedded DynamoDB ended");
            }
        })
        .await
    }

    async fn start<F>(
        address: Ipv4Addr,
        serve: impl FnOnce(TcpListener, Stop) -> F,
    ) -> Result<Self, EngineError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = match TcpListener::bind(SocketAddr::from((address, 0))).await {
            Ok(listener) => listener,
            // Systems such as macOS have one loopback address alone.
            Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?,
        };
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

/// A random address of 127.0.0.0/8.
fn unguessable_loopback() -> Ipv4Addr {
    let [a, b, c, ..] = RandomIds.fresh().into_bytes();
    Ipv4Addr::new(127, a, b, c)
}

/// Resolves when an engine shall stop.
type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn open(path: Option<&Path>) -> Result<Database, String> {
    let Some(path) = path else { return Database::memory().map_err(|error| error.to_string()) };
    let path = path.to_str().ok_or("the path is not valid UTF-8")?;
    Database::new(path).map_err(|error| error.to_string())
}

fn s3_service(path: &Path, credentials: &Credentials) -> Result<S3Service, String> {
    std::fs::create_dir_all(path).map_err(|error| error.to_string())?;
    let mut builder = S3ServiceBuilder::new(FileSystem::new(path).map_err(|error| format!("{error:?}"))?);
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
        let dynamodb = Engine::dynamodb(Some(dir)).await?;
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
        let dynamodb = Engine::dynamodb(None).await?;
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

    /// What the S3 accepts.
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
