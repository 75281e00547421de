//! What is noted while a request or a job is worked on, for its line.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::id::Version;

tokio::task_local! {
    static OBSERVED: Observed;
}

/// The notes of one request or job. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed(Arc<Mutex<Notes>>);

/// What was noted.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) dynamodb: u32,
    pub(super) s3: u32,
    pub(super) sqs: u32,
    pub(super) attempts: u32,
    pub(super) waited: Duration,
    pub(super) version: Option<Version>,
    pub(super) due: Option<u64>,
    pub(super) backed_up: bool,
    pub(super) damaged: u32,
}

impl Observed {
    /// Does `work`; what is noted meanwhile is noted here.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        OBSERVED.scope(self.clone(), work).await
    }

    /// What was noted.
    pub(super) fn take(&self) -> Notes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes something of the request or job that is being worked on; nothing outside of one.
pub(super) fn note(add: impl FnOnce(&mut Notes)) {
    // Outside of a request, at start for one, there is no line to write it in.
    let _ = OBSERVED.try_with(|observed| add(&mut observed.0.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Notes the version that was made or read, where no header of the answer says it.
pub fn version(version: Version) {
    note(|notes| notes.version = Some(version));
}

/// Notes how many environments are due for a backup.
pub fn due(environments: u64) {
    note(|notes| notes.due = Some(environments));
}

/// Notes that an environment's scheduled backup was taken, or stands for it already. The template's alarm counts these.
pub fn backed_up() {
    note(|notes| notes.backed_up = true);
}

/// Notes that a backup is damaged. The template's alarm counts these.
pub fn damaged() {
    note(|notes| notes.damaged += 1);
}
