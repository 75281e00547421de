//! How large each binary is, and how long it takes from its start to its question for the first event.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::emulator::FUNCTIONS;
use super::folder;
use crate::support::lambda::{Stores, lambda_environment};
use crate::support::sqs;

/// What a binary should weigh at most, in bytes.
const AIM: u64 = 10_000_000;

/// How often each is started.
const STARTS: usize = 21;

/// A Runtime API that has no events; says when it is asked for one.
async fn runtime_api() -> (String, UnboundedReceiver<()>) {
    let (asked, asks) = unbounded_channel();
    let next = move || {
        let asked = asked.clone();
        async move {
            asked.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    };
    let router = Router::new().route("/2018-06-01/runtime/invocation/next", get(next));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, asks)
}

/// Starts a binary once.
#[allow(clippy::disallowed_methods, reason = "a measurement")]
async fn start(file: &str, stores: &Stores) -> Duration {
    let (address, mut asks) = runtime_api().await;
    let mut command = Command::new(file);
    command.env_clear().envs(lambda_environment(&address)).envs(stores.environment());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let began = Instant::now();
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{file}: {error}"));
    let asked = tokio::time::timeout(Duration::from_secs(60), asks.recv()).await;
    let took = began.elapsed();
    asked.unwrap_or_else(|_| panic!("{file} did not start")).unwrap();
    process.kill().await.unwrap();
    took
}

#[tokio::test]
#[ignore = "needs the release binaries: bash tests/binaries.sh"]
async fn sizes_and_starts() {
    let mut stores = Stores::start().await.unwrap();
    let (endpoint, _) = sqs::start(0).await;
    stores.set("AWS_ENDPOINT_URL_SQS", endpoint.clone());
    stores.set("WAYMARK_BACKUP_QUEUE", sqs::url(&endpoint));
    let names: Vec<&str> = ["hello"].into_iter().chain(FUNCTIONS).collect();
    let files: Vec<String> =
        names.iter().map(|name| format!("{}/waymark-{name}/bootstrap", folder())).collect();
    // In turns, so that whatever else the machine does falls on all of them.
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); files.len()];
    for _ in 0..STARTS {
        for (file, times) in files.iter().zip(&mut times) {
            times.push(start(file, &stores).await);
        }
    }
    let mut table = format!("{:14} {:>12} {:>9} {:>9}\n", "function", "bytes", "fastest", "median");
    for ((name, file), times) in names.iter().zip(&files).zip(&mut times) {
        times.sort();
        let bytes = std::fs::metadata(file).unwrap().len();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let over = if bytes > AIM { "  over 10 MB" } else { "" };
        table +=
            &format!("{name:14} {bytes:>12} {:>9.1} {:>9.1}{over}\n", ms(times[0]), ms(times[STARTS / 2]));
    }
    let said =
        format!("\nFrom start to the question for the first event, in ms, of {STARTS} starts each:\n{table}");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}
