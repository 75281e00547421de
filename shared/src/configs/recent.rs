//! The config that was put away last in an environment, with its outline: the next save over it is checked and compared by what it
//! changes.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::bounded;
use crate::config::Outlined;
use crate::hash::Sha256;
use crate::id::EnvId;
use crate::key;

/// How much memory they may take in a warm function, in bytes: a config of 3 MB takes about 6 MB, and one of 20 MB 42.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The configs that were put away last. Whether one is the newest of its environment is known only by the newest entry.
#[derive(Clone, Debug)]
pub(super) struct Recent(Arc<Cache<String, Last, ByMemory>>);

/// What was put away last in an environment.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) config: Arc<Outlined>,
    /// The keyframe that it is read from.
    pub(super) keyframe: Sha256,
}

/// Weighs a config by its text and outline.
#[derive(Clone, Debug)]
struct ByMemory;

impl Weighter<String, Last> for ByMemory {
    fn weight(&self, key: &String, last: &Last) -> u64 {
        (key.len() + last.config.memory()) as u64
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(bounded(64, CACHE_BYTES, ByMemory)))
    }
}

impl Recent {
    /// What was put away last.
    pub(super) fn last(&self, env: &EnvId) -> Option<Last> {
        self.0.get(&key::environment(env))
    }

    /// The config that was put away last, if it is this one.
    pub(super) fn get(&self, env: &EnvId, sha256: Sha256) -> Option<Arc<Outlined>> {
        self.last(env).map(|last| last.config).filter(|config| config.config().sha256() == sha256)
    }

    pub(super) fn insert(&self, env: &EnvId, last: Last) {
        self.0.insert(key::environment(env), last);
    }
}
