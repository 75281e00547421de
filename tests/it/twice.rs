//! Edits of the largest configs lie in their entries too: their deltas are compressed twice.

use serde_json::{Value, json};
use waymark::entry::Entry;
use waymark::id::{EnvId, Version};

use crate::support::stack::ENV;
use crate::support::{Person, Stack};

/// A config of some 22 MB that compresses well, so that a request carries it.
fn config(title: &str) -> String {
    let rows: Vec<String> = (0..850_000_u32).map(|n| format!("{{\"row\":{n},\"width\":12}}")).collect();
    format!("{{\"title\":\"{title}\",\"rows\":[{}],\"end\":\"{title}\"}}", rows.join(","))
}

impl Stack {
    async fn save_compressed(&self, ada: &Person, text: &str) -> Value {
        let body = zstd::bulk::compress(text.as_bytes(), 3).unwrap();
        let headers = [("content-encoding", "zstd"), ("if-match", "*")];
        let path = format!("{ENV}/working");
        self.call(ada, "PUT", &path, &headers[..], body).await.is(200).json()
    }

    async fn entry(&self, version: u64) -> Entry {
        let env = EnvId { app: "crm".parse().unwrap(), env: "production".parse().unwrap() };
        self.waymark.history.entry(&env, Version::new(version).unwrap()).await.unwrap()
    }
}

#[tokio::test]
async fn an_edit_of_22_mb_lies_in_its_entry() {
    let (mut stack, ada) = (Stack::start().await.unchecked(), Person::admin("ada"));
    let (first, second) = (config("Desk"), config("Back office"));
    let body = zstd::bulk::compress(first.as_bytes(), 3).unwrap();
    let path = format!("{ENV}/working");
    stack.call(&ada, "PUT", &path, &[("content-encoding", "zstd")], body).await.is(201);
    stack.save_compressed(&ada, &second).await;
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    stack.save_compressed(&ada, "{}").await;
    stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 2})).await.is(200);

    stack.cold();
    for (version, text) in [(1, first.as_str()), (2, &second), (3, &second), (4, "{}"), (5, &second)] {
        let entry = stack.entry(version).await;
        assert_eq!(entry.config.delta.is_some(), version > 1, "#{version}");
        let config = stack.waymark.configs.of(&"crm".parse().unwrap(), &entry).await.unwrap();
        assert!(config.text() == text, "#{version} has other bytes");
    }
    stack.assert_whole(5).await;
}
