//! A text that has yet to be checked.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::outline::Same;
use super::{Config, ConfigError, Edited, MAX_BYTES, MAX_DEPTH, Outlined, check};
use crate::hash::Sha256;

/// A text that may be a config: UTF-8 without byte order mark, of at most [`MAX_BYTES`] bytes. Cloning it is cheap.
#[derive(Clone)]
pub struct Text(Arc<String>);

impl Text {
    /// Reads it. Does not copy bytes that nobody else holds.
    ///
    /// # Errors
    ///
    /// When it is too large, which is found before anything is read; has a byte order mark; or is not UTF-8.
    pub fn read(bytes: impl Into<Bytes>) -> Result<Self, ConfigError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_BYTES {
            return Err(ConfigError::TooLarge { limit: MAX_BYTES });
        }
        check::utf8(bytes).map(|text| Self(Arc::new(text)))
    }

    /// The config that it is; [`Config::check`] says what it has to be.
    ///
    /// # Errors
    ///
    /// The first fault found, with its position.
    pub fn check(self) -> Result<Config, ConfigError> {
        check::document(&self.0, MAX_DEPTH)?;
        Ok(self.checked())
    }

    /// The same as [`Text::check`], sooner where it is an edit of `before`: what surrounds the edit was checked with `before`, and is
    /// not read again.
    ///
    /// # Errors
    ///
    /// Those of [`Text::check`].
    pub fn check_edit(self, before: &Outlined) -> Result<Config, ConfigError> {
        let same = before.same(&self.0);
        self.check_but(same, before)
    }

    /// [`Text::check_edit`], with the outline of the config that it is.
    ///
    /// # Errors
    ///
    /// Those of [`Text::check`].
    pub fn edit(self, before: &Outlined) -> Result<Edited<'_>, ConfigError> {
        let same = before.same(&self.0);
        self.check_but(same, before).map(|config| before.edited_but(same, config))
    }

    fn check_but(self, same: Same, before: &Outlined) -> Result<Config, ConfigError> {
        if before.proves(&self.0, same) { Ok(self.checked()) } else { self.check() }
    }

    fn checked(self) -> Config {
        Config { sha256: Sha256::of(self.0.as_bytes()), text: self.0 }
    }

    /// Why it is not one JSON value without duplicate keys; `None` where it is. For texts that are no configs, such as the
    /// body of a request.
    pub fn fault(&self) -> Option<ConfigError> {
        check::any_document(&self.0, MAX_DEPTH).err()
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no byte, and is no config.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Shows the length: contents never reach a log.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("bytes", &self.len()).finish()
    }
}
