//! Bodies as they are sent: compressed, of the wrong type, too large.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::steps::under;
use crate::support::{Person, Stack};

const CONFIG: &str = "{\"title\": \"Refund desk\", \"steps\": [1, 2, 3]}";

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_body_is_saved_as_its_text() {
    let ada = Person::admin("ada");
    let zstd = zstd::bulk::compress(CONFIG.as_bytes(), 3).unwrap();
    let gzip = gzip(CONFIG.as_bytes());
    let mut halves = super::bodies::gzip(&CONFIG.as_bytes()[..10]);
    halves.extend(super::bodies::gzip(&CONFIG.as_bytes()[10..]));
    let sent = [
        ("gzip", gzip.clone()),
        ("x-gzip", gzip.clone()),
        ("GZIP", gzip),
        // A gzip file may have several members.
        ("gzip", halves),
        ("zstd", zstd),
        ("identity", CONFIG.into()),
    ];
    for (encoding, body) in sent {
        let stack = Stack::start().await;
        stack.put(&ada, &[("content-encoding", encoding)], body).await.is(201);
        assert_eq!(stack.read(&ada, "working").await.text(), CONFIG, "{encoding}");
    }
    // A patch too.
    let stack = Stack::start().await;
    stack.save(&ada, CONFIG).await.is(201);
    let headers = [("content-type", "application/merge-patch+json"), ("content-encoding", "gzip")];
    let body = super::bodies::gzip(b"{\"title\": \"Desk\"}");
    stack.call(&ada, "PATCH", &under("working"), &headers, body).await.is(200);
    assert!(stack.read(&ada, "working").await.text().contains("\"Desk\""));
}

#[tokio::test]
async fn no_body_is_none_however_it_is_said_to_be_compressed() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, CONFIG).await.is(201);
    for encoding in ["gzip", "zstd", "identity"] {
        let headers = [("content-encoding", encoding)];
        stack.call(&ada, "POST", &under("snapshots"), &headers, "").await.is(201);
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for encoding in ["br", "deflate", "gzip, zstd", "nonsense"] {
        let refused = stack.put(&ada, &[("content-encoding", encoding)], CONFIG).await;
        let refused = refused.is_problem(415, "unsupported-media-type");
        assert_eq!(refused.at("/accepted"), json!(["gzip", "zstd", "identity"]), "{encoding}");
    }
    let whole = gzip(CONFIG.as_bytes());
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let cut = whole[..whole.len() - 4].to_vec();
    let mut trailing = whole.clone();
    trailing.extend(b"more");
    let zstd = zstd::bulk::compress(CONFIG.as_bytes(), 3).unwrap();
    let cut_zstd = zstd[..zstd.len() - 3].to_vec();
    let broken: [(&str, &str, Vec<u8>); 6] = [
        ("a bit flipped", "gzip", flipped),
        ("cut", "gzip", cut),
        ("something after it", "gzip", trailing),
        ("not compressed", "gzip", CONFIG.into()),
        ("another compression", "zstd", whole),
        ("cut", "zstd", cut_zstd),
    ];
    for (what, encoding, body) in broken {
        let refused = stack.put(&ada, &[("content-encoding", encoding)], body).await;
        assert_eq!(refused.status, 400, "{encoding}: {what}: {refused:?}");
        refused.is_problem(400, "malformed-request");
    }
    assert_eq!(stack.newest(&ada).await, 0);
}

#[tokio::test]
async fn a_config_is_sent_as_json() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for kind in ["text/plain", "application/octet-stream", "application/jsonx", "", "multipart/form-data"] {
        let refused = stack.put(&ada, &[("content-type", kind)], CONFIG).await;
        let refused = refused.is_problem(415, "unsupported-media-type");
        assert_eq!(refused.at("/accepted"), json!(["application/json"]), "{kind}");
    }
    // A patch that is sent by PUT would become the config: a slip, not a wish.
    for kind in ["application/json-patch+json", "application/merge-patch+json"] {
        let refused = stack.put(&ada, &[("content-type", kind)], "{\"title\": \"Desk\"}").await;
        refused.is_problem(415, "unsupported-media-type");
    }
    assert_eq!(stack.newest(&ada).await, 0);
    let kind = [("content-type", "application/vnd.desk+json; charset=utf-8")];
    stack.put(&ada, &kind, CONFIG).await.is(201);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let sent = stack.put(&ada, &[], vec![b' '; 4_400_001]).await.is_problem(413, "too-large");
    assert_eq!(sent.at("/limit"), 4_400_000);
    assert!(sent.at("/detail").as_str().unwrap().contains("POST /uploads"));

    // A few kilobytes that would become 33 MiB. They are no JSON either: nobody gets as far as to see that.
    let bomb = vec![b'x'; 33 * 1024 * 1024];
    for (encoding, body) in [("gzip", gzip(&bomb)), ("zstd", zstd::bulk::compress(&bomb, 3).unwrap())] {
        let refused = stack.put(&ada, &[("content-encoding", encoding)], body).await;
        assert_eq!(refused.is_problem(413, "too-large").at("/limit"), 33_554_432, "{encoding}");
    }
    let small = json!({ "name": "x".repeat(70_000) });
    stack.act(&ada, "snapshots", small).await.is_problem(413, "too-large");
    assert_eq!(stack.newest(&ada).await, 0);
}
