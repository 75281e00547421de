//! How API Gateway writes a token's claims into an event: every one as a string.
//!
//! Numbers and booleans become their text, a list `[a b]`, an object `map[key:value]`; nothing is quoted or escaped,
//! so that a list of strings with spaces in them cannot be read back.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// All claims, as strings.
pub(super) fn as_strings(claims: &Map<String, Value>) -> BTreeMap<&str, String> {
    claims.iter().map(|(name, value)| (name.as_str(), text(value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => format!("[{}]", join(items.iter().map(text))),
        Value::Object(map) => {
            format!("map[{}]", join(map.iter().map(|(key, value)| format!("{key}:{}", text(value)))))
        }
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_claim_is_a_string() {
        let claims = json!({
            "sub": "ada", "exp": 1_777_777_777, "admin": true, "one": ["crm/*:editor"], "none": [],
            "many": ["crm/*:editor", "hr/*:viewer"], "nested": {"a": [1, 2], "b": "c"}, "nothing": null,
        });
        let expected = json!({
            "sub": "ada", "exp": "1777777777", "admin": "true", "one": "[crm/*:editor]", "none": "[]",
            "many": "[crm/*:editor hr/*:viewer]", "nested": "map[a:[1 2] b:c]", "nothing": "<nil>",
        });
        assert_eq!(json!(as_strings(claims.as_object().unwrap())), expected);
    }
}
