//! Backs up many environments by schedule and says what each cost:
//! `cargo run --release -p waymark-tests --example schedule -- 5000`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use jiff::SignedDuration;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::schedule::TestQueue;
use support::{Person, Stack, time};

/// Of so many environments one changes between the two days.
const ONE_IN: usize = 5;

#[tokio::main]
#[allow(clippy::disallowed_methods, reason = "a measurement")]
async fn main() -> io::Result<()> {
    let count: usize = std::env::args().nth(1).map_or(5_000, |count| count.parse().unwrap());
    let mut out = io::stdout();
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    for number in 0..count {
        save(&stack, &ada, number, &[], 0).await;
    }
    for (day, changed) in [(0, count), (1, count.div_ceil(ONE_IN)), (2, 0)] {
        if day > 0 {
            for number in 0..changed {
                save(&stack, &ada, number * ONE_IN, &[("if-match", "*")], day).await;
            }
        }
        stack.cold();
        let time = time::start() + SignedDuration::from_hours(24 * day);
        let queue = TestQueue::default();
        stack.calls.take();
        let began = Instant::now();
        let due = stack.tick(&queue, time).await;
        let ticked = (began.elapsed(), stack.calls.take().len());
        let began = Instant::now();
        queue.deliver_all(&stack).await;
        let worked = began.elapsed();
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        for call in stack.calls.take() {
            *calls.entry(call).or_default() += 1;
        }
        writeln!(
            out,
            "day {day}: {due} due, {changed} changed; tick {:?} in {} calls, worker {worked:?}",
            ticked.0, ticked.1
        )?;
        for (call, count) in calls {
            writeln!(out, "  {call:<32}{count:>8}")?;
        }
    }
    Ok(())
}

async fn save(stack: &Stack, ada: &Person, number: usize, headers: &[(&str, &str)], edition: i64) {
    let path = format!("/v1/apps/crm/envs/e{number}/working");
    let config = format!("{{\"environment\":{number},\"edition\":{edition}}}");
    let saved = stack.call(ada, "PUT", &path, headers, config).await;
    assert!(saved.status.is_success(), "{saved:?}");
}
