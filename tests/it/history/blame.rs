//! Who changed this?

use serde_json::{Value, json};

use crate::support::blame::{blamed, by_reading_all, places, url};
use crate::support::generate::history;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

async fn ask(stack: &Stack, person: &Person, path: &str) -> Answer {
    stack.read(person, &format!("blame?path={}", url(path))).await
}

/// A dashboard with two panels.
fn dashboard(title: &str, panels: &[(u32, &str)]) -> String {
    let panels: Vec<Value> = panels.iter().map(|(id, title)| json!({"id": id, "title": title})).collect();
    json!({"title": title, "panels": panels}).to_string()
}

#[tokio::test]
async fn it_names_the_entry_and_the_value_before_and_follows_what_moved() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    stack.save(&ada, dashboard("D", &[(1, "CPU"), (2, "IO")])).await.is(201);
    stack.save(&ben, dashboard("D", &[(1, "CPU"), (2, "Raft IO")])).await.is(200);
    stack.save(&ada, dashboard("D", &[(3, "new"), (2, "Raft IO"), (1, "CPU")])).await.is(200);
    stack.save(&ada, dashboard("Desk", &[(3, "new"), (2, "Raft IO"), (1, "CPU")])).await.is(200);

    let answer = ask(&stack, &ada, "/panels/1/title").await.is(200);
    assert_eq!((answer.at("/who"), answer.at("/complete")), (json!("ben, #2"), json!(true)));
    assert_eq!((answer.at("/value"), answer.at("/before")), (json!("Raft IO"), json!("IO")));
    assert_eq!(answer.at("/label"), "Panel \"Raft IO\" › title");
    assert_eq!((answer.at("/entry/version"), answer.at("/entry/author/name")), (json!(2), json!("ben")));
    let by_label = stack.read(&ada, &format!("blame?label={}", url("Panel \"Raft IO\" › title"))).await;
    assert_eq!(by_label.is(200).text(), answer.text());

    let moved = ask(&stack, &ada, "/panels/2").await.is(200);
    assert_eq!((moved.at("/who"), moved.at("/path_then")), (json!("ada, #1"), json!("/panels/0")));
    assert_eq!(moved.at("/before"), Value::Null);
    assert_eq!(ask(&stack, &ada, "/panels/0").await.at("/who"), "ada, #3");
    assert_eq!(ask(&stack, &ada, "/panels").await.at("/who"), "ada, #3");
    assert_eq!(ask(&stack, &ada, "").await.at("/who"), "ada, #4");
    // At an earlier version.
    let then = stack.read(&ada, "blame?path=/title&version=3").await.is(200);
    assert_eq!((then.at("/value"), then.at("/who")), (json!("D"), json!("ada, #1")));
}

#[tokio::test]
async fn a_restore_is_seen_through_and_named() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    let person = |name: &str| Person::admin(name);
    stack.save(&ada, r#"{"a":1,"b":1}"#).await.is(201);
    stack.save(&person("cleo"), r#"{"a":2,"b":1}"#).await.is(200);
    stack.save(&ada, r#"{"a":3,"b":1}"#).await.is(200);
    stack.act(&ben, "restore", json!({"version": 2})).await.is(200);
    stack.save(&ada, r#"{"a":2,"b":5}"#).await.is(200);
    let answer = ask(&stack, &ada, "/a").await.is(200);
    assert_eq!(answer.at("/who"), "cleo, #2; brought back by ben's restore #4");
    assert_eq!((answer.at("/before"), answer.at("/brought_back/version")), (json!(1), json!(4)));
    // What the restore did not change is not its doing.
    stack.act(&ben, "restore", json!({"version": 4})).await.is(200);
    assert_eq!(ask(&stack, &ada, "/a").await.at("/who"), answer.at("/who"));
    assert_eq!(ask(&stack, &ada, "/b").await.at("/who"), "ada, #1; brought back by ben's restore #6");
}

#[tokio::test]
async fn what_is_deleted_says_who_deleted_it() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    stack.save(&ada, r#"{"a":{"x":1},"b":1}"#).await.is(201);
    stack.save(&ben, r#"{"b":1}"#).await.is(200);
    stack.save(&ada, r#"{"b":2}"#).await.is(200);
    for (path, before) in [("/a", json!({"x": 1})), ("/a/x", json!(1))] {
        let answer = ask(&stack, &ada, path).await.is(200);
        assert_eq!((answer.at("/deleted"), answer.at("/value")), (json!(true), Value::Null));
        assert_eq!((answer.at("/who"), answer.at("/before")), (json!("ben, #2"), before));
    }
    let refused = ask(&stack, &ada, "/never").await.is_problem(404, "place-not-found");
    assert_eq!(refused.at("/path"), "/never");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.read(&ada, "blame?path=").await.is_problem(404, "environment-not-found");
    stack.save(&ada, r#"{"a":[{"name":"x","n":1},{"name":"x","n":1e400}]}"#).await.is(201);
    for query in ["blame", "blame?path=/a&label=A", "blame?path=a", "blame?path=/~2", "blame?path=/a&x=1"] {
        stack.read(&ada, query).await.is_problem(400, "malformed-request");
    }
    stack.read(&ada, "blame?label=none").await.is_problem(404, "place-not-found");
    let label = url("A \"x\" › n");
    let several = stack.read(&ada, &format!("blame?label={label}")).await.is_problem(422, "ambiguous-label");
    assert_eq!(several.at("/paths"), json!(["/a/0/n", "/a/1/n"]));
    // A number that no program reads is shown as it was written.
    let answer = ask(&stack, &ada, "/a/1/n").await.is(200);
    assert!(answer.text().contains("\"value\":1e400"), "{}", answer.text());
    stack.read(&ada, "blame?path=/a&version=9").await.is_problem(404, "version-not-found");
}

/// The version of the newest component's value, found by the ids alone, without any of the library's code.
fn by_id(versions: &[String], id: &str, member: Option<&str>) -> usize {
    let value = |text: &String| {
        let config: Value = serde_json::from_str(text).unwrap();
        let components = config["components"].as_array().unwrap().clone();
        let found = components.into_iter().find(|component| component["id"] == id)?;
        Some(member.map_or(found.clone(), |member| found[member].clone()))
    };
    let now = value(versions.last().unwrap());
    versions.iter().rposition(|text| value(text) != now).map_or(1, |last| last + 2)
}

#[tokio::test]
async fn it_agrees_with_reading_every_version() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let versions = history(12_000, 60);
    for text in &versions {
        stack.save(&ada, text.clone()).await;
    }
    let head: Value = serde_json::from_str(versions.last().unwrap()).unwrap();
    for (index, component) in head["components"].as_array().unwrap().iter().enumerate() {
        let id = component["id"].as_str().unwrap();
        for member in [None, Some("title"), Some("query")] {
            let place = format!("/components/{index}{}", member.map_or(String::new(), |m| format!("/{m}")));
            let expected = by_id(&versions, id, member);
            assert_eq!(by_reading_all(&versions, &place), expected, "{place}");
            assert_eq!(blamed(&stack, &ada, &place).await, expected as u64, "{place}");
        }
    }
    for place in places(versions.last().unwrap(), 40) {
        let expected = by_reading_all(&versions, &place) as u64;
        assert_eq!(blamed(&stack, &ada, &place).await, expected, "{place}");
    }
}

#[tokio::test]
async fn entries_that_say_what_changed_need_no_reading() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    for number in 0..300 {
        stack.overwrite(&ada, format!(r#"{{"n":1,"other":{number}}}"#)).await.is(200);
    }
    stack.calls.take();
    let answer = ask(&stack, &ada, "/n").await.is(200);
    assert_eq!(answer.at("/who"), "ada, #1");
    // The working version, and two pages of the history.
    assert_eq!(stack.calls.take_unrepeated(), ["DynamoDB.Query"; 3]);
}

#[tokio::test]
async fn a_search_that_would_read_too_much_says_where_it_stopped_and_how_to_go_on() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let config = |number: usize| {
        // Each edit changes more places than its entry names.
        let others: serde_json::Map<String, Value> =
            (0..20).map(|other| (format!("k{other}"), json!(number))).collect();
        json!({"n": 1, "others": others}).to_string()
    };
    for number in 0..130 {
        stack.save(&ada, config(number)).await;
    }
    stack.calls.take();
    let answer = ask(&stack, &ada, "/n").await.is(200);
    assert!(stack.calls.take().len() <= 110);
    assert_eq!((answer.at("/complete"), answer.at("/who")), (json!(false), Value::Null));
    assert_eq!(answer.at("/unchanged_since"), 30);
    let next = answer.at("/next");
    assert_eq!(stack.get(&ada, next.as_str().unwrap(), &[]).await.is(200).at("/who"), "ada, #1");
    assert_eq!(under("blame?path=%2Fn&version=30"), next);
    assert_eq!(blamed(&stack, &ada, "/n").await, 1);
}

#[tokio::test]
async fn a_search_that_goes_on_still_names_the_restore_that_it_passed() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    let config = |n: u8, number: usize| {
        let others: serde_json::Map<String, Value> =
            (0..20).map(|other| (format!("k{other}"), json!(number))).collect();
        json!({"n": n, "others": others}).to_string()
    };
    for number in 0..120 {
        stack.save(&ada, config(1, number)).await;
    }
    stack.save(&ada, config(2, 0)).await.is(200);
    stack.act(&ben, "restore", json!({"version": 120})).await.is(200);
    let first = ask(&stack, &ada, "/n").await.is(200);
    assert_eq!(first.at("/complete"), false);
    let next = first.at("/next").as_str().unwrap().to_owned();
    assert!(next.ends_with("&restored=122"), "{next}");
    let last = stack.get(&ada, &next, &[]).await.is(200);
    assert_eq!(last.at("/who"), "ada, #1; brought back by ben's restore #122");
    assert_eq!(last.at("/brought_back/version"), 122);
    // Whoever makes up another is not believed.
    for restored in ["121", "999", "0", "x", "1"] {
        let other = next.replace("restored=122", &format!("restored={restored}"));
        stack.get(&ada, &other, &[]).await.is_problem(400, "malformed-request");
    }
    stack.read(&ada, "blame?path=/n&version=121&restored=122").await.is_problem(400, "malformed-request");
}

#[tokio::test]
async fn what_was_promoted_is_nobodys_edit_here() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let staging = "/v1/apps/crm/envs/staging";
    stack.save_each(&ada, 1..=2).await;
    stack.call(&ada, "PUT", &format!("{staging}/working"), &[], "{\"n\":7}").await.is(201);
    stack.post(&ada, &format!("{staging}/snapshots"), json!({"name": "spring"})).await.is(201);
    let body = json!({"from": {"env": "staging", "snapshot": "spring"}, "go_ahead": true});
    stack.act(&ada, "publish", body).await.is(200);
    for version in ["live", "v1"] {
        let answer = stack.read(&ada, &format!("blame?path=/n&version={version}")).await.is(200);
        assert_eq!((answer.at("/value"), answer.at("/before")), (json!(7), Value::Null));
        assert_eq!((answer.at("/entry/version"), answer.at("/entry/kind")), (json!(3), json!("snapshot")));
        assert_eq!(answer.at("/entry/origin/environment"), "staging");
    }
    assert_eq!(ask(&stack, &ada, "/n").await.at("/who"), "ada, #2");
    // Nor is it whose restore has made it the working version.
    stack.act(&Person::admin("ben"), "restore", json!({"snapshot": "v1"})).await.is(200);
    stack.save(&ada, "{\"n\":7,\"m\":1}").await.is(200);
    let answer = ask(&stack, &ada, "/n").await.is(200);
    assert_eq!(answer.at("/who"), "ada, #3; brought back by ben's restore #5");
    assert_eq!((answer.at("/entry/kind"), answer.at("/before")), (json!("snapshot"), json!(2)));
}
