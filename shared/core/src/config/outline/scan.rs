//! The scan that makes an outline.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::super::span::{Kind, string_end, unescaped};
use super::super::{MAX_BYTES, MAX_DEPTH, value};
use super::{Id, Value};

mod edited;

pub(super) use edited::values as edited;

/// When the list is full, the innermost object or array with at least this part of it is folded.
const FOLD_PART: usize = 64;

/// Any number does: who makes two values collide gets a worse diff, never a wrong one.
const STATE: FixedState = FixedState::with_seed(0x5741_594d_4152_4b21);

/// The values of `text`, at most `max` of them.
pub(super) fn values(text: &str, max: usize) -> Vec<Value> {
    // Offsets are 32 bits wide.
    if text.len() > MAX_BYTES * 16 {
        return vec![Value {
            hash: hash_text(b't', text.as_bytes()),
            end: offset(text.len()),
            ..super::NOTHING
        }];
    }
    let mut scan = Scan { text, max: max.max(1), values: Vec::new(), frames: Vec::new() };
    scan.run();
    scan.values
}

/// The hash of a text of the kind that `tag` stands for.
fn hash_text(tag: u8, bytes: &[u8]) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write(bytes);
    hasher.write_u8(tag);
    hasher.finish()
}

/// The hash of a raw string.
fn hash_key(raw: &str) -> u64 {
    hash_text(b'"', &unescaped(raw))
}

/// The hash of two hashes, in this order.
fn hash_pair(first: u64, second: u64) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write_u64(first);
    hasher.write_u64(second);
    hasher.finish()
}

fn hash_number(text: &str) -> u64 {
    let mut hasher = STATE.build_hasher();
    value::hash_number(text, &mut hasher);
    hasher.write_u8(b'0');
    hasher.finish()
}

/// An object or array that has not ended yet.
struct Frame {
    /// Its place in the list; `None` inside something folded.
    id: Option<Id>,
    is_object: bool,
    /// Whether the next string is a key.
    key_next: bool,
    /// The present member's key.
    key: (usize, usize),
    key_hash: u64,
    hash: u64,
    len: u32,
    /// What is in it is not listed.
    folded: bool,
}

impl Frame {
    fn new(id: Option<Id>, is_object: bool) -> Self {
        Self {
            id,
            is_object,
            key_next: false,
            key: (0, 0),
            key_hash: 0,
            hash: if is_object { 1 } else { 2 },
            len: 0,
            folded: false,
        }
    }

    /// Takes in the hash of the present member or element. The order of members does not count, that of elements does.
    fn add(&mut self, hash: u64) {
        self.len += 1;
        self.hash = if self.is_object {
            self.hash.wrapping_add(hash_pair(self.key_hash, hash))
        } else {
            hash_pair(self.hash, hash)
        };
    }
}

struct Scan<'a> {
    text: &'a str,
    max: usize,
    values: Vec<Value>,
    frames: Vec<Frame>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.text.len() {
            at = self.token(at);
        }
        self.finish();
    }

    /// Reads what is at an offset, which is in no string, and says where the next begins.
    fn token(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        match bytes.get(at) {
            Some(b'"') => self.string(at, string_end(bytes, at)),
            Some(b'{') => self.open(at, true),
            Some(b'[') => self.open(at, false),
            Some(b'}' | b']') => self.close(at),
            Some(b',') => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.key_next = frame.is_object;
                }
                at + 1
            }
            None | Some(b' ' | b'\n' | b'\t' | b'\r' | b':') => at + 1,
            Some(_) => self.scalar(at),
        }
    }

    fn finish(&mut self) {
        while !self.frames.is_empty() {
            self.close(self.text.len().saturating_sub(1));
        }
    }

    fn string(&mut self, start: usize, end: usize) -> usize {
        let hash = hash_key(self.text.get(start..end).unwrap_or_default());
        match self.frames.last_mut() {
            Some(frame) if frame.key_next => {
                (frame.key, frame.key_hash, frame.key_next) = ((start, end), hash, false);
            }
            _ => {
                self.list(Kind::String, (start, end));
                self.end(hash);
            }
        }
        end
    }

    fn scalar(&mut self, start: usize) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r');
        let end = start + rest.iter().position(is_end).unwrap_or(rest.len()).max(1);
        let text = self.text.get(start..end).unwrap_or_default();
        let (kind, hash) = match text.as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => (Kind::Number, hash_number(text)),
            _ => (Kind::Literal, hash_text(b't', text.as_bytes())),
        };
        self.list(kind, (start, end));
        self.end(hash);
        end
    }

    fn open(&mut self, start: usize, is_object: bool) -> usize {
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let id = self.list(kind, (start, start));
        let folded = self.frames.len() >= MAX_DEPTH || self.is_folded();
        self.frames.push(Frame { key_next: is_object, folded, ..Frame::new(id, is_object) });
        start + 1
    }

    fn close(&mut self, at: usize) -> usize {
        let Some(frame) = self.frames.pop() else { return at + 1 };
        self.leave(&frame, offset(at + 1), offset(self.values.len()));
        at + 1
    }

    /// Ends an object or array that is not open any more.
    fn leave(&mut self, frame: &Frame, end: u32, next: Id) {
        let hash = hash_pair(frame.hash, u64::from(frame.len) << 1 | u64::from(frame.is_object));
        if let Some(value) = frame.id.and_then(|id| self.values.get_mut(id as usize)) {
            (value.end, value.next, value.hash) = (end, next, hash);
            value.folded = frame.folded;
        }
        self.end_in_parent(hash);
    }

    /// Puts a value in the list, unless it is inside something folded.
    fn list(&mut self, kind: Kind, (start, end): (usize, usize)) -> Option<Id> {
        if self.is_folded() {
            return None;
        }
        if self.values.len() >= self.max {
            self.fold();
            if self.is_folded() {
                return None;
            }
        }
        let key = self.frames.last().map_or((0, 0), |frame| frame.key);
        let id = offset(self.values.len());
        self.values.push(Value {
            hash: 0,
            start: offset(start),
            end: offset(end),
            key_start: offset(key.0),
            key_end: offset(key.1),
            next: id + 1,
            kind,
            folded: false,
        });
        Some(id)
    }

    fn is_folded(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.folded)
    }

    /// Ends a value that has no values in it.
    fn end(&mut self, hash: u64) {
        if !self.is_folded()
            && let Some(value) = self.values.last_mut()
        {
            value.hash = hash;
        }
        self.end_in_parent(hash);
    }

    fn end_in_parent(&mut self, hash: u64) {
        if let Some(frame) = self.frames.last_mut() {
            frame.add(hash);
        }
    }

    /// Makes room: folds the innermost open object or array with a good part of the list. The outermost has all of it.
    fn fold(&mut self) {
        let enough = self.max / FOLD_PART;
        let listed = self.values.len();
        let is_large = |frame: &Frame| frame.id.is_some_and(|id| listed - id as usize > enough);
        let Some(inner) = self.frames.iter().rposition(is_large) else { return };
        let mut kept = listed;
        for (depth, frame) in self.frames.iter_mut().enumerate().skip(inner) {
            frame.folded = true;
            if depth == inner {
                kept = frame.id.map_or(listed, |id| id as usize + 1);
            } else {
                frame.id = None;
            }
        }
        self.values.truncate(kept);
    }
}

/// An offset in a text, or a place in a list, that is known to be small enough.
fn offset(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
