//! What an entry is called, for people. Nothing reads a meaning back out of it.

use super::{Entry, Event, Origin, Source};
use crate::config::diff::{Counts, Summary};

impl Entry {
    /// One line that says what the entry did, such as `Reverted changes to #7`.
    pub fn label(&self) -> String {
        match &self.event {
            Event::Saved { changes: Some(changes) } if !changes.label.is_empty() => changes.label.clone(),
            Event::Saved { changes: Some(changes) } => saved(&changes.counts),
            Event::Saved { changes: None } if self.prev.is_none() => "First save".to_owned(),
            Event::Saved { changes: None } => "Saved".to_owned(),
            Event::Snapshot { name, origin: Some(from), .. } => {
                let merged = if from.merged.is_some() { ", merged with changes made here" } else { "" };
                format!(
                    "Promoted {} (#{}) from {} as {name}{merged}",
                    from.name, from.version, from.environment
                )
            }
            Event::Snapshot { name, subject, .. } if Some(subject.version) == self.version.before() => {
                format!("Snapshot {name}")
            }
            Event::Snapshot { name, subject, .. } => format!("Snapshot {name} of #{}", subject.version),
            Event::Renamed { name, previous, .. } if name == previous => {
                format!("Changed the note of {name}")
            }
            Event::Renamed { name, previous, .. } => format!("Renamed {previous} to {name}"),
            Event::Restored { from, changes } => restored(from, changes.as_deref()),
            Event::Published { name, rollback: true, .. } => format!("Rolled back to {name}"),
            Event::Published { name, .. } => format!("Published {name}"),
            Event::Unpublished { name } => format!("Unpublished {name}"),
            Event::Imported { source, .. } => imported(source),
            Event::Unknown => "A change that this version of Waymark does not know".to_owned(),
        }
    }
}

fn saved(counts: &Counts) -> String {
    match counts.to_string().as_str() {
        "" => "Saved: spelling or white space only".to_owned(),
        counts => format!("Saved: {counts}"),
    }
}

fn imported(source: &Source) -> String {
    match (&source.environment, source.version) {
        (Some(environment), Some(version)) if let Some(name) = &source.snapshot => {
            format!("Began with {name} (#{version}) of {environment}")
        }
        (Some(environment), Some(version)) => format!("Imported {environment} #{version} from a file"),
        _ => "Imported a file".to_owned(),
    }
}

/// How many parts a label names.
const NAMED_PATHS: usize = 2;

fn restored(from: &Origin, changes: Option<&Summary>) -> String {
    match (from.undo, from.undo_from) {
        (Some(last), Some(first)) => return format!("Undid #{first}–#{last}"),
        (Some(undone), None) => return format!("Undid #{undone}"),
        (None, _) => {}
    }
    if !from.paths.is_empty() {
        let of = match &from.name {
            Some(name) => format!("{name} (#{})", from.version),
            None => format!("#{}", from.version),
        };
        // In words, where the entry has room for them.
        if let Some(label) = changes.map(|changes| changes.label.as_str()).filter(|label| !label.is_empty()) {
            let came =
                label.strip_prefix("Added ").or_else(|| label.strip_prefix("Removed ")).unwrap_or(label);
            return format!("Brought back {came} from {of}");
        }
        let name = |path: &String| if path.is_empty() { "everything".to_owned() } else { path.clone() };
        let named: Vec<String> = from.paths.iter().take(NAMED_PATHS).map(name).collect();
        let more = match from.paths.len().saturating_sub(NAMED_PATHS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!("Brought back {}{more} from {of}", named.join(", "));
    }
    if let Some(backup) = &from.backup {
        return format!("Reverted changes to #{} (backup {backup})", from.version);
    }
    match (&from.name, &from.at) {
        (Some(name), _) => format!("Reverted changes to {name} (#{})", from.version),
        (None, Some(at)) => format!("Reverted changes to #{} (as of {at})", from.version),
        (None, None) => format!("Reverted changes to #{}", from.version),
    }
}
