//! JSON Merge Patch (RFC 7396) applied to the text of a config: what it does not touch keeps its text.

use super::check;
use super::error::{ConfigError, PatchError};
use super::patch::patch_text;
use super::span::{Kind, kind};
use super::tree::{Fault, Tree};
use super::{Config, MAX_BYTES};

#[cfg(test)]
mod tests;

/// Applies a merge patch: members are merged at every depth, `null` removes; an array replaces the whole config.
///
/// # Errors
///
/// [`PatchError::Invalid`] when the patch is not JSON, has the same key twice, or takes too much time or memory;
/// [`PatchError::Result`] when what comes out is no config, as for a patch that is a single value.
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
    if kind(&patch) != Kind::Object {
        check::document(&patch, super::MAX_DEPTH)?;
    }
    let mut tree = Tree::new(config.text());
    tree.merge(&patch).map_err(refused)?;
    Ok(tree.finish()?)
}

fn refused(fault: Fault) -> PatchError {
    match fault {
        Fault::Refused(reason) => PatchError::Invalid { operation: None, reason },
        Fault::TooLarge => PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}
