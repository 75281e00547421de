//! Saves a recorded history and compares `GET /blame` with a reading of all versions:
//! `cargo run --release -p waymark-tests --example blame -- FILE [COUNT]`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io::{self, Write};
use std::process::ExitCode;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;
#[path = "versions.rs"]
mod versions;

use support::blame::{blamed, by_reading_all, places};
use support::feed::feed;
use support::{Person, Stack};

#[tokio::main]
async fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(path) = arguments.next() else {
        writeln!(io::stderr(), "Give a file of versions: blame FILE [COUNT]")?;
        return Ok(ExitCode::FAILURE);
    };
    let count = arguments.next().map_or(200, |count| count.to_str().unwrap().parse().unwrap());
    let versions = versions::versions(std::fs::read(path)?)?;
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let report = feed(&stack, &versions).await;
    assert_eq!(report.entries, versions.len(), "every version is another");
    let (mut asked, mut differ, mut calls, mut most) = (0, 0, 0, 0);
    for place in places(versions.last().unwrap(), count) {
        stack.calls.take();
        let found = blamed(&stack, &ada, &place).await;
        let took = stack.calls.take().len();
        (asked, calls, most) = (asked + 1, calls + took, most.max(took));
        let expected = by_reading_all(&versions, &place) as u64;
        if found != expected {
            differ += 1;
            writeln!(io::stdout(), "{place}: #{found}, and by reading all versions #{expected}")?;
        }
    }
    writeln!(io::stdout(), "{asked} places, {differ} differ; {calls} calls, at most {most} for one")?;
    Ok(if differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
