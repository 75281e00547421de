//! What an environment has of its own: what a promotion would not have.

use serde_json::Value;
use waymark::entry::{Entry, EntryView, Event, Promotion};
use waymark::hash::Sha256;
use waymark::history::Filter;
use waymark::id::EnvId;
use waymark::{Error, Problem, Waymark};

/// How many entries a refusal lists.
const MOST_LISTED: u16 = 20;

/// The kinds of entries that change the working version, or what users see.
const CHANGING: [&str; 4] = ["saved", "restored", "imported", "published"];

/// Refuses a promotion of a config over changes that were made here since the last one: edits of the working version, and
/// releases of it. What was rolled back or unpublished since is no such change, nor is one that came to what is promoted.
pub(crate) async fn own_changes(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    (origin, promoted): (&Promotion, Sha256),
) -> Result<(), Problem> {
    let last = match head.promoted {
        Some(version) => Some(waymark.history.entry(env, version).await?),
        None => None,
    };
    // What came to the config that is promoted, or to the one that was promoted last, is no change.
    let known = [Some(promoted), last.as_ref().and_then(promoted_by)];
    let is_edited = !known.contains(&Some(head.config.sha256))
        && last.is_none_or(|last| last.config.sha256 != head.config.sha256);
    if !is_edited && !is_released_here(waymark, env, head, &known).await? {
        return Ok(());
    }
    let kinds = CHANGING.map(str::to_owned).to_vec();
    let page = waymark.history.page(env, None, MOST_LISTED, &Filter { kinds, author: None }).await?;
    let since = |entry: &&Entry| head.promoted.is_none_or(|last| entry.version > last.next());
    let listed: Vec<&Entry> = page.items.iter().take_while(since).filter(|entry| is_change(entry)).collect();
    // The page goes on with the entries before `next`; the promotion itself was two of them.
    let more = page.next.is_some_and(|next| head.promoted.is_none_or(|last| next > last.next().next()));
    would_lose(env, head, origin, (&listed, more))
}

/// The config that the entry of a promotion brought.
fn promoted_by(entry: &Entry) -> Option<Sha256> {
    match &entry.event {
        Event::Snapshot { subject, .. } => Some(subject.sha256),
        _ => None,
    }
}

/// Whether users see a release that was made here, of a config that is not `known`.
async fn is_released_here(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    known: &[Option<Sha256>],
) -> Result<bool, Error> {
    match &head.releases.live {
        Some(live) if !known.contains(&Some(live.subject.sha256)) => {
            Ok(waymark.history.marker(env, live.snapshot).await?.origin.is_none())
        }
        _ => Ok(false),
    }
}

fn is_change(entry: &Entry) -> bool {
    !matches!(entry.event, Event::Published { rollback: true, .. })
}

/// 409: users would lose what was changed here.
fn would_lose(
    env: &EnvId,
    head: &Entry,
    origin: &Promotion,
    (listed, more): (&[&Entry], bool),
) -> Result<(), Problem> {
    let changes: Result<Vec<Value>, _> =
        listed.iter().map(|entry| serde_json::to_value(EntryView::from(*entry))).collect();
    let changes = changes.map_err(|fault| Error::Item(fault.to_string()))?;
    let since = head.promoted.map_or("It was never promoted to".to_owned(), |last| {
        format!("Since the last promotion (#{last}) it was changed here")
    });
    Err(Problem::conflict(
        "promotion-would-lose",
        "This environment has changes of its own",
        format!(
            "{env} has changes of its own, which {name} of {from} does not have. {since}; changes lists the entries. \
             Bring the changes to {from} first, or promote all the same with \"go_ahead\": true: they stay in the history \
             and in the working version, and users no longer see them.",
            name = origin.name,
            from = origin.environment,
        ),
    )
    .with("changes", changes)
    .with("more", more)
    .with("since", head.promoted.map(|last| last.get())))
}
