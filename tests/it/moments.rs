//! What a decision compares is of one moment, also where it was read at once.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::faults::{begun, config};
use crate::support::faults::{Faults, first, then};
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const STAGING: &str = "/v1/apps/crm/envs/staging";

/// The newest entry is read first, then `meanwhile` happens, then what else the request is about is read.
fn between(faults: &Faults, meanwhile: impl Future<Output = ()> + Send + 'static) {
    let (looked, was_looked) = oneshot::channel();
    faults.next("Query", then(async { looked.send(()).unwrap() }));
    faults.next(
        "GetItem",
        first(async {
            was_looked.await.unwrap();
            meanwhile.await;
        }),
    );
}

async fn does(stack: &Stack, path: &str, body: Value) -> Answer {
    let answer = stack.post(&Person::admin("ben"), path, body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer
}

#[tokio::test]
async fn a_restore_is_not_called_needless_for_what_was_before_its_snapshot() {
    let (stack, faults, ada) = begun().await;
    let others = Arc::clone(&stack);
    between(&faults, async move {
        others.overwrite(&Person::admin("ben"), config("two")).await.is(200);
        does(&others, &under("snapshots"), json!({"name": "s", "version": 1})).await;
    });
    let restored = stack.act(&ada, "restore", json!({"snapshot": "s"})).await.is(200);
    assert_eq!((restored.at("/version"), restored.at("/unchanged")), (json!(4), json!(false)));
    assert_eq!(stack.read(&ada, "working").await.text(), config("one"));
}

#[tokio::test]
async fn an_undo_is_not_called_needless_for_what_was_before_its_entry() {
    let (stack, faults, ada) = begun().await;
    let others = Arc::clone(&stack);
    between(&faults, async move {
        others.overwrite(&Person::admin("ben"), config("two")).await.is(200);
    });
    let undone = stack.act(&ada, "restore", json!({"undo": 2})).await.is(200);
    assert_eq!((undone.at("/version"), undone.at("/unchanged")), (json!(3), json!(false)));
    assert_eq!(stack.read(&ada, "working").await.text(), config("one"));
}

#[tokio::test]
async fn a_publication_is_not_called_needless_for_what_was_before_its_version() {
    let (stack, faults, ada) = begun().await;
    does(&stack, &under("publish"), json!({"version": 1})).await;
    let others = Arc::clone(&stack);
    between(&faults, async move {
        others.overwrite(&Person::admin("ben"), config("two")).await.is(200);
        does(&others, &under("publish"), json!({"version": 4})).await;
        others.overwrite(&Person::admin("ben"), config("one")).await.is(200);
    });
    let published = stack.act(&ada, "publish", json!({"version": 7})).await.is(200);
    assert_eq!((published.at("/version"), published.at("/unchanged")), (json!(9), json!(false)));
    assert_eq!(stack.users_see().await.0, config("one"));
}

#[tokio::test]
async fn a_promotion_is_not_called_needless_for_what_was_before_its_snapshot() {
    let (stack, faults, ada) = begun().await;
    does(&stack, &under("publish"), json!({"version": 1})).await;
    stack.call(&ada, "PUT", &format!("{STAGING}/working"), &[], config("one")).await.is(201);
    let others = Arc::clone(&stack);
    faults.next(
        "GetItem",
        first(async move {
            others.overwrite(&Person::admin("ben"), config("two")).await.is(200);
            does(&others, &format!("{ENV}/publish"), json!({"version": 4})).await;
            does(&others, &format!("{STAGING}/snapshots"), json!({"name": "spring"})).await;
        }),
    );
    let from = json!({"env": "staging", "snapshot": "spring"});
    let promoted = stack.act(&ada, "publish", json!({"from": from, "go_ahead": true})).await.is(200);
    assert_eq!(promoted.at("/unchanged"), false);
    assert_eq!(stack.users_see().await.0, config("one"));
}

/// Found by the simulation, seeds 51844 and 78336: a name that was given after the newest entry was read.
#[tokio::test]
async fn a_roll_back_goes_by_the_entry_that_was_there_with_the_name() {
    let (stack, faults, ada) = begun().await;
    does(&stack, &under("publish"), json!({"version": 1})).await;
    let others = Arc::clone(&stack);
    between(&faults, async move {
        let (ben, path) = (Person::admin("ben"), under("snapshots/v1"));
        others.call(&ben, "PATCH", &path, &[], r#"{"name":"v2"}"#).await.is(200);
    });
    let back = stack.act(&ada, "rollback", json!({"to": "v2"})).await.is(200);
    assert_eq!((back.at("/version"), back.at("/unchanged")), (json!(4), json!(true)));
}

#[tokio::test]
async fn what_is_working_is_decided_on_the_entry_that_the_write_is_conditioned_on() {
    for (path, body) in
        [("publish", json!({"version": "working"})), ("snapshots", json!({"version": "working"}))]
    {
        let (stack, faults, ada) = begun().await;
        let others = Arc::clone(&stack);
        between(&faults, async move {
            others.overwrite(&Person::admin("ben"), config("two")).await.is(200);
        });
        stack.act(&ada, path, body).await;
        faults.mend("GetItem");
        // And once more where the race is lost at the write.
        stack.overwrite(&ada, config("other")).await.is(200);
        let others = Arc::clone(&stack);
        faults.next(
            "TransactWriteItems",
            first(async move {
                others.overwrite(&Person::admin("ben"), config("three")).await.is(200);
            }),
        );
        stack.act(&ada, path, json!({"version": "working"})).await;
        let entries = stack.pages(&ada, &under("history?kind=snapshot&limit=200")).await.concat();
        assert_eq!(entries.len(), 2, "{path}");
        for entry in entries {
            let before = entry["version"].as_u64().unwrap() - 1;
            assert_eq!(entry["subject"]["version"], before, "{path}: {entry}");
        }
    }
}

#[tokio::test]
async fn a_backup_knows_the_entry_that_its_config_is_of() {
    let (stack, faults, ada) = begun().await;
    for of in [json!({}), json!({"of": "working"}), json!({"of": "live"}), json!({"of": 3})] {
        let others = Arc::clone(&stack);
        let (started, was_started) = oneshot::channel();
        faults.next("Query", then(async { started.send(()).unwrap() }));
        let meanwhile = tokio::spawn(async move {
            was_started.await.unwrap();
            let text = json!({"n": others.newest(&Person::admin("ben")).await}).to_string();
            others.overwrite(&Person::admin("ben"), text).await.is(200);
        });
        let id = stack.back_up(&ada, of.clone()).await;
        meanwhile.await.unwrap();
        let file = stack.document(&ada, &id).await;
        let (version, head) = (file["version"].as_u64().unwrap(), file["head"]["version"].as_u64().unwrap());
        assert!(head >= version, "{of}: #{version} under the head #{head}");
        if of != json!({"of": 3}) {
            assert_eq!(head, version, "{of}");
        }
    }
}

#[tokio::test]
async fn a_promotion_keeps_what_the_settings_name_at_the_moment_of_the_write() {
    for place in ["/v1/apps/crm/envs/production/settings", "/v1/apps/crm/settings"] {
        let (stack, faults, ada) = begun().await;
        stack.overwrite(&ada, "{\"url\":\"prod\",\"n\":1}").await.is(200);
        let path = format!("{STAGING}/working");
        stack.call(&ada, "PUT", &path, &[], "{\"url\":\"stag\",\"n\":2}").await.is(201);
        stack.post(&ada, &format!("{STAGING}/snapshots"), json!({"name": "s"})).await.is(201);
        let others = Arc::clone(&stack);
        let keep = first(async move {
            let body = "{\"keep\":[\"/url\"]}";
            others.call(&Person::admin("ben"), "PUT", place, &[], body).await.is(200);
        });
        faults.next("TransactWriteItems", keep);
        let body = json!({"from": {"env": "staging", "snapshot": "s"}, "go_ahead": true});
        let promoted = stack.act(&ada, "publish", body).await.is(200);
        assert_eq!(promoted.at("/origin/kept"), true, "{place}");
        assert_eq!(stack.users_see().await.0, "{\"url\":\"prod\",\"n\":2}");
        // Switched off meanwhile, it is refused.
        let others = Arc::clone(&stack);
        let off = first(async move {
            others.call(&Person::admin("ben"), "PUT", place, &[], "{\"releases\":false}").await.is(200);
        });
        faults.next("TransactWriteItems", off);
        let body = json!({"from": {"env": "staging", "snapshot": "s"}, "go_ahead": true, "name": "other"});
        stack.act(&ada, "publish", body).await.is_problem(403, "releases-off");
    }
}
