//! What came between a version and the newest.

use jiff::Timestamp;
use serde::Serialize;

use super::{Filter, History};
use crate::entry::{Author, Entry, millis};
use crate::error::Error;
use crate::id::{EnvId, Version};

/// Most entries that are looked at.
const EXAMINED: u16 = 100;

/// Most entries that are listed.
const LISTED: usize = 20;

/// The entries between a version and the newest that gave the environment another config.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Since {
    /// The version that they came after.
    pub base: Version,
    /// How many entries of any kind came after it.
    pub entries: u64,
    /// The newest of those that may have changed the config, newest first, at most 20.
    pub with: Vec<Brief>,
    /// Whether `with` has all of them.
    #[serde(skip)]
    is_whole: bool,
    /// All that were looked at, newest first, without their deltas.
    #[serde(skip)]
    all: Vec<Entry>,
}

/// An entry in short.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Brief {
    /// Its version.
    pub version: Version,
    /// Who made it.
    pub author: Author,
    /// When.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
    /// What it did, in words.
    pub label: String,
}

impl Since {
    /// What came after `base`, by entries that came then, newest first. `is_whole` when they are all.
    pub fn of(base: Version, entries: u64, found: Vec<Entry>, is_whole: bool) -> Self {
        let is_change = |entry: &Entry| entry.version > base && entry.event.changes_config();
        let all: Vec<Entry> = found.into_iter().filter(is_change).collect();
        let with = all.iter().take(LISTED).map(Brief::from).collect();
        Self { base, entries, with, is_whole: is_whole && all.len() <= LISTED, all }
    }

    /// The same without what came after a version; without all of it for none.
    #[must_use]
    pub fn until(self, newest: Option<Version>) -> Self {
        let (base, entries, is_whole) = (self.base, self.entries, self.is_whole);
        let is_older = |entry: &Entry| newest.is_some_and(|newest| entry.version <= newest);
        Self::of(base, entries, self.all.into_iter().filter(is_older).collect(), is_whole)
    }

    /// The newest of the entries that may have changed the config, newest first and without their deltas.
    pub fn entries(&self) -> &[Entry] {
        &self.all
    }

    /// Who made all of the changes, if one person did.
    pub fn only_author(&self) -> Option<&Author> {
        let first = &self.with.first()?.author;
        (self.is_whole && self.with.iter().all(|brief| brief.author.id == first.id)).then_some(first)
    }
}

impl History {
    /// What came after `base`, up to `head`. One query, of at most 100 entries.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn since(&self, env: &EnvId, base: Version, head: &Entry) -> Result<Since, Error> {
        let entries = head.version.get().saturating_sub(base.get());
        let limit = u16::try_from(entries).unwrap_or(EXAMINED).clamp(1, EXAMINED);
        let page = self.page(env, Some(head.version.next()), limit, &Filter::default()).await?;
        // One query gives 1 MB at most, which may be fewer.
        let is_whole = entries <= page.items.len() as u64;
        Ok(Since::of(base, entries, page.items, is_whole))
    }
}

/// Entries that the first look for an edit reads; later ones read more.
const FIRST_LOOK: u16 = 20;

/// Most entries among which an edit is looked for.
const MOST_LOOKED_AT: u16 = 1_000;

impl History {
    /// The newest entry up to `head` that may have changed the config; `None` where it lies more than 1,000 back.
    /// No call where that is `head`, and one query where it is one of the 20 before.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn last_edit(&self, env: &EnvId, head: &Entry) -> Result<Option<Brief>, Error> {
        if head.event.changes_config() {
            return Ok(Some(Brief::from(head)));
        }
        let (mut before, mut limit, mut left) = (Some(head.version), FIRST_LOOK, MOST_LOOKED_AT);
        while let Some(version) = before.filter(|_| left > 0) {
            let page = self.page(env, Some(version), limit.min(left), &Filter::default()).await?;
            if let Some(edit) = page.items.iter().find(|entry| entry.event.changes_config()) {
                return Ok(Some(Brief::from(edit)));
            }
            left = left.saturating_sub(limit);
            limit = limit.saturating_mul(4);
            before = page.next;
        }
        Ok(None)
    }
}

impl From<&Entry> for Brief {
    fn from(entry: &Entry) -> Self {
        Self { version: entry.version, author: entry.author.clone(), at: entry.at, label: entry.label() }
    }
}
