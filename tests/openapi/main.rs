//! The OpenAPI document, held against the routers and types that it is generated from, the README and itself.
//!
//! `INSTA_UPDATE=always cargo test -p waymark-tests --test openapi` writes it anew.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failed step is a failed test")]

mod problems;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use waymark::openapi::document;

/// Each function, with its routes and what the document says of them.
fn functions() -> [(&'static str, &'static [&'static str], OpenApi); 7] {
    [
        ("working", waymark_working::ROUTES, waymark_working::openapi()),
        ("history", waymark_history::ROUTES, waymark_history::openapi()),
        ("snapshot", waymark_snapshot::ROUTES, waymark_snapshot::openapi()),
        ("restore", waymark_restore::ROUTES, waymark_restore::openapi()),
        ("publish", waymark_publish::ROUTES, waymark_publish::openapi()),
        ("live", waymark_live::ROUTES, waymark_live::openapi()),
        ("backup", waymark_backup::ROUTES, waymark_backup::openapi()),
    ]
}

/// The document as the code has it.
pub(crate) fn generated() -> Value {
    let examples = serde_json::from_str(include_str!("examples.json")).unwrap();
    document(functions().into_iter().map(|(name, _, part)| (name, part)).collect(), &examples)
}

/// Each operation of a document, with its line, such as `GET /v1/apps`.
pub(crate) fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let line = move |method: &str| format!("{} {path}", method.to_uppercase());
            item.as_object().unwrap().iter().map(move |(method, operation)| (line(method), operation))
        })
        .collect()
}

#[test]
fn the_file_is_what_routers_and_types_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/history/openapi.json");
    let document = serde_json::to_string_pretty(&generated()).unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&file, &document).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap();
    let differs = document.lines().zip(written.lines()).find(|(line, written)| line != written);
    assert!(
        document == written,
        "functions/history/openapi.json is out of date: {differs:?}. See the head of this test's file."
    );
}

#[test]
fn the_document_has_the_routes_that_the_functions_have() {
    let document = generated();
    for (function, routes, _) in functions() {
        let of_function = |(_, operation): &(String, &Value)| operation["tags"] == json!([function]);
        let documented: BTreeSet<String> =
            operations(&document).into_iter().filter(of_function).map(|(line, _)| line).collect();
        let routes: BTreeSet<String> = routes.iter().map(|&route| route.to_owned()).collect();
        assert_eq!(documented, routes, "{function}");
    }
}

#[test]
fn every_operation_but_the_open_ones_needs_a_token() {
    let document = generated();
    let open = |(_, operation): &(String, &Value)| !operation["security"].is_null();
    let open: Vec<String> = operations(&document).into_iter().filter(open).map(|(line, _)| line).collect();
    assert_eq!(open, waymark_history::OPEN);
    assert_eq!(document["security"], json!([{ "token": [] }]));
}

#[test]
fn names_of_operations_are_their_own() {
    let document = generated();
    let operations = operations(&document);
    let ids: BTreeSet<&str> =
        operations.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    for (line, operation) in operations {
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{line}");
    }
}

/// A validator of the schema at a JSON Pointer into the document.
fn schema_at(document: &Value, pointer: &str) -> jsonschema::Validator {
    let schema = document.pointer(pointer).unwrap();
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{pointer}: {error}"))
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Asserts that a content of the document has an example, which is as its schema says.
fn has_example(document: &Value, pointer: &str) {
    for (media, content) in document.pointer(pointer).and_then(Value::as_object).into_iter().flatten() {
        let pointer = format!("{pointer}/{}", escaped(media));
        let mut examples: Vec<Value> = content.get("example").cloned().into_iter().collect();
        for (name, example) in content["examples"].as_object().into_iter().flatten() {
            let shared = example["$ref"].as_str().unwrap();
            assert_eq!(shared, format!("#/components/examples/{name}"));
            examples.push(document["components"]["examples"][name]["value"].clone());
        }
        if content.pointer("/schema/$ref") == Some(&json!("#/components/schemas/Bytes")) {
            // JSON has no bytes.
            continue;
        }
        assert!(!examples.is_empty(), "{pointer} has no example");
        let schema = schema_at(document, &format!("{pointer}/schema"));
        for example in examples {
            let faults: Vec<String> = schema.iter_errors(&example).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{pointer}: {example} {faults:?}");
        }
    }
}

#[test]
fn every_body_and_every_answer_has_an_example_of_its_form() {
    let document = generated();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let pointer = format!("/paths/{}/{method}", escaped(path));
            has_example(&document, &format!("{pointer}/requestBody/content"));
            for status in operation["responses"].as_object().unwrap().keys() {
                has_example(&document, &format!("{pointer}/responses/{status}/content"));
            }
        }
    }
    for name in document["components"]["responses"].as_object().unwrap().keys() {
        has_example(&document, &format!("/components/responses/{name}/content"));
    }
}
