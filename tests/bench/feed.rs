//! Feeds a real history through the service and says what it costs:
//! `cargo run --release -p waymark-tests --example feed -- FILE`.
//!
//! A line of the file is a version, oldest first: `{"at": …, "config": {…}}`. What is saved is the text of `config`
//! as it stands there. The file may be compressed with zstd (window log up to 27). Every version is read back byte
//! for byte; any fault ends the program with another exit code than 0.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::value::RawValue;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::Stack;
use support::feed::{Report, Sum, feed};

/// How every zstd frame begins (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

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

/// The configs of the file's lines.
fn versions(mut file: Vec<u8>) -> io::Result<Vec<String>> {
    if file.starts_with(&ZSTD) {
        let mut decoder = zstd::Decoder::new(file.as_slice())?;
        decoder.window_log_max(27)?;
        let mut text = Vec::new();
        decoder.read_to_end(&mut text)?;
        file = text;
    }
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut line: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(line)?;
            let config =
                line.remove("config").ok_or_else(|| io::Error::other("a line without \"config\""))?;
            Ok(String::from(Box::<str>::from(config)))
        })
        .collect()
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
