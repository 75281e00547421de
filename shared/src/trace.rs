//! Places of a config, traced back through a history entry by entry: what each entry did to them.
//!
//! What the entries say of themselves passes over most of them. The others are compared with the one before, config by
//! config, within bounds.

use std::collections::VecDeque;

use serde_json::value::RawValue;

use crate::config::Config;
use crate::config::diff::{Earlier, follow_each};
use crate::config::merge::{Conflict, MergeError};
use crate::config::pointer::{Pointer, array_index};
use crate::entry::{Author, Entry, Event};
use crate::error::Error;
use crate::heavy;
use crate::history::Since;
use crate::id::{EnvId, Version};
use crate::waymark::Waymark;

/// Conflicts whose authors are looked for.
const MAX_PLACES: usize = 20;

/// Configs that are read for the authors of one merge's conflicts at most, and bytes of them.
const MAX_CONFIGS: usize = 20;
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How much one request may read to trace places.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Configs: a get for each, and at most one GET.
    pub configs: usize,
    /// Bytes of them.
    pub bytes: usize,
}

/// A place on its way back.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where the value is in the version that is looked at.
    pub at: Pointer,
    /// Whether there was anything in the version that the trace began with.
    pub is_there: bool,
}

/// What one entry did to a place.
#[derive(Debug)]
pub enum Done {
    /// Nothing; the place says where it was before.
    Nothing,
    /// It gave the value its form, or removed it; before, it was this.
    Changed(Option<Box<RawValue>>),
    /// That would take another config, and no more may be read.
    TooMuch,
}

/// A trace under way, and what it may still read.
pub struct Trace<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    left: Bounds,
    /// The configs that were read last, since one is often the next pair's newer one.
    recent: VecDeque<(Version, Config)>,
}

impl<'a> Trace<'a> {
    /// A trace that has read nothing.
    pub fn new(waymark: &'a Waymark, env: &'a EnvId, left: Bounds) -> Self {
        Self { waymark, env, left, recent: VecDeque::new() }
    }

    /// Remembers a config that is at hand.
    pub fn knows(&mut self, version: Version, config: Config) {
        if self.recent.len() == 2 {
            self.recent.pop_front();
        }
        self.recent.push_back((version, config));
    }

    /// What `entry` did to each of some places of its config; those that it left alone are then where they were before.
    ///
    /// # Errors
    /// Those of reading entries and configs.
    pub async fn step(&mut self, entry: &Entry, places: &mut [Place]) -> Result<Vec<Done>, Error> {
        let mut done: Vec<Done> = places.iter().map(|_| Done::Nothing).collect();
        let asked: Vec<usize> = (0..places.len())
            .filter(|n| places.get(*n).is_some_and(|place| may_touch(entry, place)))
            .collect();
        if asked.is_empty() {
            return Ok(done);
        }
        let found = self.compare(entry, places, &asked).await?;
        for (n, (what, at)) in asked.into_iter().zip(found) {
            if let (Some(place), Some(at)) = (places.get_mut(n), at) {
                place.at = at;
            }
            if let Some(done) = done.get_mut(n) {
                *done = what;
            }
        }
        Ok(done)
    }

    /// Compares an entry's config with the one before.
    async fn compare(
        &mut self,
        entry: &Entry,
        places: &[Place],
        asked: &[usize],
    ) -> Result<Vec<(Done, Option<Pointer>)>, Error> {
        let asked: Vec<&Place> = asked.iter().filter_map(|n| places.get(*n)).collect();
        let all = |what: fn(&Place) -> Done| asked.iter().map(|place| (what(place), None)).collect();
        let Some(before) = entry.version.before() else {
            // What is in the first version came with it.
            return Ok(all(|place| if place.is_there { Done::Changed(None) } else { Done::Nothing }));
        };
        let Some(after) = self.config(entry.version).await? else { return Ok(all(|_| Done::TooMuch)) };
        let Some(before) = self.config(before).await? else { return Ok(all(|_| Done::TooMuch)) };
        let at: Vec<Pointer> = asked.iter().map(|place| place.at.clone()).collect();
        let bytes = before.len().saturating_add(after.len());
        let earlier = heavy::compare(bytes, || follow_each(before.text(), after.text(), &at)).await?;
        Ok(earlier
            .into_iter()
            .map(|earlier| match earlier {
                Earlier::Same(place) => (Done::Nothing, Some(place)),
                Earlier::Nowhere => (Done::Nothing, None),
                Earlier::New => (Done::Changed(None), None),
                Earlier::Other { value, .. } | Earlier::Gone(value) => (Done::Changed(Some(value)), None),
            })
            .collect())
    }

    /// The config of a version; `None` when no more may be read.
    async fn config(&mut self, version: Version) -> Result<Option<Config>, Error> {
        if let Some((_, config)) = self.recent.iter().find(|(known, _)| *known == version) {
            return Ok(Some(config.clone()));
        }
        let Some(left) = self.left.configs.checked_sub(1) else { return Ok(None) };
        self.left.configs = left;
        let entry = self.waymark.history.entry(self.env, version).await?;
        let bytes = usize::try_from(entry.config.bytes).unwrap_or(usize::MAX);
        let Some(left) = self.left.bytes.checked_sub(bytes) else { return Ok(None) };
        self.left.bytes = left;
        let config = self.waymark.configs.of(&self.env.app, &entry).await?;
        self.knows(version, config.clone());
        Ok(Some(config))
    }
}

/// Whether an entry may have changed a place, or moved it.
fn may_touch(entry: &Entry, place: &Place) -> bool {
    match &entry.event {
        Event::Saved { changes: Some(changes) }
        | Event::Restored { changes: Some(changes), .. }
        | Event::Imported { changes: Some(changes), .. } => !changes.leaves_alone(&place.at),
        event => event.changes_config(),
    }
}

impl Waymark {
    /// Who gave the places of conflicts the values that are there, by what came since the base; `None` where that is not
    /// known. Where one person alone saved since, it was them. Otherwise the first 20 conflicts are traced back: at most
    /// 20 gets and 20 GETs. An element that is gone, and one that was moved, is not traced.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn authors(
        &self,
        env: &EnvId,
        since: &Since,
        error: &MergeError,
    ) -> Result<Vec<Option<Author>>, Error> {
        let MergeError::Conflicts { conflicts, .. } = error else { return Ok(Vec::new()) };
        if let Some(author) = since.only_author() {
            return Ok(vec![Some(author.clone()); conflicts.len()]);
        }
        let traced: Vec<Option<Place>> = conflicts.iter().take(MAX_PLACES).map(traceable).collect();
        let mut authors = vec![None; traced.len()];
        let (mut open, mut places): (Vec<usize>, Vec<Place>) =
            traced.into_iter().enumerate().filter_map(|(n, place)| Some((n, place?))).unzip();
        let mut trace = Trace::new(self, env, Bounds { configs: MAX_CONFIGS, bytes: MAX_BYTES });
        for entry in since.entries() {
            if open.is_empty() {
                break;
            }
            let done = match trace.step(entry, &mut places).await {
                // What cannot be read safely tells nothing of itself, nor of what is behind it.
                Err(Error::Damaged { .. }) => break,
                done => done?,
            };
            let mut left = (Vec::new(), Vec::new());
            for ((n, place), done) in open.into_iter().zip(places).zip(done) {
                match done {
                    Done::Nothing => {
                        left.0.push(n);
                        left.1.push(place);
                    }
                    Done::Changed(_) => {
                        authors
                            .get_mut(n)
                            .into_iter()
                            .for_each(|author| *author = Some(entry.author.clone()));
                    }
                    Done::TooMuch => {}
                }
            }
            (open, places) = left;
        }
        Ok(authors)
    }
}

/// Where a conflict's place is in the head, where that can be told. The path of what is gone is the request's: that is
/// the same place unless it goes through an array.
fn traceable(conflict: &Conflict) -> Option<Place> {
    let at: Pointer = conflict.path.parse().ok()?;
    let is_there = conflict.ours.is_some();
    let is_fixed = is_there || at.tokens().iter().all(|token| array_index(token).is_none());
    (is_fixed && !conflict.order).then_some(Place { at, is_there })
}
