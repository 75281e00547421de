//! The one shape of every answer about an entry.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Author, Entry, Event, Origin, Promotion, Source, Subject};
use crate::backup::BackupId;
use crate::config::diff::{Counts, Summary};
use crate::hash::Sha256;
use crate::id::{EnvName, Note, SnapshotName, Version};

/// An entry as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryView {
    /// Its number.
    pub version: Version,
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::EntryKind))]
    kind: &'static str,
    label: String,
    #[serde(serialize_with = "millis")]
    at: Timestamp,
    author: Author,
    sha256: Sha256,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<SnapshotName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<SnapshotName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectView>,
    /// The entry that made the snapshot that this is about, whatever it is called by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<PromotionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<OriginView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Counts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first_changes: Vec<Touched>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback: Option<bool>,
    /// The name of what is live after the entry; `null` when no release is.
    live: Option<SnapshotName>,
}

/// Writes a time for answers: to the millisecond, always with three digits, so that texts sort as times do.
///
/// # Errors
/// Those of the serializer.
pub fn millis<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{at:.3}"))
}

/// Where a restored config came from, as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct OriginView {
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<SnapshotName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<BackupId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<Version>,
    /// The first of several entries that were reversed as one; `undo` is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo_from: Option<Version>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<String>,
}

impl From<&Origin> for OriginView {
    fn from(origin: &Origin) -> Self {
        let Origin { version, name, backup, at, undo, undo_from, paths } = origin.clone();
        Self { version, name, backup, at, undo, undo_from, paths }
    }
}

/// Where an imported config came from, as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct SourceView {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// `true` where only the file says so: whoever sent it may have written anything there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unproven: bool,
}

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        let Source { environment, snapshot, version, at } = source.clone();
        // A history that began with a snapshot has read it itself.
        let unproven = environment.is_some() && snapshot.is_none();
        Self { environment, snapshot, version, at, unproven }
    }
}

/// Where a promoted snapshot came from, as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromotionView {
    environment: EnvName,
    snapshot: SnapshotName,
    version: Version,
    /// Whether values of the environment were kept in it.
    kept: bool,
    /// Whether changes that were made in the environment were merged into it.
    merged: bool,
}

impl PromotionView {
    /// As a member of an answer.
    pub fn to_json(&self) -> serde_json::Value {
        // A flat struct of texts and numbers always becomes an object.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<&Promotion> for PromotionView {
    fn from(origin: &Promotion) -> Self {
        let Promotion { environment, name, version, kept, merged } = origin.clone();
        Self { environment, snapshot: name, version, kept, merged: merged.is_some() }
    }
}

/// A snapshot's config as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubjectView {
    version: Version,
    sha256: Sha256,
    bytes: u64,
}

impl From<&Subject> for SubjectView {
    fn from(subject: &Subject) -> Self {
        Self { version: subject.version, sha256: subject.sha256, bytes: subject.bytes }
    }
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let mut view = Self {
            version: entry.version,
            kind: entry.event.kind(),
            label: entry.label(),
            at: entry.at,
            author: entry.author.clone(),
            sha256: entry.config.sha256,
            bytes: entry.config.bytes,
            name: None,
            previous: None,
            note: entry.note.clone(),
            subject: None,
            snapshot: None,
            origin: None,
            from: None,
            source: None,
            changes: None,
            first_changes: Vec::new(),
            rollback: None,
            live: entry.releases.live.as_ref().map(|live| live.name.clone()),
        };
        if let Some(changes) = entry.event.changes() {
            view.changes = Some(changes.counts);
            view.first_changes = changes.paths.iter().map(touched).collect();
        }
        match &entry.event {
            Event::Snapshot { name, subject, origin } => {
                view.name = Some(name.clone());
                view.origin = origin.as_ref().map(PromotionView::from);
                view.snapshot = Some(entry.version);
                view.subject = Some(subject.into());
            }
            Event::Renamed { name, previous, snapshot } => {
                view.snapshot = Some(*snapshot);
                view.name = Some(name.clone());
                view.previous = Some(previous.clone());
            }
            Event::Restored { from, .. } => view.from = Some(from.into()),
            Event::Published { name, subject, rollback } => {
                view.name = Some(name.clone());
                view.subject = Some(subject.into());
                view.rollback = Some(*rollback);
                view.snapshot = entry.releases.live.as_ref().map(|live| live.snapshot);
            }
            Event::Unpublished { name } => {
                view.name = Some(name.clone());
                view.snapshot = entry.releases.before.as_ref().map(|before| before.snapshot);
            }
            Event::Imported { source, .. } => view.source = Some(source.into()),
            Event::Saved { .. } | Event::Unknown => {}
        }
        view
    }
}

/// A place that a save changed, as answers show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Touched {
    #[cfg_attr(feature = "openapi", schema(value_type = crate::config::diff::Op))]
    op: &'static str,
    path: String,
}

/// Reads a place as a summary keeps it.
fn touched(path: &String) -> Touched {
    let op = match path.as_bytes().first() {
        Some(b'a') => "add",
        Some(b'r') => "remove",
        Some(b'm') => "move",
        _ => "replace",
    };
    Touched { op, path: path.get(1..).unwrap_or_default().to_owned() }
}

impl Event {
    /// The kind's name, as stored and as answered.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Saved { .. } => "saved",
            Self::Snapshot { .. } => "snapshot",
            Self::Renamed { .. } => "renamed",
            Self::Restored { .. } => "restored",
            Self::Published { .. } => "published",
            Self::Unpublished { .. } => "unpublished",
            Self::Imported { .. } => "imported",
            Self::Unknown => "unknown",
        }
    }

    /// What it says of the changes that it made to the config.
    pub fn changes(&self) -> Option<&Summary> {
        match self {
            Self::Saved { changes } | Self::Restored { changes, .. } | Self::Imported { changes, .. } => {
                changes.as_deref()
            }
            _ => None,
        }
    }

    /// The same with what it says of the changes that it made to the config, where its kind says so.
    #[must_use]
    pub fn with_changes(mut self, what: Option<Box<Summary>>) -> Self {
        if let Self::Saved { changes } | Self::Restored { changes, .. } | Self::Imported { changes, .. } =
            &mut self
        {
            *changes = what;
        }
        self
    }

    /// About how many bytes it takes in an entry, rather too many.
    pub fn weight(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len())
    }

    /// Whether it may have changed the working config. A kind that is not known may have.
    pub fn changes_config(&self) -> bool {
        matches!(self, Self::Saved { .. } | Self::Restored { .. } | Self::Imported { .. } | Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::touched;

    #[test]
    fn a_place_says_what_happened_to_it() {
        for (kept, op) in [("a/x", "add"), ("r/x", "remove"), ("m/x", "move"), ("c/x", "replace")] {
            let place = touched(&kept.to_owned());
            assert_eq!((place.op, place.path.as_str()), (op, "/x"));
        }
    }
}
