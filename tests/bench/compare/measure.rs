//! Every side does the same thing by turns.

use std::time::{Duration, Instant};

use crate::data::History;
use crate::side::{Op, Side};

/// What one side took.
#[derive(Clone, Default)]
pub(crate) struct Took {
    times: Vec<Duration>,
    calls: Vec<usize>,
}

impl Took {
    /// The time that so many of a hundred stayed under, in milliseconds; with less than a hundred times the 99th is
    /// the longest.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut times = self.times.clone();
        times.sort();
        let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(at).map(|time| time.as_secs_f64() * 1_000.0)
    }

    /// Calls of AWS, on average.
    pub(crate) fn calls(&self) -> Option<f64> {
        let count = self.calls.len();
        (count > 0).then(|| self.calls.iter().sum::<usize>() as f64 / count as f64)
    }
}

/// A row of the table.
pub(crate) enum Row {
    /// The times of an operation, by side; empty where a side has none.
    Times { history: String, op: &'static str, took: Vec<Took> },
    /// Bytes per version, by side.
    Stored { history: String, bytes: Vec<Option<f64>> },
}

/// Saves a history on every side, then does everything else with it.
pub(crate) async fn measure(history: &History, sides: &mut [Box<dyn Side>]) -> Vec<Row> {
    let count = history.texts.len();
    let mut rows = vec![row(history, &history.texts.iter().map(Op::Save).collect::<Vec<_>>(), sides).await];
    rows.push(stored(history, sides).await);
    let rounds = history.rounds;
    // Another version each time, in no order that a cache would like: 7 and the count have no common divisor here,
    // or it does not matter.
    let some = |round: usize| (round * 7) % (count - 1) + 1;
    let groups: [Vec<Op<'_>>; 9] = [
        (0..rounds).map(|round| Op::Read(some(round))).collect(),
        vec![Op::Head; rounds],
        vec![Op::List; rounds],
        (0..rounds).map(|round| Op::Diff(some(round), some(round + 1))).collect(),
        (0..rounds).map(|round| Op::Restore(round % 2 + 1)).collect(),
        (0..rounds).map(|round| Op::Publish(round % 2 + 1)).collect(),
        vec![Op::LiveSame; rounds],
        vec![Op::LiveWarm; rounds],
        vec![Op::LiveCold; rounds],
    ];
    for ops in &groups {
        rows.push(row(history, ops, sides).await);
    }
    rows
}

async fn stored(history: &History, sides: &mut [Box<dyn Side>]) -> Row {
    let mut bytes = Vec::new();
    for side in sides {
        bytes.push(side.stored().await.map(|bytes| bytes as f64 / history.texts.len() as f64));
    }
    Row::Stored { history: history.name.clone(), bytes }
}

#[allow(clippy::disallowed_methods, reason = "a measurement")]
async fn row(history: &History, ops: &[Op<'_>], sides: &mut [Box<dyn Side>]) -> Row {
    let mut took = vec![Took::default(); sides.len()];
    for (round, op) in ops.iter().enumerate() {
        // Each begins as often as the others.
        for turn in 0..sides.len() {
            let at = (round + turn) % sides.len();
            let side = &mut sides[at];
            if !side.offers(op) {
                continue;
            }
            side.prepare(*op).await;
            side.calls();
            let start = Instant::now();
            let read = side.run(*op).await;
            took[at].times.push(start.elapsed());
            took[at].calls.extend(side.calls());
            if let Op::Read(version) = op {
                assert!(read == history.texts[version - 1].text, "{}: not what was saved", side.name());
            }
        }
    }
    Row::Times { history: history.name.clone(), op: ops.first().map_or("", Op::name), took }
}
