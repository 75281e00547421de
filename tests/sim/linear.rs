//! Linearizability, by stateright's tester: for what concurrent callers did and were told there is one order, with each
//! operation between its beginning and its end, in which the model tells them the same. What nobody knows the outcome of
//! may have happened, at any later time, or not.
//!
//! `check` holds each answer against the order of the table; this finds an order from the outside, from the answers alone.

use serde_json::Value;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

use super::act::{Act, text};
use super::caller::{Log, Operation, Told, What};
use super::seeds::play;
use super::state::{Expected, State};

/// Both environments of the app.
#[derive(Clone, Debug, Default)]
struct Account([State; 2]);

/// Something that is done in an environment.
#[derive(Clone, Debug)]
struct Call {
    who: usize,
    env: usize,
    what: Doing,
}

#[derive(Clone, Debug)]
enum Doing {
    Act(Act),
    Working,
    Live,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq)]
enum Comes {
    Appended(usize),
    Unchanged(usize),
    Refused(String),
    Done,
    Read(String),
}

impl SequentialSpec for Account {
    type Op = Call;
    type Ret = Comes;

    fn invoke(&mut self, call: &Call) -> Comes {
        let [production, staging] = &mut self.0;
        let (state, other) = if call.env == 0 { (production, staging) } else { (staging, production) };
        match &call.what {
            Doing::Act(act) => match state.apply(call.who, act, other) {
                Expected::Appended(version) => Comes::Appended(version),
                Expected::Unchanged(version) => Comes::Unchanged(version),
                Expected::Refused(kind) => Comes::Refused(kind.to_owned()),
                Expected::Done => Comes::Done,
            },
            _ if state.head() == 0 => Comes::Refused("environment-not-found".to_owned()),
            Doing::Working => Comes::Read(text(&state.last().document)),
            Doing::Live => Comes::Read(state.live().map(|document| text(&document)).unwrap_or_default()),
        }
    }
}

/// What an operation is to the tester, and what it came to; nothing where it surely was not done, or is about one version
/// that never changes.
fn seen(operation: &Operation) -> Option<(Call, Option<Comes>)> {
    let what = match &operation.what {
        What::Act(act) => Doing::Act(act.clone()),
        What::Read(path) if path == "working" => Doing::Working,
        What::Read(path) if path == "live" => Doing::Live,
        What::Read(_) => return None,
    };
    let comes = match &operation.told {
        // A second delivery may do what this one did not.
        Told::HeldOff(_) | Told::Refused(_) if operation.is_echoed => None,
        Told::HeldOff(_) if !operation.in_doubt => return None,
        Told::HeldOff(_) | Told::Unclear => None,
        Told::Refused(kind) => Some(Comes::Refused(kind.clone())),
        Told::Done(answer) if !matches!(what, Doing::Act(_)) => Some(Comes::Read(answer.text().to_owned())),
        Told::Done(answer) => {
            let version = answer.at("/version").as_u64().and_then(|version| usize::try_from(version).ok());
            Some(match (answer.at("/unchanged"), version) {
                (Value::Bool(true), Some(version)) => Comes::Unchanged(version),
                (Value::Bool(false), Some(version)) => Comes::Appended(version),
                _ => Comes::Done,
            })
        }
    };
    Some((Call { who: operation.who, env: operation.env, what }, comes))
}

/// Whether some order explains what was told.
fn is_linearizable(log: &Log) -> bool {
    let mut events = Vec::new();
    for (number, operation) in log.operations.iter().enumerate() {
        let Some((call, comes)) = seen(operation) else { continue };
        events.push((operation.span.0, number, call.clone(), None));
        if let Some(comes) = comes {
            events.push((operation.span.1, number, call, Some(comes)));
        }
    }
    events.sort_by_key(|(at, ..)| *at);
    let mut tester = LinearizabilityTester::new(Account::default());
    // To the tester every operation is somebody's of its own: one of unclear outcome never ends.
    for (_, number, call, comes) in events {
        match comes {
            None => tester.on_invoke(number, call).map(|_| ()),
            Some(comes) => tester.on_return(number, comes).map(|_| ()),
        }
        .unwrap();
    }
    tester.is_consistent()
}

/// Seeds whose operations are few enough for a search.
fn logs() -> impl Iterator<Item = (u64, Log)> {
    (1..=60).map(|seed| (seed, play(seed, 4).log))
}

#[test]
fn what_concurrent_callers_are_told_is_linearizable() {
    for (seed, log) in logs() {
        assert!(is_linearizable(&log), "seed {seed}: {:#?}", log.operations);
    }
}

#[test]
fn a_history_that_lost_something_is_not_linearizable() {
    let (mut tried, mut found) = (0, 0);
    for (_, mut log) in logs().take(20) {
        // Somebody was told of an entry; as if it had been another person's document.
        let changed =
            log.operations.iter_mut().find_map(|operation| match (&mut operation.what, &operation.told) {
                (What::Act(Act::Patch { value, .. }), Told::Done(answer))
                    if answer.at("/unchanged") == false =>
                {
                    *value = 9;
                    Some(())
                }
                _ => None,
            });
        if changed.is_some() {
            tried += 1;
            found += usize::from(!is_linearizable(&log));
        }
    }
    assert!(tried > 0 && found > 0, "{found} of {tried}");
}
