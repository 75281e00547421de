//! Configs: the JSON documents that are versioned, byte for byte as they were saved.
//!
//! A config is scanned, never built into a tree. What its text must be is in [`Config::check`]; how
//! texts are patched and compared is in [`patch`], [`merge_patch`] and [`diff`].

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::hash::Sha256;

mod check;
pub mod diff;
mod error;
#[cfg(test)]
mod generate;
pub mod keep;
pub mod merge;
pub mod merge_patch;
mod outline;
mod outlined;
pub mod patch;
pub mod pointer;
pub mod span;
mod text;
mod tree;
pub mod value;

pub use error::{ConfigError, NotAsSaved, PatchError, cut};
pub use outlined::{Edited, Outlined};
pub use text::Text;

/// Largest config, in bytes of JSON text: 32 MiB.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Deepest nesting of objects and arrays. A config without objects or arrays inside has depth 1.
pub const MAX_DEPTH: usize = 128;

/// A checked config: its exact text and the SHA-256 of that. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    // `String` keeps the UTF-8 invariant, so that `text` needs neither a second validation nor `unsafe`, and
    // takes over the buffer of a `Bytes` that nobody else holds without copying it.
    text: Arc<String>,
    sha256: Sha256,
}

impl Config {
    /// Checks that `bytes` are one JSON object or array in UTF-8 without byte order mark, of at most
    /// [`MAX_BYTES`] bytes and [`MAX_DEPTH`] levels, in which no object has the same key twice.
    ///
    /// Keys are compared after unescaping. Numbers of any size, `\u0000` and lone surrogate escapes are
    /// accepted: they are legal JSON (RFC 8259, sections 6 to 8), and nothing here interprets them.
    ///
    /// # Errors
    ///
    /// The first fault found, with its position. The size is checked before anything is read.
    pub fn check(bytes: impl Into<Bytes>) -> Result<Self, ConfigError> {
        Text::read(bytes)?.check()
    }

    /// Takes back text that was checked when it was saved: only its hash is compared with `expected`.
    ///
    /// # Errors
    ///
    /// When the bytes are not those that were saved.
    pub fn restored(bytes: impl Into<Bytes>, expected: Sha256) -> Result<Self, NotAsSaved> {
        let bytes = bytes.into();
        let found = Sha256::of(&bytes);
        if found != expected {
            return Err(NotAsSaved::Hash { expected, found });
        }
        let text = String::from_utf8(Vec::from(bytes)).map_err(|_| NotAsSaved::NotUtf8)?;
        Ok(Self { text: Arc::new(text), sha256: expected })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the text, without copying them.
    pub fn bytes(&self) -> Bytes {
        Bytes::from_owner(Shared(Arc::clone(&self.text)))
    }

    /// The identity of the config.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The length of the text in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Never: a config has at least two bytes. Here because clippy asks for it beside `len`.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Shows the length and the hash: contents never reach a log.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("bytes", &self.len()).field("sha256", &self.sha256).finish()
    }
}

/// Lets a [`Bytes`] hold the shared text.
struct Shared(Arc<String>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
