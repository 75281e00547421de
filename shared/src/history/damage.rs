//! Damage in a history: entries that are missing below the newest, or that cannot be understood. Each is named at its
//! version, and hides no other.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::History;
use crate::entry::{Entry, Item, from_item};
use crate::error::{Cause, Error};
use crate::id::{EnvId, Version};
use crate::key;

/// What is wrong with an entry that is not there.
const MISSING: &str = "is missing";

/// What is wrong with a record that is there. Its reader's words stay out: they may quote what is stored.
pub(super) const UNREADABLE: &str = "cannot be understood";

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// Where.
    pub version: Version,
    /// What, for people.
    pub what: String,
}

/// What a listing shows in the place of what is damaged.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Damaged {
    /// Where.
    pub version: Version,
    /// `damaged`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^damaged$"))]
    kind: &'static str,
    label: String,
    /// What is wrong with it.
    fault: String,
}

impl From<&Fault> for Damaged {
    fn from(fault: &Fault) -> Self {
        let Fault { version, what } = fault.clone();
        Self { version, kind: "damaged", label: format!("Damaged: #{version} {what}"), fault: what }
    }
}

/// An entry, or what is wrong with it.
pub(super) type Read = Result<Entry, Fault>;

pub(super) fn version_of(read: &Read) -> Version {
    match read {
        Ok(entry) => entry.version,
        Err(fault) => fault.version,
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::EntryDamaged { version: fault.version, fault: fault.what }
    }
}

impl Fault {
    pub(super) fn missing(version: Version) -> Self {
        Self { version, what: MISSING.to_owned() }
    }

    pub(super) fn unreadable(version: Version) -> Self {
        Self { version, what: UNREADABLE.to_owned() }
    }
}

/// Reads the item of an entry.
///
/// # Errors
/// [`Error::Item`] when not even its key is an entry's; [`Error::NewerFormat`].
pub(super) fn read(item: Item) -> Result<Read, Error> {
    let version = item.get("sk").and_then(|sk| sk.as_s().ok()).and_then(|sk| key::parse_entry(sk));
    match (from_item(item), version) {
        (Ok(entry), _) => Ok(Ok(entry)),
        (Err(Error::Item(_)), Some(version)) => Ok(Err(Fault::unreadable(version))),
        (Err(error), _) => Err(error),
    }
}

/// What was found, newest first, with a fault for each entry that should be between: from `newest` down, and down to the
/// first where nothing older follows. At most `most`.
pub(super) fn with_missing(
    found: Vec<Read>,
    newest: Option<Version>,
    is_end: bool,
    most: usize,
) -> Vec<Read> {
    let mut whole = Vec::with_capacity(found.len());
    let mut expected = newest;
    let missing = |whole: &mut Vec<Read>, expected: &mut Option<Version>, until: Option<Version>| {
        while let Some(version) = expected.filter(|version| Some(*version) > until && whole.len() < most) {
            whole.push(Err(Fault::missing(version)));
            *expected = version.before();
        }
    };
    for read in found {
        let version = version_of(&read);
        missing(&mut whole, &mut expected, Some(version));
        if whole.len() >= most {
            return whole;
        }
        expected = version.before();
        whole.push(read);
    }
    if is_end {
        missing(&mut whole, &mut expected, None);
    }
    whole
}

impl History {
    /// The number of the newest entry, readable or not. One query.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub(super) async fn newest_version(&self, env: &EnvId) -> Result<Option<Version>, Error> {
        let output = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :entries)")
            .expression_attribute_values(":pk", AttributeValue::S(key::environment(env)))
            .expression_attribute_values(":entries", AttributeValue::S(key::ENTRY.to_owned()))
            .projection_expression("sk")
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("read the newest entry")(Cause::from(e)))?;
        let newest = output.items.unwrap_or_default().pop();
        Ok(newest.and_then(|item| key::parse_entry(item.get("sk")?.as_s().ok()?)))
    }

    /// The error for an entry that is not there: damage below the newest entry, and no such version above.
    pub(super) async fn not_there(&self, env: &EnvId, version: Version) -> Error {
        match self.newest_version(env).await {
            Ok(Some(newest)) if newest >= version => Fault::missing(version).into(),
            Ok(_) => Error::NoVersion(version),
            Err(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(versions: &[u64]) -> Vec<Read> {
        versions.iter().map(|n| Err(Fault::unreadable(Version::new(*n).unwrap()))).collect()
    }

    fn shown(whole: &[Read]) -> Vec<(u64, bool)> {
        let of =
            |read: &Read| (version_of(read).get(), read.as_ref().is_err_and(|fault| fault.what == MISSING));
        whole.iter().map(of).collect()
    }

    #[test]
    fn what_is_missing_is_named_where_it_should_be() {
        let newest = Version::new(7);
        let all =
            |found: &[u64], newest, is_end, most| shown(&with_missing(faults(found), newest, is_end, most));
        assert_eq!(all(&[7, 6, 5], newest, false, 9), [(7, false), (6, false), (5, false)]);
        assert_eq!(all(&[7, 4], newest, false, 9), [(7, false), (6, true), (5, true), (4, false)]);
        assert_eq!(all(&[6], newest, false, 9), [(7, true), (6, false)]);
        // Without a newest the first that is found is it.
        assert_eq!(all(&[6], None, false, 9), [(6, false)]);
        assert_eq!(all(&[3], None, true, 9), [(3, false), (2, true), (1, true)]);
        assert_eq!(all(&[], Version::new(2), true, 9), [(2, true), (1, true)]);
        // However large the gap is, a page is a page.
        assert_eq!(all(&[7, 1], newest, true, 3), [(7, false), (6, true), (5, true)]);
        assert_eq!(all(&[1], Version::new(u64::from(u32::MAX)), true, 2).len(), 2);
    }
}
