//! The public test suite of JSON Schema, which is no part of this project: `JSON_SCHEMA_TEST_SUITE` names a
//! checkout of it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;

#[derive(Deserialize)]
struct Group<'a> {
    description: String,
    #[serde(borrow)]
    schema: &'a RawValue,
    #[serde(borrow)]
    tests: Vec<Case<'a>>,
}

#[derive(Deserialize)]
struct Case<'a> {
    description: String,
    #[serde(borrow)]
    data: &'a RawValue,
    valid: bool,
}

/// Tests that ask for something this project does not do: schemas from elsewhere.
fn is_out_of_scope(reason: &str) -> bool {
    reason.contains("is outside the schema") || reason.contains("is understood")
}

/// `JSON_SCHEMA_TEST_SUITE=… cargo test -p waymark-core -- --ignored --nocapture suite`
#[test]
#[ignore = "needs a checkout of the suite"]
#[allow(clippy::print_stdout, reason = "it reports figures")]
fn every_verdict_of_the_suite_is_right() {
    let folder = std::env::var("JSON_SCHEMA_TEST_SUITE").unwrap();
    let folder = std::path::Path::new(&folder).join("tests/draft2020-12");
    let (mut right, mut skipped, mut wrong) = (0, Vec::new(), Vec::new());
    for folder in [folder.clone(), folder.join("optional")] {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let groups: Vec<Group<'_>> = serde_json::from_str(&text).unwrap();
            for Group { description, schema, tests } in groups {
                let schema = match Schema::parse(schema.get()) {
                    Ok(schema) => schema,
                    Err(fault) if is_out_of_scope(&fault.to_string()) => {
                        skipped.push(format!("{name}: {description}: {fault}: {} tests", tests.len()));
                        continue;
                    }
                    Err(fault) => {
                        wrong.push(format!("{name}: {description}: {fault}: {} tests", tests.len()));
                        continue;
                    }
                };
                for case in tests {
                    let verdict =
                        schema.check_text(case.data.get(), 5, &budget()).map(|found| found.is_empty());
                    if verdict == Ok(case.valid) {
                        right += 1;
                    } else {
                        wrong.push(format!("{name}: {description}: {}: {verdict:?}", case.description));
                    }
                }
            }
        }
    }
    println!("right: {right}\nskipped:\n{}\nwrong:\n{}", skipped.join("\n"), wrong.join("\n"));
}
