//! The schemas of answers that are put together from parts, member by member.

use serde::Serialize;
use utoipa::ToSchema;

use super::types::Config;
use crate::config::diff::{Change, Counts, Diff};
use crate::config::merge::Conflict;
use crate::entry::{Author, EntryView, PromotionView};
use crate::hash::Sha256;
use crate::history::Since;
use crate::id::{SnapshotName, Version};
use crate::schema::Failure;

/// What an entry did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the README's")]
pub enum EntryKind {
    Saved,
    Snapshot,
    Renamed,
    Restored,
    Published,
    Unpublished,
    Imported,
    Unknown,
}

/// A page of a listing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// What there is.
    pub items: Vec<T>,
    /// Path and query of the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

/// The answer to a change: the entry that it made; where nothing was appended, the newest one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// The entry.
    #[serde(flatten)]
    pub entry: EntryView,
    /// Whether nothing was appended, since what was asked for is so already.
    pub unchanged: bool,
}

/// The answer to a restore.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restored {
    /// The change.
    #[serde(flatten)]
    pub changed: Changed,
    /// What the environment's schema finds in the config. Absent where there is no schema, or where it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Failure>>,
    /// How soon all users have it, where no release is live and users see the working version. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub users_see_it_within_seconds: Option<u64>,
}

/// The answer to a save.
#[derive(Debug, Serialize, ToSchema)]
pub struct Saved {
    /// The change.
    #[serde(flatten)]
    pub changed: Changed,
    /// What the environment's schema finds in the config. Absent where there is no schema, or where it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Failure>>,
    /// What was merged with it. Absent where nothing came since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// What was saved, where that is not what was sent. Absent where it is too large for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Config)]
    pub config: Option<()>,
}

/// The answer to a change of what users see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Released {
    /// The change.
    #[serde(flatten)]
    pub changed: Changed,
    /// What the environment's schema finds in the config that was rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Failure>>,
    /// How soon all users have it: how long caches keep what was live before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub users_see_it_within_seconds: Option<u64>,
    /// Whose changes were merged into what is promoted. Absent where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub merged: Option<Since>,
}

/// What promoting a snapshot would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromotionPreview {
    /// The newest version here; null where there is none.
    #[schema(required)]
    pub version: Option<Version>,
    /// The SHA-256 of what users would get.
    pub sha256: Sha256,
    /// Whether users see just that already.
    pub unchanged: bool,
    /// Where it comes from.
    pub origin: PromotionView,
    /// Whose changes would be merged into it. Absent where none would.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub merged: Option<Since>,
    /// What it changes for users. Absent where the history begins with it, and over 1 MB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub changes: Option<Vec<Change>>,
    /// How many changes of each kind they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub counts: Option<Counts>,
    /// What users would get. Absent where it is too large for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Config)]
    pub config: Option<()>,
}

/// What a restore would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestorePreview {
    /// The newest version; null where there is none.
    #[schema(required)]
    pub version: Option<Version>,
    /// The SHA-256 of what the working version would be.
    pub sha256: Sha256,
    /// Whether it is just that already.
    pub unchanged: bool,
    /// Whose edits would give way. Absent where later edits stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub since: Option<Since>,
    /// What the environment's schema finds in the outcome. Absent where there is no schema, or where it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Failure>>,
    /// What it changes of the working version.
    #[serde(flatten)]
    pub diff: Diff,
}

/// What a save was merged with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Merged {
    /// What came since.
    #[serde(flatten)]
    pub since: Since,
    /// Whether the outcome is another config than was sent.
    pub config_changed: bool,
}

/// What saving a config would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// The newest version.
    pub version: Version,
    /// The SHA-256 of the outcome.
    pub sha256: Sha256,
    /// What it would be merged with. Absent where nothing came since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// The outcome. Absent where it is too large for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Config)]
    pub config: Option<()>,
}

/// Where a config that is too large for an answer can be had, for 5 minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Download {
    /// The address.
    pub url: String,
    /// The config's length in bytes. The file is compressed by gzip.
    pub bytes: u64,
}

/// A conflict as an answer shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedConflict {
    /// The conflict.
    #[serde(flatten)]
    pub conflict: Conflict,
    /// Who changed the place in the newest version; absent where it may have been several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The values are too long for this answer: read them in the versions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub values_left_out: bool,
}

/// What users see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Release {
    /// The snapshot's name.
    pub name: SnapshotName,
    /// The version that its config is read from.
    pub version: Version,
    /// The SHA-256 of its config.
    pub sha256: Sha256,
    /// The length of its config in bytes.
    pub bytes: u64,
    /// The entry that published it.
    pub entry: Version,
}

/// A refusal or failure (RFC 9457). `type` is for programs; `detail` says people what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:waymark:problem:` and the problem's name.
    pub r#type: String,
    /// The same for every problem of a type.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// A refusal or failure of API Gateway itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayMessage {
    /// What is wrong.
    pub message: String,
}
