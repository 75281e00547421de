//! The line.

use std::time::Duration;

use lambda_http::Context;
use serde::{Serialize, Serializer};

use super::observed::Observed;
use crate::id::{AppName, EnvName, Version};

/// What is said of one request, one tick or one message. What is not known is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line {
    /// Which of the functions, such as `working`.
    pub(super) function: &'static str,
    /// API Gateway's id of the request, which the client has in `apigw-requestid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
    /// Lambda's id of the invocation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) invocation_id: String,
    /// The trace's id, as X-Ray shows it: the root of the trace header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xray_trace_id: Option<String>,
    /// Method and pattern of the route, such as `GET /v1/apps/{app}/envs/{env}/live`: no values of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// The app, when its name is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app: Option<AppName>,
    /// The environment, when its name is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<EnvName>,
    /// The version that was made or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Version>,
    /// The answer's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The problem's type, without `urn:waymark:problem:`; `panic` for a job that panicked, `failed` for another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<&'static str>,
    /// How long it took.
    #[serde(serialize_with = "milliseconds")]
    pub(super) ms: Duration,
    /// For how long AWS was waited for: all calls added up, from the first attempt to the answer's headers.
    #[serde(serialize_with = "milliseconds")]
    pub(super) aws_ms: Duration,
    /// Calls of DynamoDB.
    pub(super) dynamodb_calls: u32,
    /// Calls of S3.
    pub(super) s3_calls: u32,
    /// Calls of SQS.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) sqs_calls: u32,
    /// Attempts that had to be repeated.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) repeated_calls: u32,
    /// Whether the process had just started.
    pub(super) cold_start: bool,
    /// Environments that a tick found due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<u64>,
    /// Whether an environment's scheduled backup was taken, or stands for it already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) backed_up: bool,
    /// Backups that were found damaged.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) damaged: u32,
}

/// All that a line may have.
pub(super) const MEMBERS: [&str; 20] = [
    "function",
    "request_id",
    "invocation_id",
    "xray_trace_id",
    "route",
    "app",
    "environment",
    "version",
    "status",
    "problem",
    "ms",
    "aws_ms",
    "dynamodb_calls",
    "s3_calls",
    "sqs_calls",
    "repeated_calls",
    "cold_start",
    "due",
    "backed_up",
    "damaged",
];

impl Line {
    /// Whether the function itself is at fault.
    pub(super) fn is_fault(&self) -> bool {
        self.status.map_or(self.problem.is_some(), |status| status >= 500)
    }

    /// The ids that Lambda gave the invocation.
    pub(super) fn of_invocation(&mut self, context: &Context) {
        self.invocation_id.clone_from(&context.request_id);
        self.xray_trace_id = context.xray_trace_id.as_deref().and_then(root).map(str::to_owned);
    }

    /// What was noted while it was done.
    pub(super) fn of_work(&mut self, observed: &Observed) {
        let noted = observed.take();
        self.version = self.version.or(noted.version);
        self.aws_ms = noted.waited;
        self.dynamodb_calls = noted.dynamodb;
        self.s3_calls = noted.s3;
        self.sqs_calls = noted.sqs;
        self.repeated_calls = noted.attempts.saturating_sub(noted.dynamodb + noted.s3 + noted.sqs);
        self.due = noted.due;
        self.backed_up = noted.backed_up;
        self.damaged = noted.damaged;
    }
}

/// The id in a trace header, `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).
fn root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root="))
}

/// Milliseconds with three decimals.
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
