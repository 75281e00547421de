//! A file that is not whole is refused by name, and nothing is appended.

use serde_json::{Value, json};

use crate::support::backups::sha256;
use crate::support::client::{gunzip, gzip};
use crate::support::{Person, Stack};

const GZIP: &str = "application/gzip";

/// A stack with a backup's file, and another working version.
async fn with_a_file(ada: &Person) -> (Stack, Vec<u8>) {
    let stack = Stack::start().await;
    stack.save(ada, "{ \"words\": [\"ledger\", \"parcel\"], \"n\": 1.0 }").await.is(201);
    let id = stack.back_up(ada, json!({})).await;
    let file = stack.download(ada, &id).await;
    stack.save(ada, "{\"n\":2}").await.is(200);
    (stack, file)
}

/// The document of a file with a member of another value, packed again.
fn with(file: &[u8], member: &str, value: Value) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&gunzip(file)).unwrap();
    document[member] = value;
    gzip(document.to_string().as_bytes())
}

/// Asserts that a file is refused, in the request and as an upload, and gives the reason.
async fn refused(stack: &Stack, ada: &Person, file: &[u8], what: &str) -> Value {
    let direct = stack.restore_file(ada, GZIP, file).await;
    assert_eq!(direct.status, 422, "{what}: {direct:?}");
    if !file.is_empty() && file.len() < 1_000_000 {
        let upload = stack.upload(ada, file).await;
        let uploaded = stack.act(ada, "restore", json!({"upload": upload})).await;
        assert_eq!((uploaded.status, uploaded.json()), (direct.status, direct.json()), "{what}");
    }
    assert!(
        ["urn:waymark:problem:invalid-file", "urn:waymark:problem:invalid-config"]
            .contains(&direct.at("/type").as_str().unwrap())
    );
    direct.at("/reason")
}

/// The head of a tar archive with one file.
fn tar() -> Vec<u8> {
    let mut tar = vec![0; 512];
    tar[..11].copy_from_slice(b"config.json");
    tar[257..262].copy_from_slice(b"ustar");
    tar
}

async fn assert_nothing_happened(stack: &Stack, ada: &Person) {
    assert_eq!(stack.read(ada, "working").await.text(), "{\"n\":2}");
    assert_eq!(stack.backup_ids(ada).await.len(), 1);
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn each_damage_is_named() {
    let ada = Person::admin("ada");
    let (stack, file) = with_a_file(&ada).await;
    let config: Value = serde_json::from_slice(&gunzip(&file)).unwrap();
    let config = config["config"].as_str().unwrap().to_owned();
    let broken = "{\"n\":1,}";
    let inner = |text: &str| {
        let file = with(&file, "config", json!(text));
        with(&with(&file, "bytes", json!(text.len())), "sha256", json!(sha256(text.as_bytes())))
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("cut", file[..file.len() - 9].to_vec(), "gzip"),
        ("cut in half", file[..file.len() / 2].to_vec(), "gzip"),
        ("the first bytes", file[..4].to_vec(), "gzip"),
        ("something behind it", [file.as_slice(), b"x"].concat(), "gzip"),
        ("wrong hash", with(&file, "sha256", json!(sha256(b"{}"))), "hash"),
        ("another config", with(&file, "config", json!(config.replace("parcel", "pencil"))), "hash"),
        ("wrong length", with(&file, "bytes", json!(7)), "length"),
        ("format 2", with(&file, "waymark_backup", json!(2)), "format"),
        ("format as text", with(&file, "waymark_backup", json!("2")), "format"),
        ("format -1", with(&file, "waymark_backup", json!(-1)), "format"),
        ("no app", with(&file, "app", Value::Null), "form"),
        ("no config", with(&file, "config", json!({"n": 1})), "form"),
        ("zip", b"PK\x03\x04\x14\0\0\0".to_vec(), "other-format"),
        ("tar, packed", gzip(&tar()), "other-format"),
        ("UTF-16", b"{\0}\0".to_vec(), "other-format"),
        ("HTML", b"<!doctype html><title>404</title>".to_vec(), "syntax"),
        ("HTML, packed", gzip(b"<!doctype html><title>404</title>"), "syntax"),
        ("empty", Vec::new(), "empty"),
        ("empty, packed", gzip(b""), "empty"),
        ("an invalid config", inner(broken), "syntax"),
        ("two of one key", inner("{\"a\":1,\"a\":2}"), "duplicate-key"),
        ("a number", inner("7"), "not-a-container"),
        ("not UTF-8", gzip(b"{\"a\":\"\xff\"}"), "not-utf-8"),
    ];
    for (what, bytes, reason) in cases {
        assert_eq!(refused(&stack, &ada, &bytes, what).await, reason, "{what}");
    }
    let other = stack.restore_file(&ada, GZIP, &with(&file, "waymark_backup", json!(2))).await;
    assert!(other.at("/detail").as_str().unwrap().contains("format 2"), "{other:?}");
    assert_nothing_happened(&stack, &ada).await;
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_the_data_is_found() {
    let ada = Person::admin("ada");
    let (stack, file) = with_a_file(&ada).await;
    // Bytes 3 to 9 of the head (RFC 1952: flags, time, system) say nothing about the data.
    let places = (0..3).chain((10..file.len()).step_by(7)).chain(file.len() - 8..file.len());
    for place in places {
        let mut bytes = file.clone();
        bytes[place] ^= 1 << (place % 8);
        let answer = stack.restore_file(&ada, GZIP, &bytes).await;
        assert_eq!(answer.status, 422, "byte {place} of {}: {answer:?}", file.len());
    }
    assert_nothing_happened(&stack, &ada).await;
}

#[tokio::test]
async fn a_bomb_does_not_go_off() {
    let ada = Person::admin("ada");
    let (stack, _) = with_a_file(&ada).await;
    let bomb = gzip(&vec![b' '; 140_000_000]);
    assert!(bomb.len() < 4_000_000);
    assert_eq!(refused(&stack, &ada, &bomb, "bomb").await, "too-large");
    // A config has a limit of its own.
    let large = gzip(format!("[{}1]", " ".repeat(33_554_432)).as_bytes());
    stack.restore_file(&ada, GZIP, &large).await.is_problem(413, "too-large");
    assert_nothing_happened(&stack, &ada).await;
}
