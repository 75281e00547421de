//! How an entry lies in DynamoDB.

use std::collections::HashMap;

use ::uuid::Uuid;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Entry, FORMAT};
use crate::error::Error;
use crate::key;

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// The item of an entry in the partition `pk`.
///
/// # Errors
/// [`Error::Item`] if a value cannot be represented, which no entry of this library contains.
pub fn to_item(pk: &str, entry: &Entry) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(entry).map_err(|e| Error::Item(e.to_string()))?;
    item.insert("pk".to_owned(), AttributeValue::S(pk.to_owned()));
    item.insert("sk".to_owned(), AttributeValue::S(key::entry(entry.version)));
    Ok(item)
}

/// The entry of an item, whole or projected.
///
/// # Errors
/// [`Error::Item`] if the item is no entry; [`Error::NewerFormat`] if it is one that only a newer version can read.
pub fn from_item(item: Item) -> Result<Entry, Error> {
    let version = item
        .get("sk")
        .and_then(|sk| sk.as_s().ok())
        .and_then(|sk| key::parse_entry(sk))
        .ok_or_else(|| Error::Item("no entry's key".to_owned()))?;
    let format = item.get("format").and_then(|format| format.as_n().ok()?.parse::<u32>().ok());
    let mut entry: Entry = serde_dynamo::from_item(item).map_err(|e| match format {
        Some(found) if found > FORMAT => Error::NewerFormat { found },
        _ => Error::Item(e.to_string()),
    })?;
    entry.version = version;
    Ok(entry)
}

/// The id in an attribute: binary, or text as in formats 1 and 2 of entries. `None` where neither is one.
pub fn uuid_of(value: &AttributeValue) -> Option<Uuid> {
    match value {
        AttributeValue::B(bytes) => Uuid::from_slice(bytes.as_ref()).ok(),
        AttributeValue::S(text) => Uuid::try_parse(text).ok(),
        _ => None,
    }
}

/// An id as 16 bytes of binary; read as [`uuid_of`] does.
pub(super) mod uuid {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};
    use uuid::Uuid;

    pub(in crate::entry) fn serialize<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(id.as_bytes())
    }

    pub(in crate::entry) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        from.deserialize_any(Id)
    }

    struct Id;

    impl Visitor<'_> for Id {
        type Value = Uuid;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a UUID, as 16 bytes or as text")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Uuid, E> {
            Uuid::from_slice(bytes).map_err(E::custom)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Uuid, E> {
            Uuid::try_parse(text).map_err(E::custom)
        }
    }
}

/// A hash as 32 bytes of binary.
pub(super) mod hash {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::hash::Sha256;

    pub(in crate::entry) fn serialize<S: Serializer>(hash: &Sha256, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(hash.as_bytes())
    }

    pub(in crate::entry) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sha256, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(from)?.into_vec();
        let found = bytes.len();
        let bytes = bytes
            .try_into()
            .map_err(|_| serde::de::Error::invalid_length(found, &"the 32 bytes of a SHA-256"))?;
        Ok(Sha256::from_bytes(bytes))
    }
}

/// [`hash`], where there may be none.
pub(super) mod optional_hash {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::hash::Sha256;

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::hash")] Sha256);

    pub(in crate::entry) fn serialize<S: Serializer>(
        hash: &Option<Sha256>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        hash.map(Wrapped).serialize(to)
    }

    pub(in crate::entry) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Sha256>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|wrapped| wrapped.0))
    }
}
