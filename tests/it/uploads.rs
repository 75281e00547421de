//! What is too large for a request or an answer goes around API Gateway.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use waymark::hash::Sha256;

use crate::support::presigned::{Fetched, send};
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const HOUR: i64 = 60 * 60;

async fn announce(stack: &Stack, person: &Person, config: &str) -> Answer {
    let sha256 = Sha256::of(config.as_bytes()).to_string();
    stack.act(person, "uploads", json!({"bytes": config.len(), "sha256": sha256})).await
}

async fn put_there(announced: &Answer, body: &str) -> Fetched {
    let headers = announced.at("/headers");
    let headers: Vec<_> = headers
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    send("PUT", announced.at("/url").as_str().unwrap(), &headers, body.into()).await
}

fn using(announced: &Answer) -> String {
    under(&format!("working?upload={}", announced.at("/id").as_str().unwrap()))
}

#[tokio::test]
async fn an_upload_is_announced_sent_and_saved() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let config = "{ \"from\": \"an upload\", \"n\": 1.0 }\n";
    let announced = announce(&stack, &ada, config).await.is(201);
    assert_eq!(
        (announced.at("/method"), announced.at("/expires")),
        (json!("PUT"), json!("2026-11-13T09:19:00.000Z"))
    );
    let sent = put_there(&announced, config).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let saved = stack.call(&ada, "PUT", &using(&announced), &[], "").await.is(201);
    assert_eq!((saved.at("/version"), saved.at("/bytes")), (json!(1), json!(config.len())));
    assert_eq!(stack.read(&ada, "working").await.text(), config);
    // It can be used again within its time; a save is a save.
    stack.save(&ada, "{}").await.is(200);
    stack.call(&ada, "PUT", &using(&announced), &[], "").await.is_problem(428, "precondition-required");
    let headers = [("if-match", "\"2\""), ("waymark-note", "Again")];
    let again = stack.call(&ada, "PUT", &using(&announced), &headers, "").await.is(200);
    assert_eq!((again.at("/version"), again.at("/note")), (json!(3), json!("Again")));
}

#[tokio::test]
async fn only_what_was_announced_is_taken() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let announced = announce(&stack, &ada, "{\"a\":1}").await.is(201);
    let nothing = stack.call(&ada, "PUT", &using(&announced), &[], "").await;
    nothing.is_problem(422, "upload-mismatch");
    // S3 itself refuses other bytes; what got there all the same is refused when it is used.
    assert!(put_there(&announced, "{\"a\":2}").await.status >= 400);
    let object = format!("uploads/{}", announced.at("/id").as_str().unwrap());
    for other in ["{\"a\":2}", "{\"a\":10}", ""] {
        let body = aws_sdk_s3::primitives::ByteStream::from(other.as_bytes().to_vec());
        let put = stack.clients.s3.put_object().bucket(&stack.resources.transfer).key(&object);
        put.body(body).send().await.unwrap();
        let refused = stack.call(&ada, "PUT", &using(&announced), &[], "").await;
        let detail = refused.is_problem(422, "upload-mismatch").at("/detail");
        // Something of another length is not even read.
        let what = if other.len() == 7 { "SHA-256 differs" } else { "length differs" };
        assert!(detail.as_str().unwrap().contains(what), "{other}: {detail}");
    }
    // What is no config is none as an upload either.
    let announced = announce(&stack, &ada, "{\"a\":1,}").await.is(201);
    assert_eq!(put_there(&announced, "{\"a\":1,}").await.status, 200);
    let refused = stack.call(&ada, "PUT", &using(&announced), &[], "").await;
    assert_eq!(refused.is_problem(422, "invalid-config").at("/column"), 7);
    assert_eq!(stack.newest(&ada).await, 0);
}

#[tokio::test]
async fn an_upload_belongs_to_its_environment_and_ends() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let announced = announce(&stack, &ada, "{\"a\":1}").await.is(201);
    assert_eq!(put_there(&announced, "{\"a\":1}").await.status, 200);
    let elsewhere = using(&announced).replace("production", "staging");
    stack.call(&ada, "PUT", &elsewhere, &[], "").await.is_problem(404, "upload-not-found");
    for id in ["absent", "", "..%2Fx", "a b", &"x".repeat(100)] {
        let path = under(&format!("working?upload={}", id.replace(' ', "+")));
        stack.call(&ada, "PUT", &path, &[], "").await.is_problem(404, "upload-not-found");
    }
    stack.seconds_pass(23 * HOUR - 1);
    let headers = [("idempotency-key", "k")];
    let saved = stack.call(&ada, "PUT", &using(&announced), &headers, "").await.is(201);
    stack.seconds_pass(1);
    stack
        .call(&ada, "PUT", &using(&announced), &[("if-match", "*")], "")
        .await
        .is_problem(404, "upload-not-found");
    // A repeated save is answered as before, though the upload is gone.
    let again = stack.call(&ada, "PUT", &using(&announced), &headers, "").await.is(201);
    assert_eq!(again.json(), saved.json());
}

#[tokio::test]
async fn an_announcement_is_of_a_size_and_a_hash() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let sha256 = Sha256::of(b"{}").to_string();
    stack.act(&ada, "uploads", json!({"bytes": 33_554_432, "sha256": sha256})).await.is(201);
    let refused = stack.act(&ada, "uploads", json!({"bytes": 33_554_433, "sha256": sha256})).await;
    assert_eq!(refused.is_problem(413, "too-large").at("/limit"), 33_554_432);
    let bad = [
        json!({"bytes": 2}),
        json!({"bytes": 0, "sha256": sha256}),
        json!({"sha256": sha256}),
        json!({"bytes": -1, "sha256": sha256}),
        json!({"bytes": 2, "sha256": "abc"}),
        json!({"bytes": 2, "sha256": sha256, "name": "x"}),
    ];
    for body in bad {
        stack.act(&ada, "uploads", body).await.is_problem(400, "malformed-request");
    }
    let path = under("uploads");
    let body = json!({"bytes": 2, "sha256": sha256}).to_string();
    let keyed = || stack.call(&ada, "POST", &path, &[("idempotency-key", "k")], body.clone());
    let (a, b) = tokio::join!(keyed(), keyed());
    // The address is signed anew each time, with the second of the day in it.
    let announced = |answer: Answer| {
        let answer = answer.is(201).json();
        ["id", "headers", "expires"].map(|name| answer[name].clone())
    };
    let (a, b) = (announced(a), announced(b));
    assert_eq!((&a, &b), (&announced(keyed().await), &a));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_a_download() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let config = json!({ "text": "x".repeat(6_000_000) }).to_string();
    let body = zstd::bulk::compress(config.as_bytes(), 3).unwrap();
    stack.put(&ada, &[("content-encoding", "zstd")], body).await.is(201);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);

    // Who takes a compressed answer gets one, when that is small enough.
    let compressed = stack.get(&ada, &under("working"), &[("accept-encoding", "gzip")]).await.is(200);
    assert_eq!(compressed.header("content-encoding"), "gzip");
    for (path, version) in [("working", "2"), ("versions/1/config", "1"), ("live", "1")] {
        let elsewhere = stack.read(&ada, path).await.is(303);
        assert_eq!(
            (elsewhere.text(), elsewhere.header("waymark-version")),
            ("", if path == "working" { "3" } else { version })
        );
        let fetched = send("GET", elsewhere.header("location"), &[], Vec::new()).await;
        assert_eq!(fetched.status, 200, "{}", fetched.head);
        assert!(fetched.head.contains("content-encoding: gzip"), "{}", fetched.head);
        let mut text = String::new();
        GzDecoder::new(fetched.body.as_slice()).read_to_string(&mut text).unwrap();
        assert!(text == config, "{path}");
    }
    let url = stack.get(&ada, &under("working"), &[("prefer", "return=minimal")]).await.is(200);
    assert_eq!((url.at("/bytes"), url.at("/url").is_string()), (json!(config.len()), true));
    let small =
        stack.get(&ada, &under("working"), &[("prefer", "respond-async, return=minimal")]).await.is(200);
    assert_ne!(small.at("/url"), Value::Null);
    let etag = compressed.header("etag");
    stack.get(&ada, &under("working"), &[("if-none-match", etag)]).await.is(304);
}
