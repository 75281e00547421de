//! Uploads that were announced: their ids belong to one environment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Alongside, History, Mutation, Reply, parsed};
use crate::error::Error;
use crate::hash::Sha256;
use crate::id::EnvId;
use crate::key;

/// How long an upload can be used. The transfer bucket keeps objects for a day.
const LIFETIME: SignedDuration = SignedDuration::from_hours(23);

/// An upload that was announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// When it can no longer be used, in seconds since 1970; also the table's TTL attribute.
    pub expires: i64,
}

impl Upload {
    /// An upload that is announced at `now`: it can be used for 23 hours.
    pub fn announced(id: String, bytes: u64, sha256: Sha256, now: Timestamp) -> Self {
        Self { id, bytes, sha256, expires: (now + LIFETIME).as_second() }
    }

    /// Whether it can still be used at `now`.
    fn counts(&self, now: Timestamp) -> bool {
        now.as_second() < self.expires
    }
}

impl History {
    /// Records an announced upload and answers `reply`, or what the same request was answered before.
    ///
    /// # Errors
    /// As for [`History::commit`].
    pub async fn announce(&self, mutation: &Mutation, upload: Upload, reply: Reply) -> Result<Reply, Error> {
        if let Some(reply) = self.replayed(mutation).await? {
            return Ok(reply);
        }
        self.record(mutation, &[Alongside::Upload(upload)], reply).await
    }

    /// The upload of this id that was announced in this environment. One get.
    ///
    /// # Errors
    /// [`Error::NoUpload`] when there is none or its time is over; [`Error::Storage`]; [`Error::Item`].
    pub async fn upload(&self, env: &EnvId, id: &str) -> Result<Upload, Error> {
        let missing = || Error::NoUpload(id.chars().take(64).collect());
        if id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(missing());
        }
        let upload: Option<Upload> =
            self.get(&key::environment(env), &key::upload(id)).await?.map(parsed).transpose()?;
        upload.filter(|upload| upload.counts(self.sources.clock.now())).ok_or_else(missing)
    }
}
