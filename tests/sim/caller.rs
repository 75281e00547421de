//! Callers: each does one thing after the other, with idempotency keys and repeats as a good client has them, and writes
//! down what it was told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::act::{Act, Base, ENVIRONMENTS, Expect, PEOPLE};
use super::answer::Answer;
use super::world::{Asked, Came, World, get, request};

/// What somebody did.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Act(Act),
    /// A read of a path.
    Read(String),
}

/// What somebody was told in the end.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// It is done; or, of a read: this is there.
    Done(Answer),
    /// It is refused: the problem's type.
    Refused(String),
    /// It was not done; trying again may help.
    HeldOff(String),
    /// Nobody knows.
    Unclear,
}

/// Something that a caller did, from its first request to the last answer.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) who: usize,
    pub(crate) env: usize,
    pub(crate) what: What,
    /// The note of the entry that it makes.
    pub(crate) note: String,
    pub(crate) told: Told,
    /// Whether some request of it may have been carried out without an answer.
    pub(crate) in_doubt: bool,
    /// Whether a request of it was delivered a second time.
    pub(crate) is_echoed: bool,
    /// The newest version when it began, and when it ended.
    pub(crate) heads: (usize, usize),
    /// When it began and ended, in the order of all beginnings and ends.
    pub(crate) span: (usize, usize),
}

/// What was done, and what further deliveries of the same requests were answered.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) operations: Vec<Operation>,
    /// Of operations by their notes.
    pub(crate) echoes: Vec<(String, Answer)>,
    events: usize,
    /// Backups that were taken: environment, id, version.
    pub(crate) backups: Vec<(usize, String, usize)>,
}

/// Everybody together.
pub(crate) struct Callers {
    pub(crate) world: World,
    pub(crate) log: Mutex<Log>,
    sandboxes: usize,
    /// How many of 100 invocations are killed, delivered twice, or meet a sandbox that was frozen.
    trouble: u32,
}

const NAMES: [&str; 6] = ["spring", "autumn", "v1", "v2", "v3", "v4"];

impl Callers {
    pub(crate) fn new(world: World, sandboxes: usize, trouble: u32) -> Self {
        Self { world, log: Mutex::default(), sandboxes, trouble }
    }

    /// One caller's whole life.
    pub(crate) async fn live(self: Arc<Self>, who: usize, operations: usize, mut rng: Rng) {
        let mut echoes = JoinSet::new();
        for number in 0..operations {
            let most = [5, 40, 400][rng.usize(..3)];
            sleep(Duration::from_millis(rng.u64(0..most))).await;
            let env = usize::from(rng.u8(..5) == 0);
            let what = self.choose(env, &mut rng);
            let note = format!("{}-{number}", PEOPLE[who]);
            self.perform((who, env), what, &note, &mut rng, &mut echoes).await;
        }
        echoes.join_all().await;
    }

    fn event(&self) -> usize {
        let mut log = self.log.lock().unwrap();
        log.events += 1;
        log.events
    }

    fn head(&self, env: usize) -> usize {
        self.world.net.head(&format!("crm/{}", ENVIRONMENTS[env]))
    }

    async fn perform(
        self: &Arc<Self>,
        (who, env): (usize, usize),
        what: What,
        note: &str,
        rng: &mut Rng,
        echoes: &mut JoinSet<()>,
    ) {
        let (begun, head) = (self.event(), self.head(env));
        // Most changes have an idempotency key; without one nobody repeats.
        let is_keyed = matches!(what, What::Read(_)) || rng.u8(..6) != 0;
        let asked = match &what {
            What::Act(act) => request(PEOPLE[who], env, &act.sent(note), is_keyed.then_some(note)),
            What::Read(path) => request(PEOPLE[who], env, &get(path), None),
        };
        self.world.net.note(format_args!("{note} begins in {}: {what:?}", ENVIRONMENTS[env]));
        let (mut in_doubt, mut is_echoed, mut told) = (false, false, Told::Unclear);
        for attempt in 0..if is_keyed { 7 } else { 1 } {
            sleep(Duration::from_millis(rng.u64(0..=20 << attempt))).await;
            if is_keyed && matches!(what, What::Act(_)) && rng.u32(..100) < self.trouble {
                is_echoed = true;
                self.echo(&asked, note, rng, echoes);
            }
            told = match self.invoke(&asked, note, rng).await {
                Came::Nothing => Told::Unclear,
                Came::Answer(answer) if answer.status.is_success() => Told::Done(answer),
                Came::Answer(answer) => {
                    let kind = answer.at("/type").as_str().unwrap_or_default().to_owned();
                    let kind = kind.trim_start_matches("urn:waymark:problem:").to_owned();
                    match kind.as_str() {
                        "outcome-unknown" => Told::Unclear,
                        _ if answer.status.is_client_error() => Told::Refused(kind),
                        _ => Told::HeldOff(kind),
                    }
                }
            };
            in_doubt |= matches!(told, Told::Unclear);
            if matches!(told, Told::Done(_) | Told::Refused(_)) {
                break;
            }
        }
        let operation = Operation {
            who,
            env,
            what,
            note: note.to_owned(),
            told,
            in_doubt,
            is_echoed,
            heads: (head, self.head(env)),
            span: (begun, self.event()),
        };
        self.ended(operation);
    }

    /// Writes down what came of an operation.
    fn ended(&self, operation: Operation) {
        let Operation { note, env, told, what, .. } = &operation;
        self.world.net.note(format_args!("{note} ends: {}", told.short()));
        let mut log = self.log.lock().unwrap();
        if let (What::Act(Act::Backup), Told::Done(answer)) = (what, told) {
            let id = answer.at("/id").as_str().unwrap_or_default().to_owned();
            let version = usize::try_from(answer.at("/version").as_u64().unwrap_or_default()).unwrap();
            log.backups.push((*env, id, version));
        }
        log.operations.push(operation);
    }

    async fn invoke(&self, asked: &Asked, note: &str, rng: &mut Rng) -> Came {
        let sandbox = rng.usize(..self.sandboxes);
        if rng.u32(..100) < self.trouble {
            self.world.freeze(sandbox);
        }
        let killed = rng.u32(..100) < self.trouble;
        let killed = killed.then(|| Duration::from_millis(rng.u64(0..60)));
        let allowed = Duration::from_millis(rng.u64(2_500..28_000));
        let came = self.world.invoke(sandbox, asked, allowed, killed).await;
        let said = match &came {
            Came::Nothing => "nothing".to_owned(),
            Came::Answer(answer) => short(answer),
        };
        self.world.net.note(format_args!("  {note} in s{sandbox}: {said}"));
        came
    }

    /// Delivers a request a second time, about when the first is delivered.
    fn echo(self: &Arc<Self>, asked: &Asked, note: &str, rng: &mut Rng, echoes: &mut JoinSet<()>) {
        let (callers, asked, note, mut rng) = (Arc::clone(self), asked.clone(), note.to_owned(), rng.fork());
        echoes.spawn(async move {
            sleep(Duration::from_millis(rng.u64(0..30))).await;
            let said = format!("{note} (echo)");
            if let Came::Answer(answer) = callers.invoke(&asked, &said, &mut rng).await {
                callers.log.lock().unwrap().echoes.push((note, answer));
            }
        });
    }

    fn choose(&self, env: usize, rng: &mut Rng) -> What {
        let head = self.head(env);
        if head == 0 {
            let document = [0; 4].map(|_: u8| rng.u8(..3));
            return What::Act(Act::Save { document, base: Base::Nothing });
        }
        if rng.u8(..6) == 0 {
            let version = rng.usize(1..=head);
            let paths = [
                "working".to_owned(),
                "live".to_owned(),
                format!("versions/{version}/config"),
                String::new(),
            ];
            return What::Read(paths[rng.usize(..4)].clone());
        }
        What::Act(self.act(env, head, rng))
    }

    fn act(&self, env: usize, head: usize, rng: &mut Rng) -> Act {
        let version = rng.usize(head.saturating_sub(4).max(1)..=head);
        let name = |rng: &mut Rng| NAMES[rng.usize(..NAMES.len())].to_owned();
        let maybe = |rng: &mut Rng| rng.bool().then(|| name(rng));
        let expect =
            |rng: &mut Rng| -> Expect { (rng.u8(..3) == 0).then(|| (rng.u8(..5) != 0).then(|| name(rng))) };
        let key = rng.usize(..4);
        match rng.u8(..40) {
            0..10 => {
                let document = [0; 4].map(|_: u8| rng.u8(..3));
                let base = match rng.u8(..6) {
                    0..2 => Base::Match(head),
                    2..4 => Base::Merge(version),
                    4 => Base::Any,
                    _ => Base::Nothing,
                };
                Act::Save { document, base }
            }
            10..14 => Act::Patch { key, value: rng.u8(..3) },
            14..18 => Act::Snapshot { name: maybe(rng), version: rng.bool().then_some(version) },
            18..20 => Act::Rename { from: name(rng), to: name(rng) },
            20..22 => Act::Restore { version },
            22 => Act::RestoreSnapshot { name: name(rng) },
            23 => Act::RestorePart { version, key },
            24..26 => self.backup(env, rng),
            26 => Act::Undo { version },
            27..30 => Act::Publish { name: name(rng), expect: expect(rng) },
            30..33 => Act::PublishVersion { version, expect: expect(rng) },
            33..35 if env == 0 => Act::Promote { name: name(rng), renamed: maybe(rng), expect: expect(rng) },
            33..36 => Act::Unpublish { expect: expect(rng) },
            36..39 => Act::Rollback { to: (rng.u8(..3) == 0).then(|| name(rng)), expect: expect(rng) },
            _ => Act::Settings { releases: rng.u8(..4) != 0, nothing: false },
        }
    }

    /// A backup, or a restore from one.
    fn backup(&self, env: usize, rng: &mut Rng) -> Act {
        let log = self.log.lock().unwrap();
        let there: Vec<_> = log.backups.iter().filter(|(of, ..)| *of == env).collect();
        if there.is_empty() || rng.u8(..3) == 0 {
            return Act::Backup;
        }
        let (_, id, version) = there[rng.usize(..there.len())];
        Act::RestoreBackup { id: id.clone(), version: *version }
    }
}

impl Told {
    /// What it is called in a tally.
    pub(crate) fn name(&self, in_doubt: bool) -> &'static str {
        match (self, in_doubt) {
            (Self::Done(_), false) => "done",
            (Self::Done(_), true) => "done, after doubt",
            (Self::Refused(_), false) => "refused",
            (Self::Refused(_), true) => "refused, after doubt",
            (Self::HeldOff(_), false) => "held off",
            (Self::HeldOff(_) | Self::Unclear, _) => "unclear",
        }
    }

    fn short(&self) -> String {
        match self {
            Self::Done(answer) => short(answer),
            other => format!("{other:?}"),
        }
    }
}

fn short(answer: &Answer) -> String {
    let member = |name: &str| match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) if !body[name].is_null() => format!(" {name} {}", body[name]),
        _ => String::new(),
    };
    let status = answer.status.as_u16();
    format!("{status}{}{}{}{}", member("version"), member("unchanged"), member("type"), member("detail"))
}
