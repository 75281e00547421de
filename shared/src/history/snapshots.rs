//! Snapshots: their names, and the markers that list them without scanning edits.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::damage::UNREADABLE;
use super::decision::generated_after;
use super::{Alongside, Fault, History, Page, parsed};
use crate::entry::{Author, Before, Entry, Event, Item, Live, Promotion, Releases, Subject};
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::id::{EnvId, Note, SnapshotName, Version};
use crate::key;

/// What a snapshot's name leads to. It is kept for ever, also when the snapshot has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRecord {
    /// The config.
    pub subject: Subject,
    /// The entry that made the snapshot.
    pub snapshot: Version,
    /// Whether the snapshot has another name by now; its marker has the present one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub former: bool,
}

/// A snapshot that was looked up by a name: what its own entry says, which the name's record only leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The entry that made the snapshot.
    pub snapshot: Version,
    /// The present name.
    pub name: SnapshotName,
    /// The config.
    pub subject: Subject,
    /// Where it came from, when it was promoted.
    pub origin: Option<Promotion>,
}

/// A snapshot as it is listed: its present name and note, and whether it is a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The entry that made the snapshot.
    pub snapshot: Version,
    /// The present name.
    pub name: SnapshotName,
    /// The config.
    pub subject: Subject,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Who made it.
    pub author: Author,
    /// The present note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Where it came from, when it was promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Promotion>,
    /// The entry that published it last; `None` when it was never published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Version>,
}

/// What must be written beside the entries that make snapshots: their names, and the markers that list them.
pub(super) fn alongside(entries: &[Entry]) -> Vec<Alongside> {
    let mut needed = Vec::new();
    for entry in entries {
        let Event::Snapshot { name, subject, origin } = &entry.event else { continue };
        let publishes =
            |later: &&Entry| later.releases.live.as_ref().is_some_and(|live| live.snapshot == entry.version);
        let record = NameRecord { subject: subject.clone(), snapshot: entry.version, former: false };
        needed.push(Alongside::Name { name: name.clone(), record });
        needed.push(Alongside::Marker(Marker {
            snapshot: entry.version,
            name: name.clone(),
            subject: subject.clone(),
            at: entry.at,
            author: entry.author.clone(),
            note: entry.note.clone(),
            origin: origin.clone(),
            published: entries.iter().find(publishes).map(|later| later.version),
        }));
    }
    needed
}

/// The fault of the record that lists a snapshot.
fn damaged(snapshot: Version) -> Fault {
    Fault { version: snapshot, what: format!("made a snapshot whose record {UNREADABLE}") }
}

impl History {
    /// What a snapshot's name, present or former, leads to. One get.
    ///
    /// # Errors
    /// [`Error::NoSnapshot`] when no snapshot has or had the name; [`Error::Storage`]; [`Error::Item`].
    pub async fn named(&self, env: &EnvId, name: &SnapshotName) -> Result<NameRecord, Error> {
        let item = self.get(&key::environment(env), &key::name(name)).await?;
        item.map(parsed).transpose()?.ok_or_else(|| Error::NoSnapshot(name.clone()))
    }

    /// The snapshot that a name, present or former, leads to, as the snapshot's own entry says it. Two gets, one after
    /// the other; a third where the snapshot was renamed.
    ///
    /// # Errors
    /// [`Error::NoSnapshot`] when no snapshot has or had the name. [`Error::Damaged`] when the name's record leads to an entry
    /// that made no snapshot, or one of another name. [`Error::Storage`]; [`Error::Item`].
    pub async fn snapshot(&self, env: &EnvId, name: &SnapshotName) -> Result<Named, Error> {
        let NameRecord { subject: recorded, snapshot, former } = self.named(env, name).await?;
        let damaged = |fault: &str| Error::Damaged {
            version: snapshot,
            object: format!("the record of the name {name}"),
            fault: fault.to_owned(),
        };
        let entry = match self.entry(env, snapshot).await {
            Err(Error::NoVersion(_)) => return Err(damaged("leads to no entry")),
            found => found?,
        };
        let Event::Snapshot { name: first, subject, origin } = entry.event else {
            return Err(damaged("leads to an entry that made no snapshot"));
        };
        if recorded != subject {
            tracing::error!(%env, version = snapshot.get(), "a name's record and its snapshot's entry differ");
        }
        if !former && first == *name {
            return Ok(Named { snapshot, name: first, subject, origin });
        }
        let present = self.marker(env, snapshot).await?.name;
        if !former && present != *name {
            return Err(damaged("leads to a snapshot of another name"));
        }
        Ok(Named { snapshot, name: present, subject, origin })
    }

    /// The release below `releases` once a release of the config `next` is put on top: the newest one with another
    /// config, under its present name. No call where something else is live; otherwise a get for each release that is passed over,
    /// and two for the one that is found.
    ///
    /// # Errors
    /// Those of [`History::release`] and [`History::marker`].
    pub async fn release_below(
        &self,
        env: &EnvId,
        releases: &Releases,
        next: Sha256,
    ) -> Result<Option<Before>, Error> {
        let mut below = match &releases.live {
            Some(live) if live.subject.sha256 != next => return Ok(Some(Before::from(live))),
            _ => releases.before.clone(),
        };
        while let Some(before) = below {
            let (live, deeper) = self.release(env, &before).await?;
            if live.subject.sha256 != next {
                let name = self.marker(env, before.snapshot).await?.name;
                return Ok(Some(Before { name, ..before }));
            }
            below = deeper;
        }
        Ok(None)
    }

    /// What an entry made live that a later one names as the release before, and the release below that. One get.
    ///
    /// # Errors
    /// [`Error::Damaged`] when that entry published another release or none; [`Error::Storage`]; [`Error::Item`].
    pub async fn release(&self, env: &EnvId, before: &Before) -> Result<(Live, Option<Before>), Error> {
        let damaged = |fault: &str| Error::Damaged {
            version: before.entry,
            object: format!("the entry that is said to have published {}", before.name),
            fault: fault.to_owned(),
        };
        let entry = match self.entry(env, before.entry).await {
            Err(Error::NoVersion(_)) => return Err(damaged("is missing")),
            found => found?,
        };
        match entry.releases {
            // Only downwards: a walk over damaged entries must end.
            Releases { live: Some(live), before: deeper }
                if live.snapshot == before.snapshot
                    && deeper.as_ref().is_none_or(|deeper| deeper.entry < before.entry) =>
            {
                Ok((live, deeper))
            }
            _ => Err(damaged("did not publish it")),
        }
    }

    /// The name that a snapshot taken on `head` gets when nobody names it. One get, and another for each taken name.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn next_name(&self, env: &EnvId, head: &Entry) -> Result<SnapshotName, Error> {
        let mut taken: Vec<SnapshotName> = Vec::new();
        loop {
            let (_, name) = generated_after(head.generated, taken.len(), |name| taken.contains(name));
            match self.named(env, &name).await {
                Err(Error::NoSnapshot(_)) => return Ok(name),
                found => found.map(drop)?,
            }
            taken.push(name);
        }
    }

    /// The marker of the snapshot that the entry `snapshot` made. One get.
    ///
    /// # Errors
    /// [`Error::NoVersion`] when that entry made none; [`Error::Storage`]; [`Error::EntryDamaged`].
    pub async fn marker(&self, env: &EnvId, snapshot: Version) -> Result<Marker, Error> {
        let item = self.get(&key::environment(env), &key::marker(snapshot)).await?;
        let item = item.ok_or(Error::NoVersion(snapshot))?;
        parsed(item).map_err(|_| damaged(snapshot).into())
    }

    /// A page of snapshots, newest first, those made before the entry `before` if given. One query.
    ///
    /// # Errors
    /// [`Error::Storage`]. A snapshot whose record cannot be understood is among the damaged.
    pub async fn snapshots(
        &self,
        env: &EnvId,
        before: Option<Version>,
        limit: u16,
    ) -> Result<Page<Marker>, Error> {
        // `s$` sorts right behind every `s#…`.
        let end = before.map_or_else(|| "s$".to_owned(), key::marker);
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :end")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":first", AttributeValue::S(key::MARKER.to_owned()))
            .expression_attribute_values(":end", AttributeValue::S(end))
            .scan_index_forward(false)
            // One more than asked for where the end itself, which BETWEEN includes, may be among them.
            .limit(i32::from(limit) + 2)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("list snapshots")(Cause::from(e)))?;
        let found = output.items.unwrap_or_default();
        let mut found: Vec<(Version, Item)> = found
            .into_iter()
            .filter_map(|item| Some((key::parse_marker(item.get("sk")?.as_s().ok()?)?, item)))
            .filter(|(snapshot, _)| Some(*snapshot) != before)
            .collect();
        let more = found.len() > usize::from(limit);
        found.truncate(usize::from(limit));
        let next = if more { found.last().map(|(snapshot, _)| *snapshot) } else { None };
        let mut page = Page::of(Vec::new(), next);
        for (snapshot, item) in found {
            match parsed(item) {
                Ok(marker) => page.items.push(marker),
                Err(_) => page.damaged.push(damaged(snapshot)),
            }
        }
        Ok(page)
    }
}
