//! Taking a backup, and proving it: what was written is read back and compared before it is called good.

use jiff::Timestamp;

use super::file::{Checked, File, FileError, HeadMark, Part, Taken, gunzipped_len};
use super::{BackupId, Put};
use crate::config::Config;
use crate::entry::Author;
use crate::error::Error;
use crate::hash::Sha256;
use crate::heavy;
use crate::history::{Backup, Head};
use crate::id::{EnvId, Note};
use crate::waymark::{Found, Waymark};

/// A backup to be taken.
#[derive(Clone, Debug)]
pub struct Take<'a> {
    /// The environment.
    pub env: &'a EnvId,
    /// The backup's id. One that exists already is not taken again.
    pub id: BackupId,
    /// The newest entry.
    pub head: &'a Head,
    /// The version to back up.
    pub of: Found,
    /// Who asks for it.
    pub author: Author,
    /// A note for people.
    pub note: Option<Note>,
}

/// A backup's file as it was read, and what that showed.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The file's length in bytes.
    pub size: u64,
    /// The file's SHA-256.
    pub sha256: Sha256,
    /// What it showed.
    pub proof: Proof,
}

impl Proved {
    /// What of the file is not as it was recorded, in words for people; nothing for a backup that can be restored.
    pub fn faults(&self, backup: &Backup) -> Vec<String> {
        let checked = match &self.proof {
            Proof::Whole(checked) => checked,
            Proof::Missing => return vec!["the object is not in the bucket".to_owned()],
            Proof::Damaged(fault) => return vec![fault.to_string()],
        };
        let differs = [
            (self.size != backup.size, "the file's length is not the one that was recorded"),
            (self.sha256 != backup.file_sha256, "the file's SHA-256 is not the one that was recorded"),
            (
                checked.config.sha256() != backup.sha256,
                "the config's SHA-256 is not the one that was recorded",
            ),
            (checked.file.config.version != backup.version, "the version is not the one that was recorded"),
        ];
        differs.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()).collect()
    }
}

/// What reading a backup back showed.
#[derive(Clone, Debug)]
pub enum Proof {
    /// It is whole: what it holds.
    Whole(Box<Checked>),
    /// It is not there.
    Missing,
    /// It cannot be restored.
    Damaged(FileError),
}

impl Waymark {
    /// Writes a backup, reads it back and checks it. The record says what the object holds; it is not stored yet.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the version cannot be read; [`Error::Unproven`] when what was read back is not whole;
    /// [`Error::Storage`].
    pub async fn back_up(&self, take: Take<'_>) -> Result<Backup, Error> {
        let Take { env, id, head, of, author, note } = take;
        let entry = match of.entry {
            Some(entry) => entry,
            None => self.history.entry(env, of.version).await?,
        };
        let config = self.configs.read(&env.app, of.version, &of.config).await?;
        let live = self.live_part(env, head, &config).await?;
        let mark = HeadMark { version: head.entry.version, hash: head.hash() };
        let now = self.sources.clock.now();
        let taken =
            Taken { at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now), author, note };
        let bytes = config.len().saturating_add(live.as_ref().map_or(0, Part::len));
        let part = Part::new(of.version, of.name, &config);
        let place = (env.app.clone(), env.env.clone());
        let file = File::new(place, (entry.at, entry.author), (mark, taken), part, live);
        let written = heavy::copy(bytes, || file.write())
            .await?
            .map_err(|fault| Error::Unproven { id: id.to_string(), fault: fault.to_string() })?;
        let (key, put) = self.backups.put(env, &id, written).await?;
        let unproven = |fault: String| Error::Unproven { id: id.to_string(), fault };
        let Proved { size, sha256, proof } = self.prove(&key).await?;
        let checked = match proof {
            Proof::Whole(checked) => checked,
            Proof::Missing => return Err(unproven("is not there".to_owned())),
            Proof::Damaged(fault) => return Err(unproven(fault.to_string())),
        };
        if put == Put::Written && checked.file != file {
            return Err(unproven("is not what was written".to_owned()));
        }
        Ok(Backup::new(id, key, &checked.file, (size, sha256), now))
    }

    /// Reads a backup and checks all of it, by the code that a restore uses. One GET.
    ///
    /// # Errors
    /// [`Error::Storage`]. What is wrong with the backup is no error but an answer.
    pub async fn prove(&self, key: &str) -> Result<Proved, Error> {
        let Some(bytes) = self.backups.get(key).await? else {
            return Ok(Proved { size: 0, sha256: Sha256::of(b""), proof: Proof::Missing });
        };
        let read = heavy::copy(gunzipped_len(&bytes), || (File::read(&bytes), Sha256::of(&bytes)));
        let (read, sha256) = read.await?;
        let proof = match read {
            Ok(checked) => Proof::Whole(Box::new(checked)),
            Err(fault) => Proof::Damaged(fault),
        };
        Ok(Proved { size: bytes.len() as u64, sha256, proof })
    }

    /// What is live, where that is another config than the one that is backed up.
    async fn live_part(&self, env: &EnvId, head: &Head, config: &Config) -> Result<Option<Part>, Error> {
        let Some(live) =
            head.entry.releases.live.as_ref().filter(|live| live.subject.sha256 != config.sha256())
        else {
            return Ok(None);
        };
        let text = self.configs.read(&env.app, live.subject.version, &live.subject.config()).await?;
        Ok(Some(Part::new(live.subject.version, Some(live.name.clone()), &text)))
    }
}
