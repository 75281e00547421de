//! Three-way merge: the changes that a request made to its base, made to what has become of that base meanwhile.
//!
//! What only one side changed is as that side has it; what both changed alike is no conflict. Objects are merged by key.
//! Arrays are merged by the identity of their elements where a key tells them apart in all three configs (as in
//! [`diff`](super::diff)): an element that one side moved or edited and one that the other added beside it both survive.
//! Other arrays are merged by the parts between what all three have in common, as texts are by lines.
//!
//! The merged text is the head's, byte for byte, wherever the request changed nothing. Time and memory grow as for a diff;
//! what takes more than a budget is refused, never guessed.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use super::diff::Counts;
use super::outline::Outline;
use super::tree::{Fault, Tree};
use super::{Config, ConfigError, MAX_BYTES};

mod array;
mod order;
mod sides;
mod take;
#[cfg(test)]
mod tests;
mod walk;

pub use take::{TakeError, take_paths};

/// Most conflicts that are listed.
pub const MAX_CONFLICTS: usize = 1_000;

/// A config that has the changes of both sides.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The config.
    pub config: Config,
    /// How much the head had changed since the base.
    pub since: Counts,
    /// How much the request had changed of the base.
    pub asked: Counts,
}

/// Why two changes do not go together. Nothing is merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Both sides changed the same.
    #[error("both sides changed {total} of the same places")]
    Conflicts {
        /// The places, at most [`MAX_CONFLICTS`] of them, in the order of the head.
        conflicts: Vec<Conflict>,
        /// How many there are.
        total: usize,
    },
    /// Merging would take too much time or memory.
    #[error("the configs are too large to be merged")]
    TooLarge,
    /// What comes out is no valid config.
    #[error("the merged config would not be valid: {0}")]
    Result(#[from] ConfigError),
}

/// A place that both sides changed, each in its own way.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conflict {
    /// The JSON Pointer of the place in the head; where the head has none, in the request.
    pub path: String,
    /// The place in words.
    pub label: String,
    /// What it was; absent where it was not there. Values are in their own spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub base: Option<Box<RawValue>>,
    /// What the head has; absent where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub ours: Option<Box<RawValue>>,
    /// What the request has; absent where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub theirs: Option<Box<RawValue>>,
    /// Whether both moved an element, to different places: then the values are its indexes, from 0.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub order: bool,
}

/// Shows the length of the place only: contents never reach a log.
impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conflict({} bytes of path)", self.path.len())
    }
}

/// Merges what `request` made of `base` into `head`, which was made of `base` too.
///
/// Gives the text of `request` exactly where `head` is `base` by value, and that of `head` where `request` is.
///
/// # Errors
///
/// [`MergeError`]; nothing is merged then.
pub fn merge(base: &Config, head: &Config, request: &Config) -> Result<Merged, MergeError> {
    let (b, h, r) = (Outline::of(base.text()), Outline::of(head.text()), Outline::of(request.text()));
    let (since, asked) = (super::diff::between(&b, &h), super::diff::between(&b, &r));
    let merged = |config: &Config| Ok(Merged { config: config.clone(), since, asked });
    if asked == Counts::default() {
        return merged(head);
    }
    if since == Counts::default() {
        return merged(request);
    }
    let plan = walk::plan(&b, &h, &r)?;
    let mut tree = Tree::new(head.text());
    tree.carry_out(plan).map_err(refused)?;
    Ok(Merged { config: Config::check(tree.finish()?)?, since, asked })
}

fn refused(fault: Fault) -> MergeError {
    match fault {
        Fault::Refused(_) => MergeError::TooLarge,
        Fault::TooLarge => MergeError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}
