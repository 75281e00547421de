//! Idempotency records: a repeated request gives the first answer again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{History, Mutation, keyed, parsed};
use crate::entry::{Entry, EntryView, Item};
use crate::error::Error;
use crate::hash::Sha256;
use crate::id::Version;
use crate::key;

/// How long a record counts.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What a mutation's caller sent as `Idempotency-Key`, and what it was sent with.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) sk: String,
    pub(super) fingerprint: Sha256,
}

impl Key {
    /// The key of a caller for one request. Each part of `request` (method, path, query, body) is hashed with its
    /// length.
    pub fn new(subject: &str, key: &str, request: [&[u8]; 4]) -> Self {
        let joined: Vec<u8> = request.iter().flat_map(|part| Sha256::of(part).as_bytes().to_vec()).collect();
        Self { sk: key::idempotency(subject, key), fingerprint: Sha256::of(&joined) }
    }
}

/// What a mutation answers: kept in the record, so that a repeat can be answered with the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The version for `Waymark-Version`, if the answer is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The SHA-256 for `ETag`, if the answer is about a config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Sha256>,
    /// The path for `Location`, if something was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

impl Reply {
    /// An answer about `entry`, with the members of `more` beside its own.
    pub fn about(status: u16, entry: &Entry, more: Map<String, Value>) -> Self {
        // An entry view is a flat struct of texts and numbers, so it always becomes an object.
        let mut body = serde_json::to_value(EntryView::from(entry)).unwrap_or_default();
        if let Value::Object(members) = &mut body {
            members.extend(more);
        }
        Self { status, body, version: Some(entry.version), etag: Some(entry.config.sha256), location: None }
    }
}

/// The item of a record.
#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(with = "serde_bytes")]
    fingerprint: Vec<u8>,
    write: Uuid,
    /// The [`Reply`] as JSON.
    answer: String,
    /// Seconds since 1970; also the table's TTL attribute, which deletes late.
    expires: i64,
}

/// The item to put beside an entry, and the time before which an older record has expired.
pub(super) fn item(pk: &str, key: &Key, write: Uuid, reply: &Reply, now: Timestamp) -> Result<Item, Error> {
    let record = Record {
        fingerprint: key.fingerprint.as_bytes().to_vec(),
        write,
        answer: serde_json::to_string(reply).map_err(|e| Error::Item(e.to_string()))?,
        expires: (now + LIFETIME).as_second(),
    };
    keyed(pk, &key.sk, &record)
}

/// The answer that a record holds for the same request, however old it is.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] when it is of another request, [`Error::Item`] when it cannot be understood.
pub(super) fn recorded(item: Item, key: &Key) -> Result<Reply, Error> {
    parsed::<Record>(item)?.reply(key)
}

impl Record {
    fn reply(&self, key: &Key) -> Result<Reply, Error> {
        if self.fingerprint != key.fingerprint.as_bytes() {
            return Err(Error::IdempotencyKeyReused);
        }
        serde_json::from_str(&self.answer).map_err(|e| Error::Item(e.to_string()))
    }
}

impl History {
    /// The answer that was given to this request before, if its record still counts. One get, with a key alone.
    pub(super) async fn replayed(&self, mutation: &Mutation) -> Result<Option<Reply>, Error> {
        let Some(key) = &mutation.key else { return Ok(None) };
        let Some(item) = self.get(&mutation.place.pk(), &key.sk).await? else { return Ok(None) };
        let record: Record = parsed(item)?;
        // Its own time decides: the table deletes late.
        if record.expires <= self.sources.clock.now().as_second() {
            return Ok(None);
        }
        record.reply(key).map(Some)
    }
}
