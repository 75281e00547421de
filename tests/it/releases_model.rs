//! A model of the releases of one app's environments, written from the documents alone. It does no I/O.
//!
//! # The rule
//!
//! 1. A publish remembers the release that users had before it. Saves, restores, snapshots and renames
//!    change neither what is live nor what was before it. Identity is the snapshot, never its present name.
//! 2. A roll back makes live what was before the present release *when that one was published*. The next
//!    roll back goes one step further, or is refused with `no-earlier-release`. It never toggles: a release
//!    that was rolled back from is not met again. A publish after a roll back remembers the release rolled
//!    back to.
//! 3. Unpublishing loses nothing. A roll back then gives users the release they had before unpublishing.
//!    Another release published then remembers that one. The same config published again remembers what was
//!    before it: a, b, unpublish, b, roll back: a.
//! 4. After `rollback {to: x}` a roll back goes to what was before x. That is as with a plain roll back where x is the
//!    release before; otherwise it is where x was published last, rolling back included.
//! 5. A request for what already is so is `unchanged`, unless it gives a new name: that makes a snapshot and publishes
//!    it, and rule 3 holds. A note belongs to an entry: where nothing is appended, none is kept.
//! 6. A promotion is not made over changes made here since the last one, and a publish does not take a
//!    promoted release away (issue 18, A.7): `promotion-would-lose`, unless the caller goes ahead. Roll
//!    backs are free.
//!
//! # How to use it
//!
//! `App::apply` takes an environment and an operation, and answers an `Outcome`. `App::view` is what to
//! compare afterwards. Requests with two faults may be refused for either one, so send one fault at a time.
//! Settings are the defaults: no schema, no `keep`, users get the working version while nothing is
//! published. Configs are opaque numbers, sent as `{"v": 7}`. The service looks into configs, the model
//! does not: ask `App::loss` first and, where it is `Open`, send `go_ahead` to both sides. If the service
//! warns instead of refusing in a publish (A.7), or knows no `go_ahead` there, set it in the model only.
//!
//! Decided otherwise than the model was first written: rules 4 and 5 as they stand above; publishing a version makes two
//! entries, `snapshot` and `published`, and a promotion where nothing was saved makes `imported` before them.
//!
//! Not in the model: `expect_live`, `merge`, `preview`, notes of other requests, names that differ only by
//! case.
use std::collections::BTreeMap;

#[path = "releases_model/loss.rs"]
mod loss;
#[path = "releases_model/tests.rs"]
mod tests;

pub(crate) use loss::Loss;
pub(crate) use tests::Random;

pub(crate) type Config = u32;
/// A problem's type of the README's table.
pub(crate) type Problem = &'static str;

/// A version as requests give it: `7`, `"working"`, `"live"`, or a snapshot's name or alias.
#[derive(Clone, Debug)]
pub(crate) enum Version {
    Number(u64),
    Working,
    Live,
    Named(String),
}

/// What to publish: `{snapshot}`, or `{version, name?}`.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Snapshot(String),
    Version(Version, Option<String>),
}

/// A request. `note`: whether it carries a note.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Save { config: Config },
    Restore { version: Version },
    Snapshot { name: Option<String>, version: Option<Version> },
    Rename { old: String, new: String },
    Publish { what: What, note: bool, go_ahead: bool },
    Promote { from: String, snapshot: String, name: Option<String>, note: bool, go_ahead: bool },
    Unpublish { note: bool },
    RollBack,
    RollBackTo { to: String, note: bool },
}

/// The answer. `Made` has the new entry's version and its kind, as the API spells it; the others change
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Made(u64, &'static str),
    Unchanged,
    Refused(Problem),
}

/// An entry: the working config after it. `tick` orders the entries of all environments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) config: Config,
    tick: u64,
}

/// A snapshot. `version` is the entry that made it, `subject` the version it names (of a promoted one:
/// `version`), `origin` the environment it was promoted from, its present name and version there at that
/// time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) version: u64,
    pub(crate) subject: u64,
    pub(crate) config: Config,
    pub(crate) origin: Option<(String, String, u64)>,
    /// Whether it is, or was, published.
    pub(crate) release: bool,
    pub(crate) live: bool,
}

/// Where an environment stands. `before` is what a roll back would go to; `snapshots` are the newest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) version: u64,
    pub(crate) working: Config,
    pub(crate) live: Option<Snapshot>,
    pub(crate) before: Option<Snapshot>,
    pub(crate) differ: bool,
    pub(crate) next_name: String,
    pub(crate) snapshots: Vec<Snapshot>,
}

/// One publish: the snapshot's index, the publish that a roll back goes to, and the entry's version.
#[derive(Clone, Debug)]
struct Published {
    snapshot: usize,
    before: Option<usize>,
    at: u64,
}

#[derive(Clone, Debug, Default)]
struct Environment {
    entries: Vec<Entry>,
    snapshots: Vec<Snapshot>,
    published: Vec<Published>,
    /// The publish that users have, or had until unpublishing.
    last: Option<usize>,
    live: bool,
}

/// An app's environments by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct App {
    environments: BTreeMap<String, Environment>,
    tick: u64,
}

impl App {
    /// Carries out a request. Saves and promotions create the environment.
    pub(crate) fn apply(&mut self, env: &str, op: &Op) -> Outcome {
        let mut here = self.environments.get(env).cloned().unwrap_or_default();
        match self.decide(env, &mut here, op) {
            Err(problem) => Outcome::Refused(problem),
            Ok(None) => Outcome::Unchanged,
            Ok(Some((kind, config))) => {
                self.tick += 1;
                here.append(kind, config, self.tick);
                let version = here.head();
                self.environments.insert(env.to_owned(), here);
                Outcome::Made(version, kind)
            }
        }
    }

    /// Answers kind and working config of the entry to append, or `None` for `unchanged`.
    fn decide(
        &self,
        env: &str,
        here: &mut Environment,
        op: &Op,
    ) -> Result<Option<(&'static str, Config)>, Problem> {
        let begins = matches!(op, Op::Save { .. } | Op::Promote { .. });
        let working = here.entries.last().map(|entry| entry.config);
        if working.is_none() && !begins {
            return Err("environment-not-found");
        }
        let ahead = matches!(op, Op::Publish { go_ahead: true, .. } | Op::Promote { go_ahead: true, .. });
        let lost = !ahead && self.loss(env, op) == Loss::Yes;
        let mut after = working.unwrap_or_default();
        let made = match op {
            Op::Save { config } => {
                after = *config;
                (working != Some(after)).then_some("saved")
            }
            // CHOICE: restoring what builders already have is `unchanged`, as saving it is.
            Op::Restore { version } => {
                after = here.resolve(version)?.0;
                (working != Some(after)).then_some("restored")
            }
            // CHOICE: a config may have several snapshots; naming one again makes another.
            Op::Snapshot { name, version } => {
                let (config, subject) = here.resolve(version.as_ref().unwrap_or(&Version::Working))?;
                here.add(name.as_deref(), config, subject, None)?;
                Some("snapshot")
            }
            Op::Rename { old, new } => here.rename(old, new)?.then_some("renamed"),
            Op::Publish { what, .. } => {
                let Target { index, config, subject, name } = here.wanted(what)?;
                match index {
                    Some(index) if here.live_index() == Some(index) => None,
                    Some(_) if lost => return Err("promotion-would-lose"),
                    Some(index) => Some(here.publish(index)),
                    None => here.publish_config((config, subject), None, name, lost, self.tick + 1)?,
                }
            }
            Op::Promote { from, snapshot, name, .. } => {
                // CHOICE: an environment is not "another environment" of itself.
                if from == env {
                    return Err("malformed-request");
                }
                let source = self.environments.get(from).ok_or("environment-not-found")?;
                let comes = &source.snapshots[source.find(snapshot)?];
                let origin = (from.clone(), comes.name.clone(), comes.version);
                after = working.unwrap_or(comes.config);
                if working.is_none() {
                    here.append("imported", after, self.tick + 1);
                }
                let subject = if working.is_none() { 1 } else { here.head() + 1 };
                here.publish_config(
                    (comes.config, subject),
                    Some(origin),
                    name.as_deref(),
                    lost,
                    self.tick + 1,
                )?
            }
            // CHOICE: unpublishing while nothing is published is `unchanged`: users have what was asked for.
            Op::Unpublish { .. } => std::mem::take(&mut here.live).then_some("unpublished"),
            Op::RollBack => {
                let before = here.before().ok_or("no-earlier-release")?;
                Some(here.back_to(before))
            }
            Op::RollBackTo { to, .. } => {
                let index = here.find(to)?;
                if here.live_index() == Some(index) {
                    // CHOICE: what is live already is `unchanged`, as in a publish.
                    None
                } else {
                    let publish = here.last_publish(index).ok_or("not-a-release")?;
                    Some(here.back_to(publish))
                }
            }
        };
        Ok(made.map(|kind| (kind, after)))
    }

    /// Says where an environment stands, or `None` where nothing was ever saved.
    pub(crate) fn view(&self, env: &str) -> Option<View> {
        let here = self.environments.get(env)?;
        let working = here.entries.last()?.config;
        let shown = |index: usize| {
            let release = here.published.iter().any(|publish| publish.snapshot == index);
            Snapshot { release, live: here.live_index() == Some(index), ..here.snapshots[index].clone() }
        };
        let live = here.live_index().map(shown);
        Some(View {
            version: here.head(),
            working,
            before: here.before().map(|publish| shown(here.published[publish].snapshot)),
            // CHOICE: while nothing is published users get the working version, so nothing differs.
            differ: live.as_ref().is_some_and(|live| live.config != working),
            live,
            next_name: here.next_name(),
            snapshots: (0..here.snapshots.len()).rev().map(shown).collect(),
        })
    }

    /// The history, oldest first.
    pub(crate) fn entries(&self, env: &str) -> &[Entry] {
        self.environments.get(env).map_or(&[], |here| &here.entries)
    }
}

/// What a publish names: a snapshot's index, or none where one has to be made of config, version and name.
struct Target<'a> {
    index: Option<usize>,
    config: Config,
    subject: u64,
    name: Option<&'a str>,
}

impl Environment {
    fn head(&self) -> u64 {
        self.entries.len() as u64
    }

    fn append(&mut self, kind: &'static str, config: Config, tick: u64) {
        self.entries.push(Entry { kind, config, tick });
    }

    /// A roll back publishes the release again, with what was before it then.
    fn back_to(&mut self, publish: usize) -> &'static str {
        let Published { snapshot, before, .. } = self.published[publish];
        self.published.push(Published { snapshot, before, at: self.head() + 1 });
        (self.last, self.live) = (Some(self.published.len() - 1), true);
        "published"
    }

    fn live_index(&self) -> Option<usize> {
        self.last.filter(|_| self.live).map(|publish| self.published[publish].snapshot)
    }

    /// The publish that a roll back goes to.
    fn before(&self) -> Option<usize> {
        if self.live { self.published[self.last?].before } else { self.last }
    }

    fn owner(&self, name: &str) -> Option<usize> {
        self.snapshots
            .iter()
            .position(|own| own.name == name || own.aliases.iter().any(|alias| alias == name))
    }

    fn find(&self, name: &str) -> Result<usize, Problem> {
        self.owner(name).ok_or("snapshot-not-found")
    }

    fn next_name(&self) -> String {
        (1..).map(|n| format!("v{n}")).find(|name| self.owner(name).is_none()).unwrap_or_default()
    }

    /// Config and version that a version in a request means. `live` with nothing published is the working
    /// version.
    fn resolve(&self, version: &Version) -> Result<(Config, u64), Problem> {
        let of = |index: usize| (self.snapshots[index].config, self.snapshots[index].subject);
        let number = match (version, self.live_index()) {
            (Version::Named(name), _) => return self.find(name).map(of),
            (Version::Live, Some(index)) => return Ok(of(index)),
            (Version::Number(number), _) => *number,
            (Version::Working | Version::Live, _) => self.head(),
        };
        let entry = self.entries.get((number as usize).wrapping_sub(1)).ok_or("version-not-found")?;
        Ok((entry.config, number))
    }

    /// CHOICE: `{version: "v1"}` without a new name publishes v1 itself, not another snapshot of its
    /// config.
    fn wanted<'a>(&self, what: &'a What) -> Result<Target<'a>, Problem> {
        Ok(match what {
            What::Snapshot(name) | What::Version(Version::Named(name), None) => {
                let index = self.find(name)?;
                let Snapshot { config, subject, .. } = self.snapshots[index];
                Target { index: Some(index), config, subject, name: None }
            }
            What::Version(version, name) => {
                let (config, subject) = self.resolve(version)?;
                Target { index: None, config, subject, name: name.as_deref() }
            }
        })
    }

    fn add(
        &mut self,
        name: Option<&str>,
        config: Config,
        subject: u64,
        origin: Option<(String, String, u64)>,
    ) -> Result<usize, Problem> {
        let name = name.map_or_else(|| self.next_name(), str::to_owned);
        check_name(&name)?;
        if self.owner(&name).is_some() {
            return Err("name-taken");
        }
        let (version, aliases) = (self.head() + 1, Vec::new());
        self.snapshots.push(Snapshot {
            name,
            aliases,
            version,
            subject,
            config,
            origin,
            release: false,
            live: false,
        });
        Ok(self.snapshots.len() - 1)
    }

    /// CHOICE: a snapshot may get back a name that it had. No other snapshot can have it.
    fn rename(&mut self, old: &str, new: &str) -> Result<bool, Problem> {
        check_name(new)?;
        let index = self.find(old)?;
        if self.owner(new).is_some_and(|owner| owner != index) {
            return Err("name-taken");
        }
        let own = &mut self.snapshots[index];
        if own.name == new {
            return Ok(false);
        }
        let old = std::mem::replace(&mut own.name, new.to_owned());
        own.aliases.push(old);
        own.aliases.retain(|alias| alias != new);
        Ok(true)
    }

    /// CHOICE: a release with the bytes of the one before takes its place in the chain: a roll back changes
    /// what users see. The strict reading (another snapshot is another release) compares `snapshot` here
    /// instead.
    fn publish(&mut self, snapshot: usize) -> &'static str {
        let config = |index: usize| self.snapshots[index].config;
        let before = match self.last.map(|last| &self.published[last]) {
            Some(last) if config(last.snapshot) == config(snapshot) => last.before,
            _ => self.last,
        };
        self.published.push(Published { snapshot, before, at: self.head() + 1 });
        (self.last, self.live) = (Some(self.published.len() - 1), true);
        "published"
    }

    /// Publishes a config as a new snapshot: two entries, of kinds `snapshot` and `published`. The second one is left to
    /// the caller.
    ///
    /// CHOICE: what users have is compared by config here, as there is no snapshot to compare yet. A name
    /// that the live release has already is no new name.
    fn publish_config(
        &mut self,
        (config, subject): (Config, u64),
        origin: Option<(String, String, u64)>,
        name: Option<&str>,
        lost: bool,
        tick: u64,
    ) -> Result<Option<&'static str>, Problem> {
        let live = self.live_index().map(|index| &self.snapshots[index]).filter(|live| live.config == config);
        if live.is_some_and(|live| name.is_none_or(|name| name == live.name)) {
            return Ok(None);
        }
        if lost {
            return Err("promotion-would-lose");
        }
        let index = self.add(name, config, subject, origin)?;
        let working = self.entries.last().map_or(config, |entry| entry.config);
        self.append("snapshot", working, tick);
        Ok(Some(self.publish(index)))
    }

    /// The release before, if it is this one; else where it was published last.
    fn last_publish(&self, snapshot: usize) -> Option<usize> {
        let is = |&at: &usize| self.published[at].snapshot == snapshot;
        self.before().filter(is).or_else(|| (0..self.published.len()).rev().find(is))
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let fits = name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = fits && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let reserved = ["live", "working"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let digits = name.bytes().all(|b| b.is_ascii_digit());
    if fits && !reserved && !digits { Ok(()) } else { Err("invalid-name") }
}
