//! The service beside a model of it: random sequences of what several people do, and after every step every answer and
//! everything that can be seen must be what the model says. A sequence that fails is printed, and shrunk.

mod act;
mod operation;
mod state;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use self::act::{Act, ENVIRONMENTS, PEOPLE};
use self::operation::{Operation, operations};
use self::state::{Expected, State, shown};
use crate::support::{Answer, Person, Stack};

#[test]
fn whatever_people_do_the_service_does_as_the_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Failures are printed whole; a file of seeds would outlive the operations that they stand for.
    // `PROPTEST_CASES=1000` plays more of them.
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked { Config::default().cases } else { 24 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new(config)
        .run(&operations(), |sequence| runtime.block_on(play(&sequence)).map_err(TestCaseError::fail))
        .unwrap();
}

/// Plays a sequence; what differs from the model is the error.
async fn play(sequence: &[Operation]) -> Result<(), String> {
    let (stack, mut model) = (Stack::start().await, Model::default());
    let mut last: Option<(Request, Value)> = None;
    for (number, operation) in sequence.iter().enumerate() {
        let at = |what: String| format!("step {number}, {operation:?}: {what}");
        stack.seconds_pass(1);
        match operation {
            Operation::Repeat => {
                let Some((request, first)) = &last else { continue };
                let again = request.send(&stack).await;
                if again.status.is_success() && again.at("") != *first {
                    return Err(at(format!("a repeat answers {}, at first {first}", again.text())));
                }
            }
            Operation::Act { who, env, what } => {
                let Some(act) = what.act(*env, &model.states[*env], &model.backups[*env]) else { continue };
                let request = Request::of(*who, *env, &act, number);
                let answer = request.send(&stack).await;
                model.apply(*who, *env, &act, &answer).map_err(at)?;
                last = answer.status.is_success().then(|| (request, answer.at("")));
            }
        }
        for env in [0, 1] {
            visible(&stack, env, &model).await.map_err(at)?;
        }
    }
    Ok(())
}

/// What the service should be like.
#[derive(Default)]
struct Model {
    states: [State; 2],
    /// The ids of backups, and the versions that they are of.
    backups: [Vec<(String, usize)>; 2],
    /// The versions that were backed up before something was restored from a backup.
    saved_before: [Vec<usize>; 2],
}

impl Model {
    fn apply(&mut self, who: usize, env: usize, act: &Act, answer: &Answer) -> Result<(), String> {
        let [production, staging] = &mut self.states;
        let (state, other) = if env == 0 { (production, staging) } else { (staging, production) };
        let before = state.head();
        let expected = state.apply(who, act, other);
        compare(answer, &expected)?;
        if *act == Act::Backup && expected == Expected::Done {
            let id = answer.at("/id").as_str().unwrap_or_default().to_owned();
            self.backups[env].push((id, state.head()));
        }
        if let (Act::RestoreBackup { .. }, Expected::Appended(_)) = (act, expected) {
            self.saved_before[env].push(before);
        }
        Ok(())
    }
}

/// One request, to be sent once or again.
struct Request {
    person: Person,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    fn of(who: usize, env: usize, act: &Act, number: usize) -> Self {
        let act::Sent { method, path, mut headers, body } = act.sent(&format!("step {number}"));
        headers.push(("idempotency-key", format!("step-{number}")));
        let path = format!("/v1/apps/crm/envs/{}/{path}", ENVIRONMENTS[env]);
        Self { person: Person::admin(PEOPLE[who]), method, path, headers, body }
    }

    async fn send(&self, stack: &Stack) -> Answer {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        stack.call(&self.person, self.method, &self.path, &headers, self.body.clone()).await
    }
}

fn compare(answer: &Answer, expected: &Expected) -> Result<(), String> {
    let found = match expected {
        Expected::Appended(version) => (json!(version), json!(false)),
        Expected::Unchanged(version) => (json!(version), json!(true)),
        Expected::Done => {
            return answer.status.is_success().then_some(()).ok_or_else(|| answer.text().to_owned());
        }
        Expected::Refused(kind) => {
            let kind = format!("urn:waymark:problem:{kind}");
            let found = (answer.status.is_client_error(), answer.at("/type"));
            return (found == (true, json!(kind)))
                .then_some(())
                .ok_or_else(|| format!("expected {kind}, got {}", answer.text()));
        }
    };
    let shown = (answer.at("/version"), answer.at("/unchanged"));
    let fits = answer.status.is_success() && shown == found;
    fits.then_some(())
        .ok_or_else(|| format!("expected {expected:?}, got {} {}", answer.status, answer.text()))
}

/// Compares everything that can be seen of an environment with the model.
async fn visible(stack: &Stack, env: usize, model: &Model) -> Result<(), String> {
    let (ada, state) = (Person::admin("ada"), &model.states[env]);
    let path = |rest: &str| format!("/v1/apps/crm/envs/{}{rest}", ENVIRONMENTS[env]);
    let differs = |what: &str, found: Value, expected: Value| {
        let place = ENVIRONMENTS[env];
        if found == expected {
            Ok(())
        } else {
            Err(format!("{what} of {place}: {found}, and in the model {expected}"))
        }
    };
    let standing = stack.get(&ada, &path(""), &[]).await;
    if state.head() == 0 {
        return differs("standing", standing.status.as_u16().into(), json!(404));
    }
    let text = |answer: Answer| serde_json::from_str::<Value>(answer.text()).unwrap_or_default();
    let working = text(stack.get(&ada, &path("/working"), &[]).await);
    differs("working", working, shown(state.last().document))?;
    let live = stack.get(&ada, &path("/live"), &[]).await;
    match state.live() {
        Some(document) => differs("live", text(live), shown(document))?,
        None => differs("live", live.at("/type"), json!("urn:waymark:problem:nothing-live"))?,
    }
    let names =
        json!([standing.at("/working/version"), standing.at("/live/name"), standing.at("/before/name")]);
    differs("standing", names, state.standing())?;
    let history = stack.pages(&ada, &path("/history?limit=200")).await.concat();
    let entries: Vec<Value> =
        history.iter().map(|entry| json!([entry["version"], entry["kind"], entry["author"]["id"]])).collect();
    differs("history", entries.into(), state.history())?;
    let snapshots = stack.pages(&ada, &path("/snapshots?limit=200")).await.concat();
    let named: Vec<Value> =
        snapshots.iter().map(|one| json!([one["name"], one["release"], one["live"]])).collect();
    differs("snapshots", named.into(), state.snapshots())?;
    let backups = stack.pages(&ada, &path("/backups?limit=200")).await.concat();
    let mut versions: Vec<u64> = backups.iter().filter_map(|one| one["version"].as_u64()).collect();
    let taken = model.backups[env].iter().map(|(_, version)| version).chain(&model.saved_before[env]);
    let mut expected: Vec<u64> = taken.map(|version| *version as u64).collect();
    versions.sort_unstable();
    expected.sort_unstable();
    differs("backups", json!(versions), json!(expected))
}
