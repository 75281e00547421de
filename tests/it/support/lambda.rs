//! Runs a function's binary as Lambda does: in a process of its own, with Lambda's environment, fed by a
//! [`RuntimeApi`].

use std::error::Error;
use std::io::{Read as _, Seek as _};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::engines::TestEngines;
use super::logs;
use super::runtime_api::{Outcome, RuntimeApi};

/// How long a start and one answer may take. A few hundred milliseconds do; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stores of one test, reached as a function's stack would have it.
pub(crate) struct Stores {
    engines: TestEngines,
    /// More variables of the function's.
    more: Vec<(&'static str, String)>,
}

impl Stores {
    /// Starts empty ones.
    ///
    /// # Errors
    ///
    /// When an engine does not start or refuses the table or a bucket.
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        Ok(Self { engines: TestEngines::start().await?, more: Vec::new() })
    }

    /// Gives the functions another variable.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.more.push((name, value));
    }

    /// What the stack's template puts into a function's environment, and the endpoints and the credentials.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        let more = self.more.iter().map(|(name, value)| (*name, value.as_str()));
        let mut variables: Vec<(&'static str, &str)> = vec![
            ("AWS_ACCESS_KEY_ID", &self.engines.credentials().access_key),
            ("AWS_SECRET_ACCESS_KEY", &self.engines.credentials().secret_key),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.engines.dynamodb_endpoint()),
            ("AWS_ENDPOINT_URL_S3", self.engines.s3_endpoint()),
            ("WAYMARK_METRICS", "Waymark/test"),
            ("WAYMARK_TABLE", &self.engines.resources.table),
            ("WAYMARK_CONFIGS_BUCKET", &self.engines.resources.configs),
            ("WAYMARK_BACKUPS_BUCKET", &self.engines.resources.backups),
            ("WAYMARK_TRANSFER_BUCKET", &self.engines.resources.transfer),
        ];
        variables.extend(more);
        variables
    }
}

/// Why a function gave no answer. Its `Debug` text has what the function printed.
#[derive(Debug)]
#[expect(dead_code, reason = "read by people, in the message of a failed test")]
pub(crate) enum Unanswered {
    /// The process ended by itself.
    Exited(ExitStatus, String),
    /// It reported that it could not start, or failed on the event.
    Refused(Outcome, String),
    /// Neither an answer nor an end in the time given.
    TimedOut(String),
    /// The stub or the process could not be started.
    NotStarted(std::io::Error),
}

impl From<std::io::Error> for Unanswered {
    fn from(error: std::io::Error) -> Self {
        Self::NotStarted(error)
    }
}

/// Starts the binary at `path`, hands it `event` and gives back its answer, the JSON that Lambda would give API
/// Gateway. The process is killed in every case. Without `stores` it is not told of any.
///
/// # Errors
///
/// [`Unanswered`] says what happened instead of an answer, and what the function printed.
pub(crate) async fn invoke(path: &str, stores: Option<&Stores>, event: &Value) -> Result<Value, Unanswered> {
    answered(path, stores, event).await.map(|(answer, _)| answer)
}

/// [`invoke`], with what the function printed.
pub(crate) async fn invoke_logged(path: &str, stores: &Stores, event: &Value) -> (Value, String) {
    answered(path, Some(stores), event).await.unwrap()
}

async fn answered(path: &str, stores: Option<&Stores>, event: &Value) -> Result<(Value, String), Unanswered> {
    let mut api = RuntimeApi::start(event).await?;
    let mut printed = tempfile::tempfile()?;
    let mut child = Command::new(path)
        // Nothing of the developer's own AWS settings may reach it.
        .env_clear()
        .envs(lambda_environment(&api.address()))
        .envs(stores.iter().flat_map(|stores| stores.environment()))
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed.try_clone()?)
        .kill_on_drop(true)
        .spawn()?;

    let word = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            // In this order: a function that reports why it cannot start ends right after.
            biased;
            outcome = api.outcome() => Ok(outcome),
            status = child.wait() => Err(status),
        }
    })
    .await;
    // It may have ended already.
    let _ = child.kill().await;

    let mut log = String::new();
    printed.rewind()?;
    printed.read_to_string(&mut log)?;
    logs::add(&log);
    match word {
        Ok(Ok(Some(Outcome::Response(response)))) => Ok((response, log)),
        Ok(Ok(Some(other))) => Err(Unanswered::Refused(other, log)),
        Ok(Err(status)) => Err(Unanswered::Exited(status?, log)),
        Ok(Ok(None)) | Err(_) => Err(Unanswered::TimedOut(log)),
    }
}

/// What Lambda itself sets:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>.
pub(crate) fn lambda_environment(runtime_api: &str) -> [(&'static str, &str); 12] {
    [
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "waymark-test"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/waymark-test"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2024/05/24/[$LATEST]0123456789abcdef"),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_REGION", "us-east-1"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
}

/// An API Gateway HTTP API event (payload 2.0) whose caller the JWT authorizer has let in: `path` may carry a query,
/// `grants` are those of the caller's claim. Claims are strings, a list as `[a b]`, as the gateway passes them.
///
/// # Errors
///
/// When the template beside the tests is not JSON.
pub(crate) fn event(
    method: &str,
    path: &str,
    grants: &str,
    body: Option<&Value>,
) -> serde_json::Result<Value> {
    let mut event: Value = serde_json::from_str(include_str!("../../events/apigw-v2-jwt.json"))?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["authorizer"]["jwt"]["claims"]["waymark_grants"] = json!(format!("[{grants}]"));
    if let Some(body) = body {
        let text = body.to_string();
        event["headers"]["content-length"] = json!(text.len().to_string());
        event["headers"]["content-type"] = json!("application/json");
        event["body"] = json!(text);
    }
    Ok(event)
}
