//! The configs that were saved last, with their outlines: the next save over one of them is checked and compared by what it
//! changes.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::bounded;
use crate::config::{Config, Outlined};
use crate::hash::Sha256;
use crate::id::AppName;
use crate::key;

/// How much memory they may take in a warm function, in bytes: a config of 3 MB takes about 8 MB.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// The configs that were saved last. They never grow old, since the key holds the hash of the text; and it names the app, as for
/// keyframes.
#[derive(Clone, Debug)]
pub(super) struct Recent(Arc<Cache<String, Arc<Outlined>, ByMemory>>);

/// Weighs a config by its text and outline.
#[derive(Clone, Debug)]
struct ByMemory;

impl Weighter<String, Arc<Outlined>> for ByMemory {
    fn weight(&self, key: &String, config: &Arc<Outlined>) -> u64 {
        (key.len() + config.memory()) as u64
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(bounded(64, CACHE_BYTES, ByMemory)))
    }
}

impl Recent {
    pub(super) fn get(&self, app: &AppName, sha256: Sha256) -> Option<Arc<Outlined>> {
        self.0.get(&key::keyframe(app, &sha256))
    }

    pub(super) fn insert(&self, app: &AppName, config: Outlined) {
        self.0.insert(key::keyframe(app, &config.config().sha256()), Arc::new(config));
    }
}

/// What is saved over.
pub(super) struct Before {
    /// The text of its keyframe.
    pub(super) keyframe: Config,
    pub(super) config: Found,
}

/// A config, as it was found.
pub(super) enum Found {
    Text(Config),
    Outlined(Arc<Outlined>),
}

impl Before {
    /// The config and the one that is saved over it, with their outlines.
    pub(super) fn and(self, new: &Config) -> (Arc<Outlined>, Outlined) {
        let before = match self.config {
            Found::Text(config) => Arc::new(Outlined::of(config)),
            Found::Outlined(outlined) => outlined,
        };
        let after = before.edited(new.clone());
        (before, after)
    }
}
