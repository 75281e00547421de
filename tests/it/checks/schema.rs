//! The schema among the settings.

use serde_json::{Value, json};

use super::set;
use crate::support::steps::under;
use crate::support::{Person, Stack};

#[tokio::test]
async fn it_is_a_setting_of_an_environment() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let schema = json!({"type": "object", "properties": {"n": {"type": "number"}}});
    let settings = json!({"releases": true, "keep": ["/a"], "schema": schema.clone()}).to_string();
    let answer = stack.call(&ada, "PUT", &under("settings"), &[], settings).await.is(200);
    let read = stack.read(&ada, "settings").await.is(200);
    assert_eq!(answer.json(), read.json());
    assert_eq!((read.at("/schema"), read.at("/keep")), (schema.clone(), json!(["/a"])));
    assert_eq!(
        read.at("/effective"),
        json!({"live_without_release": "working", "releases": true, "keep": ["/a"]})
    );
    // A viewer may see what will be asked; another environment has its own; a PUT replaces all of it.
    let viewer = Person::new("vera", "crm/production:viewer");
    assert_eq!(stack.read(&viewer, "settings").await.is(200).at("/schema"), schema);
    let staging = stack.get(&ada, "/v1/apps/crm/envs/staging/settings", &[]).await.is(200);
    assert_eq!(staging.at("/schema"), Value::Null);
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"keep\":[]}").await.is(200);
    assert_eq!(stack.read(&ada, "settings").await.at("/schema"), Value::Null);
    // An app has none.
    let app = stack.call(&ada, "PUT", "/v1/apps/crm/settings", &[], "{\"schema\":{}}").await;
    app.is_problem(400, "malformed-request");
}

#[tokio::test]
async fn it_comes_back_as_it_was_sent() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let digits = "123456789012345678901234567890";
    let text = format!("{{\"maximum\": {digits},  \"minimum\":-1e400, \"multipleOf\" : 1.0}}");
    for text in [text.as_str(), "true", "false"] {
        let body = format!("{{\"releases\": true, \"schema\": {text}}}");
        let headers = [("idempotency-key", text)];
        let settings = under("settings");
        let put = || stack.call(&ada, "PUT", &settings, &headers, body.clone());
        let first = put().await.is(200);
        assert_eq!(put().await.is(200).text(), first.text(), "a repeat");
        for answer in [first, stack.read(&ada, "settings").await.is(200)] {
            assert!(answer.text().contains(&format!("\"schema\":{text}")), "{}", answer.text());
        }
    }
    // By `false` nothing may be published; by `true` everything.
    stack.act(&ada, "publish", json!({"version": 1})).await.is_problem(422, "check-failed");
    set(&stack, &ada, json!(true)).await.is(200);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
}

#[tokio::test]
async fn what_is_no_schema_is_refused_with_its_place() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let cases = [
        (json!({"properties": {"n": {"type": "numbr"}}}), "/properties/n/type"),
        (json!({"items": {"$ref": "https://example.com/s.json"}}), "/items/$ref"),
        (json!({"items": {"$ref": "#/$defs/absent"}}), "/items/$ref"),
        (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), "/$schema"),
        (json!([]), ""),
        (json!(1), ""),
        (json!("x"), ""),
        (json!({"items": {"pattern": "((a{100}){100}){100}"}}), "/items/pattern"),
        (json!({"$defs": {"a": {"$ref": "#/$defs/a"}}}), "/$defs/a"),
    ];
    for (schema, pointer) in cases {
        let refused = set(&stack, &ada, schema.clone()).await;
        assert_eq!(refused.status, 422, "{schema}: {refused:?}");
        assert_eq!(refused.is_problem(422, "invalid-schema").at("/pointer"), pointer, "{schema}");
    }
    let twice = "{\"schema\": {\"type\": \"object\", \"type\": \"array\"}}";
    let refused = stack.call(&ada, "PUT", &under("settings"), &[], twice).await;
    assert_eq!(refused.is_problem(422, "invalid-schema").at("/pointer"), "/type");
    let large = json!({"description": "x".repeat(65 * 1024)});
    set(&stack, &ada, large).await.is_problem(413, "too-large");
    let most = json!({"description": "x".repeat(64 * 1024 - 18)});
    set(&stack, &ada, most).await.is(200);
    assert_eq!(stack.newest(&ada).await, 1, "settings are no part of the history");
}

#[tokio::test]
async fn paths_to_keep_are_checked() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let many = vec!["/a"; 51];
    let long = format!("/{}", "x".repeat(200));
    for path in [under("settings").as_str(), "/v1/apps/crm/settings"] {
        for keep in
            [json!("/a"), json!(["a"]), json!([""]), json!(["/~2"]), json!([7]), json!(many), json!([long])]
        {
            let body = json!({ "keep": keep }).to_string();
            stack.call(&ada, "PUT", path, &[], body).await.is_problem(400, "malformed-request");
        }
        let body = json!({ "keep": ["/resources/*/url", "/a~1b"] }).to_string();
        stack.call(&ada, "PUT", path, &[], body).await.is(200);
        let kept = stack.get(&ada, path, &[]).await.is(200).at("/keep");
        assert_eq!(kept, json!(["/resources/*/url", "/a~1b"]));
    }
    // The environment's word counts before the app's.
    stack.call(&ada, "PUT", &under("settings"), &[], "{}").await.is(200);
    let effective = stack.read(&ada, "settings").await.at("/effective/keep");
    assert_eq!(effective, json!(["/resources/*/url", "/a~1b"]));
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"keep\":[]}").await.is(200);
    assert_eq!(stack.read(&ada, "settings").await.at("/effective/keep"), json!([]));
}
