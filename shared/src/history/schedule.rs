//! Scheduled backups: the policy of an environment, and in the registry what a tick has to know of it.
//!
//! A tick reads the registry and nothing else, so the environment's line has a copy of the policy, the last time that
//! was carried out, and the backup that stands for the present state. It is written in the transaction that records the
//! backups, and only forwards.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backups::LastBackup;
use super::transaction::{Alongside, built};
use super::{Backup, History, Mutation, Reply, keyed, parsed};
use crate::backup::{BackupId, Policy};
use crate::entry::{Author, Item};
use crate::error::{Cause, Error};
use crate::id::{EnvId, Version};
use crate::key;

/// A policy as somebody has set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPolicy {
    /// The policy.
    pub policy: Policy,
    /// When it was set, to the millisecond.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Who set it.
    pub author: Author,
}

/// What became of the last scheduled backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// The time that it was scheduled for.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub scheduled: Timestamp,
    /// When it was carried out, to the millisecond.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Whether what was due is there, read back and whole.
    pub ok: bool,
    /// The backups that were due.
    pub backups: Vec<BackupId>,
    /// The version that they stand for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// What was found wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// An environment's line in the registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scheduled {
    /// The policy.
    #[serde(default)]
    pub policy: Policy,
    /// The last scheduled time that was carried out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub done: Option<Timestamp>,
    /// The last backup that was taken: its object stands for the state until that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Box<Backup>>,
    /// What became of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
}

/// A page of the registry: environments, and the one to go on behind.
pub type SchedulePage = (Vec<(EnvId, Scheduled)>, Option<EnvId>);

impl History {
    /// The policy that somebody has set; `None` where the default holds. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn policy(&self, env: &EnvId) -> Result<Option<SetPolicy>, Error> {
        self.get(&key::environment(env), key::POLICY).await?.map(parsed).transpose()
    }

    /// Sets the policy of the mutation's environment, and answers `reply`.
    ///
    /// # Errors
    /// As for [`History::commit`].
    pub async fn put_policy(
        &self,
        mutation: &Mutation,
        policy: SetPolicy,
        reply: Reply,
    ) -> Result<Reply, Error> {
        if let Some(reply) = self.replayed(mutation).await? {
            return Ok(reply);
        }
        self.record(mutation, &[Alongside::Policy(mutation.env()?.clone(), policy)], reply).await
    }

    /// An environment's line in the registry. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn scheduled(&self, env: &EnvId) -> Result<Scheduled, Error> {
        let line = self.get(key::REGISTRY, &key::registered(env)).await?;
        Ok(line.map(parsed).transpose()?.unwrap_or_default())
    }

    /// A page of the registry's lines, up to 1 MB of them, behind `after`. One query.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn schedule(&self, after: Option<&EnvId>) -> Result<SchedulePage, Error> {
        let registry = || AttributeValue::S(key::REGISTRY.to_owned());
        let start = after.map(|env| {
            let sk = AttributeValue::S(key::registered(env));
            HashMap::from([("pk".to_owned(), registry()), ("sk".to_owned(), sk)])
        });
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", registry())
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("read the registry")(Cause::from(e)))?;
        let env = |item: &Item| item.get("sk")?.as_s().ok().and_then(|sk| key::parse_registered(sk));
        let next = output.last_evaluated_key.as_ref().and_then(env);
        let mut lines = Vec::new();
        for item in output.items.unwrap_or_default() {
            if let Some(env) = env(&item) {
                lines.push((env, parsed(item)?));
            }
        }
        Ok((lines, next))
    }

    /// Records what a scheduled time has brought: the backups, and in the registry that it is done, with the backup
    /// that stands for the state now. What is recorded already stays, and a line that is as far or further stays too:
    /// false then. One transaction; another one where some of the backups were recorded before.
    ///
    /// # Errors
    /// [`Error::Storage`], and whether it was written is not known; to repeat it is safe. [`Error::Item`].
    pub async fn record_scheduled(
        &self,
        env: &EnvId,
        backups: &[Backup],
        good: &Backup,
        last: &LastRun,
    ) -> Result<bool, Error> {
        let line = Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key::REGISTRY.to_owned()))
            .key("sk", AttributeValue::S(key::registered(env)))
            .update_expression("SET done = :done, good = :good, #last = :last")
            .condition_expression("attribute_not_exists(done) OR done < :done")
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":done", milliseconds(last.scheduled))
            .expression_attribute_values(":good", value(good)?)
            .expression_attribute_values(":last", value(last)?)
            .build()
            .map_err(built)?;
        let line = TransactWriteItem::builder().update(line).build();
        let mut items = vec![line];
        for backup in backups {
            let item = keyed(&key::environment(env), &key::backup(&backup.id), backup)?;
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(sk)").build().map_err(built)?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        for last in LastBackup::each(backups) {
            let put =
                Put::builder().table_name(&self.table).set_item(Some(last.item(&key::environment(env))?));
            items.push(TransactWriteItem::builder().put(put.build().map_err(built)?).build());
        }
        // The second time without what is there already; who is slower than another worker has lost to its line.
        while let Some(there) = self.written_or_there(&items).await? {
            if there.first() == Some(&true) {
                return Ok(false);
            }
            let kept = items.into_iter().zip(there).filter(|(_, there)| !there).map(|(item, _)| item);
            items = kept.collect();
        }
        Ok(true)
    }

    /// Writes items in one transaction; or says for each whether it stood against that by being there already.
    async fn written_or_there(&self, items: &[TransactWriteItem]) -> Result<Option<Vec<bool>>, Error> {
        let sent = self.dynamodb.transact_write_items().set_transact_items(Some(items.to_vec())).send().await;
        let Err(error) = sent else { return Ok(None) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        {
            let reasons = cancelled.cancellation_reasons();
            let there: Vec<bool> =
                reasons.iter().map(|reason| reason.code() == Some("ConditionalCheckFailed")).collect();
            if there.len() == items.len() && there.contains(&true) {
                return Ok(Some(there));
            }
        }
        Err(Error::storage("record scheduled backups")(Cause::from(error)))
    }

    /// Writes down that a scheduled backup failed, unless its time, or a later one, is done by now. What is due
    /// stays due. One update.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn record_failed(&self, env: &EnvId, last: &LastRun) -> Result<(), Error> {
        let sent = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key::REGISTRY.to_owned()))
            .key("sk", AttributeValue::S(key::registered(env)))
            .update_expression("SET #last = :last")
            .condition_expression(
                "attribute_exists(sk) AND (attribute_not_exists(done) OR done < :scheduled)",
            )
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":scheduled", milliseconds(last.scheduled))
            .expression_attribute_values(":last", value(last)?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(Error::storage("record a failed backup")(Cause::from(error))),
        }
    }
}

fn milliseconds(time: Timestamp) -> AttributeValue {
    AttributeValue::N(time.as_millisecond().to_string())
}

fn value<T: Serialize>(of: &T) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(of).map_err(|e| Error::Item(e.to_string()))
}

impl History {
    /// The items that set an environment's policy: what was set, and the registry's copy.
    pub(super) fn policy_items(
        &self,
        env: &EnvId,
        policy: &SetPolicy,
    ) -> Result<[TransactWriteItem; 2], Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keyed(&key::environment(env), key::POLICY, policy)?))
            .build()
            .map_err(built)?;
        let copy = Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key::REGISTRY.to_owned()))
            .key("sk", AttributeValue::S(key::registered(env)))
            .update_expression("SET #policy = :policy")
            .expression_attribute_names("#policy", "policy")
            .expression_attribute_values(":policy", value(&policy.policy)?)
            .build()
            .map_err(built)?;
        Ok([TransactWriteItem::builder().put(put).build(), TransactWriteItem::builder().update(copy).build()])
    }
}
