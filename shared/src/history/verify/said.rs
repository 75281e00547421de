//! What entries say of each other, and what the names and the listing of snapshots say of them.

use std::collections::{HashMap, HashSet};

use super::Verified;
use crate::entry::{Before, Entry, Event, Live, Releases, Subject};
use crate::error::Error;
use crate::history::{History, Marker, NameRecord};
use crate::id::{EnvId, SnapshotName, Version};

/// The entries that others refer to, each read once for a page.
pub(super) struct Others<'a> {
    history: &'a History,
    env: &'a EnvId,
    known: HashMap<Version, Option<Entry>>,
}

impl<'a> Others<'a> {
    pub(super) fn new(history: &'a History, env: &'a EnvId) -> Self {
        Self { history, env, known: HashMap::new() }
    }

    /// Remembers an entry that was read with the page.
    pub(super) fn knows(&mut self, entry: &Entry) {
        self.known.insert(entry.version, Some(entry.clone()));
    }

    /// An entry; `None` where it is missing or cannot be understood, which is a fault of its own version.
    async fn entry(&mut self, version: Version) -> Result<Option<&Entry>, Error> {
        if !self.known.contains_key(&version) {
            let found = readable(self.history.entry(self.env, version).await)?.ok();
            self.known.insert(version, found);
        }
        Ok(self.known.get(&version).and_then(Option::as_ref))
    }

    /// Checks an entry against the one before it, where that is at hand, and against those that it refers to. A get for
    /// each of those that is not in the page; for a snapshot two more, for a publication one, for a renaming two.
    pub(super) async fn check(
        &mut self,
        report: &mut Verified,
        entry: &Entry,
        before: Option<&Entry>,
    ) -> Result<(), Error> {
        if let Some(before) = before {
            state(report, entry, before);
        }
        match &entry.event {
            Event::Snapshot { name, subject, .. } => {
                self.subject(report, entry, subject).await?;
                self.listed(report, entry, (name, subject)).await
            }
            Event::Renamed { name, previous, snapshot } => {
                self.name(report, entry.version, (name, *snapshot)).await?;
                self.name(report, entry.version, (previous, *snapshot)).await
            }
            Event::Published { subject, .. } => self.published(report, entry, subject).await,
            Event::Restored { from, .. }
                if from.backup.is_none() && from.undo.is_none() && from.paths.is_empty() =>
            {
                self.has(report, entry, (from.version, &entry.config.sha256)).await
            }
            _ => Ok(()),
        }
    }

    /// Whether the version that a snapshot names has the config that it says.
    async fn subject(
        &mut self,
        report: &mut Verified,
        entry: &Entry,
        subject: &Subject,
    ) -> Result<(), Error> {
        let Event::Snapshot { origin, .. } = &entry.event else { return Ok(()) };
        // What was promoted is no working config of any entry here.
        if subject.version == entry.version && origin.is_some() {
            return Ok(());
        }
        self.has(report, entry, (subject.version, &subject.sha256)).await
    }

    /// Whether an earlier version has a config, as its working one or as the one that it names.
    async fn has(
        &mut self,
        report: &mut Verified,
        entry: &Entry,
        (version, sha256): (Version, &crate::hash::Sha256),
    ) -> Result<(), Error> {
        if version >= entry.version {
            report.fault(entry.version, format!("refers to #{version}, which came later"));
            return Ok(());
        }
        let Some(earlier) = self.entry(version).await? else { return Ok(()) };
        let names_it = matches!(&earlier.event, Event::Snapshot { subject, .. } if subject.sha256 == *sha256);
        if earlier.config.sha256 != *sha256 && !names_it {
            report
                .fault(entry.version, format!("says that its config is that of #{version}, which it is not"));
        }
        Ok(())
    }

    /// Whether a publication published what the snapshot's entry says, on top of a release that was published.
    async fn published(
        &mut self,
        report: &mut Verified,
        entry: &Entry,
        subject: &Subject,
    ) -> Result<(), Error> {
        let Releases { live: Some(live), before } = &entry.releases else { return Ok(()) };
        let made = self.entry(live.snapshot).await?;
        if made
            .is_some_and(|made| !matches!(&made.event, Event::Snapshot { subject: of, .. } if of == subject))
        {
            let what = format!("published another config than the snapshot of #{} has", live.snapshot);
            report.fault(entry.version, what);
        }
        if let Some(Before { snapshot, entry: by, .. }) = before {
            let earlier = self.entry(*by).await?;
            let is_release = |earlier: &Entry| {
                earlier.releases.live.as_ref().is_some_and(|live| live.snapshot == *snapshot)
            };
            if earlier.is_some_and(|earlier| !is_release(earlier)) || *by >= entry.version {
                let what = format!("says that #{by} published the release before, which it did not");
                report.fault(entry.version, what);
            }
        }
        match self.marker(report, live.snapshot).await? {
            Some(Marker { published: Some(by), .. }) if by >= entry.version => {}
            Some(_) => report.fault(entry.version, "published a snapshot that is not listed as a release"),
            None => {}
        }
        Ok(())
    }

    /// Whether a snapshot is listed, and its name known, as its entry says.
    async fn listed(
        &mut self,
        report: &mut Verified,
        entry: &Entry,
        (name, subject): (&SnapshotName, &Subject),
    ) -> Result<(), Error> {
        let version = entry.version;
        self.name(report, version, (name, version)).await?;
        let Some(marker) = self.marker(report, version).await? else { return Ok(()) };
        let Event::Snapshot { origin, .. } = &entry.event else { return Ok(()) };
        let as_made = (&marker.subject, marker.at, &marker.author, &marker.origin);
        if marker.snapshot != version || as_made != (subject, entry.at, &entry.author, origin) {
            report.fault(version, "is not listed as the snapshot that it is");
        }
        if marker.name != *name {
            self.name(report, version, (&marker.name, version)).await?;
        }
        if let Some(by) = marker.published {
            let publisher = self.entry(by).await?;
            let is_release = |live: &Live| live.snapshot == version && live.entry == by;
            if publisher.is_some_and(|by| !by.releases.live.as_ref().is_some_and(is_release)) {
                report.fault(version, format!("is listed as published by #{by}, which did not publish it"));
            }
        }
        Ok(())
    }

    /// Whether a name leads to a snapshot and its config, and says whether it is a former one.
    async fn name(
        &mut self,
        report: &mut Verified,
        at: Version,
        (name, snapshot): (&SnapshotName, Version),
    ) -> Result<(), Error> {
        let record = match readable(self.history.named(self.env, name).await)? {
            Ok(record) => record,
            Err(fault) => {
                report.fault(at, format!("gave the name {name}, which leads to nothing: {fault}"));
                return Ok(());
            }
        };
        let Some(Entry { event: Event::Snapshot { subject, .. }, .. }) = self.entry(snapshot).await? else {
            return Ok(());
        };
        let NameRecord { subject: recorded, snapshot: of, former } = &record;
        if *of != snapshot {
            report.fault(at, format!("gave the name {name} to #{snapshot}, and it leads to #{of}"));
        } else if recorded != subject {
            report.fault(
                at,
                format!("gave the name {name}, which leads to another config than #{snapshot} has"),
            );
        } else if let Some(marker) = self.marker(report, snapshot).await?
            && (marker.name != *name) != *former
            // It may have been renamed between the two readings.
            && self.history.named(self.env, name).await.is_ok_and(|again| again == record)
        {
            report.fault(at, format!("gave the name {name}, which is listed as {}", marker.name));
        }
        Ok(())
    }

    /// The marker of a snapshot; a fault where there is none.
    async fn marker(&mut self, report: &mut Verified, snapshot: Version) -> Result<Option<Marker>, Error> {
        match readable(self.history.marker(self.env, snapshot).await)? {
            Ok(marker) => Ok(Some(marker)),
            Err(_) => {
                let what = "is a snapshot and is not listed as one";
                if !report.faults.iter().any(|fault| fault.version == snapshot && fault.what == what) {
                    report.fault(snapshot, what);
                }
                Ok(None)
            }
        }
    }

    /// Whether nothing else is listed between two versions than the snapshots that were made there. One query.
    pub(super) async fn nothing_more(
        &self,
        report: &mut Verified,
        (from, to): (Version, Version),
        snapshots: &HashSet<Version>,
    ) -> Result<(), Error> {
        let limit = u16::try_from(to.get() - from.get() + 1).unwrap_or(u16::MAX);
        let page = match readable(self.history.snapshots(self.env, Some(to.next()), limit).await)? {
            Ok(page) => page,
            Err(fault) => {
                report.fault(
                    to,
                    format!("or an earlier version is listed in a way that cannot be read: {fault}"),
                );
                return Ok(());
            }
        };
        for marker in page.items.iter().filter(|marker| marker.snapshot >= from) {
            if !snapshots.contains(&marker.snapshot) {
                report.fault(marker.snapshot, "is listed as a snapshot and is none");
            }
        }
        Ok(())
    }
}

/// What was read, or why it cannot be; the storage's failures are no faults of the history.
fn readable<T>(read: Result<T, Error>) -> Result<Result<T, Error>, Error> {
    match read {
        Err(
            fault @ (Error::NoVersion(_) | Error::NoSnapshot(_) | Error::Item(_) | Error::NewerFormat { .. }),
        ) => Ok(Err(fault)),
        Err(error) => Err(error),
        Ok(value) => Ok(Ok(value)),
    }
}

/// Checks what an entry changed of the state before it against what its kind may change.
fn state(report: &mut Verified, entry: &Entry, before: &Entry) {
    let version = entry.version;
    if matches!(entry.event, Event::Unknown) || matches!(before.event, Event::Unknown) {
        return;
    }
    if !entry.event.changes_config() && entry.config.sha256 != before.config.sha256 {
        report.fault(version, "changed the working config, which its kind does not");
    }
    let live = entry.releases.live.as_ref();
    match &entry.event {
        Event::Published { name, subject, .. } => {
            let is_it = |live: &Live| live.entry == version && live.name == *name && live.subject == *subject;
            if !live.is_some_and(is_it) {
                report.fault(version, "published something else than it says");
            }
        }
        Event::Unpublished { .. } => {
            let below = before.releases.live.as_ref().map(Before::from);
            if live.is_some() || entry.releases.before != below {
                report.fault(version, "left something else live than nothing over what was live");
            }
        }
        Event::Renamed { name, snapshot, .. }
            if entry.releases != before.releases.renamed(*snapshot, name) =>
        {
            report.fault(version, "changed what is live, which its kind does not");
        }
        Event::Renamed { .. } => {}
        _ if entry.releases != before.releases => {
            report.fault(version, "changed what is live, which its kind does not");
        }
        _ => {}
    }
    let is_promotion = matches!(&entry.event, Event::Snapshot { origin: Some(_), .. });
    if entry.promoted != before.promoted && !(is_promotion && entry.promoted == Some(version)) {
        report.fault(version, "changed which promotion was the last, which its kind does not");
    }
    if entry.generated < before.generated {
        report.fault(version, "counts fewer generated names than the entry before it");
    }
}
