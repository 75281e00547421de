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
