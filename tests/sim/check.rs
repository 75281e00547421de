//! What must hold after every seed, whatever happened on the way.
//!
//! The table is the witness of order: the wire saw each entry arrive. So each answer can be held against the very states
//! that were there while its operation ran, and nothing has to be searched for.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::act::{Act, ENVIRONMENTS, Sent, text};
use super::answer::Answer;
use super::caller::{Log, Operation, Told, What};
use super::state::{Expected, State};
use super::world::{World, get, request};

/// Says what is wrong, if something is.
type Checked = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($said:tt)*) => {
        if !$holds {
            return Err(format!($($said)*));
        }
    };
}

/// An environment as it is in the end.
struct End {
    env: usize,
    /// Entry n is `entries[n - 1]`.
    entries: Vec<Value>,
    /// The states of the model, from nothing to the last version.
    states: Vec<State>,
}

/// Checks everything.
pub(crate) async fn check(world: &World, log: &Log) -> Checked {
    // What is promoted comes from the second: its names must be known first.
    let staging = End::read(world, 1, log, &State::default()).await?;
    let last = staging.states.last().cloned().unwrap_or_default();
    let production = End::read(world, 0, log, &last).await?;
    for end in [&production, &staging] {
        end.once(log)?;
        for operation in log.operations.iter().filter(|operation| operation.env == end.env) {
            let held = match &operation.what {
                What::Act(act) => end.told(operation, act, &last),
                What::Read(path) => end.was_read(operation, path),
            };
            held.map_err(|what| format!("{}: {what}", operation.note))?;
        }
        end.standing(world).await?;
        end.backups(world, log).await?;
        settings(world, end.env, log).await?;
    }
    echoes(log)
}

impl End {
    /// Reads the whole history, and works out what every state must have been.
    async fn read(world: &World, env: usize, log: &Log, other: &State) -> Result<Self, String> {
        let head = world.net.head(&format!("crm/{}", ENVIRONMENTS[env]));
        let mut end = Self { env, entries: Vec::new(), states: vec![State::default()] };
        if head == 0 {
            return Ok(end);
        }
        let listed = world.read(env, "history?limit=200").await;
        must!(listed.status == 200 && listed.at("/next").is_null(), "history: {listed:?}");
        end.entries = listed.at("/items").as_array().into_iter().flatten().rev().cloned().collect();
        let versions: Vec<_> = end.entries.iter().map(|entry| entry["version"].clone()).collect();
        must!(json!(versions) == json!((1..=head).collect::<Vec<_>>()), "not dense to #{head}: {versions:?}");
        let times: Vec<_> = end.entries.iter().map(|entry| entry["at"].to_string()).collect();
        must!(times.is_sorted(), "time runs backwards: {times:?}");
        let verified = world.read(env, "verify?limit=200").await;
        must!(
            verified.at("/faults") == json!([]) && verified.at("/checked") == head,
            "verify: {}",
            verified.text()
        );
        end.follow(log, other)?;
        for version in 1..=head {
            let config = world.read(env, &format!("versions/{version}/config")).await;
            let saved = text(&end.states[version].document(version));
            must!(config.status == 200 && config.text() == saved, "#{version}: {config:?}, saved {saved}");
        }
        Ok(end)
    }

    /// state(n) follows from entries 1 to n: the model does what each entry's request asked for, and comes to it.
    fn follow(&mut self, log: &Log, other: &State) -> Checked {
        let by_note: HashMap<&str, &Operation> =
            log.operations.iter().map(|operation| (operation.note.as_str(), operation)).collect();
        // The last entry of a request has its note.
        for at in 0..self.entries.len() {
            let Some(note) = self.entries[at]["note"].as_str() else { continue };
            let operation = by_note.get(note).ok_or_else(|| format!("#{}: who is {note}?", at + 1))?;
            let What::Act(act) = &operation.what else { return Err(format!("#{}: a read wrote it", at + 1)) };
            must!(operation.env == self.env, "#{}: {note} is of elsewhere", at + 1);
            let mut state = self.states.last().cloned().unwrap_or_default();
            let expected = state.apply(operation.who, act, other);
            must!(
                expected == Expected::Appended(at + 1),
                "#{}: {note} ({act:?}) comes to {expected:?} in the model",
                at + 1
            );
            // A request of several entries appends them in one write: nobody has seen what is in between.
            while self.states.len() <= at + 1 {
                self.states.push(state.clone());
            }
        }
        must!(self.states.len() == self.entries.len() + 1, "the last entries are nobody's");
        let Some(last) = self.states.last() else { return Ok(()) };
        let entries: Vec<Value> = self
            .entries
            .iter()
            .rev()
            .map(|entry| json!([entry["version"], entry["kind"], entry["author"]["id"]]))
            .collect();
        must!(json!(entries) == last.history(), "history {entries:?}, in the model {}", last.history());
        for (at, entry) in self.entries.iter().enumerate().filter(|(_, entry)| !entry["note"].is_null()) {
            let live = self.states[at + 1].live_name();
            must!(
                entry["live"] == json!(live),
                "#{}: {} is live, in the model {live:?}",
                at + 1,
                entry["live"]
            );
        }
        Ok(())
    }

    /// The entry that a request made.
    fn entry(&self, note: &str) -> Option<&Value> {
        self.entries.iter().find(|entry| entry["note"] == note)
    }

    /// Nothing is there twice.
    fn once(&self, log: &Log) -> Checked {
        let mut seen = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| !entry["note"].is_null()) {
            let before = seen.insert(entry["note"].to_string(), entry["version"].clone());
            must!(
                before.is_none(),
                "{} is there twice: #{before:?} and #{}",
                entry["note"],
                entry["version"]
            );
        }
        must!(seen.len() <= log.operations.len(), "more entries than requests");
        Ok(())
    }

    /// What a caller was told of a change is so.
    fn told(&self, operation: &Operation, act: &Act, staging: &State) -> Checked {
        let entry = self.entry(&operation.note);
        match &operation.told {
            Told::Unclear => Ok(()),
            // Some attempt before it may be there.
            Told::HeldOff(_) if operation.in_doubt => Ok(()),
            // Refusals are not recorded: what is delivered again is decided again, and may do by then.
            Told::HeldOff(_) | Told::Refused(_) if operation.is_echoed && entry.is_some() => Ok(()),
            Told::HeldOff(kind) => {
                must!(entry.is_none(), "not done, {kind}, and yet it is there: {entry:?}");
                Ok(())
            }
            Told::Refused(kind) => {
                must!(entry.is_none(), "refused, {kind}, and yet it is there: {entry:?}");
                // Settings, and what another environment has, are not in the order of this one's entries.
                if kind == "releases-off"
                    || matches!(act, Act::Promote { .. }) && kind == "snapshot-not-found"
                {
                    return Ok(());
                }
                self.sometime(
                    operation,
                    act,
                    staging,
                    |expected| matches!(expected, Expected::Refused(why) if why == kind),
                )
            }
            Told::Done(answer) => match answer.at("/unchanged") {
                Value::Bool(false) => {
                    let Some(entry) = entry else { return Err(format!("lost: {}", answer.text())) };
                    for (member, value) in entry.as_object().into_iter().flatten() {
                        must!(answer.at(&format!("/{member}")) == *value, "{} is {entry}", answer.text());
                    }
                    let version = entry["version"].as_u64().and_then(|version| usize::try_from(version).ok());
                    let (from, to) = operation.heads;
                    let within = version.is_some_and(|version| from < version && version <= to);
                    must!(within, "it arrived outside of its time, #{from} to #{to}: {entry}");
                    Ok(())
                }
                Value::Bool(true) => {
                    must!(entry.is_none(), "unchanged, and yet it is there: {entry:?}");
                    let version = answer.at("/version");
                    self.sometime(
                        operation,
                        act,
                        staging,
                        |expected| matches!(expected, Expected::Unchanged(head) if version == *head),
                    )
                }
                _ => {
                    let beside = matches!(act, Act::Backup | Act::Settings { .. });
                    must!(beside, "an answer of another kind: {}", answer.text());
                    Ok(())
                }
            },
        }
    }

    /// In some state while the operation ran, the model comes to such an outcome.
    fn sometime(
        &self,
        operation: &Operation,
        act: &Act,
        staging: &State,
        fits: impl Fn(&Expected) -> bool,
    ) -> Checked {
        let (from, to) = operation.heads;
        let outcomes: Vec<Expected> = (from..=to)
            .map(|version| self.states[version].clone().apply(operation.who, act, staging))
            .collect();
        must!(
            outcomes.iter().any(&fits),
            "{act:?} was told {:?}; between #{from} and #{to} the model comes to {outcomes:?}",
            operation.told
        );
        Ok(())
    }

    /// What was read was there at some moment of the read.
    fn was_read(&self, operation: &Operation, path: &str) -> Checked {
        let Told::Done(answer) = &operation.told else { return Ok(()) };
        let (from, to) = operation.heads;
        let states = self.states[from..=to].iter().filter(|state| state.head() > 0);
        let fits = |state: &State| match path {
            "working" => {
                let version = answer.header("waymark-version");
                version == state.head().to_string() && answer.text() == text(&state.last().document)
            }
            "live" => state.live().is_some_and(|document| answer.text() == text(&document)),
            "" => {
                answer.at("/working/version") == state.head()
                    && answer.at("/live/name") == json!(state.live_name())
            }
            _ => {
                let version = path.split('/').nth(1).and_then(|version| version.parse().ok());
                version.is_some_and(|version| {
                    version <= state.head() && answer.text() == text(&state.document(version))
                })
            }
        };
        must!(
            states.clone().any(fits),
            "read {path}, #{from} to #{to}: {} {}",
            answer.header("waymark-version"),
            answer.text()
        );
        Ok(())
    }

    /// What can be seen in the end is the last state of the model.
    async fn standing(&self, world: &World) -> Checked {
        let Some(state) = self.states.last().filter(|state| state.head() > 0) else { return Ok(()) };
        let standing = world.read(self.env, "").await;
        let seen =
            json!([standing.at("/working/version"), standing.at("/live/name"), standing.at("/before/name")]);
        must!(seen == state.standing(), "stands at {seen}, in the model {}", state.standing());
        let live = world.read(self.env, "live").await;
        let document = state.live().map(|document| text(&document));
        must!(document.as_deref() == Some(live.text()), "live: {live:?}, in the model {document:?}");
        let listed = world.read(self.env, "snapshots?limit=200").await;
        let items = listed.at("/items").as_array().cloned().unwrap_or_default();
        let items: Vec<Value> =
            items.iter().map(|one| json!([one["name"], one["release"], one["live"]])).collect();
        must!(json!(items) == state.snapshots(), "snapshots {items:?}, in the model {}", state.snapshots());
        for (name, document) in state.named_documents() {
            let config = world.read(self.env, &format!("versions/{name}/config")).await;
            must!(config.text() == text(&document), "{name}: {config:?}");
        }
        Ok(())
    }

    /// Every acknowledged backup is listed once, is whole, and is of the version that its taker was told.
    async fn backups(&self, world: &World, log: &Log) -> Checked {
        let taken: Vec<_> = log.backups.iter().filter(|(env, ..)| *env == self.env).collect();
        if taken.is_empty() {
            return Ok(());
        }
        let listed = world.read(self.env, "backups?limit=200").await;
        let items = listed.at("/items").as_array().cloned().unwrap_or_default();
        for (_, id, version) in taken {
            let mut found = items.iter().filter(|item| item["id"] == *id);
            let (one, another) = (found.next(), found.next());
            must!(
                one.is_some_and(|one| one["version"] == *version) && another.is_none(),
                "the backup {id} of #{version}: {one:?} {another:?}"
            );
            let document = text(&self.states[*version].document(*version));
            let sha256 = waymark::hash::Sha256::of(document.as_bytes()).to_string();
            must!(
                one.is_some_and(|one| one["sha256"] == sha256),
                "the backup {id} is not {document}: {one:?}"
            );
            let verify = Sent { method: "POST", ..get(&format!("backups/{id}/verify")) };
            let verified = world.send(&request("ada", self.env, &verify, None)).await;
            must!(verified.at("/ok") == true, "the backup {id}: {}", verified.text());
        }
        Ok(())
    }
}

/// The settings are those of one of the last who set them: nobody who was acknowledged set others after them.
async fn settings(world: &World, env: usize, log: &Log) -> Checked {
    let set: Vec<(&Operation, bool)> = log
        .operations
        .iter()
        .filter(|operation| operation.env == env)
        .filter_map(|operation| match operation.what {
            What::Act(Act::Settings { releases, .. }) => Some((operation, releases)),
            _ => None,
        })
        .collect();
    let found = world.read(env, "settings").await.at("/releases");
    let acknowledged: Vec<_> =
        set.iter().filter(|(operation, _)| matches!(operation.told, Told::Done(_))).collect();
    let maybe_last = |(operation, _): &&(&Operation, bool)| {
        let surely = matches!(operation.told, Told::Done(_));
        !acknowledged.iter().any(|(later, _)| surely && later.span.0 > operation.span.1)
    };
    let mut possible: Vec<Value> =
        set.iter().filter(maybe_last).map(|(_, releases)| json!(releases)).collect();
    if acknowledged.is_empty() {
        possible.push(Value::Null);
    }
    must!(possible.contains(&found), "settings of {}: {found}, possible {possible:?}", ENVIRONMENTS[env]);
    Ok(())
}

/// A request that was delivered twice was answered alike.
fn echoes(log: &Log) -> Checked {
    for (note, echo) in log.echoes.iter().filter(|(_, echo)| echo.status.is_success()) {
        let Some(operation) = log.operations.iter().find(|operation| operation.note == *note) else {
            continue;
        };
        if let Told::Done(answer) = &operation.told {
            let alike = answer.body == echo.body || said(answer, echo) == said(echo, answer);
            must!(alike, "{note}: {} and {}", answer.text(), echo.text());
        }
    }
    Ok(())
}

/// What an answer says. One of them may go without the merged config, which could not be read then: the save was done all the
/// same (seed 58025).
fn said(answer: &Answer, other: &Answer) -> Value {
    let mut said = answer.json();
    if other.json().get("config").is_none()
        && let Some(members) = said.as_object_mut()
    {
        members.remove("config");
    }
    said
}
