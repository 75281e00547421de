//! Checking configs against a JSON Schema (2020-12): what a publish must pass.
//!
//! The only place where a config is built into a tree, since the validator needs one: about 14 bytes of memory for each
//! byte of text.

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ReferencingError, Retrieve, Uri, ValidationError, Validator};
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::diff::label;
use crate::config::span::{Kind, kind};
use crate::config::{Config, ConfigError, MAX_DEPTH, cut, pointer};
use crate::hash::Sha256;

#[cfg(test)]
mod tests;

/// Largest schema, in bytes of JSON text.
pub const MAX_SCHEMA: usize = 64 * 1024;

/// The dialect that is understood, as `$schema` names it.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Longest text of a failure's message, in bytes. The words are those of the schema, which may be long.
const MAX_MESSAGE: usize = 300;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is larger than [`MAX_SCHEMA`].
    #[error("a schema has at most {MAX_SCHEMA} bytes")]
    TooLarge,
    /// It is not JSON, or has the same key twice.
    #[error(transparent)]
    Text(#[from] ConfigError),
    /// It is JSON, and no schema that can be checked with.
    #[error("{reason}")]
    Invalid {
        /// The JSON Pointer of the fault in the schema; the empty one where it is not known.
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

/// One thing in a config that is not as the schema says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// The JSON Pointer of the place in the config, cut when it is very long. The empty one is the whole config.
    pub path: String,
    /// The place in words, as in a diff. Empty where it is the whole config.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What the schema asks for. It holds the schema's words and names of members, no values of the config.
    pub message: String,
}

impl Failure {
    /// As answers show it.
    pub fn to_json(&self) -> Value {
        json!(self)
    }
}

/// What checking a config showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// The first failures, as many as were asked for. None: the config passes.
    pub items: Vec<Failure>,
    /// Whether there are more.
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
    text: String,
    sha256: Sha256,
    validator: Validator,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl Schema {
    /// Reads the text of a schema: one JSON object of at most [`MAX_SCHEMA`] bytes, a JSON Schema of the draft 2020-12, which refers to
    /// nothing outside itself. Its patterns are matched in time linear in the text, so they have no look-around and no
    /// back references. `format` is an annotation, as the draft has it (JSON Schema Validation 2020-12, section 7.2.1).
    ///
    /// # Errors
    ///
    /// The first fault found, with its place.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_SCHEMA {
            return Err(SchemaError::TooLarge);
        }
        let checked = Config::check(text.as_bytes().to_vec())?;
        if kind(text) != Kind::Object {
            return Err(SchemaError::at("", "a schema is a JSON object"));
        }
        let tree = tree(&checked).map_err(|reason| SchemaError::at("", reason))?;
        match tree.get("$schema") {
            None => {}
            Some(Value::String(named)) if named.trim_end_matches('#') == DIALECT => {}
            Some(_) => {
                return Err(SchemaError::at("/$schema", format!("only {DIALECT} is understood")));
            }
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_retriever(Nowhere)
            .with_pattern_options(PatternOptions::regex())
            .build(&tree)
            .map_err(|fault| refused(&fault, &tree))?;
        Ok(Self { text: text.to_owned(), sha256: checked.sha256(), validator })
    }

    /// The text, byte for byte as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of the text.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Checks a config, and gives at most `most` failures.
    ///
    /// A config that holds what the validator cannot represent fails as a whole: a number beyond the range of a
    /// 64-bit float (such as `1e400`), half of a surrogate pair, or 128 levels.
    pub fn check(&self, config: &Config, most: usize) -> Failures {
        let tree = match tree(config) {
            Ok(tree) => tree,
            Err(reason) => return Failures::whole(format!("The config cannot be checked: {reason}.")),
        };
        let mut errors = self.validator.iter_errors(&tree);
        let items = errors
            .by_ref()
            .take(most)
            .map(|error| Failure {
                path: cut(error.instance_path().as_str()),
                label: labelled(config, error.instance_path().as_str()),
                message: cut_message(&error.masked().to_string()),
            })
            .collect();
        Failures { items, more: errors.next().is_some() }
    }
}

/// A place of a config in words. Empty for the whole, and where the place is not found.
fn labelled(config: &Config, path: &str) -> String {
    let place = path.parse().ok().filter(|_| !path.is_empty());
    place.and_then(|place| label(config.text(), &place)).unwrap_or_default()
}

/// Whatever a schema refers to outside itself is not fetched.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is not fetched").into())
    }
}

/// Why the library refuses a schema, and where.
fn refused(fault: &ValidationError<'_>, schema: &Value) -> SchemaError {
    let ValidationErrorKind::Referencing(cause) = fault.kind() else {
        return SchemaError::at(fault.instance_path().as_str(), cut_message(&fault.to_string()));
    };
    let (named, reason) = match cause {
        ReferencingError::Unretrievable { uri, .. } => {
            (uri.as_str(), format!("{uri} is outside the schema: put what it refers to under $defs"))
        }
        ReferencingError::PointerToNowhere { pointer } => (pointer.as_str(), cause.to_string()),
        ReferencingError::NoSuchAnchor { anchor } => (anchor.as_str(), cause.to_string()),
        other => ("", other.to_string()),
    };
    SchemaError::at(&reference(schema, named).unwrap_or_default(), cut_message(&reason))
}

/// The place of the reference in a schema that names what was not found.
fn reference(schema: &Value, named: &str) -> Option<String> {
    let names = |text: &str| {
        let resource = text.split('#').next().unwrap_or_default();
        text.contains(named) || (!resource.is_empty() && named.ends_with(resource))
    };
    let below = |token: &str, value: &Value| {
        let mut place = String::new();
        pointer::push(&mut place, token);
        Some(format!("{place}{}", reference(value, named)?))
    };
    match schema {
        Value::Object(members) => members.iter().find_map(|(key, value)| match value {
            Value::String(text) if matches!(key.as_str(), "$ref" | "$dynamicRef") && names(text) => {
                Some(format!("/{key}"))
            }
            _ => below(key, value),
        }),
        Value::Array(elements) => {
            elements.iter().enumerate().find_map(|(index, value)| below(&index.to_string(), value))
        }
        _ => None,
    }
}

fn tree(config: &Config) -> Result<Value, String> {
    serde_json::from_str(config.text()).map_err(|error| match error.classify() {
        _ if error.to_string().starts_with("recursion limit") => {
            format!("it has {MAX_DEPTH} levels, and at most {} can be checked", MAX_DEPTH - 1)
        }
        _ => error.to_string(),
    })
}

/// The beginning of a message, ending at a character.
fn cut_message(text: &str) -> String {
    if text.len() <= MAX_MESSAGE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_MESSAGE);
    format!("{}…", text.get(..end).unwrap_or_default())
}
