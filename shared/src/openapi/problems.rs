//! The problems that there are: what each says beside `type`, `title`, `status` and `detail`.
//!
//! A test holds this table, the code and the README's table together.

mod after;
mod before;

use serde_json::{Map, Value, json};

use crate::problem::TYPE_PREFIX;

/// A member of a problem: its name, its type, an example as JSON.
///
/// The type is the name of a schema, `string`, `integer` or `boolean`; in brackets an array of those. A `?` at its end:
/// it may be absent. A `|null`: it may be null.
type Member = (&'static str, &'static str, &'static str);

/// A type of problems.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The last part of its `type`.
    pub name: &'static str,
    /// Its status.
    pub status: u16,
    title: &'static str,
    detail: &'static str,
    members: &'static [Member],
}

const fn kind(
    status: u16,
    name: &'static str,
    (title, detail): (&'static str, &'static str),
    members: &'static [Member],
) -> Kind {
    Kind { name, status, title, detail, members }
}

const VERSION: Member = ("version", "Version", "41");
const ETAG: Member =
    ("etag", "string", "\"\\\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\\\"\"");
const ACCEPTED: Member = ("accepted", "[string]", "[\"application/json\"]");

/// All of them, by status.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    before::KINDS.iter().chain(after::KINDS)
}

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        kinds().find(|kind| kind.name == name)
    }

    /// The name of its schema, such as `VersionMismatch`.
    pub fn schema_name(&self) -> String {
        let word = |word: &str| word.chars().next().map(|c| c.to_ascii_uppercase().to_string() + &word[1..]);
        self.name.split('-').filter_map(word).collect()
    }

    /// Its schema: that of every problem, with its own `type`, `status` and members.
    pub fn schema(&self) -> Value {
        let mut properties = Map::from_iter([
            ("type".to_owned(), json!({ "const": format!("{TYPE_PREFIX}{}", self.name) })),
            ("status".to_owned(), json!({ "const": self.status })),
        ]);
        let mut required = vec!["type", "status"];
        for &(name, of, _) in self.members {
            let present = of.strip_suffix('?');
            if present.is_none() {
                required.push(name);
            }
            properties.insert(name.to_owned(), member(present.unwrap_or(of)));
        }
        let own = json!({ "type": "object", "properties": properties, "required": required });
        json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, own] })
    }

    /// An example of it.
    pub fn example(&self) -> Value {
        let mut example = json!({
            "type": format!("{TYPE_PREFIX}{}", self.name),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        });
        for &(name, _, value) in self.members {
            example[name] = serde_json::from_str(value).unwrap_or_default();
        }
        example
    }
}

/// The schema of a member's type.
fn member(of: &str) -> Value {
    if let Some(of) = of.strip_suffix("|null") {
        return json!({ "anyOf": [member(of), { "type": "null" }] });
    }
    if let Some(of) = of.strip_prefix('[').and_then(|of| of.strip_suffix(']')) {
        return json!({ "type": "array", "items": member(of) });
    }
    match of {
        "string" | "integer" | "boolean" => json!({ "type": of }),
        schema => json!({ "$ref": format!("#/components/schemas/{schema}") }),
    }
}
