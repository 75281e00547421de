//! Sessions: what one author saved in a row is one line of the log, with what all of it changed.

use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use waymark::config::Config;
use waymark::config::diff::{Counts, Summary};
use waymark::configs::SUMMARY_MOST;
use waymark::entry::{Author, Entry, EntryView, Event};
use waymark::history::{Damaged, Fault};
use waymark::http::listing;
use waymark::id::{EnvId, Version};
use waymark::{Error, Problem, Waymark, heavy};

/// The longest pause inside a session.
const PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// Bytes of configs that one page compares. Sessions past it say how many saves they are, and not what they changed.
const COMPARED: u64 = 64 * 1024 * 1024;

/// Entries that the first query of a page reads at least.
const FIRST: usize = 32;

/// Entries that one page reads at most.
const EXAMINED: usize = 1_000;

/// A line of the log: an entry, or several saves of one author.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub(crate) enum Line {
    Entry(Box<EntryView>),
    Session(Box<Session>),
    Damaged(Damaged),
}

impl Line {
    /// Its newest version.
    fn newest(&self) -> Version {
        match self {
            Self::Entry(entry) => entry.version,
            Self::Session(session) => session.to,
            Self::Damaged(damaged) => damaged.version,
        }
    }
}

/// Lines, newest first, with one more for each entry that is damaged.
pub(crate) fn with_damaged(mut lines: Vec<Line>, damaged: &[Fault]) -> Vec<Line> {
    lines.extend(damaged.iter().map(|fault| Line::Damaged(fault.into())));
    lines.sort_by_key(|line| std::cmp::Reverse(line.newest()));
    lines
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Session {
    /// `session`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^session$"))]
    kind: &'static str,
    label: String,
    author: Author,
    /// The versions of its first and last save.
    from: Version,
    to: Version,
    #[serde(serialize_with = "waymark::entry::millis")]
    began: Timestamp,
    #[serde(serialize_with = "waymark::entry::millis")]
    at: Timestamp,
    saves: usize,
    /// What it changed from before its first save to its last; `None` where that was too much to compare.
    changes: Option<Counts>,
    /// Its saves, newest first.
    items: Vec<EntryView>,
}

/// A page of the log by session, newest first: at most `limit` lines. It reads as many entries as they take, by queries
/// that double, and about as many again; 1,000 at most, or 1 MB of them and what one query more gives. A page with
/// fewer lines than asked for still has a `next`.
pub(crate) async fn list(
    waymark: &Waymark,
    env: &EnvId,
    before: Option<Version>,
    limit: u16,
) -> Result<Response, Problem> {
    let Entries { entries, damaged, mut next } = entries(waymark, env, before, usize::from(limit)).await?;
    let is_empty = entries.is_empty() && damaged.is_empty();
    if is_empty && (before.is_none() || waymark.history.head(env).await?.is_none()) {
        return Err(Problem::no_environment(env));
    }
    let mut groups = grouped(entries);
    let limit = usize::from(limit);
    // The last group may go on where the entries end; it is told on the next page, unless it is all there is.
    if let Some(last) = groups.pop_if(|_| next.is_some()) {
        if groups.is_empty() {
            groups.push(last);
        } else {
            next = oldest(&groups);
        }
    }
    if groups.len() > limit {
        groups.truncate(limit);
        next = oldest(&groups);
    }
    let mut comparison = Comparison { waymark, env, left: COMPARED };
    let mut lines = Vec::with_capacity(groups.len());
    for group in groups {
        lines.push(comparison.line(group).await?);
    }
    // What lies before the page is told on the next one.
    let is_here = |fault: &&Fault| next.is_none_or(|next| fault.version >= next);
    let damaged: Vec<Fault> = damaged.iter().filter(is_here).cloned().collect();
    let lines = with_damaged(lines, &damaged);
    let next = next.map(|before| {
        let path = format!("/v1/apps/{}/envs/{}/history", env.app, env.env);
        format!("{path}?group=session&before={before}&limit={limit}")
    });
    listing(&lines, next)
}

/// Entries, newest first.
struct Entries {
    entries: Vec<Entry>,
    /// What is damaged among them.
    damaged: Vec<Fault>,
    /// Before which one others go on.
    next: Option<Version>,
}

/// Entries until they are more lines than asked for.
async fn entries(
    waymark: &Waymark,
    env: &EnvId,
    before: Option<Version>,
    lines: usize,
) -> Result<Entries, Error> {
    let (mut entries, mut before, mut found): (Vec<Entry>, _, _) = (Vec::new(), before, 0);
    let mut damaged = Vec::new();
    let mut wanted = (lines + 1).max(FIRST);
    loop {
        let asked = wanted.min(EXAMINED - entries.len() - damaged.len());
        let page = waymark.history.whole_page(env, before, asked).await?;
        let is_cut = page.items.len() + page.damaged.len() < asked;
        damaged.extend(page.damaged);
        for entry in page.items {
            let goes_on = entries.last().is_some_and(|newer| go_together(newer, &entry));
            found += usize::from(!goes_on);
            entries.push(entry);
        }
        // A query that gave less than was asked for came to its end at 1 MB.
        let examined = entries.len() + damaged.len();
        if page.next.is_none() || is_cut || found > lines || examined >= EXAMINED {
            return Ok(Entries { entries, damaged, next: page.next });
        }
        before = page.next;
        wanted = examined;
    }
}

/// The oldest entry of what is listed.
fn oldest(groups: &[Vec<Entry>]) -> Option<Version> {
    groups.last().and_then(|group| group.last()).map(|oldest| oldest.version)
}

/// Entries, newest first, with those of a session together.
fn grouped(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    for entry in entries {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|newer| go_together(newer, &entry)) => group.push(entry),
            _ => groups.push(vec![entry]),
        }
    }
    groups
}

fn go_together(newer: &Entry, older: &Entry) -> bool {
    // Where one between is damaged, its author is unknown.
    if newer.version.before() != Some(older.version) {
        return false;
    }
    let saves = [newer, older].iter().all(|entry| matches!(entry.event, Event::Saved { .. }));
    saves && newer.author.id == older.author.id && newer.at.duration_since(older.at).abs() <= PAUSE
}

struct Comparison<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    left: u64,
}

impl Comparison<'_> {
    async fn line(&mut self, group: Vec<Entry>) -> Result<Line, Problem> {
        let [newest, .., oldest] = group.as_slice() else {
            let entry = group.first().ok_or_else(|| Error::Item("an empty session".to_owned()))?;
            return Ok(Line::Entry(Box::new(entry.into())));
        };
        let changes = self.changes(oldest, newest).await?;
        let label = match &changes {
            Some(changes) if changes.counts.total() == 0 => "Nothing changed in the end".to_owned(),
            Some(changes) if !changes.label.is_empty() => changes.label.clone(),
            Some(changes) => changes.counts.to_string(),
            None => "Saved".to_owned(),
        };
        Ok(Line::Session(Box::new(Session {
            kind: "session",
            label,
            author: newest.author.clone(),
            from: oldest.version,
            to: newest.version,
            began: oldest.at,
            at: newest.at,
            saves: group.len(),
            changes: changes.map(|changes| changes.counts),
            items: group.iter().map(EntryView::from).collect(),
        })))
    }

    /// What changed from before `oldest` to `newest`. A first save, and what is damaged, tell nothing.
    async fn changes(&mut self, oldest: &Entry, newest: &Entry) -> Result<Option<Summary>, Error> {
        let Some(before) = oldest.version.before() else { return Ok(None) };
        let takes = oldest.config.bytes.saturating_add(newest.config.bytes);
        let Some(left) = self.left.checked_sub(takes) else { return Ok(None) };
        self.left = left;
        let before = match self.waymark.history.entry(self.env, before).await {
            Err(Error::EntryDamaged { .. }) => return Ok(None),
            found => found?,
        };
        let Some(before) = self.config(&before).await? else { return Ok(None) };
        let Some(after) = self.config(newest).await? else { return Ok(None) };
        let bytes = before.len().saturating_add(after.len());
        heavy::compare(bytes, || Some(Summary::of(before.text(), after.text(), SUMMARY_MOST))).await
    }

    async fn config(&self, entry: &Entry) -> Result<Option<Config>, Error> {
        match self.waymark.configs.of(&self.env.app, entry).await {
            Ok(config) => Ok(Some(config)),
            Err(Error::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
