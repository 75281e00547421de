//! The folder that holds everything of one local installation.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::engines::sync::Disk;

/// A data folder that exists. Only its owner may read it, where the system has such rights.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Keeps other processes from serving the same folder, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock, never read")] File);

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process serves this folder.
    #[error("{} is in use by another waymark; stop it or use --data", .0.display())]
    InUse(PathBuf),
    /// The operating system refused.
    #[error("cannot use {} as data folder: {source}", path.display())]
    Io {
        /// The file or folder in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl DataDir {
    /// Uses `path`, which is made when missing, with its parents. A folder that others may read or enter is closed to
    /// them, and the log says so.
    ///
    /// # Errors
    ///
    /// [`DataDirError::Io`] when it cannot be made or is not a folder.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let io = |source| DataDirError::Io { path: path.to_owned(), source };
        if !path.is_dir() {
            make_private(path).map_err(io)?;
        } else if close(path) {
            tracing::warn!(folder = %path.display(), "others could read the data folder; its mode is 0700 now");
        }
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether only its owner may read it; `true` where that cannot be told. The databases in it are as readable as it is.
    pub fn is_private(path: &Path) -> bool {
        #[cfg(unix)]
        if let Ok(metadata) = fs::metadata(path) {
            return std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 == 0;
        }
        true
    }

    /// Takes the folder for this process. Needed to serve it, not to make a token.
    ///
    /// # Errors
    ///
    /// [`DataDirError::InUse`] when another process has it, [`DataDirError::Io`] when the lock file cannot be made.
    pub fn lock(&self) -> Result<Lock, DataDirError> {
        let path = self.0.join("lock");
        let io = |source| DataDirError::Io { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// Takes a folder away from everybody but its owner. False where it was theirs alone, or has to stay as it is: a folder
/// such as `/tmp`, with the sticky bit, is everybody's, and one of another owner is not ours to close.
fn close(path: &Path) -> bool {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode();
        let is_open = mode & 0o077 != 0 && mode & 0o1000 == 0;
        return is_open && fs::set_permissions(path, fs::Permissions::from_mode(0o700)).is_ok();
    }
    false
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // Its name survives a power cut: what is in it would be lost with it.
    path.canonicalize()?.parent().map_or(Ok(()), |above| Disk::default().sync(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("new/data")).unwrap();
        let first = data.lock().unwrap();
        let refused = DataDir::open(data.path()).unwrap().lock().unwrap_err();
        assert!(matches!(refused, DataDirError::InUse(_)), "{refused}");
        assert!(
            refused.to_string().ends_with("is in use by another waymark; stop it or use --data"),
            "{refused}"
        );
        drop(first);
        data.lock().unwrap();
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_one_clear_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = DataDir::open(file.path()).unwrap_err();
        assert!(refused.to_string().starts_with("cannot use "), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_read_is_closed_to_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let folder = tempfile::tempdir().unwrap();
        for open in [0o755, 0o770, 0o711, 0o707, 0o500 | 0o050] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(open)).unwrap();
            let data = DataDir::open(folder.path()).unwrap();
            assert_eq!(mode(data.path()), 0o700, "{open:o}");
            assert!(DataDir::is_private(data.path()));
        }
        let made = DataDir::open(&folder.path().join("made")).unwrap();
        assert_eq!(mode(made.path()), 0o700);
        // One like `/tmp` stays as it is, and is warned of.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let shared = DataDir::open(folder.path()).unwrap();
        assert_eq!(mode(shared.path()), 0o1777);
        assert!(!DataDir::is_private(shared.path()));
    }
}
