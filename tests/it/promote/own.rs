//! Changes that an environment has of its own are not promoted over without a word.

use serde_json::json;

use super::{promote, seen, stage};
use crate::support::steps::under;
use crate::support::{Person, Stack};

/// Production follows staging: `spring` is live in both.
async fn following(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    stage(&stack, ada, "{\"n\":1}", "spring").await;
    promote(&stack, ada, "spring", json!({})).await.is(201);
    stage(&stack, ada, "{\"n\":2}", "summer").await;
    stack
}

#[tokio::test]
async fn what_was_edited_and_released_here_is_listed() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, "{\"n\":1,\"fix\":true}").await.is(200);
    stack.act(&ada, "publish", json!({"version": 4})).await.is(200);
    let refused = promote(&stack, &ada, "summer", json!({})).await.is_problem(409, "promotion-would-lose");
    insta::assert_json_snapshot!("would_lose", refused.json());
    assert_eq!(stack.users_see().await.0, "{\"n\":1,\"fix\":true}");
    assert_eq!(stack.newest(&ada).await, 6);
    // Told to go ahead, it does; and asks again only after further changes.
    promote(&stack, &ada, "summer", json!({"go_ahead": true})).await.is(200);
    assert_eq!(stack.users_see().await.0, "{\"n\":2}");
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":1,\"fix\":true}");
    stage(&stack, &ada, "{\"n\":3}", "autumn").await;
    promote(&stack, &ada, "autumn", json!({})).await.is(200);
}

#[tokio::test]
async fn an_edit_alone_is_a_change_and_one_that_was_taken_back_is_none() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, "{\"n\":7}").await.is(200);
    let refused = promote(&stack, &ada, "summer", json!({})).await.is_problem(409, "promotion-would-lose");
    assert_eq!((refused.at("/changes/0/version"), refused.at("/since")), (json!(4), json!(2)));
    assert_eq!(refused.at("/changes/1"), json!(null));
    stack.act(&ada, "restore", json!({"version": 1})).await.is(200);
    promote(&stack, &ada, "summer", json!({})).await.is(200);
    // Nor is one that came to what is promoted, or what was promoted last.
    stack.act(&ada, "restore", json!({"snapshot": "v2"})).await.is(200);
    stage(&stack, &ada, "{\"n\":3}", "autumn").await;
    promote(&stack, &ada, "autumn", json!({})).await.is(200);
    stage(&stack, &ada, "{\"n\":4}", "winter").await;
    stack.save(&ada, "{\"n\":4}").await.is(200);
    promote(&stack, &ada, "winter", json!({})).await.is(200);
}

#[tokio::test]
async fn what_the_other_environment_has_by_now_is_not_lost() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    stack.save(&ada, "{\"n\":1,\"fix\":true}").await.is(200);
    promote(&stack, &ada, "summer", json!({})).await.is_problem(409, "promotion-would-lose");
    stage(&stack, &ada, "{\"fix\": true, \"n\": 3}", "fixed").await;
    promote(&stack, &ada, "fixed", json!({})).await.is(200);
    // A release of one's own, too; half of it is not enough.
    stack.save(&ada, "{\"n\":3,\"fix\":true,\"a\":1,\"b\":1}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    stage(&stack, &ada, "{\"n\":4,\"fix\":true,\"a\":1}", "half").await;
    promote(&stack, &ada, "half", json!({})).await.is_problem(409, "promotion-would-lose");
    stage(&stack, &ada, "{\"n\":4,\"fix\":true,\"a\":1,\"b\":1}", "whole").await;
    promote(&stack, &ada, "whole", json!({})).await.is(200);
    assert_eq!(stack.users_see().await.0, "{\"n\":4,\"fix\":true,\"a\":1,\"b\":1}");
}

#[tokio::test]
async fn a_release_made_here_is_a_change_and_a_roll_back_is_none() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    promote(&stack, &ada, "summer", json!({})).await.is(200);
    stack.act(&ada, "rollback", json!({})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "v1"));
    stage(&stack, &ada, "{\"n\":3}", "autumn").await;
    promote(&stack, &ada, "autumn", json!({})).await.is(200);
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    stage(&stack, &ada, "{\"n\":4}", "winter").await;
    promote(&stack, &ada, "winter", json!({})).await.is(200);
    // Naming and renaming change nothing that anybody sees.
    stack.act(&ada, "snapshots", json!({"name": "mine"})).await.is(201);
    stage(&stack, &ada, "{\"n\":5}", "later").await;
    promote(&stack, &ada, "later", json!({})).await.is(200);
    // Nor does another name for what was promoted.
    stack.act(&ada, "snapshots", json!({"version": "live", "name": "twin"})).await.is(201);
    stack.act(&ada, "publish", json!({"snapshot": "twin"})).await.is(200);
    stage(&stack, &ada, "{\"n\":5.5}", "then").await;
    promote(&stack, &ada, "then", json!({})).await.is(200);
    // An older config, published here under a name of its own: users would lose that choice.
    stack.save(&ada, "{\"n\":0}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "working", "go_ahead": true})).await.is(200);
    stack.act(&ada, "restore", json!({"version": 1})).await.is(200);
    stage(&stack, &ada, "{\"n\":6}", "latest").await;
    promote(&stack, &ada, "latest", json!({})).await.is_problem(409, "promotion-would-lose");
}

#[tokio::test]
async fn where_nothing_was_ever_promoted_everything_is_its_own() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=30).await;
    stage(&stack, &ada, "{\"n\":31}", "spring").await;
    let refused = promote(&stack, &ada, "spring", json!({})).await.is_problem(409, "promotion-would-lose");
    assert_eq!(refused.at("/changes").as_array().unwrap().len(), 20);
    assert_eq!((refused.at("/more"), refused.at("/since")), (json!(true), json!(null)));
    assert_eq!(refused.at("/changes/0/version"), 30);
    // The same config on both sides has nothing to lose.
    stage(&stack, &ada, "{\"n\":30}", "same").await;
    promote(&stack, &ada, "same", json!({})).await.is(200);
    let labels = stack.listed(&ada, &under("history?limit=2"), "/label").await;
    assert_eq!(labels[..2], ["Published v1", "Promoted same (#3) from staging as v1"]);
}

#[tokio::test]
async fn what_was_promoted_is_not_published_over_either() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{\"n\":1}").await.is(201);
    stack.act(&ada, "publish", json!({"version": 1, "name": "old"})).await.is(200);
    stage(&stack, &ada, "{\"n\":1,\"fix\":true}", "fixed").await;
    promote(&stack, &ada, "fixed", json!({"go_ahead": true})).await.is(200);
    stack.save(&ada, "{\"n\":2}").await.is(200);
    for what in [json!({"version": "working"}), json!({"version": 1}), json!({"snapshot": "old"})] {
        let refused = stack.act(&ada, "publish", what).await.is_problem(409, "promotion-would-lose");
        assert_eq!(
            (refused.at("/since"), refused.at("/changes/0/origin/snapshot")),
            (json!(4), json!("fixed"))
        );
        assert_eq!(stack.users_see().await.0, "{\"n\":1,\"fix\":true}");
    }
    // What has the fix, by a merge or by hand, loses nothing.
    let merged = [("waymark-base", "4")];
    stack.put(&ada, &merged, "{\"n\":1,\"fix\":true}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    assert_eq!(stack.users_see().await.0, "{\"n\":2,\"fix\":true}");
    // From that one the fix must not go either; what was made of the promoted config may take it back.
    stack.save(&ada, "{\"n\":3}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is_problem(409, "promotion-would-lose");
    stack.act(&ada, "restore", json!({"snapshot": "v1"})).await.is(200);
    stack.save(&ada, "{\"n\":4}").await.is(200);
    stack.act(&ada, "publish", json!({"version": "working"})).await.is(200);
    // Nor is anything asked once users do not have it, of a roll back, or of somebody who says so.
    stack.act(&ada, "publish", json!({"snapshot": "old"})).await.is(200);
    stack.act(&ada, "rollback", json!({"to": "v1"})).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "old"})).await.is_problem(409, "promotion-would-lose");
    stack.act(&ada, "rollback", json!({"to": "old"})).await.is(200);
    stack.act(&ada, "rollback", json!({"to": "v1"})).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "old", "go_ahead": true})).await.is(200);
    assert_eq!(stack.users_see().await, seen("{\"n\":1}", "old"));
}

#[tokio::test]
async fn another_name_for_what_was_promoted_is_given() {
    let ada = Person::admin("ada");
    let stack = following(&ada).await;
    promote(&stack, &ada, "summer", json!({})).await.is(200);
    let preview = promote(&stack, &ada, "summer", json!({"name": "sale", "preview": true})).await.is(200);
    assert_eq!(preview.at("/unchanged"), false);
    let named = promote(&stack, &ada, "summer", json!({"name": "sale"})).await.is(200);
    assert_eq!((named.at("/label"), named.at("/unchanged")), (json!("Published sale"), json!(false)));
    let again = promote(&stack, &ada, "summer", json!({"name": "sale"})).await.is(200);
    assert_eq!(again.at("/unchanged"), true);
    assert_eq!(stack.act(&ada, "rollback", json!({})).await.is(200).at("/name"), "v1");
    let newest = stack.newest(&ada).await;
    stack.assert_whole(newest).await;
}
