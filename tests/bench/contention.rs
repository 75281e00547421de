//! Publish, roll back and unpublish while an environment is saved to by many: `cargo run -p waymark-tests --example contention --
//! [saves a second] [seconds]`. It prints how long each took, and how many saves went through.
//!
//! Saves arrive at a fixed rate, however long those before them take, through routers of their own over the same stores.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers: it measures time, and a failed step ends it"
)]
#![allow(clippy::wrong_self_convention, reason = "`answer.is(200)` reads as what it asserts")]

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use support::stack::ENV;
use support::{Person, Stack};

#[tokio::main]
async fn main() {
    let mut asked = std::env::args().skip(1).map(|number| number.parse::<u64>().unwrap());
    let (rate, seconds) = (asked.next().unwrap_or(450), asked.next().unwrap_or(20));
    let stack = Arc::new(Stack::on_disk().await.unchecked());
    let others = Arc::new(Stack::elsewhere(&stack.address()).unchecked());
    let ada = Person::admin("ada");
    stack.save(&ada, config(0)).await.is(201);
    for name in ["a", "b"] {
        stack.post(&ada, &format!("{ENV}/publish"), json!({"version": "working", "name": name})).await;
        stack.overwrite(&ada, config(1)).await.is(200);
    }
    let saved = Arc::new([const { AtomicU64::new(0) }; 3]);
    let end = Instant::now() + Duration::from_secs(seconds);
    let saves = tokio::spawn(saves(Arc::clone(&others), Arc::clone(&saved), rate, end));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut took: [Vec<Duration>; 4] = Default::default();
    let mut refused = 0;
    for round in 0.. {
        if Instant::now() >= end {
            break;
        }
        let (kind, path, body) = match round % 4 {
            0 => (0, "publish", json!({"version": "working"})),
            1 => (1, "publish", json!({"snapshot": if round % 8 == 1 { "a" } else { "b" }})),
            2 => (2, "rollback", json!({})),
            _ => (3, "unpublish", json!({})),
        };
        let began = Instant::now();
        let answer = stack.post(&ada, &format!("{ENV}/{path}"), body).await;
        took[kind].push(began.elapsed());
        refused += u32::from(!answer.status.is_success());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    saves.await.unwrap();
    let [attempted, done, contended] = [0, 1, 2].map(|at| saved[at].load(Ordering::Relaxed));
    println!("{attempted} saves attempted in {seconds} s, {done} done, {contended} refused as contended");
    println!("{refused} publications refused");
    for (what, mut took) in
        ["publish working", "publish a snapshot", "roll back", "unpublish"].into_iter().zip(took)
    {
        took.sort();
        let at = |part: usize| {
            took.get((took.len() * part / 100).min(took.len() - 1)).copied().unwrap_or_default()
        };
        println!(
            "{what}: {} times, median {:?}, 99 % {:?}, longest {:?}",
            took.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

fn config(number: u64) -> String {
    json!({ "title": "Refund desk", "n": number, "query": "select 1 ".repeat(200) }).to_string()
}

async fn saves(stack: Arc<Stack>, saved: Arc<[AtomicU64; 3]>, rate: u64, end: Instant) {
    let mut due = tokio::time::interval(Duration::from_micros(1_000_000 / rate));
    let mut number = 1;
    while Instant::now() < end {
        due.tick().await;
        number += 1;
        let (stack, saved) = (Arc::clone(&stack), Arc::clone(&saved));
        saved[0].fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let answer = stack.overwrite(&Person::admin("ben"), config(number)).await;
            let at = if answer.status.is_success() { 1 } else { 2 };
            saved[at].fetch_add(1, Ordering::Relaxed);
        });
    }
}
