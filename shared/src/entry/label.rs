//! What an entry is called, for people. Nothing reads a meaning back out of it.

use super::{Entry, Event, Origin, Source};
use crate::config::diff::{Counts, Summary};
use crate::visible::visible;

impl Entry {
    /// One line that says what the entry did, such as `Reverted changes to #7`.
    pub fn label(&self) -> String {
        match &self.event {
            // Labels of older entries have keys as they were.
            Event::Saved { changes: Some(changes) } if !changes.label.is_empty() => {
                visible(&changes.label).into_owned()
            }
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
        (Some(environment), Some(version)) => format!("Imported a file said to be {environment} #{version}"),
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
        let name = |path: &String| {
            if path.is_empty() { "everything".to_owned() } else { visible(path).into_owned() }
        };
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

#[cfg(test)]
mod tests {
    use super::restored;
    use crate::entry::Origin;
    use crate::id::Version;

    #[test]
    fn no_path_forges_a_label() {
        for c in
            (0..=0x1f).chain(0x7f..=0x9f).chain(0x200b..=0x200f).chain(0x2028..=0x202e).chain(0x2060..=0x206f)
        {
            let Some(c) = char::from_u32(c) else { continue };
            let from = Origin { paths: vec![format!("/a{c}b")], ..Origin::of(Version::FIRST) };
            let label = restored(&from, None);
            assert!(!label.contains(c), "{label:?}");
        }
    }
}
