//! Many seeds, each a whole life of an account.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use fastrand::Rng;
use tokio::task::JoinSet;

use super::act::PEOPLE;
use super::caller::{Callers, Log};
use super::check::check;
use super::fate::Weather;
use super::wire::Fates;
use super::world::World;

/// How many seeds are played without `SEEDS`.
const USUAL: u64 = 150;

/// How many operations each caller has at most.
const MOST: usize = 9;

/// What a seed came to.
pub(crate) struct Played {
    trace: Vec<String>,
    fault: Option<String>,
    entries: usize,
    pub(crate) log: Log,
}

/// Plays a seed, with so many operations of each caller at most.
pub(crate) fn play(seed: u64, most: usize) -> Played {
    // The SDK's jitter comes from this thread's generator.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let mut rng = Rng::with_seed(seed ^ 0x5eed);
        let sandboxes = rng.usize(1..=4);
        let trouble = [0, 0, 4, 12, 25][rng.usize(..5)];
        let world = World::new(seed, Fates::Weather(Weather::new(seed)), sandboxes).await;
        let callers = Arc::new(Callers::new(world, sandboxes, trouble));
        let mut people = JoinSet::new();
        let operations = rng.usize(3..=most);
        for who in 0..PEOPLE.len() {
            people.spawn(Arc::clone(&callers).live(who, operations, rng.fork()));
        }
        people.join_all().await;
        let net = Arc::clone(&callers.world.net);
        net.settle().await;
        let log = std::mem::take(&mut *callers.log.lock().unwrap());
        let fault = check(&callers.world, &log).await.err();
        Played { trace: net.trace(), fault, entries: net.head("crm/production"), log }
    })
}

fn hash(trace: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    trace.hash(&mut hasher);
    hasher.finish()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap())
}

/// What a run of many seeds came to.
#[derive(Debug, Default)]
struct Tally {
    seeds: u64,
    entries: usize,
    /// What callers were told in the end, and how often.
    told: BTreeMap<&'static str, usize>,
    failed: Vec<u64>,
}

impl Tally {
    /// Plays a seed; when something does not hold, prints its whole trace.
    fn play(&mut self, seed: u64) {
        let played = play(seed, MOST);
        self.seeds += 1;
        self.entries += played.entries;
        for operation in &played.log.operations {
            *self.told.entry(operation.told.name(operation.in_doubt)).or_default() += 1;
        }
        if let Some(fault) = &played.fault {
            println!("{}\n\nseed {seed}: {fault}", played.trace.join("\n"));
            println!("again: SEED={seed} cargo test --workspace --test sim seeds -- --nocapture");
            self.failed.push(seed);
        }
    }
}

#[test]
fn whatever_happens_on_the_way_nothing_is_lost_and_nothing_is_there_twice() {
    let mut tally = Tally::default();
    if let Some(seed) = number("SEED") {
        println!("{}", play(seed, MOST).trace.join("\n"));
        tally.play(seed);
    } else {
        let (from, seeds) = (number("FROM").unwrap_or(1), number("SEEDS").unwrap_or(USUAL));
        for seed in from..from + seeds {
            tally.play(seed);
            if tally.seeds.is_multiple_of(500) || tally.seeds == seeds {
                println!("up to seed {seed}: {tally:?}");
            }
            assert!(tally.failed.len() < 3, "{tally:?}");
        }
    }
    assert!(tally.failed.is_empty(), "{tally:?}");
}

#[test]
fn a_seed_plays_the_same_again() {
    for seed in 1..=5 {
        let (first, second) = (play(seed, MOST).trace, play(seed, MOST).trace);
        let differs = first.iter().zip(&second).position(|(first, second)| first != second);
        assert_eq!(hash(&first), hash(&second), "seed {seed} differs at line {differs:?}");
    }
}
