//! Rows that dynoxide cannot read: one of them would hide all others of its page, or be taken for missing.
//!
//! They are read here one at a time, through a connection of their own that only reads. A row that cannot be read is
//! answered as an item that has its keys and nothing else, so that the service sees where the damage is.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use dynoxide::Item;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde_json::{Map, Value, json};

/// How many rows one page has at most: 1 MB of the largest entries, as DynamoDB's pages.
const PAGE: u64 = 250;

/// The last character that a key may have, and more than any that ours have.
const LAST: char = char::MAX;

/// The database file, opened at first need.
pub(super) struct Rows {
    path: PathBuf,
    connection: Mutex<Option<Connection>>,
}

/// Which rows a query asks for, as the table's columns have their keys: `S:` before the text.
struct Asked {
    table: String,
    partition: String,
    first: String,
    last: String,
    after: Option<String>,
    forward: bool,
    limit: u64,
}

impl Rows {
    /// The rows in the database file `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, connection: Mutex::new(None) }
    }

    /// The answer to a `GetItem` for a row that is there; `None` where there is none, or nothing can be read.
    pub(super) fn item_instead(&self, request: &[u8]) -> Option<String> {
        let request: Value = serde_json::from_slice(request).ok()?;
        let key = |name: &str| column(&request["Key"][name]);
        let (table, partition, sort) = (quoted(&request["TableName"])?, key("pk")?, key("sk")?);
        let connection = self.connection()?;
        let connection = connection.as_ref()?;
        let sql = format!("SELECT sk FROM {table} WHERE pk = ?1 AND sk = ?2");
        let mut there = connection.prepare_cached(&sql).ok()?;
        there.query_row([&partition, &sort], |_| Ok(())).optional().ok()??;
        let item = item(connection, &table, &partition, &sort);
        Some(json!({"Item": item}).to_string())
    }

    /// The answer to a `Query` of the table; `None` for one with an index or a filter, or when not even the keys can be read.
    pub(super) fn page_instead(&self, request: &[u8]) -> Option<String> {
        let asked = Asked::of(&serde_json::from_slice(request).ok()?)?;
        let connection = self.connection()?;
        let connection = connection.as_ref()?;
        let keys = asked.keys(connection).ok()?;
        let read = |sort: &String| item(connection, &asked.table, &asked.partition, sort);
        let items: Vec<Value> = keys.iter().map(read).collect();
        let mut page = json!({"Count": items.len(), "ScannedCount": items.len(), "Items": items});
        if let Some(last) = keys.last().filter(|_| keys.len() as u64 == asked.limit) {
            page["LastEvaluatedKey"] = keys_alone(&asked.partition, last);
        }
        Some(page.to_string())
    }

    fn connection(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        let mut connection = self.connection.lock().ok()?;
        if connection.is_none() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            *connection = Some(Connection::open_with_flags(&self.path, flags).ok()?);
        }
        Some(connection)
    }
}

impl Asked {
    /// Understands the key conditions that this service uses.
    fn of(request: &Value) -> Option<Self> {
        if ["IndexName", "FilterExpression", "KeyConditions", "QueryFilter"]
            .iter()
            .any(|name| !request[name].is_null())
        {
            return None;
        }
        let value = |name: &str| column(&request["ExpressionAttributeValues"][name]);
        let condition = request["KeyConditionExpression"].as_str()?;
        let (partition, sort) = condition.split_once(" AND ").unwrap_or((condition, ""));
        let partition = value(partition.strip_prefix("pk = ")?)?;
        let (first, last) = if sort.is_empty() {
            (String::new(), LAST.to_string())
        } else if let Some(ends) = sort.strip_prefix("sk BETWEEN ") {
            let (first, last) = ends.split_once(" AND ")?;
            (value(first)?, value(last)?)
        } else {
            let prefix = value(sort.strip_prefix("begins_with(sk, ")?.strip_suffix(')')?)?;
            let last = format!("{prefix}{LAST}");
            (prefix, last)
        };
        let start = &request["ExclusiveStartKey"];
        Some(Self {
            table: quoted(&request["TableName"])?,
            partition,
            first,
            last,
            after: if start.is_null() { None } else { Some(column(&start["sk"])?) },
            forward: request["ScanIndexForward"].as_bool().unwrap_or(true),
            limit: request["Limit"].as_u64().unwrap_or(PAGE).min(PAGE),
        })
    }

    /// The sort keys of the rows, from the index of the table alone.
    fn keys(&self, connection: &Connection) -> rusqlite::Result<Vec<String>> {
        let (order, beyond) = if self.forward { ("ASC", ">") } else { ("DESC", "<") };
        let sql = format!(
            "SELECT sk FROM {} WHERE pk = ?1 AND sk BETWEEN ?2 AND ?3 AND (?4 IS NULL OR sk {beyond} ?4) \
             ORDER BY sk {order} LIMIT ?5",
            self.table
        );
        let mut statement = connection.prepare(&sql)?;
        let parameters = rusqlite::params![self.partition, self.first, self.last, self.after, self.limit];
        let keys = statement.query_map(parameters, |row| row.get(0))?;
        keys.collect()
    }
}

/// The item of a row, or its keys alone when it cannot be read.
fn item(connection: &Connection, table: &str, partition: &str, sort: &str) -> Value {
    read(connection, table, partition, sort).unwrap_or_else(|| {
        tracing::error!(row = sort, "a row of the database cannot be read");
        keys_alone(partition, sort)
    })
}

fn read(connection: &Connection, table: &str, partition: &str, sort: &str) -> Option<Value> {
    let sql = format!("SELECT item_json FROM {table} WHERE pk = ?1 AND sk = ?2");
    let mut statement = connection.prepare_cached(&sql).ok()?;
    let item = statement.query_row([partition, sort], |row| match row.get_ref(0)? {
        ValueRef::Text(text) => Ok(serde_json::from_slice::<Item>(text).ok()),
        _ => Ok(None),
    });
    serde_json::to_value(item.ok()??).ok()
}

fn keys_alone(partition: &str, sort: &str) -> Value {
    let key = |column: &str| json!({"S": column.strip_prefix("S:").unwrap_or(column)});
    Value::Object(Map::from_iter([("pk".to_owned(), key(partition)), ("sk".to_owned(), key(sort))]))
}

/// How a key is written in its column.
fn column(key: &Value) -> Option<String> {
    key["S"].as_str().map(|text| format!("S:{text}"))
}

/// A table's name as SQL has it.
fn quoted(name: &Value) -> Option<String> {
    name.as_str().map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
}
