//! Entries that an older format wrote are read as they were meant, and built upon.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use waymark::entry::{FORMAT, Item, from_item, uuid_of};

use crate::support::item_size::size;
use crate::support::steps::under;
use crate::support::{Person, Stack};

async fn item(stack: &Stack, version: u64) -> Item {
    let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
    let get = get.key("pk", AttributeValue::S("crm/production".to_owned()));
    let get = get.key("sk", AttributeValue::S(format!("v#{version:010}")));
    get.send().await.unwrap().item.unwrap()
}

/// The same entry as the first format has it.
fn first_format(mut item: Item) -> Item {
    for id in ["write", "history"] {
        let text = uuid_of(&item[id]).unwrap().to_string();
        item.insert(id.to_owned(), AttributeValue::S(text));
    }
    let zero = || AttributeValue::N("0".to_owned());
    item.insert("format".to_owned(), AttributeValue::N("1".to_owned()));
    item.entry("generated".to_owned()).or_insert_with(zero);
    item.entry("releases".to_owned()).or_insert_with(|| AttributeValue::M(HashMap::new()));
    if let Some(AttributeValue::M(changes)) = item.get_mut("changes") {
        for kind in ["added", "removed", "changed"] {
            changes.entry(kind.to_owned()).or_insert_with(zero);
        }
    }
    item
}

#[tokio::test]
async fn an_entry_of_the_first_format_is_read_and_built_upon() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, r#"{"title":"Desk"}"#).await.is(201);
    stack.overwrite(&ada, r#"{"title":"Front desk"}"#).await.is(200);
    let (written, shown) = (item(&stack, 2).await, stack.read(&ada, "versions/2").await.json());
    let old = first_format(written.clone());
    assert!(size(&old) >= size(&written) + 70, "{} and {} bytes", size(&old), size(&written));
    let put = stack.clients.dynamodb.put_item().table_name(&stack.resources.table);
    put.set_item(Some(old.clone())).send().await.unwrap();

    let mut meant = from_item(written).unwrap();
    meant.format = 1;
    assert_eq!(from_item(old).unwrap(), meant);
    assert_eq!(stack.read(&ada, "versions/2").await.json(), shown);
    stack.overwrite(&ada, r#"{"title":"Back office"}"#).await.is(200);
    let next = item(&stack, 3).await;
    assert!(!next.contains_key("generated") && !next.contains_key("releases"), "{:?}", next.keys());
    // Its own number, whatever stood there before.
    let named = stack.post(&ada, &under("snapshots"), json!({})).await.is(201);
    assert_eq!(named.at("/version"), 4);
    stack.post(&ada, &under("publish"), json!({"snapshot": named.at("/name")})).await.is(200);
    assert_eq!(stack.users_see().await.0, r#"{"title":"Back office"}"#);
    stack.assert_whole(5).await;
    assert_eq!(item(&stack, 5).await["generated"], AttributeValue::N("1".to_owned()));
}

#[tokio::test]
async fn what_a_newer_format_has_otherwise_stops_readers_too_and_says_why() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, r#"{"title":"Desk"}"#).await.is(201);
    let mut newer = item(&stack, 1).await;
    newer.insert("format".to_owned(), AttributeValue::N((FORMAT + 1).to_string()));
    newer.insert("author".to_owned(), AttributeValue::S("ada".to_owned()));
    let put = stack.clients.dynamodb.put_item().table_name(&stack.resources.table);
    put.set_item(Some(newer)).send().await.unwrap();

    for path in ["working", "history", "versions/1", "live"] {
        let answer = stack.read(&ada, path).await.is_problem(503, "newer-format");
        assert_eq!(answer.at("/format"), FORMAT + 1, "{path}");
    }
    stack.overwrite(&ada, r#"{"title":"Front desk"}"#).await.is_problem(503, "newer-format");
    stack.post(&ada, &under("snapshots"), json!({})).await.is_problem(503, "newer-format");
}
