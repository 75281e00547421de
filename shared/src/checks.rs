//! Checking configs against the JSON Schema of their environment: before a publish, and for warnings.
//!
//! Every check has a budget, and one at a time runs in a process. Whoever stops waiting ends it: nothing of
//! a check goes on after the answer.

#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::config::Config;
use crate::configs::bounded;
use crate::entry::ConfigRef;
use crate::error::{Error, chain};
use crate::hash::Sha256;
use crate::history::StoredSchema;
use crate::id::{AppName, EnvId, Version};
use crate::key;
use crate::schema::{Budget, Failure, Failures, Schema, Unfinished};
use crate::waymark::Waymark;

pub use turn::Unchecked;
use turn::{Purpose, Turn};

/// How many failures a refusal lists.
pub const MOST_FAILURES: usize = 50;

/// How many warnings an answer carries: it is kept with its idempotency key.
const MOST_WARNINGS: usize = 10;

/// How long a publish waits for its turn, and then for its check.
const CHECK_WITHIN: Duration = Duration::from_secs(10);

/// How long a save or a roll back waits for its warnings: they must not hold it up.
const WARN_WITHIN: Duration = Duration::from_secs(2);

/// How long a check for warnings waits for its turn: a costly check of another app does not hold saves up
/// for longer.
const TURN_TO_WARN: Duration = Duration::from_millis(500);

/// How long a warm function believes what it read of a schema, for the warnings of saves alone.
const BELIEVED: SignedDuration = SignedDuration::from_secs(30);

/// Largest config that a save or a listing checks, in bytes.
const CHECKED_ON_SAVE: usize = 4 * 1024 * 1024;

/// What checking a config that is to be published may take. A step takes some 10 to 40 ns; the memory is
/// what 32 MiB of JSON take at most, and 64 MiB more.
const TO_PUBLISH: (u64, usize) = (200_000_000, 192 * 1024 * 1024);

/// What checking for warnings may take: a tenth of the steps, and a config of at most 4 MiB.
const TO_WARN: (u64, usize) = (20_000_000, 48 * 1024 * 1024);

/// How much memory schemas that are ready to check with take in a warm function, in bytes.
const READY_BYTES: u64 = 64 * 1024 * 1024;

/// What was read and found out lately. All of it is bounded: schemas by what they weigh, the rest in number,
/// of 200 bytes at most each.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Schemas ready to check with, by their SHA-256.
    ready: Arc<Cache<Sha256, Arc<Schema>, ByWeight>>,
    /// The schemas of environments, by their partitions, and when they were read.
    recent: Arc<Cache<String, Read>>,
    /// Whether a config passes, by the SHA-256 of the schema and of the config.
    passed: Arc<Cache<(Sha256, Sha256), Known>>,
    /// Whose turn it is to check.
    turn: Turn,
    /// What a check may take, before a publish and for warnings: steps, and bytes of memory.
    to_publish: (u64, usize),
    to_warn: (u64, usize),
}

/// What was read of an environment's schema.
#[derive(Clone, Debug)]
struct Read {
    at: Timestamp,
    schema: Option<Sha256>,
}

/// What is known of a config and a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Whether it passes.
    Verdict(bool),
    /// The check takes more than it may for this purpose: it would again.
    TooCostly,
}

impl Known {
    /// Whether it passes, where that is known.
    pub fn verdict(self) -> Option<bool> {
        match self {
            Self::Verdict(passes) => Some(passes),
            Self::TooCostly => None,
        }
    }
}

/// Weighs a schema by the memory that it takes.
#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Sha256, Arc<Schema>> for ByWeight {
    fn weight(&self, _: &Sha256, schema: &Arc<Schema>) -> u64 {
        schema.weight() as u64
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            ready: Arc::new(bounded(32, READY_BYTES, ByWeight)),
            recent: Arc::new(Cache::new(256)),
            passed: Arc::new(Cache::new(4_096)),
            turn: Turn::default(),
            to_publish: TO_PUBLISH,
            to_warn: TO_WARN,
        }
    }
}

impl Checks {
    /// Checks that may take so many steps before a publish, and for warnings.
    pub fn with_steps(to_publish: u64, to_warn: u64) -> Self {
        let default = Self::default();
        Self {
            to_publish: (to_publish, default.to_publish.1),
            to_warn: (to_warn, default.to_warn.1),
            ..default
        }
    }

    fn purpose_of_warnings(&self) -> Purpose {
        let budget = Budget::new(self.to_warn.0, self.to_warn.1);
        Purpose { budget, turn_within: TURN_TO_WARN, within: WARN_WITHIN }
    }

    /// Compiles and weighs the text of a schema, for the settings.
    ///
    /// # Errors
    /// [`Error::Schema`]: it is none, or too heavy. [`Error::ChecksBusy`].
    pub async fn compile(&self, text: String) -> Result<Arc<Schema>, Error> {
        let schema = self.turn.compile(text).await?.map(Arc::new)?;
        self.ready.insert(schema.sha256(), Arc::clone(&schema));
        Ok(schema)
    }

    async fn ready(&self, stored: StoredSchema) -> Result<Arc<Schema>, Error> {
        if let Some(schema) = self.ready.get(&stored.sha256) {
            return Ok(schema);
        }
        match self.compile(stored.schema).await {
            Err(Error::Schema(fault)) => Err(Error::StoredSchema(fault)),
            other => other,
        }
    }

    /// Remembers a verdict, and that there is none. What was not asked to its end says nothing.
    fn remember(&self, schema: &Schema, config: Sha256, found: &Result<Failures, Unchecked>) {
        let known = match found {
            Ok(failures) => Known::Verdict(failures.is_empty()),
            Err(Unchecked::Unfinished(Unfinished::Steps | Unfinished::Memory | Unfinished::Levels)) => {
                Known::TooCostly
            }
            Err(_) => return,
        };
        self.passed.insert((schema.sha256(), config), known);
    }
}

impl Waymark {
    /// The schema of an environment as it is now. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`]; [`Error::StoredSchema`]; [`Error::ChecksBusy`].
    pub async fn schema(&self, env: &EnvId) -> Result<Option<Arc<Schema>>, Error> {
        let stored = self.history.schema(env).await?;
        let read = Read { at: self.sources.clock.now(), schema: stored.as_ref().map(|stored| stored.sha256) };
        let schema = match stored {
            Some(stored) => Some(self.checks.ready(stored).await?),
            None => None,
        };
        self.checks.recent.insert(key::environment(env), read);
        Ok(schema)
    }

    /// Checks a config that is to be published, when its turn has come.
    ///
    /// # Errors
    /// When there is no verdict.
    pub async fn check(&self, schema: &Arc<Schema>, config: &Config) -> Result<Failures, Unchecked> {
        let budget = Budget::new(self.checks.to_publish.0, self.checks.to_publish.1);
        let purpose = Purpose { budget, turn_within: CHECK_WITHIN, within: CHECK_WITHIN };
        let found = self.checks.turn.check(schema, config, MOST_FAILURES, purpose).await;
        if let Ok(failures) = &found {
            let known = Known::Verdict(failures.is_empty());
            self.checks.passed.insert((schema.sha256(), config.sha256()), known);
        }
        found
    }

    /// What was found out lately of a stored config.
    pub fn known_to_pass(&self, schema: &Schema, config: &ConfigRef) -> Option<Known> {
        self.checks.passed.get(&(schema.sha256(), config.sha256))
    }

    /// Whether a stored config passes; `None` where it is too large or too costly to check for a listing. No
    /// call where that is known; otherwise as [`crate::configs::Configs::read`].
    ///
    /// # Errors
    /// As for [`crate::configs::Configs::read`].
    pub async fn passes(
        &self,
        app: &AppName,
        schema: &Arc<Schema>,
        (version, config): (Version, &ConfigRef),
    ) -> Result<Option<bool>, Error> {
        if let Some(known) = self.known_to_pass(schema, config) {
            return Ok(known.verdict());
        }
        if usize::try_from(config.bytes).map_or(true, |bytes| bytes > CHECKED_ON_SAVE) {
            return Ok(None);
        }
        let text = self.configs.read(app, version, config).await?;
        let found = self.checks.turn.check(schema, &text, 1, self.checks.purpose_of_warnings()).await;
        self.checks.remember(schema, config.sha256, &found);
        Ok(found.ok().map(|failures| failures.is_empty()))
    }

    /// What a save warns of; `None` where there is no schema. It never fails and takes at most two seconds.
    /// One get where the schema was not read for half a minute: that long after a schema was set, a warm
    /// function may warn by the one before.
    pub async fn warnings_on_save(&self, env: &EnvId, config: &Config) -> Option<Vec<Failure>> {
        let warnings = async {
            let schema = self.recent_schema(env).await?;
            if let Some(schema) = schema.as_ref().filter(|_| config.len() > CHECKED_ON_SAVE) {
                let known = self.checks.passed.get(&(schema.sha256(), config.sha256()));
                let unknown = Failures::whole("The config is too large to be checked with every save.");
                let passes = known == Some(Known::Verdict(true));
                return Ok(Some(if passes { Failures::default() } else { unknown }));
            }
            Ok(self.warnings(schema.as_ref(), config).await)
        };
        in_time(warnings).await
    }

    /// What a roll back to a stored config warns of; `None` where there is no schema. It never fails and
    /// takes at most two seconds.
    pub async fn warnings_on_roll_back(
        &self,
        env: &EnvId,
        (version, config): (Version, &ConfigRef),
    ) -> Option<Vec<Failure>> {
        let warnings = async {
            let Some(schema) = self.schema(env).await? else { return Ok(None) };
            match self.configs.read(&env.app, version, config).await {
                Ok(config) => Ok(self.warnings(Some(&schema), &config).await),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "no config to check");
                    Ok(Some(Failures::whole("The config could not be read, so it was not checked.")))
                }
            }
        };
        in_time(warnings).await
    }

    /// What a preview warns of, by the schema of now; `None` where there is none. One get. It never fails and takes at
    /// most two seconds.
    pub async fn warnings_on_preview(&self, env: &EnvId, config: &Config) -> Option<Vec<Failure>> {
        let warnings = async {
            let schema = self.schema(env).await?;
            Ok(self.warnings(schema.as_ref(), config).await)
        };
        in_time(warnings).await
    }

    async fn recent_schema(&self, env: &EnvId) -> Result<Option<Arc<Schema>>, Error> {
        let now = self.sources.clock.now();
        let read = self.checks.recent.get(&key::environment(env));
        match read.filter(|read| now.duration_since(read.at) < BELIEVED) {
            Some(Read { schema: None, .. }) => Ok(None),
            Some(Read { schema: Some(sha256), .. }) => match self.checks.ready.get(&sha256) {
                Some(schema) => Ok(Some(schema)),
                None => self.schema(env).await,
            },
            None => self.schema(env).await,
        }
    }

    async fn warnings(&self, schema: Option<&Arc<Schema>>, config: &Config) -> Option<Failures> {
        let schema = schema?;
        let purpose = self.checks.purpose_of_warnings();
        let found = self.checks.turn.check(schema, config, MOST_WARNINGS, purpose).await;
        self.checks.remember(schema, config.sha256(), &found);
        Some(found.unwrap_or_else(|why| Failures::whole(format!("The config could not be checked: {why}."))))
    }
}

/// Warnings, as far as they come in time: whatever is in their way, the request goes on.
async fn in_time(warnings: impl Future<Output = Result<Option<Failures>, Error>>) -> Option<Vec<Failure>> {
    let warnings = match tokio::time::timeout(WARN_WITHIN, warnings).await {
        Ok(Ok(warnings)) => warnings,
        Ok(Err(Error::StoredSchema(fault))) => Some(Failures::whole(format!(
            "The config could not be checked: the schema cannot be used: {fault}."
        ))),
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "no schema to check with");
            None
        }
        Err(_) => Some(Failures::whole("The config could not be checked in time.")),
    };
    warnings.map(|warnings| warnings.items)
}
