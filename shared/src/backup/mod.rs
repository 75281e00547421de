//! Backups: self-contained files of an environment's state, apart from its history.

mod class;
mod file;
mod policy;
mod store;
mod take;

pub use class::{BackupId, Class};
pub use file::{Checked, File, FileError, HeadMark, Part, Taken, gunzip, is_backup, is_gzip, most_gunzipped};
pub use policy::{Every, Keep, Policy, hour_of};
pub use store::{Backups, Put, Stored};
pub use take::{Proof, Proved, Take};
