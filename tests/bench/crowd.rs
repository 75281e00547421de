//! Says how long another app's reads take while 16 requests at once do the heaviest work there is:
//! `cargo build && cargo run -p waymark-tests --example crowd -- target/debug/waymark`.
//!
//! The argument is the service's program. The service is a process of its own over a data folder that is removed at the
//! end. First nothing else is asked of it; then 16 at once send a patch of 122 bytes, gzipped, that copies the whole config
//! into itself twenty times; then 16 at once merge arrays of a million elements. Meanwhile another app's config of 2 KB and
//! one of 200 KB are read in turns. It ends with another exit code than 0 where the 99th percentile of the reads is over
//! 100 ms. Linux only: memory is read from `/proc`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::Instant;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use support::generate::Tool;
use support::process::Service;

/// Heavy requests at once.
const CROWD: usize = 16;

/// How often each of them is sent.
const ROUNDS: usize = 2;

/// How long reads are measured with nothing beside them.
const QUIET: Duration = Duration::from_secs(3);

/// The pause between two reads.
const PAUSE: Duration = Duration::from_millis(5);

/// What a read may take, at the 99th percentile.
const AIM: Duration = Duration::from_millis(100);

/// Elements of the arrays that are merged.
const ELEMENTS: usize = 1_000_000;

const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const ANY: (&str, &str) = ("if-match", "*");

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn env(number: usize) -> String {
    format!("/v1/apps/crm/envs/e{number}")
}

fn array(first: i64, last: i64) -> String {
    let middle: Vec<String> = (1..ELEMENTS - 1).map(|n| n.to_string()).collect();
    format!("[{first},{},{last}]", middle.join(","))
}

#[tokio::main]
async fn main() -> io::Result<ExitCode> {
    let Some(program) = std::env::args().nth(1) else {
        writeln!(io::stderr(), "Give the service's program: crowd PROGRAM")?;
        return Ok(ExitCode::FAILURE);
    };
    let folder = tempfile::tempdir()?;
    let service = Arc::new(Service::start(&program, folder.path()).await);
    prepare(&service).await;
    let out = &mut io::stdout();
    writeln!(
        out,
        "| beside | read | reads | p50 ms | p99 ms | most ms | answers of the crowd | RSS MB, peak |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    let mut well = true;
    let nothing = tokio::spawn(async {
        tokio::time::sleep(QUIET).await;
        BTreeMap::new()
    });
    well &= measured("nothing", &service, nothing, out).await?;
    let copies: Vec<String> =
        (0..20).map(|n| format!("{{\"op\":\"copy\",\"from\":\"\",\"path\":\"/{n}\"}}")).collect();
    let patch = bytes::Bytes::from(gzip(&format!("[{}]", copies.join(","))));
    writeln!(io::stderr(), "The patch has {} bytes.", patch.len())?;
    let patches = tokio::spawn(crowd(Arc::clone(&service), move |service, number| {
        let headers = [("content-type", "application/json-patch+json"), GZIP, ANY];
        service.send("PATCH", &format!("{}/working", env(number)), &headers, patch.clone())
    }));
    well &= measured("20 copies of the whole, 16 at once", &service, patches, out).await?;
    let request = bytes::Bytes::from(gzip(&array(0, -1)));
    let merges = tokio::spawn(crowd(Arc::clone(&service), move |service, _| {
        let headers = [JSON, GZIP, ("waymark-base", "1")];
        service.send("POST", &format!("{}/merge", env(CROWD)), &headers, request.clone())
    }));
    well &= measured("a merge of a million elements, 16 at once", &service, merges, out).await?;
    service.ask_to_end().await;
    let ended = Arc::into_inner(service).unwrap().ended().await;
    Ok(if well && ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Saves what is patched, merged and read.
async fn prepare(service: &Service) {
    for number in 0..CROWD {
        let saved = service.send("PUT", &format!("{}/working", env(number)), &[JSON], "{}");
        saved.await.unwrap().unwrap().is(201);
    }
    let path = format!("{}/working", env(CROWD));
    for (text, status, condition) in [(array(0, 1), 201, ("if-none-match", "*")), (array(-1, 1), 200, ANY)] {
        service.send("PUT", &path, &[JSON, GZIP, condition], gzip(&text)).await.unwrap().unwrap().is(status);
    }
    for (name, bytes) in [("small", 2_000), ("large", 200_000)] {
        let text = Tool::seeded(1, bytes).text();
        let path = format!("/v1/apps/hr/envs/{name}/working");
        service.send("PUT", &path, &[JSON], text).await.unwrap().unwrap().is(201);
    }
}

/// Sends [`CROWD`] requests at once, each [`ROUNDS`] times; counts the statuses.
async fn crowd<F>(service: Arc<Service>, send: F) -> BTreeMap<u16, usize>
where
    F: Fn(&Service, usize) -> tokio::task::JoinHandle<Option<support::Answer>> + Send + Sync + 'static,
{
    let send = Arc::new(send);
    let many: Vec<_> = (0..CROWD)
        .map(|number| {
            let (service, send) = (Arc::clone(&service), Arc::clone(&send));
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..ROUNDS {
                    let answer = send(&service, number).await.unwrap();
                    statuses.push(answer.map_or(0, |answer| answer.status.as_u16()));
                }
                statuses
            })
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for one in many {
        for status in one.await.unwrap() {
            *statuses.entry(status).or_default() += 1;
        }
    }
    statuses
}

/// Reads another app's configs until `beside` has ended, and prints how long that took. Whether it was within [`AIM`].
async fn measured(
    name: &str,
    service: &Service,
    beside: tokio::task::JoinHandle<BTreeMap<u16, usize>>,
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    while !beside.is_finished() {
        for read in ["small", "large"] {
            let sent = Instant::now();
            service.get(&format!("/v1/apps/hr/envs/{read}/working")).await.is(200);
            times.entry(read).or_default().push(sent.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
    }
    let (statuses, memory) = (beside.await.unwrap(), peak_mb(service.id()));
    let mut well = true;
    for (read, times) in &mut times {
        times.sort();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (p50, p99, most) = (at(50), at(99), times[times.len() - 1]);
        well &= p99 < AIM;
        let (p50, p99, most) = (ms(p50), ms(p99), ms(most));
        writeln!(
            out,
            "| {name} | {read} | {} | {p50:.1} | {p99:.1} | {most:.1} | {statuses:?} | {memory:.0} |",
            times.len()
        )?;
    }
    Ok(well)
}

fn peak_mb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}
