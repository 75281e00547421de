//! What a request asks to publish, and what that was found to be.

use waymark::entry::{ConfigRef, Entry};
use waymark::history::Named;
use waymark::id::{EnvId, SnapshotName, Version, VersionRef};
use waymark::{Error, Found, Problem, Waymark};

use crate::publish::{Request, shows};

/// What is asked to be published.
#[derive(Clone)]
pub(crate) enum What {
    Snapshot(SnapshotName),
    Version(Version),
    /// The config of a snapshot, under another name.
    Again(SnapshotName),
    /// The working or the live version: that of the entry which the write is conditioned on.
    Newest(VersionRef),
}

impl What {
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        match (&request.snapshot, &request.version) {
            (Some(name), None) => Ok(Self::Snapshot(name.parse()?)),
            (None, Some(VersionRef::Snapshot(name))) if request.name.is_some() => {
                Ok(Self::Again(name.clone()))
            }
            (None, Some(VersionRef::Snapshot(name))) => Ok(Self::Snapshot(name.clone())),
            (None, Some(VersionRef::Number(version))) => Ok(Self::Version(*version)),
            (None, Some(newest @ (VersionRef::Working | VersionRef::Live))) => {
                Ok(Self::Newest(newest.clone()))
            }
            _ => Err(Problem::malformed("Say what to publish: {\"snapshot\": \"v1\"} or {\"version\": 7}.")),
        }
    }

    /// Looks it up, where that does not go by the newest entry.
    pub(crate) async fn found(&self, waymark: &Waymark, env: &EnvId) -> Result<Option<Wanted>, Error> {
        Ok(match self {
            Self::Snapshot(name) => Some(Wanted::Snapshot(waymark.history.snapshot(env, name).await?)),
            Self::Version(version) => {
                Some(Wanted::Version(Box::new(waymark.history.entry(env, *version).await?.into())))
            }
            Self::Again(name) => {
                let named = VersionRef::Snapshot(name.clone());
                Some(Wanted::Version(Box::new(waymark.find(env, &named).await?)))
            }
            Self::Newest(_) => None,
        })
    }
}

/// What is to be published.
#[derive(Clone)]
pub(crate) enum Wanted {
    Snapshot(Named),
    /// A version that has to be given a name first.
    Version(Box<Found>),
}

impl Wanted {
    /// The version that the config is read from, and the config.
    pub(crate) fn config(&self) -> (Version, ConfigRef) {
        match self {
            Self::Snapshot(Named { subject, .. }) => (subject.version, subject.config()),
            Self::Version(found) => (found.version, found.config.clone()),
        }
    }

    /// The entry that has to be there.
    pub(crate) fn seen(&self) -> Version {
        match self {
            Self::Snapshot(named) => named.snapshot,
            Self::Version(found) => found.version,
        }
    }

    /// Whether users have it already, under the name that is asked for. Another name for what they have is a release of
    /// its own: it takes the place of the one that is live.
    pub(crate) fn is_live(&self, head: &Entry, name: Option<&SnapshotName>) -> bool {
        match self {
            Self::Snapshot(named) => {
                head.releases.live.as_ref().is_some_and(|live| live.snapshot == named.snapshot)
            }
            Self::Version(found) => shows(head, found.config.sha256, name),
        }
    }
}
