//! git by its command line: one commit per save.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use tempfile::TempDir;

use crate::server::{bytes_in, output};
use crate::side::{Op, Run, Side};

/// A repository with a work tree.
pub(crate) struct Git {
    dir: TempDir,
    newest: usize,
}

/// Runs git in a folder, without anybody's own settings.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
    }
    command
}

impl Git {
    /// # Panics
    ///
    /// Without `git`.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        output(git(dir.path()).args(["init", "-q", "-b", "main"]));
        std::fs::write(dir.path().join("config.json"), "{}").unwrap();
        output(git(dir.path()).args(["add", "config.json"]));
        output(git(dir.path()).args(["commit", "-q", "-m", "empty"]));
        Self { dir, newest: 0 }
    }

    fn run(&self, arguments: &[&str]) -> Bytes {
        output(git(self.dir.path()).args(arguments)).into()
    }
}

impl Side for Git {
    fn name(&self) -> &'static str {
        "git"
    }

    fn settings(&self) -> String {
        let version = String::from_utf8(output(Command::new("git").arg("--version"))).unwrap();
        format!(
            "{} with its defaults (loose objects not synced): the file written, `git commit -a`; `git show`, `git log`, \
             `git diff`. Bytes kept: loose objects, before any `git gc`",
            version.trim()
        )
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        matches!(op, Op::Save(_) | Op::Read(_) | Op::Head | Op::List | Op::Diff(..))
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::Save(text) => {
                    std::fs::write(self.dir.path().join("config.json"), &text.text).unwrap();
                    self.newest += 1;
                    Git::run(self, &["commit", "-q", "-a", "-m", "save"])
                }
                Op::Read(version) => {
                    Git::run(self, &["show", &format!("HEAD~{}:config.json", self.newest - version)])
                }
                Op::Head => Git::run(self, &["show", "HEAD:config.json"]),
                Op::List => Git::run(self, &["log", "-50", "--format=%H %at %an %s"]),
                Op::Diff(from, to) => {
                    let of = |version: usize| format!("HEAD~{}:config.json", self.newest - version);
                    Git::run(self, &["diff", &of(from), &of(to)])
                }
                _ => Bytes::new(),
            }
        })
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async { Some(bytes_in(&self.dir.path().join(".git/objects"))) })
    }
}
