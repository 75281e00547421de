//! Whether a long history slows anything down: `cargo run --profile sim -p waymark-tests --example flat -- [LONG [BYTES]]`.
//!
//! Two environments of the same kind, one with 100 versions, one with `LONG` (100,000 if none is given), of `BYTES` (10,000), by turns:
//! the median times, and the calls of AWS. The versions are made by the library and written 25 at once, each with its delta
//! and the hash of the one before, as a hundred thousand saves would have left them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io::{self, Write};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use bytes::Bytes;
use serde_json::json;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::{Answer, Person, Stack, generate};
use waymark::config::Config;
use waymark::entry::{Entry, Event, Item, link, to_item};
use waymark::id::{EnvId, Version};

/// How often each operation is done in each environment.
const ROUNDS: usize = 200;

/// Different texts of a history; they come again and again.
const TEXTS: usize = 200;

const PREFIX: &str = "/v1/apps/crm/envs/production";

const OPERATIONS: [&str; 8] =
    ["save", "read version n", "read head", "list 50", "restore", "publish", "live, 304", "live, warm"];

struct Side {
    stack: Stack,
    ada: Person,
    length: usize,
    texts: Vec<Bytes>,
    etag: String,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut given = std::env::args().skip(1).map(|number| number.parse().unwrap());
    let (long, bytes) = (given.next().unwrap_or(100_000), given.next().unwrap_or(10_000));
    let sides = [Side::of(100, bytes).await, Side::of(long, bytes).await];
    let mut out = io::stdout();
    writeln!(out, "| operation | 100 versions | calls | {long} versions | calls | ratio |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for operation in OPERATIONS {
        let (mut times, mut calls) = ([const { Vec::new() }; 2], [0; 2]);
        for round in 0..ROUNDS {
            for turn in 0..2 {
                let side = (round + turn) % 2;
                let (time, made) = sides[side].run(operation, round).await;
                times[side].push(time);
                calls[side] += made;
            }
        }
        let [short, long] = times.map(median);
        let [few, many] = calls.map(|calls| calls as f64 / ROUNDS as f64);
        let ratio = long / short;
        writeln!(out, "| {operation} | {short:.2} ms | {few:.2} | {long:.2} ms | {many:.2} | {ratio:.2} |")?;
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

impl Side {
    async fn of(length: usize, bytes: usize) -> Self {
        let (stack, ada) = (Stack::start().await.unchecked(), Person::admin("ada"));
        let texts: Vec<Bytes> = generate::history(bytes, TEXTS - 1).into_iter().map(Bytes::from).collect();
        stack.save(&ada, texts[0].clone()).await.is(201);
        append(&stack, &texts, length).await;
        for name in ["a", "b"] {
            let version = length / if name == "a" { 2 } else { 3 };
            let body = json!({ "name": name, "version": version });
            stack.post(&ada, &format!("{PREFIX}/snapshots"), body).await.is(201);
        }
        stack.post(&ada, &format!("{PREFIX}/publish"), json!({ "snapshot": "a" })).await.is(200);
        let live = stack.get(&ada, &format!("{PREFIX}/live"), &[]).await.is(200);
        let etag = live.header("etag").to_owned();
        Self { stack, ada, length, texts, etag }
    }

    #[allow(clippy::disallowed_methods, reason = "a measurement")]
    async fn run(&self, operation: &str, round: usize) -> (Duration, usize) {
        let get = async |path: &str, headers: &[(&str, &str)]| {
            self.stack.get(&self.ada, &format!("{PREFIX}/{path}"), headers).await
        };
        let post =
            async |path: &str, body| self.stack.post(&self.ada, &format!("{PREFIX}/{path}"), body).await;
        self.stack.calls.take();
        let start = Instant::now();
        let answer: Answer = match operation {
            "save" => self.stack.overwrite(&self.ada, self.texts[round % TEXTS].clone()).await,
            "read version n" => {
                get(&format!("versions/{}/config", self.length * (round + 1) / (ROUNDS + 1) + 1), &[]).await
            }
            "read head" => get("working", &[]).await,
            "list 50" => get("history?limit=50", &[]).await,
            "restore" => post("restore", json!({ "version": round % 2 + 1 })).await,
            "publish" => {
                let name = if round.is_multiple_of(2) { "b" } else { "a" };
                post("publish", json!({ "snapshot": name })).await
            }
            "live, 304" => get("live", &[("if-none-match", self.etag.as_str())]).await.is(304),
            _ => get("live", &[]).await,
        };
        let took = start.elapsed();
        let fine = answer.status.is_success() || answer.status == http::StatusCode::NOT_MODIFIED;
        assert!(fine, "{operation}: {}", answer.text());
        (took, self.stack.calls.take().len())
    }
}

/// Appends versions up to the number `length`, on top of the first.
async fn append(stack: &Stack, texts: &[Bytes], length: usize) {
    let env = EnvId { app: "crm".parse().unwrap(), env: "production".parse().unwrap() };
    let (waymark, mut items) = (&stack.waymark, Vec::new());
    let mut head = waymark.history.head(&env).await.unwrap().unwrap();
    let mut prev = head.hash();
    let configs: Vec<Config> = texts.iter().map(|text| Config::check(text.clone()).unwrap()).collect();
    for number in 2..=length {
        let config = &configs[(number - 1) % configs.len()];
        let stored = waymark.configs.store(&env, config, Some(&head.entry), None).await.unwrap();
        let version: Version = serde_json::from_value(json!(number)).unwrap();
        let entry = Entry {
            version,
            event: Event::Saved { changes: stored.changes },
            write: waymark.sources.ids.fresh(),
            prev: Some(prev),
            config: stored.config,
            ..head.entry.clone()
        };
        let item = to_item("crm/production", &entry).unwrap();
        prev = link(&item);
        head.entry = entry;
        items.push(item);
        if items.len() == 25 || number == length {
            write(stack, std::mem::take(&mut items)).await;
        }
    }
}

async fn write(stack: &Stack, items: Vec<Item>) {
    let put = |item| {
        WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build().unwrap())
    };
    let requests = items.into_iter().map(|item| put(item).build()).collect();
    let sent = stack
        .clients
        .dynamodb
        .batch_write_item()
        .request_items(&stack.resources.table, requests)
        .send()
        .await;
    assert!(sent.unwrap().unprocessed_items.unwrap_or_default().is_empty());
}
