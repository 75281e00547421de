//! `waymark rebuild-backups`: makes the list of backups anew from the backups bucket.

use std::io::Write;
use std::path::Path;

use waymark::clock::Sources;
use waymark::{Waymark, aws};
use waymark_backup::{Rebuilt, rebuild};

use crate::data_dir::DataDir;
use crate::provision;
use crate::secrets::Secrets;
use crate::service::{StartError, engines};

/// Why the list was not made anew. Each is one line for people.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The stores on this machine.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The account.
    #[error("cannot use the AWS configuration of the environment: {0}")]
    Account(Box<dyn std::error::Error + Send + Sync>),
    /// Reading the bucket or writing the list.
    #[error("the list was not made anew to its end, repeat the command: {0}")]
    Store(#[from] waymark::Error),
}

/// Makes the list anew in a data folder whose service is stopped.
///
/// # Errors
/// [`RebuildError::Start`], [`RebuildError::Store`].
pub async fn in_folder(data: &Path, sources: Sources) -> Result<Rebuilt, RebuildError> {
    let data = DataDir::open(data).map_err(StartError::from)?;
    let _lock = data.lock().map_err(StartError::from)?;
    let secrets = Secrets::load_or_create(&data).map_err(StartError::from)?;
    let (clients, engines) = engines(&data, &secrets.engines).await?;
    let resources = provision::local_resources();
    provision::provision(&clients, &resources).await.map_err(StartError::from)?;
    let waymark = Waymark::new(clients, resources, sources, waymark::Options::default());
    let rebuilt = rebuild(&waymark).await;
    for engine in engines {
        engine.stop().await;
    }
    Ok(rebuilt?)
}

/// Makes the list anew in the stack that the functions' environment variables name, with the account and region of the
/// AWS configuration.
///
/// # Errors
/// [`RebuildError::Account`], [`RebuildError::Store`].
pub async fn in_account(sources: Sources) -> Result<Rebuilt, RebuildError> {
    let sdk = aws::sdk_config().await.map_err(RebuildError::Account)?;
    let resources = aws::Resources::from_environment().map_err(RebuildError::Account)?;
    let waymark = Waymark::new(aws::Clients::new(&sdk), resources, sources, waymark::Options::default());
    Ok(rebuild(&waymark).await?)
}

/// Says what was found, a line for each object that is no whole backup.
///
/// # Errors
/// Those of `out`.
pub fn report(rebuilt: &Rebuilt, out: &mut impl Write) -> std::io::Result<()> {
    let Rebuilt { recorded, known, expired, damaged } = rebuilt;
    writeln!(
        out,
        "{recorded} backups recorded, {known} were known, {expired} have expired, {} are damaged",
        damaged.len()
    )?;
    for (key, fault) in damaged {
        writeln!(out, "{key}: {fault}")?;
    }
    Ok(())
}
