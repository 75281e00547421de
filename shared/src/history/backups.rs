//! Records of backups: what there is, without reading the bucket.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Alongside, History, Mutation, Reply, parsed};
use crate::backup::{BackupId, File};
use crate::entry::Author;
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::id::{EnvId, Note, SnapshotName, Version};
use crate::key;

/// A backup that was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    /// Its id in the environment.
    pub id: BackupId,
    /// Its object in the backups bucket.
    pub key: String,
    /// The version whose config it is.
    pub version: Version,
    /// The snapshot's name, where it was taken of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotName>,
    /// The config's SHA-256.
    pub sha256: Sha256,
    /// The config's length in bytes.
    pub bytes: u64,
    /// The file's length in bytes.
    pub size: u64,
    /// The file's SHA-256.
    pub file_sha256: Sha256,
    /// When it was taken, to the millisecond.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Who asked for it.
    pub author: Author,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// When it was last read and found whole.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub verified_at: Option<Timestamp>,
    /// What was wrong with it when it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When the bucket may drop it, in seconds since 1970; also the table's TTL attribute. `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

impl Backup {
    /// The record of a file that was just read back and found whole.
    pub fn new(
        id: BackupId,
        key: String,
        file: &File,
        (size, file_sha256): (u64, Sha256),
        author: Author,
        note: Option<Note>,
        now: Timestamp,
    ) -> Self {
        let expires = id.class.lifetime().map(|lifetime| (now + lifetime).as_second());
        let config = &file.config;
        Self {
            id,
            key,
            version: config.version,
            name: config.name.clone(),
            sha256: config.sha256,
            bytes: config.bytes,
            size,
            file_sha256,
            at: now,
            author,
            note,
            verified_at: Some(now),
            fault: None,
            expires,
        }
    }

    /// Whether the bucket still has it at `now`.
    fn counts(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now.as_second() < expires)
    }
}

impl History {
    /// Records a backup and answers `reply`. One that is recorded already stays as it is.
    ///
    /// # Errors
    /// As for [`History::commit`].
    pub async fn record_backup(
        &self,
        mutation: &Mutation,
        backup: Backup,
        reply: Reply,
    ) -> Result<Reply, Error> {
        self.record(mutation, &[Alongside::Backup(Box::new(backup))], reply).await
    }

    /// A backup by its id. One get.
    ///
    /// # Errors
    /// [`Error::NoBackup`] when there is none, or its time is over; [`Error::Storage`]; [`Error::Item`].
    pub async fn backup(&self, env: &EnvId, id: &BackupId) -> Result<Backup, Error> {
        let item = self.get(&key::environment(env), &key::backup(id)).await?;
        let backup: Option<Backup> = item.map(parsed).transpose()?;
        backup
            .filter(|backup| backup.counts(self.sources.clock.now()))
            .ok_or_else(|| Error::NoBackup(id.to_string()))
    }

    /// All backups of an environment, newest first. A query for each MB of records.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn backups(&self, env: &EnvId) -> Result<Vec<Backup>, Error> {
        let now = self.sources.clock.now();
        let mut backups: Vec<Backup> = Vec::new();
        let mut from = None;
        loop {
            let output = self
                .dynamodb
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND begins_with(sk, :backups)")
                .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
                .expression_attribute_values(":backups", AttributeValue::S(key::BACKUP.to_owned()))
                .set_exclusive_start_key(from)
                .consistent_read(true)
                .send()
                .await
                .map_err(|e| Error::storage("list backups")(Cause::from(e)))?;
            for item in output.items.unwrap_or_default() {
                backups.push(parsed(item)?);
            }
            from = output.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        backups.retain(|backup| backup.counts(now));
        backups.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        Ok(backups)
    }

    /// Writes down what reading a backup showed: whole, or what is wrong with it. One update.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mark_verified(&self, env: &EnvId, id: &BackupId, fault: Option<&str>) -> Result<(), Error> {
        let now = AttributeValue::N(self.sources.clock.now().as_millisecond().to_string());
        let update = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key::environment(env)))
            .key("sk", AttributeValue::S(key::backup(id)))
            .condition_expression("attribute_exists(sk)");
        let update = match fault {
            None => update
                .update_expression("SET verified_at = :now REMOVE #fault")
                .expression_attribute_values(":now", now),
            Some(fault) => update
                .update_expression("SET #fault = :fault")
                .expression_attribute_values(":fault", AttributeValue::S(fault.to_owned())),
        };
        update
            .expression_attribute_names("#fault", "fault")
            .send()
            .await
            .map(|_| ())
            .map_err(|e| Error::storage("mark a backup as verified")(Cause::from(e)))
    }
}
