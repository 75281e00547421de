//! Least privilege: what the functions asked of AWS while all integration tests ran, against what the template allows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{functions, template};

/// Function, action, resource: `live s3:GetObject Configs/configs/*`.
type Line = (String, String, String);

/// What is allowed and can be seen in no record, each with its reason.
const UNSEEN: [(&str, &str); 1] = [(
    "s3:ListBucket",
    "without it S3 answers 403 for an object that is not there, where the code needs the 404",
)];

/// The template's name of a resource: `Table`, or `Configs/configs/*`.
fn resource(written: &Value) -> String {
    if let Some(arn) = written["!GetAtt"].as_str() {
        return arn.strip_suffix(".Arn").unwrap().to_owned();
    }
    let written =
        written["!Sub"].as_str().unwrap_or_else(|| panic!("a resource that names nothing: {written}"));
    let (name, path) = written.strip_prefix("${").unwrap().split_once(".Arn}").unwrap();
    format!("{name}{path}")
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |many| many.iter().collect())
}

fn allowed() -> BTreeSet<Line> {
    let template = template();
    let mut allowed = BTreeSet::new();
    for (name, function) in functions(&template) {
        let policies = one_or_many(&function["Policies"]).into_iter();
        for statement in policies.flat_map(|policy| one_or_many(&policy["Statement"])) {
            assert_eq!(statement["Effect"], "Allow", "{name}");
            for action in one_or_many(&statement["Action"]) {
                for of in one_or_many(&statement["Resource"]) {
                    let action = action.as_str().unwrap().to_owned();
                    assert!(!action.contains('*'), "{name}: {action}");
                    allowed.insert((name.clone(), action, resource(of)));
                }
            }
        }
    }
    allowed
}

fn used() -> BTreeSet<Line> {
    let file = std::env::var("WAYMARK_CALLS").expect("bash tests/privileges.sh sets WAYMARK_CALLS");
    let record = std::fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap())
    };
    record.lines().map(line).collect()
}

/// Whether a policy's line covers a record's: the same one, or the look at start under a prefix that is allowed.
fn covers(allowed: &Line, used: &Line) -> bool {
    let at_start = used.2 == "Configs/configs/-" && allowed.2 == "Configs/configs/*";
    allowed == used || (at_start && (&allowed.0, &allowed.1) == (&used.0, &used.1))
}

#[test]
#[ignore = "needs the record of all integration tests: bash tests/privileges.sh"]
fn functions_may_do_what_they_do_and_nothing_else() {
    let (allowed, used) = (allowed(), used());
    assert!(!used.is_empty(), "nothing was recorded");
    let refused: Vec<_> = used.iter().filter(|used| !allowed.iter().any(|line| covers(line, used))).collect();
    let unseen = |line: &&Line| !UNSEEN.iter().any(|(action, _)| *action == line.1);
    let idle: Vec<_> = allowed.difference(&used).filter(unseen).collect();
    assert!(
        refused.is_empty() && idle.is_empty(),
        "used and not allowed: {refused:#?}\nallowed and not used: {idle:#?}"
    );
}

#[test]
fn who_only_reads_may_not_write() {
    let allowed = allowed();
    let may = |function: &str, action: &str, on: &str| {
        allowed.iter().any(|line| line.0 == function && line.1.ends_with(action) && line.2.starts_with(on))
    };
    for function in ["live", "history"] {
        for action in ["PutItem", "UpdateItem", "DeleteItem"] {
            assert!(!may(function, action, "Table"), "{function}");
        }
        for bucket in ["Configs", "Backups", "Transfer/uploads"] {
            assert!(!may(function, "PutObject", bucket), "{function}");
        }
    }
    assert!(!may("working", "", "Backups"));
    let deletes = |line: &&Line| line.1.contains("Delete") && line.0 != "publish";
    assert_eq!(allowed.iter().find(deletes), None, "only a schema is ever deleted, by `publish`");
}

#[test]
fn listing_is_allowed_only_beside_reading() {
    let allowed = allowed();
    for (function, _, bucket) in allowed.iter().filter(|line| line.1 == "s3:ListBucket") {
        let reads =
            |line: &&Line| line.0 == *function && line.1 == "s3:GetObject" && line.2.starts_with(bucket);
        assert!(allowed.iter().any(|line| reads(&line)), "{function} {bucket}");
    }
}
