//! The service beside a model of it: random sequences of what several people do, and after every step every answer and
//! everything that can be seen must be what the model says. A sequence that fails is printed, and shrunk.

mod operation;
mod state;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use self::operation::{Operation, operations};
use self::state::{Expected, State};
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

/// People who may do everything; who does something is part of what is compared.
const PEOPLE: [&str; 3] = ["ada", "ben", "cleo"];

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
    let (stack, mut state) = (Stack::start().await, State::default());
    let mut last: Option<(Request, Value)> = None;
    for (number, operation) in sequence.iter().enumerate() {
        let at = |what: String| format!("step {number}, {operation:?}: {what}");
        stack.seconds_pass(1);
        if *operation == Operation::Repeat {
            let Some((request, first)) = &last else { continue };
            let again = request.send(&stack).await;
            if again.status.is_success() && again.at("") != *first {
                return Err(at(format!("a repeat answers {}, at first {first}", again.text())));
            }
        } else {
            let request = Request::of(operation, &state, number);
            let answer = request.send(&stack).await;
            let expected = state.apply(operation);
            compare(&answer, &expected).map_err(at)?;
            last = answer.status.is_success().then(|| (request, answer.at("")));
        }
        visible(&stack, &state).await.map_err(at)?;
    }
    Ok(())
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
    fn of(operation: &Operation, state: &State, number: usize) -> Self {
        let operation::Sent { who, method, path, mut headers, body } = operation.sent(state);
        headers.push(("idempotency-key", format!("step-{number}")));
        Self { person: Person::admin(PEOPLE[who]), method, path: under(&path), headers, body }
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

/// Compares everything that can be seen with the model.
async fn visible(stack: &Stack, state: &State) -> Result<(), String> {
    let ada = Person::admin("ada");
    let differs = |what: &str, found: Value, expected: Value| {
        if found == expected { Ok(()) } else { Err(format!("{what}: {found}, and in the model {expected}")) }
    };
    let text = |answer: Answer| serde_json::from_str::<Value>(answer.text()).unwrap_or_default();
    differs("working", text(stack.read(&ada, "working").await), state.working().into())?;
    differs("live", text(stack.read(&ada, "live").await), state.live().into())?;
    let standing = stack.get(&ada, crate::support::stack::ENV, &[]).await;
    let shown =
        json!([standing.at("/working/version"), standing.at("/live/name"), standing.at("/before/name")]);
    differs("standing", shown, state.standing())?;
    let history = stack.pages(&ada, &under("history?limit=200")).await.concat();
    let shown: Vec<Value> =
        history.iter().map(|entry| json!([entry["version"], entry["kind"], entry["author"]["id"]])).collect();
    differs("history", shown.into(), state.history())?;
    let snapshots = stack.pages(&ada, &under("snapshots?limit=200")).await.concat();
    let shown: Vec<Value> =
        snapshots.iter().map(|one| json!([one["name"], one["release"], one["live"]])).collect();
    differs("snapshots", shown.into(), state.snapshots())
}
