//! Identifiers: each is checked once, where it enters, and is its own type from then on.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::number::{whole, whole_ahead};
use crate::visible::visible_lines;

/// Longest app or environment name, in bytes.
pub const NAME_MAX: usize = 63;

/// Longest snapshot name, in bytes.
pub const SNAPSHOT_NAME_MAX: usize = 64;

/// Longest note, in bytes of UTF-8.
pub const NOTE_MAX: usize = 1_000;

fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= NAME_MAX
        && bytes.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr, $what:literal, $rule:literal) => {
        text_id!($(#[$doc])* $name, $check, $check, $what, $rule);
    };
    ($(#[$doc:meta])* $name:ident, $check:expr, $stored:expr, $what:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                if $check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::InvalidName { what: $what, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                if $stored(&text) { Ok(Self(text)) } else { text.parse() }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The name of an app, such as `crm`.
    AppName,
    is_slug,
    "app",
    "1 to 63 of a-z, 0-9 and -, not starting with -"
);

text_id!(
    /// The name of one of an app's environments, such as `production`.
    EnvName,
    is_slug,
    "environment",
    "1 to 63 of a-z, 0-9 and -, not starting with -"
);

/// What names of snapshots were before `Live` and `WORKING` were refused as well: histories have some.
fn was_snapshot_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= SNAPSHOT_NAME_MAX
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !bytes.iter().all(u8::is_ascii_digit)
        && text != "live"
        && text != "working"
}

fn is_reserved(text: &str) -> bool {
    text.eq_ignore_ascii_case("live") || text.eq_ignore_ascii_case("working")
}

fn is_snapshot_name(text: &str) -> bool {
    was_snapshot_name(text) && !is_reserved(text)
}

text_id!(
    /// The name of a snapshot: unique for ever in its environment. Capital and small letters make different names.
    SnapshotName,
    is_snapshot_name,
    was_snapshot_name,
    "snapshot",
    "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit; \
     not 'live' or 'working' in any case, not digits alone"
);

impl SnapshotName {
    /// The `number`th generated name: `v1`, `v2`, …
    pub fn generated(number: u64) -> Self {
        Self(format!("v{number}"))
    }

    /// The name of a snapshot that may exist: also one that none may get any more.
    ///
    /// # Errors
    /// [`Error::InvalidName`] when no snapshot ever had such a name.
    pub fn existing(text: &str) -> Result<Self, Error> {
        text.to_owned().try_into()
    }

    /// True for `Live`, `WORKING` and the like, which older histories have.
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.0)
    }
}

fn is_note(text: &str) -> bool {
    text.len() <= NOTE_MAX
        && !text.trim().is_empty()
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// A short text for people about one entry. What cannot be seen in it, such as a mark that turns the direction of
/// writing, is written out, also in what was stored before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Note(String);

impl Note {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Note {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shown = visible_lines(text);
        if is_note(text) && is_note(&shown) {
            return Ok(Self(shown.into_owned()));
        }
        Err(Error::InvalidName {
            what: "note",
            rule: "1 to 1,000 bytes of UTF-8, not blank, without control characters other than line feed and tab",
        })
    }
}

impl TryFrom<String> for Note {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        // Written out, a stored note may be longer than a new one.
        if is_note(&text) { Ok(Self(visible_lines(&text).into_owned())) } else { text.parse() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A moment that a person asks for: date, time and zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl FromStr for Moment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| Error::InvalidName {
            what: "time",
            rule: "date, time and zone, such as \"2026-11-13T09:14:00Z\" or \"2026-11-13T10:14:00+01:00\"",
        })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// One environment of one app: what a history belongs to. As JSON it is the text `app/environment`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvId {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub env: EnvName,
}

impl fmt::Display for EnvId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.env)
    }
}

impl FromStr for EnvId {
    type Err = Error;

    /// Reads `app/environment`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (app, env) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self { app: app.parse()?, env: env.parse()? })
    }
}

impl TryFrom<String> for EnvId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<EnvId> for String {
    fn from(env: EnvId) -> String {
        env.to_string()
    }
}

/// The number of an entry in its history: 1, 2, 3 … without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u64")]
pub struct Version(u64);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        whole(from)?.try_into().map_err(D::Error::custom)
    }
}

impl Version {
    /// The first entry's version.
    pub const FIRST: Self = Self(1);

    /// The largest version that keys have room for: ten digits.
    pub const MAX: Self = Self(9_999_999_999);

    /// A version from its number, if it is in 1 ..= 9,999,999,999.
    pub fn new(number: u64) -> Option<Self> {
        (Self::FIRST.0..=Self::MAX.0).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version before this one; `None` for the first.
    pub fn before(self) -> Option<Self> {
        self.0.checked_sub(1).and_then(Self::new)
    }
}

/// What a version takes, for people.
const VERSION_RULE: Error =
    Error::InvalidName { what: "version", rule: "a whole number from 1 to 9999999999" };

impl TryFrom<u64> for Version {
    type Error = Error;

    fn try_from(number: u64) -> Result<Self, Error> {
        Self::new(number).ok_or(VERSION_RULE)
    }
}

impl From<Version> for u64 {
    fn from(version: Version) -> u64 {
        version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Version {
    type Err = Error;

    /// Reads plain digits, without sign or leading zero.
    fn from_str(text: &str) -> Result<Self, Error> {
        if !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
            return Err(VERSION_RULE);
        }
        text.parse().ok().and_then(Self::new).ok_or(VERSION_RULE)
    }
}

/// What people may write where a version is expected: in JSON a number, or one of the others as text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub enum VersionRef {
    /// An entry's number.
    Number(Version),
    /// A snapshot's name, old or new: its subject.
    Snapshot(SnapshotName),
    /// The config that the app's users get.
    Live,
    /// The newest entry.
    Working,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a version's number, a snapshot's name, \"live\" or \"working\"")]
enum NumberOrText {
    Number(#[serde(deserialize_with = "whole_ahead")] u64),
    Text(String),
}

impl TryFrom<NumberOrText> for VersionRef {
    type Error = Error;

    fn try_from(value: NumberOrText) -> Result<Self, Error> {
        match value {
            NumberOrText::Number(number) => number.try_into().map(Self::Number),
            NumberOrText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for VersionRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "live" => Ok(Self::Live),
            "working" => Ok(Self::Working),
            digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map(Self::Number)
            }
            name => SnapshotName::existing(name).map(Self::Snapshot),
        }
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(version) => version.fmt(f),
            Self::Snapshot(name) => name.fmt(f),
            Self::Live => f.write_str("live"),
            Self::Working => f.write_str("working"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_and_environment_names_follow_the_design() {
        for good in ["a", "crm", "0", "a-b", "9-", &"a".repeat(63)] {
            assert!(good.parse::<AppName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a_b", "a/b", "a#b", "ä", "a b", &"a".repeat(64)] {
            assert!(bad.parse::<EnvName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn snapshot_names_cannot_be_mistaken_for_versions() {
        for good in ["v1", "2026-11-22", "a", "1a", "A.b_c-d", &"x".repeat(64)] {
            assert!(good.parse::<SnapshotName>().is_ok(), "{good}");
        }
        for bad in ["", "12", "live", "working", ".a", "-a", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<SnapshotName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_words_are_no_names_in_any_case_but_old_histories_are_read() {
        for word in ["Live", "LIVE", "lIvE", "Working", "WORKING", "worKing"] {
            assert!(word.parse::<SnapshotName>().is_err(), "{word}");
            let stored: SnapshotName = serde_json::from_value(word.into()).unwrap();
            assert!(stored.as_str() == word && stored.is_reserved(), "{word}");
            assert_eq!(word.parse::<VersionRef>().unwrap(), VersionRef::Snapshot(stored));
        }
        for name in ["live1", "Lives", "re-working", "V1", "v1"] {
            assert!(!name.parse::<SnapshotName>().unwrap().is_reserved(), "{name}");
        }
        assert_ne!("V1".parse::<SnapshotName>().unwrap(), "v1".parse::<SnapshotName>().unwrap());
    }

    #[test]
    fn nothing_hidden_is_in_a_note() {
        for c in (0..0x3000).chain(0xfe00..0x1_0000).filter_map(char::from_u32) {
            let text = format!("before{c}after");
            let hidden = |note: &Note| {
                note.as_str().chars().any(|c| crate::visible::is_hidden(c) && c != '\n' && c != '\t')
            };
            if let Ok(note) = text.parse::<Note>() {
                assert!(!hidden(&note), "U+{:04X}: {note}", u32::from(c));
                assert_eq!(serde_json::from_value::<Note>(note.as_str().into()).unwrap(), note);
            }
        }
        assert_eq!("a\u{202e}b\nc".parse::<Note>().unwrap().as_str(), "a\\u202eb\nc");
        assert!("\u{202e}".repeat(300).parse::<Note>().is_err(), "1,800 bytes once written out");
        let stored = serde_json::json!("\u{202e}".repeat(300));
        assert!(serde_json::from_value::<Note>(stored).is_ok(), "what is stored is read");
    }

    #[test]
    fn names_that_become_names_of_files_hold_nothing_else() {
        for c in (0..0x1_0000).filter_map(char::from_u32).filter(|c| !c.is_ascii_alphanumeric()) {
            let name = format!("a{c}b");
            let plain = c == '-';
            assert_eq!(name.parse::<AppName>().is_ok(), plain, "{name:?}");
            assert_eq!(name.parse::<EnvName>().is_ok(), plain, "{name:?}");
            assert_eq!(name.parse::<SnapshotName>().is_ok(), plain || c == '.' || c == '_', "{name:?}");
        }
    }

    #[test]
    fn versions_are_plain_digits() {
        assert_eq!("42".parse::<Version>().unwrap().get(), 42);
        for bad in ["", "0", "01", "+1", "-1", "1.0", "10000000000", "99999999999999999999999"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        for bad in ["0", "10000000000", "-1", "1.5", "\"1\""] {
            assert!(serde_json::from_str::<Version>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_version_reference_is_one_of_four() {
        assert_eq!("live".parse::<VersionRef>().unwrap(), VersionRef::Live);
        assert_eq!("working".parse::<VersionRef>().unwrap(), VersionRef::Working);
        assert!(matches!("7".parse::<VersionRef>().unwrap(), VersionRef::Number(_)));
        assert!(matches!("v7".parse::<VersionRef>().unwrap(), VersionRef::Snapshot(_)));
        assert!("0".parse::<VersionRef>().is_err());
        let read = |json: &str| serde_json::from_str::<VersionRef>(json);
        assert_eq!(read("7").unwrap(), read("\"7\"").unwrap());
        assert_eq!(read("\"live\"").unwrap(), VersionRef::Live);
        assert!(read("0").is_err() && read("[]").is_err() && read("\".\"").is_err());
    }
}
