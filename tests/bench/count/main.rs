//! How many instructions each operation takes, against what it took when that was last accepted: a guard that no other
//! program on the machine disturbs. `bash tests/count.sh`; with `--accept`, the figures of today become the accepted ones.
//!
//! It runs itself under valgrind's callgrind. Figures differ by compiler and processor a little, so that one operation may
//! take [`TOLERANCE`] more. valgrind shows no SHA instructions to programs: a hash costs more here than anywhere else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

#[path = "../../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

mod operations;
mod tape;

/// How much more than accepted is a failure.
const TOLERANCE: f64 = 0.10;

/// The accepted figures: a line an operation, name and instructions.
const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/count/accepted.txt");

fn main() -> io::Result<ExitCode> {
    match std::env::args().nth(1).as_deref() {
        Some("--inside") => {
            let mut out = io::stdout();
            operations::run(&mut |name: &str| writeln!(out, "{name}").unwrap());
            Ok(ExitCode::SUCCESS)
        }
        Some("--accept") => {
            let lines: Vec<String> =
                count()?.iter().map(|(name, instructions)| format!("{name}: {instructions}\n")).collect();
            std::fs::write(ACCEPTED, lines.concat())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => compare(&count()?, &accepted()?, &mut io::stdout()),
    }
}

fn accepted() -> io::Result<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(ACCEPTED)?;
    let lines = text.lines().filter_map(|line| line.rsplit_once(": "));
    Ok(lines.map(|(name, instructions)| (name.to_owned(), instructions.parse().unwrap())).collect())
}

/// The instructions of each operation, in their order.
fn count() -> io::Result<Vec<(String, u64)>> {
    let dir = tempfile::tempdir()?;
    let out = dir.path().join("out");
    let mut valgrind = Command::new("valgrind");
    // A dump whenever an operation ends; nothing counts outside of one.
    valgrind.args([
        "--tool=callgrind",
        "--quiet",
        "--collect-atstart=no",
        "--toggle-collect=*counted_operation*",
    ]);
    valgrind.arg("--dump-after=*counted_operation*").arg(format!("--callgrind-out-file={}", out.display()));
    let output = valgrind.arg(std::env::current_exe()?).arg("--inside").output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let names = String::from_utf8_lossy(&output.stdout);
    names.lines().zip(1..).map(|(name, number)| Ok((name.to_owned(), total(&out, number)?))).collect()
}

fn total(out: &Path, number: usize) -> io::Result<u64> {
    let dump = std::fs::read_to_string(format!("{}.{number}", out.display()))?;
    let total =
        dump.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    Ok(total.and_then(|total| total.trim().parse().ok()).expect("a dump without a total"))
}

fn compare(
    found: &[(String, u64)],
    accepted: &BTreeMap<String, u64>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let mut failed = found.len() != accepted.len();
    writeln!(out, "| operation, at 250 KB | thousand instructions | accepted | ratio |\n|---|---|---|---|")?;
    for (name, instructions) in found {
        let was = accepted.get(name).copied().unwrap_or_default();
        let ratio = *instructions as f64 / was as f64;
        let over = ratio > 1.0 + TOLERANCE;
        failed |= over;
        let mark = if over { ", too many" } else { "" };
        writeln!(out, "| {name} | {} | {} | {ratio:.3}{mark} |", instructions / 1_000, was / 1_000)?;
    }
    if failed {
        writeln!(
            out,
            "\nOver {:.0} % more, or other operations, than accepted. If it is worth it: bash tests/count.sh --accept",
            TOLERANCE * 100.0
        )?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
