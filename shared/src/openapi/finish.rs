//! What all operations have in common: who may call, how bodies are compressed, what API Gateway answers by itself, the
//! headers of answers about entries and configs; and each problem in its place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::problems::Kind;

/// Where an operation lists the problems of its own. It is taken out of the document.
const PROBLEMS: &str = "x-problems";

/// The schemas of answers about an entry.
const ABOUT_ENTRIES: [&str; 5] = ["Changed", "Saved", "Released", "Published", "Restored"];

/// What API Gateway answers by itself, with its text.
const GATEWAY: [(u16, &str); 8] = [
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (404, "Not Found"),
    (413, "Request Entity Too Large"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (503, "Service Unavailable"),
];

/// The answers that are the same wherever they are given.
const EVERYWHERE: [(u16, &str); 3] =
    [(401, "Unauthorized"), (429, "TooManyRequests"), (431, "HeadersTooLarge")];

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// Finishes one operation of a function.
pub(super) fn operation(operation: &mut Value, function: &str, examples: &Value) {
    let problems = operation.as_object_mut().and_then(|members| members.remove(PROBLEMS)).unwrap_or_default();
    operation["tags"] = json!([function]);
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    answers(operation);
    not_null(operation);
    let is_open = !operation["security"].is_null();
    if !is_open {
        refusals(operation, kinds(operation, &problems));
    }
    if operation["requestBody"].is_object() {
        parameter(operation, content_encoding());
    }
    put_examples(operation, &examples[&id]);
}

/// Adds the HEAD that comes with a GET: the same, without bodies.
pub(super) fn head(item: &mut Value) {
    let Some(mut head) = item.get("get").cloned() else { return };
    let text = |name: &str| head[name].as_str().unwrap_or_default().to_owned();
    let (id, summary) = (text("operationId"), text("summary"));
    head["operationId"] = json!(format!("{id}_head"));
    head["summary"] = json!(format!(
        "The headers alone: {}{}",
        summary.get(..1).unwrap_or_default().to_lowercase(),
        summary.get(1..).unwrap_or_default()
    ));
    if let Some(members) = head.as_object_mut() {
        members.remove("description");
    }
    for (status, answer) in head["responses"].as_object_mut().into_iter().flatten() {
        let shared = EVERYWHERE.iter().any(|(there, _)| there.to_string() == *status);
        if shared {
            *answer = json!({ "description": "As of GET." });
        } else if let Some(members) = answer.as_object_mut() {
            members.remove("content");
        }
    }
    item["head"] = head;
}

fn parameter(operation: &mut Value, parameter: Value) {
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        parameters.push(parameter);
    }
}

/// What may be left out is not null for that: a parameter has no such value, and a body has none.
fn not_null(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        without_null(&mut parameter["schema"]);
    }
    let Some(body) = operation.get_mut("requestBody") else { return };
    for content in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        without_null(&mut content["schema"]);
    }
}

fn without_null(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|of| of != "null");
        if let [of] = types.as_slice() {
            schema["type"] = of.clone();
        }
    }
    if let Some(either) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        either.retain(|of| of["type"] != "null");
        if let [one] = either.as_slice() {
            *schema = one.clone();
        }
    }
}

fn content_encoding() -> Value {
    json!({
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is compressed; empty as `identity`.",
        "schema": { "type": "string", "enum": ["gzip", "zstd", "identity", ""] },
    })
}

fn has_parameter(operation: &Value, of: impl Fn(&Value) -> bool) -> bool {
    operation["parameters"].as_array().is_some_and(|parameters| parameters.iter().any(of))
}

/// The problems that an operation answers with.
fn kinds(operation: &Value, own: &Value) -> Vec<&'static Kind> {
    let mut names: BTreeSet<&str> = own.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    names.extend(["unauthenticated", "malformed-request", "internal", "storage-unavailable", "storage-full"]);
    if has_parameter(operation, |parameter| parameter["in"] == "path") {
        names.extend([
            "busy",
            "forbidden",
            "invalid-name",
            "newer-format",
            "entry-damaged",
            "route-not-found",
        ]);
    }
    if operation["requestBody"].is_object() {
        names.extend(["too-large", "unsupported-media-type"]);
    }
    if has_parameter(operation, |parameter| parameter["name"] == "Idempotency-Key") {
        names.extend(["idempotency-key-reused", "contention", "outcome-unknown"]);
    }
    let kind = |name| Kind::named(name).unwrap_or_else(|| unreachable!("no problem is named {name}"));
    names.into_iter().map(kind).collect()
}

/// Adds the refusals and failures of an operation.
fn refusals(operation: &mut Value, kinds: Vec<&Kind>) {
    let mut by_status: BTreeMap<u16, Vec<&Kind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status).or_default().push(kind);
    }
    for (status, _) in GATEWAY {
        by_status.entry(status).or_default();
    }
    if !has_parameter(operation, |parameter| parameter["in"] == "path") {
        by_status.remove(&404);
    }
    for (status, kinds) in by_status {
        let everywhere = EVERYWHERE.iter().find(|(there, _)| *there == status);
        let answer =
            everywhere.map_or_else(|| refusal(status, &kinds), |(_, name)| reference("responses", name));
        operation["responses"][status.to_string()] = answer;
    }
}

/// The refusals that are the same for all operations.
pub(super) fn everywhere() -> Map<String, Value> {
    let kinds = |status| if status == 401 { Kind::named("unauthenticated") } else { None };
    let answer =
        |(status, name): (u16, &str)| (name.to_owned(), refusal(status, &Vec::from_iter(kinds(status))));
    EVERYWHERE.into_iter().map(answer).collect()
}

fn refusal(status: u16, kinds: &[&Kind]) -> Value {
    let mut content = Map::new();
    if !kinds.is_empty() {
        let schemas: Vec<Value> =
            kinds.iter().map(|kind| reference("schemas", &kind.schema_name())).collect();
        let examples: Map<String, Value> =
            kinds.iter().map(|kind| (kind.name.to_owned(), reference("examples", kind.name))).collect();
        let schema = match schemas.as_slice() {
            [one] => one.clone(),
            several => json!({ "anyOf": several }),
        };
        content
            .insert("application/problem+json".to_owned(), json!({ "schema": schema, "examples": examples }));
    }
    if let Some((_, message)) = GATEWAY.iter().find(|(there, _)| *there == status) {
        let answer =
            json!({ "schema": reference("schemas", "GatewayMessage"), "example": { "message": message } });
        content.insert("application/json".to_owned(), answer);
    }
    let mut answer = json!({ "description": description(status), "content": content });
    if status == 503 {
        answer["headers"] = json!({ "Retry-After": reference("headers", "RetryAfter") });
    }
    answer
}

fn description(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be understood.",
        401 => "Nobody is signed in.",
        403 => "Not allowed.",
        404 => "There is no such thing.",
        406 => "There is no such form of this answer.",
        409 => "It contradicts what is there now.",
        412 => "What it builds on is not what is there.",
        413 => "Too large.",
        415 => "Not a media type, or an encoding, for this.",
        422 => "It is understood, and cannot be.",
        428 => "It does not say what it builds on.",
        429 => "Too many requests.",
        431 => "The headers are too large.",
        500 => "A fault of the service.",
        503 => "Not at the moment: send it again.",
        _ => "",
    }
}

/// The headers of answers.
pub(super) fn headers() -> Value {
    let header = |description, schema: Value| json!({ "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    json!({
        "ETag": header("The config's SHA-256 in quotes; weak where the answer is compressed.", text()),
        "WaymarkVersion": header("The version.", reference("schemas", "Version")),
        "WaymarkRelease": header("The release's name, where one is live.", reference("schemas", "SnapshotName")),
        "Location": header("Where it is.", text()),
        "RetryAfter": header("After how many seconds to send it again.", json!({ "type": "integer", "minimum": 0 })),
    })
}

/// Adds to the answers about entries and configs their headers, and to those about configs what else they may be.
fn answers(operation: &mut Value) {
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    let entries = json!({
        "ETag": reference("headers", "ETag"),
        "Waymark-Version": reference("headers", "WaymarkVersion"),
    });
    let mut config = entries.clone();
    config["Waymark-Release"] = reference("headers", "WaymarkRelease");
    let mut is_config = false;
    for (status, answer) in answers.iter_mut() {
        let schema = answer["content"]["application/json"]["schema"]["$ref"].as_str();
        let name = schema.and_then(|schema| schema.rsplit('/').next()).unwrap_or_default().to_owned();
        if ABOUT_ENTRIES.contains(&name.as_str()) {
            answer["headers"] = entries.clone();
        }
        if name == "Config" {
            is_config = true;
            answer["headers"] = config.clone();
            let either = [reference("schemas", "Config"), reference("schemas", "Download")];
            answer["content"]["application/json"]["schema"] = json!({ "anyOf": either });
        }
        if status == "201" {
            answer["headers"]["Location"] = reference("headers", "Location");
        }
    }
    if is_config {
        answers.insert(
            "304".to_owned(),
            json!({ "description": "The caller has it already.", "headers": config }),
        );
        config["Location"] = reference("headers", "Location");
        let moved = "It is too large for an answer: Location is where to download it, compressed by gzip, for 5 minutes.";
        answers.insert("303".to_owned(), json!({ "description": moved, "headers": config }));
    }
}

/// Puts the examples of an operation in their places.
fn put_examples(operation: &mut Value, examples: &Value) {
    for (place, by_media) in examples.as_object().into_iter().flatten() {
        let content = match place.as_str() {
            "body" => &mut operation["requestBody"]["content"],
            status => &mut operation["responses"][status]["content"],
        };
        for (media, example) in by_media.as_object().into_iter().flatten() {
            content[media]["example"] = example.clone();
        }
    }
}
