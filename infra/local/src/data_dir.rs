//! The folder that holds everything of one local installation.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A data folder that exists. Where it was made here, only its owner may read it.
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
    /// Uses `path`, which is made when missing, with its parents.
    ///
    /// # Errors
    ///
    /// [`DataDirError::Io`] when it cannot be made or is not a folder.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        make_private(path).map_err(|source| DataDirError::Io { path: path.to_owned(), source })?;
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

fn make_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
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
    fn a_folder_that_others_can_read_is_told_from_one_made_here() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(!DataDir::is_private(DataDir::open(folder.path()).unwrap().path()));
        assert!(DataDir::is_private(DataDir::open(&folder.path().join("made")).unwrap().path()));
    }
}
