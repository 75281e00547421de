//! The log by session: what one author saved in a row is one line.

use serde_json::{Value, json};

use crate::support::steps::under;
use crate::support::{Person, Stack};

async fn sessions(stack: &Stack, person: &Person) -> Vec<Value> {
    let pages = stack.pages(person, &under("history?group=session&limit=3")).await;
    assert!(pages.iter().all(|page| page.len() <= 3));
    pages.concat()
}

#[tokio::test]
async fn autosaves_of_an_hour_are_one_line_with_their_net_change() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, r#"{"n":0,"title":"Desk"}"#).await.is(201);
    stack.seconds_pass(3_600);
    for number in 1..=200 {
        stack.overwrite(&ada, format!(r#"{{"n":{number},"title":"Desk"}}"#)).await.is(200);
        stack.seconds_pass(18);
    }
    let lines = sessions(&stack, &ada).await;
    assert_eq!(lines.len(), 2);
    let session = &lines[0];
    assert_eq!(
        (&session["kind"], &session["label"], &session["saves"]),
        (&json!("session"), &json!("n"), &json!(200))
    );
    assert_eq!((&session["from"], &session["to"]), (&json!(2), &json!(201)));
    assert_eq!(session["changes"], json!({"added": 0, "removed": 0, "changed": 1}));
    assert_eq!(
        (&session["began"], &session["at"]),
        (&json!("2026-11-13T10:14:00.000Z"), &json!("2026-11-13T11:13:42.000Z"))
    );
    let inside = session["items"].as_array().unwrap();
    assert_eq!((inside.len(), &inside[0]["version"], &inside[0]["label"]), (200, &json!(201), &json!("n")));
    assert_eq!((&lines[1]["kind"], &lines[1]["version"]), (&json!("saved"), &json!(1)));
}

#[tokio::test]
async fn another_author_a_longer_pause_and_anything_but_a_save_end_a_session() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    stack.save_each(&ada, 1..=2).await;
    stack.seconds_pass(15 * 60);
    stack.save_each(&ada, [3]).await;
    stack.seconds_pass(15 * 60 + 1);
    stack.save_each(&ada, 4..=5).await;
    stack.save_each(&ben, 6..=7).await;
    stack.act(&ben, "snapshots", json!({})).await.is(201);
    stack.save_each(&ben, [8, 9, 6]).await;
    let lines = sessions(&stack, &ada).await;
    let shown: Vec<Value> = lines
        .iter()
        .map(|line| json!([line["kind"], line["saves"], line["from"], line["to"], line["author"]["name"]]))
        .collect();
    assert_eq!(
        shown,
        [
            json!(["session", 3, 9, 11, "ben"]),
            json!(["snapshot", null, null, null, "ben"]),
            json!(["session", 2, 6, 7, "ben"]),
            json!(["session", 2, 4, 5, "ada"]),
            json!(["session", 3, 1, 3, "ada"]),
        ]
    );
    assert_eq!(lines[0]["label"], "n", "from 7 to 6");
    assert_eq!(lines[4]["changes"], Value::Null, "there was nothing before the first save");
}

#[tokio::test]
async fn a_session_that_undid_itself_says_so() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.seconds_pass(3_600);
    stack.save_each(&ada, [2, 1]).await;
    let lines = sessions(&stack, &ada).await;
    assert_eq!(lines[0]["label"], "Nothing changed in the end");
    assert_eq!(lines[0]["changes"], json!({"added": 0, "removed": 0, "changed": 0}));
}

#[tokio::test]
async fn what_cannot_be_grouped_is_refused() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.read(&ada, "history?group=session").await.is_problem(404, "environment-not-found");
    stack.save_each(&ada, [1]).await;
    for query in
        ["group=day", "group=session&kind=saved", "group=session&author=ada", "group=session&limit=0"]
    {
        stack.read(&ada, &format!("history?{query}")).await.is_problem(400, "malformed-request");
    }
}

#[tokio::test]
async fn a_page_reads_about_as_many_entries_as_its_lines_take() {
    let (stack, ada, ben) = (Stack::start().await, Person::admin("ada"), Person::admin("ben"));
    stack.save(&ben, "{\"n\":1}").await.is(201);
    for number in 2..=150 {
        stack.overwrite(if number % 2 == 0 { &ada } else { &ben }, format!("{{\"n\":{number}}}")).await;
    }
    stack.calls.take();
    let page = stack.read(&ada, "history?group=session&limit=3").await.is(200);
    assert_eq!(page.at("/items").as_array().unwrap().len(), 3);
    assert_eq!(stack.calls.take_unrepeated(), ["DynamoDB.Query"], "one query");
    assert_eq!(sessions(&stack, &ada).await.len(), 150);
    // A long session is read to its end, by queries that double.
    for number in 1..=100 {
        stack.overwrite(&ada, format!("{{\"n\":{number},\"a\":1}}")).await.is(200);
    }
    stack.calls.take();
    let page = stack.read(&ada, "history?group=session&limit=1").await.is(200);
    assert_eq!((page.at("/items/0/saves"), page.at("/items/0/from")), (json!(101), json!(150)));
    let calls = stack.calls.take_unrepeated();
    assert_eq!(calls.iter().filter(|call| *call == "DynamoDB.Query").count(), 3, "{calls:?}");
    let next = page.at("/next").as_str().unwrap().to_owned();
    let page = stack.get(&ada, &next, &[]).await.is(200);
    assert_eq!(page.at("/items/0/version"), 149);
}

#[tokio::test]
async fn of_an_environment_that_is_not_there_is_no_page() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    for query in ["", "&before=7", "&before=1"] {
        let path = format!("/v1/apps/crm/envs/absent/history?group=session{query}");
        stack.get(&ada, &path, &[]).await.is_problem(404, "environment-not-found");
    }
    stack.save(&ada, "{}").await.is(201);
    assert_eq!(stack.read(&ada, "history?group=session&before=1").await.is(200).at("/items"), json!([]));
}
