//! What a long history costs.

use waymark::delta::{MAX_DELTA, compress, encode};
use waymark::hash::Sha256;

use crate::support::Stack;
use crate::support::feed::feed;
use crate::support::generate::history;

#[tokio::test]
async fn small_edits_take_a_fifth_of_whole_objects_and_two_calls_each() {
    let versions = history(100_000, 120);
    let report = feed(&Stack::start().await, &versions).await;

    assert_eq!((report.given.count, report.entries), (121, 121));
    assert_eq!(report.keyframes.count + report.deltas.count, 121, "each is one or the other");
    assert!(report.stored() * 5 <= report.objects.bytes, "{report:?}");
    // A query and a write each, and a PUT for each keyframe; the first entry is written with the registry's line. Whether
    // there is a schema to warn by is read once in half a minute.
    let expected = [
        ("DynamoDB.GetItem", 1),
        ("DynamoDB.PutItem", 120),
        ("DynamoDB.Query", 121),
        ("DynamoDB.TransactWriteItems", 1),
        ("S3.PutObject", report.keyframes.count),
    ];
    assert_eq!(report.calls, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert!(report.calls_per_save() <= 2.1, "{report:?}");
}

#[tokio::test]
async fn deltas_of_a_small_config_do_not_grow_for_ever() {
    let versions = history(10_000, 240);
    let report = feed(&Stack::start().await, &versions).await;

    let (mut keyframe, mut without) = (versions[0].as_bytes(), 0);
    for text in &versions {
        without += match encode(keyframe, text.as_bytes(), MAX_DELTA).unwrap() {
            Some(delta) => delta.len(),
            None => {
                keyframe = text.as_bytes();
                compress(keyframe).unwrap().len()
            }
        };
    }
    assert!(report.stored() * 2 <= without, "{without} bytes without new keyframes, {report:?}");
    assert!(report.keyframes.count * 10 <= versions.len(), "{report:?}");
}

/// A small config, and the same with a note that does not compress.
fn small() -> (String, impl Fn(u32) -> String) {
    let first = history(10_000, 0).remove(0);
    let text = first.clone();
    let noted = move |n: u32| {
        let note: String = (0..10).map(|k| Sha256::of(format!("{n} {k}").as_bytes()).to_string()).collect();
        text.replacen('{', &format!("{{\"note\":\"{note}\","), 1)
    };
    (first, noted)
}

#[tokio::test]
async fn what_leads_back_and_forth_gets_no_new_keyframe() {
    let (first, noted) = small();
    let versions: Vec<String> = (0..60).flat_map(|n| [first.clone(), noted(n)]).collect();
    let report = feed(&Stack::start().await, &versions).await;
    assert_eq!((report.keyframes.count, report.deltas.count), (1, 60), "{report:?}");
}

#[tokio::test]
async fn what_leads_back_and_forth_far_from_its_keyframe_gets_a_new_one() {
    let (first, noted) = small();
    let (one, other) = (noted(1), noted(1).replacen('{', "{\"mode\":1,", 1));
    let there_and_back = (0..60).flat_map(|_| [one.clone(), other.clone()]);
    let versions: Vec<String> = [first].into_iter().chain(there_and_back).collect();
    let report = feed(&Stack::start().await, &versions).await;
    assert!((2..=3).contains(&report.keyframes.count), "{report:?}");
    assert!(report.deltas.bytes < 120 * 200, "{report:?}");
}
