//! Feeds a real history through the service and says what it costs:
//! `cargo run --release -p waymark-tests --example feed -- FILE`.
//!
//! A line of the file is a version, oldest first: `{"at": …, "config": {…}}`. What is saved is the text of `config`
//! as it stands there. The file may be compressed with zstd (window log up to 27). Every version is read back byte
//! for byte; any fault ends the program with another exit code than 0.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

mod versions;

use support::Stack;
use support::feed::{Report, Sum, feed};
use versions::versions;

#[tokio::main]
async fn main() -> io::Result<ExitCode> {
    let Some(path) = std::env::args_os().nth(1) else {
        writeln!(io::stderr(), "Give a file of versions: feed FILE")?;
        return Ok(ExitCode::FAILURE);
    };
    let versions = versions(std::fs::read(path)?)?;
    let report = feed(&Stack::start().await, &versions).await;
    print(&report, &mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:<28}{:>6}{:>14}", "", "count", "bytes")?;
    let mut line = |name: &str, sum: Sum| writeln!(out, "{name:<28}{:>6}{:>14}", sum.count, sum.bytes);
    let stored = Sum { count: report.keyframes.count + report.deltas.count, bytes: report.stored() };
    line("versions given", report.given)?;
    line("stored", stored)?;
    line("  keyframes", report.keyframes)?;
    line("  deltas", report.deltas)?;
    line("one zstd object per version", report.objects)?;
    let ratio = report.objects.bytes as f64 / stored.bytes.max(1) as f64;
    writeln!(out, "entries: {}, every one read back byte for byte", report.entries)?;
    writeln!(out, "stored: 1/{ratio:.1} of one zstd object per version")?;
    writeln!(out, "AWS calls per save: {:.3}", report.calls_per_save())?;
    for (name, count) in &report.calls {
        writeln!(out, "  {name:<29}{:.3}", *count as f64 / report.given.count.max(1) as f64)?;
    }
    let mut times = report.encoding.clone();
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (middle, most) = (ms(times.get(times.len() / 2)), ms(times.last()));
    writeln!(out, "encoding a delta: median {middle:.2} ms, at most {most:.2} ms")
}
