//! The log itself: newest first, in pages, by kind and author.

use serde_json::{Value, json};

use super::a_full_history;
use crate::support::steps::under;
use crate::support::{Person, Stack};

#[tokio::test]
async fn every_entry_says_what_it_did() {
    let (stack, ada) = a_full_history().await;
    let page = stack.read(&ada, "history").await.is(200);
    insta::assert_json_snapshot!("history", page.json());
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn pages_follow_each_other_to_the_first_entry() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=9).await;
    let newest_first: Vec<Value> = (1..=9).rev().map(Value::from).collect();
    for limit in [1_usize, 2, 4, 8, 9, 10, 200] {
        let pages = stack.pages(&ada, &under(&format!("history?limit={limit}"))).await;
        let versions: Vec<_> = pages.iter().flatten().map(|item| item["version"].clone()).collect();
        assert_eq!(versions, newest_first, "{limit}");
        assert_eq!(pages.len(), 9_usize.div_ceil(limit), "{limit}");
    }
    let page = stack.read(&ada, "history?limit=4").await.is(200);
    assert_eq!(page.at("/next"), under("history?before=6&limit=4"));
    // An entry that came meanwhile shifts nothing.
    stack.save_each(&ada, [10]).await;
    let next = page.at("/next");
    assert_eq!(stack.get(&ada, next.as_str().unwrap(), &[]).await.at("/items/0/version"), 5);
    let first = stack.read(&ada, "history?before=1").await.is(200);
    assert_eq!(first.json(), json!({"items": [], "next": null}));
    assert_eq!(stack.listed(&ada, &under("history?before=9999999999"), "/version").await[0], 10);

    let bad = ["limit=0", "limit=201", "limit=-1", "before=0", "before=.x", "before=10000000000", "kind="];
    // A name is taken where a version is expected.
    stack.read(&ada, "history?before=x").await.is_problem(404, "snapshot-not-found");
    for query in bad.iter().chain(&["kind=edited", "kind=saved,nonsense", "order=asc", "limit=1&limit=2"]) {
        let refused = stack.read(&ada, &format!("history?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {refused:?}");
        refused.is_problem(400, "malformed-request");
    }
    let nowhere = stack.get(&ada, "/v1/apps/crm/envs/staging/history", &[]).await;
    nowhere.is_problem(404, "environment-not-found");
}

#[tokio::test]
async fn entries_are_found_by_kind_and_author() {
    let (stack, ada) = a_full_history().await;
    let found = async |query: &str| stack.listed(&ada, &under(&format!("history?{query}")), "/version").await;
    assert_eq!(found("kind=published").await, [8, 7, 4]);
    assert_eq!(found("kind=published,snapshot").await, [8, 7, 6, 4, 3]);
    assert_eq!(found("kind=saved%2Crestored").await, [5, 2, 1]);
    assert_eq!(found("kind=renamed").await, [10]);
    assert_eq!(found("kind=unpublished").await, [9]);
    assert!(found("kind=imported").await.is_empty());
    assert_eq!(found("author=ben").await, [10, 9, 5, 2]);
    assert_eq!(found("author=ben&kind=saved").await, [2]);
    assert!(found("author=nobody").await.is_empty());
    assert_eq!(found("author=ada&before=6").await, [4, 3, 1]);
}

#[tokio::test]
async fn the_next_page_keeps_the_filter() {
    let stack = Stack::start().await;
    let (ada, odd) = (Person::admin("ada"), Person::admin("auth0|o'brien & co"));
    for n in 1..=12 {
        let person = if n % 3 == 0 { &odd } else { &ada };
        stack.save_each(person, [n]).await;
    }
    for n in [2, 5, 8] {
        stack.act(&odd, "snapshots", json!({ "version": n })).await.is(201);
    }
    let author = "author=auth0%7Co%27brien%20%26%20co";
    for limit in 1..=5 {
        let path = under(&format!("history?{author}&kind=saved,published&limit={limit}"));
        assert_eq!(stack.listed(&ada, &path, "/version").await, [12, 9, 6, 3], "{limit}");
        let pages = stack.pages(&ada, &path).await;
        assert!(pages.iter().all(|page| page.len() <= limit), "{limit}");
    }
    let path = under(&format!("history?{author}&limit=3"));
    assert_eq!(stack.listed(&ada, &path, "/version").await, [15, 14, 13, 12, 9, 6, 3]);
}

#[tokio::test]
async fn counts_say_how_much_changed() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let count = |added, removed, changed| json!({"added": added, "removed": removed, "changed": changed});
    let saves = [
        ("{\"a\":1,\"b\":[1,2]}", json!(null), "First save"),
        ("{\"a\":1.0,\"b\":[1,2]}", count(0, 0, 0), "Saved: spelling or white space only"),
        ("{\"a\":2,\"b\":[1]}", count(0, 1, 1), "a and 1 more, 1 removed"),
        ("{\"c\":{},\"b\":[1,[],7]}", count(3, 1, 0), "Removed a and 3 more"),
        ("[]", count(0, 0, 1), "Everything"),
    ];
    for (config, changes, label) in saves {
        let saved = stack.save(&ada, config).await;
        assert_eq!((saved.at("/changes"), saved.at("/label")), (changes, json!(label)), "{config}");
        assert_eq!(saved.at("/bytes"), config.len());
    }
}
