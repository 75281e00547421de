//! What is damaged is named, never answered; and everything else goes on.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use waymark::entry::{Item, link};

use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack};

/// An edit of one of two configs that have nothing in common.
fn config(family: &str, edition: u64) -> String {
    let words: Vec<String> =
        (0..60).map(|n| waymark::hash::Sha256::of(format!("{family}{n}").as_bytes()).to_string()).collect();
    json!({ "edition": edition, "words": words }).to_string()
}

fn object_of(text: &str) -> String {
    format!("configs/crm/{}.zst", waymark::hash::Sha256::of(text.as_bytes()))
}

/// #1 and #2 are a keyframe and an edit of it, #3 and #4 others.
async fn four() -> (Stack, Person) {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, config("a", 1)).await.is(201);
    for (family, edition) in [("a", 2), ("b", 3), ("b", 4)] {
        stack.overwrite(&ada, config(family, edition)).await.is(200);
    }
    (stack, ada)
}

/// What becomes of a keyframe.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Removed,
    /// Another config, whole in itself.
    Exchanged,
    /// The same number of bytes, one of them another.
    Flipped,
    CutShort,
}

use Damage::{CutShort, Exchanged, Flipped, Removed};

/// Does something to the keyframe with this text; nothing is in memory afterwards.
async fn damage(stack: &mut Stack, text: &str, how: Damage) {
    let object = stack.keyframe(&waymark::hash::Sha256::of(text.as_bytes()).to_string());
    match how {
        Removed => stack.lose(&object).await,
        Exchanged => {
            let other = waymark::delta::compress(config("c", 1).as_bytes()).unwrap();
            stack.alter(&object, other).await;
        }
        Flipped => stack.flip(&object).await,
        CutShort => {
            let mut bytes = stack.stored(&object).await;
            bytes.truncate(bytes.len() / 2);
            stack.alter(&object, bytes).await;
        }
    }
    stack.cold();
}

async fn config_of(stack: &Stack, version: u64) -> Answer {
    stack.get(&Person::admin("ada"), &format!("{ENV}/versions/{version}/config"), &[]).await
}

#[tokio::test]
async fn a_damaged_keyframe_is_named_and_the_others_are_read() {
    for how in [Removed, Exchanged, Flipped, CutShort] {
        let (mut stack, ada) = four().await;
        damage(&mut stack, &config("a", 1), how).await;
        for version in [1, 2] {
            let answer = config_of(&stack, version).await.is_problem(500, "config-damaged");
            assert_eq!(answer.at("/version"), version);
            let object = answer.at("/object");
            assert!(object.as_str().unwrap().contains(&object_of(&config("a", 1))), "{object}");
        }
        assert_eq!(config_of(&stack, 3).await.is(200).text(), config("b", 3));
        assert_eq!(config_of(&stack, 4).await.is(200).text(), config("b", 4));

        let verified = stack.get(&ada, &format!("{ENV}/verify"), &[]).await.is(200);
        assert_eq!((verified.at("/ok"), verified.at("/checked")), (json!(false), json!(4)));
        let faults = verified.at("/faults");
        let faults = faults.as_array().unwrap();
        let versions: Vec<&Value> = faults.iter().map(|fault| &fault["version"]).collect();
        assert_eq!(versions, [&json!(1), &json!(2)]);
        assert!(
            faults.iter().all(|fault| fault["what"].as_str().unwrap().contains(&object_of(&config("a", 1))))
        );

        // It gets no name, and nobody is given it.
        for version in [1, 2] {
            for path in ["snapshots", "publish"] {
                let refused = stack.post(&ada, &format!("{ENV}/{path}"), json!({"version": version})).await;
                assert_eq!(refused.is_problem(500, "config-damaged").at("/version"), version);
            }
        }
        // Work goes on: an edit, the way back to a version that is whole, a release of it.
        stack.overwrite(&ada, config("b", 5)).await.is(200);
        stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 3})).await.is(200);
        stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 4})).await.is(200);
        assert_eq!(config_of(&stack, 5).await.is(200).text(), config("b", 5));
        assert_eq!(config_of(&stack, 6).await.is(200).text(), config("b", 3));
        assert_eq!(stack.get(&ada, &format!("{ENV}/live"), &[]).await.is(200).text(), config("b", 4));
    }
}

#[tokio::test]
async fn a_damaged_working_version_is_saved_over() {
    for how in [Removed, Exchanged, Flipped] {
        let (mut stack, ada) = four().await;
        damage(&mut stack, &config("b", 3), how).await;
        let working = format!("{ENV}/working");
        stack.get(&ada, &working, &[]).await.is_problem(500, "config-damaged");
        // An edit of what cannot be read is none.
        let merge = [("content-type", "application/merge-patch+json")];
        let patched = stack.call(&ada, "PATCH", &working, &merge, "{\"edition\":5}").await;
        patched.is_problem(500, "config-damaged");

        let saved = stack.overwrite(&ada, config("b", 5)).await.is(200);
        assert_eq!((saved.at("/version"), saved.at("/changes")), (json!(5), Value::Null));
        stack.overwrite(&ada, config("b", 6)).await.is(200);
        stack.cold();
        assert_eq!(config_of(&stack, 5).await.is(200).text(), config("b", 5));
        assert_eq!(config_of(&stack, 6).await.is(200).text(), config("b", 6));
        assert_eq!(stack.get(&ada, &working, &[]).await.is(200).text(), config("b", 6));
    }
}

#[tokio::test]
async fn saving_what_was_damaged_brings_it_back() {
    for how in [Removed, Exchanged, Flipped] {
        // The working version is an edit of the damaged keyframe.
        let (mut stack, ada) = four().await;
        damage(&mut stack, &config("b", 3), how).await;
        stack.overwrite(&ada, config("b", 4)).await.is(200);
        stack.cold();
        assert_eq!(stack.get(&ada, &format!("{ENV}/working"), &[]).await.is(200).text(), config("b", 4));

        // It is the damaged keyframe itself.
        let (mut stack, ada) = four().await;
        stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 3})).await.is(200);
        damage(&mut stack, &config("b", 3), how).await;
        stack.overwrite(&ada, config("b", 3)).await.is(200);
        stack.cold();
        assert_eq!(stack.get(&ada, &format!("{ENV}/working"), &[]).await.is(200).text(), config("b", 3));
        assert_eq!(config_of(&stack, 4).await.is(200).text(), config("b", 4), "what is made from it too");
    }
}

fn keys(version: u64) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S("crm/production".to_owned())),
        ("sk".to_owned(), AttributeValue::S(format!("v#{version:010}"))),
    ])
}

async fn item(stack: &Stack, version: u64) -> Item {
    let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
    get.set_key(Some(keys(version))).send().await.unwrap().item.unwrap()
}

/// Sets an attribute of an entry behind the service's back.
async fn set(stack: &Stack, version: u64, name: &str, value: AttributeValue) {
    let mut item = item(stack, version).await;
    item.insert(name.to_owned(), value);
    let put = stack.clients.dynamodb.put_item().table_name(&stack.resources.table);
    put.set_item(Some(item)).send().await.unwrap();
}

/// The versions and texts of what `GET /verify` finds, page by page.
async fn faults(stack: &Stack, limit: usize) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut next = Some(format!("{ENV}/verify?limit={limit}"));
    while let Some(path) = next {
        let page = stack.get(&Person::admin("ada"), &path, &[]).await.is(200);
        for fault in page.at("/faults").as_array().unwrap() {
            found.push((fault["version"].as_u64().unwrap(), fault["what"].as_str().unwrap().to_owned()));
        }
        next = page.at("/next").as_str().map(str::to_owned);
    }
    found
}

#[tokio::test]
async fn an_altered_entry_is_found() {
    for limit in [1, 2, 100] {
        let (stack, _) = four().await;
        set(&stack, 2, "note", AttributeValue::S("never said".to_owned())).await;
        let found = faults(&stack, limit).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, 2, "{found:?}");
    }
}

#[tokio::test]
async fn a_removed_entry_is_missed() {
    for limit in [1, 2, 100] {
        let (stack, _) = four().await;
        let delete = stack.clients.dynamodb.delete_item().table_name(&stack.resources.table);
        delete.set_key(Some(keys(2))).send().await.unwrap();
        let found = faults(&stack, limit).await;
        assert_eq!(found.len(), 1, "{limit}: {found:?}");
        assert!(found[0].0 == 2 && found[0].1.contains("missing"), "{limit}: {found:?}");
    }
}

/// Versions of a listing that is read page by page, and whether each is damaged.
async fn listed(stack: &Stack, what: &str, limit: usize) -> Vec<(u64, bool)> {
    let mut found = Vec::new();
    let mut next = Some(format!("{ENV}/{what}limit={limit}"));
    while let Some(path) = next {
        let page = stack.get(&Person::admin("ada"), &path, &[]).await.is(200);
        for line in page.at("/items").as_array().unwrap() {
            let damaged = line["kind"] == "damaged";
            let versions = match line["items"].as_array() {
                Some(saves) => saves.iter().map(|save| save["version"].as_u64().unwrap()).collect(),
                None => vec![line["version"].as_u64().unwrap()],
            };
            found.extend(versions.into_iter().map(|version| (version, damaged)));
        }
        next = page.at("/next").as_str().map(str::to_owned);
    }
    found
}

async fn remove(stack: &Stack, version: u64) {
    let delete = stack.clients.dynamodb.delete_item().table_name(&stack.resources.table);
    delete.set_key(Some(keys(version))).send().await.unwrap();
}

#[tokio::test]
async fn a_damaged_entry_is_named_at_its_version_and_hides_no_other() {
    let (stack, ada) = four().await;
    for edition in [5, 6] {
        stack.overwrite(&ada, config("b", edition)).await.is(200);
    }
    set(&stack, 2, "at", AttributeValue::S("a secret note".to_owned())).await;
    for version in [1, 4, 5] {
        remove(&stack, version).await;
    }
    let whole = [3, 6];
    let all: Vec<_> = (1..=6).rev().map(|version| (version, !whole.contains(&version))).collect();
    for limit in [1, 2, 3, 50] {
        for what in ["history?", "history?group=session&", "history?kind=saved&"] {
            assert_eq!(listed(&stack, what, limit).await, all, "{what} by {limit}");
        }
        let found: Vec<u64> = faults(&stack, limit).await.into_iter().map(|(version, _)| version).collect();
        assert!([1, 2, 4].iter().all(|version| found.contains(version)), "{found:?} by {limit}");
        assert!(!found.contains(&3) && !found.contains(&6), "{found:?} by {limit}");
    }
    let page = stack.get(&ada, &format!("{ENV}/history?before=4"), &[]).await.is(200);
    assert_eq!(page.at("/items/0/version"), 3);
    assert_eq!(page.at("/items/1/fault"), "cannot be understood");
    assert_eq!(page.at("/items/2/label"), "Damaged: #1 is missing");

    // One by one, and where one of them is needed.
    for version in [1, 2, 4, 5] {
        for path in [format!("versions/{version}"), format!("versions/{version}/config")] {
            let refused = stack.get(&ada, &format!("{ENV}/{path}"), &[]).await;
            assert_eq!(refused.is_problem(500, "entry-damaged").at("/version"), version, "{path}");
        }
        let refused = stack.post(&ada, &format!("{ENV}/restore"), json!({"version": version})).await;
        refused.is_problem(500, "entry-damaged");
    }
    stack.get(&ada, &format!("{ENV}/versions/7"), &[]).await.is_problem(404, "version-not-found");
    let blamed = stack.get(&ada, &format!("{ENV}/blame?path=/words/0"), &[]).await;
    assert_eq!(blamed.is_problem(500, "entry-damaged").at("/version"), 5);
    let blamed = stack.get(&ada, &format!("{ENV}/blame?path=/edition"), &[]).await;
    blamed.is_problem(500, "entry-damaged");
    // Work goes on above.
    stack.overwrite(&ada, config("b", 7)).await.is(200);
    assert_eq!(config_of(&stack, 3).await.is(200).text(), config("b", 3));
}

#[tokio::test]
async fn a_damaged_newest_entry_says_so() {
    let (stack, ada) = four().await;
    set(&stack, 4, "at", AttributeValue::S("a secret note".to_owned())).await;
    for path in ["", "/working", "/live"] {
        let refused = stack.get(&ada, &format!("{ENV}{path}"), &[]).await;
        assert_eq!(refused.is_problem(500, "entry-damaged").at("/version"), 4, "{path}");
    }
    let all: Vec<_> = (1..=4).rev().map(|version| (version, version == 4)).collect();
    assert_eq!(listed(&stack, "history?", 50).await, all);
}

#[tokio::test]
async fn a_damaged_record_hides_no_other_snapshot_or_backup() {
    let (stack, ada) = four().await;
    for version in 1..=3 {
        stack.post(&ada, &format!("{ENV}/snapshots"), json!({"version": version})).await.is(201);
        stack.post(&ada, &format!("{ENV}/backups"), json!({"of": version})).await.is(201);
    }
    let ids = stack.backup_ids(&ada).await;
    let damaged = ids[1].as_str().unwrap();
    let record = format!("b#{}", damaged.replacen('.', "#", 1));
    for sk in ["s#0000000006", &record] {
        let mut key = keys(1);
        key.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
        let update = stack.clients.dynamodb.update_item().table_name(&stack.resources.table);
        let update = update.set_key(Some(key)).condition_expression("attribute_exists(sk)");
        let update = update.update_expression("SET author = :x");
        let value = AttributeValue::S("a secret".to_owned());
        update.expression_attribute_values(":x", value).send().await.unwrap();
    }
    assert_eq!(listed(&stack, "snapshots?", 50).await, [(7, false), (6, true), (5, false)]);
    assert_eq!(listed(&stack, "snapshots?", 1).await, [(7, false), (6, true), (5, false)]);
    let backups = stack.get(&ada, &format!("{ENV}/backups"), &[]).await.is(200).at("/items");
    let shown: Vec<_> =
        backups.as_array().unwrap().iter().map(|item| (&item["id"], item["kind"] == "damaged")).collect();
    assert_eq!(shown, [(&ids[0], false), (&ids[2], false), (&ids[1], true)]);
}

#[tokio::test]
async fn a_newer_format_stops_writers_and_no_reader() {
    let (stack, ada) = four().await;
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    set(&stack, 5, "format", AttributeValue::N("4".to_owned())).await;
    let changes = [
        ("PUT", "working", json!({"title": "new"})),
        ("POST", "snapshots", json!({})),
        ("PATCH", "snapshots/spring", json!({"name": "summer"})),
        ("POST", "restore", json!({"version": 1})),
        ("POST", "publish", json!({"snapshot": "spring"})),
        ("POST", "rollback", json!({})),
        ("POST", "unpublish", json!({})),
    ];
    for (method, path, body) in changes {
        let headers = [("if-match", "*")];
        let answer = stack.call(&ada, method, &format!("{ENV}/{path}"), &headers, body.to_string()).await;
        let answer = answer.is_problem(503, "newer-format");
        assert_eq!((answer.header("retry-after"), answer.at("/format")), ("30", json!(4)), "{method} {path}");
    }
    for path in ["", "/working", "/live", "/history", "/snapshots", "/versions/5", "/versions/spring/config"]
    {
        stack.get(&ada, &format!("{ENV}{path}"), &[]).await.is(200);
    }
    stack.assert_whole(5).await;
}

#[tokio::test]
async fn unknown_attributes_are_carried_on_and_counted() {
    let (stack, ada) = four().await;
    let future =
        AttributeValue::M(HashMap::from([("who".to_owned(), AttributeValue::S("knows".to_owned()))]));
    set(&stack, 4, "locked", future.clone()).await;
    stack.overwrite(&ada, config("b", 5)).await.is(200);
    // Two entries in one write.
    stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 5})).await.is(200);
    let mut before = item(&stack, 4).await;
    for version in 5..=7 {
        let entry = item(&stack, version).await;
        assert_eq!(entry["locked"], future, "#{version}");
        assert_eq!(entry["prev"].as_b().unwrap().as_ref(), link(&before).as_bytes(), "#{version}");
        before = entry;
    }
    stack.assert_whole(7).await;

    set(&stack, 6, "locked", AttributeValue::Bool(false)).await;
    let found = faults(&stack, 100).await;
    assert_eq!(found.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [6], "{found:?}");
}

#[tokio::test]
async fn what_an_entry_says_for_itself_is_never_taken_from_the_one_before() {
    let (stack, ada) = four().await;
    // A saved entry has no name of its own, so that one that it has is unknown to this function.
    set(&stack, 4, "name", AttributeValue::S("from-the-future".to_owned())).await;
    let named = stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    assert_eq!(named.at("/name"), "spring");
    let shown = stack.get(&ada, &format!("{ENV}/versions/5"), &[]).await.is(200);
    assert_eq!(shown.at("/name"), "spring");
    stack.assert_whole(5).await;
}

/// Two releases, `a` and `b`, of which `b` is live, and an edit since.
async fn released() -> (Stack, Person) {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, config("a", 1)).await.is(201);
    stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 1, "name": "a"})).await.is(200);
    stack.overwrite(&ada, config("b", 1)).await.is(200);
    stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 4, "name": "b"})).await.is(200);
    stack.overwrite(&ada, config("d", 1)).await.is(200);
    (stack, ada)
}

#[tokio::test]
async fn what_is_missing_or_damaged_never_becomes_live() {
    for how in [Removed, Exchanged, Flipped, CutShort] {
        let (mut stack, ada) = released().await;
        damage(&mut stack, &config("a", 1), how).await;
        let ways = [
            ("publish", json!({"snapshot": "a", "go_ahead": true})),
            ("publish", json!({"version": 1})),
            ("rollback", json!({"to": "a"})),
            ("rollback", json!({})),
        ];
        for (path, body) in ways {
            let refused = stack.post(&ada, &format!("{ENV}/{path}"), body).await;
            assert_eq!(refused.is_problem(500, "config-damaged").at("/version"), 1, "{how:?}, {path}");
        }
        // Nor by a promotion to another environment.
        let body = json!({"from": {"env": "production", "snapshot": "a"}});
        let refused = stack.post(&ada, "/v1/apps/crm/envs/staging/publish", body).await;
        refused.is_problem(500, "config-damaged");
        // Nor by taking away what hides it, the working version, or by making it that.
        damage(&mut stack, &config("d", 1), how).await;
        let off = stack.post(&ada, &format!("{ENV}/unpublish"), json!({})).await;
        assert_eq!(off.is_problem(500, "config-damaged").at("/version"), 7, "{how:?}");
        assert_eq!(stack.get(&ada, &format!("{ENV}/live"), &[]).await.is(200).text(), config("b", 1));
        stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 4})).await.is(200);
        stack.post(&ada, &format!("{ENV}/unpublish"), json!({})).await.is(200);
        let restored = stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 1})).await;
        restored.is_problem(500, "config-damaged");
        assert_eq!(stack.get(&ada, &format!("{ENV}/live"), &[]).await.is(200).text(), config("b", 1));
        assert_eq!(stack.get(&ada, ENV, &[]).await.at("/working/version"), 9);
    }
}

#[tokio::test]
async fn a_release_that_is_lost_while_it_is_in_memory_is_written_anew() {
    let (mut stack, ada) = released().await;
    for (path, body) in [("rollback", json!({})), ("publish", json!({"snapshot": "b"}))] {
        let text = if path == "rollback" { config("a", 1) } else { config("b", 1) };
        let object = stack.keyframe(&waymark::hash::Sha256::of(text.as_bytes()).to_string());
        stack.get(&ada, &format!("{ENV}/versions/1/config"), &[]).await.is(200);
        stack.get(&ada, &format!("{ENV}/versions/4/config"), &[]).await.is(200);
        stack.lose(&object).await;
        stack.post(&ada, &format!("{ENV}/{path}"), body).await.is(200);
        stack.cold();
        assert_eq!(stack.get(&ada, &format!("{ENV}/live"), &[]).await.is(200).text(), text);
    }
}

/// Exchanges an item of the partition behind the service's back.
async fn change(stack: &Stack, sk: &str, change: impl FnOnce(&mut Item)) {
    let mut keys = keys(1);
    keys.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
    let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
    let mut item = get.set_key(Some(keys)).send().await.unwrap().item.unwrap();
    change(&mut item);
    let put = stack.clients.dynamodb.put_item().table_name(&stack.resources.table);
    put.set_item(Some(item)).send().await.unwrap();
}

async fn found_at(stack: &Stack) -> Vec<u64> {
    let mut versions: Vec<u64> = faults(stack, 2).await.into_iter().map(|(version, _)| version).collect();
    versions.dedup();
    versions
}

#[tokio::test]
async fn a_name_that_leads_to_another_config_is_found_and_not_followed() {
    let (stack, ada) = released().await;
    let mut other = None;
    change(&stack, "n#b", |item| other = item.get("subject").cloned()).await;
    change(&stack, "n#a", |item| drop(item.insert("subject".to_owned(), other.unwrap()))).await;
    assert_eq!(found_at(&stack).await, [2]);
    let config_of = |answer: Answer| answer.is(200).text().to_owned();
    let read = stack.get(&ada, &format!("{ENV}/versions/a/config"), &[]).await;
    assert_eq!(config_of(read), config("a", 1));
    stack.post(&ada, &format!("{ENV}/restore"), json!({"snapshot": "a"})).await.is(200);
    assert_eq!(config_of(stack.get(&ada, &format!("{ENV}/working"), &[]).await), config("a", 1));
    let path = "/v1/apps/crm/envs/staging/publish";
    stack.post(&ada, path, json!({"from": {"env": "production", "snapshot": "a"}})).await.is(201);
    stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "a", "go_ahead": true})).await.is(200);
    assert_eq!(config_of(stack.get(&ada, &format!("{ENV}/live"), &[]).await), config("a", 1));
}

#[tokio::test]
async fn a_name_that_leads_to_another_snapshot_or_to_none_is_found_and_refused() {
    for to in [5_u64, 4, 99] {
        let (stack, ada) = released().await;
        change(&stack, "n#a", |item| {
            item.insert("snapshot".to_owned(), AttributeValue::N(to.to_string()));
        })
        .await;
        assert_eq!(found_at(&stack).await, [2], "{to}");
        for (path, body) in [
            ("publish", json!({"snapshot": "a"})),
            ("restore", json!({"snapshot": "a"})),
            ("rollback", json!({"to": "a"})),
            ("snapshots", json!({"version": "a"})),
        ] {
            let refused = stack.post(&ada, &format!("{ENV}/{path}"), body).await;
            assert_eq!(refused.is_problem(500, "config-damaged").at("/version"), to, "{path}");
        }
    }
}

#[tokio::test]
async fn markers_and_names_that_are_not_as_entries_say_are_found() {
    type Change = (&'static str, &'static str, Option<AttributeValue>, &'static [u64]);
    let text = |text: &str| Some(AttributeValue::S(text.to_owned()));
    let number = |number: u64| Some(AttributeValue::N(number.to_string()));
    let changes: Vec<Change> = vec![
        ("s#0000000002", "name", text("b"), &[2]),
        ("s#0000000002", "name", text("never-given"), &[2]),
        ("s#0000000002", "at", number(1), &[2]),
        ("s#0000000002", "published", number(6), &[2]),
        ("s#0000000005", "published", None, &[6]),
        ("s#0000000005", "snapshot", number(2), &[5]),
        ("n#a", "former", Some(AttributeValue::Bool(true)), &[2]),
    ];
    for (sk, member, value, at) in changes {
        let (stack, _) = released().await;
        change(&stack, sk, |item| {
            match value.clone() {
                Some(value) => item.insert(member.to_owned(), value),
                None => item.remove(member),
            };
        })
        .await;
        let found = found_at(&stack).await;
        assert!(at.iter().all(|at| found.contains(at)), "{sk} {member} {value:?}: {found:?}");
    }
    // One that is gone, and one that nobody made.
    let (stack, _) = released().await;
    change(&stack, "s#0000000002", |item| {
        item.insert("sk".to_owned(), AttributeValue::S("s#0000000004".to_owned()));
        item.insert("snapshot".to_owned(), AttributeValue::N("4".to_owned()));
    })
    .await;
    assert_eq!(found_at(&stack).await, [4]);
    for sk in ["n#a", "s#0000000002"] {
        let (stack, _) = released().await;
        let mut keys = keys(1);
        keys.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
        let delete = stack.clients.dynamodb.delete_item().table_name(&stack.resources.table);
        delete.set_key(Some(keys)).send().await.unwrap();
        assert!(found_at(&stack).await.contains(&2), "{sk}");
    }
}

/// Entries whose chain of hashes was mended after they were altered: only what they say of each other tells.
#[tokio::test]
async fn entries_that_contradict_each_other_are_found_though_the_chain_is_whole() {
    type Forge = fn(&mut Item, &Item);
    let forged: [(u64, Forge); 4] = [
        // Another config for the release than its snapshot has.
        (6, |item, other| drop(item.insert("subject".to_owned(), other["subject"].clone()))),
        // A snapshot of a config that its version does not have.
        (5, |item, other| drop(item.insert("subject".to_owned(), other["subject"].clone()))),
        // A snapshot that changes what is live.
        (5, |item, _| drop(item.remove("releases"))),
        // A publication that changes the working config.
        (6, |item, other| drop(item.insert("config".to_owned(), other["config"].clone()))),
    ];
    for (number, (version, forge)) in forged.into_iter().enumerate() {
        let (stack, _) = released().await;
        let other = item(&stack, 2).await;
        let mut altered = item(&stack, version).await;
        forge(&mut altered, &other);
        for later in version..=7 {
            let mut entry = if later == version { altered.clone() } else { item(&stack, later).await };
            if later > version {
                let before = item(&stack, later - 1).await;
                let hash = aws_sdk_dynamodb::primitives::Blob::new(*link(&before).as_bytes());
                entry.insert("prev".to_owned(), AttributeValue::B(hash));
            }
            let put = stack.clients.dynamodb.put_item().table_name(&stack.resources.table);
            put.set_item(Some(entry)).send().await.unwrap();
        }
        let found = faults(&stack, 100).await;
        assert!(found.iter().any(|(at, _)| *at == version), "{number}: {found:?}");
        assert!(found.iter().all(|(_, what)| !what.contains("was written on")), "{number}: {found:?}");
    }
}
