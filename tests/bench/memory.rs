//! How much memory each operation takes at most: `cargo run --profile sim -p waymark-tests --example memory`.
//!
//! Each runs in a process of its own, as a function that has just started: the stores are in the process that starts it,
//! and what counts is the most that it ever had (`VmHWM` of proc(5)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io::{self, Write};
use std::process::{Command, Stdio};

use serde_json::json;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::stack::ENV;
use support::{Answer, Person, Stack, generate};

/// Larger bodies are sent compressed.
const PLAIN: usize = 1_000_000;

const SIZES: [(&str, usize); 3] = [("250 KB", 250_000), ("3 MB", 3_000_000), ("20 MB", 20_000_000)];

const OPERATIONS: [&str; 10] = [
    "nothing",
    "save",
    "save again",
    "patch",
    "merge",
    "read head",
    "read version 2",
    "diff",
    "restore",
    "publish",
];

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [operation, file, address @ ..] = arguments.as_slice() {
        return child(operation, file, address).await;
    }
    let mut out = io::stdout();
    writeln!(out, "| peak, MB | {} |", SIZES.map(|(name, _)| name).join(" | "))?;
    writeln!(out, "|---|---|---|---|")?;
    let mut columns = Vec::new();
    for (_, bytes) in SIZES {
        columns.push(column(bytes).await?);
    }
    for (at, operation) in OPERATIONS.iter().enumerate() {
        let cells: Vec<String> = columns
            .iter()
            .zip(SIZES)
            .map(|(column, (_, bytes))| {
                let peak = column[at];
                format!("{:.1} (×{:.1})", peak as f64 / 1e6, peak as f64 / bytes as f64)
            })
            .collect();
        writeln!(out, "| {operation} | {} |", cells.join(" | "))?;
    }
    writeln!(out, "\n×: times the config. A Lambda function of the template has 512 or 1,024 MB.")
}

/// The peak of each operation with configs of about `bytes` bytes, in bytes.
async fn column(bytes: usize) -> io::Result<Vec<usize>> {
    let (stack, ada) = (Stack::start().await.unchecked(), Person::admin("ada"));
    let versions = generate::history(bytes, 3);
    let files = tempfile::tempdir()?;
    let mut file = String::new();
    for (number, text) in versions.iter().enumerate() {
        if number < 3 {
            let answer =
                put(&stack, &ada, pack(text.as_bytes()), if number == 0 { None } else { Some("*") }).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        } else {
            let path = files.path().join("next");
            std::fs::write(&path, pack(text.as_bytes()))?;
            file = path.to_str().unwrap().to_owned();
        }
    }
    let mut peaks = Vec::new();
    for operation in OPERATIONS {
        let mut child = Command::new(std::env::current_exe()?);
        child.arg(operation).arg(&file).args(stack.address()).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = tokio::task::spawn_blocking(move || child.output()).await??;
        assert!(output.status.success(), "{operation}: {}", String::from_utf8_lossy(&output.stdout));
        peaks.push(String::from_utf8_lossy(&output.stdout).trim().parse().unwrap());
    }
    Ok(peaks)
}

/// A body, compressed where it is large.
fn pack(text: &[u8]) -> Vec<u8> {
    if text.len() > PLAIN { zstd::bulk::compress(text, 3).unwrap() } else { text.to_vec() }
}

async fn put(stack: &Stack, ada: &Person, body: Vec<u8>, over: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(over.map(|over| {
        (if over.starts_with('#') { "waymark-base" } else { "if-match" }, over.trim_start_matches('#'))
    }));
    if body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        headers.push(("content-encoding", "zstd"));
    }
    stack.call(ada, "PUT", &format!("{ENV}/working"), &headers, body).await
}

async fn child(operation: &str, file: &str, address: &[String]) -> io::Result<()> {
    let (stack, ada) = (Stack::elsewhere(address.try_into().unwrap()).unchecked(), Person::admin("ada"));
    let answer = match operation {
        "nothing" => stack.get(&ada, "/v1/apps", &[]).await,
        "save" => put(&stack, &ada, std::fs::read(file)?, Some("*")).await,
        "save again" => {
            // A second one in the same process, over what the first has left in memory.
            put(&stack, &ada, std::fs::read(file)?, Some("*")).await.is(200);
            let patch = [("content-type", "application/merge-patch+json")];
            stack
                .call(&ada, "PATCH", &format!("{ENV}/working"), &patch, r#"{"title":"again"}"#)
                .await
                .is(200);
            put(&stack, &ada, std::fs::read(file)?, Some("*")).await
        }
        "patch" => {
            let patch = [("content-type", "application/merge-patch+json")];
            stack.call(&ada, "PATCH", &format!("{ENV}/working"), &patch, r#"{"title":"other"}"#).await
        }
        "merge" => put(&stack, &ada, std::fs::read(file)?, Some("#2")).await,
        "read head" => stack.get(&ada, &format!("{ENV}/working"), &[("accept-encoding", "gzip")]).await,
        "read version 2" => {
            stack.get(&ada, &format!("{ENV}/versions/2/config"), &[("accept-encoding", "gzip")]).await
        }
        "diff" => stack.get(&ada, &format!("{ENV}/diff?from=1&to=3"), &[]).await,
        "restore" => stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 1})).await,
        "publish" => stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 2})).await,
        other => panic!("{other}"),
    };
    let answered = answer.status.is_success() || answer.status == http::StatusCode::SEE_OTHER;
    assert!(answered, "{}", answer.text());
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: usize = peak.unwrap().trim().trim_end_matches("kB").trim().parse().unwrap();
    writeln!(io::stdout(), "{}", kilobytes * 1_024)
}
