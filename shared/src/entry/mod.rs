//! An entry: one element of a history, and the environment's whole state after it.

mod chain;
mod item;
mod label;
mod view;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use chain::{canonical, link};
pub use item::{Item, from_item, to_item, uuid_of};
pub use view::{EntryView, PromotionView, SubjectView, millis};

use crate::backup::BackupId;
use crate::config::diff::Summary;
use crate::hash::Sha256;
use crate::id::{EnvName, Note, SnapshotName, Version};
use crate::visible::visible;

/// The format of the entries that this library writes, and the newest that it reads whole.
///
/// An unknown attribute at the top level of an entry is carried over to the next one, so state that is
/// added later goes there and does not need a new number. What the older formats had otherwise is read too:
///
/// - 1: ids as text, numbers that are 0 and releases that there are none of written out;
/// - 2: a delta may have been compressed twice;
/// - 3: ids as binary; what is 0 or empty is left out.
pub const FORMAT: u32 = 3;

/// What an entry leaves out although it is known, where it is 0 or empty, and the older formats did not.
pub(crate) const LEFT_OUT: [&str; 2] = ["generated", "releases"];

/// Who made an entry, from the verified token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Author {
    /// The token's subject, at most 255 bytes.
    pub id: String,
    /// A name for people, at most 100 bytes. What cannot be seen in it is written out, also in what was stored before.
    #[serde(deserialize_with = "visible_text")]
    pub name: String,
}

fn visible_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(visible(&String::deserialize(from)?).into_owned())
}

/// Where a config's bytes are: a keyframe of its own, or a delta against one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigRef {
    /// The SHA-256 of the config.
    #[serde(with = "item::hash")]
    pub sha256: Sha256,
    /// The config's length in bytes.
    pub bytes: u64,
    /// How to make it from a keyframe; `None` when it is a keyframe itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Delta>,
}

impl ConfigRef {
    /// The keyframe that the config is read from.
    pub fn keyframe(&self) -> Sha256 {
        self.delta.as_ref().map_or(self.sha256, |delta| delta.keyframe)
    }
}

/// An edit that lies inside its entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// The SHA-256 of the keyframe.
    #[serde(with = "item::hash")]
    pub keyframe: Sha256,
    /// The config, compressed with the keyframe as prefix.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Delta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delta({} bytes against {})", self.data.len(), self.keyframe)
    }
}

/// The config that a snapshot names. It is a keyframe, so that a release stands alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The version that the config is read from; the snapshot's own entry, where the config came from another
    /// environment: no entry here has it as its working config.
    pub version: Version,
    /// The SHA-256 of the config.
    #[serde(with = "item::hash")]
    pub sha256: Sha256,
    /// The config's length in bytes.
    pub bytes: u64,
}

impl Subject {
    /// The reference to its config.
    pub fn config(&self) -> ConfigRef {
        ConfigRef { sha256: self.sha256, bytes: self.bytes, delta: None }
    }
}

/// Where a snapshot came from that another environment of the app has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// The other environment.
    pub environment: EnvName,
    /// The snapshot's name there, at that time.
    pub name: SnapshotName,
    /// The version there whose config it is.
    pub version: Version,
    /// Whether values of this environment were kept in it, so that it is not the config that is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// The SHA-256 of the config that is there, where changes that were made here were merged into it. It is a keyframe.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "item::optional_hash")]
    pub merged: Option<Sha256>,
}

/// The release that users see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The release's present name.
    pub name: SnapshotName,
    /// The entry that made the snapshot: its identity, whatever it is called.
    pub snapshot: Version,
    /// The config that users get.
    pub subject: Subject,
    /// The entry that published it last.
    pub entry: Version,
}

/// The release before the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The release's present name.
    pub name: SnapshotName,
    /// The entry that made the snapshot.
    pub snapshot: Version,
    /// The entry that published it; its own state says what came before it.
    pub entry: Version,
}

impl From<&Live> for Before {
    fn from(live: &Live) -> Self {
        Self { name: live.name.clone(), snapshot: live.snapshot, entry: live.entry }
    }
}

/// What is live in an environment, and what would come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    /// The published release; `None` before the first publish and after unpublishing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// The release before it: where roll back goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

impl Releases {
    fn are_none(&self) -> bool {
        self.live.is_none() && self.before.is_none()
    }

    /// The same with another name for a snapshot, where it is the release or the one before.
    #[must_use]
    pub fn renamed(&self, snapshot: Version, name: &SnapshotName) -> Self {
        let mut releases = self.clone();
        if let Some(live) = releases.live.as_mut().filter(|live| live.snapshot == snapshot) {
            live.name = name.clone();
        }
        if let Some(before) = releases.before.as_mut().filter(|before| before.snapshot == snapshot) {
            before.name = name.clone();
        }
        releases
    }
}

/// The earlier state that a restore brought back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The version whose config it is.
    pub version: Version,
    /// The snapshot that was asked for, when one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotName>,
    /// The backup that was asked for, when one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupId>,
    /// The moment that was asked for, when one was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub at: Option<Timestamp>,
    /// The entry that was reversed, when one was; `version` is then the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Version>,
    /// The first of several entries that were reversed as one; `undo` is the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_from: Option<Version>,
    /// The JSON Pointers of the parts that were brought back, when not all of it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

impl Origin {
    /// A version, asked for by its number.
    pub fn of(version: Version) -> Self {
        Self { version, name: None, backup: None, at: None, undo: None, undo_from: None, paths: Vec::new() }
    }
}

/// Where an imported config came from, as its file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The app and environment of a backup file or of a snapshot; `None` for a plain config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The snapshot of another environment that a history began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotName>,
    /// The version of a backup file, or of the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// When the config of a backup file was saved.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub at: Option<Timestamp>,
}

/// What happened, by kind of entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// A config was saved.
    Saved {
        /// What changed; `None` for the first save, and where the config before could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Box<Summary>>,
    },
    /// A config was given a name.
    Snapshot {
        /// The name.
        name: SnapshotName,
        /// The config.
        subject: Subject,
        /// Where it came from, when it was promoted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Promotion>,
    },
    /// A snapshot was given another name or note.
    Renamed {
        /// The name from now on.
        name: SnapshotName,
        /// The name before; it stays an alias.
        previous: SnapshotName,
        /// The entry that made the snapshot.
        snapshot: Version,
    },
    /// An earlier config became the working version again.
    Restored {
        /// Where it came from.
        from: Origin,
        /// What changed, where one edit was undone or parts were brought back. `None` for a whole config: a restore of
        /// that reads none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Box<Summary>>,
    },
    /// A release became what users see.
    Published {
        /// The release.
        name: SnapshotName,
        /// Its config.
        subject: Subject,
        /// Whether it was rolled back to.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rollback: bool,
    },
    /// No release is live any more.
    Unpublished {
        /// The release that was live.
        name: SnapshotName,
    },
    /// A config from a file became the working version.
    Imported {
        /// What the file says of where it came from.
        source: Source,
        /// What changed; `None` where nothing was there, or nothing that can be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Box<Summary>>,
    },
    /// A kind that a newer format brought.
    #[serde(other)]
    Unknown,
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the history; in the table a part of the sort key.
    #[serde(skip, default = "first")]
    pub version: Version,
    /// The format that it was written in.
    pub format: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// When, to the millisecond; never before the entry before it.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Who.
    pub author: Author,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The id of the request that wrote it: how a request finds out that a lost answer was a success.
    #[serde(with = "item::uuid")]
    pub write: Uuid,
    /// The hash of the entry before it (`canonical`); `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "item::optional_hash")]
    pub prev: Option<Sha256>,
    /// The working config after it.
    pub config: ConfigRef,
    /// What is live after it.
    #[serde(default, skip_serializing_if = "Releases::are_none")]
    pub releases: Releases,
    /// The number of the last generated snapshot name; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generated: u64,
    /// The entry that made the last snapshot that came from another environment; `None` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted: Option<Version>,
    /// A random id of the history, made with its first entry.
    #[serde(with = "item::uuid")]
    pub history: Uuid,
}

fn first() -> Version {
    Version::FIRST
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
