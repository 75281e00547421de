//! Work on whole configs, kept off the threads that answer requests and bounded in number and bytes.
//!
//! A worker thread that merges two large configs for two seconds answers no other request meanwhile. So work on more
//! than [`INLINE`] bytes hands the thread's other requests to another thread, and waits for a place in a lane first.
//! Small and large work have lanes of their own, so that a save of 100 KB does not wait behind a merge of 30 MB.
//!
//! | work | up to | lane |
//! |---|---|---|
//! | any | 64 KiB | none: done at once, on the same thread |
//! | copy: hash, check, compress, decompress | 1 MiB | none: some milliseconds |
//! | copy | any size | `COPY_BYTES` at once |
//! | compare: patch, merge, diff | 1 MiB | as many at once as there are processors |
//! | compare | any size | `COMPARE_BYTES` at once, on half of the processors |
//!
//! A function on Lambda has one request at a time and finds every lane free. On a runtime with one thread, as in tests,
//! there is nothing to keep free and everything is done at once.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::error::Error;

#[cfg(test)]
mod tests;

/// Up to this many bytes, work is done on the thread that it is on: moving that thread's other work takes some 10 µs.
pub const INLINE: usize = 64 * 1024;

/// Up to this many bytes, copying does not wait: it takes a few milliseconds.
const COPY_FREELY: usize = 1024 * 1024;

/// Up to this many bytes, comparing has a lane of its own: it takes a few milliseconds, and some 100 at worst.
const COMPARE_SMALL: usize = 1024 * 1024;

/// Bytes of large texts that are copied at once.
const COPY_BYTES: usize = 128 * 1024 * 1024;

/// Bytes of large texts that are compared at once: three of the largest configs. Comparing takes some 7 times as much.
const COMPARE_BYTES: usize = 96 * 1024 * 1024;

/// Bytes of texts that may be in one lane, waiting or not. More are refused at once, since waiting texts take memory.
const QUEUE_BYTES: usize = 256 * 1024 * 1024;

/// The same for copying: mostly compressed texts wait there, weighed by what they may decompress to.
const COPY_QUEUE_BYTES: usize = 1024 * 1024 * 1024;

/// How long work waits for its place.
const WAIT: Duration = Duration::from_secs(5);

/// Bytes of decompressed bodies that all requests hold together.
const BODY_BYTES: usize = 128 * 1024 * 1024;

/// The lanes of this process.
static LANES: LazyLock<Lanes> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Lanes {
        copy: Lane::new(processors.max(2), COPY_BYTES, COPY_QUEUE_BYTES, WAIT),
        small: Lane::new(processors.max(2), QUEUE_BYTES, QUEUE_BYTES, WAIT),
        large: Lane::new((processors / 2).max(1), COMPARE_BYTES, QUEUE_BYTES, WAIT),
    }
});

/// Runs work whose time is in proportion to its `bytes`, at most some 20 ns each: hashing, checking, compressing.
///
/// # Errors
/// [`Error::Busy`] when there is no place within 5 s. The work has not begun then.
pub async fn copy<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T, Error> {
    if bytes <= INLINE {
        return Ok(work());
    }
    let lane = (bytes > COPY_FREELY).then(|| &LANES.copy);
    run(lane, bytes, work).await
}

/// Runs work that compares or edits configs of `bytes` together: up to seconds, and several times their memory.
///
/// # Errors
/// As for [`copy`].
pub async fn compare<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T, Error> {
    if bytes <= INLINE {
        return Ok(work());
    }
    run(Some(if bytes > COMPARE_SMALL { &LANES.large } else { &LANES.small }), bytes, work).await
}

async fn run<T>(lane: Option<&Lane>, bytes: usize, work: impl FnOnce() -> T) -> Result<T, Error> {
    let has_threads = Handle::try_current()
        .is_ok_and(|runtime| matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread));
    if !has_threads {
        return Ok(work());
    }
    let _place = match lane {
        Some(lane) => Some(lane.enter(bytes).await?),
        None => None,
    };
    Ok(block_in_place(work))
}

struct Lanes {
    copy: Lane,
    small: Lane,
    large: Lane,
}

/// Work of one kind, of which only so much is done at once.
struct Lane {
    threads: Semaphore,
    running: Bytes,
    /// What runs and what waits.
    queue: Bytes,
    wait: Duration,
}

/// A place in a lane, until it is dropped.
struct InLane<'a> {
    _queued: SemaphorePermit<'a>,
    _thread: SemaphorePermit<'a>,
    _running: SemaphorePermit<'a>,
}

impl Lane {
    fn new(threads: usize, bytes: usize, queue: usize, wait: Duration) -> Self {
        Self { threads: Semaphore::new(threads), running: Bytes::new(bytes), queue: Bytes::new(queue), wait }
    }

    /// Waits for a place. Work that is larger than the whole lane waits until it is alone.
    async fn enter(&self, bytes: usize) -> Result<InLane<'_>, Error> {
        let queued = self.queue.semaphore.try_acquire_many(self.queue.units(bytes));
        let queued = queued.map_err(|_| Error::Busy)?;
        let place = async {
            let thread = self.threads.acquire().await.map_err(|_| Error::Busy)?;
            let running = self.running.semaphore.acquire_many(self.running.units(bytes)).await;
            Ok::<_, Error>((thread, running.map_err(|_| Error::Busy)?))
        };
        let (thread, running) = timeout(self.wait, place).await.map_err(|_| Error::Busy)??;
        Ok(InLane { _queued: queued, _thread: thread, _running: running })
    }
}

/// A number of bytes to share, in units of 1 KiB.
struct Bytes {
    semaphore: Arc<Semaphore>,
    all: u32,
}

impl Bytes {
    fn new(bytes: usize) -> Self {
        let all = kib(bytes);
        Self { semaphore: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// The share of so many bytes: all there is for more.
    fn units(&self, bytes: usize) -> u32 {
        kib(bytes).min(self.all)
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// The memory that the bodies of all requests share once they are decompressed.
#[derive(Clone, Debug)]
pub struct Room {
    semaphore: Arc<Semaphore>,
    all: u32,
    wait: Duration,
}

/// A part of a [`Room`], until it is dropped.
#[derive(Debug, Default)]
pub struct Held(Option<OwnedSemaphorePermit>);

impl Default for Room {
    fn default() -> Self {
        Self::new(BODY_BYTES, WAIT)
    }
}

impl Room {
    fn new(bytes: usize, wait: Duration) -> Self {
        let all = kib(bytes);
        Self { semaphore: Arc::new(Semaphore::new(all as usize)), all, wait }
    }

    /// Takes room for so many bytes.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is none within 5 s.
    pub async fn take(&self, bytes: usize) -> Result<Held, Error> {
        if bytes <= INLINE {
            return Ok(Held(None));
        }
        let taken = Arc::clone(&self.semaphore).acquire_many_owned(kib(bytes).min(self.all));
        match timeout(self.wait, taken).await {
            Ok(Ok(permit)) => Ok(Held(Some(permit))),
            _ => Err(Error::Busy),
        }
    }
}

impl Held {
    /// Gives back what is more than so many bytes.
    pub fn shrink(&mut self, bytes: usize) {
        let Some(permit) = &mut self.0 else { return };
        let more = permit.num_permits().saturating_sub(kib(bytes) as usize);
        drop(permit.split(more));
    }
}
