//! Where lines go.

use std::fmt;
use std::io::Write;

use ::metrics::{Unit, counter, describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use serde_json::{Map, Value};

use super::line::{Line, MEMBERS};
use super::metrics;
use crate::error::Cause;

/// Where lines go.
#[derive(Clone, Copy)]
pub(super) enum Sink {
    /// To stdout, in CloudWatch's embedded metric format
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
    /// Right for a process that does one thing at a time, as Lambda's do: what is counted is the process's.
    CloudWatch(&'static Collector),
    /// To whoever listens to `tracing`.
    Tracing,
}

impl Sink {
    /// CloudWatch, with metrics in `namespace`.
    ///
    /// # Errors
    /// When the process has one already.
    pub(super) fn cloudwatch(namespace: String) -> Result<Self, Cause> {
        let collector = Builder::new().cloudwatch_namespace(namespace).init()?;
        describe_histogram!(metrics::AWS_TIME, Unit::Milliseconds, "");
        Ok(Self::CloudWatch(collector))
    }

    pub(super) fn write(self, line: &Line) {
        match (self, serde_json::to_value(line)) {
            (Self::CloudWatch(collector), Ok(Value::Object(members))) => embed(collector, line, members),
            (_, Ok(written)) => tracing::info!(target: "waymark::telemetry", "{written}"),
            (_, Err(error)) => tracing::error!(%error, "no line"),
        }
    }
}

fn embed(collector: &Collector, line: &Line, mut members: Map<String, Value>) {
    for name in MEMBERS {
        // What the line before had, and this one has not, must go.
        match members.remove(name) {
            Some(value) => collector.set_property(name, value),
            None => collector.remove_property(name),
        };
    }
    histogram!(metrics::AWS_TIME).record(line.aws_ms.as_secs_f64() * 1e3);
    // Those that are zero are left out.
    counter!(metrics::FAULTS).increment(line.is_fault().into());
    counter!(metrics::COLD_STARTS).increment(line.cold_start.into());
    counter!(metrics::BACKED_UP).increment(line.backed_up.into());
    counter!(metrics::DAMAGED).increment(line.damaged.into());
    let mut text = Vec::with_capacity(1024);
    // In one piece, so that no other line comes between.
    if let Err(error) = collector.flush(&mut text).and_then(|()| std::io::stdout().lock().write_all(&text)) {
        tracing::error!(%error, "no line");
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudWatch(_) => "CloudWatch",
            Self::Tracing => "Tracing",
        })
    }
}
