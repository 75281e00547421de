//! Saving the working version and reading it.

mod bodies;
mod idempotency;
mod patch;
mod preconditions;
mod rfc;

use serde_json::json;

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

#[tokio::test]
async fn the_first_save_creates_the_environment_and_later_ones_append() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.read(&ada, "working").await.is_problem(404, "environment-not-found");

    let first = stack.put(&ada, &[], "{\"a\": 1}").await.is(201);
    assert_eq!(first.header("location"), under("working"));
    assert_eq!((first.header("waymark-version"), first.header("cache-control")), ("1", "no-store"));
    insta::assert_json_snapshot!("first_save", first.json());
    assert_eq!(
        stack.get(&ada, "/v1/apps", &[]).await.at("/items"),
        json!([{"app": "crm", "environment": "production", "role": "admin"}])
    );

    let second = stack.put(&ada, &[("if-match", "\"1\"")], "{\"a\": 2, \"b\": [1]}").await.is(200);
    assert_eq!(second.header("location"), "");
    insta::assert_json_snapshot!("second_save", second.json());
}

#[tokio::test]
async fn environments_of_one_app_are_independent() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let staging = "/v1/apps/crm/envs/staging";
    stack.save(&ada, "{\"a\": 1}").await.is(201);
    stack.save(&ada, "{\"a\": 2}").await.is(200);
    let there = stack.call(&ada, "PUT", &format!("{staging}/working"), &[], "{\"a\": 1}").await.is(201);
    assert_eq!(there.at("/version"), 1);
    assert_eq!(stack.newest(&ada).await, 2);
    assert_eq!(stack.get(&ada, &format!("{staging}/working"), &[]).await.text(), "{\"a\": 1}");
}

#[tokio::test]
async fn saving_what_is_there_appends_nothing() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"a\": 1}").await.is(201);
    let again = stack.put(&ada, &[("if-match", "*")], "{\"a\": 1}").await.is(200);
    assert_eq!((again.at("/version"), again.at("/unchanged")), (json!(1), json!(true)));
    assert_eq!(stack.newest(&ada).await, 1);

    // Its text is what counts: another spelling of the same values is another config.
    let spaced = stack.put(&ada, &[("if-match", "*")], "{ \"a\": 1 }").await.is(200);
    assert_eq!((spaced.at("/version"), spaced.at("/unchanged")), (json!(2), json!(false)));
    assert_eq!(spaced.at("/label"), "Saved: spelling or white space only");
}

#[tokio::test]
async fn a_config_is_read_with_its_etag_and_version() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    let saved = stack.save(&ada, "{\"a\": 1}").await.is(200);

    let read = stack.read(&ada, "working").await.is(200);
    let etag = format!("\"{}\"", saved.at("/sha256").as_str().unwrap());
    assert_eq!(read.header("etag"), etag);
    assert_eq!(saved.header("etag"), etag);
    assert_eq!(read.header("waymark-version"), "2");
    assert_eq!(read.header("content-type"), "application/json");
    assert_eq!(read.header("cache-control"), "no-store");

    for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let same = stack.get(&ada, &under("working"), &[("if-none-match", &known)]).await.is(304);
        assert_eq!((same.text(), same.header("etag")), ("", etag.as_str()), "{known}");
        assert_eq!(same.header("waymark-version"), "2");
    }
    // A version is no ETag of a config.
    stack.get(&ada, &under("working"), &[("if-none-match", "\"2\"")]).await.is(200);
}

#[tokio::test]
async fn a_config_comes_back_byte_for_byte() {
    let mut stack = Stack::start().await;
    let ada = Person::admin("ada");
    let nines = "9".repeat(40);
    let texts = [
        " \r\n\t{ \"b\" : 1.0 ,\n\"a\":1e400 }\n\n".to_owned(),
        format!("[-0, -0.0, 1E+2, 0.10, {nines}, -{nines}.{nines}e-{nines}]"),
        r#"{"lone": "\ud800", "low": "\uDC00x", "pair": "\ud83d\ude00 😀", "slash": "\/", "nul": "\u0000"}"#
            .to_owned(),
        "{\"z\":1,\"a\":2,\"\":3,\"é\":\"e\u{301}\",\"\u{2028}\":null}".to_owned(),
        "[]".to_owned(),
    ];
    for text in &texts {
        let saved = stack.save(&ada, text.clone()).await;
        assert!(saved.status.is_success(), "{saved:?}");
    }
    // Nothing of it is in the functions' memory.
    stack.cold();
    for (index, text) in texts.iter().enumerate() {
        let path = under(&format!("versions/{}/config", index + 1));
        let read = stack.get(&ada, &path, &[]).await.is(200);
        assert_eq!(read.text(), text);
    }
    assert_eq!(stack.read(&ada, "working").await.text(), "[]");
}

#[tokio::test]
async fn a_save_may_carry_a_note() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let notes = [
        ("Refunds need two people", "Refunds need two people"),
        ("R%C3%BCckerstattung%20%E2%82%AC", "Rückerstattung €"),
        ("50% off, 100%", "50% off, 100%"),
    ];
    for (version, (sent, kept)) in (1..).zip(notes) {
        let config = json!({ "n": version }).to_string();
        let headers = [("waymark-note", sent), ("if-match", "*")];
        let headers = if version == 1 { &headers[..1] } else { &headers };
        assert_eq!(stack.put(&ada, headers, config).await.at("/note"), kept);
        assert_eq!(stack.read(&ada, &format!("versions/{version}")).await.at("/note"), kept);
    }

    let exact = "%E2%82%AC".repeat(333);
    stack.put(&ada, &[("if-match", "*"), ("waymark-note", &exact)], "{\"n\":4}").await.is(200);
    let long = "%E2%82%AC".repeat(334);
    for bad in [long.as_str(), "", "%20", "a%00b", "a%1B%5B31mb"] {
        let refused = stack.put(&ada, &[("if-match", "*"), ("waymark-note", bad)], "{}").await;
        assert_eq!(refused.is_problem(422, "invalid-name").at("/what"), "note", "{bad}");
    }
    let not_utf8 = stack.put(&ada, &[("if-match", "*"), ("waymark-note", "%FF")], "{}").await;
    not_utf8.is_problem(400, "malformed-request");
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn what_is_no_config_is_refused_with_its_place() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let refusal = |text: &'static str| {
        let answer = stack.put(&ada, &[], text);
        async move { answer.await.is_problem(422, "invalid-config") }
    };
    let syntax = refusal("{\n  \"a\": ]\n}").await;
    assert_eq!(
        (syntax.at("/reason"), syntax.at("/line"), syntax.at("/column")),
        (json!("syntax"), json!(2), json!(8))
    );
    let twice = refusal("{\"a\":{\"b\":1,\n\"\\u0062\":2}}").await;
    assert_eq!((twice.at("/reason"), twice.at("/pointer")), (json!("duplicate-key"), json!("/a/b")));
    assert_eq!((twice.at("/line"), twice.at("/column")), (json!(2), json!(1)));
    assert_eq!(refusal("\u{feff}{}").await.at("/reason"), "byte-order-mark");
    for (text, reason) in
        [("", "empty"), (" \n", "empty"), ("1", "not-a-container"), ("null", "not-a-container")]
    {
        assert_eq!(refusal(text).await.at("/reason"), reason, "{text:?}");
    }
    let not_utf8 = stack.put(&ada, &[], b"{\"a\":\"\xff\"}".to_vec()).await.is_problem(422, "invalid-config");
    assert_eq!((not_utf8.at("/reason"), not_utf8.at("/offset")), (json!("not-utf-8"), json!(6)));
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let refused = stack.put(&ada, &[], deep(129)).await.is_problem(422, "invalid-config");
    assert_eq!((refused.at("/reason"), refused.at("/limit")), (json!("too-deep"), json!(128)));
    stack.get(&ada, ENV, &[]).await.is_problem(404, "environment-not-found");
    stack.put(&ada, &[], deep(128)).await.is(201);
}
