//! JSON Patch (RFC 6902) applied to the text of a config: what it does not touch keeps its text.

use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;

use super::check;
use super::error::{PatchError, cut};
use super::pointer::Pointer;
use super::span::{Kind, elements, kind, members, unescaped};
use super::tree::{Fault, Node, Tree};
use super::{Config, ConfigError, MAX_BYTES, MAX_DEPTH};

#[cfg(test)]
mod tests;

/// Most operations in one patch.
pub const MAX_OPERATIONS: usize = 10_000;

/// Levels of a patch around the values in it: the array and the operation.
const PATCH_LEVELS: usize = 2;

/// Applies a patch: all of its operations, or none.
///
/// Values are inserted with their own text. A new member or element is spaced like its neighbours; a removed
/// one takes one comma and its white space with it.
///
/// # Errors
///
/// [`PatchError::Invalid`] when the patch is not one, or has more than [`MAX_OPERATIONS`];
/// [`PatchError::Failed`] when an operation does not fit the config, or the patch takes too much time or memory;
/// [`PatchError::Result`] when what comes out is no config.
pub fn apply(config: &Config, patch: &[u8]) -> Result<Config, PatchError> {
    Ok(Config::check(patched(config, patch)?)?)
}

/// The text that [`apply`] checks.
///
/// # Errors
///
/// Those of [`apply`] that are not about what comes out, but for its size.
pub fn patched(config: &Config, patch: &[u8]) -> Result<String, PatchError> {
    let patch = patch_text(patch)?;
    let operations = operations(&patch)?;
    let rooms: Vec<OnceCell<String>> = operations.iter().map(|_| OnceCell::new()).collect();
    let mut tree = Tree::new(config.text());
    for (index, (operation, room)) in operations.iter().zip(&rooms).enumerate() {
        operation.apply(&mut tree, room).map_err(|fault| failed(index, &operation.path, fault))?;
    }
    Ok(tree.finish()?)
}

/// The text of a patch of either kind, checked to be JSON without duplicate keys.
pub(super) fn patch_text(patch: &[u8]) -> Result<String, PatchError> {
    if patch.len() > MAX_BYTES {
        return Err(whole(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let checked = check::utf8(Bytes::copy_from_slice(patch)).and_then(|text| {
        check::any_document(&text, MAX_DEPTH + PATCH_LEVELS)?;
        Ok(text)
    });
    checked.map_err(|fault| whole(in_patch(&fault)))
}

/// The fault in words that do not speak of a config.
fn in_patch(fault: &ConfigError) -> String {
    match fault {
        ConfigError::Empty => "it is empty".to_owned(),
        ConfigError::NotUtf8 { offset } => format!("it is not UTF-8 from byte {offset} on"),
        ConfigError::ByteOrderMark => "it starts with a byte order mark".to_owned(),
        ConfigError::OtherFormat { what, advice } => format!("it is {what}, not JSON in UTF-8: {advice}"),
        ConfigError::TooDeep { line, column, .. } => {
            format!("it is nested too deeply at line {line}, column {column}")
        }
        other => other.to_string(),
    }
}

fn whole(reason: impl Into<String>) -> PatchError {
    PatchError::Invalid { operation: None, reason: reason.into() }
}

fn failed(operation: usize, path: &Pointer, fault: Fault) -> PatchError {
    match fault {
        Fault::Refused(reason) => PatchError::Failed { operation, pointer: cut(&path.to_string()), reason },
        Fault::TooLarge => PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}

struct Operation<'a> {
    path: Pointer,
    action: Action<'a>,
}

enum Action<'a> {
    Add(&'a str),
    Remove,
    Replace(&'a str),
    Move(Pointer),
    Copy(Pointer),
    Test(&'a str),
}

fn operations(patch: &str) -> Result<Vec<Operation<'_>>, PatchError> {
    if kind(patch) != Kind::Array {
        return Err(whole("a JSON Patch is an array of operations"));
    }
    let too_many = || whole(format!("it has more than {MAX_OPERATIONS} operations: send it in parts"));
    let elements = elements(patch).map_err(|_| too_many())?;
    if elements.len() > MAX_OPERATIONS {
        return Err(too_many());
    }
    let read = |(index, text)| {
        let operation = Fields::of(text).and_then(Fields::operation);
        operation.map_err(|reason| PatchError::Invalid { operation: Some(index), reason })
    };
    elements.iter().map(|element| element.get()).enumerate().map(read).collect()
}

/// The members of an operation that have a meaning; others are ignored (RFC 6902, section 4).
#[derive(Default)]
struct Fields<'a> {
    op: Option<&'a str>,
    path: Option<&'a str>,
    from: Option<&'a str>,
    value: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let mut fields = Self::default();
        for member in members(text).map_err(|_| "an operation is an object".to_owned())? {
            let field = match member.key().as_ref() {
                b"op" => &mut fields.op,
                b"path" => &mut fields.path,
                b"from" => &mut fields.from,
                b"value" => &mut fields.value,
                _ => continue,
            };
            *field = Some(member.value.get());
        }
        Ok(fields)
    }

    fn operation(self) -> Result<Operation<'a>, String> {
        let op = string("op", self.op)?;
        let value = self.value.ok_or_else(|| format!("{:?} needs a value", cut(&op)));
        let action = match op.as_ref() {
            "add" => Action::Add(value?),
            "remove" => Action::Remove,
            "replace" => Action::Replace(value?),
            "move" => Action::Move(pointer("from", self.from)?),
            "copy" => Action::Copy(pointer("from", self.from)?),
            "test" => Action::Test(value?),
            other => {
                let other = cut(other);
                return Err(format!("{other:?} is none of add, remove, replace, move, copy and test"));
            }
        };
        Ok(Operation { path: pointer("path", self.path)?, action })
    }
}

fn string<'a>(name: &str, raw: Option<&'a str>) -> Result<Cow<'a, str>, String> {
    let raw = raw.ok_or_else(|| format!("it has no {name:?}"))?;
    if !raw.starts_with('"') {
        return Err(format!("{name:?} is not a string"));
    }
    let text = match unescaped(raw) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    };
    text.ok_or_else(|| format!("{name:?} has a lone surrogate"))
}

fn pointer(name: &str, raw: Option<&str>) -> Result<Pointer, String> {
    let text = string(name, raw)?;
    text.parse().map_err(|fault| format!("{name:?} is {:?}: {fault}", cut(&text)))
}

impl<'a> Operation<'a> {
    /// Applies it; what it copies may be written into `room`.
    fn apply(&self, tree: &mut Tree<'a>, room: &'a OnceCell<String>) -> Result<(), Fault> {
        let path = self.path.tokens();
        match &self.action {
            Action::Add(value) => tree.add(path, Node::text(value)),
            Action::Remove => tree.remove(path).map(drop),
            Action::Replace(value) => tree.replace(path, Node::text(value)),
            Action::Copy(from) => {
                let value = tree.copy(from.tokens(), room).map_err(|fault| at_from(fault, from))?;
                tree.add(path, value)
            }
            Action::Move(from) if *from == self.path => tree.exists(path),
            Action::Move(from) if from.is_above(&self.path) => {
                Err(Fault::Refused("a value cannot be moved into itself".to_owned()))
            }
            Action::Move(from) => {
                let value = tree.remove(from.tokens()).map_err(|fault| at_from(fault, from))?;
                tree.add(path, value)
            }
            Action::Test(expected) if tree.test(path, expected)? => Ok(()),
            Action::Test(_) => Err(Fault::Refused("the value is another than the one tested for".to_owned())),
        }
    }
}

/// Says that the fault is at the source.
fn at_from(fault: Fault, from: &Pointer) -> Fault {
    match fault {
        Fault::Refused(reason) => Fault::Refused(format!("from {:?}: {reason}", cut(&from.to_string()))),
        other => other,
    }
}
