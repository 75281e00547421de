//! What the configs of an environment were made of: the newest one before them that another environment made.

use std::collections::HashMap;

use waymark::entry::{ConfigRef, Event, Promotion};
use waymark::hash::Sha256;
use waymark::history::Filter;
use waymark::id::{EnvId, Version};
use waymark::{Error, Waymark};

use crate::own_changes::At;

/// The newest promotions that are known again.
const MARKERS: u16 = 200;

/// Entries that are read in one query, and queries that one search makes at most.
const PAGE: u16 = 200;
const MAX_PAGES: usize = 5;

/// The config of a promotion as it came, without what was merged into it here. `promoted` is what it became.
pub(crate) fn as_it_came(origin: &Promotion, promoted: At) -> At {
    match origin.merged {
        // A snapshot's config is a keyframe, which is read by its hash alone.
        Some(sha256) => (origin.version, ConfigRef { sha256, bytes: 0, delta: None }),
        None => promoted,
    }
}

/// The newest promoted config that the working version has been on its way to a version: what that was made of. Restores
/// are gone back through. `None` where it never was one, or not in the last 1,000 entries. At most 6 queries.
pub(crate) async fn made_of(waymark: &Waymark, env: &EnvId, version: Version) -> Result<Option<At>, Error> {
    let mut promoted: HashMap<Sha256, At> = HashMap::new();
    for marker in waymark.history.snapshots(env, None, MARKERS).await?.whole()?.items {
        let Some(origin) = &marker.origin else { continue };
        let at = (marker.subject.version, marker.subject.config());
        promoted.entry(marker.subject.sha256).or_insert_with(|| as_it_came(origin, at));
    }
    let mut next = Some(version);
    for _ in 0..MAX_PAGES {
        let Some(from) = next else { return Ok(None) };
        let page = waymark.history.page(env, Some(from.next()), PAGE, &Filter::default()).await?.whole()?;
        next = page.next.and_then(Version::before);
        for entry in page.items {
            if let Some(found) = promoted.get(&entry.config.sha256) {
                return Ok(Some(found.clone()));
            }
            if let Event::Restored { from, .. } = &entry.event
                && from.undo.is_none()
                && from.paths.is_empty()
                && from.backup.is_none()
                && from.version < entry.version
            {
                next = Some(from.version);
                break;
            }
        }
    }
    Ok(None)
}
