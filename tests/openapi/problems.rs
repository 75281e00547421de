//! The types of problems: in the code, in the document, in the README.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use waymark::openapi::kinds;

/// The text of every source file in a folder.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "openapi") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// The first text in quotation marks.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The types that the code names, as it makes problems of them.
fn in_the_code() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    sources(&root.join("shared/src"), &mut texts);
    sources(&root.join("functions"), &mut texts);
    let makers = ["new", "not_found", "conflict", "unprocessable"].map(|maker| format!("::{maker}("));
    let mut found = BTreeSet::new();
    for text in texts {
        let places = makers.iter().flat_map(|maker| text.match_indices(maker.as_str()));
        for (at, maker) in places {
            let who = text[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap();
            let arguments = text[at + maker.len()..].trim_start();
            // `new` has the status before the type.
            let is_new = maker == "::new(" && arguments.contains("StatusCode");
            let of_problem = matches!(who, "Problem" | "Self") && (is_new || maker != "::new(");
            let kind =
                if is_new { arguments.split_once(',').map_or("", |(_, rest)| rest) } else { arguments };
            if of_problem && kind.trim_start().starts_with('"') {
                found.extend(quoted(kind).map(str::to_owned));
            }
        }
        // Those whose type stands a little apart from `unprocessable`.
        for (at, maker) in text.match_indices("problem(\"") {
            // A type has no blank; where the helper takes the detail alone, it is no type.
            let named = quoted(&text[at + maker.len() - 1..]).filter(|text| !text.contains(' '));
            found.extend(named.map(str::to_owned));
        }
    }
    found
}

fn in_the_document() -> BTreeSet<String> {
    kinds().map(|kind| kind.name.to_owned()).collect()
}

#[test]
fn the_document_has_the_problems_that_the_code_has() {
    assert_eq!(in_the_document(), in_the_code());
}

#[test]
fn the_readme_has_the_problems_that_the_document_has() {
    let readme = include_str!("../../README.md");
    let table = readme.split("| status | types |").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut written: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("|---")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let statuses: Vec<u16> = cells[0].split(',').map(|status| status.trim().parse().unwrap()).collect();
        let kinds =
            cells[1].split('`').skip(1).step_by(2).filter(|name| kinds().any(|kind| kind.name == *name));
        for kind in kinds {
            written.entry(kind.to_owned()).or_default().extend(&statuses);
        }
    }
    assert_eq!(written.keys().cloned().collect::<BTreeSet<_>>(), in_the_document());
    for kind in kinds() {
        assert!(written[kind.name].contains(&kind.status), "{}", kind.name);
    }
}

#[test]
fn every_problem_is_of_some_operation() {
    let document = super::generated();
    let text = document["paths"].to_string() + &document["components"]["responses"].to_string();
    for kind in kinds() {
        let reference = format!("\"#/components/schemas/{}\"", kind.schema_name());
        assert!(text.contains(&reference), "{}", kind.name);
    }
}
