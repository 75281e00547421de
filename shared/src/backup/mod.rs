//! Backups: self-contained files of an environment's state, apart from its history.

mod class;
mod file;
mod store;
mod take;

pub use class::{BackupId, Class};
pub use file::{Checked, File, FileError, HeadMark, Part, gunzip, is_backup, is_gzip};
pub use store::{Backups, Put};
pub use take::{Proof, Proved, Take};
