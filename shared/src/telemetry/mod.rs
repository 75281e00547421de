//! What operators see of each request: one line of JSON with the metrics in it.
//!
//! The line says which function answered what route of which environment, how it ended, how long it took and what it
//! asked of AWS. It never holds a config, a note, a token or a value of the query: its members are numbers, names that
//! were checked, and texts of this program.
//!
//! In Lambda the line is in CloudWatch's embedded metric format, so that CloudWatch makes the [`metrics`] from it that
//! the template's alarms and dashboard use. Elsewhere it is a `tracing` event of the target `waymark::telemetry`.

mod calls;
mod job;
mod line;
pub mod metrics;
mod observed;
mod process;
mod request;
mod sink;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Cause;

pub use calls::CountCalls;
pub use observed::{backed_up, damaged, due, version};
pub(crate) use request::ProblemKind;

use line::Line;
use sink::Sink;

/// What a function reports its work with: made once, in `main`.
#[derive(Clone, Debug)]
pub struct Telemetry {
    function: &'static str,
    sink: Sink,
    /// Whether this process has answered before.
    warm: Arc<AtomicBool>,
}

impl Telemetry {
    /// Prepares this process as the Lambda function `function`: logs in JSON on stdout, nothing below `INFO`, panics
    /// without what they say, and metrics in the namespace that the environment variable `WAYMARK_METRICS` gives.
    ///
    /// # Errors
    /// When the variable is not set, or the process was prepared before.
    pub fn start(function: &'static str) -> Result<Self, Cause> {
        let namespace = std::env::var("WAYMARK_METRICS").map_err(|_| "WAYMARK_METRICS is not set")?;
        process::log_as_json()?;
        process::tell_panics();
        Ok(Self { function, sink: Sink::cloudwatch(namespace)?, warm: Arc::default() })
    }

    /// The same without the preparations: each line is a `tracing` event. For the service on one machine, and tests.
    pub fn traced(function: &'static str) -> Self {
        Self { function, sink: Sink::Tracing, warm: Arc::default() }
    }

    /// Whether this is the first work of the process.
    fn is_cold(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }

    fn write(&self, line: &Line) {
        self.sink.write(line);
    }
}

#[cfg(test)]
mod tests;
