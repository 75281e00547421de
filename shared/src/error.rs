//! What can go wrong in the library, by what the caller should do about it.

use std::error::Error as StdError;

use crate::backup::FileError;
use crate::config::{ConfigError, PatchError};
use crate::id::{SnapshotName, Version};
use crate::schema::SchemaError;
use crate::visible::visible;

/// The cause of a failure inside AWS or the SDK; for the log only.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// An error with what caused it, and what caused that, in one line: for the log only. What cannot be seen is written out.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| StdError::source(*error));
    visible(&all.map(ToString::to_string).collect::<Vec<_>>().join(": ")).into_owned()
}

/// A failure of the library. The edge turns it into a problem (`crate::problem`).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not a config that can be versioned: mend it and send it again.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The patch cannot be applied: mend it, or read the config again.
    #[error(transparent)]
    Patch(#[from] PatchError),

    /// A schema cannot be used to check configs: mend it and send it again.
    #[error(transparent)]
    Schema(#[from] SchemaError),

    /// The schema that an environment has cannot be used any more: set another.
    #[error("the environment's schema cannot be used: {0}")]
    StoredSchema(#[source] SchemaError),

    /// Other checks took so long that the turn of this one did not come: try again.
    #[error("other checks were under way")]
    ChecksBusy,

    /// A name, note or version is not of its form.
    #[error("invalid {what}: it takes {rule}")]
    InvalidName {
        /// What was read, such as `snapshot`.
        what: &'static str,
        /// The form that it takes.
        rule: &'static str,
    },

    /// The environment has no entries.
    #[error("nothing has been saved in this environment")]
    NoEnvironment,

    /// The history has no such entry.
    #[error("there is no version {0}")]
    NoVersion(Version),

    /// The environment has no snapshot of this name.
    #[error("there is no snapshot {0}")]
    NoSnapshot(SnapshotName),

    /// Nothing is live: no release is published, and the settings say not to serve the working version.
    #[error("nothing is live")]
    NothingLive,

    /// The history had no entry at the given time yet.
    #[error("the history begins later")]
    BeforeHistory,

    /// The idempotency key was used with another request.
    #[error("the idempotency key was used with another request")]
    IdempotencyKeyReused,

    /// Other writers were faster, for as long as the request may take: try again.
    #[error("the environment is being written to by many at once")]
    Contention,

    /// As much work on large configs is under way as the process takes: try again. Nothing was begun.
    #[error("too much work on large configs is under way")]
    Busy,

    /// Whether the write happened is not known: repeat it with its idempotency key.
    #[error("whether the change was saved is not known")]
    OutcomeUnknown(#[source] Cause),

    /// The history was written by a newer version of Waymark: wait for the deployment to finish.
    #[error("the history has format {found}, newer than this function's")]
    NewerFormat {
        /// The entry's format number.
        found: u32,
    },

    /// What is stored does not decode to what was saved. Never answered in its place.
    #[error("version {version} cannot be read safely: {object} {fault}")]
    Damaged {
        /// The version that was to be read.
        version: Version,
        /// The object in the configs bucket.
        object: String,
        /// What is wrong with it.
        fault: String,
    },

    /// An entry of the history, below the newest, is missing or cannot be understood. Others are not affected.
    #[error("entry {version} {fault}")]
    EntryDamaged {
        /// Its version.
        version: Version,
        /// What is wrong with it.
        fault: String,
    },

    /// The disk of a store on this machine is full: make room and send it again. Nothing was written.
    #[error("the disk is full: {action}")]
    StorageFull {
        /// What was being done.
        action: &'static str,
        /// What the store said.
        #[source]
        cause: Cause,
    },

    /// There is no such backup, or its time is over.
    #[error("there is no backup {0}")]
    NoBackup(String),

    /// A backup was written and, read back, is not whole: it does not count.
    #[error("backup {id} was not proven: it {fault}")]
    Unproven {
        /// The backup.
        id: String,
        /// What is wrong with it.
        fault: String,
    },

    /// A file is no backup that can be restored.
    #[error(transparent)]
    File(#[from] FileError),

    /// An upload id that does not exist, has expired or belongs to another environment.
    #[error("there is no upload {0}")]
    NoUpload(String),

    /// What was uploaded is not what was announced.
    #[error("the upload does not match: {0}")]
    UploadMismatch(String),

    /// DynamoDB or S3 did not do as asked: try again later.
    #[error("the storage did not answer: {action}")]
    Storage {
        /// What was being done, such as `read the head`.
        action: &'static str,
        /// Why it failed.
        #[source]
        cause: Cause,
    },

    /// DynamoDB or S3 refused for good what was asked, such as for want of a permission: a fault of the stack.
    #[error("the storage refused: {action}")]
    Refused {
        /// What was being done.
        action: &'static str,
        /// Why it was refused.
        #[source]
        cause: Cause,
    },

    /// What is stored in DynamoDB cannot be understood.
    #[error("an item cannot be understood: {0}")]
    Item(String),
}

impl Error {
    /// A storage failure while doing `action`.
    pub fn storage(action: &'static str) -> impl FnOnce(Cause) -> Self {
        move |cause| match is_full(cause.as_ref()) {
            true => Self::StorageFull { action, cause },
            false => Self::Storage { action, cause },
        }
    }

    /// A refusal for good while doing `action`.
    pub fn refused(action: &'static str, cause: Cause) -> Self {
        match is_full(cause.as_ref()) {
            true => Self::StorageFull { action, cause },
            false => Self::Refused { action, cause },
        }
    }
}

/// The code with which the stores on one machine refuse when their disk is full. AWS has none.
pub const STORAGE_FULL: &str = "StorageFull";

/// Whether a store refused because its disk is full.
fn is_full(cause: &(dyn StdError + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(cause), |cause| StdError::source(*cause));
    causes.any(|cause| {
        let metadata = cause.downcast_ref::<aws_smithy_types::error::ErrorMetadata>();
        metadata.is_some_and(|metadata| metadata.code() == Some(STORAGE_FULL))
    })
}

#[cfg(test)]
mod tests {
    use super::{Error, chain};

    #[test]
    fn no_error_forges_a_line_of_the_log() {
        for c in ['\n', '\r', '\u{1b}', '\u{9b}', '\u{2028}', '\u{202e}'] {
            let logged = chain(&Error::NoUpload(format!("a{c}b")));
            assert!(!logged.contains(c), "{logged:?}");
        }
    }
}
