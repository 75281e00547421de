//! Checking configs against the JSON Schema of their environment: before a publish, and for warnings.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;

use crate::config::Config;
use crate::entry::ConfigRef;
use crate::error::{Error, chain};
use crate::hash::Sha256;
use crate::history::StoredSchema;
use crate::id::{AppName, EnvId, Version};
use crate::key;
use crate::schema::{Failure, Failures, Schema};
use crate::waymark::Waymark;

/// How many failures a refusal lists.
pub const MOST_FAILURES: usize = 50;

/// How many warnings an answer carries: it is kept with its idempotency key.
const MOST_WARNINGS: usize = 10;

/// How long a publish waits for its check.
const CHECK_WITHIN: Duration = Duration::from_secs(10);

/// How long a save or a roll back waits for its warnings: they must not hold it up.
const WARN_WITHIN: Duration = Duration::from_secs(2);

/// How long a warm function believes what it read of a schema, for the warnings of saves alone.
const BELIEVED: SignedDuration = SignedDuration::from_secs(30);

/// Largest config that a save checks, in bytes: the tree that the check needs takes 14 times as much memory.
const CHECKED_ON_SAVE: usize = 4 * 1024 * 1024;

/// What was read and found out lately. All of it is bounded in number.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Schemas ready to check with, by their SHA-256.
    ready: Arc<Cache<Sha256, Arc<Schema>>>,
    /// The schemas of environments, by their partitions, and when they were read.
    recent: Arc<Cache<String, Read>>,
    /// Whether a config passes, by the SHA-256 of the schema and of the config.
    passed: Arc<Cache<(Sha256, Sha256), bool>>,
}

/// What was read of an environment's schema.
#[derive(Clone, Debug)]
struct Read {
    at: Timestamp,
    schema: Option<Arc<Schema>>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            ready: Arc::new(Cache::new(32)),
            recent: Arc::new(Cache::new(256)),
            passed: Arc::new(Cache::new(4_096)),
        }
    }
}

impl Checks {
    fn ready(&self, stored: &StoredSchema) -> Result<Arc<Schema>, Error> {
        if let Some(schema) = self.ready.get(&stored.sha256) {
            return Ok(schema);
        }
        let schema = Schema::parse(&stored.schema);
        let schema = Arc::new(schema.map_err(|fault| Error::Item(format!("a stored schema: {fault}")))?);
        self.ready.insert(stored.sha256, Arc::clone(&schema));
        Ok(schema)
    }
}

impl Waymark {
    /// The schema of an environment as it is now. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn schema(&self, env: &EnvId) -> Result<Option<Arc<Schema>>, Error> {
        let stored = self.history.schema(env).await?;
        let schema = stored.map(|stored| self.checks.ready(&stored)).transpose()?;
        let read = Read { at: self.sources.clock.now(), schema: schema.clone() };
        self.checks.recent.insert(key::environment(env), read);
        Ok(schema)
    }

    /// Checks a config that is to be published. A check that does not come to an end is a failure of the whole.
    pub async fn check(&self, schema: &Arc<Schema>, config: &Config) -> Failures {
        let failures = checked(schema, config, MOST_FAILURES);
        tokio::time::timeout(CHECK_WITHIN, failures)
            .await
            .unwrap_or_else(|_| Failures::whole("The config could not be checked in time."))
    }

    /// Whether a stored config passes, if that was found out lately.
    pub fn known_to_pass(&self, schema: &Schema, config: &ConfigRef) -> Option<bool> {
        self.checks.passed.get(&(schema.sha256(), config.sha256))
    }

    /// Whether a stored config passes. No call where that is known; otherwise as [`crate::configs::Configs::read`].
    ///
    /// # Errors
    /// As for [`crate::configs::Configs::read`].
    pub async fn passes(
        &self,
        app: &AppName,
        schema: &Arc<Schema>,
        (version, config): (Version, &ConfigRef),
    ) -> Result<bool, Error> {
        if let Some(passed) = self.known_to_pass(schema, config) {
            return Ok(passed);
        }
        let text = self.configs.read(app, version, config).await?;
        let passed = checked(schema, &text, 1).await.is_empty();
        self.checks.passed.insert((schema.sha256(), config.sha256), passed);
        Ok(passed)
    }

    /// What a save warns of; `None` where there is no schema. It never fails and takes at most two seconds. One get where
    /// the schema was not read for half a minute: that long after a schema was set, a warm function may warn by the one
    /// before.
    pub async fn warnings_on_save(&self, env: &EnvId, config: &Config) -> Option<Vec<Failure>> {
        let warnings = async {
            let schema = self.recent_schema(env).await?;
            if let Some(schema) = schema.as_ref().filter(|_| config.len() > CHECKED_ON_SAVE) {
                let known = self.checks.passed.get(&(schema.sha256(), config.sha256()));
                let unknown = Failures::whole("The config is too large to be checked with every save.");
                return Ok(Some(if known == Some(true) { Failures::default() } else { unknown }));
            }
            warnings(schema.as_ref(), config).await
        };
        in_time(warnings).await
    }

    /// What a roll back to a stored config warns of; `None` where there is no schema. It never fails and takes at most two
    /// seconds.
    pub async fn warnings_on_roll_back(
        &self,
        env: &EnvId,
        (version, config): (Version, &ConfigRef),
    ) -> Option<Vec<Failure>> {
        let warnings = async {
            let Some(schema) = self.schema(env).await? else { return Ok(None) };
            match self.configs.read(&env.app, version, config).await {
                Ok(config) => warnings(Some(&schema), &config).await,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "no config to check");
                    Ok(Some(Failures::whole("The config could not be read, so it was not checked.")))
                }
            }
        };
        in_time(warnings).await
    }

    async fn recent_schema(&self, env: &EnvId) -> Result<Option<Arc<Schema>>, Error> {
        let now = self.sources.clock.now();
        match self.checks.recent.get(&key::environment(env)) {
            Some(Read { at, schema }) if now.duration_since(at) < BELIEVED => Ok(schema),
            _ => self.schema(env).await,
        }
    }
}

async fn warnings(schema: Option<&Arc<Schema>>, config: &Config) -> Result<Option<Failures>, Error> {
    let Some(schema) = schema else { return Ok(None) };
    Ok(Some(checked(schema, config, MOST_WARNINGS).await))
}

/// Warnings, as far as they come in time: whatever is in their way, the request goes on.
async fn in_time(warnings: impl Future<Output = Result<Option<Failures>, Error>>) -> Option<Vec<Failure>> {
    let warnings = match tokio::time::timeout(WARN_WITHIN, warnings).await {
        Ok(Ok(warnings)) => warnings,
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "no schema to check with");
            None
        }
        Err(_) => Some(Failures::whole("The config could not be checked in time.")),
    };
    warnings.map(|warnings| warnings.items)
}

/// Checks beside the threads that answer requests: a large config takes its time.
async fn checked(schema: &Arc<Schema>, config: &Config, most: usize) -> Failures {
    let (schema, config) = (Arc::clone(schema), config.clone());
    let checked = tokio::task::spawn_blocking(move || schema.check(&config, most)).await;
    checked.unwrap_or_else(|_| Failures::whole("The config could not be checked."))
}
