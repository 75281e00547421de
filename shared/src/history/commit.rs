//! Deciding on the newest entry, appending, and deciding again when another writer was faster.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use super::append::{Backoff, Outcome, Write};
use super::idempotency::{Key, Reply};
use super::transaction::Alongside;
use super::{Attempt, Decide, Decision, Draft, DraftEntry, Head, History, Place, snapshots};
use crate::entry::{Author, Entry, FORMAT, Item, to_item};
use crate::error::Error;
use crate::id::{EnvId, Version};

/// How far ahead of the clock an entry's time may be and still be handed on: clocks of servers differ by less, and one that
/// is further ahead would date all later entries.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A request that changes an environment.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// The environment or app that it changes.
    pub place: Place,
    /// Who asks.
    pub author: Author,
    /// The request's write id: one for all its attempts.
    pub id: Uuid,
    /// Its idempotency key, if it has one.
    pub key: Option<Key>,
    /// When it must have been answered.
    pub deadline: Instant,
}

impl Mutation {
    pub(super) fn env(&self) -> Result<&EnvId, Error> {
        match &self.place {
            Place::Environment(env) => Ok(env),
            Place::App(_) => Err(Error::Item("an app has no history".to_owned())),
        }
    }
}

/// What a mutation begins with: the newest entry, and the answer that it was given before, if it was.
#[derive(Debug)]
pub struct Start {
    head: Option<Head>,
    replayed: Option<Reply>,
}

impl Start {
    /// The newest entry.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The answer that the same request was given before, for whoever needs something for a decision that may be
    /// gone by then. [`History::commit`] gives it too.
    pub fn replayed(&self) -> Option<&Reply> {
        self.replayed.as_ref()
    }
}

/// A draft on top of the newest entry: what to write, and what to answer.
struct Composed {
    entries: Vec<Item>,
    alongside: Vec<Alongside>,
    reply: Reply,
}

impl History {
    /// Reads what a mutation begins with: one query, and one get beside it when it has an idempotency key.
    ///
    /// # Errors
    /// Those of [`History::head`]; [`Error::IdempotencyKeyReused`].
    pub async fn start(&self, mutation: &Mutation) -> Result<Start, Error> {
        let (head, replayed) = tokio::try_join!(self.head(mutation.env()?), self.replayed(mutation))?;
        Ok(Start { head, replayed })
    }

    /// A start that is not of before `seen`, an entry that was read at the same time as the start: where the newest
    /// entry is an older one, it is read again. One query then, none otherwise. What a decision compares is then of
    /// one moment: "it is so already" is said only of what was so when the entry was there.
    ///
    /// # Errors
    /// Those of [`History::head`].
    pub async fn not_before(&self, env: &EnvId, mut start: Start, seen: Version) -> Result<Start, Error> {
        if start.head.as_ref().is_none_or(|head| head.entry.version < seen) {
            start.head = self.head(env).await?;
        }
        Ok(start)
    }

    /// Decides, appends and answers; decides again as often as it must.
    ///
    /// # Errors
    /// Those of the decision; [`Error::Contention`] when other writers were faster until the deadline;
    /// [`Error::OutcomeUnknown`]; [`Error::NewerFormat`]; [`Error::Storage`].
    pub async fn commit<D: Decide>(
        &self,
        mutation: &Mutation,
        start: Start,
        mut decision: D,
    ) -> Result<Reply, D::Refusal> {
        if let Some(reply) = start.replayed {
            return Ok(reply);
        }
        let mut head = start.head;
        let mut refused = Vec::new();
        let urgency = if decision.is_urgent() { Backoff::URGENT } else { Backoff::PATIENT };
        let mut backoff = urgency;
        loop {
            if let Some(found) = head.as_ref().map(|head| head.entry.format).filter(|format| *format > FORMAT)
            {
                return Err(Error::NewerFormat { found }.into());
            }
            let decided = decision.decide(Attempt { head: head.as_ref(), refused: &refused }).await;
            let appends = matches!(decided, Ok(Decision::Append(_)));
            if !appends && decision.reads_beside() && self.moved(mutation, &mut head).await? {
                continue;
            }
            let draft = match decided {
                Ok(Decision::Append(draft)) => draft,
                Ok(Decision::Answer(reply)) => return Ok(self.record(mutation, &[], reply).await?),
                // An earlier sending of this request may have landed before the head was read, and after its
                // record was looked for: then it is itself what stands against it.
                Err(refusal) => return self.replayed(mutation).await?.ok_or(refusal),
            };
            let Composed { entries, alongside, reply } = self.compose(mutation, head.as_ref(), *draft)?;
            match self.write(&write(mutation, entries, &alongside, &reply, urgency)).await? {
                Outcome::Done => return Ok(reply),
                Outcome::Replayed(reply) => return Ok(*reply),
                Outcome::Refused(_) if Instant::now() >= mutation.deadline => {
                    return Err(Error::Contention.into());
                }
                Outcome::Refused(reason) => refused.push(reason),
                Outcome::Lost => {
                    if !self.pause(&mut backoff, mutation.deadline).await {
                        return Err(Error::Contention.into());
                    }
                    head = self.head(mutation.env()?).await?;
                }
            }
        }
    }

    /// Whether entries came since `head` was read, and there is time to decide again. `head` is the newest then.
    async fn moved(&self, mutation: &Mutation, head: &mut Option<Head>) -> Result<bool, Error> {
        let version = |head: &Option<Head>| head.as_ref().map(|head| head.entry.version);
        let before = version(head);
        *head = self.head(mutation.env()?).await?;
        Ok(version(head) != before && Instant::now() < mutation.deadline)
    }

    /// Writes `items` and the idempotency record of an answer that is about no new entry; nothing at all when there
    /// are neither.
    ///
    /// # Errors
    /// As for [`History::commit`].
    pub(super) async fn record(
        &self,
        mutation: &Mutation,
        items: &[Alongside],
        reply: Reply,
    ) -> Result<Reply, Error> {
        if mutation.key.is_none() && items.is_empty() {
            return Ok(reply);
        }
        match self.write(&write(mutation, Vec::new(), items, &reply, Backoff::PATIENT)).await? {
            Outcome::Replayed(first) => Ok(*first),
            _ => Ok(reply),
        }
    }

    /// The items of a draft's entries on top of `head`, and the answer about the last of them.
    fn compose(&self, mutation: &Mutation, head: Option<&Head>, draft: Draft) -> Result<Composed, Error> {
        let now = self.sources.clock.now();
        let pk = mutation.place.pk();
        let mut newest: Option<Head> = None;
        let mut items = Vec::with_capacity(draft.entries.len());
        let mut entries = Vec::with_capacity(draft.entries.len());
        for entry in draft.entries {
            let before = newest.as_ref().or(head);
            let entry = self.entry_after(before, entry, mutation, now)?;
            let mut item = to_item(&pk, &entry)?;
            if let Some(before) = before {
                before.hand_on_unknown(&pk, &mut item)?;
            }
            entries.push(entry.clone());
            items.push(item.clone());
            newest = Some(Head { entry, item });
        }
        let Some(newest) = newest else {
            return Err(Error::Item("a draft without an entry".to_owned()));
        };
        let mut alongside = draft.alongside;
        alongside.extend(snapshots::alongside(&entries));
        if entries.iter().any(|entry| entry.version == Version::FIRST) {
            alongside.push(Alongside::Registered(mutation.env()?.clone()));
        }
        let mut reply = Reply::about(draft.status, &newest.entry, draft.more);
        reply.location = draft.location;
        Ok(Composed { entries: items, alongside, reply })
    }

    fn entry_after(
        &self,
        head: Option<&Head>,
        draft: DraftEntry,
        mutation: &Mutation,
        now: Timestamp,
    ) -> Result<Entry, Error> {
        let before = head.map(|head| &head.entry);
        // Times are kept to the millisecond.
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let config = draft.config.or_else(|| before.map(|entry| entry.config.clone()));
        let config = config.ok_or_else(|| Error::Item("a first entry without a config".to_owned()))?;
        Ok(Entry {
            version: before.map_or(Version::FIRST, |entry| entry.version.next()),
            format: FORMAT,
            event: draft.event,
            at: before.map_or(now, |entry| at_after(entry.at, now)),
            author: mutation.author.clone(),
            note: draft.note,
            write: mutation.id,
            prev: head.map(Head::hash),
            config,
            releases: draft
                .releases
                .or_else(|| before.map(|entry| entry.releases.clone()))
                .unwrap_or_default(),
            generated: draft.generated.or_else(|| before.map(|entry| entry.generated)).unwrap_or_default(),
            promoted: draft.promoted.or_else(|| before.and_then(|entry| entry.promoted)),
            history: before.map_or_else(|| self.sources.ids.fresh(), |entry| entry.history),
        })
    }
}

/// The time of an entry that is made `now`, after one of the time `before`: never an earlier one, unless that is of a clock
/// that was ahead.
fn at_after(before: Timestamp, now: Timestamp) -> Timestamp {
    if before.duration_since(now) > AHEAD { now } else { before.max(now) }
}

fn write<'a>(
    mutation: &'a Mutation,
    entries: Vec<Item>,
    alongside: &'a [Alongside],
    reply: &'a Reply,
    backoff: Backoff,
) -> Write<'a> {
    Write {
        pk: mutation.place.pk(),
        entries,
        alongside,
        idempotency: mutation.key.as_ref().map(|key| (key, reply)),
        id: mutation.id,
        deadline: mutation.deadline,
        backoff,
    }
}
