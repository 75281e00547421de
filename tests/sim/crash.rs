//! Crash points: each operation is killed at each of its AWS calls (before it, after its effect, and while it is on its
//! way), starts cold, and is sent again with its idempotency key. Afterwards everything is as if nothing had happened.

use std::time::Duration;

use serde_json::{Value, json};

use super::act::{Act, Base, Sent};
use super::answer::Answer;
use super::fate::{Kill, Moment};
use super::wire::Fates;
use super::world::{Asked, Came, World, request};

/// An operation, in production.
struct Point {
    name: &'static str,
    /// Whether production is empty before.
    is_first: bool,
    sent: Sent,
}

const ALLOWED: Duration = Duration::from_secs(28);

/// The note and the key of what is killed.
const NOTE: &str = "killed";

/// The last version that the preparation makes, in production.
const HEAD: usize = 10;

fn name(name: &str) -> String {
    name.to_owned()
}

/// All operations that change something.
fn points() -> Vec<Point> {
    let raw = |method, path: &str, body: Value| Sent {
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.to_string(),
    };
    let save = |base| Act::Save { document: [7, 7, 7, 7], base };
    let promote = || Act::Promote { name: name("winter"), renamed: None, expect: None };
    let acts = [
        ("first save", save(Base::Nothing)),
        ("promote to nothing", promote()),
        ("save", save(Base::Match(HEAD))),
        ("merge", Act::Save { document: [5, 2, 3, 4], base: Base::Merge(9) }),
        ("overwrite", save(Base::Any)),
        ("patch", Act::Patch { key: 2, value: 9 }),
        ("named snapshot", Act::Snapshot { name: Some(name("summer")), version: None }),
        ("generated snapshot", Act::Snapshot { name: None, version: Some(2) }),
        ("rename", Act::Rename { from: name("autumn"), to: name("fall") }),
        ("restore", Act::Restore { version: 1 }),
        ("restore a snapshot", Act::RestoreSnapshot { name: name("spring") }),
        ("restore a part", Act::RestorePart { version: 1, key: 0 }),
        ("undo", Act::Undo { version: 2 }),
        ("publish", Act::Publish { name: name("spring"), expect: Some(Some(name("autumn"))) }),
        ("publish a version", Act::PublishVersion { version: 2, expect: None }),
        ("promote", promote()),
        ("unpublish", Act::Unpublish { expect: None }),
        ("roll back", Act::Rollback { to: None, expect: Some(Some(name("autumn"))) }),
        ("roll back to", Act::Rollback { to: Some(name("spring")), expect: None }),
        ("back up", Act::Backup),
        ("settings", Act::Settings { releases: false, nothing: true }),
    ];
    let mut points: Vec<Point> = acts
        .into_iter()
        .enumerate()
        .map(|(at, (name, act))| Point { name, is_first: at < 2, sent: act.sent(NOTE) })
        .collect();
    let sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let beside = [
        ("upload", raw("POST", "uploads", json!({ "bytes": 2, "sha256": sha256 }))),
        ("backup policy", raw("PUT", "backup-policy", json!({ "every": "hour" }))),
        ("restore a backup", raw("POST", "restore", json!({ "backup": "BACKUP", "note": NOTE }))),
    ];
    points.extend(beside.map(|(name, sent)| Point { name, is_first: false, sent }));
    points
}

/// An account in which things were done, and the id of a backup in production.
async fn prepared(is_first: bool, kill: Option<Kill>) -> (World, String) {
    let world = World::new(1, Fates::Script(kill), 1).await;
    let save = |document| Act::Save { document, base: Base::Any };
    let first = |document| Act::Save { document, base: Base::Nothing };
    let snapshot = |called: &str| Act::Snapshot { name: Some(name(called)), version: None };
    let publish = |called: &str| Act::Publish { name: name(called), expect: None };
    let staging = [first([3, 3, 3, 3]), save([3, 3, 3, 4]), snapshot("winter")];
    let production = [
        first([1, 1, 1, 1]),
        save([2, 1, 1, 1]),
        snapshot("spring"),
        publish("spring"),
        save([2, 2, 1, 1]),
        snapshot("autumn"),
        publish("autumn"),
        Act::Backup,
        save([2, 2, 3, 1]),
        save([2, 2, 3, 4]),
        save([2, 2, 4, 4]),
    ];
    let mut backup = String::new();
    for (number, act) in staging.iter().enumerate() {
        world.send(&request("ada", 1, &act.sent(&format!("s{number}")), None)).await;
    }
    for (number, act) in production.iter().enumerate().filter(|_| !is_first) {
        let answer = world.send(&request("ada", 0, &act.sent(&format!("p{number}")), None)).await;
        assert!(answer.status.is_success(), "{act:?}: {}", answer.text());
        if *act == Act::Backup {
            backup = answer.at("/id").as_str().unwrap().to_owned();
        }
    }
    (world, backup)
}

impl Point {
    fn asked(&self, backup: &str) -> Asked {
        let mut sent = self.sent.clone();
        sent.body = sent.body.replace("BACKUP", backup);
        request("ben", 0, &sent, Some(NOTE))
    }
}

/// What identifiers and times leave of an answer.
fn lasting(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let passing =
                ["at", "id", "url", "headers", "expires", "verified_at", "file", "file_sha256", "size"];
            let kept = members.into_iter().filter(|(name, _)| !passing.contains(&name.as_str()));
            kept.map(|(name, value)| (name, lasting(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(lasting).collect(),
        other => other,
    }
}

/// Everything that can be seen of production.
async fn visible(world: &World) -> Value {
    let mut all = Vec::new();
    for path in
        ["", "history?limit=200", "snapshots?limit=200", "backups?limit=200", "settings", "backup-policy"]
    {
        let answer = world.read(0, path).await;
        all.push(lasting(if answer.body.is_empty() { Value::Null } else { answer.at("") }));
    }
    let live = world.read(0, "live").await;
    let verified = world.read(0, "verify?limit=200").await;
    all.extend([json!(live.text()), verified.at("/faults"), verified.at("/checked")]);
    json!(all)
}

async fn sent(world: &World, asked: &Asked) -> Answer {
    match world.invoke(0, asked, ALLOWED, None).await {
        Came::Answer(answer) => answer,
        Came::Nothing => panic!("no answer: {}", world.net.trace().join("\n")),
    }
}

/// What a point comes to when nothing happens.
struct Undisturbed {
    answer: Value,
    /// What is visible before and after.
    before: Value,
    after: Value,
    calls: usize,
}

async fn undisturbed(point: &Point) -> Undisturbed {
    let (world, backup) = prepared(point.is_first, None).await;
    let asked = point.asked(&backup);
    let (before, calls) = (visible(&world).await, world.net.calls());
    let answer = sent(&world, &asked).await;
    assert!(answer.status.is_success(), "{}: {}", point.name, answer.text());
    let calls = world.net.calls() - calls;
    let after = visible(&world).await;
    let again = sent(&world, &asked).await;
    // A presigned address says when it was signed.
    assert_eq!(lasting(again.at("")), lasting(answer.at("")), "{}", point.name);
    assert_eq!(again.at("/id"), answer.at("/id"), "{}", point.name);
    Undisturbed { answer: lasting(answer.at("")), before, after, calls }
}

async fn killed(point: &Point, kill: Kill, expected: &Undisturbed) {
    let said = || format!("{}, killed at {kill:?}", point.name);
    let (world, backup) = prepared(point.is_first, Some(kill)).await;
    let asked = point.asked(&backup);
    let first = world.invoke(0, &asked, ALLOWED, None).await;
    assert!(matches!(first, Came::Nothing), "{}: {first:?}", said());
    world.net.script(None);
    // What was before a call is what was after the call before it.
    if kill.moment == Moment::After {
        // What is there now is the state before, or the state after, and nothing in between; a backup that is taken first is
        // there whether or not its restore is.
        let now = visible(&world).await;
        let whole = [&expected.before, &expected.after].map(|state| without_backups(state.clone()));
        assert!(whole.contains(&without_backups(now)), "{}: half of it is there", said());
    }
    let answer = sent(&world, &asked).await;
    assert_eq!(lasting(answer.at("")), expected.answer, "{}: {}", said(), world.net.trace().join("\n"));
    world.net.settle().await;
    assert_eq!(visible(&world).await, expected.after, "{}: {}", said(), world.net.trace().join("\n"));
}

fn without_backups(mut visible: Value) -> Value {
    visible[3] = Value::Null;
    visible[0]["backup"] = Value::Null;
    visible
}

/// As [`killed`], and somebody saves before the request is sent again.
async fn killed_while_others_go_on(point: &Point, kill: Kill) {
    let said = || format!("{}, killed at {kill:?}, others went on", point.name);
    let (world, backup) = prepared(point.is_first, Some(kill)).await;
    let asked = point.asked(&backup);
    let first = world.invoke(0, &asked, ALLOWED, None).await;
    assert!(matches!(first, Came::Nothing), "{}: {first:?}", said());
    world.net.script(None);
    let head = world.net.head("crm/production");
    let base = if head == 0 { Base::Nothing } else { Base::Any };
    let other = Act::Save { document: [8, 8, 8, 8], base }.sent("other");
    let saved = sent(&world, &request("cleo", 0, &other, None)).await;
    assert!(saved.status.is_success(), "{}: {}", said(), saved.text());
    let answer = sent(&world, &asked).await;
    world.net.settle().await;
    let history = world.read(0, "history?limit=200").await.at("/items");
    let made = history.as_array().unwrap().iter().filter(|entry| entry["note"] == NOTE).count();
    let appends = answer.status.is_success() && answer.at("/unchanged") == false;
    assert_eq!(made, usize::from(appends), "{}: {}\n{}", said(), answer.text(), world.net.trace().join("\n"));
    assert!(answer.status.is_success() || answer.status.is_client_error(), "{}: {}", said(), answer.text());
    let verified = world.read(0, "verify?limit=200").await;
    assert_eq!(verified.at("/faults"), json!([]), "{}", said());
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

/// Kills each of the points that `is_meant` at each of its calls.
fn kill_each(is_meant: impl Fn(usize) -> bool) {
    let points = points().into_iter().enumerate().filter(|(number, _)| is_meant(*number));
    for (_, point) in points {
        let expected = run(undisturbed(&point));
        assert!(expected.calls >= 2, "{}: {} calls", point.name, expected.calls);
        for call in 0..expected.calls {
            for moment in [Moment::Before, Moment::After, Moment::OnItsWay] {
                let kill = Kill { call, moment };
                run(killed(&point, kill, &expected));
                // Only the last call may be the write: where others go on makes a difference there.
                if call + 1 == expected.calls {
                    run(killed_while_others_go_on(&point, kill));
                }
            }
        }
    }
}

#[test]
fn wherever_an_edit_is_killed_it_is_carried_out_once() {
    kill_each(|point| point < 12);
}

#[test]
fn wherever_a_release_or_a_backup_is_killed_it_is_carried_out_once() {
    kill_each(|point| point >= 12);
}
