//! Holds every answer that a test gets against the OpenAPI document that the service serves; and the requests that
//! succeed, so that nothing works that the document does not have.
//!
//! Clients must bear members that they do not know, so the document allows more of them. Here they are a fault.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::BodyExt as _;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Answer;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

struct Document {
    whole: Value,
    /// The templates of the paths, such as `/v1/apps/{app}/settings`.
    paths: matchit::Router<String>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A request, as it was sent.
pub(crate) struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    pub(crate) fn new(method: &str, uri: &str, headers: &[(&str, &str)], body: &Bytes) -> Self {
        let header = |&(name, value): &(&str, &str)| {
            (name.parse::<http::HeaderName>().unwrap(), http::HeaderValue::from_str(value).unwrap())
        };
        let headers = headers.iter().map(header).collect();
        Self { method: method.parse().unwrap(), uri: uri.parse().unwrap(), headers, body: body.clone() }
    }

    /// Reads a request that is about to be sent.
    pub(crate) async fn of(request: Request<Body>) -> (Self, Request<Body>) {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let Parts { method, uri, headers, .. } = &parts;
        let asked =
            Self { method: method.clone(), uri: uri.clone(), headers: headers.clone(), body: body.clone() };
        (asked, Request::from_parts(parts, Body::from(body)))
    }

    /// Asserts that the document has what was answered. Paths and methods that it does not have are nobody's.
    pub(crate) fn check(&self, answer: &Answer) {
        let document = &*DOCUMENT;
        let Ok(found) = document.paths.at(self.uri.path()) else { return };
        let method = self.method.as_str().to_ascii_lowercase();
        let pointer = format!("/paths/{}/{method}", escaped(found.value));
        let Some(operation) = document.whole.pointer(&pointer) else { return };
        let line = format!("{} {} -> {}", self.method, self.uri, answer.status);
        document.check_answer(&pointer, answer).unwrap_or_else(|fault| panic!("{line}: {fault}"));
        if answer.status.is_success() {
            let asked = document.check_asked(operation, &pointer, self);
            asked.unwrap_or_else(|fault| panic!("{line}: the request: {fault}"));
        }
    }
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// The media type in a header, without parameters.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get("content-type").map_or("", |value| value.to_str().unwrap_or_default());
    value.split(';').next().unwrap_or_default().trim().to_lowercase()
}

impl Document {
    fn read() -> Self {
        let text = include_str!("../../../functions/history/openapi.json");
        let mut whole: Value = serde_json::from_str(text).unwrap();
        let mut paths = matchit::Router::new();
        for path in whole["paths"].as_object().unwrap().keys() {
            paths.insert(path, path.clone()).unwrap();
        }
        let schemas = whole["components"]["schemas"].clone();
        for schema in whole["components"]["schemas"].as_object_mut().unwrap().values_mut() {
            narrow(schema, &schemas);
        }
        Self { whole, paths, validators: Mutex::default() }
    }

    fn check_answer(&self, operation: &str, answer: &Answer) -> Result<(), String> {
        let mut pointer = format!("{operation}/responses/{}", answer.status.as_u16());
        let documented = self.whole.pointer(&pointer).ok_or("the status is not documented")?;
        if let Some(reference) = documented["$ref"].as_str() {
            pointer = reference.trim_start_matches('#').to_owned();
        }
        let documented = self.whole.pointer(&pointer).ok_or("the answer is not documented")?;
        let content = documented["content"].as_object();
        if answer.body.is_empty() {
            return if content.is_some() { Err("the body is empty".to_owned()) } else { Ok(()) };
        }
        let media = media_type(&answer.headers);
        if !content.is_some_and(|content| content.contains_key(&media)) {
            return Err(format!("{media} is not documented"));
        }
        if answer.headers.contains_key("content-encoding") {
            return Ok(());
        }
        self.check_content(&format!("{pointer}/content/{}/schema", escaped(&media)), &media, &answer.body)
    }

    /// Checks what a request that succeeded carried.
    fn check_asked(&self, operation: &Value, pointer: &str, asked: &Asked) -> Result<(), String> {
        let parameters: Vec<(&str, String)> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| {
                let text = |name| parameter[name].as_str().unwrap_or_default();
                (text("in"), text("name").to_ascii_lowercase())
            })
            .collect();
        let is_known = |place: &str, name: &str| {
            parameters.iter().any(|(known, called)| *known == place && called == name)
        };
        let query = asked.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        for name in query.map(|pair| pair.split('=').next().unwrap_or_default()) {
            if !is_known("query", name) {
                return Err(format!("the parameter {name} is not documented"));
            }
        }
        let own = |name: &&http::HeaderName| {
            name.as_str().starts_with("waymark-")
                || matches!(name.as_str(), "idempotency-key" | "prefer" | "content-encoding")
                // A condition on a read that has none is nothing to it.
                || *name == "if-match" && asked.method != Method::GET
        };
        for name in asked.headers.keys().filter(own) {
            if !is_known("header", name.as_str()) {
                return Err(format!("the header {name} is not documented"));
            }
        }
        let mut media = media_type(&asked.headers);
        let body = &operation["requestBody"]["content"];
        if asked.body.is_empty() || body.is_null() || asked.headers.contains_key("content-encoding") {
            return Ok(());
        }
        // Anything that is JSON is a config, whatever it is called.
        if body[&media].is_null() && media.ends_with("+json") {
            media = "application/json".to_owned();
        }
        if body[&media].is_null() {
            return Err(format!("a body of {media:?} is not documented"));
        }
        let pointer = format!("{pointer}/requestBody/content/{}/schema", escaped(&media));
        self.check_content(&pointer, &media, &asked.body)
    }

    fn check_content(&self, pointer: &str, media: &str, body: &[u8]) -> Result<(), String> {
        if media != "application/json" && !media.ends_with("+json") {
            return Ok(());
        }
        // Configs may hold numbers that no `Value` does.
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
        let faults: Vec<String> =
            self.validator(pointer).iter_errors(&value).map(|fault| fault.to_string()).collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("not as {pointer}: {value} {faults:?}")) }
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let mut schema = self.whole.pointer(pointer).cloned().unwrap();
            narrow_value(&mut schema, &self.whole["components"]["schemas"]);
            let whole = json!({ "allOf": [schema], "components": self.whole["components"] });
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        });
        Arc::clone(validator)
    }
}

/// Refuses members that a schema does not name, wherever a value of it stands.
fn narrow(schema: &mut Value, schemas: &Value) {
    let Value::Object(members) = schema else { return };
    for part in ["allOf", "anyOf", "oneOf"] {
        members.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten().for_each(|part| {
            narrow(part, schemas);
        });
    }
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| narrow_value(property, schemas));
    }
    if let Some(items) = members.get_mut("items") {
        narrow_value(items, schemas);
    }
}

/// [`narrow`] for a schema that a whole value must match.
fn narrow_value(schema: &mut Value, schemas: &Value) {
    narrow(schema, schemas);
    if names_members(schema, schemas) {
        schema["unevaluatedProperties"] = json!(false);
    }
}

/// Whether a schema lists the members that a value has; one for any object does not.
fn names_members(schema: &Value, schemas: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return names_members(&schemas[name], schemas);
    }
    let parts: Vec<&Value> =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|part| schema[part].as_array()).flatten().collect();
    if !parts.is_empty() {
        let open = |part: &&Value| part["type"] != "null" && !names_members(part, schemas);
        return !parts.iter().any(open);
    }
    schema["properties"].is_object() || schema["type"].is_string() && schema["type"] != "object"
}
