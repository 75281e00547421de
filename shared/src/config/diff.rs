//! What changed between two configs, as operations of RFC 6902 that turn one into the other.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::pointer;
use super::span::{Kind, Member, Unexpected, elements, kind, members};
use super::value;

#[cfg(test)]
mod tests;

/// The changes from one config to another.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// Applied in this order to the one config they give the other, by value.
    pub operations: Vec<Operation>,
    /// How many of each kind they are.
    pub counts: Counts,
}

/// How many operations of each kind a change takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Members and elements that are new.
    pub added: u64,
    /// Members and elements that are gone.
    pub removed: u64,
    /// Values that are others now.
    pub changed: u64,
}

/// One change, an operation of RFC 6902.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// A new member, or a new element at the end of an array.
    Add {
        /// The JSON Pointer of the place.
        path: String,
        /// The value, in its own text.
        value: Box<RawValue>,
    },
    /// A member or element that is gone.
    Remove {
        /// The JSON Pointer of the place.
        path: String,
    },
    /// Another value.
    Replace {
        /// The JSON Pointer of the place.
        path: String,
        /// The new value, in its own text.
        value: Box<RawValue>,
    },
}

impl Operation {
    /// The JSON Pointer of the place.
    pub fn path(&self) -> &str {
        match self {
            Self::Add { path, .. } | Self::Remove { path } | Self::Replace { path, .. } => path,
        }
    }
}

/// Shows the kind only: contents never reach a log.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add { .. } => "Add",
            Self::Remove { .. } => "Remove",
            Self::Replace { .. } => "Replace",
        })
    }
}

/// The operations that turn `before` into `after`, both texts of configs.
///
/// Objects are compared by key, arrays by position. What differs only in white space, order of keys, or the
/// spelling of numbers and strings is no change. Each level that differs is scanned once more, so the time is
/// the size of both texts times the depth of what differs; after about three seconds, what is left to compare is
/// replaced where its text differs.
pub fn changes(before: &str, after: &str) -> Changes {
    let mut walk = Walk::new(Some(Vec::new()));
    walk.value(before, after);
    Changes { operations: walk.operations.unwrap_or_default(), counts: walk.counts }
}

/// How many operations [`changes`] would give, without making them.
pub fn counts(before: &str, after: &str) -> Counts {
    let mut walk = Walk::new(None);
    walk.value(before, after);
    walk.counts
}

struct Walk {
    /// `None` when only the numbers are wanted.
    operations: Option<Vec<Operation>>,
    counts: Counts,
    /// The JSON Pointer of the present place; not kept when only the numbers are wanted.
    path: String,
    /// Bytes that may still be scanned.
    work: usize,
}

impl Walk {
    fn new(operations: Option<Vec<Operation>>) -> Self {
        Self { operations, counts: Counts::default(), path: String::new(), work: value::MAX_WORK }
    }

    fn value(&mut self, before: &str, after: &str) {
        if before == after {
            return;
        }
        let walked = match (kind(before), kind(after)) {
            (Kind::Object, Kind::Object) => self.objects(before, after),
            (Kind::Array, Kind::Array) => self.arrays(before, after),
            _ => Err(Unexpected),
        };
        if walked.is_err() && !value::equal_within(before, after, &mut self.work) {
            self.replace(after);
        }
    }

    fn objects(&mut self, before: &str, after: &str) -> Result<(), Unexpected> {
        value::spend(&mut self.work, before, after)?;
        let (old, new) = (members(before)?, members(after)?);
        let keyed: HashMap<Cow<'_, [u8]>, Member<'_>> =
            new.iter().map(|member| (member.key(), *member)).collect();
        let known: HashSet<Cow<'_, [u8]>> = old.iter().map(Member::key).collect();
        // No JSON Pointer can name a key with a lone surrogate: the object is replaced as a whole.
        if known.iter().chain(keyed.keys()).any(|key| std::str::from_utf8(key).is_err()) {
            return Err(Unexpected);
        }
        for member in &old {
            let key = member.key();
            let length = self.enter_key(&key);
            match keyed.get(&key) {
                Some(now) => self.value(member.value.get(), now.value.get()),
                None => self.remove(),
            }
            self.path.truncate(length);
        }
        for member in &new {
            let key = member.key();
            if !known.contains(&key) {
                let length = self.enter_key(&key);
                self.add(member.value);
                self.path.truncate(length);
            }
        }
        Ok(())
    }

    fn arrays(&mut self, before: &str, after: &str) -> Result<(), Unexpected> {
        value::spend(&mut self.work, before, after)?;
        let (old, new) = (elements(before)?, elements(after)?);
        for (index, (before, after)) in old.iter().zip(&new).enumerate() {
            let length = self.enter_index(index);
            self.value(before.get(), after.get());
            self.path.truncate(length);
        }
        // From the end, so that the numbers stay right while the operations are applied one by one.
        for index in (new.len()..old.len()).rev() {
            let length = self.enter_index(index);
            self.remove();
            self.path.truncate(length);
        }
        for (index, element) in new.iter().enumerate().skip(old.len()) {
            let length = self.enter_index(index);
            self.add(element);
            self.path.truncate(length);
        }
        Ok(())
    }

    /// Goes to a member; gives the path's length before, to come back to.
    fn enter_key(&mut self, key: &[u8]) -> usize {
        let length = self.path.len();
        if self.operations.is_some() {
            pointer::push(&mut self.path, &String::from_utf8_lossy(key));
        }
        length
    }

    fn enter_index(&mut self, index: usize) -> usize {
        let length = self.path.len();
        if self.operations.is_some() {
            pointer::push_index(&mut self.path, index);
        }
        length
    }

    fn add(&mut self, value: &RawValue) {
        self.counts.added += 1;
        if let Some(operations) = &mut self.operations {
            operations.push(Operation::Add { path: self.path.clone(), value: value.to_owned() });
        }
    }

    fn remove(&mut self) {
        self.counts.removed += 1;
        if let Some(operations) = &mut self.operations {
            operations.push(Operation::Remove { path: self.path.clone() });
        }
    }

    fn replace(&mut self, after: &str) {
        self.counts.changed += 1;
        if let Some(operations) = &mut self.operations
            && let Ok(value) = serde_json::from_str::<&RawValue>(after)
        {
            operations.push(Operation::Replace { path: self.path.clone(), value: value.to_owned() });
        }
    }
}
