//! The file of a backup: one self-contained JSON document, compressed by gzip.
//!
//! A config's bytes lie in it as a JSON string, so that any JSON tool gives them back exactly:
//! `gunzip -c FILE | jq -j .config` is the config, and `sha256sum` of that is its `sha256`.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::{Config, ConfigError, MAX_BYTES};
use crate::entry::Author;
use crate::hash::Sha256;
use crate::id::{AppName, EnvName, Note, SnapshotName, Version};

/// The format that this library writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// Largest document inside a file, in bytes: two configs (working and live) whose every byte is escaped, and the rest.
const MAX_DOCUMENT: usize = 4 * MAX_BYTES + 64 * 1024;

/// A config in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The snapshot's name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotName>,
    /// The version whose config it is.
    pub version: Version,
    /// The config's SHA-256.
    pub sha256: Sha256,
    /// The config's length in bytes.
    pub bytes: u64,
    /// The config's text.
    config: String,
}

impl Part {
    /// How long the config's text is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.config.len()
    }

    /// The part that holds `config`.
    pub fn new(version: Version, name: Option<SnapshotName>, config: &Config) -> Self {
        let (sha256, bytes) = (config.sha256(), config.len() as u64);
        Self { name, version, sha256, bytes, config: config.text().to_owned() }
    }

    /// The config, checked as a save is checked, against its length and its hash.
    fn check(&self, what: &'static str) -> Result<Config, FileError> {
        if self.config.len() as u64 != self.bytes {
            return Err(FileError::Length { what, expected: self.bytes, found: self.config.len() as u64 });
        }
        let found = Sha256::of(self.config.as_bytes());
        if found != self.sha256 {
            return Err(FileError::Hash { what, expected: self.sha256, found });
        }
        Config::check(self.config.clone().into_bytes()).map_err(FileError::Config)
    }
}

/// The newest entry when a backup was taken. A history that no longer has it was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadMark {
    /// Its version.
    pub version: Version,
    /// Its hash, as the next entry holds it.
    pub hash: Sha256,
}

/// When and why a backup was taken, so that the list of backups can be made anew from the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub author: Author,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// A backup: the state of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    #[serde(rename = "waymark_backup")]
    format: u32,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvName,
    /// When the config's entry was made.
    pub at: Timestamp,
    /// Who made it.
    pub author: Author,
    /// The newest entry when the backup was taken.
    pub head: HeadMark,
    /// When and why the backup was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// The config.
    #[serde(flatten)]
    pub config: Part,
    /// What was live, where that was another config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Part>,
}

/// What a file's members hold, once all of them have been checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file.
    pub file: File,
    /// The config to restore.
    pub config: Config,
    /// What was live, where that was another config.
    pub live: Option<Config>,
}

/// Why a file is no backup that can be restored. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Not compressed by gzip, or damaged, or cut short.
    #[error("the file is not a whole gzip file: {0}")]
    Gzip(String),
    /// It decompresses to more than any backup.
    #[error("the file decompresses to more than {limit} bytes, which no backup does")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not a JSON document of the right form.
    #[error("the file is no backup: {0}")]
    Form(String),
    /// A format that this version does not know.
    #[error("the backup has format {found}, and this version of Waymark reads format {FORMAT}")]
    Format {
        /// What stands in its place.
        found: String,
    },
    /// The length is not the one that was written down.
    #[error("the {what} config has {found} bytes instead of {expected}")]
    Length {
        /// `working` or `live`.
        what: &'static str,
        /// The length written down.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// The hash is not the one that was written down.
    #[error("the {what} config has the SHA-256 {found} instead of {expected}")]
    Hash {
        /// `working` or `live`.
        what: &'static str,
        /// The hash written down.
        expected: Sha256,
        /// The hash found.
        found: Sha256,
    },
    /// The config in it is none.
    #[error(transparent)]
    Config(ConfigError),
}

/// The members by which a backup is told from any other JSON document: its format, whose config it is, and its hash.
/// A config may have one or the other of them.
#[derive(Deserialize)]
struct Probe {
    #[serde(default, deserialize_with = "there")]
    waymark_backup: Option<There>,
    #[serde(default, deserialize_with = "there")]
    app: Option<There>,
    #[serde(default, deserialize_with = "there")]
    environment: Option<There>,
    #[serde(default, deserialize_with = "there")]
    version: Option<There>,
    #[serde(default, deserialize_with = "there")]
    sha256: Option<There>,
    #[serde(default, deserialize_with = "there")]
    bytes: Option<There>,
    #[serde(default, deserialize_with = "there")]
    config: Option<There>,
}

impl Probe {
    fn is_backup(&self) -> bool {
        let Self { waymark_backup, app, environment, version, sha256, bytes, config } = self;
        [waymark_backup, app, environment, version, sha256, bytes, config]
            .iter()
            .all(|member| member.is_some())
    }
}

/// A member that is there, whatever it holds; also `null`, which a damaged file may have.
struct There;

impl<'de> Deserialize<'de> for There {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(from).map(|_| Self)
    }
}

fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<There>, D::Error> {
    There::deserialize(from).map(Some)
}

/// A backup's format, whatever stands in its place.
#[derive(Deserialize)]
struct Format {
    waymark_backup: Option<serde_json::Value>,
}

impl File {
    /// A file of the present format.
    pub fn new(
        (app, environment): (AppName, EnvName),
        (at, author): (Timestamp, Author),
        (head, taken): (HeadMark, Taken),
        config: Part,
        live: Option<Part>,
    ) -> Self {
        Self { format: FORMAT, app, environment, at, author, head, taken: Some(taken), config, live }
    }

    /// The file as it is stored and downloaded.
    ///
    /// # Errors
    /// [`FileError::Form`] when it cannot be written, which nothing in it makes so.
    pub fn write(&self) -> Result<Vec<u8>, FileError> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        serde_json::to_writer(&mut gzip, self).map_err(|e| FileError::Form(e.to_string()))?;
        gzip.write_all(b"\n").and_then(|()| gzip.finish()).map_err(|e| FileError::Form(e.to_string()))
    }

    /// Reads a file and checks all of it: compression, form, format, lengths, hashes, and that the configs are configs.
    ///
    /// # Errors
    /// [`FileError`], the first fault found.
    pub fn read(gzip: &[u8]) -> Result<Checked, FileError> {
        Self::parse(&gunzip(gzip)?)
    }

    /// Reads the JSON document of a file, decompressed.
    ///
    /// # Errors
    /// As for [`File::read`].
    pub fn parse(document: &[u8]) -> Result<Checked, FileError> {
        match serde_json::from_slice::<Format>(document) {
            Ok(Format { waymark_backup: Some(format) }) if format != FORMAT => {
                return Err(FileError::Format { found: format.to_string() });
            }
            Ok(Format { waymark_backup: Some(_) }) => {}
            Ok(Format { waymark_backup: None }) => {
                return Err(FileError::Form("it has no member waymark_backup".to_owned()));
            }
            Err(error) => return Err(FileError::Form(error.to_string())),
        }
        let file: Self = serde_json::from_slice(document).map_err(|e| FileError::Form(e.to_string()))?;
        let config = file.config.check("working")?;
        let live = file.live.as_ref().map(|live| live.check("live")).transpose()?;
        Ok(Checked { file, config, live })
    }
}

/// True for a decompressed document that has a backup's members, whole or damaged. Anything else is a config, also where it
/// has a member `waymark_backup`.
pub fn is_backup(document: &[u8]) -> bool {
    // A list is no backup, though serde would read it as the list of a struct's members.
    document.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<Probe>(document).is_ok_and(|probe| probe.is_backup())
}

/// Whether bytes are compressed by gzip (RFC 1952, 2.3.1).
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// How many bytes a file that the service wrote decompresses to: its last four bytes say so (RFC 1952, section 2.3.1).
pub(super) fn gunzipped_len(gzip: &[u8]) -> usize {
    let said = gzip.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    usize::try_from(said).unwrap_or(MAX_DOCUMENT).clamp(gzip.len(), gzip.len().max(MAX_DOCUMENT))
}

/// How many bytes a file may decompress to, at most: gzip makes 1,032 bytes of one at best.
pub fn most_gunzipped(gzip: &[u8]) -> usize {
    gzip.len().saturating_mul(1_032).min(MAX_DOCUMENT)
}

/// Decompresses a file, up to the size of the largest backup.
///
/// # Errors
/// [`FileError::Gzip`], [`FileError::TooLarge`].
pub fn gunzip(gzip: &[u8]) -> Result<Vec<u8>, FileError> {
    let mut document = Vec::new();
    let limit = MAX_DOCUMENT;
    MultiGzDecoder::new(gzip)
        .take(limit as u64 + 1)
        .read_to_end(&mut document)
        .map_err(|e| FileError::Gzip(e.to_string()))?;
    if document.len() > limit { Err(FileError::TooLarge { limit }) } else { Ok(document) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backup::{BackupId, Class};
    use crate::id::EnvId;
    use crate::key;

    fn part(version: u64, name: Option<&str>, text: &str) -> Part {
        let config = Config::check(text.as_bytes().to_vec()).unwrap();
        Part::new(Version::new(version).unwrap(), name.map(|name| name.parse().unwrap()), &config)
    }

    fn configs() -> impl Strategy<Value = String> {
        ("[ \t\r\n]{0,4}", "\\PC{0,40}", any::<i64>()).prop_map(|(space, text, n)| {
            let text = serde_json::to_string(&text).unwrap();
            // A key longer than any that is drawn.
            let other = "x".repeat(41);
            format!("{space}{{{space}{text}:{n},\"{other}\":[1e400,\"\\ud800\",{text}]}}{space}")
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (text, live) in (configs(), proptest::option::of(configs())),
            (version, head) in (1..=1_000_000_u64, 1..=1_000_000_u64),
            (ms, who) in (0..4_000_000_000_000_i64, "\\PC{1,20}"),
        ) {
            let who = crate::visible::visible(&who).into_owned();
            let file = File::new(
                ("crm".parse().unwrap(), "production".parse().unwrap()),
                (Timestamp::from_millisecond(ms).unwrap(), Author { id: who.clone(), name: who }),
                (
                    HeadMark { version: Version::new(head).unwrap(), hash: Sha256::of(text.as_bytes()) },
                    Taken { at: Timestamp::UNIX_EPOCH, author: Author { id: "a".into(), name: "A".into() }, note: None },
                ),
                part(version, None, &text),
                live.as_deref().map(|live| part(1, Some("v1"), live)),
            );
            let checked = File::read(&file.write().unwrap()).unwrap();
            prop_assert_eq!(checked.config.text(), text.as_str());
            prop_assert_eq!(checked.live.as_ref().map(Config::text), live.as_deref());
            prop_assert_eq!(checked.file, file);
        }
    }

    #[test]
    fn a_backup_has_all_its_members() {
        let whole = File::new(
            ("crm".parse().unwrap(), "production".parse().unwrap()),
            (Timestamp::UNIX_EPOCH, Author { id: "a".into(), name: "A".into() }),
            (
                HeadMark { version: Version::FIRST, hash: Sha256::of(b"") },
                Taken {
                    at: Timestamp::UNIX_EPOCH,
                    author: Author { id: "a".into(), name: "A".into() },
                    note: None,
                },
            ),
            part(1, None, "{}"),
            None,
        );
        let whole = serde_json::to_value(&whole).unwrap();
        assert!(is_backup(whole.to_string().as_bytes()));
        for member in ["waymark_backup", "app", "environment", "version", "sha256", "bytes", "config"] {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(member);
            assert!(!is_backup(without.to_string().as_bytes()), "{member}");
            let mut damaged = whole.clone();
            damaged[member] = serde_json::Value::Null;
            assert!(is_backup(damaged.to_string().as_bytes()), "{member}");
            assert!(File::parse(damaged.to_string().as_bytes()).is_err(), "{member}");
        }
        for member in ["at", "author", "head"] {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(member);
            assert!(is_backup(without.to_string().as_bytes()), "{member}");
            assert!(File::parse(without.to_string().as_bytes()).is_err(), "{member}");
        }
        for config in ["{\"waymark_backup\":1}", "{\"waymark_backup\":{\"sha256\":1e400}}", "[1]", "{}"] {
            assert!(!is_backup(config.as_bytes()), "{config}");
        }
    }

    #[test]
    fn object_names_stay_under_140_bytes() {
        let name = "x".repeat(63);
        let env = EnvId { app: name.parse().unwrap(), env: name.parse().unwrap() };
        for class in Class::ALL {
            let id = BackupId::new(class, &"0".repeat(36)).unwrap();
            assert!(key::backup_object(&env, &id).len() < 140, "{class:?}");
        }
        let other = EnvId { app: "x".parse().unwrap(), env: name.parse().unwrap() };
        let id = BackupId::new(Class::D14, "2026-11-22").unwrap();
        assert_ne!(key::backup_object(&env, &id), key::backup_object(&other, &id));
    }
}
