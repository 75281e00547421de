//! The schedule as a test plays it: EventBridge's event goes to the tick, the queue delivers what it was given at least
//! once, in batches, to the worker.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use waymark::{Error, Telemetry};
use waymark_backup::schedule::{Due, Event, Queue, tick, work};

use super::Stack;
use super::privileges::within;

/// A queue that forgets a message only when the worker has succeeded with it.
#[derive(Debug, Default)]
pub(crate) struct TestQueue(Mutex<VecDeque<Due>>);

impl Queue for TestQueue {
    async fn send(&self, due: &[Due]) -> Result<(), Error> {
        self.0.lock().unwrap().extend(due.iter().cloned());
        Ok(())
    }
}

impl TestQueue {
    /// What waits in it.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Up to ten messages, which stay in the queue.
    fn batch(&self) -> Vec<Due> {
        self.0.lock().unwrap().iter().take(10).cloned().collect()
    }

    /// Takes a batch out of the queue, but for the messages at `failed`, which go to its end.
    fn settle(&self, batch: usize, failed: &[usize]) {
        let mut queue = self.0.lock().unwrap();
        let taken: Vec<Due> = queue.drain(..batch).collect();
        queue.extend(taken.into_iter().enumerate().filter(|(at, _)| failed.contains(at)).map(|(_, due)| due));
    }

    /// Delivers one batch; says how many messages failed.
    pub(crate) async fn deliver(&self, stack: &Stack) -> usize {
        let batch = self.batch();
        let (worker, event) = (Telemetry::traced("backup-worker"), event(&batch));
        let event = LambdaEvent::new(event, Context::default());
        let failed: Vec<usize> = within("backup-worker", work(&stack.waymark, &worker, event))
            .await
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier.parse().unwrap())
            .collect();
        self.settle(batch.len(), &failed);
        failed.len()
    }

    /// Delivers everything; nothing may fail.
    pub(crate) async fn deliver_all(&self, stack: &Stack) {
        while self.len() > 0 {
            assert_eq!(self.deliver(stack).await, 0);
        }
    }
}

/// The event that brings a batch, the messages by their place in it.
fn event(batch: &[Due]) -> SqsEvent {
    let message = |(id, due): (usize, &Due)| {
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_string());
        message.body = Some(serde_json::to_string(due).unwrap());
        message
    };
    let mut event = SqsEvent::default();
    event.records = batch.iter().enumerate().map(message).collect();
    event
}

/// EventBridge Scheduler's event for a time.
pub(crate) fn scheduled(time: Timestamp) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../../events/scheduler.json")).unwrap();
    event["time"] = json!(time.to_string());
    event
}

impl Stack {
    /// Gives the tick the event for a time.
    pub(crate) async fn tick(&self, queue: &TestQueue, time: Timestamp) -> u64 {
        let event: Event = serde_json::from_value(scheduled(time)).unwrap();
        let ticked = tick(&self.waymark, queue, event.time);
        let (telemetry, context) = (Telemetry::traced("backup-tick"), Context::default());
        within("backup-tick", telemetry.job(&context, None, ticked)).await.unwrap()
    }

    /// The tick for a time and all that it brings; says how many environments were due.
    pub(crate) async fn scheduled_backups(&self, time: Timestamp) -> u64 {
        let queue = TestQueue::default();
        let due = self.tick(&queue, time).await;
        queue.deliver_all(self).await;
        due
    }

    /// The names of the objects in the backups bucket, sorted.
    pub(crate) async fn backup_objects(&self) -> Vec<String> {
        let bucket = &self.resources.backups;
        let listed = self.clients.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
        let mut keys: Vec<String> =
            listed.contents().iter().filter_map(|o| o.key().map(str::to_owned)).collect();
        keys.sort();
        keys
    }
}
