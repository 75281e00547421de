//! What a long history costs.

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
