//! The memory that bodies and answers of all requests share while they are on their way.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::refusal::Refusal;

/// Bytes that are held at once, in all bodies or in all answers.
const BYTES: usize = 128 * 1024 * 1024;

/// Up to this many bytes are not counted: as many connections as there may be hold 16 MB of them.
const FREE: usize = 64 * 1024;

/// How long a request waits for its share.
const WAIT: Duration = Duration::from_secs(5);

/// A number of bytes to share, in units of 1 KiB.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>, u32);

/// A part of a room, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Share(Option<OwnedSemaphorePermit>);

impl Default for Room {
    fn default() -> Self {
        Self::of(BYTES)
    }
}

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(kib(bytes) as usize)), kib(bytes))
    }

    /// Makes a share as large as `bytes`, unless it is.
    ///
    /// # Errors
    /// [`Refusal::Full`] when there is no room within 5 s.
    pub(super) async fn grow(&self, share: &mut Share, bytes: usize) -> Result<(), Refusal> {
        let has = share.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = if bytes <= FREE { 0 } else { kib(bytes).min(self.1) };
        let more = wanted.saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if more == 0 {
            return Ok(());
        }
        let taken = timeout(WAIT, Arc::clone(&self.0).acquire_many_owned(more)).await;
        let taken = taken.ok().and_then(Result::ok).ok_or(Refusal::Full)?;
        match &mut share.0 {
            Some(permit) => permit.merge(taken),
            None => share.0 = Some(taken),
        }
        Ok(())
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// Bytes that keep their share until the last of them is written.
struct Shared(Bytes, #[allow(dead_code, reason = "given back when the bytes are dropped")] Share);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Share {
    /// The bytes, which give the share back when they are dropped.
    pub(super) fn with(self, bytes: Bytes) -> Bytes {
        if self.0.is_none() { bytes } else { Bytes::from_owner(Shared(bytes, self)) }
    }
}
