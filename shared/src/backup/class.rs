//! How long a backup is kept, and for which period it stands.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How long a backup is kept: the first part of its object's name, by which the bucket's lifecycle rules expire it.
///
/// The scheduled ones live twice as long as a policy may ask for, so that an object may stand for several periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Daily and hourly ones: 14 days.
    D14,
    /// Weekly ones: 70 days.
    D70,
    /// Monthly ones: 800 days.
    D800,
    /// Taken on demand: never expire.
    Manual,
    /// Taken before a restore from a file or a backup: 70 days.
    BeforeRestore,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 5] = [Self::D14, Self::D70, Self::D800, Self::Manual, Self::BeforeRestore];

    /// The name, in object names, record keys and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::D14 => "d14",
            Self::D70 => "d70",
            Self::D800 => "d800",
            Self::Manual => "manual",
            Self::BeforeRestore => "before-restore",
        }
    }

    /// How long the bucket keeps an object of the class; `None` for ever.
    pub fn lifetime(self) -> Option<SignedDuration> {
        let days = match self {
            Self::D14 => 14,
            Self::D70 | Self::BeforeRestore => 70,
            Self::D800 => 800,
            Self::Manual => return None,
        };
        Some(SignedDuration::from_hours(24 * days))
    }
}

impl FromStr for Class {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or(Error::InvalidName { what: "backup", rule: "an id that GET /backups lists" })
    }
}

/// The id of a backup in its environment: `{class}.{period}`, such as `d14.2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId {
    /// The class.
    pub class: Class,
    period: String,
}

/// Longest period, in bytes: a UUID.
const PERIOD_MAX: usize = 36;

impl BackupId {
    /// The backup of a period.
    ///
    /// # Errors
    /// [`Error::InvalidName`] unless the period is 1 to 36 of `A-Z`, `a-z`, `0-9` and `-`.
    pub fn new(class: Class, period: &str) -> Result<Self, Error> {
        let is_period = (1..=PERIOD_MAX).contains(&period.len())
            && period.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_period {
            return Err(Error::InvalidName { what: "backup", rule: "an id that GET /backups lists" });
        }
        Ok(Self { class, period: period.to_owned() })
    }

    /// The period, such as `2026-11-22`.
    pub fn period(&self) -> &str {
        &self.period
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.class.as_str(), self.period)
    }
}

impl FromStr for BackupId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (class, period) = text.split_once('.').unwrap_or((text, ""));
        Self::new(class.parse()?, period)
    }
}

impl TryFrom<String> for BackupId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        for class in Class::ALL {
            let id = BackupId::new(class, "2026-11-22").unwrap();
            assert_eq!(id.to_string().parse::<BackupId>().unwrap(), id);
        }
        for bad in [
            "",
            "d14",
            "d14.",
            "d15.2026",
            "d14.a/b",
            "d14.a.b",
            "manual.0123456789-0123456789-0123456789-0123",
        ] {
            assert!(bad.parse::<BackupId>().is_err(), "{bad}");
        }
    }
}
