//! What is counted. Every operation is done once before, so that what it keeps in memory is there.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Builder;
use waymark::config::Config;
use waymark::config::diff::{Summary, diff, patch};
use waymark::config::merge::merge;
use waymark::config::merge_patch;
use waymark::delta::{MAX_DELTA, compress, decode, decompress, encode};

use crate::support::faults::Faults;
use crate::support::stack::ENV;
use crate::support::{Answer, Person, generate};
use crate::tape::Tape;

/// The size of the configs.
const BYTES: usize = 250_000;

/// callgrind collects while this runs, and writes down what it collected when it ends.
#[inline(never)]
fn counted_operation(run: &mut dyn FnMut()) {
    run();
}

/// Counts everything; `say` is told the name of each after it was counted.
pub(crate) fn run(say: &mut impl FnMut(&str)) {
    let mut count = |name: &str, run: &mut dyn FnMut()| {
        run();
        counted_operation(run);
        say(name);
    };
    let texts = generate::history(BYTES, 6);
    let configs: Vec<Config> = texts.iter().map(|text| Config::check(text.clone()).unwrap()).collect();
    let (old, new) = (&texts[0], &texts[3]);
    // Whoever checks a text has it alone; the copy that makes that so is counted too.
    count("check", &mut || drop(black_box(Config::check(Bytes::copy_from_slice(new.as_bytes())))));
    let object = compress(new.as_bytes()).unwrap();
    count("compress a keyframe", &mut || drop(black_box(compress(new.as_bytes()))));
    count("decompress a keyframe", &mut || drop(black_box(decompress(&object, new.len()))));
    let delta = encode(old.as_bytes(), new.as_bytes(), MAX_DELTA).unwrap().unwrap();
    count("encode a delta", &mut || drop(black_box(encode(old.as_bytes(), new.as_bytes(), MAX_DELTA))));
    count("decode a delta", &mut || drop(black_box(decode(old.as_bytes(), &delta, new.len()))));
    count("summary", &mut || drop(black_box(Summary::of(old, new, 480))));
    count("diff", &mut || drop(black_box(diff(old, new))));
    count("patch", &mut || drop(black_box(patch(old, new))));
    count("apply a merge patch", &mut || {
        drop(black_box(merge_patch::apply(&configs[0], br#"{"title":"other"}"#)));
    });
    let request = sent(&texts[0]);
    count("merge", &mut || drop(black_box(merge(&configs[0], &configs[1], &request))));
    requests(&texts, &mut |name: &str, run: &mut dyn FnMut()| {
        counted_operation(run);
        say(name);
    });
}

/// The same text with another title.
fn sent(text: &str) -> Config {
    Config::check(text.replacen("Back office", "Front office", 1)).unwrap()
}

/// Whole requests through the routers, whose stores answer from memory.
fn requests(texts: &[String], count: &mut impl FnMut(&str, &mut dyn FnMut())) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let ada = Person::admin("ada");
    let (stack, faults) = runtime.block_on(async {
        let (stack, faults) = Faults::stack().await;
        for text in &texts[..5] {
            assert!(stack.save(&ada, text.clone()).await.status.is_success());
        }
        stack.post(&ada, &format!("{ENV}/publish"), serde_json::json!({ "version": 2 })).await.is(200);
        (Arc::into_inner(stack).unwrap().unchecked(), faults)
    });
    let live = runtime.block_on(stack.get(&ada, &format!("{ENV}/live"), &[])).is(200);
    let etag = [("if-none-match", live.header("etag"))];
    let get = |path: &str, headers: &[(&str, &str)]| {
        runtime.block_on(stack.get(&ada, &format!("{ENV}/{path}"), headers))
    };
    let turn = Cell::new(0);
    replayed(&faults, "save", count, &|| {
        // What is there already would not be saved again.
        let text = if turn.replace(1) == 0 { &texts[5] } else { &texts[4] };
        runtime.block_on(stack.overwrite(&ada, text.clone()))
    });
    replayed(&faults, "read version n", count, &|| get("versions/3/config", &[]));
    replayed(&faults, "list", count, &|| get("history?limit=50", &[]));
    replayed(&faults, "live, 304", count, &|| get("live", &etag));
}

/// Counts a request that has the answers of the same request before it, which was the second: the function is warm.
fn replayed(
    faults: &Faults,
    name: &str,
    count: &mut impl FnMut(&str, &mut dyn FnMut()),
    run: &dyn Fn() -> Answer,
) {
    run();
    let tape = Tape::record(faults, &["Query", "GetItem", "PutItem"]);
    let first = run();
    tape.play();
    count(name, &mut || assert_eq!(run().status, first.status, "{name}"));
}
