//! Scheduled backups on one machine: a timer in the place of EventBridge Scheduler, and a queue in this process in the
//! place of SQS. The tick and the worker are the functions' own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_http::{Context, LambdaEvent};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use waymark::backup::hour_of;
use waymark::error::chain;
use waymark::{Error, Telemetry, Waymark};
use waymark_backup::schedule::{Due, Queue, tick, work};

/// Most messages that the worker gets at once.
const BATCH: usize = 10;

/// How often a message is delivered before it is given up, until the next tick finds its environment due again.
const DELIVERIES: u32 = 3;

/// How long a message waits before it is delivered again.
const AGAIN: Duration = Duration::from_secs(30);

/// A message, and how often it was delivered.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    delivered: u32,
}

/// The queue in this process. What it holds is lost when the process ends; the next tick finds it due again.
#[derive(Debug)]
pub struct LocalQueue {
    to_worker: UnboundedSender<Message>,
    count: AtomicU64,
}

/// The worker's end of a queue.
#[derive(Debug)]
pub struct Deliveries {
    messages: UnboundedReceiver<Message>,
    again: UnboundedSender<Message>,
}

impl LocalQueue {
    /// An empty queue, and the worker's end of it.
    pub fn new() -> (Self, Deliveries) {
        let (to_worker, messages) = unbounded_channel();
        let again = to_worker.clone();
        (Self { to_worker, count: AtomicU64::new(0) }, Deliveries { messages, again })
    }
}

impl Queue for LocalQueue {
    async fn send(&self, due: &[Due]) -> Result<(), Error> {
        for due in due {
            let id = format!("local-{}", self.count.fetch_add(1, Ordering::Relaxed));
            let body = serde_json::to_string(due).map_err(|e| Error::Item(e.to_string()))?;
            let message = Message { id, body, delivered: 0 };
            self.to_worker
                .send(message)
                .map_err(|e| Error::Storage { action: "queue environments", cause: e.into() })?;
        }
        Ok(())
    }
}

impl Deliveries {
    /// Gives the worker batches of what is in the queue, for as long as there is a queue. What failed is delivered
    /// again a little later.
    pub async fn deliver(mut self, waymark: &Waymark) {
        let telemetry = Telemetry::traced("backup-worker");
        let mut batch = Vec::with_capacity(BATCH);
        while self.messages.recv_many(&mut batch, BATCH).await > 0 {
            let records = batch.iter().map(record).collect();
            let mut event = SqsEvent::default();
            event.records = records;
            let event = LambdaEvent::new(event, Context::default());
            let failed = work(waymark, &telemetry, event).await.batch_item_failures;
            for message in batch.drain(..) {
                if failed.iter().any(|failed| failed.item_identifier == message.id) {
                    self.deliver_again(message);
                }
            }
        }
    }

    fn deliver_again(&self, message: Message) {
        let message = Message { delivered: message.delivered + 1, ..message };
        if message.delivered >= DELIVERIES {
            tracing::error!(message = message.id, "a backup was given up until the next full hour");
            return;
        }
        let again = self.again.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            // Nobody receives any more when the service stops.
            let _ = again.send(message);
        });
    }
}

fn record(message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.body = Some(message.body.clone());
    record
}

/// Backs up what is due, now and at every full hour, until it is dropped.
#[derive(Debug)]
pub struct Schedule(Vec<JoinHandle<()>>);

impl Schedule {
    /// Starts the timer and the worker.
    pub fn start(waymark: Waymark) -> Self {
        let (queue, deliveries) = LocalQueue::new();
        let timer = tokio::spawn(every_hour(waymark.clone(), queue));
        let worker = tokio::spawn(async move { deliveries.deliver(&waymark).await });
        Self(vec![timer, worker])
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

async fn every_hour(waymark: Waymark, queue: LocalQueue) {
    let telemetry = Telemetry::traced("backup-tick");
    loop {
        let now = waymark.sources.clock.now();
        let ticked = tick(&waymark, &queue, hour_of(now));
        if let Err(error) = telemetry.job(&Context::default(), None, ticked).await {
            tracing::error!(error = chain(&error), "no scheduled backups this hour");
        }
        tokio::time::sleep(until_next_hour(waymark.sources.clock.now())).await;
    }
}

/// How long it is to the next full hour. The machine may have slept through it: the tick goes by the clock.
fn until_next_hour(now: Timestamp) -> Duration {
    let hour = Duration::from_secs(3600);
    Duration::try_from(now.duration_since(hour_of(now))).map_or(hour, |past| hour.saturating_sub(past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_goes_off_at_the_full_hour() {
        let until = |now: &str| until_next_hour(now.parse().unwrap()).as_millis();
        assert_eq!(until("2026-11-22T13:00:00Z"), 3_600_000);
        assert_eq!(until("2026-11-22T13:59:59.500Z"), 500);
    }
}
