//! Histories in DynamoDB: the append-only log of each environment, and what lies beside it.
//!
//! The head is the newest entry, and reading it is reading everything. Appending is one conditional write
//! (`append`); deciding again after a lost race, and answering a repeated request, is `commit`.

mod append;
mod backups;
mod browse;
mod commit;
mod damage;
mod decision;
mod idempotency;
mod registry;
mod schedule;
mod schema;
mod settings;
mod since;
mod snapshots;
mod transaction;
mod uploads;
mod verify;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;

pub use backups::Backup;
pub use browse::{Filter, PROJECTED, Page};
pub use commit::{Mutation, Start};
pub use damage::{Damaged, Fault};
pub use decision::{Attempt, Decide, Decision, Draft, DraftEntry};
pub use idempotency::{Key, Reply};
pub use registry::Listed;
pub use schedule::{LastRun, SchedulePage, Scheduled, SetPolicy};
pub use schema::StoredSchema;
pub use settings::{LiveWithoutRelease, Place, Settings};
pub use since::{Brief, Since};
pub use snapshots::{Marker, NameRecord, Named};
pub use transaction::{Alongside, Refused};
pub use uploads::Upload;
pub use verify::Verified;

use crate::clock::Sources;
use crate::entry::{Entry, Item, LEFT_OUT, link, to_item};
use crate::error::{Cause, Error, chain};
use crate::hash::Sha256;
use crate::id::{EnvId, Version};
use crate::key;

/// The table of all histories.
#[derive(Clone, Debug)]
pub struct History {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
    sources: Sources,
}

/// The newest entry, as it was read.
#[derive(Clone, Debug)]
pub struct Head {
    /// The entry: the environment's whole state.
    pub entry: Entry,
    /// The item that it was read from, of which a reader needs no more.
    item: Item,
}

impl Head {
    /// The entry's hash, which the next one holds.
    pub fn hash(&self) -> Sha256 {
        link(&self.item)
    }

    fn read(item: Item) -> Result<Self, Error> {
        Ok(Self { entry: damage::read(item.clone())??, item })
    }

    /// Puts the attributes that this library does not know into the next entry's item.
    pub(crate) fn hand_on_unknown(&self, env: &str, next: &mut Item) -> Result<(), Error> {
        let known = to_item(env, &self.entry)?;
        let is_unknown = |name: &String| !known.contains_key(name) && !LEFT_OUT.contains(&name.as_str());
        let unknown = self.item.iter().filter(|(name, _)| is_unknown(name));
        for (name, value) in unknown {
            next.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Ok(())
    }
}

impl History {
    /// The histories in `table`.
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, table: String, sources: Sources) -> Self {
        Self { dynamodb, table, sources }
    }

    /// Opens a connection by one cheap read, so that the first request need not. A failure is left to that
    /// request, which can say what was being done.
    pub async fn warm_up(&self) {
        if let Err(error) = self.get("environments", "-").await {
            tracing::warn!(error = chain(&error), "no connection at start");
        }
    }

    /// The newest entry; `None` for an environment in which nothing was saved. One consistent query.
    ///
    /// # Errors
    /// [`Error::Storage`] when DynamoDB does not answer, [`Error::EntryDamaged`] when the entry cannot be understood.
    pub async fn head(&self, env: &EnvId) -> Result<Option<Head>, Error> {
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :entries)")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":entries", AttributeValue::S(key::ENTRY.to_owned()))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("read the newest entry")(Cause::from(e)))?;
        output.items.unwrap_or_default().pop().map(Head::read).transpose()
    }

    /// The newest entry of an environment that must exist.
    ///
    /// # Errors
    /// [`Error::NoEnvironment`] where nothing was saved, and those of [`History::head`].
    pub async fn existing_head(&self, env: &EnvId) -> Result<Head, Error> {
        self.head(env).await?.ok_or(Error::NoEnvironment)
    }

    /// One entry. One get.
    ///
    /// # Errors
    /// [`Error::NoVersion`] when the history ends before it, [`Error::EntryDamaged`] when it is missing (one query more) or
    /// cannot be understood, [`Error::Storage`] as for [`History::head`].
    pub async fn entry(&self, env: &EnvId, version: Version) -> Result<Entry, Error> {
        match self.get(&key::environment(env), &key::entry(version)).await? {
            Some(item) => Ok(damage::read(item)??),
            None => Err(self.not_there(env, version).await),
        }
    }

    async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, Error> {
        self.dynamodb
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map(|output: GetItemOutput| output.item)
            .map_err(|e| Error::storage("read an item")(Cause::from(e)))
    }
}

/// An item of `value` under the given keys.
fn keyed<T: serde::Serialize>(pk: &str, sk: &str, value: &T) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|e| Error::Item(e.to_string()))?;
    item.insert("pk".to_owned(), AttributeValue::S(pk.to_owned()));
    item.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
    Ok(item)
}

/// The value that an item holds.
fn parsed<T: serde::de::DeserializeOwned>(item: Item) -> Result<T, Error> {
    let key = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
    // Without what the reader says: it quotes what is stored, and this goes to the log.
    serde_dynamo::from_item(item).map_err(|_| Error::Item(format!("{key} {}", damage::UNREADABLE)))
}
