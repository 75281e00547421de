//! Configs in S3: keyframes, and the deltas that entries carry against them.

use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::sync::Arc;

use crate::config::{Config, MAX_BYTES, Text};
use crate::delta;
use crate::entry::{ConfigRef, Entry, Subject};
use crate::error::{Error, chain};
use crate::heavy;
use crate::id::{AppName, EnvId, Version};
use crate::key;

mod ahead;
mod keyframe;
mod recent;
mod renew;
mod store;

pub use ahead::Ahead;
pub use store::{SUMMARY_MOST, Stored};

use recent::Recent;

/// How much text of keyframes a warm function keeps, in bytes.
pub const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The configs bucket, and the keyframes that were used last.
#[derive(Clone, Debug)]
pub struct Configs {
    s3: aws_sdk_s3::Client,
    bucket: String,
    // Keyframes are immutable, so a copy never grows old. The key is the object's, which names the app: what one
    // app may read is never found for another.
    keyframes: Arc<Cache<String, Keyframe, ByText>>,
    recent: Recent,
}

/// A keyframe that was read from the bucket, or written to it.
#[derive(Clone, Debug)]
struct Keyframe {
    text: Config,
    /// The object's length in bytes.
    stored: u64,
}

/// Weighs a keyframe by its text.
#[derive(Clone, Debug)]
struct ByText;

impl Weighter<String, Keyframe> for ByText {
    fn weight(&self, key: &String, keyframe: &Keyframe) -> u64 {
        (key.len() + keyframe.text.len()) as u64
    }
}

/// A cache of at most so much weight. One shard: several would each get a part of the room, too small for one large config.
pub(crate) fn bounded<K, V, W>(items: usize, weight: u64, weighter: W) -> Cache<K, V, W>
where
    K: Eq + std::hash::Hash,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    let options =
        OptionsBuilder::new().shards(1).estimated_items_capacity(items).weight_capacity(weight).build();
    match options {
        Ok(options) => Cache::with_options(options, weighter, Default::default(), Default::default()),
        Err(_) => Cache::with_weighter(items, weight, weighter),
    }
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
        decoded(app, version, config, keyframe).await
    }

    /// The config of an entry, as [`Configs::read`].
    ///
    /// # Errors
    /// As for [`Configs::read`].
    pub async fn of(&self, app: &AppName, entry: &Entry) -> Result<Config, Error> {
        self.read(app, entry.version, &entry.config).await
    }

    /// The config of an entry that is to be saved over: from memory where it was put away here last, as [`Configs::of`]
    /// otherwise.
    ///
    /// # Errors
    /// As for [`Configs::of`].
    pub async fn newest(&self, env: &EnvId, entry: &Entry) -> Result<Config, Error> {
        match self.recent.get(env, entry.config.sha256) {
            Some(known) => Ok(known.config().clone()),
            None => self.of(&env.app, entry).await,
        }
    }

    /// What is saved on top of an entry, checked as [`Config::check`] does: sooner where the entry's config was put away here
    /// last.
    ///
    /// # Errors
    /// Those of [`Config::check`]; [`Error::Busy`].
    pub async fn check(&self, env: &EnvId, head: Option<&Entry>, text: Text) -> Result<Config, Error> {
        let before = head.and_then(|head| self.recent.get(env, head.config.sha256));
        let checked = heavy::copy(text.len(), || match before {
            Some(before) => text.check_edit(&before),
            None => text.check(),
        });
        Ok(checked.await??)
    }

    /// The subject that names the config of `version`: makes it a keyframe if it is a delta so far. What gets a name
    /// may become what users see, so it is read first: one GET where its keyframe is not in memory. See
    /// [`Configs::prove`] for whether it is in the bucket.
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

    /// The subject of a config that users are about to get, which is in the bucket as a keyframe by then. One PUT for what
    /// is a delta so far; otherwise as [`Configs::prove`].
    ///
    /// # Errors
    /// [`Error::Damaged`]; [`Error::Storage`].
    pub async fn released(
        &self,
        app: &AppName,
        version: Version,
        config: &ConfigRef,
    ) -> Result<Subject, Error> {
        if config.delta.is_some() && self.in_memory(app, config.sha256).is_none() {
            let text = self.read(app, version, config).await?;
            self.put_keyframe(app, &text).await?;
        } else {
            self.prove(app, version, config.sha256).await?;
        }
        Ok(Subject { version, sha256: config.sha256, bytes: config.bytes })
    }

    /// Puts a new config that users are about to get in the bucket, as a keyframe. One PUT, or one HEAD where it was read or
    /// put lately.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn put(&self, app: &AppName, config: &Config) -> Result<(), Error> {
        if self.in_memory(app, config.sha256()).is_some() {
            return self.prove(app, Version::FIRST, config.sha256()).await;
        }
        self.put_keyframe(app, config).await
    }
}

/// The config that an entry refers to, by its keyframe.
async fn decoded(
    app: &AppName,
    version: Version,
    config: &ConfigRef,
    keyframe: Config,
) -> Result<Config, Error> {
    let Some(delta) = &config.delta else { return Ok(keyframe) };
    let damaged = |fault: String| Error::Damaged {
        version,
        object: format!("its entry, against {}", key::keyframe(app, &delta.keyframe)),
        fault,
    };
    let bytes = usize::try_from(config.bytes).unwrap_or(usize::MAX).min(MAX_BYTES);
    let restored = heavy::copy(keyframe.len().max(bytes), || {
        let text = delta::decode(keyframe.text().as_bytes(), &delta.data, bytes)
            .map_err(|e| damaged(e.to_string()))?;
        Config::restored(text, config.sha256).map_err(|e| damaged(e.to_string()))
    });
    restored.await?
}
