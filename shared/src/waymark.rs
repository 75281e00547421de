//! What every function holds: built once, in `main`.

use std::time::Duration;

use crate::aws::{Clients, Resources, lambda_sdk_config};
use crate::backup::Backups;
use crate::caller::DEFAULT_GRANTS_CLAIM;
use crate::checks::Checks;
use crate::clock::Sources;
use crate::configs::Configs;
use crate::entry::{ConfigRef, Entry};
use crate::error::{Cause, Error, chain};
use crate::heavy::Room;
use crate::history::{Head, History};
use crate::id::{EnvId, SnapshotName, Version, VersionRef};
use crate::transfer::Transfer;

/// How long a function waits for its connections at its start. Lambda gives it 10 s in all
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>), and a request can say what is out of reach.
const OPENING: Duration = Duration::from_secs(2);

/// The parameters of a stack that are no names of resources.
#[derive(Clone, Debug)]
pub struct Options {
    /// The claim that lists grants.
    pub grants_claim: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { grants_claim: DEFAULT_GRANTS_CLAIM.to_owned() }
    }
}

/// The histories, configs and transfers of a stack.
#[derive(Clone, Debug)]
pub struct Waymark {
    /// The histories.
    pub history: History,
    /// The configs.
    pub configs: Configs,
    /// What was found out lately about configs and their schemas.
    pub checks: Checks,
    /// The backups.
    pub backups: Backups,
    /// Uploads and downloads.
    pub transfer: Transfer,
    /// The memory that decompressed bodies share.
    pub room: Room,
    /// Time and identifiers.
    pub sources: Sources,
    /// The stack's parameters.
    pub options: Options,
}

/// A version that was looked up: where its config is, and the release that it is, if it was asked for as one.
#[derive(Clone, Debug)]
pub struct Found {
    /// The version.
    pub version: Version,
    /// Its config.
    pub config: ConfigRef,
    /// The snapshot's name, when it was found by one.
    pub name: Option<SnapshotName>,
    /// The entry, where it had to be read.
    pub entry: Option<Entry>,
}

impl Waymark {
    /// The stack with these clients and names.
    pub fn new(clients: Clients, resources: Resources, sources: Sources, options: Options) -> Self {
        Self {
            history: History::new(clients.dynamodb, resources.table, sources.clone()),
            configs: Configs::new(clients.s3.clone(), resources.configs),
            checks: Checks::default(),
            backups: Backups::new(clients.s3.clone(), resources.backups),
            transfer: Transfer::new(clients.s3, resources.transfer, sources.clone()),
            room: Room::default(),
            sources,
            options,
        }
    }

    /// The stack that the function's environment variables describe, with connections to DynamoDB and S3 open where they are in
    /// reach within 2 s.
    /// `WAYMARK_GRANTS_CLAIM` names the claim that lists grants, when it is set.
    ///
    /// # Errors
    /// When a variable is missing, or the HTTP client cannot be built.
    pub async fn from_environment() -> Result<Self, Cause> {
        let mut options = Options::default();
        if let Ok(claim) = std::env::var("WAYMARK_GRANTS_CLAIM") {
            options.grants_claim = claim;
        }
        let clients = Clients::new(&lambda_sdk_config().await?);
        let waymark = Self::new(clients, Resources::from_environment()?, Sources::system(), options);
        waymark.open_connections().await;
        Ok(waymark)
    }

    /// Opens a connection to DynamoDB and one to S3, by a processor each where there are two.
    async fn open_connections(&self) {
        let configs = self.configs.clone();
        let s3 = tokio::spawn(async move { configs.warm_up().await });
        let both = async {
            self.history.warm_up().await;
            s3.await
        };
        match tokio::time::timeout(OPENING, both).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "no connection at start"),
            Err(_) => tracing::warn!("no connection at start in time"),
        }
    }

    /// Looks up what a person wrote where a version is expected.
    ///
    /// # Errors
    /// [`Error::NoVersion`], [`Error::NoSnapshot`], [`Error::NothingLive`] or [`Error::NoEnvironment`] when it
    /// does not exist; [`Error::Storage`]; [`Error::Item`].
    pub async fn find(&self, env: &EnvId, wanted: &VersionRef) -> Result<Found, Error> {
        match wanted {
            VersionRef::Number(version) => Ok(self.history.entry(env, *version).await?.into()),
            VersionRef::Working => Ok(self.history.existing_head(env).await?.entry.into()),
            VersionRef::Live => self.live(env, &self.history.existing_head(env).await?).await,
            VersionRef::Snapshot(name) => {
                let subject = self.history.snapshot(env, name).await?.subject;
                Ok(Found {
                    version: subject.version,
                    config: subject.config(),
                    name: Some(name.clone()),
                    entry: None,
                })
            }
        }
    }

    /// The number of what a person wrote where a version is expected. A number is taken as it is, whether it exists or not. No
    /// call for a number, otherwise as [`Waymark::find`].
    ///
    /// # Errors
    /// As for [`Waymark::find`].
    pub async fn version_of(&self, env: &EnvId, wanted: &VersionRef) -> Result<Version, Error> {
        match wanted {
            VersionRef::Number(version) => Ok(*version),
            other => Ok(self.find(env, other).await?.version),
        }
    }

    /// How soon users see what becomes the working version, where they see it at all: where no release is live, and the
    /// settings do not hide the working version. Two gets where no release is live, none otherwise.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn users_see_working(&self, env: &EnvId, head: Option<&Entry>) -> Result<bool, Error> {
        if head.is_some_and(|head| head.releases.live.is_some()) {
            return Ok(false);
        }
        let without = self.history.effective_settings(env).await?.live_without_release;
        Ok(without != Some(crate::history::LiveWithoutRelease::None))
    }

    /// The same where the newest entry is at hand: `working` and `live` are those of `head`, which a decision goes by.
    ///
    /// # Errors
    /// As for [`Waymark::find`].
    pub async fn find_at(&self, env: &EnvId, wanted: &VersionRef, head: &Head) -> Result<Found, Error> {
        match wanted {
            VersionRef::Working => Ok(head.entry.clone().into()),
            VersionRef::Live => self.live(env, head).await,
            VersionRef::Number(_) | VersionRef::Snapshot(_) => self.find(env, wanted).await,
        }
    }

    /// What users get: the release; without one the working version, unless the settings say nothing.
    ///
    /// # Errors
    /// [`Error::NothingLive`]; [`Error::Storage`]; [`Error::Item`].
    pub async fn live(&self, env: &EnvId, head: &Head) -> Result<Found, Error> {
        if let Some(live) = &head.entry.releases.live {
            return Ok(Found {
                version: live.subject.version,
                config: live.subject.config(),
                name: Some(live.name.clone()),
                entry: None,
            });
        }
        match self.history.effective_settings(env).await?.live_without_release {
            Some(crate::history::LiveWithoutRelease::None) => Err(Error::NothingLive),
            _ => Ok(head.entry.clone().into()),
        }
    }
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Self {
        Self { version: entry.version, config: entry.config.clone(), name: None, entry: Some(entry) }
    }
}
