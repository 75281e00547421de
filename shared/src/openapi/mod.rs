//! The OpenAPI document, put together from what the functions' routers and types say of themselves.
//!
//! Only a test does this: it holds the outcome against the committed file that is served. No binary has this module.

mod answers;
mod bodies;
mod finish;
mod parameters;
mod problems;
mod types;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

pub use answers::{
    Changed, Download, EntryKind, GatewayMessage, ListedConflict, Listing, Merged, Preview, Problem,
    PromotionPreview, Release, Released, RestorePreview, Restored, Saved,
};
pub use parameters::{Based, Downloading, InApp, InEnvironment, Matching, Reading, Repeatable, Saving};
pub use problems::{Kind, kinds};
pub use types::{Bytes, Config, NewNote, Operation, Pointer, Published, RestoreAnswer};

/// Puts the parts of the functions, each by its name, together, and adds what all operations have in common. `examples` has
/// for each operation those of its body, by media type, and of its answers, by status and media type.
pub fn document(parts: Vec<(&str, OpenApi)>, examples: &Value) -> Value {
    let (mut paths, mut schemas) = (Map::new(), schemas());
    let mut tags = Vec::new();
    for (function, part) in parts {
        let part = serde_json::to_value(part).unwrap_or_default();
        let operations = part["paths"].as_object().into_iter().flatten();
        for (path, item) in operations {
            let mut item = item.clone();
            for (_, operation) in item.as_object_mut().into_iter().flatten() {
                finish::operation(operation, function, examples);
            }
            finish::head(&mut item);
            paths.insert(path.clone(), item);
        }
        schemas.extend(part["components"]["schemas"].as_object().cloned().unwrap_or_default());
        tags.push(json!({ "name": function }));
    }
    bodies::constrain(&mut schemas);
    let named = |kind: &Kind| (kind.name.to_owned(), json!({ "value": kind.example() }));
    let examples: Map<String, Value> = kinds().map(named).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Waymark",
            "summary": "Version control for app configurations",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        // Relative to the document: the service that gives it.
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "security": [{ "token": [] }],
        "components": {
            "schemas": schemas,
            "examples": examples,
            "responses": finish::everywhere(),
            "headers": finish::headers(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of the installation's identity provider. Its claim `waymark_grants` lists \
                        `app/environment:role`.",
                },
            },
        },
    })
}

const DESCRIPTION: &str = "Saves every edit of an app's configuration; keeps the working version that builders edit, the \
    whole history, named snapshots, the release that users see, and backups. Errors of the functions are problems (RFC \
    9457); those of API Gateway itself are `{\"message\": …}`. A request's body may be compressed by gzip or zstd; the \
    README of the project says more.";

/// The schemas that no operation names by its types alone.
fn schemas() -> Map<String, Value> {
    let mut found = Vec::new();
    macro_rules! with {
        ($($name:ty),+) => {$(
            found.push((<$name>::name().into_owned(), <$name as utoipa::PartialSchema>::schema()));
            <$name as ToSchema>::schemas(&mut found);
        )+};
    }
    with!(Problem, GatewayMessage, ListedConflict, Release, Released, PromotionPreview, Download, Config);
    with!(Changed, RestorePreview);
    with!(crate::caller::Role, crate::entry::EntryView, crate::schema::Failure);
    with!(crate::id::Version, crate::id::SnapshotName);
    let schema = |(name, schema)| Some((name, serde_json::to_value(schema).ok()?));
    let problems = kinds().map(|kind| (kind.schema_name(), kind.schema()));
    found.into_iter().filter_map(schema).chain(problems).collect()
}
