use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::presigning::PresigningConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use waymark::aws::Resources;

use super::*;
use crate::provision::{local_resources, provision};

fn credentials() -> Credentials {
    Credentials { access_key: "a".to_owned(), secret_key: "b".to_owned() }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn write(clients: &Clients, names: &Resources) {
    let put = clients.dynamodb.put_item().table_name(&names.table);
    put.item("pk", text("crm/production"))
        .item("sk", text("v#1"))
        .item("note", text("first"))
        .send()
        .await
        .unwrap();
    let put = clients.s3.put_object().bucket(&names.configs).key("configs/crm/a.zst");
    put.body(b"config".to_vec().into()).send().await.unwrap();
}

async fn assert_written(clients: &Clients, names: &Resources) {
    let get = clients.dynamodb.get_item().table_name(&names.table).consistent_read(true);
    let found = get.key("pk", text("crm/production")).key("sk", text("v#1")).send().await.unwrap();
    assert_eq!(found.item.unwrap()["note"], text("first"));
    let get = clients.s3.get_object().bucket(&names.configs).key("configs/crm/a.zst");
    let found = get.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(found.into_bytes(), "config");
}

/// Sends one request as a browser or curl would, without credentials of its own.
pub(super) async fn plain(method: &str, url: &str, headers: &str, body: &str) -> String {
    let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}");
    let length = body.len();
    let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn both_keep_what_they_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::in_memory(folder.path()).await.unwrap();
    let (clients, names) = (engines.clients(), local_resources());
    provision(&clients, &names).await.unwrap();
    write(&clients, &names).await;
    provision(&clients, &names).await.unwrap();
    assert_written(&clients, &names).await;
    engines.stop().await;
}

#[test]
fn data_survive_a_process_that_ends_without_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let names = local_resources();
    let first = Runtime::new().unwrap();
    let engines = first.block_on(async {
        let engines = Engines::start(folder.path(), credentials()).await.unwrap();
        provision(&engines.clients(), &names).await.unwrap();
        write(&engines.clients(), &names).await;
        engines
    });
    first.shutdown_background();
    std::mem::forget(engines);
    Runtime::new().unwrap().block_on(async {
        let engines = Engines::start(folder.path(), credentials()).await.unwrap();
        provision(&engines.clients(), &names).await.unwrap();
        assert_written(&engines.clients(), &names).await;
        engines.stop().await;
    });
}

#[tokio::test]
async fn the_table_is_as_the_design_says() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::in_memory(folder.path()).await.unwrap();
    let (client, names) = (engines.clients().dynamodb, local_resources());
    provision(&engines.clients(), &names).await.unwrap();
    let table = client.describe_table().table_name(&names.table).send().await.unwrap().table.unwrap();
    let keys: Vec<_> =
        table.key_schema().iter().map(|k| (k.attribute_name(), k.key_type().as_str())).collect();
    assert_eq!(keys, [("pk", "HASH"), ("sk", "RANGE")]);
    let ttl = client.describe_time_to_live().table_name(&names.table).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description.unwrap().attribute_name(), Some("expires"));
}

#[tokio::test]
async fn presigned_addresses_work_alone_and_only_as_signed() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::in_memory(folder.path()).await.unwrap();
    let (clients, names) = (engines.clients(), local_resources());
    provision(&clients, &names).await.unwrap();
    let minutes = || PresigningConfig::expires_in(Duration::from_secs(300)).unwrap();
    let put =
        clients.s3.put_object().bucket(&names.transfer).key("uploads/1").presigned(minutes()).await.unwrap();
    let answer = plain("PUT", put.uri(), "", "upload").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let get =
        clients.s3.get_object().bucket(&names.transfer).key("uploads/1").presigned(minutes()).await.unwrap();
    let answer = plain("GET", get.uri(), "Origin: http://127.0.0.1:8787\r\n", "").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("upload"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
    for wrong in [put.uri().replace("uploads/1", "uploads/2"), get.uri().replace("uploads/1", "uploads/2")] {
        let answer = plain("PUT", &wrong, "", "upload").await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let bare = format!("{}/{}/uploads/1", engines.s3_endpoint(), names.transfer);
    let answer = plain("GET", &bare, "", "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn a_page_may_ask_before_it_uploads() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::in_memory(folder.path()).await.unwrap();
    let url = format!("{}/waymark-transfer/uploads/1", engines.s3_endpoint());
    let headers = "Origin: http://127.0.0.1:8787\r\nAccess-Control-Request-Method: PUT\r\n\
                   Access-Control-Request-Headers: x-amz-checksum-sha256\r\n";
    let answer = plain("OPTIONS", &url, headers, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("access-control-allow-headers: *"), "{answer}");
    assert!(answer.contains("access-control-allow-methods: *"), "{answer}");
}

#[tokio::test]
async fn a_damaged_database_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(DATABASE), "this is no database, as anybody can see".repeat(50))
        .unwrap();
    let refused = Engine::dynamodb(Some(folder.path()), &credentials()).await.err().unwrap().to_string();
    assert!(refused.starts_with("cannot open the database "), "{refused}");
}
