//! What bodies must have that their types alone do not say: one of several members, and which others go with it.

use serde_json::{Map, Value, json};

/// A member, its type where it is there, and the others that may be there beside it.
type Way = (&'static str, &'static str, &'static [&'static str]);

/// Ways to say what to restore.
const RESTORE: &[Way] = &[
    ("version", "", &["paths"]),
    ("snapshot", "string", &["paths"]),
    ("at", "string", &["paths"]),
    ("backup", "string", &[]),
    ("upload", "string", &[]),
    ("undo", "", &["undo_from"]),
];

/// Ways to say what to publish.
const PUBLISH: &[Way] = &[
    ("snapshot", "string", &["go_ahead"]),
    ("version", "", &["name", "go_ahead"]),
    ("from", "object", &["name", "go_ahead", "merge", "preview"]),
];

/// Adds it to the schemas of the bodies.
pub(super) fn constrain(schemas: &mut Map<String, Value>) {
    for (name, ways) in [("Restore", RESTORE), ("Publish", PUBLISH)] {
        if let Some(schema) = schemas.get_mut(name) {
            schema["oneOf"] = ways.iter().map(|way| one_way(way, ways)).collect();
        }
    }
    if let Some(schema) = schemas.get_mut("Publish") {
        let yes = json!({ "const": true });
        let both =
            json!({ "required": ["merge", "go_ahead"], "properties": { "merge": yes, "go_ahead": yes } });
        schema["not"] = both;
    }
    if let Some(schema) = schemas.get_mut("Rename") {
        let name = json!({ "required": ["name"], "properties": { "name": { "type": "string" } } });
        // Null takes the note away.
        schema["anyOf"] = json!([name, { "required": ["note"] }]);
    }
}

/// One way: its member is there, and nothing that belongs to another.
fn one_way((member, of, beside): &Way, ways: &[Way]) -> Value {
    let all = ways.iter().flat_map(|(member, _, beside)| std::iter::once(member).chain(*beside));
    let mut properties: Map<String, Value> = all
        .filter(|other| *other != member && !beside.contains(other))
        .map(|other| ((*other).to_owned(), json!({ "type": "null" })))
        .collect();
    let of = if of.is_empty() { json!(["integer", "string"]) } else { json!(of) };
    properties.insert((*member).to_owned(), json!({ "type": of }));
    json!({ "required": [member], "properties": properties })
}
