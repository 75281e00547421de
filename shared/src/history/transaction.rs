//! What one append writes, as the items of one transaction.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use super::append::Write;
use super::backups::LastBackup;
use super::{
    Backup, History, Marker, NameRecord, SetPolicy, Settings, StoredSchema, Upload, idempotency, keyed,
    registry, settings,
};
use crate::config::keep::Keep;
use crate::entry::Item;
use crate::error::Error;
use crate::hash::Sha256;
use crate::id::{EnvId, Note, SnapshotName, Version};
use crate::key;

/// What an operation needs in the same transaction as its entries.
#[derive(Clone, Debug)]
pub enum Alongside {
    /// Reserves a name for the snapshot that the entry `record.snapshot` made. A name that the same snapshot has
    /// had before is free to it.
    Name {
        /// The name.
        name: SnapshotName,
        /// What it leads to.
        record: NameRecord,
    },
    /// Lists a new snapshot.
    Marker(Marker),
    /// Gives a listed snapshot another name and note.
    Rename {
        /// The entry that made the snapshot.
        snapshot: Version,
        /// The name from now on.
        name: SnapshotName,
        /// The note from now on, `Some(None)` for no note; `None` leaves it.
        note: Option<Option<Note>>,
    },
    /// Marks a listed snapshot as a release.
    Published {
        /// The entry that made the snapshot.
        snapshot: Version,
        /// The entry that publishes it.
        entry: Version,
        /// Its name, as far as known: refuse, with [`Refused::Renamed`], when it has another by now.
        name: SnapshotName,
    },
    /// Refuse, with [`Refused::ReleasesOff`], where the settings switch releases off.
    ReleasesAllowed(EnvId),
    /// Refuse, with [`Refused::SettingsChanged`], where the settings switch releases off, or name other paths to keep than
    /// these: those of the environment and of its app.
    SettingsAllow {
        /// The environment.
        env: EnvId,
        /// What was read of the environment's own settings.
        own: Option<Keep>,
        /// What was read of its app's.
        app: Option<Keep>,
    },
    /// Lists the environment.
    Registered(EnvId),
    /// Replaces the settings of the mutation's place.
    Settings(Settings),
    /// Replaces the schema of the mutation's environment; `None` takes it away.
    Schema(Option<StoredSchema>),
    /// Refuse, with [`Refused::SchemaChanged`], unless this is the schema of the mutation's environment still.
    SchemaIs(Option<Sha256>),
    /// Announces an upload.
    Upload(Upload),
    /// Records a backup, unless it is recorded already.
    Backup(Box<Backup>),
    /// Sets an environment's backup policy.
    Policy(EnvId, SetPolicy),
}

/// Why a transaction was refused for a reason other than its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The name belongs to another snapshot.
    NameTaken(SnapshotName),
    /// The settings switch releases off.
    ReleasesOff,
    /// The settings switch releases off, or name other paths to keep than those that were read.
    SettingsChanged,
    /// The snapshot has another name by now.
    Renamed,
    /// The environment's schema is another by now.
    SchemaChanged,
    /// What is written once is there.
    AlreadyThere,
}

impl Refused {
    /// Whether the same write is refused for ever: names stay taken, settings may change back.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::NameTaken(_) | Self::AlreadyThere)
    }
}

/// The items of a transaction, each with what its failed condition means.
pub(super) struct Part {
    pub(super) item: TransactWriteItem,
    pub(super) meaning: Meaning,
}

/// What the failed condition of a part means.
pub(super) enum Meaning {
    Entry,
    Idempotency,
    Refused(Refused),
    /// A condition that no other writer can fail.
    None,
}

impl History {
    /// The items of a write, its entries first.
    pub(super) fn parts(&self, write: &Write<'_>) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        for item in &write.entries {
            parts.push(Part {
                item: self.new_item(item.clone(), "attribute_not_exists(sk)", &[])?,
                meaning: Meaning::Entry,
            });
        }
        if let Some((key, reply)) = write.idempotency {
            let now = self.sources.clock.now();
            let item = idempotency::item(&write.pk, key, write.id, reply, now)?;
            let seconds = AttributeValue::N(now.as_second().to_string());
            let item = self.new_item(
                item,
                "attribute_not_exists(sk) OR #expires <= :expires",
                &[("expires", seconds)],
            )?;
            parts.push(Part { item, meaning: Meaning::Idempotency });
        }
        for needed in write.alongside {
            self.push(&mut parts, &write.pk, needed)?;
        }
        Ok(parts)
    }

    fn push(&self, parts: &mut Vec<Part>, pk: &str, needed: &Alongside) -> Result<(), Error> {
        let (item, meaning) = match needed {
            Alongside::Name { name, record } => {
                let snapshot = AttributeValue::N(record.snapshot.to_string());
                let free = "attribute_not_exists(sk) OR #snapshot = :snapshot";
                let item =
                    self.new_item(keyed(pk, &key::name(name), record)?, free, &[("snapshot", snapshot)])?;
                (item, Meaning::Refused(Refused::NameTaken(name.clone())))
            }
            Alongside::Marker(marker) => {
                (self.once(pk, &key::marker(marker.snapshot), marker)?, Meaning::None)
            }
            Alongside::Rename { snapshot, name, note } => {
                let name = ("name", AttributeValue::S(name.to_string()));
                let goes = matches!(note, Some(None)).then_some("note");
                let note = note.iter().flatten().map(|note| ("note", AttributeValue::S(note.to_string())));
                let set: Vec<_> = std::iter::once(name).chain(note).collect();
                (self.update_marker(pk, *snapshot, (&set, goes), "attribute_exists(sk)", &[])?, Meaning::None)
            }
            Alongside::Published { snapshot, entry, name } => {
                let set = [("published", AttributeValue::N(entry.to_string()))];
                let name = AttributeValue::S(name.to_string());
                let item = self.change_marker(pk, *snapshot, &set, "#name = :name", &[("name", name)])?;
                (item, Meaning::Refused(Refused::Renamed))
            }
            Alongside::ReleasesAllowed(env) => {
                for pk in [key::app(&env.app), key::environment(env)] {
                    let item = self.settings_check(&pk, None)?;
                    parts.push(Part { item, meaning: Meaning::Refused(Refused::ReleasesOff) });
                }
                return Ok(());
            }
            Alongside::SettingsAllow { env, own, app } => {
                for (pk, keep) in [(key::app(&env.app), app), (key::environment(env), own)] {
                    let item = self.settings_check(&pk, Some(keep))?;
                    parts.push(Part { item, meaning: Meaning::Refused(Refused::SettingsChanged) });
                }
                return Ok(());
            }
            Alongside::Registered(env) => (self.any_item(registry::item(env))?, Meaning::None),
            Alongside::Upload(upload) => (self.once(pk, &key::upload(&upload.id), upload)?, Meaning::None),
            Alongside::Backup(backup) => {
                let last = self.any_item(LastBackup::of(backup).item(pk)?)?;
                parts.push(Part { item: last, meaning: Meaning::None });
                let item = self.once(pk, &key::backup(&backup.id), backup)?;
                (item, Meaning::Refused(Refused::AlreadyThere))
            }
            Alongside::Policy(env, policy) => {
                let items = self.policy_items(env, policy)?;
                parts.extend(items.map(|item| Part { item, meaning: Meaning::None }));
                return Ok(());
            }
            Alongside::Settings(settings) => {
                (self.any_item(keyed(pk, key::SETTINGS, settings)?)?, Meaning::None)
            }
            Alongside::Schema(schema) => (self.schema_put(pk, schema.as_ref())?, Meaning::None),
            Alongside::SchemaIs(sha256) => {
                (self.schema_is(pk, sha256.as_ref())?, Meaning::Refused(Refused::SchemaChanged))
            }
        };
        parts.push(Part { item, meaning });
        Ok(())
    }

    /// An item that is written once.
    fn once<T: serde::Serialize>(&self, pk: &str, sk: &str, value: &T) -> Result<TransactWriteItem, Error> {
        self.new_item(keyed(pk, sk, value)?, "attribute_not_exists(sk)", &[])
    }

    fn any_item(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build().map_err(built)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn new_item(
        &self,
        item: Item,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<TransactWriteItem, Error> {
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in values {
            put = put
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        Ok(TransactWriteItem::builder().put(put.build().map_err(built)?).build())
    }

    fn change_marker(
        &self,
        pk: &str,
        snapshot: Version,
        set: &[(&str, AttributeValue)],
        condition: &str,
        compared: &[(&str, AttributeValue)],
    ) -> Result<TransactWriteItem, Error> {
        self.update_marker(pk, snapshot, (set, None), condition, compared)
    }

    /// Changes a marker: sets attributes, and removes one.
    fn update_marker(
        &self,
        pk: &str,
        snapshot: Version,
        (set, remove): (&[(&str, AttributeValue)], Option<&str>),
        condition: &str,
        compared: &[(&str, AttributeValue)],
    ) -> Result<TransactWriteItem, Error> {
        let assignments: Vec<String> = set.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
        let removal = remove.map_or_else(String::new, |name| format!(" REMOVE #{name}"));
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(key::marker(snapshot)))
            .update_expression(format!("SET {}{removal}", assignments.join(", ")))
            .condition_expression(condition);
        for (name, value) in set.iter().chain(compared) {
            update = update
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        if let Some(name) = remove {
            update = update.expression_attribute_names(format!("#{name}"), name);
        }
        Ok(TransactWriteItem::builder().update(update.build().map_err(built)?).build())
    }

    fn schema_put(&self, pk: &str, schema: Option<&StoredSchema>) -> Result<TransactWriteItem, Error> {
        if let Some(schema) = schema {
            return self.any_item(keyed(pk, key::SCHEMA, schema)?);
        }
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(key::SCHEMA.to_owned()));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(built)?).build())
    }

    fn schema_is(&self, pk: &str, sha256: Option<&Sha256>) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(key::SCHEMA.to_owned()));
        let check = match sha256 {
            None => check.condition_expression("attribute_not_exists(sk)"),
            Some(sha256) => check
                .condition_expression("#sha256 = :sha256")
                .expression_attribute_names("#sha256", "sha256")
                .expression_attribute_values(":sha256", AttributeValue::S(sha256.to_string())),
        };
        Ok(TransactWriteItem::builder().condition_check(check.build().map_err(built)?).build())
    }

    /// The check that a place's settings allow releases and, where `keep` says so, that they keep these paths.
    fn settings_check(&self, pk: &str, keep: Option<&Option<Keep>>) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(key::SETTINGS.to_owned()))
            .expression_attribute_names("#releases", "releases")
            .expression_attribute_values(":off", AttributeValue::Bool(false));
        let allowed = settings::RELEASES_ALLOWED;
        let check = match keep {
            None => check.condition_expression(allowed),
            Some(None) => check
                .condition_expression(format!("({allowed}) AND attribute_not_exists(#keep)"))
                .expression_attribute_names("#keep", "keep"),
            Some(Some(keep)) => check
                .condition_expression(format!("({allowed}) AND #keep = :keep"))
                .expression_attribute_names("#keep", "keep")
                .expression_attribute_values(
                    ":keep",
                    serde_dynamo::to_attribute_value(keep).map_err(|e| Error::Item(e.to_string()))?,
                ),
        };
        Ok(TransactWriteItem::builder().condition_check(check.build().map_err(built)?).build())
    }
}

pub(super) fn built(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::Item(error.to_string())
}
