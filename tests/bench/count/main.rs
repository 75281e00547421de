//! How many instructions each operation takes, against what it took when that was last accepted: a guard that no other
//! program on the machine disturbs. `bash tests/count.sh`; with `--accept`, the figures of today become the accepted ones.
//!
//! Each runs in a process of its own under valgrind's callgrind; the stores that requests need are in this one. Figures
//! differ by compiler and processor a little, so that one operation may take [`TOLERANCE`] more. valgrind shows no SHA
//! instructions to programs: a hash costs more here than anywhere else. Only the thread of the request is counted: a save is without
//! its check and its summary, which are made on another one and have lines of their own; and shows when what was made ready is not used.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

#[path = "../../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

mod operations;

use operations::{COMPUTATIONS, REQUESTS};
use support::Stack;

/// How much more than accepted is a failure.
const TOLERANCE: f64 = 0.10;

/// The accepted figures: a line an operation, name and instructions.
const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/count/accepted.txt");

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--inside", name] => operations::compute(name),
        ["--inside", name, address @ ..] => operations::request(name, address),
        ["--accept"] => {
            let line = |(name, instructions): &(String, u64)| format!("{name}: {instructions}\n");
            std::fs::write(ACCEPTED, count()?.iter().map(line).collect::<String>())?;
        }
        [] => return compare(&count()?, &accepted()?, &mut io::stdout()),
        _ => return Err(io::Error::other("Give --accept, or nothing.")),
    }
    Ok(ExitCode::SUCCESS)
}

fn accepted() -> io::Result<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(ACCEPTED)?;
    let lines = text.lines().filter_map(|line| line.rsplit_once(": "));
    Ok(lines.map(|(name, instructions)| (name.to_owned(), instructions.parse().unwrap())).collect())
}

/// The instructions of each operation, in their order.
#[tokio::main]
async fn count() -> io::Result<Vec<(String, u64)>> {
    let stack = Stack::start().await.unchecked();
    operations::prepare(&stack).await;
    let mut counted = Vec::new();
    for name in COMPUTATIONS {
        counted.push((name.to_owned(), instructions(vec![name.to_owned()]).await?));
    }
    for name in REQUESTS {
        let arguments = [name.to_owned()].into_iter().chain(stack.address()).collect();
        counted.push((name.to_owned(), instructions(arguments).await?));
    }
    Ok(counted)
}

/// Runs this program under valgrind, which counts while `counted_operation` runs.
async fn instructions(arguments: Vec<String>) -> io::Result<u64> {
    let dir = tempfile::tempdir()?;
    let out = dir.path().join("out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", "--toggle-collect=*counted_operation*"]);
    valgrind.arg(format!("--callgrind-out-file={}", out.display()));
    valgrind.arg(std::env::current_exe()?).arg("--inside").args(&arguments);
    let output = tokio::task::spawn_blocking(move || valgrind.output()).await??;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.and_then(|total| total.trim().parse().ok()).expect("a total"))
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
