//! A clock that stands still until a test moves it, and ids that nobody guesses but every test can tell apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use waymark::clock::{Clock, Ids, Sources};

/// 2026-11-13T09:14:00Z: where every test begins.
const START_MS: i64 = 1_794_561_240_000;

/// The moment at which every test begins.
pub(crate) fn start() -> Timestamp {
    Timestamp::from_millisecond(START_MS).unwrap()
}

/// A clock that a test moves.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Ids by counting, spread over all bits so that what is derived from them (the jitter of pauses) is too.
#[derive(Debug)]
struct TestIds(AtomicU64);

impl Ids for TestIds {
    fn fresh(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let mixed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Uuid::from_u64_pair(mixed, count)
    }
}

/// A test's clock, and the sources that use it.
pub(crate) fn sources() -> (Arc<TestClock>, Sources) {
    let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
    let ids = Arc::new(TestIds(AtomicU64::new(0)));
    (Arc::clone(&clock), Sources { clock, ids })
}
