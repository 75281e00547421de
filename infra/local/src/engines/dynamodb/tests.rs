use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use rusqlite::Connection;

use super::*;
use crate::engines::tests::plain;
use crate::engines::{DATABASE, Engines};
use crate::provision::{local_resources, provision};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Engines over files, with six entries in the table.
async fn six(folder: &Path) -> Engines {
    let credentials = Credentials { access_key: "a".to_owned(), secret_key: "b".to_owned() };
    let engines = Engines::start(folder, credentials).await.unwrap();
    let clients = engines.clients();
    provision(&clients, &local_resources()).await.unwrap();
    for version in 1..=6 {
        let put = clients.dynamodb.put_item().table_name("waymark").item("pk", text("crm/production"));
        let put = put.item("sk", text(&format!("v#{version}"))).item("note", text("a note"));
        put.send().await.unwrap();
    }
    engines
}

#[tokio::test]
async fn without_a_signature_nothing_is_answered_to_any_origin() {
    let folder = tempfile::tempdir().unwrap();
    let engines = six(folder.path()).await;
    let url = format!("{}/", engines.dynamodb_endpoint());
    let body = r#"{"TableName":"waymark"}"#;
    let scan = "Origin: http://evil.example\r\nContent-Type: application/x-amz-json-1.0\r\n\
                X-Amz-Target: DynamoDB_20120810.Scan\r\n";
    // What dynoxide's own server answers.
    let now = SystemClock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let any = format!(
        "{scan}X-Amz-Date: {now}\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=a/{}/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, \
         Signature={}\r\n",
        &now[..8],
        "0".repeat(64)
    );
    for (method, headers) in [("POST", scan), ("POST", &any), ("GET", scan), ("OPTIONS", scan)] {
        let answer = plain(method, &url, headers, body).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{method}: {answer}");
        assert!(!answer.contains("access-control") && !answer.contains("a note"), "{method}: {answer}");
    }
    let found = engines.clients().dynamodb.scan().table_name("waymark").send().await.unwrap();
    assert_eq!(found.count, 6);
}

#[tokio::test]
async fn a_body_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let engines = six(folder.path()).await;
    let put = engines.clients().dynamodb.put_item().table_name("waymark").item("pk", text("x"));
    let refused =
        put.item("sk", text("y")).item("note", text(&"a".repeat(MAX_BODY))).send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 413);
}

/// Versions and notes of a query.
async fn page(
    engines: &Engines,
    condition: &str,
    values: &[(&str, &str)],
    newest_first: bool,
    limit: i32,
) -> Vec<(String, bool)> {
    let client = engines.clients().dynamodb;
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let mut query = client.query().table_name("waymark").key_condition_expression(condition);
        query = query.expression_attribute_values(":pk", text("crm/production"));
        for (name, value) in values {
            query = query.expression_attribute_values(*name, text(value));
        }
        let query = query.scan_index_forward(!newest_first).limit(limit).set_exclusive_start_key(from);
        let page = query.send().await.unwrap();
        for item in page.items() {
            assert_eq!(item["pk"], text("crm/production"));
            found.push((item["sk"].as_s().unwrap().clone(), item.contains_key("note")));
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other_and_is_not_missing() {
    for damage in ["'no json'", "''", "CAST(x'7bff' AS TEXT)", "x'00'", "substr(item_json, 1, 20)"] {
        let folder = tempfile::tempdir().unwrap();
        let engines = six(folder.path()).await;
        let damaged = Connection::open(folder.path().join(DATABASE)).unwrap();
        let sql = format!("UPDATE waymark SET item_json = {damage} WHERE sk IN ('S:v#3', 'S:v#6')");
        assert_eq!(damaged.execute(&sql, []).unwrap(), 2);

        let versions = |range: std::ops::RangeInclusive<u32>| {
            range.map(|n| (format!("v#{n}"), n != 3 && n != 6)).collect::<Vec<_>>()
        };
        for limit in [1, 2, 3, 50] {
            let all = "pk = :pk AND begins_with(sk, :p)";
            let found = page(&engines, all, &[(":p", "v#")], false, limit).await;
            assert_eq!(found, versions(1..=6), "{damage} by {limit}");
            let mut found = page(&engines, "pk = :pk", &[], true, limit).await;
            found.reverse();
            assert_eq!(found, versions(1..=6), "{damage} by {limit}");
            let some = "pk = :pk AND sk BETWEEN :a AND :b";
            let found = page(&engines, some, &[(":a", "v#2"), (":b", "v#4")], false, limit).await;
            assert_eq!(found, versions(2..=4), "{damage} by {limit}");
        }
        let get = async |sk: &str| {
            let get = engines.clients().dynamodb.get_item().table_name("waymark");
            get.key("pk", text("crm/production")).key("sk", text(sk)).send().await.unwrap().item
        };
        assert_eq!(get("v#3").await.unwrap().len(), 2, "{damage}");
        assert_eq!(get("v#2").await.unwrap().len(), 3, "{damage}");
        assert_eq!(get("v#7").await, None, "{damage}");
    }
}

#[test]
fn a_full_disk_says_so() {
    let full = DynoxideError::InternalServerError("backend: database or disk is full".to_owned());
    let failed = Failed::from(full);
    assert_eq!(failed.status, StatusCode::INSUFFICIENT_STORAGE);
    assert!(failed.body.contains("\"StorageFull\""), "{}", failed.body);
    // SQLite's own words for it.
    let small = Connection::open_in_memory().unwrap();
    let fill = "PRAGMA max_page_count = 4; CREATE TABLE t (x); INSERT INTO t VALUES (randomblob(100000))";
    let full = small.execute_batch(fill).unwrap_err().to_string();
    assert!(full.contains(DISK_IS_FULL), "{full}");
}

#[test]
fn a_commit_is_on_the_disk_before_it_is_answered() {
    // dynoxide opens the file in WAL mode and leaves `synchronous` as SQLite has it: 2 is FULL, which syncs the log with
    // every commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DATABASE);
    let _database = Database::new(path.to_str().unwrap()).unwrap();
    let another = Connection::open(&path).unwrap();
    let pragma = |name: &str| {
        another.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
    };
    assert_eq!(pragma("journal_mode").unwrap(), rusqlite::types::Value::Text("wal".to_owned()));
    assert_eq!(pragma("synchronous").unwrap(), rusqlite::types::Value::Integer(2));
}
