//! Steps with backups and files in `crm/production`.

use serde_json::{Value, json};
use waymark::hash::Sha256;

use super::client::gunzip;
use super::presigned::send;
use super::steps::under;
use super::{Answer, Person, Stack};

/// The SHA-256 of bytes as answers show it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::of(bytes).to_string()
}

impl Stack {
    /// Takes a backup and gives its id.
    pub(crate) async fn back_up(&self, person: &Person, body: Value) -> String {
        self.act(person, "backups", body).await.is(201).at("/id").as_str().unwrap().to_owned()
    }

    /// The file of a backup, as a client that follows the redirect gets it.
    pub(crate) async fn download(&self, person: &Person, id: &str) -> Vec<u8> {
        let answer = self.read(person, &format!("backups/{id}/file")).await.is(303);
        let fetched = send("GET", answer.header("location"), &[], Vec::new()).await;
        assert_eq!(fetched.status, 200, "{}", fetched.head);
        fetched.body
    }

    /// The JSON document in the file of a backup.
    pub(crate) async fn document(&self, person: &Person, id: &str) -> Value {
        serde_json::from_slice(&gunzip(&self.download(person, id).await)).unwrap()
    }

    /// Announces and sends an upload to an environment, and gives its id.
    pub(crate) async fn upload_to(&self, person: &Person, env: &str, file: &[u8]) -> String {
        let body = json!({"bytes": file.len(), "sha256": sha256(file)});
        let announced = self.post(person, &format!("{env}/uploads"), body).await.is(201);
        let headers = announced.at("/headers");
        let headers: Vec<_> = headers
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let sent = send("PUT", announced.at("/url").as_str().unwrap(), &headers, file.to_vec()).await;
        assert_eq!(sent.status, 200, "{}", sent.head);
        announced.at("/id").as_str().unwrap().to_owned()
    }

    /// Announces and sends an upload to `crm/production`, and gives its id.
    pub(crate) async fn upload(&self, person: &Person, file: &[u8]) -> String {
        self.upload_to(person, super::stack::ENV, file).await
    }

    /// Restores from a file in the request itself.
    pub(crate) async fn restore_file(&self, person: &Person, media_type: &str, file: &[u8]) -> Answer {
        let headers = [("content-type", media_type)];
        self.call(person, "POST", &under("restore"), &headers, file.to_vec()).await
    }

    /// The ids of all backups that the list shows.
    pub(crate) async fn backup_ids(&self, person: &Person) -> Vec<Value> {
        self.listed(person, &under("backups"), "/id").await
    }
}
