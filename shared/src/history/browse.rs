//! Reading a history: pages of entries, and the version at a moment.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{Head, History};
use crate::entry::{Entry, Item, from_item};
use crate::error::{Cause, Error};
use crate::id::{EnvId, Version};
use crate::key;

/// How many entries one page with a filter examines at most.
const EXAMINED_MAX: usize = 1_000;

/// A page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C = Version> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<C>,
}

/// Which entries to list. Empty lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Entries of one of these kinds.
    pub kinds: Vec<String>,
    /// Entries by the author with this id.
    pub author: Option<String>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.author.is_none()
    }

    fn accepts(&self, entry: &Entry) -> bool {
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == entry.event.kind()))
            && self.author.as_ref().is_none_or(|author| *author == entry.author.id)
    }
}

/// What a listing reads of an entry beside its config's hash and size: all but its delta.
pub const PROJECTED: [&str; 22] = [
    "pk",
    "sk",
    "format",
    "kind",
    "at",
    "author",
    "note",
    "write",
    "prev",
    "releases",
    "generated",
    "history",
    "name",
    "previous",
    "snapshot",
    "subject",
    "from",
    "source",
    "changes",
    "origin",
    "promoted",
    "rollback",
];

impl History {
    /// A page of entries, newest first, those before the entry `before` if given. One query without a filter; with
    /// one, at most 1,000 entries are examined, so that a page may be short and still have a `next`.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn page(
        &self,
        env: &EnvId,
        before: Option<Version>,
        limit: u16,
        filter: &Filter,
    ) -> Result<Page<Entry>, Error> {
        let limit = usize::from(limit);
        let mut newest = match before {
            None => Some(Version::MAX),
            Some(version) => version.before(),
        };
        let mut items = Vec::new();
        let mut examined = 0;
        while let Some(from) = newest {
            let wanted = if filter.is_empty() { limit } else { EXAMINED_MAX - examined };
            let found = self.descending(env, from, wanted).await?;
            newest = found.last().and_then(|entry| entry.version.before());
            if found.is_empty() {
                newest = None;
            }
            examined += found.len();
            for entry in found {
                let version = entry.version;
                if filter.accepts(&entry) {
                    items.push(entry);
                }
                if items.len() == limit {
                    newest = version.before();
                    break;
                }
            }
            if items.len() >= limit || examined >= EXAMINED_MAX {
                break;
            }
        }
        Ok(Page { items, next: newest.map(Version::next) })
    }

    /// Whole entries, newest first, those before the entry `before` if given: at most `limit`, and as many as one query of
    /// 1 MB gives.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn whole_page(
        &self,
        env: &EnvId,
        before: Option<Version>,
        limit: usize,
    ) -> Result<Page<Entry>, Error> {
        let newest = match before {
            None => Version::MAX,
            Some(version) => match version.before() {
                Some(newest) => newest,
                None => return Ok(Page { items: Vec::new(), next: None }),
            },
        };
        let output = self
            .entries(env, newest, limit)
            .send()
            .await
            .map_err(|e| Error::storage("read a page of the history")(Cause::from(e)))?;
        let items: Vec<Entry> =
            output.items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_, _>>()?;
        let next = items.last().map(|entry| entry.version).filter(|oldest| *oldest != Version::FIRST);
        Ok(Page { items, next })
    }

    /// The query for entries from `from` downwards, newest first.
    fn entries(&self, env: &EnvId, from: Version, limit: usize) -> QueryFluentBuilder {
        self.dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :from")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":first", AttributeValue::S(key::entry(Version::FIRST)))
            .expression_attribute_values(":from", AttributeValue::S(key::entry(from)))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true)
    }

    /// Entries from `from` downwards, newest first, without their deltas. One query, so at most 1 MB of entries.
    async fn descending(&self, env: &EnvId, from: Version, limit: usize) -> Result<Vec<Entry>, Error> {
        let names = PROJECTED.into_iter().chain(["config", "sha256", "bytes"]);
        let names = names.map(|name| (format!("#{name}"), name.to_owned())).collect();
        let projection =
            PROJECTED.map(|name| format!("#{name}")).join(", ") + ", #config.#sha256, #config.#bytes";
        let output = self
            .entries(env, from, limit)
            .projection_expression(projection)
            .set_expression_attribute_names(Some(names))
            .send()
            .await
            .map_err(|e| Error::storage("read a page of the history")(Cause::from(e)))?;
        output.items.unwrap_or_default().into_iter().map(from_item).collect()
    }

    /// Whole items of entries from `from` upwards, oldest first. One query, so at most 1 MB of entries.
    pub(super) async fn ascending(
        &self,
        env: &EnvId,
        from: Version,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :last")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":from", AttributeValue::S(key::entry(from)))
            .expression_attribute_values(":last", AttributeValue::S(key::entry(Version::MAX)))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("read entries to verify")(Cause::from(e)))?;
        Ok(output.items.unwrap_or_default())
    }

    /// The newest entry that is not later than `at`, given the newest of all. Times hardly ever run backwards within a
    /// history, so it is found by halving: at most log₂ n gets, and one for each entry on the way that is later than
    /// the newest, since its clock was ahead.
    ///
    /// # Errors
    /// [`Error::BeforeHistory`] when the first entry is later; [`Error::Storage`]; [`Error::Item`].
    pub async fn entry_at(&self, env: &EnvId, head: &Head, at: Timestamp) -> Result<Entry, Error> {
        if head.entry.at <= at {
            return Ok(head.entry.clone());
        }
        let (mut low, mut high) = (0, head.entry.version.get());
        let mut found = None;
        let version = |number| Version::new(number).ok_or_else(|| Error::Item("no version 0".to_owned()));
        // Entries up to `low` are not later than `at` (`found` is that of `low`); those from `high` on are.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let mut looked = middle;
            let mut entry = self.entry(env, version(looked)?).await?;
            while entry.at > head.entry.at && looked + 1 < high {
                looked += 1;
                entry = self.entry(env, version(looked)?).await?;
            }
            if entry.at <= at {
                low = looked;
                found = Some(entry);
            } else {
                high = middle;
            }
        }
        found.ok_or(Error::BeforeHistory)
    }
}
