//! The service beside the model of releases: random sequences of what changes what users see, and after every step the answer
//! and all that can be seen of releases must be what the model says.

use serde_json::{Value, json};

use crate::releases_model::{App, Loss, Op, Outcome, Random, Snapshot, Version, What};
use crate::support::{Answer, Person, Stack};

const ENVIRONMENTS: [&str; 2] = ["production", "staging"];

/// Steps of a sequence.
const STEPS: u64 = 24;

/// Sequences over one pair of stores, each in an app of its own.
const TOGETHER: u64 = 25;

/// `RELEASES_CASES=10000` plays more sequences.
fn cases() -> u64 {
    let asked = std::env::var("RELEASES_CASES").ok();
    asked.map_or(100, |cases| cases.parse().unwrap())
}

#[tokio::test]
async fn whatever_is_published_and_taken_back_the_service_does_as_the_model() {
    let first = std::env::var("RELEASES_FIRST").map_or(1, |first| first.parse().unwrap());
    for from in (first..first + cases()).step_by(usize::try_from(TOGETHER).unwrap()) {
        let stack = Stack::start().await;
        for seed in from..(from + TOGETHER).min(first + cases()) {
            let mut done = Vec::new();
            if let Err(what) = play(&stack, seed, &mut done).await {
                panic!("seed {seed}: {what}; after {done:#?}");
            }
        }
    }
}

/// Plays a sequence; what differs from the model is the error.
async fn play(stack: &Stack, seed: u64, done: &mut Vec<String>) -> Result<(), String> {
    let (mut app, mut random) = (App::default(), Random(0x9E37_79B9_7F4A_7C15 ^ (seed << 20)));
    let person = Person::new("ada", &format!("[app-{seed}/*:admin]"));
    let of = |env: &str| format!("/v1/apps/app-{seed}/envs/{env}");
    for env in ENVIRONMENTS {
        app.apply(env, &Op::Save { config: 9 });
        let path = format!("{}/working", of(env));
        stack.call(&person, "PUT", &path, &[], json!({ "v": 9 }).to_string()).await.is(201);
    }
    for _ in 0..STEPS {
        stack.seconds_pass(1);
        let env = ENVIRONMENTS[usize::from(random.below(3) == 0)];
        let mut op = random.op(env);
        if app.loss(env, &op) == Loss::Open {
            go_ahead(&mut op);
        }
        let Some((method, path, headers, body)) = request(&app, env, &op) else { continue };
        let model = app.apply(env, &op);
        done.push(format!("{env}: {op:?} → {model:?}"));
        let answer = stack.call(&person, method, &format!("{}/{path}", of(env)), headers, body).await;
        compare(&answer, &model)?;
        visible(stack, &person, &of(env), (&app, env)).await?;
    }
    for env in ENVIRONMENTS {
        let verified = stack.get(&person, &format!("{}/verify?limit=200", of(env)), &[]).await.is(200);
        if verified.at("/faults") != json!([]) {
            return Err(format!("{env}: {}", verified.text()));
        }
    }
    Ok(())
}

fn go_ahead(op: &mut Op) {
    if let Op::Publish { go_ahead, .. } | Op::Promote { go_ahead, .. } = op {
        *go_ahead = true;
    }
}

type Sent = (&'static str, String, &'static [(&'static str, &'static str)], String);

/// The request for an operation; `None` for what has two faults, which may be refused for either.
fn request(app: &App, env: &str, op: &Op) -> Option<Sent> {
    let noted = |note: &bool| note.then_some("noted");
    let (path, body) = match op {
        Op::Save { config } => {
            let body = json!({ "v": config }).to_string();
            return Some(("PUT", "working".to_owned(), &[("if-match", "*")], body));
        }
        Op::Rename { old, new } => {
            let body = json!({ "name": new }).to_string();
            return Some(("PATCH", format!("snapshots/{old}"), &[], body));
        }
        Op::Restore { version: Version::Named(name) } => ("restore", json!({ "snapshot": name })),
        // `working` and `live` are no versions of a restore.
        Op::Restore { version } => ("restore", json!({ "version": number(app, env, version)? })),
        Op::Snapshot { name, version } => {
            ("snapshots", json!({ "name": name, "version": version.as_ref().map(shown) }))
        }
        Op::Publish { what: What::Snapshot(name), note, go_ahead } => {
            ("publish", json!({ "snapshot": name, "note": noted(note), "go_ahead": go_ahead }))
        }
        Op::Publish { what: What::Version(version, name), note, go_ahead } => {
            let body =
                json!({ "version": shown(version), "name": name, "note": noted(note), "go_ahead": go_ahead });
            ("publish", body)
        }
        Op::Promote { from, snapshot, name, note, go_ahead } => {
            let from = json!({ "env": from, "snapshot": snapshot });
            ("publish", json!({ "from": from, "name": name, "note": noted(note), "go_ahead": go_ahead }))
        }
        Op::Unpublish { note } => ("unpublish", json!({ "note": noted(note) })),
        Op::RollBack => ("rollback", json!({})),
        Op::RollBackTo { to, note } => ("rollback", json!({ "to": to, "note": noted(note) })),
    };
    let mut body = body;
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let mut trial = app.clone();
    let mut ahead = op.clone();
    go_ahead(&mut ahead);
    let faults = [trial.apply(env, op), app.clone().apply(env, &ahead)];
    // Refused both for what it loses and for something else.
    if faults.iter().all(|outcome| matches!(outcome, Outcome::Refused(_))) && faults[0] != faults[1] {
        return None;
    }
    Some(("POST", path.to_owned(), &[], body.to_string()))
}

fn shown(version: &Version) -> Value {
    match version {
        Version::Number(number) => json!(number),
        Version::Working => json!("working"),
        Version::Live => json!("live"),
        Version::Named(name) => json!(name),
    }
}

/// A version's number; `None` for what is live where a promotion brought it, which no number is.
fn number(app: &App, env: &str, version: &Version) -> Option<u64> {
    let view = app.view(env)?;
    match (version, view.live) {
        (Version::Number(number), _) => Some(*number),
        (Version::Live, Some(live)) if live.origin.is_some() => None,
        (Version::Live, Some(live)) => {
            (app.entries(env)[live.subject as usize - 1].config == live.config).then_some(live.subject)
        }
        _ => Some(view.version),
    }
}

fn compare(answer: &Answer, model: &Outcome) -> Result<(), String> {
    let found =
        (answer.status.is_success(), answer.at("/version"), answer.at("/kind"), answer.at("/unchanged"));
    let fits = match model {
        Outcome::Made(version, kind) => {
            let unchanged = &found.3;
            found.0 && found.1 == json!(version) && found.2 == json!(kind) && *unchanged != json!(true)
        }
        Outcome::Unchanged => found.0 && found.3 == json!(true),
        Outcome::Refused(problem) => answer.at("/type") == format!("urn:waymark:problem:{problem}"),
    };
    if fits { Ok(()) } else { Err(format!("expected {model:?}, got {} {}", answer.status, answer.text())) }
}

/// Compares all that can be seen of releases with the model.
async fn visible(stack: &Stack, person: &Person, path: &str, (app, env): (&App, &str)) -> Result<(), String> {
    let view = app.view(env).ok_or("nothing was saved")?;
    let standing = stack.get(person, path, &[]).await.is(200);
    let name = |snapshot: &Option<Snapshot>| json!(snapshot.as_ref().map(|snapshot| &snapshot.name));
    let users = stack.get(person, &format!("{path}/live"), &[]).await.is(200);
    let config = view.live.as_ref().map_or(view.working, |live| live.config);
    let listed = stack.get(person, &format!("{path}/snapshots?limit=200"), &[]).await.is(200);
    let snapshots: Vec<Value> = listed.at("/items").as_array().into_iter().flatten().map(line).collect();
    let expected: Vec<Value> = view.snapshots.iter().map(line_of).collect();
    let found = json!([
        standing.at("/working/version"),
        standing.at("/live/name"),
        standing.at("/before/name"),
        standing.at("/differs"),
        standing.at("/next_name"),
        users.json(),
        snapshots,
    ]);
    let expected = json!([
        view.version,
        name(&view.live),
        name(&view.before),
        view.differ,
        view.next_name,
        { "v": config },
        expected,
    ]);
    if found == expected { Ok(()) } else { Err(format!("{found}, and in the model {expected}")) }
}

/// A snapshot as it is listed.
fn line(item: &Value) -> Value {
    let origin = item.get("origin").map(|origin| json!([origin["environment"], origin["snapshot"]]));
    json!([item["version"], item["name"], item["subject"]["version"], item["release"], item["live"], origin])
}

fn line_of(own: &Snapshot) -> Value {
    let origin = own.origin.as_ref().map(|(environment, snapshot, _)| json!([environment, snapshot]));
    json!([own.version, own.name, own.subject, own.release, own.live, origin])
}
