//! Undoes every edit of a recorded history on later versions, and merges neighbouring edits, beside `git merge-file`:
//! `cargo run --release -p waymark-core --example merges -- FILE…`. Counts what merges and what conflicts; needs git.
//!
//! A file has a version a line, `{"config": …}`, compressed by zstd. Git merges the same versions, a member a line.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: a fault may end it at once"
)]

use std::path::Path;
use std::process::Command;

use waymark_core::config::Config;
use waymark_core::config::merge::{MergeError, merge};

/// How many versions later an edit is undone.
const LATER: [usize; 4] = [1, 5, 20, 60];

#[derive(Default)]
struct Counts {
    merges: usize,
    conflicts: usize,
    git_conflicts: usize,
    git_alone: usize,
}

fn main() {
    println!("| file | what | merges | conflicts | git's | conflicts where git has none |");
    println!("|---|---|---|---|---|---|");
    for path in std::env::args().skip(1) {
        let versions = versions(&path);
        let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
        let (mut undo, mut both) = (Counts::default(), Counts::default());
        for k in 1..versions.len() {
            for later in LATER.iter().filter(|later| k + **later < versions.len()) {
                undo.add(&versions[k], &versions[k + later], &versions[k - 1]);
            }
            // Two people: one makes the next edit, the other takes the last one back.
            if k + 2 < versions.len() {
                both.add(&versions[k + 1], &versions[k + 2], &versions[k]);
            }
        }
        for (what, counts) in [("undo", undo), ("two at once", both)] {
            let Counts { merges, conflicts, git_conflicts, git_alone } = counts;
            println!("| {name} | {what} | {merges} | {conflicts} | {git_conflicts} | {git_alone} |");
        }
    }
}

impl Counts {
    fn add(&mut self, base: &str, ours: &str, theirs: &str) {
        if base == ours || base == theirs {
            return;
        }
        let config = |text: &str| Config::check(text.to_owned()).unwrap();
        let found = merge(&config(base), &config(ours), &config(theirs));
        let conflicts = matches!(found, Err(MergeError::Conflicts { .. }));
        let git = git_conflicts(base, ours, theirs);
        self.merges += 1;
        self.conflicts += usize::from(conflicts);
        self.git_conflicts += usize::from(git);
        self.git_alone += usize::from(conflicts && !git);
    }
}

fn versions(path: &str) -> Vec<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    std::io::copy(&mut decoder, &mut bytes).unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    let config = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["config"].to_string()
    };
    lines.lines().map(config).collect()
}

fn git_conflicts(base: &str, ours: &str, theirs: &str) -> bool {
    let folder = std::env::temp_dir().join(format!("waymark-merges-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
        path
    };
    let (ours, base, theirs) = (write("ours", ours), write("base", base), write("theirs", theirs));
    let mut git = Command::new("git");
    git.args(["merge-file", "-p", "-q"]).args([&ours, &base, &theirs]).stdout(std::process::Stdio::null());
    let status = git.status().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    !status.success()
}
