//! Walking a history and checking it: numbers, times, the chain of hashes, every config, and what entries, names and the
//! listing of snapshots say of each other.

mod said;

use std::collections::HashSet;

use jiff::SignedDuration;
use serde::Serialize;
use tokio::time::Instant;

use self::said::Others;
use super::commit::AHEAD;
use super::{Fault, History, damage};
use crate::configs::Configs;
use crate::entry::{Entry, Event, link};
use crate::error::Error;
use crate::hash::Sha256;
use crate::id::{EnvId, Version};

/// What a walk over a part of a history found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verified {
    /// The first version that was checked; `None` when the history ends before it.
    pub from: Option<Version>,
    /// The last version that was checked.
    pub to: Option<Version>,
    /// How many entries were checked.
    pub checked: u64,
    /// What is wrong; empty when all is well.
    pub faults: Vec<Fault>,
    /// The hash of the entry `to`. Kept elsewhere, it shows later that nothing up to it was altered or cut off.
    pub hash: Option<Sha256>,
    /// Where to go on; `None` at the end of the history.
    #[serde(skip)]
    pub next: Option<Version>,
}

impl History {
    /// Checks up to `limit` entries from `from` on, and their link to the entry before: that versions have no gaps,
    /// times do not run backwards (but from a clock that was over 5 minutes ahead), every entry holds the hash of the one before it, and every config, those of
    /// snapshots included, decodes to its SHA-256; that entries change what their kinds change and agree with those that
    /// they refer to, and so the names and the listing of snapshots. Three queries, a GET for each keyframe that is not
    /// in memory, and some gets for each snapshot, publication, renaming and restore.
    /// It stops at `until`, after one entry at least: `next` says where to go on.
    ///
    /// # Errors
    /// [`Error::Storage`]. What is wrong with the history is no error but an answer.
    pub async fn verify(
        &self,
        configs: &Configs,
        env: &EnvId,
        from: Version,
        limit: u16,
        until: Instant,
    ) -> Result<Verified, Error> {
        let limit = usize::from(limit);
        let start = from.before().unwrap_or(from);
        let lead = usize::from(start != from);
        let items = self.ascending(env, start, limit + lead).await?;
        let mut report =
            Verified { from: None, to: None, checked: 0, faults: Vec::new(), hash: None, next: None };
        let mut others = Others::new(self, env);
        let mut snapshots: HashSet<Version> = HashSet::new();
        let mut expected = start;
        let mut before: Option<(Entry, Sha256)> = None;
        let found = items.len();
        for item in items {
            let hash = link(&item);
            let entry = match damage::read(item)? {
                Ok(entry) => entry,
                Err(fault) => {
                    // The entry before the first one was a part of the page before.
                    if fault.version >= from {
                        report.missing(expected.max(from), fault.version);
                        report.faults.push(fault.clone());
                    }
                    expected = fault.version.next();
                    before = None;
                    continue;
                }
            };
            if report.checked > 0 && Instant::now() >= until {
                report.next = Some(entry.version);
                break;
            }
            others.knows(&entry);
            if entry.version >= from {
                report.link(&entry, expected, before.as_ref());
                report.configs(configs, env, &entry).await?;
                let earlier = before.as_ref().map(|(before, _)| before);
                let next_to = earlier.filter(|before| before.version.next() == entry.version);
                others.check(&mut report, &entry, next_to).await?;
                if matches!(entry.event, Event::Snapshot { .. }) {
                    snapshots.insert(entry.version);
                }
                report.from = report.from.or(Some(entry.version));
                report.to = Some(entry.version);
                report.hash = Some(hash);
                report.checked += 1;
            }
            expected = entry.version.next();
            before = Some((entry, hash));
        }
        if report.next.is_none() && found > lead && self.more_after(env, expected).await? {
            report.next = Some(expected);
        }
        if let Some(to) = report.to {
            others.nothing_more(&mut report, (from, to), &snapshots).await?;
        }
        Ok(report)
    }

    async fn more_after(&self, env: &EnvId, version: Version) -> Result<bool, Error> {
        Ok(!self.ascending(env, version, 1).await?.is_empty())
    }
}

impl Verified {
    fn fault(&mut self, version: Version, what: impl Into<String>) {
        self.faults.push(Fault { version, what: what.into() });
    }

    /// Says what is missing between the version that had to come and the one that did.
    fn missing(&mut self, expected: Version, found: Version) {
        if found > expected {
            self.fault(expected, format!("is missing: the next entry is {found}"));
        }
    }

    fn link(&mut self, entry: &Entry, expected: Version, before: Option<&(Entry, Sha256)>) {
        self.missing(expected, entry.version);
        match before {
            None if entry.version == Version::FIRST && entry.prev.is_some() => {
                self.fault(entry.version, "is the first entry and names one before it");
            }
            Some((before, hash)) => {
                // Behind a gap nothing can be said about the entry before it.
                if entry.version == before.version.next() && entry.prev != Some(*hash) {
                    self.fault(before.version, "is not what the entry after it was written on");
                }
                // A step back of more is that of a clock that was ahead: its time was not handed on.
                let back = before.at.duration_since(entry.at);
                if back > SignedDuration::ZERO && back <= AHEAD {
                    self.fault(entry.version, "is earlier than the entry before it");
                }
                if entry.history != before.history {
                    self.fault(entry.version, "belongs to another history");
                }
            }
            None => {}
        }
    }

    async fn configs(&mut self, configs: &Configs, env: &EnvId, entry: &Entry) -> Result<(), Error> {
        let subject = match &entry.event {
            Event::Snapshot { subject, .. } => Some(subject.config()),
            _ => None,
        };
        for config in [Some(entry.config.clone()), subject].into_iter().flatten() {
            match configs.read(&env.app, entry.version, &config).await {
                Ok(_) => {}
                Err(Error::Damaged { object, fault, .. }) => {
                    self.fault(entry.version, format!("cannot be read safely: {object} {fault}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
