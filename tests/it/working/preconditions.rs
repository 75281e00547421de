//! No silent overwriting: a save says on what it builds.

use serde_json::json;

use crate::support::{Answer, Person, Stack};

/// An environment at version 2, and the ETags of versions 1 and 2, without quotes.
async fn two_versions(ada: &Person) -> (Stack, String, String) {
    let stack = Stack::start().await;
    let one = stack.save(ada, "{\"n\":1}").await.is(201);
    let two = stack.save(ada, "{\"n\":2}").await.is(200);
    let sha256 = |answer: &Answer| answer.at("/sha256").as_str().unwrap().to_owned();
    let (one, two) = (sha256(&one), sha256(&two));
    (stack, one, two)
}

#[tokio::test]
async fn a_save_on_the_current_version_is_taken() {
    let ada = Person::admin("ada");
    let (_, _, two) = two_versions(&ada).await;
    let good = [
        "\"2\"".to_owned(),
        format!("\"{two}\""),
        format!("W/\"{two}\""),
        format!("\"7\", W/\"{two}\""),
        "\"1\",\"2\"".to_owned(),
        "*".to_owned(),
    ];
    for condition in &good {
        let (stack, ..) = two_versions(&ada).await;
        let saved = stack.put(&ada, &[("if-match", condition)], "{\"n\":3}").await.is(200);
        assert_eq!(saved.at("/version"), 3, "{condition}");
    }
    // A list may also come as several headers.
    let (stack, ..) = two_versions(&ada).await;
    stack.put(&ada, &[("if-match", "\"1\""), ("if-match", "\"2\"")], "{\"n\":3}").await.is(200);
}

#[tokio::test]
async fn a_save_on_another_version_is_told_the_current_one() {
    let ada = Person::admin("ada");
    let (stack, one, two) = two_versions(&ada).await;
    for condition in ["\"1\"".to_owned(), "\"3\"".to_owned(), format!("\"{one}\""), "\"anything\"".to_owned()]
    {
        let refused = stack.put(&ada, &[("if-match", &condition)], "{\"n\":3}").await;
        let refused = refused.is_problem(412, "version-mismatch");
        assert_eq!(
            (refused.at("/version"), refused.at("/etag")),
            (json!(2), json!(format!("\"{two}\""))),
            "{condition}"
        );
        assert!(refused.at("/detail").as_str().unwrap().contains("If-Match: \"2\""));
    }
    for condition in ["2", "\"2", "2\"", "", "W/2"] {
        let refused = stack.put(&ada, &[("if-match", condition)], "{\"n\":3}").await;
        refused.is_problem(400, "malformed-request");
    }
    // Even a save of what is there says on what it builds.
    stack.put(&ada, &[("if-match", "\"1\"")], "{\"n\":2}").await.is_problem(412, "version-mismatch");
    assert_eq!(stack.newest(&ada).await, 2);
}

#[tokio::test]
async fn a_save_over_a_config_without_a_condition_is_refused() {
    let ada = Person::admin("ada");
    let (stack, _, two) = two_versions(&ada).await;
    let refused = stack.put(&ada, &[], "{\"n\":3}").await.is_problem(428, "precondition-required");
    insta::assert_json_snapshot!("precondition_required", refused.json());
    let detail = refused.at("/detail");
    for way in ["If-Match: \"2\"", "Waymark-Base: 2", "If-Match: *"] {
        assert!(detail.as_str().unwrap().contains(way), "{way} in {detail}");
    }
    assert_eq!(refused.at("/etag"), format!("\"{two}\""));
    assert_eq!(stack.newest(&ada).await, 2);
}

#[tokio::test]
async fn if_none_match_saves_only_where_nothing_is() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.put(&ada, &[("if-none-match", "*")], "{\"n\":1}").await.is(201);
    let refused = stack.put(&ada, &[("if-none-match", "*")], "{\"n\":2}").await;
    assert_eq!(refused.is_problem(412, "already-exists").at("/version"), 1);
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1}");

    // Two who both create it: one does.
    let path = "/v1/apps/crm/envs/staging/working";
    let first = |config: &'static str| stack.call(&ada, "PUT", path, &[("if-none-match", "*")], config);
    let (a, b) = tokio::join!(first("{\"by\":\"a\"}"), first("{\"by\":\"b\"}"));
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    won.is(201);
    lost.is_problem(412, "already-exists");
}

#[tokio::test]
async fn a_save_that_expects_a_config_where_none_is_is_refused() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    for condition in ["*", "\"1\""] {
        let refused = stack.put(&ada, &[("if-match", condition)], "{}").await;
        refused.is_problem(412, "version-mismatch");
    }
    assert_eq!(stack.newest(&ada).await, 0);
}

#[tokio::test]
async fn two_saves_on_one_version_do_not_overwrite_each_other() {
    let ada = Person::admin("ada");
    let (stack, ..) = two_versions(&ada).await;
    let save = |config: &'static str| stack.put(&ada, &[("if-match", "\"2\"")], config);
    let (a, b) = tokio::join!(save("{\"by\":\"a\"}"), save("{\"by\":\"b\"}"));
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    assert_eq!(won.is(200).at("/version"), 3);
    assert_eq!(lost.is_problem(412, "version-mismatch").at("/version"), 3);

    // Who overwrites knowingly does so, whoever was faster.
    let save = |config: &'static str| stack.put(&ada, &[("if-match", "*")], config);
    let (a, b) = tokio::join!(save("{\"by\":\"c\"}"), save("{\"by\":\"d\"}"));
    let mut versions = [a.is(200).at("/version").as_u64(), b.is(200).at("/version").as_u64()];
    versions.sort();
    assert_eq!(versions, [Some(4), Some(5)]);
}
