//! What is made ready of a save while the newest entry is read: a guess that it will be over the config that was put away last.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::Configs;
use super::recent::Last;
use crate::config::{Config, ConfigError, Outlined, Text};
use crate::delta::{self, MAX_DELTA};
use crate::entry::Entry;
use crate::error::chain;
use crate::hash::Sha256;
use crate::id::EnvId;

/// From this many bytes of text on, other threads make it ready: handing them the work takes some 20 µs.
const LARGE: usize = 64 * 1024;

/// A config that was checked, and what else it takes to save it over another.
#[derive(Clone, Debug)]
pub struct Ahead {
    pub(super) before: Arc<Outlined>,
    pub(super) after: Arc<Outlined>,
    keyframe: Sha256,
    pub(super) delta: Option<Vec<u8>>,
}

impl Ahead {
    /// The config.
    pub fn config(&self) -> &Config {
        self.after.config()
    }

    /// Whether this is what it takes to save `new` over the config of `head`.
    pub(super) fn serves(&self, new: &Config, head: &Entry) -> bool {
        self.config().sha256() == new.sha256()
            && self.before.config().sha256() == head.config.sha256
            && self.keyframe == head.config.keyframe()
    }
}

impl Configs {
    /// Checks a large text and makes it ready to be saved over what was put away here last, on threads of its own: for the time that
    /// reading the newest entry takes. `None` where there is nothing to be gained: [`Configs::check`] then.
    ///
    /// # Errors
    /// Those of [`Config::check`].
    pub async fn ahead(&self, env: &EnvId, text: &Text) -> Option<Result<Ahead, ConfigError>> {
        if text.len() < LARGE {
            return None;
        }
        let Last { config: before, keyframe } = self.recent.last(env)?;
        let delta = {
            let (keyframe, text) = (self.in_memory(&env.app, keyframe)?, text.clone());
            spawn_blocking(move || delta::encode(keyframe.text().as_bytes(), text.as_bytes(), MAX_DELTA))
        };
        let checked = {
            let (before, text) = (before.clone(), text.clone());
            spawn_blocking(move || text.check_edit(&before).map(|config| Arc::new(before.edited(config))))
        };
        // Whatever fails here is tried, and reported, when the newest entry is there.
        let (Ok(checked), Ok(delta)) = tokio::join!(checked, delta) else { return None };
        let after = match checked {
            Ok(after) => after,
            Err(error) => return Some(Err(error)),
        };
        match delta {
            Ok(delta) => Some(Ok(Ahead { before, after, keyframe, delta })),
            Err(error) => {
                tracing::warn!(error = chain(&error), "no delta");
                None
            }
        }
    }
}
