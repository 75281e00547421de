//! The local service backs up by itself, and lists its backups anew when the table is lost.
#![cfg(unix)]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::process::Service;
use crate::support::stack::ENV;

const BINARY: &str = env!("CARGO_BIN_EXE_local-waymark");

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// What became of the last scheduled backup, once there is one.
async fn last(service: &Service) -> Value {
    let path = format!("{ENV}/backup-policy");
    loop {
        let last = service.get(&path).await.is(200).at("/last");
        if !last.is_null() {
            return last;
        }
        tokio::task::yield_now().await;
    }
}

async fn stop(service: Service) {
    service.ask_to_end().await;
    assert!(service.ended().await.success());
}

async fn rebuild(data: &Path) -> String {
    let mut command = tokio::process::Command::new(BINARY);
    command.env_clear().arg("rebuild-backups").arg("--data").arg(data);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn what_is_due_when_it_starts_is_backed_up_and_listed_anew_without_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let service = Service::start(BINARY, data).await;
    service.send("PUT", &format!("{ENV}/working"), &JSON, "{\"n\":1}").await.unwrap().unwrap().is(201);
    stop(service).await;

    let service = Service::start(BINARY, data).await;
    let last = last(&service).await;
    assert_eq!((&last["ok"], &last["version"]), (&json!(true), &json!(1)), "{last}");
    stop(service).await;

    for file in ["dynamodb.sqlite", "dynamodb.sqlite-wal", "dynamodb.sqlite-shm"] {
        // Which of them there are is the engine's affair.
        let _ = std::fs::remove_file(data.join(file));
    }
    assert_eq!(rebuild(data).await, "1 backups recorded, 0 were known, 0 have expired, 0 are damaged\n");
    let service = Service::start(BINARY, data).await;
    let listed = service.get(&format!("{ENV}/backups")).await.is(200).at("/items/0/id");
    let restore = json!({ "backup": listed }).to_string();
    let path = format!("{ENV}/restore");
    service.send("POST", &path, &JSON, restore).await.unwrap().unwrap().is(201);
    assert_eq!(service.get(&format!("{ENV}/working")).await.text(), "{\"n\":1}");
    stop(service).await;
}
