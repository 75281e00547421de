//! Promotion with `merge`: what was changed here goes on with what comes.

use serde_json::{Value, json};

use super::{promote, seen, stage};
use crate::support::steps::under;
use crate::support::{Person, Stack};

const MERGE: fn() -> Value = || json!({"merge": true});

/// Production follows staging: `spring` is live in both, and `summer` waits.
async fn following(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    stage(&stack, ada, r#"{"title":"Desk","n":1}"#, "spring").await;
    promote(&stack, ada, "spring", json!({})).await.is(201);
    stage(&stack, ada, r#"{"title":"Desk","n":2}"#, "summer").await;
    stack
}

async fn users_see(stack: &Stack) -> Value {
    serde_json::from_str(&stack.users_see().await.0).unwrap()
}

#[tokio::test]
async fn a_fix_that_was_released_here_stays() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = following(&ada).await;
    stack.save(&ben, r#"{"title":"Desk","n":1,"fix":true}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    promote(&stack, &ada, "summer", json!({})).await.is_problem(409, "promotion-would-lose");
    let merged = promote(&stack, &ada, "summer", MERGE()).await.is(200);
    let origin =
        json!({"environment": "staging", "snapshot": "summer", "version": 3, "kept": false, "merged": true});
    assert_eq!((merged.at("/origin"), merged.at("/name")), (origin, json!("v3")));
    // It says whose changes those were.
    assert_eq!((merged.at("/merged/base"), merged.at("/merged/with/0/author/id")), (json!(2), json!("ben")));
    assert_eq!(
        (merged.at("/merged/with/0/label"), merged.at("/merged/with/1")),
        (json!("Added fix"), Value::Null)
    );
    assert_eq!(users_see(&stack).await, json!({"title": "Desk", "n": 2, "fix": true}));
    // Builders have what they had, and the release before is the one to go back to.
    assert_eq!(stack.read(&ada, "working").await.text(), r#"{"title":"Desk","n":1,"fix":true}"#);
    let entry = stack.read(&ada, &format!("versions/{}", merged.at("/version").as_u64().unwrap() - 1)).await;
    assert_eq!(entry.at("/label"), "Promoted summer (#3) from staging as v3, merged with changes made here");
    assert_eq!(entry.at("/origin/merged"), true);
    // The same again has nothing new.
    let again = promote(&stack, &ada, "summer", MERGE()).await.is(200);
    assert_eq!(again.at("/unchanged"), true);
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(stack.users_see().await.0, r#"{"title":"Desk","n":1,"fix":true}"#);
    let newest = stack.newest(&ada).await;
    stack.assert_whole(newest).await;
}

#[tokio::test]
async fn what_was_merged_once_is_not_lost_by_the_next() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, r#"{"title":"Desk","n":1,"fix":true}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    promote(&stack, &ada, "summer", MERGE()).await.is(200);
    // Staging goes on without the fix.
    stage(&stack, &ada, r#"{"title":"Desk","n":3}"#, "autumn").await;
    let refused = promote(&stack, &ada, "autumn", json!({})).await.is_problem(409, "promotion-would-lose");
    let label = "Promoted summer (#3) from staging as v3, merged with changes made here";
    assert_eq!(refused.at("/changes/0/label"), label);
    promote(&stack, &ada, "autumn", MERGE()).await.is(200);
    assert_eq!(users_see(&stack).await, json!({"title": "Desk", "n": 3, "fix": true}));
    // Once it has the fix, nobody is asked, and what it does with it counts.
    stage(&stack, &ada, r#"{"title":"Desk","n":4,"fix":true}"#, "winter").await;
    promote(&stack, &ada, "winter", json!({})).await.is(200);
    stage(&stack, &ada, r#"{"title":"Desk","n":5}"#, "later").await;
    promote(&stack, &ada, "later", json!({})).await.is(200);
    assert_eq!(users_see(&stack).await, json!({"title": "Desk", "n": 5}));
}

#[tokio::test]
async fn a_fix_on_an_older_base_does_not_take_back_what_came_between() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    promote(&stack, &ada, "summer", json!({})).await.is(200);
    // Builders still have spring's, and fix that: their release takes back n for the moment.
    stack.save(&ada, r#"{"title":"Desk","n":1,"fix":true,"more":1}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working", "go_ahead": true})).await.is(200);
    stage(&stack, &ada, r#"{"title":"Desk","n":2,"a":1}"#, "autumn").await;
    promote(&stack, &ada, "autumn", MERGE()).await.is(200);
    assert_eq!(users_see(&stack).await, json!({"title": "Desk", "n": 2, "a": 1, "fix": true, "more": 1}));
}

#[tokio::test]
async fn a_fix_put_back_by_a_release_is_not_lost_though_it_was_promoted_over_once() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, r#"{"title":"Desk","n":1,"old":true}"#).await.is(200);
    promote(&stack, &ada, "summer", json!({"go_ahead": true})).await.is(200);
    stack.save(&ada, r#"{"title":"Desk","n":1,"old":true,"fix":true}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working", "go_ahead": true})).await.is(200);
    stage(&stack, &ada, r#"{"title":"Desk","n":3}"#, "autumn").await;
    promote(&stack, &ada, "autumn", MERGE()).await.is(200);
    assert_eq!(users_see(&stack).await, json!({"title": "Desk", "n": 3, "old": true, "fix": true}));
}

#[tokio::test]
async fn edits_that_were_not_published_yet_go_along() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = following(&ada).await;
    stack.save(&ben, r#"{"title":"Desk","n":1,"fix":true}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    stack.save(&ben, r#"{"title":"Refunds","n":1,"fix":true}"#).await.is(200);
    let preview = json!({"merge": true, "preview": true});
    let shown = promote(&stack, &ada, "summer", preview).await.is(200);
    assert_eq!(shown.at("/config"), json!({"title": "Refunds", "n": 2, "fix": true}));
    assert_eq!((shown.at("/unchanged"), shown.at("/origin/merged")), (json!(false), json!(true)));
    let labels: Vec<_> =
        shown.at("/changes").as_array().unwrap().iter().map(|c| c["label"].clone()).collect();
    assert_eq!((labels, shown.at("/counts/changed")), (vec![json!("title"), json!("n")], json!(2)));
    assert_eq!(stack.newest(&ada).await, 7, "a preview publishes nothing");
    let merged = promote(&stack, &ada, "summer", MERGE()).await.is(200);
    assert_eq!(
        (merged.at("/subject/sha256"), merged.at("/merged")),
        (shown.at("/sha256"), shown.at("/merged"))
    );
    assert_eq!(users_see(&stack).await, json!({"title": "Refunds", "n": 2, "fix": true}));
    // Without changes of its own there is nothing to merge, and nothing to say of it.
    stage(&stack, &ada, r#"{"title":"Refunds","n":3,"fix":true}"#, "autumn").await;
    let plain = promote(&stack, &ada, "autumn", MERGE()).await.is(200);
    assert_eq!((plain.at("/merged"), plain.at("/origin/merged")), (Value::Null, json!(false)));
}

#[tokio::test]
async fn what_both_changed_is_a_conflict_with_both_sides() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = following(&ada).await;
    stack.save(&ben, r#"{"title":"Refunds","n":1}"#).await.is(200);
    stack.save(&ada, r#"{"title":"Refunds","n":1,"more":1}"#).await.is(200);
    stage(&stack, &ada, r#"{"title":"Orders","n":2}"#, "autumn").await;
    let refused = promote(&stack, &ada, "autumn", MERGE()).await.is_problem(409, "merge-conflict");
    assert_eq!(
        (refused.at("/total"), refused.at("/base"), refused.at("/version")),
        (json!(1), json!(2), json!(5))
    );
    let conflict = json!({
        "path": "/title", "label": "title", "base": "Desk", "ours": "Refunds", "theirs": "Orders",
        "author": {"id": "ben", "name": "ben"}
    });
    assert_eq!(refused.at("/conflicts/0"), conflict);
    let detail = refused.at("/detail");
    assert!(
        detail.as_str().unwrap().starts_with("autumn of staging and somebody here changed 1 place"),
        "{detail}"
    );
    assert_eq!(stack.users_see().await, seen(r#"{"title":"Desk","n":1}"#, "v1"));
    assert_eq!(stack.newest(&ada).await, 5);
}

#[tokio::test]
async fn without_a_promotion_before_there_is_nothing_to_merge_by() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    stage(&stack, &ada, "{\"n\":3}", "spring").await;
    let refused = promote(&stack, &ada, "spring", MERGE()).await.is_problem(409, "no-merge-base");
    assert!(refused.at("/detail").as_str().unwrap().contains("go_ahead"), "{refused:?}");
    // Where nothing is here, or the same, there is nothing to merge.
    stage(&stack, &ada, "{\"n\":2}", "same").await;
    promote(&stack, &ada, "same", MERGE()).await.is(200);
    // From then on it can.
    stack.save(&ada, "{\"n\":2,\"fix\":true}").await.is(200);
    stage(&stack, &ada, "{\"n\":4}", "summer").await;
    promote(&stack, &ada, "summer", MERGE()).await.is(200);
    assert_eq!(users_see(&stack).await, json!({"n": 4, "fix": true}));
}

#[tokio::test]
async fn what_comes_out_must_pass_and_be_expected_and_is_repeated_as_it_was() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, r#"{"title":"Desk","n":1,"fix":"long"}"#).await.is(200);
    let schema = |most: u8| json!({"schema": {"properties": {"fix": {"maxLength": most}}}}).to_string();
    stack.call(&ada, "PUT", &under("settings"), &[], schema(3)).await.is(200);
    let failed = promote(&stack, &ada, "summer", MERGE()).await.is_problem(422, "check-failed");
    assert_eq!(failed.at("/failures/0/path"), "/fix");
    let preview = json!({"merge": true, "preview": true});
    promote(&stack, &ada, "summer", preview).await.is_problem(422, "check-failed");
    stack.call(&ada, "PUT", &under("settings"), &[], schema(4)).await.is(200);
    let expecting = |name: &str| json!({"merge": true, "expect_live": name});
    promote(&stack, &ada, "summer", expecting("v9")).await.is_problem(409, "live-changed");
    let mut body = expecting("v1");
    body["from"] = json!({"env": "staging", "snapshot": "summer"});
    let headers = [("idempotency-key", "k")];
    let first = stack.call(&ada, "POST", &under("publish"), &headers, body.to_string()).await.is(200);
    stack.save(&ada, "{}").await.is(200);
    let again = stack.call(&ada, "POST", &under("publish"), &headers, body.to_string()).await.is(200);
    assert_eq!((first.json(), stack.newest(&ada).await), (again.json(), 7));
    assert_eq!(first.at("/merged/with/0/version"), 4);
}

#[tokio::test]
async fn values_that_are_kept_do_not_clash() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let config = |url: &str, n: u8| json!({"resources": [{"id": 1, "url": url}], "n": n}).to_string();
    stage(&stack, &ada, &config("stag", 1), "spring").await;
    promote(&stack, &ada, "spring", json!({})).await.is(201);
    stack.call(&ada, "PUT", &under("settings"), &[], r#"{"keep":["/resources/*/url"]}"#).await.is(200);
    stack.save(&ada, config("prod", 1)).await.is(200);
    stage(&stack, &ada, &config("other", 2), "summer").await;
    // What is kept is what users see; the edit goes along, also over another value in staging.
    let merged = promote(&stack, &ada, "summer", MERGE()).await.is(200);
    assert_eq!(users_see(&stack).await, serde_json::from_str::<Value>(&config("prod", 2)).unwrap());
    assert_eq!(merged.at("/origin/kept"), true);
    stage(&stack, &ada, &config("third", 3), "autumn").await;
    promote(&stack, &ada, "autumn", json!({})).await.is(200);
    assert_eq!(users_see(&stack).await, serde_json::from_str::<Value>(&config("prod", 3)).unwrap());
}

#[tokio::test]
async fn an_edit_that_comes_between_is_merged_too() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = following(&ada).await;
    stack.save(&ada, r#"{"title":"Desk","n":1,"a":1}"#).await.is(200);
    let other = stack.put(&ben, &[("if-match", "*")], r#"{"title":"Desk","n":1,"a":1,"b":1}"#.to_owned());
    let (promoted, saved) = tokio::join!(promote(&stack, &ada, "summer", MERGE()), other);
    let (promoted, saved) = (promoted.is(200), saved.is(200));
    let first = promoted.at("/version").as_u64() < saved.at("/version").as_u64();
    let expected =
        if first { json!({"title":"Desk","n":2,"a":1}) } else { json!({"title":"Desk","n":2,"a":1,"b":1}) };
    assert_eq!(users_see(&stack).await, expected);
    stack.assert_whole(7).await;
}

#[tokio::test]
async fn what_it_asks_of_aws() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, r#"{"title":"Desk","n":1,"fix":true}"#).await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    stack.calls.take();
    promote(&stack, &ada, "summer", MERGE()).await.is(200);
    let calls = stack.calls.take_unrepeated();
    let count = |what: &str| calls.iter().filter(|call| *call == what).count();
    // A promotion; the entry of what is live; the snapshots, the line and what came since; and the config.
    assert_eq!(
        (count("DynamoDB.GetItem"), count("DynamoDB.Query"), count("DynamoDB.TransactWriteItems")),
        (7, 4, 1),
        "{calls:?}"
    );
    assert_eq!((count("S3.PutObject"), count("S3.GetObject")), (1, 0), "{calls:?}");
}
