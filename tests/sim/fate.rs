//! What may become of a request on the wire, and who decides it: a seed, or a script of one kill.

use std::time::Duration;

use fastrand::Rng;
use serde_json::json;

use super::engines::Packet;

/// What the caller of a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gets {
    /// What the engine answers.
    Answer,
    /// The first half of what the engine answers, and then a broken connection.
    Half,
    /// A broken connection.
    Break,
    /// Nothing at all.
    Nothing,
    /// An error of the service: status and body.
    Error(u16, String),
    /// Nothing: the function is killed here.
    Kill,
}

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// What it is called in a trace.
    pub(crate) name: &'static str,
    /// When it arrives, if it ever does.
    pub(crate) arrives: Option<Duration>,
    /// What its caller gets, and how long after the effect; without one, or for a request that arrives late, how long
    /// after it was sent.
    pub(crate) gets: Gets,
    pub(crate) after: Duration,
    /// Whether the caller does not wait for the effect.
    pub(crate) is_late: bool,
}

/// The kinds of faults. A seed has some of them.
const KINDS: [&str; 12] = [
    "unsent",
    "answer lost",
    "hangs",
    "effect, then hangs",
    "5xx",
    "effect, then 5xx",
    "throttled",
    "conflict",
    "slow",
    "late",
    "late, then hangs",
    "half an answer",
];

/// Decides from a seed.
#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) rng: Rng,
    /// How many of 1,000 requests meet a fault.
    rate: u32,
    kinds: Vec<&'static str>,
}

impl Weather {
    /// Weather of a seed: calm, rough or a storm, with some kinds of faults or all.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rate = [0, 20, 60, 120, 200, 350][rng.usize(..6)];
        let some = rng.bool();
        let kinds: Vec<_> = KINDS.into_iter().filter(|_| !some || rng.u8(..3) == 0).collect();
        Self { rng, rate, kinds }
    }

    /// A short time, as calls within a region take.
    fn usual(&mut self) -> Duration {
        Duration::from_millis(self.rng.u64(1..=6))
    }

    pub(crate) fn fate(&mut self, packet: &Packet) -> Fate {
        let (arrives, after) = (self.usual(), self.usual());
        let fine = Fate { name: "", arrives: Some(arrives), gets: Gets::Answer, after, is_late: false };
        if self.kinds.is_empty() || self.rng.u32(..1000) >= self.rate {
            return fine;
        }
        let name = self.kinds[self.rng.usize(..self.kinds.len())];
        let lost = Fate { name, arrives: None, ..fine.clone() };
        match name {
            "unsent" => Fate { gets: Gets::Break, ..lost },
            "answer lost" => Fate { name, gets: Gets::Break, ..fine },
            "hangs" => Fate { gets: Gets::Nothing, ..lost },
            "effect, then hangs" => Fate { name, gets: Gets::Nothing, ..fine },
            "5xx" => Fate { gets: server_error(packet), ..lost },
            "effect, then 5xx" => Fate { name, gets: server_error(packet), ..fine },
            "throttled" => Fate { gets: self.throttled(packet), ..lost },
            "conflict" => match self.conflict(packet) {
                Some(gets) => Fate { gets, ..lost },
                None => fine,
            },
            "slow" => Fate { name, after: Duration::from_millis(self.rng.u64(50..1_500)), ..fine },
            "late" => Fate { name, arrives: Some(self.late()), gets: Gets::Break, is_late: true, ..fine },
            "late, then hangs" => {
                Fate { name, arrives: Some(self.late()), gets: Gets::Nothing, is_late: true, ..fine }
            }
            "half an answer" if packet.operation == "GetObject" => Fate { name, gets: Gets::Half, ..fine },
            _ => fine,
        }
    }

    /// From right behind the caller's next attempt to long after it has given up.
    fn late(&mut self) -> Duration {
        let most = [30, 300, 3_000, 40_000][self.rng.usize(..4)];
        Duration::from_millis(self.rng.u64(1..most))
    }

    fn throttled(&mut self, packet: &Packet) -> Gets {
        if !packet.is_dynamodb {
            return s3_error(503, "SlowDown");
        }
        let passing =
            ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];
        match packet.operation.as_str() {
            "TransactWriteItems" if self.rng.bool() => cancelled(
                packet,
                ["ThrottlingError", "ProvisionedThroughputExceeded"][self.rng.usize(..2)],
                &mut self.rng,
            ),
            _ => dynamodb_error(400, passing[self.rng.usize(..3)]),
        }
    }

    fn conflict(&mut self, packet: &Packet) -> Option<Gets> {
        match packet.operation.as_str() {
            "PutItem" | "UpdateItem" => Some(dynamodb_error(400, "TransactionConflictException")),
            "TransactWriteItems" if self.rng.u8(..3) == 0 => {
                Some(dynamodb_error(400, "TransactionInProgressException"))
            }
            "TransactWriteItems" => Some(cancelled(packet, "TransactionConflict", &mut self.rng)),
            "PutObject" if packet.has("if-none-match") => Some(s3_error(409, "ConditionalRequestConflict")),
            _ => None,
        }
    }
}

fn server_error(packet: &Packet) -> Gets {
    if packet.is_dynamodb {
        dynamodb_error(500, "InternalServerError")
    } else {
        s3_error(500, "InternalError")
    }
}

fn dynamodb_error(status: u16, name: &str) -> Gets {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{name}");
    Gets::Error(status, json!({ "__type": kind, "message": "as the seed says" }).to_string())
}

fn s3_error(status: u16, code: &str) -> Gets {
    Gets::Error(status, format!("<Error><Code>{code}</Code><Message>as the seed says</Message></Error>"))
}

/// A transaction that is cancelled for one of its items.
fn cancelled(packet: &Packet, code: &str, rng: &mut Rng) -> Gets {
    let items = packet.json()["TransactItems"].as_array().map_or(1, Vec::len);
    let met = rng.usize(..items);
    let reasons: Vec<_> =
        (0..items).map(|item| json!({ "Code": if item == met { code } else { "None" } })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Gets::Error(400, body.to_string())
}

/// Kills the function at one of its calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    /// Which of its calls, from 0.
    pub(crate) call: usize,
    pub(crate) moment: Moment,
}

/// When a function is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the request leaves.
    Before,
    /// After the effect, before the answer.
    After,
    /// The request is on its way, and arrives much later.
    OnItsWay,
}

impl Kill {
    pub(crate) fn fate(self, call: usize) -> Fate {
        let soon = Duration::from_millis(1);
        let fine = Fate { name: "", arrives: Some(soon), gets: Gets::Answer, after: soon, is_late: false };
        match self.moment {
            _ if call != self.call => fine,
            Moment::Before => Fate { name: "killed before", arrives: None, gets: Gets::Kill, ..fine },
            Moment::After => Fate { name: "killed after", gets: Gets::Kill, ..fine },
            Moment::OnItsWay => Fate {
                name: "killed, arrives late",
                arrives: Some(Duration::from_secs(20)),
                gets: Gets::Kill,
                is_late: true,
                ..fine
            },
        }
    }
}
