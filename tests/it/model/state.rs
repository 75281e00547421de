//! The model: a list of states, and what each operation makes of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::PEOPLE;
use super::operation::{Base, KEYS, NAMES, Operation};

/// A config: the values of its four members.
pub(super) type Document = [u8; 4];

/// What a request has to come to.
#[derive(Debug)]
pub(super) enum Expected {
    Appended(usize),
    Unchanged(usize),
    Refused(&'static str),
}

/// A release: the snapshot's entry, and the entry that published it.
type Release = (usize, usize);

/// An entry, and what held after it.
#[derive(Clone)]
struct Entry {
    kind: &'static str,
    who: usize,
    document: Document,
    live: Option<Release>,
    before: Option<Release>,
}

struct Snapshot {
    name: String,
    document: Document,
    published: Option<usize>,
}

/// Entry n is `entries[n - 1]`.
#[derive(Default)]
pub(super) struct State {
    entries: Vec<Entry>,
    snapshots: BTreeMap<usize, Snapshot>,
    names: BTreeMap<String, usize>,
    generated: usize,
}

/// What changed from `base` on one side or the other; `None` where both changed a member differently.
fn merge(base: Document, ours: Document, theirs: Document) -> Option<Document> {
    let mut merged = ours;
    for (at, base) in base.into_iter().enumerate() {
        if theirs[at] != base && ours[at] != base && ours[at] != theirs[at] {
            return None;
        }
        if theirs[at] != base {
            merged[at] = theirs[at];
        }
    }
    Some(merged)
}

impl State {
    fn head(&self) -> usize {
        self.entries.len()
    }

    fn last(&self) -> &Entry {
        self.entries.last().unwrap()
    }

    /// The version so many before the newest; the first at least.
    pub(super) fn back(&self, back: usize) -> usize {
        self.head().saturating_sub(back).max(1)
    }

    fn document(&self, version: usize) -> Document {
        self.entries[version - 1].document
    }

    pub(super) fn apply(&mut self, operation: &Operation) -> Expected {
        let who = operation.who();
        match operation {
            Operation::Save { document, base, .. } => self.save(who, *document, base),
            Operation::Patch { key, value, .. } => {
                let mut document = self.last().document;
                document[*key] = *value;
                self.put(who, "saved", document)
            }
            Operation::Snapshot { name, back, .. } => {
                let document = self.document(self.back(*back));
                let name = name.map_or_else(|| self.next_name(), |name| NAMES[name].to_owned());
                self.snapshot(who, name, document)
            }
            Operation::Rename { from, to, .. } => self.rename(who, NAMES[*from], NAMES[*to]),
            Operation::Restore { back, .. } => self.put(who, "restored", self.document(self.back(*back))),
            Operation::RestoreSnapshot { name, .. } => match self.named(NAMES[*name]) {
                Some(snapshot) => self.put(who, "restored", self.snapshots[&snapshot].document),
                None => Expected::Refused("snapshot-not-found"),
            },
            Operation::Undo { back, .. } => self.undo(who, self.back(*back)),
            Operation::Publish { name, .. } => match self.named(NAMES[*name]) {
                Some(snapshot) => self.publish(who, snapshot),
                None => Expected::Refused("snapshot-not-found"),
            },
            Operation::PublishVersion { back, .. } => self.publish_version(who, self.back(*back)),
            Operation::Unpublish { .. } => self.unpublish(who),
            Operation::Rollback { to, .. } => self.roll_back(who, to.map(|to| NAMES[to])),
            Operation::Repeat => Expected::Unchanged(self.head()),
        }
    }

    fn append(&mut self, who: usize, kind: &'static str, change: impl FnOnce(&mut Entry)) -> Expected {
        let first = Entry { kind, who, document: [0; 4], live: None, before: None };
        let mut entry = self.entries.last().cloned().unwrap_or(first);
        (entry.kind, entry.who) = (kind, who);
        change(&mut entry);
        self.entries.push(entry);
        Expected::Appended(self.head())
    }

    fn put(&mut self, who: usize, kind: &'static str, document: Document) -> Expected {
        if self.head() > 0 && self.last().document == document {
            return Expected::Unchanged(self.head());
        }
        self.append(who, kind, |entry| entry.document = document)
    }

    fn save(&mut self, who: usize, document: Document, base: &Base) -> Expected {
        if self.head() == 0 {
            return self.put(who, "saved", document);
        }
        match base {
            Base::Nothing => Expected::Refused("precondition-required"),
            Base::Match(back) if self.back(*back) != self.head() => Expected::Refused("version-mismatch"),
            Base::Match(_) | Base::Any => self.put(who, "saved", document),
            Base::Merge(back) => {
                let base = self.document(self.back(*back));
                match merge(base, self.last().document, document) {
                    Some(merged) => self.put(who, "saved", merged),
                    None => Expected::Refused("merge-conflict"),
                }
            }
        }
    }

    fn undo(&mut self, who: usize, version: usize) -> Expected {
        if version == 1 {
            return Expected::Refused("nothing-before");
        }
        let (made, before) = (self.document(version), self.document(version - 1));
        if made == before {
            return Expected::Refused("nothing-to-undo");
        }
        match merge(made, self.last().document, before) {
            Some(merged) => self.put(who, "restored", merged),
            None => Expected::Refused("merge-conflict"),
        }
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    fn next_name(&self) -> String {
        let mut number = self.generated + 1;
        while self.names.contains_key(&format!("v{number}")) {
            number += 1;
        }
        format!("v{number}")
    }

    fn snapshot(&mut self, who: usize, name: String, document: Document) -> Expected {
        if self.names.contains_key(&name) {
            return Expected::Refused("name-taken");
        }
        // A name by hand that would have been generated next counts as generated.
        let by_hand = name != self.next_name();
        if let Some(number) = name.strip_prefix('v').filter(|_| !by_hand) {
            self.generated = number.parse().unwrap();
        }
        let appended = self.append(who, "snapshot", |_| {});
        self.names.insert(name.clone(), self.head());
        self.snapshots.insert(self.head(), Snapshot { name, document, published: None });
        appended
    }

    fn rename(&mut self, who: usize, from: &str, to: &str) -> Expected {
        let Some(snapshot) = self.named(from) else { return Expected::Refused("snapshot-not-found") };
        if self.named(to).is_some_and(|other| other != snapshot) {
            return Expected::Refused("name-taken");
        }
        if self.snapshots[&snapshot].name == to {
            return Expected::Unchanged(self.head());
        }
        self.names.insert(to.to_owned(), snapshot);
        self.snapshots.get_mut(&snapshot).unwrap().name = to.to_owned();
        self.append(who, "renamed", |_| {})
    }

    fn publish(&mut self, who: usize, snapshot: usize) -> Expected {
        let live = self.last().live;
        if live.is_some_and(|(live, _)| live == snapshot) {
            return Expected::Unchanged(self.head());
        }
        let release = (snapshot, self.head() + 1);
        self.snapshots.get_mut(&snapshot).unwrap().published = Some(release.1);
        self.append(who, "published", |entry| {
            entry.before = live.or(entry.before);
            entry.live = Some(release);
        })
    }

    fn publish_version(&mut self, who: usize, version: usize) -> Expected {
        let document = self.document(version);
        let shown = self.last().live.map(|(live, _)| self.snapshots[&live].document);
        if shown == Some(document) {
            return Expected::Unchanged(self.head());
        }
        self.snapshot(who, self.next_name(), document);
        self.publish(who, self.head())
    }

    fn unpublish(&mut self, who: usize) -> Expected {
        let Some(live) = self.last().live else { return Expected::Unchanged(self.head()) };
        self.append(who, "unpublished", |entry| (entry.live, entry.before) = (None, Some(live)))
    }

    fn roll_back(&mut self, who: usize, to: Option<&str>) -> Expected {
        let entry = match to {
            Some(name) => match self.named(name).map(|snapshot| self.snapshots[&snapshot].published) {
                None => return Expected::Refused("snapshot-not-found"),
                Some(None) => return Expected::Refused("not-a-release"),
                Some(Some(entry)) => entry,
            },
            None => match self.last().before {
                Some((_, entry)) => entry,
                None => return Expected::Refused("no-earlier-release"),
            },
        };
        let then = self.entries[entry - 1].clone();
        let (snapshot, _) = then.live.unwrap();
        if self.last().live.is_some_and(|(live, _)| live == snapshot) {
            return Expected::Unchanged(self.head());
        }
        let release = (snapshot, self.head() + 1);
        self.snapshots.get_mut(&snapshot).unwrap().published = Some(release.1);
        self.append(who, "published", |entry| (entry.live, entry.before) = (Some(release), then.before))
    }

    pub(super) fn working(&self) -> Shown {
        Shown(self.last().document)
    }

    pub(super) fn live(&self) -> Shown {
        let live = self.last().live.map(|(snapshot, _)| self.snapshots[&snapshot].document);
        Shown(live.unwrap_or(self.last().document))
    }

    pub(super) fn standing(&self) -> Value {
        let name =
            |release: Option<Release>| release.map(|(snapshot, _)| self.snapshots[&snapshot].name.clone());
        json!([self.head(), name(self.last().live), name(self.last().before)])
    }

    pub(super) fn history(&self) -> Value {
        let entries = self.entries.iter().enumerate().rev();
        entries.map(|(at, entry)| json!([at + 1, entry.kind, PEOPLE[entry.who]])).collect()
    }

    pub(super) fn snapshots(&self) -> Value {
        let live = self.last().live.map(|(snapshot, _)| snapshot);
        let all = self.snapshots.iter().rev();
        all.map(|(at, one)| json!([one.name, one.published.is_some(), live == Some(*at)])).collect()
    }
}

/// A document as it is read back.
pub(super) struct Shown(Document);

impl From<Shown> for Value {
    fn from(Shown(document): Shown) -> Self {
        KEYS.iter().zip(document).map(|(key, value)| ((*key).to_owned(), json!(value))).collect()
    }
}
