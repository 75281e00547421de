//! Two people edit at once: `Waymark-Base`, and the preview of what it would come to.

use serde_json::{Value, json};

use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

/// A tool with two pages of two widgets.
fn tool() -> Value {
    let page = |id: &str, title: &str, first: u64| json!({"id": id, "title": title, "widgets": [{"id": first, "label": "Save"}, {"id": first + 1, "label": "Open"}]});
    json!({"title": "Desk", "pages": [page("home", "Home", 1), page("orders", "Orders", 3)], "limit": 1.50})
}

/// The tool with one value set.
fn with(tool: &Value, pointer: &str, value: impl Into<Value>) -> Value {
    let mut tool = tool.clone();
    *tool.pointer_mut(pointer).unwrap() = value.into();
    tool
}

impl Stack {
    /// Saves a config that builds on a version.
    async fn save_on(&self, person: &Person, base: &str, config: &Value) -> Answer {
        self.put(person, &[("waymark-base", base)], config.to_string()).await
    }

    async fn patch_on(&self, person: &Person, base: &str, media: &str, patch: &Value) -> Answer {
        let headers = [("waymark-base", base), ("content-type", media)];
        self.call(person, "PATCH", &under("working"), &headers, patch.to_string()).await
    }

    async fn working(&self) -> Value {
        self.read(&Person::admin("ada"), "working").await.is(200).json()
    }
}

/// A stack at version 7, whose config is the tool.
async fn at_seven(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    stack.save_each(ada, 1..=6).await;
    stack.save(ada, tool().to_string()).await.is(200);
    stack
}

#[tokio::test]
async fn two_editors_at_once() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = at_seven(&ada).await;
    // Both start at 7. Ada renames a page; Ben moves a widget.
    let renamed = with(&tool(), "/pages/0/title", "Start");
    let first = stack.save_on(&ada, "7", &renamed).await.is(200);
    assert_eq!((first.at("/version"), first.at("/merged")), (json!(8), Value::Null));
    stack.seconds_pass(5);
    let mut moved = tool();
    let widgets = moved["pages"][0]["widgets"].as_array_mut().unwrap();
    widgets.swap(0, 1);
    let second = stack.save_on(&ben, "\"7\"", &moved).await.is(200);

    // Both survive, and Ben gets what it came to.
    let both = with(&moved, "/pages/0/title", "Start");
    assert_eq!(stack.working().await, both);
    assert_eq!(second.at("/config"), both);
    insta::assert_json_snapshot!("merged", second.at("/merged"));
    assert_eq!(second.header("waymark-version"), "9");
    assert_eq!(second.header("etag"), stack.read(&ada, "working").await.header("etag"));

    // Then both set the same title.
    stack.save_on(&ada, "9", &with(&both, "/pages/0/title", "Desk")).await.is(200);
    let refused = stack.save_on(&ben, "9", &with(&both, "/pages/0/title", "Lobby")).await;
    let refused = refused.is_problem(409, "merge-conflict");
    insta::assert_json_snapshot!("merge_conflict", refused.json());
    assert_eq!(stack.working().await, with(&both, "/pages/0/title", "Desk"));
    assert_eq!(stack.newest(&ada).await, 10);
    stack.assert_whole(10).await;
}

#[tokio::test]
async fn a_merge_keeps_the_text_of_what_is_there() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = Stack::start().await;
    stack.save(&ada, "{\"a\": 1,\n \"n\": 1.50, \"big\": 1e400}\n").await.is(201);
    stack.save(&ada, "{\"a\": 2,\n \"n\": 1.50, \"big\": 1e400}\n").await.is(200);
    let headers = [("waymark-base", "1")];
    let saved = stack.put(&ben, &headers, "{\"a\":1,\"n\":1.5,\"big\":1e400,\"b\":[ ]}").await.is(200);
    let merged = "{\"a\": 2,\n \"n\": 1.50, \"big\": 1e400, \"b\": [ ]}\n";
    assert_eq!(stack.read(&ada, "working").await.text(), merged);
    assert!(saved.text().contains(&format!("\"config\":{merged}}}")), "{}", saved.text());
}

#[tokio::test]
async fn a_patch_is_applied_to_its_base_and_merged() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = at_seven(&ada).await;
    // A widget comes before the others: what Ben means by its index is another one now.
    let mut head = tool();
    head["pages"][0]["widgets"].as_array_mut().unwrap().insert(0, json!({"id": 9, "label": "New"}));
    stack.save(&ada, head.to_string()).await.is(200);
    let patch = json!([{"op": "replace", "path": "/pages/0/widgets/1/label", "value": "Show"}]);
    let patched = stack.patch_on(&ben, "7", "application/json-patch+json", &patch).await.is(200);
    let expected = with(&head, "/pages/0/widgets/2/label", "Show");
    assert_eq!((patched.at("/config"), stack.working().await), (expected.clone(), expected.clone()));

    let merge = json!({"title": "Refunds"});
    let patched = stack.patch_on(&ben, "7", "application/merge-patch+json", &merge).await.is(200);
    assert_eq!(patched.at("/config"), with(&expected, "/title", "Refunds"));
    // On the newest there is nothing to merge, and nothing to tell.
    let patched =
        stack.patch_on(&ben, "10", "application/merge-patch+json", &json!({"title": "R"})).await.is(200);
    assert_eq!((patched.at("/merged"), patched.at("/config")), (Value::Null, Value::Null));
    // A patch must fit what it was made for.
    let bad = json!([{"op": "remove", "path": "/absent"}]);
    stack.patch_on(&ben, "7", "application/json-patch+json", &bad).await.is_problem(422, "patch-failed");
    assert_eq!(stack.newest(&ada).await, 11);
}

#[tokio::test]
async fn a_base_that_cannot_be_built_on_is_refused() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save_on(&ada, "1", &tool()).await.is_problem(412, "version-mismatch");
    stack.save_each(&ada, 1..=2).await;
    let newer = stack.save_on(&ada, "3", &tool()).await.is_problem(412, "version-mismatch");
    assert_eq!(newer.at("/version"), 2);
    for bad in ["0", "x", "*", "1.5", "-1", "\"1", ""] {
        stack.save_on(&ada, bad, &tool()).await.is_problem(400, "malformed-request");
    }
    let both = [("waymark-base", "1"), ("if-match", "\"2\"")];
    stack.put(&ada, &both, "{}").await.is_problem(400, "malformed-request");
    assert_eq!(stack.newest(&ada).await, 2);
}

#[tokio::test]
async fn what_changed_nothing_meanwhile_is_not_merged() {
    let ada = Person::admin("ada");
    let stack = at_seven(&ada).await;
    stack.act(&ada, "publish", json!({"version": 7})).await.is(200);
    let other = with(&tool(), "/title", "T").to_string() + "\n";
    let saved = stack.put(&ada, &[("waymark-base", "7")], other.clone()).await.is(200);
    assert_eq!((saved.at("/version"), saved.at("/merged")), (json!(10), Value::Null));
    assert_eq!(stack.read(&ada, "working").await.text(), other);
    // Who changed nothing gets what others did.
    let same = stack.save_on(&ada, "7", &tool()).await.is(200);
    assert_eq!((same.at("/unchanged"), same.at("/version")), (json!(true), json!(10)));
    assert_eq!(same.at("/config"), with(&tool(), "/title", "T"));
    assert_eq!(stack.newest(&ada).await, 10);
}

#[tokio::test]
async fn a_repeated_merge_gives_the_first_answer() {
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let stack = at_seven(&ada).await;
    stack.save(&ada, with(&tool(), "/title", "A").to_string()).await.is(200);
    let body = with(&tool(), "/pages/1/title", "B").to_string();
    let save = || stack.put(&ben, &[("waymark-base", "7"), ("idempotency-key", "k")], body.clone());
    let first = save().await.is(200);
    stack.save(&ada, "{\"other\":true}").await.is(200);
    let again = save().await.is(200);
    assert_eq!(first.json(), again.json());
    assert_eq!(first.at("/config/pages/1/title"), "B");
    assert_eq!(stack.newest(&ada).await, 10);
    // A conflict is not remembered.
    let clash = with(&tool(), "/title", "C").to_string();
    let save = |base: &'static str| {
        let (stack, ben, clash) = (&stack, &ben, clash.clone());
        async move { stack.put(ben, &[("waymark-base", base), ("idempotency-key", "l")], clash).await }
    };
    save("7").await.is_problem(409, "merge-conflict");
    save("10").await.is(200);
}

#[tokio::test]
async fn saves_that_race_are_all_merged() {
    let people = ["ada", "ben", "cyd", "dan"].map(Person::admin);
    let stack = at_seven(&people[0]).await;
    let places = ["/title", "/pages/0/title", "/pages/1/title", "/pages/1/widgets/1/label"];
    let saves: Vec<Value> = places.iter().map(|place| with(&tool(), place, "mine")).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| stack.save_on(&people[n], "7", &saves[n]));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    for answer in [a, b, c, d] {
        answer.is(200);
    }
    let working = stack.working().await;
    for place in places {
        assert_eq!(working.pointer(place), Some(&json!("mine")), "{place}");
    }
    stack.assert_whole(11).await;
}

#[tokio::test]
async fn a_preview_says_the_same_and_saves_nothing() {
    let (ada, viewer) = (Person::admin("ada"), Person::new("vic", "crm/production:viewer"));
    let stack = at_seven(&ada).await;
    stack.save(&ada, with(&tool(), "/title", "A").to_string()).await.is(200);
    let preview = |base: &'static str, config: Value| {
        let (stack, viewer) = (&stack, &viewer);
        async move {
            stack.call(viewer, "POST", &under("merge"), &[("waymark-base", base)], config.to_string()).await
        }
    };
    let found = preview("7", with(&tool(), "/limit", 2)).await.is(200);
    assert_eq!(found.at("/config"), with(&with(&tool(), "/title", "A"), "/limit", 2));
    assert_eq!((found.at("/version"), found.at("/merged/with/0/version")), (json!(8), json!(8)));
    let clash = preview("7", with(&tool(), "/title", "B")).await.is_problem(409, "merge-conflict");
    assert_eq!(clash.at("/conflicts/0/path"), "/title");
    preview("9", tool()).await.is_problem(412, "version-mismatch");
    stack.call(&viewer, "POST", &under("merge"), &[], "{}").await.is_problem(400, "malformed-request");
    assert_eq!(stack.newest(&ada).await, 8);
    // What it showed is what a save comes to.
    let saved = stack.save_on(&ada, "7", &with(&tool(), "/limit", 2)).await.is(200);
    assert_eq!((saved.at("/sha256"), saved.at("/config")), (found.at("/sha256"), found.at("/config")));
}

#[tokio::test]
async fn conflicts_are_bounded_and_name_who_it_was() {
    let (ada, ben, cyd) = (Person::admin("ada"), Person::admin("ben"), Person::admin("cyd"));
    let stack = Stack::start().await;
    let many = |value: &str| {
        let members: serde_json::Map<String, Value> =
            (0..300).map(|n| (format!("k{n}"), json!(value))).collect();
        let long = value.repeat(20_000);
        json!({"long": long, "many": members})
    };
    stack.save(&ada, many("a").to_string()).await.is(201);
    stack.save(&ben, many("b").to_string()).await.is(200);
    let refused = stack.save_on(&cyd, "1", &many("c")).await.is_problem(409, "merge-conflict");
    assert_eq!((refused.at("/total"), refused.at("/base")), (json!(301), json!(1)));
    assert_eq!(refused.at("/conflicts").as_array().unwrap().len(), 100);
    assert!(refused.body.len() < 40_000, "{}", refused.body.len());
    let long = refused.at("/conflicts/0");
    assert_eq!(
        (&long["path"], &long["values_left_out"], &long["ours"]),
        (&json!("/long"), &json!(true), &Value::Null)
    );
    assert_eq!(refused.at("/conflicts/1/author/id"), "ben");
    // Once another has saved, what the entries say and a few readings tell who it was.
    stack.save(&ada, with(&many("b"), "/long", "other").to_string()).await.is(200);
    stack.calls.take();
    let refused = stack.save_on(&cyd, "1", &many("c")).await.is_problem(409, "merge-conflict");
    assert_eq!(refused.at("/conflicts/0/author/id"), "ada");
    assert_eq!(
        (refused.at("/conflicts/1/author/id"), refused.at("/conflicts/19/author/id")),
        (json!("ben"), json!("ben"))
    );
    // The others are not looked for, and nobody is named.
    assert_eq!(
        (refused.at("/conflicts/20/path"), refused.at("/conflicts/20/author")),
        (json!("/many/k115"), Value::Null)
    );
    assert!(refused.at("/detail").as_str().unwrap().starts_with("Others changed"), "{refused:?}");
}

#[tokio::test]
async fn each_conflict_names_who_changed_it() {
    let (ada, ben, cyd) = (Person::admin("ada"), Person::admin("ben"), Person::admin("cyd"));
    let stack = at_seven(&ada).await;
    let mut head = with(&tool(), "/title", "Ben's");
    stack.save(&ben, head.to_string()).await.is(200);
    // Ada puts a page before the others, Cyd gives one of those another title and takes the limit away.
    head["pages"].as_array_mut().unwrap().insert(0, json!({"id": "new", "title": "New", "widgets": []}));
    stack.save(&ada, head.to_string()).await.is(200);
    head = with(&head, "/pages/1/title", "Cyd's");
    head.as_object_mut().unwrap().remove("limit");
    stack.save(&cyd, head.to_string()).await.is(200);
    // Ben removes a widget, and restores no part of what the others did.
    head["pages"][1]["widgets"].as_array_mut().unwrap().remove(0);
    stack.save(&ben, head.to_string()).await.is(200);
    let mut mine = with(&with(&tool(), "/title", "Mine"), "/pages/0/title", "Mine");
    mine = with(&with(&mine, "/limit", 9), "/pages/0/widgets/0/label", "Mine");
    let refused = stack.save_on(&Person::admin("dan"), "7", &mine).await.is_problem(409, "merge-conflict");
    let conflicts = refused.at("/conflicts");
    let mut named: Vec<String> = conflicts
        .as_array()
        .unwrap()
        .iter()
        .map(|conflict| format!("{} {}", conflict["path"].as_str().unwrap(), conflict["author"]["name"]))
        .collect();
    named.sort_unstable();
    // Where an element was in the head is not known once it is gone.
    assert_eq!(
        named,
        ["/limit \"cyd\"", "/pages/1/title \"cyd\"", "/pages/1/widgets/0 null", "/title \"ben\""]
    );
    // A preview says the same.
    let headers = [("waymark-base", "7")];
    let shown = stack.call(&ada, "POST", &under("merge"), &headers, mine.to_string()).await;
    assert_eq!(shown.is_problem(409, "merge-conflict").at("/conflicts"), conflicts);
}

#[tokio::test]
async fn who_removed_an_element_is_not_guessed_from_who_removed_another() {
    let (ada, ben, cyd) = (Person::admin("ada"), Person::admin("ben"), Person::admin("cyd"));
    let stack = Stack::start().await;
    let (one, other) = (|n: u8| json!({"id": "a", "n": n}), json!({"id": "b"}));
    stack.save(&cyd, json!({"list": [one(1), other]}).to_string()).await.is(201);
    stack.save(&ada, json!({"list": [other]}).to_string()).await.is(200);
    stack.save(&ben, json!({"list": []}).to_string()).await.is(200);
    let mine = json!({"list": [one(2), other]});
    let refused = stack.save_on(&cyd, "1", &mine).await.is_problem(409, "merge-conflict");
    assert_eq!(
        (refused.at("/conflicts/0/path"), refused.at("/conflicts/0/author")),
        (json!("/list/0"), Value::Null)
    );
}
