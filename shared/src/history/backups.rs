//! Records of backups: what there is, without reading the bucket.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Alongside, History, Mutation, Reply, keyed, parsed};
use crate::backup::{BackupId, Class, File, Taken};
use crate::entry::{Author, Item};
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
    /// The SHA-256 of what was live, where that was another config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Sha256>,
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
    /// The backup whose object stands for this one too, since nothing has changed between them. What was found when
    /// the object was last read is in that one's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<BackupId>,
}

impl Backup {
    /// The record of a file that was read at `now` and found whole. When it was taken, and for whom, the file says.
    pub fn new(
        id: BackupId,
        key: String,
        file: &File,
        (size, file_sha256): (u64, Sha256),
        now: Timestamp,
    ) -> Self {
        // Files of before these were written down: the config's own time and author are the best that is known.
        let known = || Taken { at: file.at, author: file.author.clone(), note: None };
        let Taken { at, author, note } = file.taken.clone().unwrap_or_else(known);
        let expires = id.class.lifetime().map(|lifetime| (at + lifetime).as_second());
        let config = &file.config;
        Self {
            id,
            key,
            version: config.version,
            name: config.name.clone(),
            sha256: config.sha256,
            bytes: config.bytes,
            live: file.live.as_ref().map(|live| live.sha256),
            size,
            file_sha256,
            at,
            author,
            note,
            verified_at: Some(now),
            fault: None,
            expires,
            same_as: None,
        }
    }

    /// The record of `id`, for which this backup's object stands too, from `at` on.
    pub fn standing_for(&self, id: BackupId, at: Timestamp) -> Self {
        Self { id, at, same_as: Some(self.id.clone()), note: None, fault: None, ..self.clone() }
    }

    /// The backup whose object this is.
    pub fn owner(&self) -> &BackupId {
        self.same_as.as_ref().unwrap_or(&self.id)
    }

    /// Takes over what the owner's record says of the object.
    fn seen_as(&mut self, owner: &Self) {
        self.verified_at = owner.verified_at;
        self.fault.clone_from(&owner.fault);
    }

    /// Whether the bucket still has it at `now`.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now.as_second() < expires)
    }
}

/// Which backup of a class is the newest, so that nobody has to read all records to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastBackup {
    id: BackupId,
    /// When it was taken, to the millisecond.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    at: Timestamp,
    /// When the bucket may drop it, in seconds since 1970. `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

impl LastBackup {
    pub(super) fn of(backup: &Backup) -> Self {
        Self { id: backup.id.clone(), at: backup.at, until: backup.expires }
    }

    pub(super) fn item(&self, pk: &str) -> Result<Item, Error> {
        keyed(pk, &key::last_backup(self.id.class), self)
    }

    /// The newest of each class, of backups that are recorded now.
    pub(super) fn each(backups: &[Backup]) -> Vec<Self> {
        let mut newest: HashMap<Class, &Backup> = HashMap::new();
        for backup in backups {
            let known = newest.entry(backup.id.class).or_insert(backup);
            if backup.at > known.at {
                *known = backup;
            }
        }
        newest.into_values().map(Self::of).collect()
    }
}

impl History {
    /// The newest backup of an environment. One query of at most five items, and one get or two.
    ///
    /// Where none was recorded since these items are written, all records are read, as for [`History::backups`].
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn newest_backup(&self, env: &EnvId) -> Result<Option<Backup>, Error> {
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :last)")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":last", AttributeValue::S(key::LAST_BACKUP.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("look for the last backup")(Cause::from(e)))?;
        let now = self.sources.clock.now().as_second();
        let mut last: Vec<LastBackup> =
            output.items.unwrap_or_default().into_iter().map(parsed).collect::<Result<_, _>>()?;
        last.retain(|last| last.until.is_none_or(|until| now < until));
        last.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        for LastBackup { id, .. } in last {
            match self.backup(env, &id).await {
                Ok(backup) => return Ok(Some(backup)),
                Err(Error::NoBackup(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.backups(env).await?.into_iter().next())
    }

    /// Says that a backup found in the bucket is the newest of its class, unless a newer one is known. One put.
    async fn note_found(&self, env: &EnvId, backup: &Backup) -> Result<(), Error> {
        let last = LastBackup::of(backup);
        let at = AttributeValue::N(last.at.as_millisecond().to_string());
        let sent = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(last.item(&key::environment(env))?))
            .condition_expression("attribute_not_exists(sk) OR #at < :at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", at)
            .send()
            .await;
        match sent {
            Err(error) if !is_failed_condition(&error) => {
                Err(Error::storage("note the last backup")(Cause::from(error)))
            }
            _ => Ok(()),
        }
    }

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

    /// Records a backup that was found in the bucket; false when it is recorded already. Two puts.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn record_found(&self, env: &EnvId, backup: &Backup) -> Result<bool, Error> {
        let item = keyed(&key::environment(env), &key::backup(&backup.id), backup)?;
        let put = self.dynamodb.put_item().table_name(&self.table).set_item(Some(item));
        let recorded = match put.condition_expression("attribute_not_exists(sk)").send().await {
            Ok(_) => true,
            Err(error) if is_failed_condition(&error) => false,
            Err(error) => return Err(Error::storage("record a backup")(Cause::from(error))),
        };
        self.note_found(env, backup).await?;
        Ok(recorded)
    }

    /// A backup by its id. One get, and another where an older object stands for it.
    ///
    /// # Errors
    /// [`Error::NoBackup`] when there is none, or its time is over; [`Error::Storage`]; [`Error::Item`].
    pub async fn backup(&self, env: &EnvId, id: &BackupId) -> Result<Backup, Error> {
        let now = self.sources.clock.now();
        let mut backup = self
            .backup_record(env, id)
            .await?
            .filter(|backup| backup.counts(now))
            .ok_or_else(|| Error::NoBackup(id.to_string()))?;
        if let Some(owner) = &backup.same_as
            && let Some(owner) = self.backup_record(env, owner).await?
        {
            backup.seen_as(&owner);
        }
        Ok(backup)
    }

    async fn backup_record(&self, env: &EnvId, id: &BackupId) -> Result<Option<Backup>, Error> {
        self.get(&key::environment(env), &key::backup(id)).await?.map(parsed).transpose()
    }

    /// All backups of an environment whose records can be understood, newest first. A query for each MB of records.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn backups(&self, env: &EnvId) -> Result<Vec<Backup>, Error> {
        Ok(self.backups_and_damaged(env).await?.0)
    }

    /// [`History::backups`], and those whose records cannot be understood.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn backups_and_damaged(&self, env: &EnvId) -> Result<(Vec<Backup>, Vec<BackupId>), Error> {
        let now = self.sources.clock.now();
        let mut backups: Vec<Backup> = Vec::new();
        let mut damaged = Vec::new();
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
                let id = item.get("sk").and_then(|sk| sk.as_s().ok()).and_then(|sk| key::parse_backup(sk));
                match (parsed(item), id) {
                    (Ok(backup), _) => backups.push(backup),
                    (Err(_), Some(id)) => damaged.push(id),
                    (Err(error), None) => return Err(error),
                }
            }
            from = output.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        backups.retain(|backup| backup.counts(now));
        let owners: HashMap<BackupId, Backup> =
            backups.iter().map(|backup| (backup.id.clone(), backup.clone())).collect();
        for backup in &mut backups {
            if let Some(owner) = backup.same_as.as_ref().and_then(|owner| owners.get(owner)) {
                backup.seen_as(owner);
            }
        }
        backups.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        Ok((backups, damaged))
    }

    /// Writes down what reading a backup's object showed, in the record of its [`Backup::owner`]: whole, or what is
    /// wrong with it. One update; nothing when the record is gone by now.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mark_verified(
        &self,
        env: &EnvId,
        owner: &BackupId,
        fault: Option<&str>,
    ) -> Result<(), Error> {
        let now = AttributeValue::N(self.sources.clock.now().as_millisecond().to_string());
        let update = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key::environment(env)))
            .key("sk", AttributeValue::S(key::backup(owner)))
            .condition_expression("attribute_exists(sk)");
        let update = match fault {
            None => update
                .update_expression("SET verified_at = :now REMOVE #fault")
                .expression_attribute_values(":now", now),
            Some(fault) => update
                .update_expression("SET #fault = :fault")
                .expression_attribute_values(":fault", AttributeValue::S(fault.to_owned())),
        };
        match update.expression_attribute_names("#fault", "fault").send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(Error::storage("mark a backup as verified")(Cause::from(error))),
        }
    }
}

fn is_failed_condition<R>(error: &SdkError<PutItemError, R>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}
