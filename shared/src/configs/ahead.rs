//! What is made ready of a save while the newest entry is read: a guess that it will be over the config that was put away last.

use std::sync::Arc;

use tokio::task::{spawn_blocking, yield_now};

use super::{Configs, SUMMARY_MOST};
use crate::config::diff::Summary;
use crate::config::{Config, ConfigError, Outlined, Text};
use crate::delta::{self, MAX_DELTA};
use crate::entry::Entry;
use crate::error::Error;
use crate::hash::Sha256;
use crate::heavy;
use crate::id::EnvId;

/// From this many bytes of text on, something is made ready: handing work to another thread takes some 20 µs.
pub(super) const LARGE: usize = 64 * 1024;

/// A config that was checked, and what else it takes to save it over another. Without `Debug`: delta and changes have parts of the
/// text.
pub struct Ahead {
    pub(super) before: Arc<Outlined>,
    pub(super) after: Arc<Outlined>,
    keyframe: Sha256,
    pub(super) delta: Option<Vec<u8>>,
    /// What changed, in as many words as an entry has room for beside a small delta.
    pub(super) changes: Box<Summary>,
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
    /// Checks a large text and makes it ready to be saved over what was put away here last, in the time that reading the newest entry
    /// takes. The delta, which takes a time that is known, is made on this thread, of 10 MB or so at most, since more is not kept;
    /// the rest on another. `None` where there is nothing to go by: [`Configs::check`] then.
    ///
    /// # Errors
    /// Those of [`Config::check`]; [`Error::Busy`].
    pub async fn ahead(&self, env: &EnvId, text: &Text) -> Option<Result<Ahead, Error>> {
        if text.len() < LARGE {
            return None;
        }
        let last = self.recent.last(env)?;
        let keyframe = self.in_memory(&env.app, last.keyframe)?;
        // Lets the query be sent before this thread is busy.
        yield_now().await;
        let begun = heavy::compare(keyframe.len().saturating_add(text.len()), || {
            let (before, copy) = (Arc::clone(&last.config), text.clone());
            let checked = spawn_blocking(move || checked(&before, copy));
            (checked, delta::encode(keyframe.text().as_bytes(), text.as_bytes(), MAX_DELTA))
        });
        let (checked, delta) = match begun.await {
            Ok(begun) => begun,
            Err(error) => return Some(Err(error)),
        };
        match (checked.await, delta) {
            (Ok(Err(error)), _) => Some(Err(error.into())),
            (Ok(Ok((after, changes))), Ok(delta)) => {
                Some(Ok(Ahead { before: last.config, after, keyframe: last.keyframe, delta, changes }))
            }
            // It is tried, and reported, again when the newest entry is there.
            _ => None,
        }
    }
}

/// A text as a config with its outline, and what it changes of another.
fn checked(before: &Outlined, text: Text) -> Result<(Arc<Outlined>, Box<Summary>), ConfigError> {
    let edit = text.edit(before)?;
    let changes = edit.summary(SUMMARY_MOST);
    Ok((Arc::new(edit.into_outlined()), Box::new(changes)))
}
