//! The model: a list of states, and what each act makes of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::{Act, Base, Document, Expect, KEYS, PEOPLE};

/// What a request has to come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Appended(usize),
    Unchanged(usize),
    Refused(&'static str),
    /// Done beside the history.
    Done,
}

/// A release: the snapshot's entry, and the entry that published it.
type Release = (usize, usize);

/// An entry, and what held after it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) who: usize,
    pub(super) document: Document,
    live: Option<Release>,
    before: Option<Release>,
}

#[derive(Clone, Debug)]
struct Snapshot {
    name: String,
    document: Document,
    published: Option<usize>,
}

/// Entry n is `entries[n - 1]`.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    entries: Vec<Entry>,
    snapshots: BTreeMap<usize, Snapshot>,
    names: BTreeMap<String, usize>,
    generated: usize,
    releases_off: bool,
    nothing_without: bool,
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
    pub(super) fn head(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn last(&self) -> &Entry {
        self.entries.last().unwrap()
    }

    /// The config of a version that is there.
    pub(super) fn document(&self, version: usize) -> Document {
        self.entries[version - 1].document
    }

    /// Does what `who` asks for. `other` is the environment that is promoted from.
    pub(super) fn apply(&mut self, who: usize, act: &Act, other: &Self) -> Expected {
        if let Act::Promote { name, renamed, expect } = act {
            let Some(snapshot) = other.named(name) else { return Expected::Refused("snapshot-not-found") };
            return self.promote(who, other.snapshots[&snapshot].document, renamed.clone(), expect);
        }
        if let Act::Settings { releases, nothing } = act {
            (self.releases_off, self.nothing_without) = (!releases, *nothing);
            return Expected::Done;
        }
        if self.head() == 0 && !matches!(act, Act::Save { .. }) {
            return Expected::Refused(self.nothing_here(act));
        }
        self.change(who, act)
    }

    /// What is said where nothing was saved: of what is looked up first, that it is not there.
    fn nothing_here(&self, act: &Act) -> &'static str {
        match act {
            Act::Publish { .. } | Act::Rename { .. } => "snapshot-not-found",
            Act::PublishVersion { .. } | Act::Snapshot { version: Some(_), .. } => "version-not-found",
            _ => "environment-not-found",
        }
    }

    fn change(&mut self, who: usize, act: &Act) -> Expected {
        match act {
            Act::Save { document, base } => self.save(who, *document, base),
            Act::Patch { key, value } => {
                let mut document = self.last().document;
                document[*key] = *value;
                self.put(who, "saved", document)
            }
            Act::Snapshot { name, version } => {
                let document = version.map_or(self.last().document, |version| self.document(version));
                let name = name.clone().unwrap_or_else(|| self.next_name());
                self.snapshot(who, name, document)
            }
            Act::Rename { from, to } => self.rename(who, from, to),
            Act::Restore { version } | Act::RestoreBackup { version, .. } => {
                self.put(who, "restored", self.document(*version))
            }
            Act::RestoreSnapshot { name } => match self.named(name) {
                Some(snapshot) => self.put(who, "restored", self.snapshots[&snapshot].document),
                None => Expected::Refused("snapshot-not-found"),
            },
            Act::RestorePart { version, key } => {
                let mut document = self.last().document;
                document[*key] = self.document(*version)[*key];
                self.put(who, "restored", document)
            }
            Act::Undo { version } => self.undo(who, *version),
            Act::Publish { name, expect } => self.publish_named(who, name, expect),
            Act::PublishVersion { version, expect } => self.publish_version(who, *version, expect),
            Act::Unpublish { expect } => self.unpublish(who, expect),
            Act::Rollback { to, expect } => self.roll_back(who, to.as_deref(), expect),
            Act::Backup | Act::Settings { .. } | Act::Promote { .. } => Expected::Done,
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
            return match base {
                Base::Nothing => self.put(who, "saved", document),
                Base::Match(_) | Base::Merge(_) | Base::Any => Expected::Refused("version-mismatch"),
            };
        }
        match base {
            Base::Nothing => Expected::Refused("precondition-required"),
            Base::Match(version) if *version != self.head() => Expected::Refused("version-mismatch"),
            Base::Match(_) | Base::Any => self.put(who, "saved", document),
            Base::Merge(version) => match merge(self.document(*version), self.last().document, document) {
                Some(merged) => self.put(who, "saved", merged),
                None => Expected::Refused("merge-conflict"),
            },
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

    /// Every request carries a note of its own, so that a rename to the present name changes something too.
    fn rename(&mut self, who: usize, from: &str, to: &str) -> Expected {
        let Some(snapshot) = self.named(from) else { return Expected::Refused("snapshot-not-found") };
        if self.named(to).is_some_and(|other| other != snapshot) {
            return Expected::Refused("name-taken");
        }
        self.names.insert(to.to_owned(), snapshot);
        self.snapshots.get_mut(&snapshot).unwrap().name = to.to_owned();
        self.append(who, "renamed", |_| {})
    }

    /// Whether something else is live than was expected. A former name of the release counts as its name.
    fn unexpected(&self, expect: &Expect) -> bool {
        let live = self.entries.last().and_then(|last| last.live).map(|(snapshot, _)| snapshot);
        match expect {
            None => false,
            Some(None) => live.is_some(),
            Some(Some(name)) => live.is_none() || self.named(name) != live,
        }
    }

    fn publish_named(&mut self, who: usize, name: &str, expect: &Expect) -> Expected {
        // What is asked for is looked up first.
        let Some(snapshot) = self.named(name) else { return Expected::Refused("snapshot-not-found") };
        if self.unexpected(expect) {
            return Expected::Refused("live-changed");
        }
        if self.last().live.is_some_and(|(live, _)| live == snapshot) {
            return Expected::Unchanged(self.head());
        }
        if self.releases_off {
            return Expected::Refused("releases-off");
        }
        self.publish(who, snapshot)
    }

    fn publish(&mut self, who: usize, snapshot: usize) -> Expected {
        let release = (snapshot, self.head() + 1);
        let below = self.below(self.snapshots[&snapshot].document);
        self.snapshots.get_mut(&snapshot).unwrap().published = Some(release.1);
        self.append(who, "published", |entry| (entry.live, entry.before) = (Some(release), below))
    }

    /// The newest release on the way back with another document: what a release of this one is put on.
    fn below(&self, document: Document) -> Option<Release> {
        let mut below = self.last().live.or(self.last().before);
        while let Some((_, entry)) =
            below.filter(|(snapshot, _)| self.snapshots[snapshot].document == document)
        {
            below = self.entries[entry - 1].before;
        }
        below
    }

    /// Whether users have a document as a release already, under the name that is asked for.
    fn shows(&self, document: Document, name: Option<&str>) -> bool {
        let live = self.entries.last().and_then(|last| last.live);
        live.is_some_and(|(live, _)| {
            let live = &self.snapshots[&live];
            live.document == document && name.is_none_or(|name| name == live.name)
        })
    }

    fn publish_version(&mut self, who: usize, version: usize, expect: &Expect) -> Expected {
        if self.unexpected(expect) {
            return Expected::Refused("live-changed");
        }
        let document = self.document(version);
        if self.shows(document, None) {
            return Expected::Unchanged(self.head());
        }
        if self.releases_off {
            return Expected::Refused("releases-off");
        }
        self.snapshot(who, self.next_name(), document);
        self.publish(who, self.head())
    }

    fn promote(&mut self, who: usize, document: Document, name: Option<String>, expect: &Expect) -> Expected {
        if self.unexpected(expect) {
            return Expected::Refused("live-changed");
        }
        if self.shows(document, name.as_deref()) {
            return Expected::Unchanged(self.head());
        }
        let name = name.unwrap_or_else(|| self.next_name());
        if self.releases_off {
            return Expected::Refused("releases-off");
        }
        if self.named(&name).is_some() {
            return Expected::Refused("name-taken");
        }
        if self.head() == 0 {
            self.append(who, "imported", |entry| entry.document = document);
        }
        self.snapshot(who, name, document);
        self.publish(who, self.head())
    }

    fn unpublish(&mut self, who: usize, expect: &Expect) -> Expected {
        if self.unexpected(expect) {
            return Expected::Refused("live-changed");
        }
        let Some(live) = self.last().live else { return Expected::Unchanged(self.head()) };
        self.append(who, "unpublished", |entry| (entry.live, entry.before) = (None, Some(live)))
    }

    fn roll_back(&mut self, who: usize, to: Option<&str>, expect: &Expect) -> Expected {
        if self.unexpected(expect) {
            return Expected::Refused("live-changed");
        }
        let entry = match to {
            Some(name) => match self.named(name).map(|snapshot| self.last_published(snapshot)) {
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

    /// Where a snapshot was published last; where it is the release before, there.
    fn last_published(&self, snapshot: usize) -> Option<usize> {
        let before = self.last().before.filter(|(before, _)| *before == snapshot);
        before.map(|(_, entry)| entry).or(self.snapshots[&snapshot].published)
    }

    /// What users get: a document, or nothing where the settings say so.
    pub(super) fn live(&self) -> Option<Document> {
        let live = self.last().live.map(|(snapshot, _)| self.snapshots[&snapshot].document);
        live.or((!self.nothing_without).then_some(self.last().document))
    }

    /// All names, former ones too, and the configs that they lead to.
    #[allow(dead_code, reason = "for the simulation, which shares the model")]
    pub(super) fn named_documents(&self) -> impl Iterator<Item = (&String, Document)> {
        self.names.iter().map(|(name, snapshot)| (name, self.snapshots[snapshot].document))
    }

    /// The name of what is live.
    #[allow(dead_code, reason = "for the simulation, which shares the model")]
    pub(super) fn live_name(&self) -> Option<String> {
        self.name(self.last().live)
    }

    fn name(&self, release: Option<Release>) -> Option<String> {
        release.map(|(snapshot, _)| self.snapshots[&snapshot].name.clone())
    }

    pub(super) fn standing(&self) -> Value {
        json!([self.head(), self.name(self.last().live), self.name(self.last().before)])
    }

    /// Newest first.
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
pub(super) fn shown(document: Document) -> Value {
    KEYS.iter().zip(document).map(|(key, value)| ((*key).to_owned(), json!(value))).collect()
}
