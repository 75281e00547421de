//! The backups' parts that know no bucket.

#[path = "../../../shared/src/backup/class.rs"]
mod class;
#[path = "../../../shared/src/backup/file.rs"]
mod file;

pub use class::*;
pub use file::*;
