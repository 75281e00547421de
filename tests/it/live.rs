//! What the app's users read.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::support::steps::under;
use crate::support::{Person, Stack};

const CACHE: &str = "public, max-age=0, s-maxage=5, stale-if-error=3600";

fn user() -> Person {
    Person::new("user", "crm/production:reader")
}

/// A config that is worth compressing.
fn large() -> String {
    let rows: Vec<_> = (0..200).map(|n| json!({ "id": n, "label": format!("Row {n}") })).collect();
    json!({ "rows": rows }).to_string()
}

#[tokio::test]
async fn it_says_what_it_is_and_how_long_it_holds() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.read(&user(), "live").await.is_problem(404, "environment-not-found");
    let saved = stack.save(&ada, "{\"n\":1}").await.is(201);

    let working = stack.read(&user(), "live").await.is(200);
    assert_eq!((working.text(), working.header("waymark-version")), ("{\"n\":1}", "1"));
    assert!(!working.headers.contains_key("waymark-release"));
    assert_eq!(working.header("etag"), saved.header("etag"));

    stack.act(&ada, "snapshots", json!({"name": "spring"})).await.is(201);
    stack.act(&ada, "publish", json!({"snapshot": "spring"})).await.is(200);
    stack.save(&ada, "{\"n\":2}").await.is(200);
    let live = stack.read(&user(), "live").await.is(200);
    assert_eq!(live.text(), "{\"n\":1}");
    // The version is that of the config, wherever it was published.
    assert_eq!((live.header("waymark-version"), live.header("waymark-release")), ("1", "spring"));
    assert_eq!((live.header("cache-control"), live.header("content-type")), (CACHE, "application/json"));
    let vary: Vec<_> = live.header("vary").split(", ").collect();
    assert!(vary.contains(&"Authorization") && vary.contains(&"Accept-Encoding"), "{vary:?}");
    assert_eq!(live.header("etag"), saved.header("etag"));
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let mut stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    let etag = stack.read(&user(), "live").await.header("etag").to_owned();
    stack.cold();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let same = stack.get(&user(), &under("live"), &[("if-none-match", &known)]).await.is(304);
        assert_eq!((same.text(), same.header("etag")), ("", etag.as_str()), "{known}");
        assert_eq!((same.header("cache-control"), same.header("waymark-release")), (CACHE, "v1"));
        assert!(same.header("vary").contains("Authorization"));
    }
    for unknown in ["\"other\"".to_owned(), etag.trim_matches('"').to_owned(), "\"1\"".to_owned()] {
        stack.get(&user(), &under("live"), &[("if-none-match", &unknown)]).await.is(200);
    }
    // Another release of the same config is the same config.
    stack.act(&ada, "snapshots", json!({"name": "again", "version": 1})).await.is(201);
    stack.act(&ada, "publish", json!({"snapshot": "again"})).await.is(200);
    let same = stack.get(&user(), &under("live"), &[("if-none-match", &etag)]).await.is(304);
    assert_eq!(same.header("waymark-release"), "again");
    stack.save(&ada, "{\"n\":2}").await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "again"})).await.is(200);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    let changed = stack.get(&user(), &under("live"), &[("if-none-match", &etag)]).await.is(200);
    assert_eq!(changed.text(), "{\"n\":2}");
}

#[tokio::test]
async fn an_answer_is_compressed_as_the_caller_accepts() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let config = large();
    stack.save(&ada, config.clone()).await.is(201);
    let plain = stack.read(&user(), "live").await.is(200);
    assert_eq!((plain.text(), plain.header("content-encoding")), (config.as_str(), ""));
    let strong = plain.header("etag").to_owned();
    let accepted = [
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("br, gzip, deflate", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0, gzip;q=1.0", "gzip"),
        ("gzip;q=0", ""),
        ("br", ""),
        ("identity", ""),
    ];
    for (accept, encoding) in accepted {
        let answer = stack.get(&user(), &under("live"), &[("accept-encoding", accept)]).await.is(200);
        assert_eq!(answer.header("content-encoding"), encoding, "{accept}");
        let (text, etag) = match encoding {
            "gzip" => {
                let mut text = String::new();
                GzDecoder::new(answer.body.as_ref()).read_to_string(&mut text).unwrap();
                (text, format!("W/{strong}"))
            }
            "zstd" => {
                let bytes = zstd::stream::decode_all(answer.body.as_ref()).unwrap();
                (String::from_utf8(bytes).unwrap(), format!("W/{strong}"))
            }
            _ => (answer.text().to_owned(), strong.clone()),
        };
        assert_eq!((text, answer.header("etag")), (config.clone(), etag.as_str()), "{accept}");
        assert!(encoding.is_empty() || answer.body.len() < config.len() / 3, "{accept}");
    }
    // Both forms of the tag are one config, whatever the caller accepts.
    for known in [strong.clone(), format!("W/{strong}")] {
        let headers = [("accept-encoding", "gzip"), ("if-none-match", known.as_str())];
        stack.get(&user(), &under("live"), &headers).await.is(304);
    }
    // And both can be built upon.
    let weak = format!("W/{strong}");
    stack.put(&ada, &[("if-match", &weak)], "{\"small\":1}").await.is(200);
    let small = stack.get(&user(), &under("live"), &[("accept-encoding", "gzip")]).await.is(200);
    assert_eq!((small.text(), small.header("content-encoding")), ("{\"small\":1}", ""));
}

#[tokio::test]
async fn a_reader_reads_what_is_live_and_nothing_else() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    stack.act(&ada, "snapshots", json!({})).await.is(201);
    stack.read(&user(), "live").await.is(200);
    for path in
        ["working", "history", "versions/live", "versions/live/config", "snapshots", "settings", "verify"]
    {
        let refused = stack.read(&user(), path).await.is_problem(403, "forbidden");
        assert_eq!((refused.at("/needs"), refused.at("/has")), (json!("viewer"), json!("reader")), "{path}");
    }
    assert_eq!(stack.get(&user(), "/v1/apps", &[]).await.is(200).at("/items"), json!([]));
    // Of another environment a reader reads nothing.
    stack.get(&user(), "/v1/apps/crm/envs/staging/live", &[]).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn what_was_published_is_read_where_nothing_is_in_memory() {
    let mut stack = Stack::start().await;
    let ada = Person::admin("ada");
    // A small edit of a large config is kept as a difference; a release stands alone.
    let first = large();
    let second = first.replace("Row 7\"", "Row seven\"");
    stack.save(&ada, first).await.is(201);
    stack.save(&ada, second.clone()).await.is(200);
    stack.act(&ada, "publish", json!({"version": 2})).await.is(200);
    stack.save(&ada, "{}").await.is(200);
    stack.cold();
    assert_eq!(stack.users_see().await, (second, "v1".to_owned()));
}
