//! Failures in words. They hold words of the schema and names of members, and no values of the config.

use super::document::Document;
use super::explain::Fault;
use super::program::{Bound, Keyword, Program, Size, TYPES, Types};
use crate::config::cut;

/// Longest text of a failure's message, in bytes, before what is said of alternatives. The words are those
/// of the schema, which may be long.
const MAX_MESSAGE: usize = 300;

/// Values of an `enum` that a message lists.
const MOST_OPTIONS: usize = 20;

/// One thing in a config that is not as the schema says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// The JSON Pointer of the place in the config, cut when it is very long. The empty one is the whole
    /// config.
    pub path: String,
    /// The place in words, as in a diff. Empty where it is the whole config.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What the schema asks for. It holds the schema's words and names of members, no values of the config.
    pub message: String,
}

impl Failure {
    /// As answers show it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self)
    }
}

/// A failure in words.
pub(super) fn failure(program: &Program, document: &Document<'_>, fault: &Fault<'_>) -> Failure {
    let said = message(program, document, fault);
    // Of a key, which is no value.
    let said = if document.is_key(fault.value) { said.replacen("value ", "the name ", 1) } else { said };
    let mut message = cut_message(&said);
    if let Some((Keyword::AnyOf(schemas) | Keyword::OneOf(schemas), nearest)) = fault.nearest {
        let number = schemas.iter().position(|schema| *schema == nearest).unwrap_or_default() + 1;
        let which = match &program.schema(nearest).name {
            Some(name) => format!("{name}, number {number}"),
            None => format!("number {number}"),
        };
        let keyword = if matches!(fault.nearest, Some((Keyword::AnyOf(_), _))) { "anyOf" } else { "oneOf" };
        message = format!("{message} (by {which} of {} in '{keyword}', which came nearest)", schemas.len());
    }
    Failure { path: cut(&document.pointer(fault.value)), label: String::new(), message }
}

fn message(program: &Program, document: &Document<'_>, fault: &Fault<'_>) -> String {
    let words = |place| program.document().text_of(place);
    match fault.keyword {
        Keyword::Never => "nothing is allowed here".to_owned(),
        Keyword::Type(types) => of_type(*types),
        Keyword::Const(expected) => format!("{} was expected", words(*expected)),
        Keyword::Enum(expected) => {
            let mut options: Vec<&str> =
                expected.iter().take(MOST_OPTIONS).map(|place| words(*place)).collect();
            if expected.len() > MOST_OPTIONS {
                options.push("…");
            }
            format!("value is not one of {}", options.join(", "))
        }
        Keyword::Bound { bound, limit } => match bound {
            Bound::Minimum => format!("value is less than the minimum of {limit}"),
            Bound::Maximum => format!("value is greater than the maximum of {limit}"),
            Bound::ExclusiveMinimum => format!("value is less than or equal to the minimum of {limit}"),
            Bound::ExclusiveMaximum => format!("value is greater than or equal to the maximum of {limit}"),
        },
        Keyword::MultipleOf { text, .. } => format!("value is not a multiple of {text}"),
        Keyword::Size { size, limit } => of_size(*size, *limit),
        Keyword::Required(keys) => {
            let missing = fault.keys.first().and_then(|number| keys.get(*number as usize));
            let missing = missing.map(|key| name(key)).unwrap_or_default();
            format!("{missing:?} is a required property")
        }
        Keyword::DependentRequired(of) => {
            let [number, missing] = *fault.keys else { return String::new() };
            let (by, keys) = match of.get(number as usize) {
                Some((by, keys)) => (by, keys),
                None => return String::new(),
            };
            let missing = keys.get(missing as usize).map(|key| name(key)).unwrap_or_default();
            format!("{missing:?} is required where there is {:?}", name(by))
        }
        Keyword::Pattern(pattern) => {
            let pattern = program.patterns.get(*pattern as usize).map_or("", |pattern| pattern.text());
            format!("value does not match \"{pattern}\"")
        }
        Keyword::UniqueItems => "value has non-unique elements".to_owned(),
        Keyword::Properties(_) => {
            format!("Additional properties are not allowed ({} unexpected)", listed(document, &fault.keys))
        }
        Keyword::UnevaluatedProperties(_) => {
            format!("Unevaluated properties are not allowed ({} unexpected)", listed(document, &fault.keys))
        }
        Keyword::UnevaluatedItems(_) => "Unevaluated items are not allowed".to_owned(),
        Keyword::Contains { least, most, .. } => match most {
            None if *least == 1 => "no item is as 'contains' asks".to_owned(),
            None => format!("fewer than {least} items are as 'contains' asks"),
            Some(most) => format!("not {least} to {most} items are as 'contains' asks"),
        },
        Keyword::Not(_) => "value is as 'not' forbids".to_owned(),
        Keyword::AnyOf(_) => {
            "value is not valid under any of the schemas listed in the 'anyOf' keyword".to_owned()
        }
        Keyword::OneOf(_) => {
            "value is valid under more than one of the schemas listed in the 'oneOf' keyword".to_owned()
        }
        _ => "value is not as the schema asks".to_owned(),
    }
}

fn name(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

fn of_type(Types(bits): Types) -> String {
    let named: Vec<String> = (0..)
        .zip(TYPES)
        .filter(|(bit, _)| bits & 1 << bit != 0)
        .map(|(_, name)| format!("\"{name}\""))
        .collect();
    let types = if named.len() == 1 { "type" } else { "types" };
    format!("value is not of {types} {}", named.join(", "))
}

fn of_size(size: Size, limit: u64) -> String {
    let s = if limit == 1 { "" } else { "s" };
    match size {
        Size::MinLength => format!("value is shorter than {limit} character{s}"),
        Size::MaxLength => format!("value is longer than {limit} character{s}"),
        Size::MinItems => format!("value has less than {limit} item{s}"),
        Size::MaxItems => format!("value has more than {limit} item{s}"),
        Size::MinProperties => {
            format!("value has less than {limit} {}", if limit == 1 { "property" } else { "properties" })
        }
        Size::MaxProperties => {
            format!("value has more than {limit} {}", if limit == 1 { "property" } else { "properties" })
        }
    }
}

/// Keys, quoted, and the verb that goes with them.
fn listed(document: &Document<'_>, keys: &[u32]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("'{}'", document.words(*key))).collect();
    let verb = if quoted.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", quoted.join(", "))
}

/// The beginning of a message, ending at a character.
fn cut_message(text: &str) -> String {
    if text.len() <= MAX_MESSAGE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_MESSAGE);
    format!("{}…", text.get(..end).unwrap_or_default())
}
