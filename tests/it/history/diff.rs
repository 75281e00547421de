//! What changed between two versions: as a list, as an RFC 6902 patch, in words.

use serde_json::{Value, json};

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const PATCH: (&str, &str) = ("accept", "application/json-patch+json");

impl Stack {
    async fn diff(&self, person: &Person, query: &str, accept: &str) -> Answer {
        self.get(person, &under(&format!("diff?{query}")), &[("accept", accept)]).await
    }
}

#[tokio::test]
async fn a_patch_turns_one_version_into_the_other() {
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
            let diff = stack.diff(&ada, &format!("from={from}&to={to}"), PATCH.1).await.is(200);
            assert_eq!(diff.header("content-type"), "application/json-patch+json");
            let patch: json_patch::Patch = serde_json::from_slice(&diff.body).unwrap();
            let mut patched = before.clone();
            json_patch::patch(&mut patched, &patch).unwrap();
            assert_eq!(&patched, after, "#{from} to #{to}");
            assert_eq!(from == to, patch.0.is_empty());
        }
    }
}

#[tokio::test]
async fn a_diff_says_what_changed_in_words() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let before = json!({
        "pages": [{"id": "home", "title": "Home", "widgets": [{"id": 1, "label": "Save"}, {"id": 2, "label": "Open"}]},
            {"id": "old", "title": "Old", "widgets": []}],
        "queries": [{"name": "orders", "sql": "SELECT *\nFROM orders\nLIMIT 10"}],
    });
    let after = json!({
        "pages": [{"id": "new", "title": "New", "widgets": []},
            {"id": "home", "title": "Start", "widgets": [{"id": 2, "label": "Open"}, {"id": 1, "label": "Save all"}]}],
        "queries": [{"name": "orders", "sql": "SELECT *\nFROM orders\nWHERE open\nLIMIT 10"}],
    });
    stack.save(&ada, before.to_string()).await.is(201);
    stack.save(&ada, after.to_string()).await.is(200);
    let list = stack.read(&ada, "diff?from=1&to=working").await.is(200);
    assert_eq!(list.header("content-type"), "application/json");
    insta::assert_json_snapshot!("diff", list.json());
    let text = stack.diff(&ada, "from=1&to=2", "text/plain").await.is(200);
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    insta::assert_snapshot!("diff_text", text.text());
    // Saving says how much it was.
    assert_eq!(list.at("/counts"), stack.read(&ada, "versions/2").await.at("/changes"));

    let back = stack.diff(&ada, "from=2&to=1", "text/plain").await.is(200);
    assert!(back.text().contains("- Page \"New\""), "{}", back.text());
    stack.diff(&ada, "from=1&to=2", "text/html").await.is_problem(406, "not-acceptable");
}

#[tokio::test]
async fn a_diff_that_is_too_large_to_answer_is_refused() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    // Its quotation marks count twice on the way through API Gateway, and not for the limit.
    let wide = |count| format!("{{\"a\":[{}1]}}", "\"\",".repeat(count));
    stack.save(&ada, wide(1_400_000)).await.is(200);
    let fits = stack.read(&ada, "diff?from=1&to=2").await.is(200);
    assert!((4_200_000..4_400_000).contains(&fits.body.len()), "{}", fits.body.len());
    // A body that fits, and a difference that has more around it.
    stack.overwrite(&ada, wide(1_466_663)).await.is(200);
    let refused = stack.read(&ada, "diff?from=1&to=3").await.is_problem(413, "too-large");
    assert_eq!(refused.at("/limit"), 4_400_000);
    stack.diff(&ada, "from=1&to=3", PATCH.1).await.is_problem(413, "too-large");
    // In words it is short.
    assert!(stack.diff(&ada, "from=1&to=2", "text/*").await.is(200).body.len() < 300);
}

#[tokio::test]
async fn a_diff_takes_names_and_keeps_numbers() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1,\"more\":\"of the same, so that a patch is worth it\"}").await.is(201);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack
        .save(&ada, "{\"n\":1e400,\"m\":1.0,\"more\":\"of the same, so that a patch is worth it\"}")
        .await
        .is(200);
    let diff = stack.diff(&ada, "from=live&to=working", PATCH.1).await.is(200);
    let expected = r#"[{"op":"replace","path":"/n","value":1e400},{"op":"add","path":"/m","value":1.0}]"#;
    assert_eq!(diff.text(), expected);
    assert_eq!(stack.diff(&ada, "from=v1&to=4", PATCH.1).await.is(200).text(), expected);
    assert_eq!(stack.diff(&ada, "from=working&to=working", PATCH.1).await.is(200).text(), "[]");
    let list = stack.read(&ada, "diff?from=v1&to=4").await.is(200);
    assert!(list.text().contains(r#""before":1,"after":1e400,"label":"n""#), "{}", list.text());
    assert!(
        list.text().contains(r#""name":"v1""#) && list.text().contains(r#""version":4,"#),
        "{}",
        list.text()
    );

    stack.read(&ada, "diff?from=1&to=9").await.is_problem(404, "version-not-found");
    stack.read(&ada, "diff?from=x&to=1").await.is_problem(404, "snapshot-not-found");
    stack.read(&ada, "diff?from=0&to=1").await.is_problem(422, "invalid-name");
    for bad in ["", "from=1", "to=1", "from=1&to=1&x=1"] {
        stack.read(&ada, &format!("diff?{bad}")).await.is_problem(400, "malformed-request");
    }
}

#[tokio::test]
async fn a_diff_reaches_into_another_environment_of_the_app() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"a\":1}").await.is(201);
    let staging = ENV.replace("production", "staging");
    stack.call(&ada, "PUT", &format!("{staging}/working"), &[], "{\"a\":2}").await.is(201);
    let list = stack.read(&ada, "diff?from_env=staging&from=working&to=working").await.is(200);
    assert_eq!(list.at("/from/environment"), "crm/staging");
    assert_eq!(list.at("/to/environment"), "crm/production");
    let change = json!({"op": "replace", "path": "/a", "before": 2, "after": 1, "label": "a"});
    assert_eq!(list.at("/changes"), Value::from(vec![change]));

    // The right to view both is needed.
    let path = "diff?from_env=staging&from=1&to=1";
    for grants in ["crm/production:admin", "[crm/production:viewer crm/staging:reader]"] {
        let refused = stack.read(&Person::new("ben", grants), path).await.is_problem(403, "forbidden");
        assert_eq!(refused.at("/needs"), "viewer");
    }
    stack.read(&Person::new("ben", "[crm/production:viewer crm/staging:viewer]"), path).await.is(200);
    stack.read(&ada, "diff?from_env=test&from=working&to=1").await.is_problem(404, "environment-not-found");
    stack.read(&ada, "diff?from_env=NO&from=1&to=1").await.is_problem(422, "invalid-name");
}
