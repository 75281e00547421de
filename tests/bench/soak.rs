//! Loads the local service for a long time and says every minute whether it grows:
//! `cargo build --release && cargo run --release -p waymark-tests --example soak -- target/release/waymark 60 20`.
//!
//! The arguments are the service's program, how many minutes (60), and how many requests a second (20). The service is a
//! process of its own over a data folder that is removed at the end. The requests are a mix of everything, in five
//! environments; each is checked for its status, and reads for their texts. At the end every history is verified. It ends
//! with another exit code than 0 when a request failed, a history does not verify, or file handles have grown. Linux only:
//! memory and handles are read from `/proc`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::Answer;
use support::generate::Tool;
use support::process::Service;

/// How many environments the load is spread over.
const ENVIRONMENTS: u64 = 5;

/// How many file handles more than after the first minutes count as growth: connections come and go.
const HANDLES: usize = 32;

/// The minutes in which the service's memory fills what it keeps on purpose, such as the keyframes that were used last.
const WARM: usize = 5;

/// What was asked since the last line, and what went wrong.
#[derive(Default)]
struct Minute {
    times: Vec<Duration>,
    kinds: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

/// A request of the mix: what it is called, method and path, headers, body, and the statuses that it may be answered with.
struct Step {
    kind: &'static str,
    method: &'static str,
    rest: String,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    expected: &'static [u16],
}

impl Step {
    fn read(kind: &'static str, rest: &str, expected: &'static [u16]) -> Self {
        let rest = rest.to_owned();
        Self { kind, method: "GET", rest, headers: Vec::new(), body: String::new(), expected }
    }

    fn act(kind: &'static str, rest: &str, body: &Value, expected: &'static [u16]) -> Self {
        let headers = vec![("content-type", "application/json")];
        Self { kind, method: "POST", rest: rest.to_owned(), headers, body: body.to_string(), expected }
    }

    /// The `number`th of the mix. It repeats every hundred, so that a minute at 20 a second has twelve of each.
    fn of(number: u64, tools: &mut [Tool]) -> Self {
        let json = ("content-type", "application/json");
        let any = ("if-match", "*");
        match number % 100 {
            0..30 => {
                let tool = &mut tools[usize::try_from(number % ENVIRONMENTS).unwrap()];
                tool.edit();
                let (headers, body) = (vec![json, any], tool.text());
                Self {
                    kind: "save",
                    method: "PUT",
                    rest: "/working".to_owned(),
                    headers,
                    body,
                    expected: &[200],
                }
            }
            30..40 => {
                let headers = vec![("content-type", "application/merge-patch+json")];
                let body = json!({ "title": format!("Edition {number}") }).to_string();
                Self {
                    kind: "patch",
                    method: "PATCH",
                    rest: "/working".to_owned(),
                    headers,
                    body,
                    expected: &[200],
                }
            }
            40..60 => Self::read("live", "/live", &[200]),
            60..70 => Self::read("working", "/working", &[200]),
            70..76 => Self::read("history", "/history?limit=50", &[200]),
            76..80 => Self::read("version", "/versions/1/config", &[200]),
            80..84 => Self::read("diff", "/diff?from=1&to=working", &[200]),
            84..86 => Self::read("standing", "", &[200]),
            86..88 => Self::read("blame", "/blame?path=/title", &[200]),
            88..90 => Self::read("snapshots", "/snapshots?limit=50", &[200]),
            90..92 => Self::read("verify", "/verify?limit=20", &[200]),
            92..94 => Self::act("snapshot", "/snapshots", &json!({}), &[201]),
            94..96 => Self::act("publish", "/publish", &json!({ "version": "working" }), &[200]),
            96 => Self::act("rollback", "/rollback", &json!({}), &[200, 409]),
            97 => Self::act("restore", "/restore", &json!({ "version": 1 }), &[200]),
            98 => Self::act("backup", "/backups", &json!({}), &[201]),
            _ => Self::act("refused", "/restore", &json!({ "version": 999_999_999 }), &[404]),
        }
    }
}

fn env(number: u64) -> String {
    format!("/v1/apps/crm/envs/e{}", number % ENVIRONMENTS)
}

#[tokio::main]
async fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let Some(program) = arguments.next() else {
        writeln!(io::stderr(), "Give the service's program: soak PROGRAM [MINUTES [REQUESTS A SECOND]]")?;
        return Ok(ExitCode::FAILURE);
    };
    let minutes: usize = arguments.next().map_or(60, |minutes| minutes.parse().unwrap());
    let rate: u64 = arguments.next().map_or(20, |rate| rate.parse().unwrap());
    let folder = tempfile::tempdir()?;
    let service = Arc::new(Service::start(&program, folder.path()).await);
    let mut tools: Vec<Tool> = (1..=ENVIRONMENTS).map(|seed| Tool::seeded(seed, 60_000)).collect();
    for (number, tool) in (0..).zip(&tools) {
        let path = format!("{}/working", env(number));
        let json = [("content-type", "application/json")];
        service.send("PUT", &path, &json, tool.text()).await.unwrap().unwrap().is(201);
    }
    let out = &mut io::stdout();
    writeln!(
        out,
        "{:>6} {:>8} {:>6} {:>9} {:>9} {:>8} {:>9} {:>9}",
        "minute", "requests", "errors", "p50 ms", "max ms", "handles", "RSS MB", "data MB"
    )?;
    let (mut handles, mut failed, mut memory) = (Vec::new(), 0, Vec::new());
    for minute in 1..=minutes {
        let done = one_minute(&service, (minute as u64 - 1) * rate * 60, rate, &mut tools).await;
        let (open, resident) = (open_handles(service.id()), resident_mb(service.id()));
        let (p50, most) = times(&done.times);
        let (requests, errors, data) = (done.times.len(), done.faults.len(), megabytes(folder.path()));
        writeln!(
            out,
            "{minute:>6} {requests:>8} {errors:>6} {p50:>9.1} {most:>9.1} {open:>8} {resident:>9.1} {data:>9.1}"
        )?;
        for fault in done.faults.iter().take(5) {
            writeln!(out, "       {fault}")?;
        }
        if minute == 1 {
            writeln!(out, "       of which {:?}", done.kinds)?;
        }
        out.flush()?;
        failed += errors;
        handles.push(open);
        memory.push(resident);
    }
    let unverified = verify_all(&service, out).await?;
    let (first, last) = (handles[handles.len().min(WARM) - 1], handles[handles.len() - 1]);
    writeln!(out, "errors: {failed}; handles {first} after {WARM} minutes, {last} at the end")?;
    writeln!(
        out,
        "memory: {:.1} MB after {WARM} minutes, {:.1} MB at the end",
        memory[memory.len().min(WARM) - 1],
        memory[memory.len() - 1]
    )?;
    service.ask_to_end().await;
    let ended = Arc::into_inner(service).unwrap().ended().await;
    writeln!(out, "the service ended with {:?}", ended.code())?;
    let well = failed == 0 && unverified == 0 && last <= first + HANDLES && ended.success();
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends one minute of the mix, from its `first` request on, each when its time has come, whatever became of the others.
async fn one_minute(service: &Arc<Service>, first: u64, rate: u64, tools: &mut [Tool]) -> Minute {
    let (began, seen) = (Instant::now(), Arc::new(Mutex::new(Minute::default())));
    let mut sent = Vec::new();
    for number in 0..rate * 60 {
        tokio::time::sleep_until(
            began + Duration::from_secs(1) * u32::try_from(number).unwrap() / u32::try_from(rate).unwrap(),
        )
        .await;
        let number = first + number;
        let step = Step::of(number, tools);
        let path = format!("{}{}", env(number), step.rest);
        let (service, seen) = (Arc::clone(service), Arc::clone(&seen));
        sent.push(tokio::spawn(async move {
            let sent = Instant::now();
            let answer = service.send(step.method, &path, &step.headers, step.body.clone()).await;
            let fault = fault(&step, answer.ok().flatten());
            let mut seen = seen.lock().unwrap();
            seen.times.push(sent.elapsed());
            *seen.kinds.entry(step.kind).or_default() += 1;
            seen.faults.extend(fault.map(|fault| format!("{} {path}: {fault}", step.method)));
        }));
    }
    for sent in sent {
        sent.await.unwrap();
    }
    std::mem::take(&mut *seen.lock().unwrap())
}

/// What is wrong with an answer, if anything is.
fn fault(step: &Step, answer: Option<Answer>) -> Option<String> {
    let Some(answer) = answer else { return Some("no answer".to_owned()) };
    let status = answer.status.as_u16();
    if !step.expected.contains(&status) {
        return Some(format!("{status} {}", String::from_utf8_lossy(&answer.body)));
    }
    let whole = answer.body.is_empty() || serde_json::from_slice::<Value>(&answer.body).is_ok();
    (!whole).then(|| "the answer is no JSON".to_owned())
}

/// Verifies every history to its end; says how many are not whole.
async fn verify_all(service: &Service, out: &mut impl Write) -> io::Result<usize> {
    let mut unverified = 0;
    for number in 0..ENVIRONMENTS {
        let (mut next, mut entries, mut faults) = (Some(format!("{}/verify?limit=200", env(number))), 0, 0);
        while let Some(path) = next {
            let page = service.get(&path).await.is(200);
            entries += page.at("/checked").as_u64().unwrap();
            faults += page.at("/faults").as_array().unwrap().len();
            next = page.at("/next").as_str().map(str::to_owned);
        }
        writeln!(out, "e{number}: {entries} entries, {faults} faults")?;
        unverified += usize::from(faults > 0);
    }
    Ok(unverified)
}

/// The median and the longest, in milliseconds.
fn times(times: &[Duration]) -> (f64, f64) {
    let mut times = times.to_vec();
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    (ms(times.get(times.len() / 2)), ms(times.last()))
}

fn open_handles(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

fn resident_mb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

fn megabytes(folder: &std::path::Path) -> f64 {
    fn bytes(folder: &std::path::Path) -> u64 {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
                Ok(metadata) => metadata.len(),
                Err(_) => 0,
            })
            .sum()
    }
    bytes(folder) as f64 / 1_000_000.0
}
