//! Restoring less than a whole config: one edit undone, or some parts brought back. What came since stays.

use axum::response::Response;
use waymark::config::Config;
use waymark::config::merge::{MergeError, Merged, merge, take_paths};
use waymark::config::pointer::Pointer;
use waymark::entry::{Entry, Event, Origin};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Start};
use waymark::id::{EnvId, Note, Version};
use waymark::{Error, Problem, Waymark, heavy};

use crate::preview::{End, Outcome};

/// Most parts in one restore.
const MAX_PATHS: usize = 20;

/// Longest JSON Pointer of a part, in bytes. Those of one entry share the room of its delta.
const MAX_PATH: usize = 200;

/// Longest pointers together, in bytes: an entry stays under 4 KB.
const MAX_PATHS_TOGETHER: usize = 1_500;

/// What is to be done to the newest config.
#[derive(Debug)]
pub(crate) enum Part {
    /// An edit is reversed: from what it made to what was before.
    Undo { made: Config, before: Config },
    /// Parts are as they were in a config.
    Paths { earlier: Config, pointers: Vec<Pointer> },
}

/// Reads the JSON Pointers of parts.
///
/// # Errors
/// 400 when one is no pointer, 413 when they are too many or too long.
pub(crate) fn pointers(paths: &[String]) -> Result<Vec<Pointer>, Problem> {
    if paths.is_empty() {
        return Err(Problem::malformed(
            "\"paths\" lists the JSON Pointers of the parts that are to come back.",
        ));
    }
    let advice = "Restore in several steps, or the part that has them all.";
    if paths.len() > MAX_PATHS {
        return Err(Problem::too_many(MAX_PATHS, "parts in one restore", advice));
    }
    let together: usize = paths.iter().map(String::len).sum();
    if paths.iter().any(|path| path.len() > MAX_PATH) {
        return Err(Problem::too_large(MAX_PATH, "The JSON Pointer of a part", advice));
    }
    if together > MAX_PATHS_TOGETHER {
        return Err(Problem::too_large(
            MAX_PATHS_TOGETHER,
            "The JSON Pointers of all parts together",
            advice,
        ));
    }
    let pointer = |path: &String| {
        path.parse().map_err(|fault| Problem::malformed(format!("{path:?} is no JSON Pointer: {fault}.")))
    };
    paths.iter().map(pointer).collect()
}

/// Reads what an entry did, or several from `first` to `undone`, to reverse it.
///
/// # Errors
/// 422 when it begins with the first entry, or changed no config; [`Error::NoVersion`]; those of reading.
pub(crate) async fn undo(
    waymark: &Waymark,
    env: &EnvId,
    first: Version,
    undone: Version,
) -> Result<(Part, Origin), Problem> {
    let Some(version) = first.before() else {
        return Err(Problem::unprocessable(
            "nothing-before",
            "There is nothing before it",
            "#1 is the first save: there is no config to go back to, and nothing was changed. Save what should be there instead.",
        ));
    };
    // The entry that was asked for is missed first: nobody asked for the one before it.
    let (entry, before) =
        tokio::join!(waymark.history.entry(env, undone), waymark.history.entry(env, version));
    let (entry, before) = (entry?, before?);
    if entry.config.sha256 == before.config.sha256 {
        return Err(Problem::unprocessable(
            "nothing-to-undo",
            "It changed no config",
            format!(
                "#{undone} ({}) changed nothing that builders edit, so there is nothing to undo. Undo a save, a restore or an \
                 import; or take back all edits since the release with {{\"version\": \"live\"}}.",
                entry.label()
            ),
        ));
    }
    let (made, before) =
        tokio::try_join!(waymark.configs.of(&env.app, &entry), waymark.configs.of(&env.app, &before))?;
    let undo_from = (first < undone).then_some(first);
    Ok((Part::Undo { made, before }, Origin { undo: Some(undone), undo_from, ..Origin::of(version) }))
}

/// Appends the newest config with a part of it restored.
pub(crate) async fn restore(
    end: End<'_>,
    start: Start,
    (part, from): (Part, Origin),
    note: Option<Note>,
) -> Result<Response, Problem> {
    let restore = RestorePart { waymark: end.waymark, env: end.env, part, from, note };
    end.reach(start, restore).await
}

/// The decision to restore a part.
struct RestorePart<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    part: Part,
    from: Origin,
    note: Option<Note>,
}

impl RestorePart<'_> {
    async fn undone(
        &self,
        made: &Config,
        current: &Config,
        before: &Config,
    ) -> Result<Result<Merged, MergeError>, Error> {
        let bytes = made.len().saturating_add(current.len()).saturating_add(before.len());
        heavy::compare(bytes, || merge(made, current, before)).await
    }

    async fn config(&self, head: &Entry) -> Result<Config, Problem> {
        let current = self.waymark.configs.of(&self.env.app, head).await?;
        match &self.part {
            Part::Paths { earlier, pointers } => {
                let bytes = current.len().saturating_add(earlier.len());
                Ok(heavy::compare(bytes, || take_paths(&current, earlier, pointers)).await??)
            }
            Part::Undo { made, before } => match self.undone(made, &current, before).await? {
                Ok(merged) => Ok(merged.config),
                Err(error) => {
                    let since = self.from.undo.unwrap_or(self.from.version);
                    let since = self.waymark.history.since(self.env, since, head).await?;
                    let authors = self.waymark.authors(self.env, &since, &error).await?;
                    Err(Problem::undo(error, head, &since, &authors))
                }
            },
        }
    }
}

impl Outcome for RestorePart<'_> {
    async fn outcome(&self, head: Option<&Entry>) -> Result<Config, Problem> {
        self.config(head.ok_or(Error::NoEnvironment)?).await
    }

    fn back_to(&self) -> Option<Version> {
        None
    }
}

impl Decide for RestorePart<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head()?;
        let config = self.config(head).await?;
        if config.sha256() == head.config.sha256 {
            return Ok(Decision::unchanged(head));
        }
        let event = Event::Restored { from: self.from.clone(), changes: None };
        let stored = self.waymark.configs.store_beside(self.env, &config, Some(head), event.weight());
        let warnings = self.waymark.warnings_on_save(self.env, &config);
        let they_do = self.waymark.users_see_working(self.env, Some(head));
        let (stored, warnings, they_do) =
            tokio::join!(Box::pin(stored), Box::pin(warnings), Box::pin(they_do));
        let stored = stored?;
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            config: Some(stored.config),
            ..DraftEntry::new(event.with_changes(stored.changes))
        });
        draft.warn(warnings);
        draft.users_see_it(they_do?);
        Ok(draft.append())
    }
}

/// A config that parts are taken of.
pub(crate) async fn earlier(
    waymark: &Waymark,
    env: &EnvId,
    (config, from): (waymark::entry::ConfigRef, Origin),
    pointers: Vec<Pointer>,
) -> Result<(Part, Origin), Error> {
    let earlier = waymark.configs.read(&env.app, from.version, &config).await?;
    let paths = pointers.iter().map(ToString::to_string).collect();
    Ok((Part::Paths { earlier, pointers }, Origin { paths, ..from }))
}
