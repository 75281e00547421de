//! Putting a config away for an entry: as a delta where a small one does, as a keyframe otherwise.

use std::sync::Arc;

use super::keyframe::compressed;
use super::recent::Last;
use super::{Ahead, Configs, decoded, renew};
use crate::config::diff::Summary;
use crate::config::{Config, Outlined};
use crate::delta::{self, DeltaError, MAX_DELTA};
use crate::entry::{ConfigRef, Delta, Entry};
use crate::error::{Error, chain};
use crate::hash::Sha256;
use crate::heavy;
use crate::id::{AppName, EnvId};
use crate::key;

/// Bytes of a summary beside the largest delta, which leaves that much of 4 KB.
const SUMMARY_ALWAYS: usize = 80;

/// Most bytes of a summary.
pub const SUMMARY_MOST: usize = 480;

/// A config that was put away.
#[derive(Clone, Debug)]
pub struct Stored {
    /// How an entry refers to it.
    pub config: ConfigRef,
    /// What changed since the config that it was saved over; `None` where there was none, or none that can be read.
    pub changes: Option<Box<Summary>>,
}

/// What is saved over, and the delta that leads from its keyframe to what is saved, if one does.
struct Before {
    config: Found,
    delta: Option<Vec<u8>>,
}

/// The config that is saved over, as it was found.
enum Found {
    Text(Config),
    Outlined(Arc<Outlined>),
    /// With the one that is saved, and what changed in [`SUMMARY_MOST`] bytes.
    Ahead(Arc<Outlined>, Arc<Outlined>, Box<Summary>),
}

impl Found {
    fn config(&self) -> &Config {
        match self {
            Self::Text(config) => config,
            Self::Outlined(before) | Self::Ahead(before, ..) => before.config(),
        }
    }

    /// `new`, which is saved over the config, with its outline; and what changed in `room` bytes.
    fn and(self, new: &Config, room: usize) -> (Arc<Outlined>, Box<Summary>) {
        match self {
            Self::Ahead(_, after, changes) if room == SUMMARY_MOST => (after, changes),
            Self::Ahead(before, after, _) => {
                let changes = Summary::of_outlined(&before, &after, room);
                (after, Box::new(changes))
            }
            Self::Text(config) => edited(&Outlined::of(config), new, room),
            Self::Outlined(before) => edited(&before, new, room),
        }
    }
}

impl Configs {
    /// Puts a config away on top of `head`: as a delta where a small one does, as a keyframe otherwise. One PUT for
    /// a keyframe, and one GET where the head's keyframe is not in memory. A head that cannot be read safely does
    /// not stop a save. What was made ready `ahead` is used if it is of this config and head.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn store(
        &self,
        env: &EnvId,
        new: &Config,
        head: Option<&Entry>,
        ahead: Option<Ahead>,
    ) -> Result<Stored, Error> {
        let Some(head) = head else { return self.store_alone(&env.app, new, None).await };
        if let Some(ahead) = ahead.filter(|ahead| ahead.serves(new, head)) {
            let Ahead { before, after, changes, delta, .. } = ahead;
            let before = Before { config: Found::Ahead(before, after, changes), delta };
            return self.store_over(env, new, head, before, 0).await;
        }
        self.store_beside(env, new, Some(head), 0).await
    }

    /// [`Configs::store`] for an entry that has so many bytes more of its own than others: its delta and its summary have
    /// less room.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn store_beside(
        &self,
        env: &EnvId,
        new: &Config,
        head: Option<&Entry>,
        taken: usize,
    ) -> Result<Stored, Error> {
        let Some(head) = head else { return self.store_alone(&env.app, new, None).await };
        match self.before(env, head, new, MAX_DELTA.saturating_sub(taken)).await {
            Ok(before) => self.store_over(env, new, head, before, taken).await,
            Err(error @ Error::Damaged { .. }) => {
                tracing::error!(error = chain(&error), "saving over a config that is damaged");
                self.store_alone(&env.app, new, Some(head.config.keyframe())).await
            }
            Err(error) => Err(error),
        }
    }

    /// Puts a config away as a keyframe, on top of nothing that can be read. `damaged` is a keyframe that was found not to be what
    /// was saved.
    async fn store_alone(
        &self,
        app: &AppName,
        new: &Config,
        damaged: Option<Sha256>,
    ) -> Result<Stored, Error> {
        if damaged == Some(new.sha256()) {
            // What stands there was read, and is not this text, whatever its size.
            self.overwrite(&key::keyframe(app, &new.sha256()), new, compressed(new).await?).await?;
        } else {
            self.put_keyframe(app, new).await?;
        }
        Ok(Stored { config: reference(new, None), changes: None })
    }

    /// Puts a config away on top of what was read of `head`.
    async fn store_over(
        &self,
        env: &EnvId,
        new: &Config,
        head: &Entry,
        before: Before,
        taken: usize,
    ) -> Result<Stored, Error> {
        let keyframe = head.config.keyframe();
        let delta = before.delta.filter(|_| keyframe != new.sha256());
        let delta = delta.map(|data| Delta { keyframe, data });
        if delta.is_none() && keyframe != new.sha256() {
            self.put_keyframe(&env.app, new).await?;
        }
        let length = delta.as_ref().map_or(0, |delta| delta.data.len());
        let bytes = before.config.config().len().saturating_add(new.len());
        let room = room_beside(length.saturating_add(taken));
        let (after, changes) = heavy::compare(bytes, || before.config.and(new, room)).await?;
        let config = reference(new, delta);
        self.recent.insert(env, Last { config: after, keyframe: config.keyframe() });
        Ok(Stored { config, changes: Some(changes) })
    }

    /// Reads what is saved over, from memory where it was put away here last, and encodes what is saved.
    async fn before(&self, env: &EnvId, head: &Entry, new: &Config, most: usize) -> Result<Before, Error> {
        let keyframe = self.keyframe(&env.app, head.version, head.config.keyframe()).await?;
        let config = match self.recent.get(env, head.config.sha256) {
            Some(known) => Found::Outlined(known),
            None => Found::Text(decoded(&env.app, head.version, &head.config, keyframe.clone()).await?),
        };
        if keyframe.sha256() == new.sha256() {
            return Ok(Before { config, delta: None });
        }
        let bytes = keyframe.len().saturating_add(new.len());
        let delta = heavy::copy(bytes, || encoded(&keyframe, head, config.config(), new, most)).await?;
        let delta = delta.unwrap_or_else(|error| {
            // A keyframe always serves where a delta fails.
            tracing::warn!(error = chain(&error), "no delta");
            None
        });
        Ok(Before { config, delta })
    }
}

/// The delta of a config, where one is of use.
fn encoded(
    keyframe: &Config,
    head: &Entry,
    before: &Config,
    new: &Config,
    most: usize,
) -> Result<Option<Vec<u8>>, DeltaError> {
    let delta = delta::encode(keyframe.text().as_bytes(), new.text().as_bytes(), most)?;
    match delta {
        Some(delta) if renew::is_due(new, before, head, delta.len())? => Ok(None),
        delta => Ok(delta),
    }
}

fn edited(before: &Outlined, new: &Config, room: usize) -> (Arc<Outlined>, Box<Summary>) {
    let edit = before.edited(new.clone());
    let changes = edit.summary(room);
    (Arc::new(edit.into_outlined()), Box::new(changes))
}

/// How an entry refers to a config.
fn reference(config: &Config, delta: Option<Delta>) -> ConfigRef {
    ConfigRef { sha256: config.sha256(), bytes: config.len() as u64, delta }
}

/// Bytes that an entry has for the words of its summary, beside a delta of this length: an entry stays under 4 KB.
fn room_beside(delta: usize) -> usize {
    (SUMMARY_ALWAYS + MAX_DELTA.saturating_sub(delta)).min(SUMMARY_MOST)
}
