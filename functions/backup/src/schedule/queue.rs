//! The queue between the tick and the worker: SQS in an account.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use waymark::Error;
use waymark::aws::{endpoint, lambda_sdk_config};
use waymark::backup::{BackupId, Policy};
use waymark::error::Cause;
use waymark::history::Backup;
use waymark::id::EnvId;
use waymark::telemetry::CountCalls;

/// Most messages in one call
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
const BATCH: usize = 10;

/// How often what SQS did not take is sent.
const ATTEMPTS: usize = 3;

/// One environment that is due: a message's body. It holds no config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// The environment.
    pub env: EnvId,
    /// The time that the backups are scheduled for.
    pub scheduled: Timestamp,
    /// The backups that are due, those that live longest first.
    pub backups: Vec<BackupId>,
    /// The policy.
    pub policy: Policy,
    /// The last backup that was taken, as far as the registry knew.
    pub good: Option<Box<Backup>>,
}

/// What carries environments from the tick to the worker, each at least once.
pub trait Queue: Sync {
    /// Hands environments over. What is handed over twice does no harm.
    ///
    /// # Errors
    /// When the queue did not take all of them.
    fn send(&self, due: &[Due]) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A queue of SQS.
#[derive(Clone, Debug)]
pub struct Sqs {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Sqs {
    /// The queue at `url`.
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    /// The queue whose URL the environment variable `WAYMARK_BACKUP_QUEUE` gives.
    ///
    /// # Errors
    /// When it is not set, or the HTTP client cannot be built.
    pub async fn from_environment() -> Result<Self, Cause> {
        let url = std::env::var("WAYMARK_BACKUP_QUEUE").map_err(|_| "WAYMARK_BACKUP_QUEUE is not set")?;
        let mut config = aws_sdk_sqs::config::Builder::from(&lambda_sdk_config().await?);
        if let Some(url) = endpoint("SQS") {
            config = config.endpoint_url(url);
        }
        let client = aws_sdk_sqs::Client::from_conf(config.interceptor(CountCalls).build());
        Ok(Self::new(client, url))
    }

    /// Sends up to ten messages, and gives those that SQS did not take.
    async fn send_batch(&self, bodies: Vec<String>) -> Result<Vec<String>, Error> {
        let failed = |e: Cause| Error::Storage { action: "queue environments", cause: e };
        let mut request = self.client.send_message_batch().queue_url(&self.url);
        for (id, body) in bodies.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(body);
            request = request.entries(entry.build().map_err(|e| failed(e.into()))?);
        }
        let output = request.send().await.map_err(|e| failed(e.into()))?;
        let not_taken = |id: &str| output.failed().iter().any(|failed| failed.id() == id);
        let left = bodies.into_iter().enumerate().filter(|(id, _)| not_taken(&id.to_string()));
        Ok(left.map(|(_, body)| body).collect())
    }
}

impl Queue for Sqs {
    async fn send(&self, due: &[Due]) -> Result<(), Error> {
        for batch in due.chunks(BATCH) {
            let mut bodies: Vec<String> = Vec::with_capacity(batch.len());
            for due in batch {
                bodies.push(serde_json::to_string(due).map_err(|e| Error::Item(e.to_string()))?);
            }
            for _ in 0..ATTEMPTS {
                bodies = self.send_batch(bodies).await?;
                if bodies.is_empty() {
                    break;
                }
            }
            if !bodies.is_empty() {
                let cause = format!("{} messages were not taken", bodies.len()).into();
                return Err(Error::Storage { action: "queue environments", cause });
            }
        }
        Ok(())
    }
}
