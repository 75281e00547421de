//! What changed between two versions, as an RFC 6902 patch.

use serde_json::json;

use crate::support::{Person, Stack};

#[tokio::test]
async fn a_diff_turns_one_version_into_the_other() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let configs = [
        json!({"title": "Desk", "items": [1, 2, 3], "deep": {"a": {"b": null}}}),
        json!({"title": "Refunds", "items": [1, 9], "deep": {"a": {"b": {"~/": "x"}}}}),
        json!({"items": [[], {}, 1, 2, 3], "": {"~1": 1}, "a/b": true, "deep": []}),
        json!([1, {"two": 2}]),
        json!([{"two": 2}, 1]),
    ];
    for config in &configs {
        let saved = stack.save(&ada, config.to_string()).await;
        assert!(saved.status.is_success());
    }
    for (from, before) in (1..).zip(&configs) {
        for (to, after) in (1..).zip(&configs) {
            let diff = stack.read(&ada, &format!("diff?from={from}&to={to}")).await.is(200);
            assert_eq!(diff.header("content-type"), "application/json-patch+json");
            let patch: json_patch::Patch = serde_json::from_slice(&diff.body).unwrap();
            let mut patched = before.clone();
            json_patch::patch(&mut patched, &patch).unwrap();
            assert_eq!(&patched, after, "#{from} to #{to}");
            assert_eq!(from == to, patch.0.is_empty());
        }
    }
    let small = stack.read(&ada, "diff?from=1&to=2").await;
    insta::assert_json_snapshot!("diff", small.json());
}

#[tokio::test]
async fn a_diff_that_is_too_large_to_answer_is_refused() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    // Its quotation marks count twice on the way through API Gateway.
    let wide = format!("{{\"a\":[{}1]}}", "\"\",".repeat(1_400_000));
    stack.save(&ada, wide).await.is(200);
    stack.read(&ada, "diff?from=1&to=2").await.is_problem(413, "too-large");
}

#[tokio::test]
async fn a_diff_takes_names_and_keeps_numbers() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack.save(&ada, "{\"n\":1e400,\"m\":1.0}").await.is(200);
    let diff = stack.read(&ada, "diff?from=live&to=working").await.is(200);
    let expected = r#"[{"op":"replace","path":"/n","value":1e400},{"op":"add","path":"/m","value":1.0}]"#;
    assert_eq!(diff.text(), expected);
    assert_eq!(stack.read(&ada, "diff?from=v1&to=4").await.is(200).text(), expected);
    assert_eq!(stack.read(&ada, "diff?from=working&to=working").await.is(200).text(), "[]");

    stack.read(&ada, "diff?from=1&to=9").await.is_problem(404, "version-not-found");
    stack.read(&ada, "diff?from=x&to=1").await.is_problem(404, "snapshot-not-found");
    stack.read(&ada, "diff?from=0&to=1").await.is_problem(422, "invalid-name");
    for bad in ["", "from=1", "to=1", "from=1&to=1&x=1"] {
        stack.read(&ada, &format!("diff?{bad}")).await.is_problem(400, "malformed-request");
    }
}
