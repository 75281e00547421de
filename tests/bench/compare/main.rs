//! Waymark beside what one would take instead, on the same versions in the same run, as one table in Markdown:
//! `cargo run --profile sim -p waymark-tests --features peers --example compare -- [FILE | SIZE | --smoke]`.
//!
//! `FILE` is a history as for `feed`; without one, generated histories of 10 KB, 250 KB, 3 MB and 20 MB are saved.
//! `SIZE` is one of these, such as `"3 MB"`. `--smoke` takes a few small versions, to see that everything runs. Every side does the same thing by turns, so that
//! whatever else the machine does hits all alike. PostgreSQL, Redis and git must be installed; what cannot be started
//! ends the program with another exit code than 0.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io;

#[path = "../../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;
#[path = "../versions.rs"]
mod versions;

mod data;
mod gateway;
mod git;
mod libgit2;
mod measure;
mod objects;
mod postgres;
mod redis;
mod sdk;
mod server;
mod service;
mod side;
mod table;

use data::History;
use measure::measure;
use side::Side;

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let histories = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => data::generated(),
        ["--smoke"] => data::smoke(),
        [size] if data::SIZES.contains(size) => data::generated_of(size),
        [path] => vec![History::of_file(&versions::versions(std::fs::read(path)?)?)],
        _ => return Err(io::Error::other("Give one file of versions, or --smoke, or nothing.")),
    };
    let mut out = io::stdout();
    let mut settings = Vec::new();
    for history in &histories {
        let mut sides = sides().await;
        if settings.is_empty() {
            settings.extend(sides.iter().map(|side| (side.name(), side.settings())));
            table::head(&settings, &mut out)?;
        }
        let rows = measure(history, &mut sides).await;
        table::rows(&rows, &mut out)?;
    }
    table::notes(&settings, &mut out)
}

/// All sides, each with an empty store. Waymark's is the first: the others are compared with it.
async fn sides() -> Vec<Box<dyn Side>> {
    let service = service::Service::start().await;
    let sdk = sdk::Sdk::beside(&service);
    let objects = objects::Objects::beside(&service);
    vec![
        Box::new(service),
        Box::new(gateway::Gateway::start().await),
        Box::new(sdk),
        Box::new(postgres::Postgres::start().await),
        Box::new(libgit2::Libgit2::start()),
        Box::new(git::Git::start()),
        Box::new(objects.ready().await),
        Box::new(redis::Redis::start().await),
    ]
}
