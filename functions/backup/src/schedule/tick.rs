//! The tick: finds the environments that are due at a scheduled time.

use jiff::Timestamp;
use serde::Deserialize;
use waymark::{Error, Waymark, telemetry};

use super::{Due, Queue};

/// What EventBridge Scheduler sends. The template's input puts `<aws.scheduler.scheduled-time>` in the place of `time`,
/// so that an event that is delivered late or twice stands for the same time
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>).
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// The time that was scheduled.
    pub time: Timestamp,
}

/// Hands every environment that is due at the scheduled time `at` to the queue, and says how many they are. One query
/// for each MB of the registry.
///
/// # Errors
/// [`Error::Storage`]; [`Error::Item`]. What was handed over by then is backed up all the same, and to tick again is safe.
pub async fn tick(waymark: &Waymark, queue: &impl Queue, at: Timestamp) -> Result<u64, Error> {
    let mut after = None;
    let mut count = 0;
    loop {
        let (lines, next) = waymark.history.schedule(after.as_ref()).await?;
        let mut due = Vec::new();
        for (env, line) in lines {
            let backups = line.policy.due(line.done, at)?;
            if !backups.is_empty() {
                due.push(Due { env, scheduled: at, backups, policy: line.policy, good: line.good });
            }
        }
        count += due.len() as u64;
        queue.send(&due).await?;
        after = next;
        if after.is_none() {
            telemetry::due(count);
            return Ok(count);
        }
    }
}
