//! What a function decides about a mutation: nothing, or the entries to append.

use serde_json::{Map, Value};

use super::Head;
use super::idempotency::Reply;
use super::transaction::{Alongside, Refused};
use crate::entry::{ConfigRef, Entry, Event, Releases};
use crate::error::Error;
use crate::id::{Note, SnapshotName, Version};
use crate::schema::Failure;

/// How long it takes at most until all users have what is live: the shared caches' `s-maxage`.
const USERS_SEE_IT_WITHIN_SECONDS: u64 = 5;

/// What a decision is made on.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The newest entry; `None` where nothing was saved.
    pub head: Option<&'a Head>,
    /// What stood against earlier attempts of this request.
    pub refused: &'a [Refused],
}

impl<'a> Attempt<'a> {
    /// The newest entry.
    ///
    /// # Errors
    /// [`Error::NoEnvironment`] where nothing was saved.
    pub fn head(&self) -> Result<&'a Entry, Error> {
        self.head.map(|head| &head.entry).ok_or(Error::NoEnvironment)
    }

    /// The version that the next entry gets.
    pub fn next(&self) -> Version {
        self.head.map_or(Version::FIRST, |head| head.entry.version.next())
    }

    /// The next generated snapshot name that is not known to be taken, with its number.
    pub fn generated_name(&self) -> (u64, SnapshotName) {
        let tries = self.refused.iter().filter(|refused| matches!(refused, Refused::NameTaken(_))).count();
        let last = self.head.map_or(0, |head| head.entry.generated);
        generated_after(last, tries, |name| self.is_taken(name))
    }

    /// Whether an earlier attempt found that the name belongs to another snapshot.
    pub fn is_taken(&self, name: &SnapshotName) -> bool {
        self.refused.iter().any(|refused| matches!(refused, Refused::NameTaken(taken) if taken == name))
    }
}

/// The name generated after number `last`, with its number, once so many tries have each found a taken name.
///
/// After a few tries the steps double: a long row of such names taken by hand does not hold up everybody else's.
pub(super) fn generated_after(
    last: u64,
    tries: usize,
    is_taken: impl Fn(&SnapshotName) -> bool,
) -> (u64, SnapshotName) {
    let mut number = last + 1;
    for past in 3..tries {
        number += 1 << (past - 3).min(32);
    }
    while is_taken(&SnapshotName::generated(number)) {
        number += 1;
    }
    (number, SnapshotName::generated(number))
}

/// What to do about a mutation.
#[derive(Debug)]
pub enum Decision {
    /// Append.
    Append(Box<Draft>),
    /// Append nothing, and answer this.
    Answer(Reply),
}

impl Decision {
    /// Append nothing, since what was asked for is so already: the answer is about the newest entry, with
    /// `"unchanged": true`.
    pub fn unchanged(head: &Entry) -> Self {
        let more = Map::from_iter([("unchanged".to_owned(), true.into())]);
        Self::Answer(Reply::about(200, head, more))
    }
}

/// The one decision of a mutation.
pub trait Decide: Send {
    /// Why it may be refused.
    type Refusal: From<Error>;

    /// Decides on the newest entry. It is called again when another writer was faster, with the newer entry; and
    /// when something beside the entry stood against it, told what.
    ///
    /// # Errors
    /// When the request is refused: nothing is appended.
    fn decide(
        &mut self,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<Decision, Self::Refusal>> + Send;

    /// Whether it goes by more than the newest entry, such as what a name stands for. What it says without appending, a
    /// refusal or "it is so already", then counts only if no entry came meanwhile: one query more makes sure.
    fn reads_beside(&self) -> bool {
        false
    }

    /// Whether it changes what users see. Such a decision does not wait behind saves: after a lost race it is taken
    /// again at once, where a save backs off.
    fn is_urgent(&self) -> bool {
        false
    }
}

/// A decision that its owner looks at afterwards.
impl<D: Decide> Decide for &mut D {
    type Refusal = D::Refusal;

    fn decide(
        &mut self,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<Decision, Self::Refusal>> + Send {
        (**self).decide(attempt)
    }

    fn reads_beside(&self) -> bool {
        (**self).reads_beside()
    }

    fn is_urgent(&self) -> bool {
        (**self).is_urgent()
    }
}

/// Entries to append, in one write.
#[derive(Debug)]
pub struct Draft {
    /// One to three entries, oldest first. The answer is about the last.
    pub entries: Vec<DraftEntry>,
    /// What belongs in the same transaction, beside what a snapshot's entry or a first entry brings along.
    pub alongside: Vec<Alongside>,
    /// The status of the answer.
    pub status: u16,
    /// Members of the answer beside the entry's.
    pub more: Map<String, Value>,
    /// The path for `Location`.
    pub location: Option<String>,
}

impl Draft {
    /// A draft of one entry, answered with 200.
    pub fn of(entry: DraftEntry) -> Self {
        let more = Map::from_iter([("unchanged".to_owned(), false.into())]);
        Self { entries: vec![entry], alongside: Vec::new(), status: 200, more, location: None }
    }

    /// Says in the answer what the environment's schema warns of, where it has one.
    pub fn warn(&mut self, warnings: Option<Vec<Failure>>) {
        if let Some(warnings) = warnings {
            let listed = warnings.iter().map(Failure::to_json).collect();
            self.more.insert("warnings".to_owned(), Value::Array(listed));
        }
    }

    /// Says in the answer that users see it at once, where they do, and how soon all of them have it.
    pub fn users_see_it(&mut self, they_do: bool) {
        if they_do {
            self.more.insert("users_see_it_within_seconds".to_owned(), USERS_SEE_IT_WITHIN_SECONDS.into());
        }
    }

    /// The decision to append this.
    pub fn append(self) -> Decision {
        Decision::Append(Box::new(self))
    }
}

/// An entry to be: what it changes of the state before it.
#[derive(Debug)]
pub struct DraftEntry {
    /// What happens.
    pub event: Event,
    /// A note for people.
    pub note: Option<Note>,
    /// The working config after it, if it changes.
    pub config: Option<ConfigRef>,
    /// What is live after it, if it changes.
    pub releases: Option<Releases>,
    /// The number of the last generated name after it, if it changes.
    pub generated: Option<u64>,
    /// The entry that made the last promoted snapshot after it, if it changes.
    pub promoted: Option<Version>,
}

impl DraftEntry {
    /// An entry that changes no state yet.
    pub fn new(event: Event) -> Self {
        Self { event, note: None, config: None, releases: None, generated: None, promoted: None }
    }
}
