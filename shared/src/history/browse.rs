//! Reading a history: pages of entries, and the version at a moment.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::damage::{self, Read};
use super::{Fault, Head, History};
use crate::entry::{Entry, Item};
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
    /// What is damaged among them, newest first.
    pub damaged: Vec<Fault>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of `items`, all of them whole.
    pub fn of(items: Vec<T>, next: Option<C>) -> Self {
        Self { items, damaged: Vec::new(), next }
    }

    /// The same page.
    ///
    /// # Errors
    /// [`Error::EntryDamaged`] when something of it is damaged: for whoever decides by all of it.
    pub fn whole(mut self) -> Result<Self, Error> {
        match self.damaged.pop() {
            Some(fault) => Err(fault.into()),
            None => Ok(self),
        }
    }
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

impl Page<Entry> {
    fn len(&self) -> usize {
        self.items.len() + self.damaged.len()
    }

    fn push(&mut self, read: Read, is_wanted: impl FnOnce(&Entry) -> bool) {
        match read {
            Ok(entry) if is_wanted(&entry) => self.items.push(entry),
            Ok(_) => {}
            Err(fault) => self.damaged.push(fault),
        }
    }
}

impl History {
    /// A page of entries, newest first, those before the entry `before` if given. One query without a filter; with
    /// one, at most 1,000 entries are examined, so that a page may be short and still have a `next`. Damaged entries count,
    /// and a filter leaves none of them out.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::NewerFormat`].
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
        let mut page = Page::of(Vec::new(), None);
        let mut examined = 0;
        while let Some(from) = newest {
            let wanted = if filter.is_empty() { limit } else { EXAMINED_MAX - examined };
            let expected = if examined > 0 { Some(from) } else { before.and_then(Version::before) };
            let found = self.descending(env, from, expected, wanted).await?;
            newest = found.last().and_then(|read| damage::version_of(read).before());
            if found.is_empty() {
                newest = None;
            }
            examined += found.len();
            for read in found {
                let version = damage::version_of(&read);
                page.push(read, |entry| filter.accepts(entry));
                if page.len() == limit {
                    newest = version.before();
                    break;
                }
            }
            if page.len() >= limit || examined >= EXAMINED_MAX {
                break;
            }
        }
        page.next = newest.map(Version::next);
        Ok(page)
    }

    /// Whole entries, newest first, those before the entry `before` if given: at most `limit`, and as many as one query of
    /// 1 MB gives.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::NewerFormat`].
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
                None => return Ok(Page::of(Vec::new(), None)),
            },
        };
        let query = self.entries(env, newest, limit);
        let found = self.read(env, query, before.and_then(Version::before), limit).await?;
        let oldest = found.last().map(damage::version_of).filter(|oldest| *oldest != Version::FIRST);
        let mut page = Page::of(Vec::new(), oldest);
        found.into_iter().for_each(|read| page.push(read, |_| true));
        Ok(page)
    }

    /// What a query for entries finds, newest first, with what is damaged among them: `expected` is the newest that should
    /// be there, if an entry as new as that is. At most `most`. One query more where the newest that was found is older.
    async fn read(
        &self,
        env: &EnvId,
        query: QueryFluentBuilder,
        expected: Option<Version>,
        most: usize,
    ) -> Result<Vec<Read>, Error> {
        let output =
            query.send().await.map_err(|e| Error::storage("read a page of the history")(Cause::from(e)))?;
        let is_end = output.last_evaluated_key.is_none();
        let items = output.items.unwrap_or_default().into_iter();
        let found = items.map(damage::read).collect::<Result<Vec<Read>, Error>>()?;
        let newest = found.first().map(damage::version_of);
        let expected = match expected {
            Some(_) if newest != expected => self.newest_version(env).await?.min(expected),
            _ => newest,
        };
        Ok(damage::with_missing(found, expected, is_end, most))
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

    /// Entries from `from` downwards, newest first, without their deltas. One query, so at most 1 MB of entries; `expected`
    /// as for [`History::read`].
    async fn descending(
        &self,
        env: &EnvId,
        from: Version,
        expected: Option<Version>,
        limit: usize,
    ) -> Result<Vec<Read>, Error> {
        let names = PROJECTED.into_iter().chain(["config", "sha256", "bytes"]);
        let names = names.map(|name| (format!("#{name}"), name.to_owned())).collect();
        let projection =
            PROJECTED.map(|name| format!("#{name}")).join(", ") + ", #config.#sha256, #config.#bytes";
        let query = self
            .entries(env, from, limit)
            .projection_expression(projection)
            .set_expression_attribute_names(Some(names));
        self.read(env, query, expected, limit).await
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
