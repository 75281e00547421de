//! Compares the RFC 6902 patches between a history's versions with those of the crate `json-patch`, in bytes and in
//! time: `cargo run --release -p waymark-tests --example diff -- FILE`.
//!
//! The file is one as for `feed`. Each patch is made from the two texts, applied by `json-patch`, and must give the
//! newer version. Any fault ends the program with another exit code than 0.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use waymark::config::diff::patch;

mod versions;

use versions::versions;

/// How often each patch is made; the fastest counts, since other programs run beside.
const RUNS: usize = 5;

/// Largest sum of our bytes, of theirs.
const SUM: f64 = 0.5;

/// Largest patch, of theirs.
const SINGLE: f64 = 1.1;

/// Longest time, of theirs.
const TIME: f64 = 2.0;

#[derive(Default)]
struct Side {
    bytes: usize,
    time: Duration,
}

fn main() -> io::Result<ExitCode> {
    let Some(path) = std::env::args_os().nth(1) else {
        writeln!(io::stderr(), "Give a file of versions: diff FILE")?;
        return Ok(ExitCode::FAILURE);
    };
    let versions = versions(std::fs::read(path)?)?;
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    let mut worst = 0.0_f64;
    for (before, after) in versions.iter().zip(versions.iter().skip(1)) {
        let (our, our_time) = fastest(|| patch(before, after));
        let (their, their_time) = fastest(|| {
            let (before, after): (Value, Value) =
                (serde_json::from_str(before).unwrap(), serde_json::from_str(after).unwrap());
            serde_json::to_string(&json_patch::diff(&before, &after)).unwrap()
        });
        check(before, after, &our);
        worst = worst.max(our.len() as f64 / their.len() as f64);
        ours.bytes += our.len();
        ours.time += our_time;
        theirs.bytes += their.len();
        theirs.time += their_time;
    }
    let passed = print(&ours, &theirs, worst, versions.len().saturating_sub(1), &mut io::stdout())?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fastest(make: impl Fn() -> String) -> (String, Duration) {
    let mut best: Option<(String, Duration)> = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        let made = make();
        let time = start.elapsed();
        if best.as_ref().is_none_or(|(_, known)| time < *known) {
            best = Some((made, time));
        }
    }
    best.unwrap()
}

fn check(before: &str, after: &str, patch: &str) {
    let mut patched: Value = serde_json::from_str(before).unwrap();
    let patch: json_patch::Patch = serde_json::from_str(patch).unwrap();
    json_patch::patch(&mut patched, &patch).unwrap();
    assert!(patched == serde_json::from_str::<Value>(after).unwrap(), "the patch gives another config");
}

/// The table, in Markdown; whether all is within the limits.
fn print(ours: &Side, theirs: &Side, worst: f64, diffs: usize, out: &mut impl Write) -> io::Result<bool> {
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / diffs.max(1) as f64;
    let sum = ours.bytes as f64 / theirs.bytes.max(1) as f64;
    let time = ours.time.as_secs_f64() / theirs.time.as_secs_f64();
    writeln!(out, "| {diffs} patches | Waymark | json-patch | ratio | limit |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    writeln!(out, "| bytes together | {} | {} | {sum:.3} | {SUM} |", ours.bytes, theirs.bytes)?;
    writeln!(out, "| largest single ratio | | | {worst:.3} | {SINGLE} |")?;
    let (our, their) = (each(ours.time), each(theirs.time));
    writeln!(out, "| time each, from texts | {our:.2} ms | {their:.2} ms | {time:.2} | {TIME} |")?;
    Ok(sum <= SUM && worst <= SINGLE && time <= TIME)
}
