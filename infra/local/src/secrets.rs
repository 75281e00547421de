//! The secrets of one data folder, made at first need and kept in one file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::engines::sync::Disk;

/// The file's name within the data folder.
const FILE: &str = "secrets.json";

/// What only this data folder knows. Has no `Debug`, so that it reaches no log.
pub struct Secrets {
    /// Signs and verifies tokens.
    pub token: [u8; 32],
    /// What the embedded engines accept.
    pub engines: Credentials,
}

/// A name and a secret for the embedded engines.
#[derive(Clone, Deserialize, Serialize)]
pub struct Credentials {
    /// Names the key.
    pub access_key: String,
    /// Signs requests and presigned addresses.
    pub secret_key: String,
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The operating system refused.
    #[error("cannot read or write {}: {source}", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not what this program wrote. Removing it makes new secrets, and invalid every token made so far.
    #[error("{} is damaged; remove it to make new secrets (tokens made so far become invalid)", .0.display())]
    Damaged(PathBuf),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// The file's content.
#[derive(Deserialize, Serialize)]
struct Stored {
    token: String,
    /// For both engines: the name is that of files of before the DynamoDB had a check.
    s3: Credentials,
}

impl Secrets {
    /// Reads the secrets of `data`, or makes them (32 and 30 random bytes) when there are none.
    ///
    /// Two processes that do it at once end with the same secrets. The file's mode is 0600.
    ///
    /// # Errors
    ///
    /// [`SecretsError`], as its variants say.
    pub fn load_or_create(data: &DataDir) -> Result<Self, SecretsError> {
        let path = data.path().join(FILE);
        let io = |source| SecretsError::Io { path: path.clone(), source };
        if !path.try_exists().map_err(io)? {
            let text = serde_json::to_vec(&Stored::random()?).map_err(|e| io(e.into()))?;
            put_once(&path, &text).map_err(io)?;
        }
        let text = fs::read(&path).map_err(io)?;
        let stored: Stored =
            serde_json::from_slice(&text).map_err(|_| SecretsError::Damaged(path.clone()))?;
        let token = URL_SAFE_NO_PAD.decode(stored.token).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self { token: token.ok_or(SecretsError::Damaged(path))?, engines: stored.s3 })
    }
}

impl Stored {
    fn random() -> Result<Self, SecretsError> {
        Ok(Self {
            token: random::<32>()?,
            s3: Credentials { access_key: "waymark-local".to_owned(), secret_key: random::<30>()? },
        })
    }
}

fn random<const N: usize>() -> Result<String, SecretsError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SecretsError::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes `text` whole or not at all, and keeps what another process put there first.
fn put_once(path: &Path, text: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let written = write_private(&draft, text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // A draft that stays behind harms nobody; the secrets are there or the error above says why not.
    let _ = fs::remove_file(&draft);
    // With its name lost to a power cut, every token would be invalid.
    written.and_then(|()| path.parent().map_or(Ok(()), |folder| Disk::default().sync(folder)))
}

fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        (folder, data)
    }

    #[test]
    fn secrets_are_made_once_per_folder() {
        let (_one, one) = data();
        let (_two, two) = data();
        let first = Secrets::load_or_create(&one).unwrap();
        let again = Secrets::load_or_create(&one).unwrap();
        let other = Secrets::load_or_create(&two).unwrap();
        assert_eq!((first.token, &first.engines.secret_key), (again.token, &again.engines.secret_key));
        assert_ne!(first.token, other.token);
        assert_ne!(first.engines.secret_key, other.engines.secret_key);
        let names: Vec<_> = fs::read_dir(one.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [FILE]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, data) = data();
        Secrets::load_or_create(&data).unwrap();
        let mode = fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_appeared_meanwhile_is_kept() {
        let (_folder, data) = data();
        let path = data.path().join(FILE);
        put_once(&path, b"first").unwrap();
        put_once(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_is_left_alone() {
        let (_folder, data) = data();
        let path = data.path().join(FILE);
        fs::write(&path, r#"{"token":"c2hvcnQ","s3":{"access_key":"a","secret_key":"b"}}"#).unwrap();
        assert!(matches!(Secrets::load_or_create(&data), Err(SecretsError::Damaged(_))));
        assert!(path.exists());
    }
}
