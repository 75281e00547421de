//! What makes a file or a folder survive a power cut.

use std::fs::File;
use std::io;
use std::path::Path;

/// Syncs files and folders. In tests it also reports what it synced.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    #[cfg(test)]
    pub(crate) seen: Option<Seen>,
}

/// Is told each path that was synced.
#[cfg(test)]
pub(crate) type Seen = std::sync::Arc<dyn Fn(&Path) + Send + Sync>;

impl Disk {
    /// Returns when the content of a file, or the list of names in a folder, is on the disk.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(crate) fn sync(&self, path: &Path) -> io::Result<()> {
        // Windows opens no folder so, and keeps the names in it by itself.
        if cfg!(unix) || path.is_file() {
            File::open(path)?.sync_all()?;
        }
        #[cfg(test)]
        if let Some(seen) = &self.seen {
            seen(path);
        }
        Ok(())
    }
}
