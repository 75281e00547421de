//! Checks a text in two linear scans: its syntax by serde_json, which skips values without building or
//! limiting them, then depth and duplicate keys over what is now known to be JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::error::{ConfigError, cut};
use super::pointer;
use super::span::{self, unescaped};

mod explain;
#[cfg(test)]
mod tests;

/// Up to here comparing with each key is faster than hashing, and needs no allocation.
const FEW_KEYS: usize = 16;

/// The text, if it is UTF-8 without byte order mark. Does not copy bytes that nobody else holds.
pub(super) fn utf8(bytes: Bytes) -> Result<String, ConfigError> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(ConfigError::ByteOrderMark);
    }
    String::from_utf8(Vec::from(bytes)).map_err(|fault| {
        let offset = fault.utf8_error().valid_up_to();
        explain::other_format(fault.as_bytes()).unwrap_or(ConfigError::NotUtf8 { offset })
    })
}

/// Checks that `text` is one object or array.
pub(super) fn document(text: &str, max_depth: usize) -> Result<(), ConfigError> {
    any_document(text, max_depth)?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{' | b'[') => Ok(()),
        _ => Err(ConfigError::NotAContainer),
    }
}

/// Checks that `text` is one JSON value of any kind, without duplicate keys.
pub(super) fn any_document(text: &str, max_depth: usize) -> Result<(), ConfigError> {
    if text.trim_matches(span::WHITE_SPACE).is_empty() {
        return Err(ConfigError::Empty);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|fault| syntax(text, &fault))?;
    Scan { text, max_depth, frames: Vec::new(), keys: Vec::new() }.run()
}

fn syntax(text: &str, fault: &serde_json::Error) -> ConfigError {
    if let Some(other) = explain::other_format(text.as_bytes()) {
        return other;
    }
    // serde_json counts the bytes of the line that it has read.
    let start = match fault.line() {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(0, |(at, _)| at + 1),
    };
    let message = fault.to_string();
    // A control character is refused before it is read; everything else after.
    let unread = usize::from(message.starts_with("control character"));
    let at = (start + fault.column() + unread).saturating_sub(1);
    if let Some((at, message)) = explain::fault(text, at, &message) {
        let (line, column) = position(text, at);
        return ConfigError::Syntax { line, column, message };
    }
    let (line, column) = position(text, at);
    let message =
        message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
    ConfigError::Syntax { line: line.max(fault.line()), column, message }
}

/// Line and column (in characters) of a byte offset, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// An object or array that has not ended yet.
struct Frame<'a> {
    is_object: bool,
    /// Number of the present element of an array.
    index: usize,
    /// Raw text of the present member's key.
    key: &'a str,
    /// Where the object's keys start in `Scan::keys`.
    first_key: usize,
    /// All keys of the object, once there are more than a few.
    many: Option<HashSet<Cow<'a, [u8]>>>,
}

/// The second scan. Its text is JSON.
struct Scan<'a> {
    text: &'a str,
    max_depth: usize,
    frames: Vec<Frame<'a>>,
    /// The keys of the open objects that have few, unescaped.
    keys: Vec<Cow<'a, [u8]>>,
}

impl<'a> Scan<'a> {
    fn run(mut self) -> Result<(), ConfigError> {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        let mut key_next = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    key_next = *byte == b'{';
                    self.open(key_next, at)?;
                }
                b'}' | b']' => {
                    key_next = false;
                    if let Some(frame) = self.frames.pop() {
                        self.keys.truncate(frame.first_key);
                    }
                }
                b',' => {
                    if let Some(frame) = self.frames.last_mut() {
                        frame.index += 1;
                        key_next = frame.is_object;
                    }
                }
                b'"' => {
                    let end = span::string_end(bytes, at);
                    if key_next {
                        self.key(at, end)?;
                        key_next = false;
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        Ok(())
    }

    fn open(&mut self, is_object: bool, at: usize) -> Result<(), ConfigError> {
        if self.frames.len() == self.max_depth {
            let (line, column) = position(self.text, at);
            return Err(ConfigError::TooDeep { line, column, limit: self.max_depth });
        }
        self.frames.push(Frame { is_object, index: 0, key: "", first_key: self.keys.len(), many: None });
        Ok(())
    }

    fn key(&mut self, start: usize, end: usize) -> Result<(), ConfigError> {
        let raw = self.text.get(start..end).unwrap_or_default();
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.key = raw;
        let key = unescaped(raw);
        let few = self.keys.get(frame.first_key..).unwrap_or_default();
        let is_new = match &mut frame.many {
            Some(many) => many.insert(key),
            None if few.contains(&key) => false,
            None if few.len() < FEW_KEYS => {
                self.keys.push(key);
                true
            }
            None => {
                let mut many: HashSet<_> = self.keys.drain(frame.first_key..).collect();
                many.insert(key);
                frame.many = Some(many);
                true
            }
        };
        if is_new { Ok(()) } else { Err(self.duplicate(start)) }
    }

    fn duplicate(&self, at: usize) -> ConfigError {
        let (line, column) = position(self.text, at);
        let mut path = String::new();
        for frame in &self.frames {
            if frame.is_object {
                pointer::push(&mut path, &String::from_utf8_lossy(&unescaped(frame.key)));
            } else {
                pointer::push_index(&mut path, frame.index);
            }
        }
        ConfigError::DuplicateKey { pointer: cut(&path), line, column }
    }
}
