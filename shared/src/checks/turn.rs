//! One check at a time: what is compiled or checked beside the threads that answer requests, and ends when
//! nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::config::Config;
use crate::error::Error;
use crate::schema::{Budget, Failures, Schema, SchemaError, Unfinished};

/// How long setting a schema waits for its turn. Compiling takes a second at most.
const COMPILE_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unchecked {
    /// The check was ended.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    /// Another check took so long that the turn of this one did not come.
    #[error("other checks were under way")]
    Busy,
}

/// What a check may take.
pub(super) struct Purpose {
    /// Steps and memory.
    pub(super) budget: Budget,
    /// How long it waits for its turn.
    pub(super) turn_within: Duration,
    /// How long it may run.
    pub(super) within: Duration,
}

/// Whose turn it is. Those who wait are served in their order.
#[derive(Clone, Debug)]
pub(super) struct Turn(Arc<Semaphore>);

impl Default for Turn {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// Ends a check when whoever waits for it does so no more.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Turn {
    pub(super) async fn come(&self, within: Duration) -> Result<OwnedSemaphorePermit, Unchecked> {
        let turn = timeout(within, Arc::clone(&self.0).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(Unchecked::Busy)
    }

    /// Checks a config when its turn has come.
    pub(super) async fn check(
        &self,
        schema: &Arc<Schema>,
        config: &Config,
        most: usize,
        Purpose { budget, turn_within, within }: Purpose,
    ) -> Result<Failures, Unchecked> {
        let turn = self.come(turn_within).await?;
        let _wanted = Wanted(Arc::clone(&budget.cancelled));
        let (schema, config) = (Arc::clone(schema), config.clone());
        let check = spawn_blocking(move || {
            // The next one's turn comes when this check has ended, not when nobody waits for it any more.
            let _turn = turn;
            schema.check(&config, most, &budget)
        });
        match timeout(within, check).await {
            Ok(Ok(found)) => Ok(found?),
            Ok(Err(_)) => Err(Unfinished::Failed.into()),
            Err(_) => Err(Unfinished::Cancelled.into()),
        }
    }

    /// Compiles a schema when its turn has come. The weight that it may have bounds how long that takes.
    pub(super) async fn compile(&self, text: String) -> Result<Result<Schema, SchemaError>, Error> {
        let turn = self.come(COMPILE_WITHIN).await.map_err(|_| Error::ChecksBusy)?;
        let compiled = spawn_blocking(move || {
            let _turn = turn;
            Schema::parse(&text)
        });
        compiled.await.map_err(|_| Error::Item("compiling a schema failed".to_owned()))
    }
}
