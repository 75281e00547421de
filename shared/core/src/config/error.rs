//! What can be wrong with a config or a patch, in words that say what to do.

use crate::hash::Sha256;

/// Longest pointer or key that an error quotes, in bytes: errors end up in headers, logs and answers.
const QUOTED_MAX: usize = 200;

/// At most the first 200 bytes of `text`; a cut is marked by `…`.
pub fn cut(text: &str) -> String {
    if text.len() <= QUOTED_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(QUOTED_MAX);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// Why a text is not a config. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More bytes than allowed.
    #[error("the config is larger than {limit} bytes: split it, or take large assets out of it")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },

    /// Nothing, or white space only.
    #[error("the config is empty: send a JSON object or array")]
    Empty,

    /// Not UTF-8.
    #[error("the config is not UTF-8 from byte {offset} on: save it as UTF-8")]
    NotUtf8 {
        /// How many bytes before the fault are valid.
        offset: usize,
    },

    /// A byte order mark comes first.
    #[error("the config starts with a byte order mark: save it as UTF-8 without one")]
    ByteOrderMark,

    /// A file of another kind, compressed or in another encoding.
    #[error("this is {what}, not JSON in UTF-8: {advice}")]
    OtherFormat {
        /// What it looks like, such as `a zip archive`.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },

    /// Not JSON.
    #[error("not JSON at line {line}, column {column}: {message}")]
    Syntax {
        /// The line of the fault.
        line: usize,
        /// The column of the fault.
        column: usize,
        /// What is wrong, without the position.
        message: String,
    },

    /// A string, number, `true`, `false` or `null` at the top.
    #[error("the config is a single value: send a JSON object or array")]
    NotAContainer,

    /// An object has the same key twice.
    #[error(
        "the key at {pointer:?} is there twice, again at line {line}, column {column}: remove one of them"
    )]
    DuplicateKey {
        /// The JSON Pointer of the member, cut at about 200 bytes.
        pointer: String,
        /// The line of the second key.
        line: usize,
        /// The column of the second key.
        column: usize,
    },

    /// Objects and arrays are nested too deeply.
    #[error("more than {limit} levels of nesting at line {line}, column {column}: make the config flatter")]
    TooDeep {
        /// The line of the bracket that opens one level too many.
        line: usize,
        /// Its column.
        column: usize,
        /// How many levels are allowed.
        limit: usize,
    },
}

/// Bytes are not those of the config that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsSaved {
    /// The hash differs.
    #[error("has the hash {found} instead of {expected}")]
    Hash {
        /// The hash that was recorded.
        expected: Sha256,
        /// The hash of the bytes.
        found: Sha256,
    },

    /// The hash is right, but what was saved cannot have been a config.
    #[error("is not UTF-8")]
    NotUtf8,
}

/// Why a patch was not applied. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch itself is malformed, whatever the config is.
    #[error("the patch is not valid{}: {reason}", place(*operation))]
    Invalid {
        /// The operation at fault, counted from 0; `None` if it is the patch as a whole.
        operation: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },

    /// The patch does not fit this config: a path does not exist, a test failed.
    #[error("operation {operation} at {pointer:?} failed: {reason}")]
    Failed {
        /// The operation, counted from 0.
        operation: usize,
        /// Its path, cut at about 200 bytes.
        pointer: String,
        /// Why.
        reason: String,
    },

    /// What comes out is not a valid config.
    #[error("the patched config would not be valid: {0}")]
    Result(#[from] ConfigError),
}

fn place(operation: Option<usize>) -> String {
    operation.map(|index| format!(" in operation {index}")).unwrap_or_default()
}
