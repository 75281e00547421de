//! The model's worked examples, and what holds after every step of random sequences.
use super::*;

const P: &str = "production";
const S: &str = "staging";

fn save(config: Config) -> Op {
    Op::Save { config }
}

fn snapshot(name: &str) -> Op {
    Op::Snapshot { name: Some(name.into()), version: None }
}

fn publish(name: &str) -> Op {
    Op::Publish { what: What::Snapshot(name.into()), note: false, go_ahead: false }
}

fn publish_version(version: Version, name: Option<&str>) -> Op {
    Op::Publish { what: What::Version(version, name.map(str::to_owned)), note: false, go_ahead: false }
}

fn promote(snapshot: &str, name: Option<&str>, go_ahead: bool) -> Op {
    let (from, snapshot, name) = (S.into(), snapshot.into(), name.map(str::to_owned));
    Op::Promote { from, snapshot, name, note: false, go_ahead }
}

fn to(name: &str) -> Op {
    Op::RollBackTo { to: name.into(), note: false }
}

fn rename(old: &str, new: &str) -> Op {
    Op::Rename { old: old.into(), new: new.into() }
}

const UNPUBLISH: Op = Op::Unpublish { note: false };

/// An app whose production has the snapshots a, b, c, d of the configs 1 to 4, and staging s of config 9.
fn app() -> App {
    let mut app = App::default();
    for (config, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        made(&mut app, P, &[save(config), snapshot(name)]);
    }
    made(&mut app, S, &[save(9), snapshot("s")]);
    app
}

fn made(app: &mut App, env: &str, ops: &[Op]) {
    for op in ops {
        assert!(matches!(app.apply(env, op), Outcome::Made(..)), "{op:?}");
    }
}

/// The names that are live after each of a row of roll backs, until one is refused.
fn back(app: &App) -> Vec<String> {
    let mut app = app.clone();
    let mut names = Vec::new();
    while app.apply(P, &Op::RollBack) != Outcome::Refused("no-earlier-release") {
        names.extend(app.view(P).and_then(|view| view.live).map(|live| live.name));
        assert!(names.len() < 100);
    }
    names
}

#[test]
fn the_release_before_the_present_one() {
    type Case = (&'static str, Vec<Op>, &'static str, &'static [&'static str]);
    let [a, b, c, d] = ["a", "b", "c", "d"].map(publish);
    let (u, r) = (UNPUBLISH, Op::RollBack);
    let cases: Vec<Case> = vec![
        ("C.4", vec![a.clone(), b.clone(), u.clone(), b.clone()], "b", &["a"]),
        ("C.4 twice", vec![a.clone(), b.clone(), u.clone(), b.clone(), u.clone(), b.clone()], "b", &["a"]),
        ("unpublished", vec![a.clone(), b.clone(), u.clone()], "", &["b", "a"]),
        ("unpublished, rolled back", vec![a.clone(), b.clone(), u.clone(), r.clone()], "b", &["a"]),
        ("rolled back, unpublished", vec![a.clone(), b.clone(), r.clone(), u.clone()], "", &["a"]),
        ("another after unpublishing", vec![a.clone(), u.clone(), c.clone()], "c", &["a"]),
        ("never toggles", vec![a.clone(), b.clone(), r.clone()], "a", &[]),
        ("three", vec![a.clone(), b.clone(), c.clone(), r.clone()], "b", &["a"]),
        ("published after a roll back", vec![a.clone(), b.clone(), r.clone(), c.clone()], "c", &["a"]),
        ("rolled back from, again", vec![a.clone(), b.clone(), r.clone(), b.clone()], "b", &["a"]),
        ("an old one anew", vec![a.clone(), b.clone(), a.clone()], "a", &["b", "a"]),
        ("to", vec![a.clone(), b.clone(), c.clone(), d.clone(), to("b")], "b", &["a"]),
        ("to one ahead", vec![a.clone(), b.clone(), c.clone(), to("a"), to("c")], "c", &["b", "a"]),
        ("to the nearest", vec![a.clone(), b.clone(), a.clone(), c.clone(), to("a")], "a", &["b", "a"]),
        ("to, unpublished", vec![a.clone(), b.clone(), u.clone(), to("b")], "b", &["a"]),
        ("to on the way, not ahead", vec![a, b.clone(), c, b, r, to("b")], "b", &["a"]),
    ];
    for (case, ops, live, expected) in cases {
        for renames in [false, true] {
            let mut app = app();
            for (step, op) in ops.iter().enumerate() {
                made(&mut app, P, std::slice::from_ref(op));
                for name in ["a", "b", "c", "d"].iter().filter(|_| renames) {
                    made(&mut app, P, &[rename(name, &format!("{name}{step}"))]);
                }
            }
            for name in ["a", "b", "c", "d"].iter().filter(|_| renames) {
                made(&mut app, P, &[rename(name, name)]);
            }
            let now = app.view(P).unwrap().live.map_or(String::new(), |live| live.name);
            let expected: Vec<String> = expected.iter().map(|&name| name.into()).collect();
            assert_eq!((now.as_str(), back(&app)), (live, expected), "{case}, renames: {renames}");
        }
    }
}

#[test]
fn refusals_and_what_is_unchanged() {
    use Outcome::{Refused, Unchanged};
    let mut app = app();
    let entries = app.entries(P).len() as u64;
    assert_eq!(app.apply(P, &Op::RollBack), Refused("no-earlier-release"));
    assert_eq!(app.apply(P, &to("a")), Refused("not-a-release"));
    assert_eq!(app.apply(P, &publish("x")), Refused("snapshot-not-found"));
    assert_eq!(app.apply(P, &publish_version(Version::Number(99), None)), Refused("version-not-found"));
    assert_eq!(app.apply(P, &rename("a", "b")), Refused("name-taken"));
    assert_eq!(app.apply(P, &snapshot("Live")), Refused("invalid-name"));
    assert_eq!(app.apply("x", &Op::RollBack), Refused("environment-not-found"));
    assert_eq!(app.apply(P, &UNPUBLISH), Unchanged);
    assert_eq!(app.apply(P, &publish("a")), Outcome::Made(entries + 1, "published"));
    assert_eq!(app.apply(P, &publish("a")), Unchanged);
    assert_eq!(app.apply(P, &publish_version(Version::Number(1), Some("a"))), Unchanged);
    let noted = Op::Publish { what: What::Snapshot("a".into()), note: true, go_ahead: false };
    assert_eq!(app.apply(P, &noted), Unchanged);
    assert_eq!(back(&app), Vec::<String>::new());
}

#[test]
fn a_new_name_over_what_is_live_is_kept_and_the_next_name_is_free() {
    let mut app = app();
    made(&mut app, P, &[publish("a"), publish("d"), rename("a", "v1"), snapshot("v3")]);
    assert_eq!(app.view(P).unwrap().next_name, "v2");
    made(&mut app, P, &[publish_version(Version::Working, Some("launch"))]);
    assert_eq!(app.view(P).unwrap().live.unwrap().name, "launch");
    assert_eq!(back(&app), ["v1"]);
    made(&mut app, P, &[Op::Snapshot { name: None, version: Some(Version::Number(1)) }]);
    let view = app.view(P).unwrap();
    assert_eq!(
        (view.snapshots[0].name.as_str(), view.snapshots[0].config, view.next_name.as_str()),
        ("v2", 1, "v4")
    );
    assert!(!view.differ);
}

#[test]
fn promotions_lose_nothing_unasked() {
    let mut app = app();
    made(&mut app, P, &[publish("a"), promote("s", None, true)]);
    assert_eq!(app.apply(P, &promote("s", None, false)), Outcome::Unchanged);
    made(&mut app, P, &[promote("s", Some("launch"), false)]);
    let live = app.view(P).unwrap().live.unwrap();
    assert_eq!(
        (live.name.as_str(), live.config, live.origin),
        ("launch", 9, Some((S.into(), "s".into(), 2)))
    );
    assert_eq!(back(&app), ["a"]);
    // A.7: the working version is older than what was promoted.
    let lost = Outcome::Refused("promotion-would-lose");
    assert_eq!(app.apply(P, &publish_version(Version::Working, None)), lost);
    made(
        &mut app,
        P,
        &[Op::Restore { version: Version::Live }, save(10), publish_version(Version::Working, None)],
    );
    // What was made here since is not promoted over, until the other environment has it.
    made(&mut app, S, &[save(11), snapshot("t")]);
    assert_eq!(app.apply(P, &promote("t", None, false)), lost);
    made(&mut app, S, &[save(10), save(12), snapshot("u")]);
    made(&mut app, P, &[promote("u", None, false)]);
    assert_eq!(app.loss("new", &promote("u", None, false)), Loss::No);
    made(&mut app, "new", &[promote("u", None, false)]);
    assert_eq!(app.view("new").unwrap().working, 12);
}

/// A sequence's random choices (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn name(&mut self) -> String {
        ["a", "b", "c", "v1", "v2", "v3", "v4", "v5"][self.below(8) as usize].into()
    }

    fn given(&mut self) -> Option<String> {
        (self.below(3) == 0).then(|| self.name())
    }

    fn version(&mut self) -> Version {
        match self.below(6) {
            0 => Version::Live,
            1 | 2 => Version::Working,
            3 => Version::Named(self.name()),
            _ => Version::Number(1 + self.below(12)),
        }
    }

    pub(crate) fn op(&mut self, env: &str) -> Op {
        let (note, go_ahead) = (self.below(5) == 0, self.below(2) == 0);
        match self.below(14) {
            0 | 1 => save(self.below(6) as Config),
            2 => Op::Restore { version: self.version() },
            3 => Op::Snapshot { name: self.given(), version: Some(self.version()) },
            4 => rename(&self.name(), &self.name()),
            5 | 6 => Op::Publish { what: What::Snapshot(self.name()), note, go_ahead },
            7 => Op::Publish { what: What::Version(self.version(), self.given()), note, go_ahead },
            8 | 9 => {
                let from = if env == P { S } else { P }.into();
                Op::Promote { from, snapshot: self.name(), name: self.given(), note, go_ahead }
            }
            10 | 11 => Op::Unpublish { note },
            12 => Op::RollBackTo { to: self.name(), note },
            _ => Op::RollBack,
        }
    }
}

#[test]
fn random_sequences_keep_the_rule() {
    for seed in 1..=3_000 {
        let (mut app, mut random) = (App::default(), Random(0x9E37_79B9_7F4A_7C15 ^ (seed << 20)));
        for _ in 0..40 {
            let env = if random.below(3) == 0 { S } else { P };
            let (op, was) = (random.op(env), app.clone());
            let outcome = app.apply(env, &op);
            step(&was, &app, env, &op, &outcome);
            if let Some(view) = app.view(env) {
                stands(&app, env, &view);
            }
        }
    }
}

/// What one step may change.
fn step(was: &App, app: &App, env: &str, op: &Op, outcome: &Outcome) {
    let other = if env == P { S } else { P };
    assert_eq!(was.view(other), app.view(other), "environments are independent");
    let (old, new) = (was.entries(env), app.entries(env));
    let Outcome::Made(version, kind) = outcome else {
        return assert_eq!((was.view(env), old), (app.view(env), new), "{op:?} {outcome:?}");
    };
    let newest = new.last().map(|entry| entry.kind);
    assert_eq!((new.len(), &new[..old.len()], newest), (*version as usize, old, Some(*kind)));
    let (Some(before), Some(after)) = (was.view(env), app.view(env)) else { return };
    let users =
        |view: &View| (view.live.as_ref().map(|l| l.version), view.before.as_ref().map(|l| l.version));
    match op {
        Op::Save { .. } | Op::Restore { .. } => assert_eq!(users(&before), users(&after), "{op:?}"),
        Op::Snapshot { .. } | Op::Rename { .. } => assert_eq!(users(&before), users(&after), "{op:?}"),
        _ => assert_eq!(before.working, after.working, "{op:?}"),
    }
    let config = |own: Option<&Snapshot>| own.map(|own| own.config);
    match op {
        Op::Publish { .. } | Op::Promote { .. } => match &before.live {
            // The rule once more: what users had is what was before, unless they have the same bytes as then.
            Some(live) if config(after.live.as_ref()) == Some(live.config) => {
                assert_eq!(before.before, after.before, "{op:?}");
            }
            Some(live) => assert_eq!(config(after.before.as_ref()), Some(live.config), "{op:?}"),
            None if config(after.live.as_ref()) != config(before.before.as_ref()) => {
                assert_eq!(users(&after).1, users(&before).1, "{op:?}");
            }
            None => {}
        },
        Op::Unpublish { .. } if before.live.is_some() => assert_eq!(users(&before).0, users(&after).1),
        Op::RollBack => assert_eq!(users(&before).1, users(&after).0),
        _ => {}
    }
}

/// What holds of every state.
fn stands(app: &App, env: &str, view: &View) {
    let mut names: Vec<&String> =
        view.snapshots.iter().flat_map(|s| s.aliases.iter().chain([&s.name])).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "no two names alike");
    let live: Vec<&Snapshot> = view.snapshots.iter().filter(|own| own.live).collect();
    assert_eq!(live, view.live.iter().collect::<Vec<_>>(), "what is live is a snapshot, or nothing is");
    assert!(view.live.iter().chain(&view.before).all(|own| own.release));
    assert_eq!(view.differ, view.live.as_ref().is_some_and(|live| live.config != view.working));
    assert_eq!(view.version as usize, app.entries(env).len());
    let mut named = app.clone();
    made(&mut named, env, &[Op::Snapshot { name: None, version: None }]);
    assert_eq!(named.view(env).map(|after| after.snapshots[0].name.clone()), Some(view.next_name.clone()));
    let (mut app, mut now) = (app.clone(), view.clone());
    for _ in 0..=app.entries(env).len() {
        match (app.apply(env, &Op::RollBack), &now.before) {
            (Outcome::Refused("no-earlier-release"), None) => return,
            (Outcome::Made(_, "published"), Some(before)) => {
                let after = app.view(env).unwrap();
                let config = |view: &View| view.live.as_ref().map(|live| live.config);
                assert_ne!(config(&now), config(&after), "a roll back changes what users see");
                assert_eq!(after.live.as_ref().map(|live| live.version), Some(before.version));
                now = after;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("roll backs never end");
}
