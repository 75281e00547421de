//! What an environment has of its own: what a promotion would not have.

use serde_json::Value;
use waymark::config::Config;
use waymark::config::merge::merge;
use waymark::config::value::equal;
use waymark::entry::{ConfigRef, Entry, EntryView, Event, Promotion, Subject};
use waymark::hash::Sha256;
use waymark::history::Filter;
use waymark::id::{EnvId, Version};
use waymark::{Error, Problem, Waymark};

/// How many entries a refusal lists.
const MOST_LISTED: u16 = 20;

/// The kinds of entries that change the working version, or what users see.
const CHANGING: [&str; 4] = ["saved", "restored", "imported", "published"];

/// Refuses a promotion over changes that were made here since the last one and that `incoming` does not have: edits of the
/// working version, and releases of it. What was rolled back, unpublished or taken back since is no such change.
pub(crate) async fn own_changes(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    (origin, incoming): (&Promotion, &Config),
) -> Result<(), Problem> {
    let last = match head.promoted {
        Some(version) => Some(waymark.history.entry(env, version).await?),
        None => None,
    };
    let promoted = last.as_ref().and_then(promoted_by);
    // What came to the config that is promoted, or to the one that was promoted last, is no change.
    let known = [Some(incoming.sha256()), promoted.as_ref().map(|subject| subject.sha256)];
    let working = last.as_ref().map(|last| (last.version, last.config.clone()));
    let is_edited = !known.contains(&Some(head.config.sha256))
        && working.as_ref().is_none_or(|(_, then)| then.sha256 != head.config.sha256);
    let base = promoted.map(|subject| (subject.version, subject.config()));
    let edited = (head.version, head.config.clone());
    // Nobody knows which of the two was edited: what was here, or what was promoted and made the working version since.
    let loses_edits = is_edited
        && loses(waymark, env, working, &edited, incoming).await?
        && loses(waymark, env, base.clone(), &edited, incoming).await?;
    if !loses_edits {
        let Some(live) = released_here(waymark, env, head, &known).await? else { return Ok(()) };
        if !loses(waymark, env, base, &(live.version, live.config()), incoming).await? {
            return Ok(());
        }
    }
    let kinds = CHANGING.map(str::to_owned).to_vec();
    let page = waymark.history.page(env, None, MOST_LISTED, &Filter { kinds, author: None }).await?;
    let since = |entry: &&Entry| head.promoted.is_none_or(|last| entry.version > last.next());
    let listed: Vec<&Entry> = page.items.iter().take_while(since).filter(|entry| is_change(entry)).collect();
    // The page goes on with the entries before `next`; the promotion itself was two of them.
    let more = page.next.is_some_and(|next| head.promoted.is_none_or(|last| next > last.next().next()));
    would_lose(env, head, origin, (&listed, more))
}

/// Where a config lies.
type At = (Version, ConfigRef);

/// Whether `incoming` lacks something of what was made of `base` here: whether it is another once that is merged into it.
async fn loses(
    waymark: &Waymark,
    env: &EnvId,
    base: Option<At>,
    own: &At,
    incoming: &Config,
) -> Result<bool, Error> {
    let Some(base) = base else { return Ok(true) };
    let read = async |at: &At| waymark.configs.read(&env.app, at.0, &at.1).await;
    match tokio::try_join!(read(&base), read(own)) {
        Ok((base, own)) => {
            Ok(merge(&base, &own, incoming)
                .map_or(true, |merged| !equal(merged.config.text(), incoming.text())))
        }
        // Nobody knows.
        Err(Error::Damaged { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The config that the entry of a promotion brought.
fn promoted_by(entry: &Entry) -> Option<Subject> {
    match &entry.event {
        Event::Snapshot { subject, .. } => Some(subject.clone()),
        _ => None,
    }
}

/// What users see, where that is a release that was made here, of a config that is not `known`.
async fn released_here(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    known: &[Option<Sha256>],
) -> Result<Option<Subject>, Error> {
    let live = head.releases.live.as_ref().filter(|live| !known.contains(&Some(live.subject.sha256)));
    let Some(live) = live else { return Ok(None) };
    let is_promoted = waymark.history.marker(env, live.snapshot).await?.origin.is_some();
    Ok((!is_promoted).then(|| live.subject.clone()))
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
