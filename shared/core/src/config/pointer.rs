//! JSON Pointers (RFC 6901): where in a config something is.

use std::fmt::{self, Write as _};
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// A JSON Pointer. The empty one is the whole config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// The reference tokens, unescaped, from the top down.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Whether `self` is a place above `other`.
    pub fn is_above(&self, other: &Self) -> bool {
        self.tokens.len() < other.tokens.len() && other.tokens.starts_with(&self.tokens)
    }
}

/// A text is not a JSON Pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPointer {
    /// It is not empty and has no `/` at its start.
    #[error("a JSON Pointer is empty or starts with '/'")]
    NoSlash,
    /// A `~` without `0` or `1` after it.
    #[error("'~' in a JSON Pointer is written '~0', and '/' in a key '~1'")]
    BadEscape,
}

impl FromStr for Pointer {
    type Err = BadPointer;

    fn from_str(text: &str) -> Result<Self, BadPointer> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or(BadPointer::NoSlash)?;
        let tokens = rest.split('/').map(token).collect::<Result<_, _>>()?;
        Ok(Self { tokens })
    }
}

fn token(text: &str) -> Result<String, BadPointer> {
    let mut parts = text.split('~');
    let mut token = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(rest) = part.strip_prefix('0') {
            token.push('~');
            token.push_str(rest);
        } else if let Some(rest) = part.strip_prefix('1') {
            token.push('/');
            token.push_str(rest);
        } else {
            return Err(BadPointer::BadEscape);
        }
    }
    Ok(token)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.tokens.iter().for_each(|token| push(&mut text, token));
        f.write_str(&text)
    }
}

/// Appends `/` and the escaped `token` to the text of a pointer.
pub fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for char in token.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Appends `/` and the number of an element to the text of a pointer.
pub fn push_index(pointer: &mut String, index: usize) {
    // Writing to a String cannot fail.
    let _ = write!(pointer, "/{index}");
}

/// The number of an array's element: digits without sign or leading zero (RFC 6901, section 4).
/// `None` for anything else, `-` included.
pub fn array_index(token: &str) -> Option<usize> {
    let is_canonical = token == "0"
        || (!token.starts_with('0') && !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit()));
    is_canonical.then(|| token.parse().ok()).flatten()
}
