//! The design's table "Budget: AWS calls per operation". A row is one assertion of the exact calls, each made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Value, json};

use crate::support::stack::ENV;
use crate::support::{Person, Stack};

const QUERY: &str = "DynamoDB.Query";
const GET: &str = "DynamoDB.GetItem";
const PUT: &str = "DynamoDB.PutItem";
const TRANSACT: &str = "DynamoDB.TransactWriteItems";
const S3_GET: &str = "S3.GetObject";
const S3_HEAD: &str = "S3.HeadObject";
const S3_PUT: &str = "S3.PutObject";

/// A config of 2 KB, of which one number is another in each edition.
fn edition(number: u64) -> String {
    let text = "select id, name from customers where city = :city ".repeat(40);
    json!({ "title": "Refund desk", "edition": number, "query": text }).to_string()
}

/// A config that has little in common with others.
fn unlike(number: u64) -> String {
    let words: Vec<String> =
        (0..400).map(|n| waymark::hash::Sha256::of(format!("{number}-{n}").as_bytes()).to_string()).collect();
    json!({ "words": words }).to_string()
}

/// A stack in which #1 is a keyframe and #2 an edit of it, called by an admin, everything in memory.
async fn edited() -> (Stack, Person) {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, edition(1)).await.is(201);
    stack.save(&ada, edition(2)).await.is(200);
    stack.calls.take();
    (stack, ada)
}

#[tokio::test]
async fn saves() {
    let (mut stack, ada) = edited().await;

    stack.overwrite(&ada, edition(3)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [PUT, QUERY], "a small edit, warm");

    stack.cold();
    stack.overwrite(&ada, edition(4)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [PUT, QUERY, S3_GET], "a small edit, keyframe not in memory");

    stack.overwrite(&ada, unlike(5)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [PUT, QUERY, S3_PUT], "starts a keyframe");

    stack.overwrite(&ada, unlike(5)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [QUERY], "what is there already");

    // An idempotency key costs a get for the record beside the query, and a transaction.
    let headers = [("if-match", "*"), ("idempotency-key", "k-1")];
    stack.call(&ada, "PUT", &format!("{ENV}/working"), &headers, unlike(6)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET, QUERY, TRANSACT, S3_PUT], "with an idempotency key");
}

#[tokio::test]
async fn live() {
    let (mut stack, ada) = edited().await;
    let path = format!("{ENV}/live");

    // Without a release the settings say what users get: two gets, of the environment's and the app's.
    let working = stack.get(&ada, &path, &[]).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET, GET, QUERY], "no release, warm");
    stack.get(&ada, &path, &[("if-none-match", working.header("etag"))]).await.is(304);
    assert_eq!(stack.calls.take_unrepeated(), [GET, GET, QUERY], "no release, unchanged");

    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "spring"})).await.is(200);
    stack.cold();
    stack.calls.take();
    let released = stack.get(&ada, &path, &[]).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [QUERY, S3_GET], "changed");
    stack.get(&ada, &path, &[]).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [QUERY], "changed, config in memory");
    stack.cold();
    stack.get(&ada, &path, &[("if-none-match", released.header("etag"))]).await.is(304);
    assert_eq!(stack.calls.take_unrepeated(), [QUERY], "unchanged since the caller's ETag");
}

#[tokio::test]
async fn one_version() {
    let (mut stack, ada) = edited().await;
    stack.cold();
    stack.get(&ada, &format!("{ENV}/versions/2"), &[]).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET], "metadata");
    let config = stack.get(&ada, &format!("{ENV}/versions/2/config"), &[]).await.is(200);
    assert_eq!(config.text(), edition(2));
    assert_eq!(stack.calls.take_unrepeated(), [GET, S3_GET], "config");
    stack.get(&ada, &format!("{ENV}/versions/1/config"), &[]).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET], "config whose keyframe is in memory");
}

#[tokio::test]
async fn restore_and_publish() {
    let (mut stack, ada) = edited().await;
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    stack.overwrite(&ada, edition(4)).await.is(200);
    stack.cold();
    stack.calls.take();

    // The snapshot's name, and its own entry, which says what it names. Without a release users get it at once, so it is looked
    // for in the bucket: read where it is not in memory, asked for where it is. Three gets at once say what the schema warns of,
    // and, by the settings of the environment and its app, whether users see it.
    let ways = [
        (json!({"version": 2}), vec![GET, GET, GET, GET, PUT, QUERY, S3_HEAD]),
        (json!({"snapshot": "spring", "note": "again"}), vec![GET, GET, GET, GET, GET, PUT, QUERY, S3_GET]),
        (
            json!({"snapshot": "spring", "note": "once more"}),
            vec![GET, GET, GET, GET, GET, PUT, QUERY, S3_HEAD],
        ),
    ];
    for (what, calls) in ways.clone() {
        stack.overwrite(&ada, unlike(0)).await.is(200);
        stack.calls.take();
        assert_eq!(stack.post(&ada, &format!("{ENV}/restore"), what).await.is(200).at("/unchanged"), false);
        assert_eq!(stack.calls.take_unrepeated(), calls, "restore, which users see at once");
    }

    stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "spring"})).await.is(200);
    // One get more: of the schema, which a publish must not pass by. What becomes live is looked for in the bucket.
    assert_eq!(
        stack.calls.take_unrepeated(),
        [GET, GET, GET, QUERY, TRANSACT, S3_HEAD],
        "publish a snapshot"
    );

    for (what, mut calls) in ways {
        stack.overwrite(&ada, unlike(0)).await.is(200);
        stack.calls.take();
        assert_eq!(stack.post(&ada, &format!("{ENV}/restore"), what).await.is(200).at("/unchanged"), false);
        calls.retain(|call| *call != S3_GET && *call != S3_HEAD);
        // A release is live, so the settings do not matter.
        calls.drain(..2);
        assert_eq!(stack.calls.take_unrepeated(), calls, "restore, which users do not see");
    }

    stack.overwrite(&ada, edition(9)).await.is(200);
    stack.overwrite(&ada, edition(10)).await.is(200);
    let version = stack.overwrite(&ada, edition(11)).await.is(200).at("/version");
    stack.calls.take();
    stack.post(&ada, &format!("{ENV}/publish"), json!({"version": version})).await.is(200);
    assert_eq!(
        stack.calls.take_unrepeated(),
        [GET, GET, QUERY, TRANSACT, S3_PUT],
        "publish a version that is a delta"
    );
}

/// What the store returned to queries.
#[derive(Clone, Debug, Default)]
struct Returned(Arc<Mutex<Vec<HashMap<String, AttributeValue>>>>);

impl Intercept for Returned {
    fn name(&self) -> &'static str {
        "Returned"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(output) = context.output_or_error()
            && let Some(query) = output.downcast_ref::<QueryOutput>()
        {
            self.0.lock().unwrap().extend_from_slice(query.items());
        }
        Ok(())
    }
}

/// How long the long history is.
const MANY: u64 = 1_200;

/// A history of [`MANY`] entries, each a second after the one before. Most are copies of #2, an edit, put into the
/// table by hand: their chain of hashes is broken, which no reader of pages looks at.
async fn long() -> (Stack, Person, Returned) {
    let returned = Returned::default();
    let seen = returned.clone();
    let stack = Stack::with(|dynamodb| dynamodb.interceptor(seen), |s3| s3).await;
    let ada = Person::admin("ada");
    stack.save(&ada, edition(1)).await.is(201);
    let second = stack.save(&ada, edition(2)).await.is(200);
    let start: jiff::Timestamp = second.at("/at").as_str().unwrap().parse().unwrap();

    let (dynamodb, table) = (&stack.clients.dynamodb, &stack.resources.table);
    let keys = |version: u64| {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S("crm/production".to_owned())),
            ("sk".to_owned(), AttributeValue::S(format!("v#{version:010}"))),
        ])
    };
    let entry =
        dynamodb.get_item().table_name(table).set_key(Some(keys(2))).send().await.unwrap().item.unwrap();
    let copies: Vec<WriteRequest> = (3..=MANY)
        .map(|version| {
            let mut item = entry.clone();
            item.extend(keys(version));
            let at = start.as_millisecond() + i64::try_from(version - 2).unwrap() * 1_000;
            item.insert("at".to_owned(), AttributeValue::N(at.to_string()));
            WriteRequest::builder()
                .put_request(PutRequest::builder().set_item(Some(item)).build().unwrap())
                .build()
        })
        .collect();
    for batch in copies.chunks(25) {
        dynamodb.batch_write_item().request_items(table, batch.to_vec()).send().await.unwrap();
    }
    stack.calls.take();
    returned.0.lock().unwrap().clear();
    (stack, ada, returned)
}

#[tokio::test]
async fn pages_of_a_long_history() {
    let (stack, ada, returned) = long().await;

    let page = stack.get(&ada, &format!("{ENV}/history?limit=50"), &[]).await.is(200);
    assert_eq!(page.at("/items").as_array().unwrap().len(), 50);
    assert_eq!(stack.calls.take_unrepeated(), [QUERY], "a page of 50, unfiltered");
    let items = std::mem::take(&mut *returned.0.lock().unwrap());
    assert_eq!(items.len(), 50, "no more are read than are shown");
    for item in &items {
        let config = item["config"].as_m().unwrap();
        assert!(config.contains_key("sha256") && !config.contains_key("delta"), "a listing needs no deltas");
    }

    // Nothing matches: the page is empty, and goes on where it stopped looking.
    let page = stack.get(&ada, &format!("{ENV}/history?kind=restored"), &[]).await.is(200);
    assert_eq!(page.at("/items"), json!([]));
    assert!(page.at("/next").as_str().unwrap().contains(&format!("before={}", MANY - 1_000 + 1)), "{page:?}");
    assert_eq!(std::mem::take(&mut *returned.0.lock().unwrap()).len(), 1_000, "entries examined");
    let next = page.at("/next");
    let page = stack.get(&ada, next.as_str().unwrap(), &[]).await.is(200);
    assert_eq!((page.at("/items"), page.at("/next")), (json!([]), Value::Null));
    // One page, of which the answer is full at once, reads no further than it must.
    let page = stack.get(&ada, &format!("{ENV}/history?author=ada&limit=10"), &[]).await.is(200);
    assert_eq!(page.at("/items").as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_moment_is_found_by_halving() {
    let (stack, ada, _) = long().await;
    let head = stack.get(&ada, &format!("{ENV}/versions/{MANY}"), &[]).await.is(200);
    let end: jiff::Timestamp = head.at("/at").as_str().unwrap().parse().unwrap();
    stack.calls.take();
    // ⌈log₂ 1,200⌉ = 11
    for before in [0, 1, 300, 599, 600, 1_000, 1_197] {
        let at = end - jiff::SignedDuration::from_secs(before);
        let found = stack.get(&ada, &format!("{ENV}/versions?at={at}"), &[]).await.is(200);
        assert_eq!(found.at("/version"), MANY - u64::try_from(before).unwrap());
        let calls = stack.calls.take_unrepeated();
        let gets = calls.iter().filter(|call| *call == GET).count();
        assert!(gets <= 11 && calls.len() == gets + 1, "{before} s before the end: {calls:?}");
    }
}

#[tokio::test]
async fn refusals_of_rights_cost_no_call() {
    let (stack, _) = edited().await;
    let env = [
        ("GET", "/live", "reader"),
        ("GET", "", "viewer"),
        ("GET", "/working", "viewer"),
        ("GET", "/history", "viewer"),
        ("GET", "/versions?at=2026-11-13T09:14:00Z", "viewer"),
        ("GET", "/versions/1", "viewer"),
        ("GET", "/versions/1/config", "viewer"),
        ("GET", "/diff?from=1&to=2", "viewer"),
        ("GET", "/verify", "viewer"),
        ("GET", "/snapshots", "viewer"),
        ("GET", "/settings", "viewer"),
        ("PUT", "/working", "editor"),
        ("PATCH", "/working", "editor"),
        ("POST", "/snapshots", "editor"),
        ("PATCH", "/snapshots/v1", "editor"),
        ("POST", "/restore", "editor"),
        ("POST", "/uploads", "editor"),
        ("POST", "/publish", "publisher"),
        ("POST", "/unpublish", "publisher"),
        ("POST", "/rollback", "publisher"),
        ("PUT", "/settings", "admin"),
    ]
    .map(|(method, path, role)| (method, format!("{ENV}{path}"), role));
    let app = ["GET", "PUT"].map(|method| (method, "/v1/apps/crm/settings".to_owned(), "admin"));
    let roles = ["nobody", "reader", "viewer", "editor", "publisher", "admin"];
    for (method, path, role) in env.into_iter().chain(app) {
        let below = roles[roles.iter().position(|known| *known == role).unwrap() - 1];
        // The rights of the role below, and all rights elsewhere.
        let grants = format!("[crm/*:{below} sales/*:admin crm/staging:admin crm2/production:admin]");
        let person = Person::new("eve", &grants);
        let headers = [("if-match", "*"), ("idempotency-key", "k")];
        let refused = stack.call(&person, method, &path, &headers, "{}").await;
        refused.is_problem(403, "forbidden");
        assert!(stack.calls.take().is_empty(), "{method} {path} as {below}");
    }
}

#[tokio::test]
async fn merges() {
    let (stack, ada) = edited().await;
    let longer = |number: u64| edition(number).replace("Refund desk", "Refunds");
    stack.overwrite(&ada, edition(3)).await.is(200);
    stack.calls.take();

    // The head, the base, what came since; and the config that it came to.
    let path = format!("{ENV}/working");
    stack.call(&ada, "PUT", &path, &[("waymark-base", "2")], longer(2)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET, PUT, QUERY, QUERY], "a save that is merged, warm");
    stack.call(&ada, "PUT", &path, &[("waymark-base", "4")], longer(4)).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [PUT, QUERY], "a save on the newest");

    stack.post(&ada, &format!("{ENV}/restore"), json!({"undo": 4})).await.is(200);
    // Two gets of the settings, which say whether users see it at once; the schema was read with a save.
    assert_eq!(stack.calls.take_unrepeated(), [GET, GET, GET, GET, PUT, QUERY], "undo, warm");
    let body = json!({"version": 1, "paths": ["/edition"]});
    stack.post(&ada, &format!("{ENV}/restore"), body).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET, GET, GET, PUT, QUERY], "a part, warm");
}

#[tokio::test]
async fn where_it_stands_costs_the_same_however_many_backups_there_are() {
    let returned = Returned::default();
    let seen = returned.clone();
    let stack = Stack::with(|dynamodb| dynamodb.interceptor(seen), |s3| s3).await;
    let ada = Person::admin("ada");
    stack.save(&ada, edition(1)).await.is(201);
    for number in 1..=60 {
        stack.seconds_pass(1);
        stack.post(&ada, &format!("{ENV}/backups"), json!({"note": number.to_string()})).await.is(201);
        if ![1, 60].contains(&number) {
            continue;
        }
        let last = stack.get(&ada, &format!("{ENV}/backups?limit=1"), &[]).await.is(200).at("/items/0/id");
        stack.calls.take();
        returned.0.lock().unwrap().clear();
        let standing = stack.get(&ada, ENV, &[]).await.is(200);
        assert_eq!(standing.at("/backup/id"), last);
        // The settings of the environment and of its app, the backup's record, and the next name.
        assert_eq!(stack.calls.take_unrepeated(), [GET, GET, GET, GET, QUERY, QUERY], "{number} backups");
        let items = std::mem::take(&mut *returned.0.lock().unwrap());
        assert_eq!(items.len(), 2, "{number} backups: the head, and which backup is the newest");
    }
}
