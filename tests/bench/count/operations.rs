//! What is counted. Everything is done once before, so that what it keeps in memory is there.

use std::cell::Cell;
use std::hint::black_box;

use bytes::Bytes;
use serde_json::json;
use tokio::runtime::Builder;
use waymark::config::Config;
use waymark::config::diff::{Summary, diff, patch};
use waymark::config::merge::merge;
use waymark::config::merge_patch;
use waymark::delta::{MAX_DELTA, compress, decode, decompress, encode};

use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack, generate};

/// The size of the configs.
const BYTES: usize = 250_000;

/// What the library computes.
pub(crate) const COMPUTATIONS: [&str; 10] = [
    "check",
    "compress a keyframe",
    "decompress a keyframe",
    "encode a delta",
    "decode a delta",
    "summary",
    "diff",
    "patch",
    "apply a merge patch",
    "merge",
];

/// Whole requests, with what the SDK's clients do.
pub(crate) const REQUESTS: [&str; 4] = ["save", "read version n", "list", "live, 304"];

/// callgrind counts while this runs.
#[inline(never)]
fn counted_operation(run: &mut dyn FnMut()) {
    run();
}

fn count(run: &mut dyn FnMut()) {
    run();
    counted_operation(run);
}

/// Does one of [`COMPUTATIONS`].
pub(crate) fn compute(name: &str) {
    let texts = generate::history(BYTES, 3);
    let configs: Vec<Config> = texts.iter().map(|text| Config::check(text.clone()).unwrap()).collect();
    let (old, new) = (texts[0].as_str(), texts[3].as_str());
    let encoded = || encode(old.as_bytes(), new.as_bytes(), MAX_DELTA).unwrap().unwrap();
    match name {
        // Whoever checks a text has it alone; the copy that makes that so is counted too.
        "check" => {
            count(&mut || drop(black_box(Config::check(Bytes::copy_from_slice(new.as_bytes())))));
        }
        "compress a keyframe" => count(&mut || drop(black_box(compress(new.as_bytes())))),
        "decompress a keyframe" => {
            let object = compress(new.as_bytes()).unwrap();
            count(&mut || drop(black_box(decompress(&object, new.len()))));
        }
        "encode a delta" => count(&mut || drop(black_box(encoded()))),
        "decode a delta" => {
            let delta = encoded();
            count(&mut || drop(black_box(decode(old.as_bytes(), &delta, new.len()))));
        }
        "summary" => count(&mut || drop(black_box(Summary::of(old, new, 480)))),
        "diff" => count(&mut || drop(black_box(diff(old, new)))),
        "patch" => count(&mut || drop(black_box(patch(old, new)))),
        "apply a merge patch" => {
            count(&mut || drop(black_box(merge_patch::apply(&configs[0], br#"{"title":"other"}"#))));
        }
        "merge" => {
            let request = Config::check(old.replacen("Back office", "Front office", 1)).unwrap();
            count(&mut || drop(black_box(merge(&configs[0], &configs[1], &request))));
        }
        other => panic!("{other}"),
    }
}

/// Saves what [`request`] asks for.
pub(crate) async fn prepare(stack: &Stack) {
    let ada = Person::admin("ada");
    for text in generate::history(BYTES, 3) {
        assert!(stack.save(&ada, text).await.status.is_success());
    }
    stack.post(&ada, &format!("{ENV}/publish"), json!({ "version": 2 })).await.is(200);
}

/// Sends one of [`REQUESTS`] twice, to functions over the stores at an address, and counts the second.
pub(crate) fn request(name: &str, address: &[&str]) {
    let address: Vec<String> = address.iter().map(|&part| part.to_owned()).collect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _within = runtime.enter();
    let (stack, ada) = (Stack::elsewhere(&address.try_into().unwrap()).unchecked(), Person::admin("ada"));
    let get = |path: &str, headers: &[(&str, &str)]| {
        runtime.block_on(stack.get(&ada, &format!("{ENV}/{path}"), headers))
    };
    let texts = generate::history(BYTES, 5);
    let live = get("live", &[]).is(200);
    let turn = Cell::new(4);
    let send = || -> Answer {
        match name {
            // What is there already would not be saved again.
            "save" => runtime.block_on(stack.overwrite(&ada, texts[turn.replace(5)].clone())).is(200),
            "read version n" => get("versions/3/config", &[]).is(200),
            "list" => get("history?limit=50", &[]).is(200),
            "live, 304" => get("live", &[("if-none-match", live.header("etag"))]).is(304),
            other => panic!("{other}"),
        }
    };
    count(&mut || drop(send()));
}
