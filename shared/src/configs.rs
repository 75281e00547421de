//! Configs in S3: keyframes, and the deltas that entries carry against them.

use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::sync::Arc;

use crate::config::diff::Summary;
use crate::config::{Config, ConfigError, MAX_BYTES};
use crate::delta::{self, MAX_DELTA};
use crate::entry::{ConfigRef, Delta, Entry, Subject};
use crate::error::{Error, chain};
use crate::hash::Sha256;
use crate::id::{AppName, Version};
use crate::key;

mod keyframe;
mod recent;

use keyframe::compressed;
use recent::{Before, Found, Recent};

/// How much text of keyframes a warm function keeps, in bytes.
pub const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The configs bucket, and the keyframes that were used last.
#[derive(Clone, Debug)]
pub struct Configs {
    s3: aws_sdk_s3::Client,
    bucket: String,
    // Keyframes are immutable, so a copy never grows old. The key is the object's, which names the app: what one
    // app may read is never found for another.
    keyframes: Arc<Cache<String, Config, ByText>>,
    recent: Recent,
}

/// Weighs a keyframe by its text.
#[derive(Clone, Debug)]
struct ByText;

impl Weighter<String, Config> for ByText {
    fn weight(&self, key: &String, config: &Config) -> u64 {
        (key.len() + config.len()) as u64
    }
}

/// A cache of at most so much weight. One shard: several would each get a part of the room, too small for one large config.
fn bounded<V, W>(items: usize, weight: u64, weighter: W) -> Cache<String, V, W>
where
    V: Clone,
    W: Weighter<String, V> + Clone,
{
    let options =
        OptionsBuilder::new().shards(1).estimated_items_capacity(items).weight_capacity(weight).build();
    match options {
        Ok(options) => Cache::with_options(options, weighter, Default::default(), Default::default()),
        Err(_) => Cache::with_weighter(items, weight, weighter),
    }
}

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

impl Configs {
    /// The configs in `bucket`.
    pub fn new(s3: aws_sdk_s3::Client, bucket: String) -> Self {
        let keyframes = bounded(256, CACHE_BYTES, ByText);
        Self { s3, bucket, keyframes: Arc::new(keyframes), recent: Recent::default() }
    }

    /// Opens a connection by one cheap look at an object that is not there. Whatever comes back, it is open.
    pub async fn warm_up(&self) {
        let looked = self.s3.head_object().bucket(&self.bucket).key("configs/-").send().await;
        if let Err(error) = looked
            && error.raw_response().is_none()
        {
            tracing::warn!(error = chain(&error), "no connection at start");
        }
    }

    /// The config of `version`. No call when its keyframe is in memory, one GET otherwise.
    ///
    /// # Errors
    /// [`Error::Damaged`] when what is stored is not what was saved; [`Error::Storage`].
    pub async fn read(&self, app: &AppName, version: Version, config: &ConfigRef) -> Result<Config, Error> {
        let keyframe = self.keyframe(app, version, config.keyframe()).await?;
        decoded(app, version, config, keyframe)
    }

    /// The config of an entry, as [`Configs::read`].
    ///
    /// # Errors
    /// As for [`Configs::read`].
    pub async fn of(&self, app: &AppName, entry: &Entry) -> Result<Config, Error> {
        self.read(app, entry.version, &entry.config).await
    }

    /// The config of an entry that is to be saved over: from memory where it was put away here lately, as [`Configs::of`]
    /// otherwise.
    ///
    /// # Errors
    /// As for [`Configs::of`].
    pub async fn newest(&self, app: &AppName, entry: &Entry) -> Result<Config, Error> {
        match self.recent.get(app, entry.config.sha256) {
            Some(known) => Ok(known.config().clone()),
            None => self.of(app, entry).await,
        }
    }

    /// What is saved on top of an entry, checked as [`Config::check`] does: sooner where the entry's config was put away here
    /// lately.
    ///
    /// # Errors
    /// Those of [`Config::check`].
    pub fn check(
        &self,
        app: &AppName,
        head: Option<&Entry>,
        text: bytes::Bytes,
    ) -> Result<Config, ConfigError> {
        match head.and_then(|head| self.recent.get(app, head.config.sha256)) {
            Some(before) => Config::check_edit(&before, text),
            None => Config::check(text),
        }
    }

    /// Puts a config away on top of `head`: as a delta where a small one does, as a keyframe otherwise. One PUT for
    /// a keyframe, and one GET where the head's keyframe is not in memory. A head that cannot be read safely does
    /// not stop a save.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn store(&self, app: &AppName, new: &Config, head: Option<&Entry>) -> Result<Stored, Error> {
        self.store_beside(app, new, head, 0).await
    }

    /// [`Configs::store`] for an entry that has so many bytes more of its own than others: its delta and its summary have
    /// less room.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn store_beside(
        &self,
        app: &AppName,
        new: &Config,
        head: Option<&Entry>,
        taken: usize,
    ) -> Result<Stored, Error> {
        let mut damaged = None;
        let before = match head {
            None => None,
            Some(entry) => match self.before(app, entry).await {
                Ok(before) => Some((before, entry.config.keyframe())),
                Err(error @ Error::Damaged { .. }) => {
                    tracing::error!(error = chain(&error), "saving over a config that is damaged");
                    damaged = Some(entry.config.keyframe());
                    None
                }
                Err(error) => return Err(error),
            },
        };
        let plain = ConfigRef { sha256: new.sha256(), bytes: new.len() as u64, delta: None };
        let changes = |before: Before, delta: usize| {
            let (before, after) = before.and(new);
            let room = room_beside(delta.saturating_add(taken));
            let summary = Summary::of_outlined(&before, &after, room);
            self.recent.insert(app, after);
            Some(Box::new(summary))
        };
        let Some((before, keyframe)) = before else {
            self.store_alone(app, new, damaged).await?;
            return Ok(Stored { config: plain, changes: None });
        };
        if keyframe == new.sha256() {
            return Ok(Stored { config: plain, changes: changes(before, 0) });
        }
        let most = MAX_DELTA.saturating_sub(taken);
        match delta::encode(before.keyframe.text().as_bytes(), new.text().as_bytes(), most) {
            Ok(Some(data)) => {
                let changes = changes(before, data.len());
                let delta = Some(Delta { keyframe, data });
                return Ok(Stored { config: ConfigRef { delta, ..plain }, changes });
            }
            Ok(None) => {}
            // A keyframe always serves where a delta fails.
            Err(error) => tracing::warn!(error = chain(&error), "no delta"),
        }
        self.put_keyframe(app, new).await?;
        Ok(Stored { config: plain, changes: changes(before, 0) })
    }

    /// Puts a config away as a keyframe, on top of nothing that can be read. `damaged` is a keyframe that was found not to be what
    /// was saved.
    async fn store_alone(&self, app: &AppName, new: &Config, damaged: Option<Sha256>) -> Result<(), Error> {
        if damaged == Some(new.sha256()) {
            // What stands there was read, and is not this text, whatever its size.
            return self.overwrite(&key::keyframe(app, &new.sha256()), new, compressed(new)?).await;
        }
        self.put_keyframe(app, new).await
    }

    /// What is saved over: from memory where it was put away here lately, as [`Configs::read`] otherwise.
    async fn before(&self, app: &AppName, entry: &Entry) -> Result<Before, Error> {
        let keyframe = self.keyframe(app, entry.version, entry.config.keyframe()).await?;
        let config = match self.recent.get(app, entry.config.sha256) {
            Some(known) => Found::Outlined(known),
            None => Found::Text(decoded(app, entry.version, &entry.config, keyframe.clone())?),
        };
        Ok(Before { keyframe, config })
    }

    /// The subject that names the config of `version`: makes it a keyframe if it is a delta so far. What gets a name
    /// may become what users see, so it is read first: one GET where its keyframe is not in memory.
    ///
    /// # Errors
    /// [`Error::Damaged`]; [`Error::Storage`].
    pub async fn subject(
        &self,
        app: &AppName,
        version: Version,
        config: &ConfigRef,
    ) -> Result<Subject, Error> {
        let text = self.read(app, version, config).await?;
        if config.delta.is_some() {
            self.put_keyframe(app, &text).await?;
        }
        Ok(Subject { version, sha256: config.sha256, bytes: config.bytes })
    }

    /// Puts a config away as a keyframe, for a snapshot to name. One PUT, unless it was read or put lately.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn put(&self, app: &AppName, config: &Config) -> Result<(), Error> {
        self.put_keyframe(app, config).await
    }
}

/// The config that an entry refers to, by its keyframe.
fn decoded(app: &AppName, version: Version, config: &ConfigRef, keyframe: Config) -> Result<Config, Error> {
    let Some(delta) = &config.delta else { return Ok(keyframe) };
    let damaged = |fault: String| Error::Damaged {
        version,
        object: format!("its entry, against {}", key::keyframe(app, &delta.keyframe)),
        fault,
    };
    let bytes = usize::try_from(config.bytes).unwrap_or(usize::MAX).min(MAX_BYTES);
    let text =
        delta::decode(keyframe.text().as_bytes(), &delta.data, bytes).map_err(|e| damaged(e.to_string()))?;
    Config::restored(text, config.sha256).map_err(|e| damaged(e.to_string()))
}

/// Bytes that an entry has for the words of its summary, beside a delta of this length: an entry stays under 4 KB.
fn room_beside(delta: usize) -> usize {
    (SUMMARY_ALWAYS + MAX_DELTA.saturating_sub(delta)).min(SUMMARY_MOST)
}
