//! The queue in an account is SQS: what is sent to it, and what happens when it takes only some of that. The client is
//! the SDK's.

use waymark::backup::Policy;
use waymark_backup::schedule::{Due, Queue, Sqs};

use crate::support::calls::Calls;
use crate::support::privileges::within;
use crate::support::sqs::{self, Shared};
use crate::support::time;

async fn start(refuse: usize) -> (Sqs, Shared) {
    let (endpoint, taken) = sqs::start(refuse).await;
    let sdk = waymark::aws::local_sdk_config("test", "test");
    let config = aws_sdk_sqs::config::Builder::from(&sdk)
        .endpoint_url(&endpoint)
        .interceptor(Calls::default())
        .build();
    (Sqs::new(aws_sdk_sqs::Client::from_conf(config), sqs::url(&endpoint)), taken)
}

fn due(number: usize) -> Due {
    Due {
        env: format!("crm/e{number}").parse().unwrap(),
        scheduled: time::start(),
        backups: vec!["d14.2026-11-13".parse().unwrap()],
        policy: Policy::default(),
        good: None,
    }
}

fn sorted(taken: &Shared) -> Vec<String> {
    let mut envs: Vec<String> = taken
        .lock()
        .unwrap()
        .bodies
        .iter()
        .map(|body| serde_json::from_str::<Due>(body).unwrap().env.to_string())
        .collect();
    envs.sort();
    envs
}

fn all(count: usize) -> Vec<String> {
    let mut envs: Vec<String> = (0..count).map(|number| due(number).env.to_string()).collect();
    envs.sort();
    envs
}

#[tokio::test]
async fn every_environment_is_one_message_ten_to_a_call() {
    let (queue, taken) = start(0).await;
    let due: Vec<Due> = (0..23).map(due).collect();
    within("backup-tick", queue.send(&due)).await.unwrap();
    let sizes: Vec<usize> =
        taken.lock().unwrap().requests.iter().map(|r| r["Entries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(sorted(&taken), all(23));
    let first: Due = serde_json::from_str(&taken.lock().unwrap().bodies[0]).unwrap();
    assert_eq!(first, due[0]);
}

#[tokio::test]
async fn what_sqs_did_not_take_is_sent_again_and_only_that() {
    let (queue, taken) = start(13).await;
    queue.send(&(0..10).map(due).collect::<Vec<_>>()).await.unwrap();
    let sizes: Vec<usize> =
        taken.lock().unwrap().requests.iter().map(|r| r["Entries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(sorted(&taken), all(10));
}

#[tokio::test]
async fn a_tick_fails_when_messages_are_never_taken() {
    let (queue, _) = start(1_000).await;
    assert!(queue.send(&[due(0)]).await.is_err());
}
