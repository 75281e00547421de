//! Servers of other people, each a process of its own over a folder that goes with it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under way. It ends with this.
pub(crate) struct Server {
    child: Child,
    _dir: TempDir,
}

impl Server {
    /// Starts a server that is up once `socket` is there.
    pub(crate) async fn start(dir: TempDir, mut command: Command, socket: &Path) -> Self {
        let what = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = Self { child: child.unwrap_or_else(|e| panic!("{what}: {e}")), _dir: dir };
        let up = async {
            while !socket.exists() {
                let ended = server.child.try_wait().unwrap();
                assert!(ended.is_none(), "{what} ended: {ended:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, up).await.unwrap_or_else(|_| panic!("{what} does not start"));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What it keeps is of no more use.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that other users may enter.
pub(crate) fn open_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    dir
}

/// The bytes of the files in a folder.
pub(crate) fn bytes_in(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Runs a command to its end and gives what it prints.
pub(crate) fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The first of these files that is there.
pub(crate) fn newest_of(mut files: Vec<PathBuf>) -> Option<PathBuf> {
    files.sort();
    files.into_iter().rfind(|file| file.exists())
}
