//! What Waymark costs in an account, and what one would take instead:
//! `cargo run --profile sim -p waymark-tests --example cost -- [FILE]`.
//!
//! Saves a history as for `feed` (a generated one of 250 KB without `FILE`) and counts the calls, the units of what is
//! written and the bytes; the prices are in `prices.rs`. The durations are those of this machine, whose engines answer
//! sooner than AWS does: Lambda's part is therefore given apart.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for developers: a fault may end it at once")]
#![allow(clippy::wrong_self_convention, reason = "as in the tests")]

use std::io::{self, Write};
use std::time::Instant;

use http::StatusCode;
use serde_json::json;

#[path = "../../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;
#[path = "../versions.rs"]
mod versions;

mod prices;
mod usage;

use prices::{PRICES, price};
use support::stack::ENV;
use support::{Answer, Person, Stack, generate};
use usage::{Counted, Usage};

/// How often each read is made.
const READS: usize = 50;

/// Memory of the functions that save and of `live`, in GB, as the template has it.
const SAVE_GB: f64 = 1.0;
const LIVE_GB: f64 = 0.5;

/// A month of one environment: saves, publishes, looks at the history, live reads unchanged and changed.
const MONTH: [(Done, f64); 5] = [
    (Done::Save, 400.0),
    (Done::Publish, 8.0),
    (Done::List, 100.0),
    (Done::LiveSame, 100_000.0),
    (Done::LiveChanged, 1_000.0),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Save,
    Publish,
    List,
    LiveSame,
    LiveChanged,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let versions = match std::env::args_os().nth(1) {
        Some(path) => versions::versions(std::fs::read(path)?)?,
        None => generate::history(250_000, 199),
    };
    let (stack, ada) = (Stack::start().await.unchecked(), Person::admin("ada"));
    let mut each = vec![(Done::Save, saves(&stack, &ada, &versions).await)];
    let stored = usage::stored(&stack).await;
    let snapshot = |name: &str, version: usize| json!({ "name": name, "version": version });
    for (name, version) in [("a", 1), ("b", 2)] {
        stack.post(&ada, &format!("{ENV}/snapshots"), snapshot(name, version)).await.is(201);
    }
    each.push((Done::Publish, publishes(&stack, &ada).await));
    let page = usage::page(&stack).await;
    each.push((Done::List, reads(&stack, &ada, "history?limit=50", &[], SAVE_GB, page).await));
    let live = stack.get(&ada, &format!("{ENV}/live"), &[]).await.is(200);
    let etag = [("if-none-match", live.header("etag"))];
    each.push((Done::LiveSame, reads(&stack, &ada, "live", &etag, LIVE_GB, 0).await));
    each.push((Done::LiveChanged, reads(&stack, &ada, "live", &[], LIVE_GB, 0).await));
    print(&versions, &each, stored, &mut io::stdout())
}

async fn saves(stack: &Stack, ada: &Person, versions: &[String]) -> Usage {
    let mut sum = Usage::default();
    stack.calls.take();
    for (number, text) in (1..).zip(versions) {
        let headers: &[(&str, &str)] = if number == 1 { &[] } else { &[("if-match", "*")] };
        let (answer, counted) = counted(stack, SAVE_GB, async {
            stack.call(ada, "PUT", &format!("{ENV}/working"), headers, text.clone()).await
        })
        .await;
        assert!(answer.status.is_success(), "{}", answer.text());
        let written = if answer.at("/unchanged") == true { 0 } else { usage::entry(stack, &answer).await };
        sum.add(&counted.usage(written, 0));
    }
    sum.each(versions.len())
}

async fn publishes(stack: &Stack, ada: &Person) -> Usage {
    let mut sum = Usage::default();
    for round in 0..READS {
        let body = json!({ "snapshot": if round % 2 == 0 { "a" } else { "b" } });
        let (answer, counted) =
            counted(stack, SAVE_GB, async { stack.post(ada, &format!("{ENV}/publish"), body).await }).await;
        let written = usage::entry(stack, &answer.is(200)).await;
        sum.add(&counted.usage(written, 0));
    }
    sum.each(READS)
}

async fn reads(
    stack: &Stack,
    ada: &Person,
    path: &str,
    headers: &[(&str, &str)],
    gb: f64,
    read: usize,
) -> Usage {
    let mut sum = Usage::default();
    for _ in 0..READS {
        let path = format!("{ENV}/{path}");
        let (answer, counted) = counted(stack, gb, stack.get(ada, &path, headers)).await;
        assert!(answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED, "{answer:?}");
        sum.add(&counted.usage(0, read));
    }
    sum.each(READS)
}

#[allow(clippy::disallowed_methods, reason = "a measurement")]
async fn counted(stack: &Stack, gb: f64, doing: impl Future<Output = Answer>) -> (Answer, Counted) {
    stack.calls.take();
    let start = Instant::now();
    let answer = doing.await;
    let gb_seconds = start.elapsed().as_secs_f64() * gb;
    let counted = Counted { calls: stack.calls.take(), gb_seconds, answered: answer.body.len() };
    (answer, counted)
}

fn print(
    versions: &[String],
    each: &[(Done, Usage)],
    stored: usage::Stored,
    out: &mut impl Write,
) -> io::Result<()> {
    let count = versions.len() as f64;
    let packed: Vec<usize> =
        versions.iter().map(|text| zstd::bulk::compress(text.as_bytes(), 3).unwrap().len()).collect();
    let of =
        |what: Done| each.iter().find(|(done, _)| *done == what).map(|(_, usage)| *usage).unwrap_or_default();
    let save = of(Done::Save);
    let object = price("S3 PUT") + price("DynamoDB write");
    let item = packed.iter().map(|bytes| (bytes + 200).div_ceil(1_024) as f64).sum::<f64>() / count
        * price("DynamoDB write");
    let mean = versions.iter().map(String::len).sum::<usize>() as f64 / count;
    writeln!(out, "{count} versions of {:.0} KB on average; USD per million", mean / 1_000.0)?;
    writeln!(out, "\n| | Waymark | one S3 object per save | DynamoDB, whole items | AppConfig |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    let million = |usd: f64| format!("{:.2}", usd * 1e6);
    let versus = |usd: f64| format!("{:.2} (×{:.2})", usd * 1e6, save.writes() / usd);
    let row = [million(save.writes()), versus(object), versus(item), "–".to_owned()];
    writeln!(out, "| saves: writes | {} |", row.join(" | "))?;
    let row = [million(save.aws()), million(object + price("DynamoDB read")), million(item), "–".to_owned()];
    writeln!(out, "| saves: all calls of storage | {} |", row.join(" | "))?;
    for (name, what) in [("live, unchanged", Done::LiveSame), ("live, changed", Done::LiveChanged)] {
        let appconfig = price("AppConfig request")
            + if what == Done::LiveChanged { price("AppConfig received") } else { 0.0 };
        let get = if what == Done::LiveChanged { price("S3 GET") } else { 0.0 };
        let whole = packed.iter().map(|bytes| (bytes + 200).div_ceil(4_096) as f64).sum::<f64>() / count;
        let row = [
            million(of(what).aws()),
            million(get + price("DynamoDB read")),
            million(whole * price("DynamoDB read")),
            million(appconfig),
        ];
        writeln!(out, "| {name}: calls of storage | {} |", row.join(" | "))?;
        let row = million(of(what).front());
        writeln!(out, "| {name}: API Gateway and Lambda | {row} | the same | the same | none |")?;
    }
    let month: f64 = MONTH.iter().map(|(what, times)| (of(*what).aws() + of(*what).front()) * times).sum();
    let saves = MONTH[0].1;
    let kept =
        stored.items as f64 * price("DynamoDB GB-month") + stored.objects as f64 * price("S3 GB-month");
    let kept = kept / 1e9 / count * saves;
    writeln!(
        out,
        "\n1,000 environments for a month ({MONTH:?} each, the history of one month kept, no backups): "
    )?;
    writeln!(
        out,
        "{:.2} USD, of which storage {:.2}, Lambda {:.2}",
        (month + kept) * 1e3,
        kept * 1e3,
        1e3 * MONTH.iter().map(|(what, times)| of(*what).lambda() * times).sum::<f64>()
    )?;
    let objects = packed.iter().sum::<usize>() as f64 / count * saves / 1e9 * price("S3 GB-month");
    writeln!(out, "one S3 object per save would keep {:.2} USD of objects in the same time", objects * 1e3)?;
    writeln!(out, "\nA save: {save:?}\nKept: {stored:?}\n\nPrices (us-east-1, USD):")?;
    for known in PRICES {
        writeln!(out, "- {}: {} ({}, {})", known.name, known.usd, known.source, known.seen)?;
    }
    Ok(())
}
