//! Checking configs against a JSON Schema (2020-12), within a budget of steps and memory.
//!
//! A check of its own, since none of the crates can be ended on its way: they apply subschemas and collect
//! failures for ever and without bound. Here every step is counted, a subschema is asked once about a value,
//! and failures are looked for only until there are enough. The config is not built into a tree: an index of
//! at most 4 bytes for each byte of its text stands in for it.

mod assertions;
mod budget;
mod compile;
mod document;
mod evaluate;
mod evaluated;
mod explain;
mod keywords;
mod number;
mod pattern;
mod program;
mod references;
mod same;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;

use crate::config::diff::labels;
use crate::config::{Config, ConfigError, cut};
use crate::hash::Sha256;

use budget::Spending;
pub use budget::{Budget, Unfinished};
use document::{Document, ROOT};
use evaluate::{Question, Run};
use explain::{Fault, Search};
use program::Program;
pub use words::Failure;

/// Largest schema, in bytes of JSON text.
pub const MAX_SCHEMA: usize = 64 * 1024;

/// The dialect that is understood, as `$schema` names it.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The stack of a check, in bytes: what is not used of it takes no memory.
const STACK: usize = 64 * 1024 * 1024;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is larger than [`MAX_SCHEMA`].
    #[error("a schema has at most {MAX_SCHEMA} bytes")]
    TooLarge,
    /// It is not JSON, or has the same key twice.
    #[error(transparent)]
    Text(#[from] ConfigError),
    /// It is JSON, and no schema that can be checked with, or too heavy.
    #[error("{reason}")]
    Invalid {
        /// The JSON Pointer of the fault in the schema.
        pointer: String,
        /// What is wrong.
        reason: String,
    },
}

impl SchemaError {
    fn at(pointer: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { pointer: cut(pointer), reason: reason.into() }
    }
}

/// What checking a config showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// The first failures, as many as were asked for. None: the config passes.
    pub items: Vec<Failure>,
    /// Whether there are more, or may be.
    pub more: bool,
}

impl Failures {
    /// One failure of the whole config.
    pub fn whole(message: impl Into<String>) -> Self {
        Self {
            items: vec![Failure { path: String::new(), label: String::new(), message: message.into() }],
            more: false,
        }
    }

    /// Whether the config passes.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// A schema, ready to check with.
pub struct Schema {
    program: Program,
    sha256: Sha256,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl Schema {
    /// Reads the text of a schema: an object, `true` or `false`, of at most [`MAX_SCHEMA`] bytes, a JSON
    /// Schema of the draft 2020-12, which refers to nothing outside itself. Its patterns are matched in time
    /// linear in the text, so they have no look-around and no back references. `format` is an annotation, as
    /// the draft has it (JSON Schema Validation 2020-12, section 7.2.1).
    ///
    /// What it weighs is bounded: its patterns have at most 16 MiB of automata together, and 4 MiB each.
    ///
    /// # Errors
    ///
    /// The first fault found, with its place.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_SCHEMA {
            return Err(SchemaError::TooLarge);
        }
        let sha256 = match text {
            "true" | "false" => Sha256::of(text.as_bytes()),
            _ => match Config::check(text.as_bytes().to_vec()) {
                Ok(checked) => checked.sha256(),
                Err(ConfigError::NotAContainer) => {
                    return Err(SchemaError::at("", "a schema is an object, true or false"));
                }
                Err(fault) => return Err(fault.into()),
            },
        };
        Ok(Self { program: compile::compile(text)?, sha256 })
    }

    /// The text, byte for byte as it was given.
    pub fn text(&self) -> &str {
        &self.program.text
    }

    /// The SHA-256 of the text.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// How much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        self.program.weight()
    }

    /// Whether a config passes.
    ///
    /// # Errors
    ///
    /// When the budget is used up before that is known.
    pub fn passes(&self, config: &Config, budget: &Budget) -> Result<bool, Unfinished> {
        self.check(config, 0, budget).map(|failures| failures.is_empty() && !failures.more)
    }

    /// Checks a config, and gives at most `most` failures. To find these it may take the steps of the budget
    /// once more; where they do not suffice, there are fewer and `more` is set.
    ///
    /// # Errors
    ///
    /// When the budget is used up before it is known whether the config passes.
    pub fn check(&self, config: &Config, most: usize, budget: &Budget) -> Result<Failures, Unfinished> {
        self.check_text(config.text(), most, budget)
    }

    /// [`Schema::check`] of any JSON text without duplicate keys, on a thread with room for the deepest of
    /// checks.
    fn check_text(&self, text: &str, most: usize, budget: &Budget) -> Result<Failures, Unfinished> {
        let check = || self.check_here(text, most, budget);
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("check".to_owned()).stack_size(STACK);
            let checking = builder.spawn_scoped(scope, check).map_err(|_| Unfinished::Failed)?;
            checking.join().unwrap_or(Err(Unfinished::Failed))
        })
    }

    fn check_here(&self, text: &str, most: usize, budget: &Budget) -> Result<Failures, Unfinished> {
        let mut spending = Spending::new(budget);
        spending.bytes_read(text.len())?;
        spending.hold(document::index_bytes(text))?;
        let index = document::index(text);
        let document = Document::new(text, &index);
        let mut run = Run::new(&self.program, document, spending);
        let whole = Question { schema: self.program.root, value: ROOT, scope: 0 };
        if run.passes(whole)? {
            return Ok(Failures::default());
        }
        if most == 0 {
            return Ok(Failures { items: Vec::new(), more: true });
        }
        run.spending.again();
        let mut found: Vec<Fault<'_>> = Vec::new();
        let ended = Search::new(&mut run).failures(whole, 0, most.saturating_add(1), &mut found);
        let more = ended.is_err() || found.len() > most;
        let mut items: Vec<Failure> =
            found.iter().take(most).map(|fault| words::failure(&self.program, &document, fault)).collect();
        if items.is_empty() {
            let whole = Failures::whole("The config does not pass, and it takes too long to find out where.");
            return Ok(Failures { more, ..whole });
        }
        let paths: Vec<&str> = items.iter().map(|failure| failure.path.as_str()).collect();
        let labels = labels(text, &paths);
        items.iter_mut().zip(labels).for_each(|(failure, label)| failure.label = label);
        Ok(Failures { items, more })
    }
}
