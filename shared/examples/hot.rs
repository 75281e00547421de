//! What a save and a read compute, on a config of 270 KB: `bash tests/hot.sh` compares release profiles by it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for developers: a fault may end it at once"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use waymark::config::Config;
use waymark::delta;
use waymark::hash::Sha256;
use waymark::schema::{Budget, Schema};

/// How often each is done; the median counts.
const TIMES: usize = 101;

fn main() {
    let before = config(0);
    let after = config(7);
    let schema = Schema::parse(
        r##"{"type":"object","required":["panels"],"properties":{"panels":{"type":"array","items":{"$ref":"#/$defs/panel"}}},
            "$defs":{"panel":{"type":"object","required":["id","title"],"properties":{"id":{"type":"integer"},
            "title":{"type":"string","maxLength":80},"query":{"pattern":"^select "},"size":{"enum":["small","large"]}}}}}"##,
    )
    .expect("a schema");
    let checked = Config::check(after.clone()).expect("a config");
    let encoded = delta::encode(before.as_bytes(), after.as_bytes(), delta::MAX_DELTA).unwrap().unwrap();
    let keyframe = delta::compress(after.as_bytes()).unwrap();
    measure("check and hash", || Config::check(after.clone()).unwrap());
    measure("hash alone", || Sha256::of(after.as_bytes()));
    measure("delta encode", || delta::encode(before.as_bytes(), after.as_bytes(), delta::MAX_DELTA).unwrap());
    measure("delta decode", || delta::decode(before.as_bytes(), &encoded, after.len()).unwrap());
    measure("keyframe compress", || delta::compress(after.as_bytes()).unwrap());
    measure("keyframe read", || delta::decompress(&keyframe, after.len()).unwrap());
    let budget = Budget::new(u64::MAX, usize::MAX);
    measure("schema", || schema.check(&checked, 50, &budget).unwrap());
}

/// A config of 1,500 panels; those whose number `changed` divides say something else.
fn config(changed: usize) -> String {
    let mut text = String::from("{\n  \"title\": \"Refund desk\",\n  \"panels\": [");
    for id in 0..1_500_usize {
        let comma = if id == 0 { "" } else { "," };
        let word = if changed > 0 && id % (changed * 100) == 3 { "refunds" } else { "payments" };
        let _ = write!(
            text,
            "{comma}\n    {{ \"id\": {id}, \"title\": \"Panel {id}: {word}\", \"size\": \"small\", \"x\": {}.5, \"query\": \
             \"select * from {word} where customer_id = {} and amount > {}\" }}",
            id * 37 % 1_000,
            id * 7_919 % 100_003,
            id * 31 % 997,
        );
    }
    text.push_str("\n  ]\n}\n");
    text
}

#[allow(clippy::disallowed_methods, reason = "a measurement")]
fn measure<T>(name: &str, work: impl Fn() -> T) {
    let mut times: Vec<_> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            black_box(work());
            began.elapsed()
        })
        .collect();
    times.sort();
    let median = times[TIMES / 2].as_secs_f64() * 1e6;
    let _ = writeln!(std::io::stdout(), "{name}\t{median:.1}");
}
