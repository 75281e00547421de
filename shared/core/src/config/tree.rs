//! A config while it is being edited: only what lies on the way to an edit is opened, one level at a time;
//! everything else stays a slice of the text it came from.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::error::ConfigError;
use super::span::{Kind, WHITE_SPACE, kind, members, within};
use super::{MAX_BYTES, MAX_DEPTH, value};

mod container;
mod plan;

pub(super) use container::Container;
pub(super) use plan::{Plan, Slot};

/// Members and elements opened by one patch: each takes about 130 bytes of memory.
const MAX_ITEMS: usize = 2_000_000;

/// Work of one patch, in bytes scanned: about three seconds.
const MAX_WORK: usize = value::MAX_WORK;

/// What is said when a patch reaches into an object or array of too many items.
const TOO_LARGE: &str = "the patch opens too large a part of the config: save the whole config";

/// The work of walking or moving one item, compared to scanning a byte.
const ITEM_WORK: usize = 8;

/// Why an edit is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The place does not exist, or cannot take the value.
    Refused(String),
    /// The config would grow over its limit.
    TooLarge,
}

impl Fault {
    fn refused<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Refused(reason.into()))
    }
}

/// What a patch may still use up, so that a small patch cannot take much memory or time.
pub(super) struct Budget {
    items: usize,
    work: usize,
}

impl Budget {
    /// Takes the making of `items` items out of `bytes` of text.
    fn open(&mut self, items: usize, bytes: usize) -> Result<(), Fault> {
        self.work(bytes)?;
        match self.items.checked_sub(items) {
            Some(left) => self.items = left,
            None => {
                return Fault::refused(
                    "the patch opens too large a part of the config: save the whole config",
                );
            }
        }
        Ok(())
    }

    /// Takes the scanning of `bytes` bytes.
    fn work(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.work.checked_sub(bytes) {
            Some(left) => self.work = left,
            None => {
                return Fault::refused(
                    "the patch takes too long: send it in parts, or save the whole config",
                );
            }
        }
        Ok(())
    }

    /// Takes the walking or moving of `items` items.
    fn walk(&mut self, items: usize) -> Result<(), Fault> {
        self.work(items.saturating_mul(ITEM_WORK))
    }
}

/// A JSON value: text, or opened by one level.
#[derive(Clone)]
pub(super) enum Node<'a> {
    /// As it stands somewhere, without white space around it.
    Text(&'a str),
    /// An object or array whose items can be edited.
    Open(Box<Container<'a>>),
}

impl<'a> Node<'a> {
    /// A value from text.
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(text.trim_matches(WHITE_SPACE))
    }

    /// Opens an object or array; `None` for other values.
    fn open(&mut self, budget: &mut Budget) -> Result<Option<&mut Container<'a>>, Fault> {
        if let Self::Text(text) = *self {
            let Some(container) = Container::open(text, budget)? else { return Ok(None) };
            *self = Self::Open(Box::new(container));
        }
        match self {
            Self::Open(container) => Ok(Some(container)),
            Self::Text(_) => Ok(None),
        }
    }

    fn child(&mut self, token: &str, budget: &mut Budget) -> Result<&mut Self, Fault> {
        match self.open(budget)? {
            Some(container) => container.get(token),
            None => Fault::refused("the path goes through a value that is neither object nor array"),
        }
    }

    /// Opened items below here, this value's levels that are opened, and its length as text.
    fn measure(&self) -> Measure {
        match self {
            Self::Text(text) => Measure { items: 0, levels: 0, bytes: text.len() },
            Self::Open(container) => container.measure(),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Open(container) => container.write(out),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Text("null"))
    }

    /// Removes the members that are null from an object and the objects in it (RFC 7396, section 2).
    fn without_nulls(&mut self, budget: &mut Budget) -> Result<(), Fault> {
        if matches!(self, Self::Text(text) if kind(text) != Kind::Object || !text.contains("null")) {
            return Ok(());
        }
        match self.open(budget)? {
            Some(container) if container.is_object() => {
                container.remove_nulls();
                container.values().try_for_each(|value| value.without_nulls(budget))
            }
            _ => Ok(()),
        }
    }

    /// Merges an object `patch` into this value (RFC 7396, section 2).
    pub(super) fn merge(&mut self, patch: &'a str, budget: &mut Budget, spaced: bool) -> Result<(), Fault> {
        let container = match self.open(budget)? {
            Some(container) if container.is_object() => container,
            _ => {
                *self = Self::text(patch);
                return self.without_nulls(budget);
            }
        };
        budget.work(patch.len())?;
        for member in members(patch).map_err(container::too_large)? {
            let (key, value) = (member.key(), member.value.get());
            if value == "null" {
                container.remove_member(&key);
            } else if kind(value) != Kind::Object {
                container.set(key, member.raw_key.into(), Self::text(value), budget, spaced)?;
            } else if let Some(old) = container.member(&key) {
                old.merge(value, budget, spaced)?;
            } else {
                let mut new = Self::text(value);
                new.without_nulls(budget)?;
                container.set(key, member.raw_key.into(), new, budget, spaced)?;
            }
        }
        Ok(())
    }
}

/// The extent of a value.
#[derive(Clone, Copy, Default)]
struct Measure {
    items: usize,
    levels: usize,
    bytes: usize,
}

/// A config being edited.
pub(super) struct Tree<'a> {
    lead: &'a str,
    root: Node<'a>,
    trail: &'a str,
    budget: Budget,
    /// Whether new members get a space after their colon.
    spaced: bool,
    /// Bytes copied since the config was last measured.
    copied: usize,
    /// Bytes of texts written for copies.
    written: usize,
}

impl<'a> Tree<'a> {
    /// Starts with the text of a config.
    pub(super) fn new(text: &'a str) -> Self {
        let value = text.trim_matches(WHITE_SPACE);
        let place = within(text, value).unwrap_or_default();
        let after_colon = text.split_once("\":").map(|(_, rest)| rest);
        Self {
            lead: text.get(..place.start).unwrap_or_default(),
            root: Node::Text(value),
            trail: text.get(place.end..).unwrap_or_default(),
            budget: Budget { items: MAX_ITEMS, work: MAX_WORK },
            spaced: after_colon.is_some_and(|rest| rest.starts_with(' ')),
            copied: 0,
            written: 0,
        }
    }

    /// The text of the config as it is now.
    pub(super) fn finish(&self) -> Result<String, ConfigError> {
        let bytes = self.root.measure().bytes.saturating_add(self.lead.len() + self.trail.len());
        if bytes > MAX_BYTES {
            return Err(ConfigError::TooLarge { limit: MAX_BYTES });
        }
        let mut text = String::with_capacity(bytes);
        text.push_str(self.lead);
        self.root.write(&mut text);
        text.push_str(self.trail);
        Ok(text)
    }

    fn find(&mut self, path: &[String]) -> Result<&mut Node<'a>, Fault> {
        path.iter().try_fold(&mut self.root, |node, token| node.child(token, &mut self.budget))
    }

    /// The value at `path`, compared with `expected`.
    pub(super) fn test(&mut self, path: &[String], expected: &str) -> Result<bool, Fault> {
        let node = self.find(path)?;
        let found = match node {
            Node::Text(text) => Cow::Borrowed(*text),
            Node::Open(_) => {
                let Measure { items, bytes, .. } = node.measure();
                if bytes > MAX_BYTES {
                    return Err(Fault::TooLarge);
                }
                let mut text = String::new();
                node.write(&mut text);
                self.budget.walk(items)?;
                text.into()
            }
        };
        Ok(value::equal_within(&found, expected, &mut self.budget.work))
    }

    /// Whether there is a value at `path`, as a fault if there is none.
    pub(super) fn exists(&mut self, path: &[String]) -> Result<(), Fault> {
        self.find(path).map(drop)
    }

    /// Adds a member or element, or replaces a member, or everything.
    pub(super) fn add(&mut self, path: &[String], value: Node<'a>) -> Result<(), Fault> {
        self.check_levels(path, &value)?;
        let Some((last, parents)) = path.split_last() else {
            self.root = value;
            return Ok(());
        };
        let spaced = self.spaced;
        let mut parent = &mut self.root;
        for token in parents {
            parent = parent.child(token, &mut self.budget)?;
        }
        match parent.open(&mut self.budget)? {
            Some(container) => container.add(last, value, &mut self.budget, spaced),
            None => Fault::refused("the path goes through a value that is neither object nor array"),
        }
    }

    /// Puts a value in the place of one that is there, or adds it as a member of the object around that place.
    pub(super) fn add_or_replace(&mut self, path: &[String], value: Node<'a>) -> Result<(), Fault> {
        if self.find(path).is_ok() { self.replace(path, value) } else { self.add(path, value) }
    }

    /// Replaces a value that is there.
    pub(super) fn replace(&mut self, path: &[String], value: Node<'a>) -> Result<(), Fault> {
        self.check_levels(path, &value)?;
        *self.find(path)? = value;
        Ok(())
    }

    /// Takes a member or element out.
    pub(super) fn remove(&mut self, path: &[String]) -> Result<Node<'a>, Fault> {
        let Some((last, parents)) = path.split_last() else {
            return Fault::refused("the whole config cannot be removed, only replaced");
        };
        let mut parent = &mut self.root;
        for token in parents {
            parent = parent.child(token, &mut self.budget)?;
        }
        match parent.open(&mut self.budget)? {
            Some(container) => container.remove(last, &mut self.budget),
            None => Fault::refused("the path goes through a value that is neither object nor array"),
        }
    }

    /// A copy of the value at `path`, as text: a value that is opened is written into `room`, which is empty.
    ///
    /// A copy of opened items would take some 20 times the memory of their text, and double with each copy of the
    /// whole. How long the text is, and what the config grows to, is known before anything is written.
    pub(super) fn copy(&mut self, path: &[String], room: &'a OnceCell<String>) -> Result<Node<'a>, Fault> {
        let Measure { items, bytes, .. } = self.find(path)?.measure();
        self.budget.walk(items)?;
        self.copied = self.copied.saturating_add(bytes);
        if self.copied > MAX_BYTES {
            let whole = self.root.measure();
            self.budget.walk(whole.items)?;
            if whole.bytes.saturating_add(bytes) > MAX_BYTES {
                return Err(Fault::TooLarge);
            }
            self.copied = bytes;
        }
        if let Node::Text(text) = *self.find(path)? {
            return Ok(Node::Text(text));
        }
        self.written = self.written.saturating_add(bytes);
        if self.written > MAX_BYTES {
            return Fault::refused("the patch copies too much of what it changes: send it in parts");
        }
        self.budget.work(bytes)?;
        let mut text = String::with_capacity(bytes);
        self.find(path)?.write(&mut text);
        Ok(Node::Text(room.get_or_init(|| text)))
    }

    /// Merges a patch into the whole; one that is no object takes its place (RFC 7396).
    pub(super) fn merge(&mut self, patch: &'a str) -> Result<(), Fault> {
        if kind(patch) != Kind::Object {
            self.root = Node::text(patch);
            return Ok(());
        }
        self.root.merge(patch, &mut self.budget, self.spaced)
    }

    /// Keeps what is opened within the limit of levels, so that walking it cannot exhaust the stack.
    fn check_levels(&mut self, path: &[String], value: &Node<'a>) -> Result<(), Fault> {
        let Measure { items, levels, .. } = value.measure();
        self.budget.walk(items)?;
        if path.len().saturating_add(levels) > MAX_DEPTH {
            return Fault::refused(format!("a config has at most {MAX_DEPTH} levels"));
        }
        Ok(())
    }
}
