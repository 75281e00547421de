//! Snapshots: names for configs.

use serde_json::{Value, json};

use crate::support::steps::{moment, under};
use crate::support::{Answer, Person, Stack};

async fn rename(stack: &Stack, person: &Person, name: &str, body: Value) -> Answer {
    let path = under(&format!("snapshots/{name}"));
    stack.call(person, "PATCH", &path, &[], body.to_string()).await
}

#[tokio::test]
async fn a_snapshot_names_the_working_config_or_an_earlier_one() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=3).await;
    let taken =
        stack.act(&ada, "snapshots", json!({"name": "spring", "note": "Before the sale"})).await.is(201);
    assert_eq!(taken.header("location"), under("versions/spring/config"));
    insta::assert_json_snapshot!("snapshot", taken.json());

    // An earlier version is named, and not restored.
    let earlier = stack.act(&ada, "snapshots", json!({"name": "first", "version": 1})).await.is(201);
    assert_eq!((earlier.at("/version"), earlier.at("/subject/version")), (json!(5), json!(1)));
    assert_eq!(earlier.at("/label"), "Snapshot first of #1");
    assert_eq!(stack.read(&ada, "working").await.text(), "{\"n\":3}");
    assert_eq!(stack.read(&ada, "versions/first/config").await.text(), "{\"n\":1}");
    let spring = stack.read(&ada, "versions/spring/config").await.is(200);
    assert_eq!((spring.text(), spring.header("waymark-version")), ("{\"n\":3}", "3"));
    assert_eq!(spring.header("waymark-release"), "", "it was never published");

    let absent =
        stack.act(&ada, "snapshots", json!({"version": 99})).await.is_problem(404, "version-not-found");
    assert_eq!(absent.at("/version"), 99);
    let nothing = "/v1/apps/crm/envs/staging/snapshots";
    stack.post(&ada, nothing, json!({})).await.is_problem(404, "environment-not-found");
    stack.get(&ada, nothing, &[]).await.is_problem(404, "environment-not-found");
}

#[tokio::test]
async fn generated_names_skip_those_that_are_taken() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    let generated = || async { stack.act(&ada, "snapshots", json!({})).await.is(201).at("/name") };
    stack.act(&ada, "snapshots", json!({"name": "v1"})).await.is(201);
    assert_eq!(generated().await, "v2");
    for name in ["v3", "v4", "v5", "v6", "v8"] {
        stack.act(&ada, "snapshots", json!({ "name": name })).await.is(201);
    }
    assert_eq!(generated().await, "v7");
    assert_eq!(generated().await, "v9");
    // A former name stays taken.
    rename(&stack, &ada, "v9", json!({"name": "v10"})).await.is(200);
    assert_eq!(generated().await, "v11");
    let (a, b, c) = tokio::join!(generated(), generated(), generated());
    let mut names = [a, b, c].map(|name| name.as_str().unwrap().to_owned());
    names.sort();
    assert_eq!(names, ["v12", "v13", "v14"]);
}

#[tokio::test]
async fn a_long_row_of_taken_names_does_not_hold_up_the_next() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    for number in (1..=60).rev() {
        stack.act(&ada, "snapshots", json!({ "name": format!("v{number}") })).await.is(201);
    }
    stack.calls.take();
    let named = stack.act(&ada, "snapshots", json!({})).await.is(201).at("/name");
    let writes = stack.calls.take().iter().filter(|call| call.ends_with("TransactWriteItems")).count();
    assert!(writes <= 10, "{writes} writes for one name ({named})");
}

#[tokio::test]
async fn versions_are_named_in_any_way() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    stack.act(&ada, "snapshots", json!({ "name": "first" })).await.is(201);
    stack.save(&ada, "{\"a\":1}").await.is(200);
    for version in [json!("first"), json!(1), json!("1")] {
        assert_eq!(
            stack.act(&ada, "snapshots", json!({ "version": version })).await.is(201).at("/subject/version"),
            1
        );
    }
    let working = stack.act(&ada, "publish", json!({ "version": "working" })).await.is(200);
    assert_eq!(working.at("/subject/bytes"), 7);
    let by_name = stack.act(&ada, "publish", json!({ "version": "first" })).await.is(200);
    assert_eq!((by_name.at("/label"), by_name.at("/subject/version")), (json!("Published first"), json!(1)));
}

#[tokio::test]
async fn a_note_is_taken_away() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    stack.act(&ada, "snapshots", json!({"name": "a", "note": "First"})).await.is(201);
    let note = async || stack.read(&ada, "snapshots").await.is(200).at("/items/0/note");
    for nothing in [Value::Null, json!("")] {
        rename(&stack, &ada, "a", json!({"note": "Second"})).await.is(200);
        assert_eq!(note().await, "Second");
        let taken = rename(&stack, &ada, "a", json!({ "note": nothing })).await.is(200);
        assert_eq!(
            (taken.at("/unchanged"), taken.at("/note"), note().await),
            (json!(false), Value::Null, Value::Null)
        );
        assert_eq!(
            rename(&stack, &ada, "a", json!({ "note": nothing })).await.is(200).at("/unchanged"),
            true
        );
    }
    // A name alone leaves the note.
    rename(&stack, &ada, "a", json!({"note": "Third"})).await.is(200);
    rename(&stack, &ada, "a", json!({"name": "b"})).await.is(200);
    assert_eq!(note().await, "Third");
    for bad in [json!({"note": 7}), json!({"note": ["a"]})] {
        rename(&stack, &ada, "b", bad).await.is_problem(400, "malformed-request");
    }
    rename(&stack, &ada, "b", json!({"note": "  "})).await.is_problem(422, "invalid-name");
}

#[tokio::test]
async fn a_name_is_given_once() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    let take = |version: u64| stack.act(&ada, "snapshots", json!({"name": "spring", "version": version}));
    let (a, b) = tokio::join!(take(1), take(2));
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    won.is(201);
    assert_eq!(lost.is_problem(409, "name-taken").at("/name"), "spring");
    take(1).await.is_problem(409, "name-taken");
    assert_eq!(stack.newest(&ada).await, 3);
    assert_eq!(stack.listed(&ada, &under("snapshots"), "/name").await, ["spring"]);
    // Names are an environment's own.
    let staging = "/v1/apps/crm/envs/staging";
    stack.call(&ada, "PUT", &format!("{staging}/working"), &[], "{}").await.is(201);
    stack.post(&ada, &format!("{staging}/snapshots"), json!({"name": "spring"})).await.is(201);
}

#[tokio::test]
async fn a_former_name_stays_an_alias() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    stack.act(&ada, "snapshots", json!({"name": "old", "version": 1, "note": "First"})).await.is(201);
    let renamed = rename(&stack, &ada, "old", json!({"name": "new"})).await.is(200);
    insta::assert_json_snapshot!("renamed", renamed.json());
    for name in ["old", "new"] {
        let config = stack.read(&ada, &format!("versions/{name}/config")).await.is(200);
        assert_eq!(config.text(), "{\"n\":1}", "{name}");
    }
    // Nobody else can have either, by a snapshot or by a rename.
    for name in ["old", "new"] {
        let refused = stack.act(&ada, "snapshots", json!({ "name": name })).await;
        assert_eq!(refused.is_problem(409, "name-taken").at("/name"), name);
    }
    stack.act(&ada, "snapshots", json!({"name": "other"})).await.is(201);
    for name in ["old", "new"] {
        rename(&stack, &ada, "other", json!({ "name": name })).await.is_problem(409, "name-taken");
    }
    assert_eq!(stack.listed(&ada, &under("snapshots"), "/name").await, ["other", "new"]);

    // It can be published, and renamed, by its former name; users see the present one.
    let published = stack.act(&ada, "publish", json!({"snapshot": "old"})).await.is(200);
    assert_eq!(published.at("/label"), "Published new");
    assert_eq!(stack.users_see().await, ("{\"n\":1}".to_owned(), "new".to_owned()));
    rename(&stack, &ada, "old", json!({"name": "newest"})).await.is(200);
    assert_eq!(stack.users_see().await.1, "newest");
    for name in ["old", "new", "newest"] {
        assert_eq!(stack.read(&ada, &format!("versions/{name}/config")).await.text(), "{\"n\":1}");
    }

    // Back to the first name, which is its own.
    rename(&stack, &ada, "newest", json!({"name": "old"})).await.is(200);
    let listed = stack.pages(&ada, &under("snapshots")).await;
    assert_eq!((&listed[0][1]["name"], &listed[0][1]["note"]), (&json!("old"), &json!("First")));
    assert_eq!(stack.users_see().await.1, "old");
}

#[tokio::test]
async fn a_note_can_be_changed_alone() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    stack.act(&ada, "snapshots", json!({"name": "spring"})).await.is(201);
    let noted = rename(&stack, &ada, "spring", json!({"note": "Sale"})).await.is(200);
    assert_eq!(
        (noted.at("/kind"), noted.at("/label")),
        (json!("renamed"), json!("Changed the note of spring"))
    );
    assert_eq!(stack.listed(&ada, &under("snapshots"), "/note").await, ["Sale"]);
    // What is so already appends nothing.
    for body in
        [json!({"note": "Sale"}), json!({"name": "spring"}), json!({"name": "spring", "note": "Sale"})]
    {
        let same = rename(&stack, &ada, "spring", body.clone()).await.is(200);
        assert_eq!((same.at("/unchanged"), same.at("/version")), (json!(true), json!(3)), "{body}");
    }
    rename(&stack, &ada, "spring", json!({"name": "summer", "note": "Beach"})).await.is(200);
    assert_eq!(stack.listed(&ada, &under("snapshots"), "/note").await, ["Beach"]);
    for body in [json!({}), json!({"name": null}), json!({"naem": "x"}), json!([])] {
        rename(&stack, &ada, "summer", body).await.is_problem(400, "malformed-request");
    }
    rename(&stack, &ada, "absent", json!({"note": "x"})).await.is_problem(404, "snapshot-not-found");
}

#[tokio::test]
async fn two_renames_to_one_name_give_it_once() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    for name in ["a", "b"] {
        stack.act(&ada, "snapshots", json!({ "name": name })).await.is(201);
    }
    let (a, b) = tokio::join!(
        rename(&stack, &ada, "a", json!({"name": "best"})),
        rename(&stack, &ada, "b", json!({"name": "best"})),
    );
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    lost.is_problem(409, "name-taken");
    assert_eq!(won.is(200).at("/name"), "best");
    // Two names for one snapshot at once: the later one stays, and all three lead to it.
    let (a, b) = tokio::join!(
        rename(&stack, &ada, "best", json!({"name": "x"})),
        rename(&stack, &ada, "best", json!({"name": "y"})),
    );
    let last = if a.at("/version").as_u64() > b.at("/version").as_u64() { "x" } else { "y" };
    assert!(stack.listed(&ada, &under("snapshots"), "/name").await.contains(&json!(last)));
    for name in ["best", "x", "y"] {
        stack.read(&ada, &format!("versions/{name}/config")).await.is(200);
    }
}

#[tokio::test]
async fn snapshots_are_listed_newest_first_in_pages() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save_each(&ada, 1..=2).await;
    assert_eq!(stack.pages(&ada, &under("snapshots")).await, [Vec::<Value>::new()]);
    for n in 1..=7 {
        stack.seconds_pass(1);
        stack.act(&ada, "snapshots", json!({ "name": format!("s{n}"), "version": 1 + n % 2 })).await.is(201);
        stack.save(&ada, json!({ "more": n }).to_string()).await.is(200);
    }
    for name in ["s2", "s5"] {
        stack.act(&ada, "publish", json!({ "snapshot": name })).await.is(200);
    }
    for limit in [1, 2, 3, 7, 8] {
        let pages = stack.pages(&ada, &under(&format!("snapshots?limit={limit}"))).await;
        let names: Vec<_> = pages.iter().flatten().map(|item| item["name"].clone()).collect();
        assert_eq!(names, ["s7", "s6", "s5", "s4", "s3", "s2", "s1"], "{limit}");
        assert_eq!(pages.len(), 7_usize.div_ceil(limit), "{limit}");
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "{limit}");
    }
    let all = stack.pages(&ada, &under("snapshots")).await.concat();
    let flags: Vec<_> = all.iter().map(|item| (item["release"] == true, item["live"] == true)).collect();
    let none = (false, false);
    assert_eq!(flags, [none, none, (true, true), none, none, (true, false), none]);
    insta::assert_json_snapshot!("listed_live", all[2]);
    assert_eq!(all[6]["at"], moment(1).replace('Z', ".000Z"));

    stack.act(&ada, "unpublish", json!({})).await.is(200);
    assert!(!stack.listed(&ada, &under("snapshots"), "/live").await.contains(&json!(true)));
    for bad in ["limit=0", "limit=201", "limit=x", "before=0", "before=.x", "page=2"] {
        let refused = stack.read(&ada, &format!("snapshots?{bad}")).await;
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
    }
}

#[tokio::test]
async fn names_that_could_be_mistaken_are_refused() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{}").await.is(201);
    stack.act(&ada, "snapshots", json!({"name": "ok"})).await.is(201);
    let long = "x".repeat(65);
    for bad in ["", "12", "live", "working", ".a", "-a", "a b", "a/b", "é", long.as_str()] {
        let refused = stack.act(&ada, "snapshots", json!({ "name": bad })).await;
        assert_eq!(refused.is_problem(422, "invalid-name").at("/what"), "snapshot", "{bad}");
        let refused = rename(&stack, &ada, "ok", json!({ "name": bad })).await;
        refused.is_problem(422, "invalid-name");
    }
    let note = "n".repeat(1_001);
    stack.act(&ada, "snapshots", json!({ "note": note })).await.is_problem(422, "invalid-name");
    for bad in [json!({"version": 0}), json!({"version": -1}), json!({"version": true}), json!({"naem": "a"})]
    {
        stack.act(&ada, "snapshots", bad).await.is_problem(400, "malformed-request");
    }
    assert_eq!(stack.newest(&ada).await, 2);
    for good in ["x".repeat(64).as_str(), "2026-11-13", "1a", "A.b_c-d"] {
        stack.act(&ada, "snapshots", json!({ "name": good })).await.is(201);
    }
}
