//! Settings of an environment and of its app.

use serde::{Deserialize, Serialize};

use super::commit::Mutation;
use super::idempotency::Reply;
use super::{Alongside, History, StoredSchema, parsed};
use crate::config::keep::Keep;
use crate::error::Error;
use crate::id::{AppName, EnvId};
use crate::key;

/// The condition on a settings item, there or not, under which publishing is allowed; `:off` is false.
pub(super) const RELEASES_ALLOWED: &str = "attribute_not_exists(#releases) OR #releases <> :off";

/// What users get while no release is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LiveWithoutRelease {
    /// The working version.
    #[default]
    Working,
    /// Nothing.
    None,
}

/// What an environment or an app says for itself; what it leaves out, the next wider place decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What users get while no release is published. The environment's word counts before the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_without_release: Option<LiveWithoutRelease>,
    /// Whether snapshots may be published. `false` in either place counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<bool>,
    /// What stays as it is where a config comes from another environment. The environment's word counts before the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
}

impl Settings {
    /// What holds in an environment with these settings in an app with those.
    #[must_use]
    pub fn within(&self, app: &Self) -> Self {
        Self {
            live_without_release: Some(
                self.live_without_release.or(app.live_without_release).unwrap_or_default(),
            ),
            releases: Some(self.releases.unwrap_or(true) && app.releases.unwrap_or(true)),
            keep: self.keep.clone().or_else(|| app.keep.clone()),
        }
    }
}

/// Whose settings.
#[derive(Clone, Debug)]
pub enum Place {
    /// An environment's own.
    Environment(EnvId),
    /// An app's.
    App(AppName),
}

impl Place {
    pub(super) fn pk(&self) -> String {
        match self {
            Self::Environment(env) => key::environment(env),
            Self::App(app) => key::app(app),
        }
    }
}

/// Settings as they lie in the table, keys and all.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    live_without_release: Option<LiveWithoutRelease>,
    #[serde(default)]
    releases: Option<bool>,
    #[serde(default)]
    keep: Option<Keep>,
}

impl History {
    /// What a place says for itself. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn settings(&self, place: &Place) -> Result<Settings, Error> {
        let stored: Option<Stored> = self.get(&place.pk(), key::SETTINGS).await?.map(parsed).transpose()?;
        Ok(stored.map_or_else(Settings::default, |stored| Settings {
            live_without_release: stored.live_without_release,
            releases: stored.releases,
            keep: stored.keep,
        }))
    }

    /// What holds in an environment. Two gets at once.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn effective_settings(&self, env: &EnvId) -> Result<Settings, Error> {
        let (own, app) = (Place::Environment(env.clone()), Place::App(env.app.clone()));
        let (own, app) = tokio::try_join!(self.settings(&own), self.settings(&app))?;
        Ok(own.within(&app))
    }

    /// Replaces what the mutation's place says for itself, the schema of an environment included, and answers `reply`.
    ///
    /// # Errors
    /// As for [`History::commit`].
    pub async fn put_settings(
        &self,
        mutation: &Mutation,
        settings: Settings,
        schema: Option<StoredSchema>,
        reply: Reply,
    ) -> Result<Reply, Error> {
        if let Some(reply) = self.replayed(mutation).await? {
            return Ok(reply);
        }
        let mut items = vec![Alongside::Settings(settings)];
        if let Place::Environment(_) = mutation.place {
            items.push(Alongside::Schema(schema));
        }
        self.record(mutation, &items, reply).await
    }
}
