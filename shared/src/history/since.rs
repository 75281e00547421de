//! What came between a version and the newest.

use jiff::Timestamp;
use serde::Serialize;

use super::{Filter, History};
use crate::entry::{Author, Entry, Event, millis};
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
        let changed = |entry: &&Entry| {
            entry.version > base
                && matches!(
                    entry.event,
                    Event::Saved { .. } | Event::Restored { .. } | Event::Imported { .. } | Event::Unknown
                )
        };
        let all: Vec<&Entry> = page.items.iter().filter(changed).collect();
        let is_whole = all.len() <= LISTED && entries <= u64::from(limit);
        let with = all.into_iter().take(LISTED).map(Brief::from).collect();
        Ok(Since { base, entries, with, is_whole })
    }
}

impl From<&Entry> for Brief {
    fn from(entry: &Entry) -> Self {
        Self { version: entry.version, author: entry.author.clone(), at: entry.at, label: entry.label() }
    }
}
