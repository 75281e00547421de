//! The template of the account, held against the code.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failed step is a failed test")]

mod privileges;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use waymark::backup::Class;
use waymark::telemetry::metrics;
use waymark_backup::schedule::Event;

/// The whole template.
pub(crate) fn template() -> Value {
    yaml::parse(include_str!("../../infra/template.yaml"))
}

/// The properties of each function, by the function's name, such as `backup-tick`.
pub(crate) fn functions(template: &Value) -> BTreeMap<String, &Value> {
    let resources = template["Resources"].as_object().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    functions
        .map(|function| {
            let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
            (binary.strip_prefix("waymark-").unwrap().to_owned(), &function["Properties"])
        })
        .collect()
}

#[test]
fn every_function_has_the_routes_that_its_code_has() {
    let code = [
        ("working", waymark_working::ROUTES),
        ("snapshot", waymark_snapshot::ROUTES),
        ("history", waymark_history::ROUTES),
        ("publish", waymark_publish::ROUTES),
        ("live", waymark_live::ROUTES),
        ("restore", waymark_restore::ROUTES),
        ("backup", waymark_backup::ROUTES),
        ("backup-tick", &[]),
        ("backup-worker", &[]),
    ];
    let code: BTreeMap<String, BTreeSet<String>> = code
        .into_iter()
        .map(|(name, routes)| (name.to_owned(), routes.iter().map(|&route| route.to_owned()).collect()))
        .collect();
    let template = template();
    let routes = |function: &Value| {
        let events = api_events(function).into_iter();
        events
            .map(|event| {
                assert_eq!(event["ApiId"], json!({ "!Ref": "Api" }));
                line(event)
            })
            .collect()
    };
    let written: BTreeMap<_, BTreeSet<String>> =
        functions(&template).into_iter().map(|(name, function)| (name, routes(function))).collect();
    assert_eq!(written, code);
}

/// The line of a route, such as `GET /v1/apps`.
fn line(event: &Value) -> String {
    format!("{} {}", event["Method"].as_str().unwrap(), event["Path"].as_str().unwrap())
}

/// The properties of all events that API Gateway sends.
fn api_events(function: &Value) -> Vec<&Value> {
    let events = function["Events"].as_object().into_iter().flat_map(|events| events.values());
    events.filter(|event| event["Type"] == "HttpApi").map(|event| &event["Properties"]).collect()
}

#[test]
fn every_route_but_the_documents_needs_a_token() {
    let template = template();
    let api = &template["Resources"]["Api"]["Properties"];
    assert_eq!(api["Auth"]["DefaultAuthorizer"], "Tokens");
    let tokens = &api["Auth"]["Authorizers"]["Tokens"];
    assert_eq!(tokens["JwtConfiguration"]["issuer"], json!({ "!Ref": "JwtIssuer" }));
    for parameter in ["JwtIssuer", "JwtAudience"] {
        let parameter = &template["Parameters"][parameter];
        assert_eq!(parameter["Default"], Value::Null, "a stack must not come up open");
        assert!(parameter["AllowedPattern"].is_string());
    }
    let functions = functions(&template);
    let with_auth: Vec<&Value> = functions
        .values()
        .flat_map(|function| api_events(function))
        .filter(|event| !event["Auth"].is_null())
        .collect();
    assert!(with_auth.iter().all(|event| event["Auth"] == json!({ "Authorizer": "NONE" })));
    let open: Vec<String> = with_auth.into_iter().map(line).collect();
    assert_eq!(open, waymark_history::OPEN);
    let throttled = api["RouteSettings"].as_object().unwrap();
    assert!(throttled.keys().eq(open.iter()), "what anybody reaches is throttled by itself");
}

#[test]
fn the_document_has_the_routes_that_the_template_has() {
    let template = template();
    let functions = functions(&template);
    let written: BTreeSet<(String, String)> = functions
        .iter()
        .flat_map(|(name, function)| {
            api_events(function).into_iter().map(|event| (name.clone(), line(event)))
        })
        .collect();
    let document: Value = serde_json::from_str(include_str!("../../functions/history/openapi.json")).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let function = operation["tags"][0].as_str().unwrap().to_owned();
            documented.insert((function, format!("{} {path}", method.to_uppercase())));
        }
    }
    assert_eq!(documented, written);
}

/// The names in quotation marks of the variables that a source reads.
fn variables_of(source: &str) -> BTreeSet<String> {
    let quoted = source.split('"').skip(1).step_by(2);
    quoted.filter(|text| text.starts_with("WAYMARK_") && !text.contains(' ')).map(str::to_owned).collect()
}

#[test]
fn functions_get_the_variables_that_the_code_reads() {
    let mut common = variables_of(include_str!("../../shared/src/aws.rs"));
    common.extend(variables_of(include_str!("../../shared/src/waymark.rs")));
    common.extend(variables_of(include_str!("../../shared/src/telemetry/mod.rs")));
    let queue = variables_of(include_str!("../../functions/backup/src/schedule/queue.rs"));
    let template = template();
    let names = |owner: &Value| -> BTreeSet<String> {
        let variables = owner["Environment"]["Variables"].as_object();
        variables.into_iter().flat_map(|variables| variables.keys().cloned()).collect()
    };
    assert_eq!(names(&template["Globals"]["Function"]), common);
    for (name, function) in functions(&template) {
        let expected = if name == "backup-tick" { queue.clone() } else { BTreeSet::new() };
        assert_eq!(names(function), expected, "{name}");
    }
}

#[test]
fn the_bucket_keeps_each_class_of_backups_for_as_long_as_the_code_counts_on() {
    let template = template();
    let rules = &template["Resources"]["Backups"]["Properties"]["LifecycleConfiguration"]["Rules"];
    let written: BTreeMap<String, i64> = rules
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| Some((rule["Prefix"].as_str()?.to_owned(), rule["ExpirationInDays"].as_i64()?)))
        .collect();
    let lifetime = |class: Class| Some((format!("{}/", class.as_str()), class.lifetime()?.as_hours() / 24));
    assert_eq!(written, Class::ALL.into_iter().filter_map(lifetime).collect());
    let all = rules.as_array().unwrap().iter().filter(|rule| !rule["ExpirationInDays"].is_null());
    assert_eq!(
        all.count(),
        written.len(),
        "a rule without a prefix would expire backups that are kept for ever"
    );
}

/// What the namespace of the functions' metrics is called, wherever it is written.
const NAMESPACE: &str = "Waymark/${AWS::StackName}";

/// The names of the metrics that alarms and dashboard use of the functions' own.
fn metrics_used(template: &Value) -> BTreeSet<String> {
    let resources =
        template["Resources"].as_object().unwrap().values().map(|resource| &resource["Properties"]);
    let alarms = resources.filter(|alarm| alarm["Namespace"]["!Sub"] == NAMESPACE);
    let mut names: BTreeSet<String> =
        alarms.map(|alarm| alarm["MetricName"].as_str().unwrap().to_owned()).collect();
    let dashboard = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"];
    let dashboard: Value = serde_json::from_str(dashboard.as_str().unwrap()).unwrap();
    let widgets = dashboard["widgets"].as_array().unwrap().iter();
    let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
    let own = metrics.filter(|metric| metric[0] == NAMESPACE);
    names.extend(own.map(|metric| metric[1].as_str().unwrap().to_owned()));
    names
}

#[test]
fn alarms_and_dashboard_use_the_metrics_that_the_functions_emit() {
    let template = template();
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["WAYMARK_METRICS"]["!Sub"], NAMESPACE);
    assert!(metrics_used(&template).into_iter().eq(BTreeSet::from(metrics::ALL.map(str::to_owned))));
    let alarm = |name: &str| {
        let alarm = &template["Resources"][name]["Properties"];
        assert_eq!(alarm["Namespace"]["!Sub"], NAMESPACE, "{name}");
        (alarm["MetricName"].as_str().unwrap(), alarm["TreatMissingData"].as_str().unwrap())
    };
    assert_eq!(alarm("NoBackupAlarm"), (metrics::BACKED_UP, "breaching"));
    assert_eq!(alarm("DamagedAlarm"), (metrics::DAMAGED, "notBreaching"));
    let no_backup = &template["Resources"]["NoBackupAlarm"]["Properties"];
    assert_eq!((&no_backup["Period"], &no_backup["EvaluationPeriods"]), (&json!(3600), &json!(26)));
}

#[test]
fn what_the_scheduler_sends_is_what_the_tick_reads() {
    let template = template();
    let input = template["Resources"]["Hourly"]["Properties"]["Target"]["Input"].as_str().unwrap();
    let sent = input.replace("<aws.scheduler.scheduled-time>", "2026-11-13T10:00:00Z");
    let event: Event = serde_json::from_str(&sent).unwrap();
    assert_eq!(event.time.to_string(), "2026-11-13T10:00:00Z");
    let mut members: BTreeMap<String, Value> = serde_json::from_str(&sent).unwrap();
    let captured: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../events/scheduler.json")).unwrap();
    members.extend(["account", "region"].map(|name| (name.to_owned(), captured[name].clone())));
    assert!(members.keys().eq(captured.keys()), "the tests' event has other members");
}

/// What users see is everybody's within the seconds that a publish answers, also where nothing was live before.
#[test]
fn the_edge_keeps_no_refusal_for_longer_than_a_release() {
    let template = template();
    let distribution = &template["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let kept: BTreeMap<i64, i64> = distribution["CustomErrorResponses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["ErrorCode"].as_i64().unwrap(), error["ErrorCachingMinTTL"].as_i64().unwrap()))
        .collect();
    // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
    for code in [400, 403, 404, 405, 414, 500, 501, 502, 503, 504] {
        let seconds = kept.get(&code).copied().unwrap_or(10);
        assert!(seconds <= 1, "an answer {code} is kept for {seconds} s");
    }
}

/// DynamoDB counts ThrottledRequests by table and operation: with the table alone there is never a figure.
#[test]
fn alarms_about_the_table_name_metrics_that_a_table_has() {
    let template = template();
    let alarm = &template["Resources"]["TableThrottleAlarm"]["Properties"];
    let stats = alarm["Metrics"].as_array().unwrap().iter().filter_map(|metric| metric.get("MetricStat"));
    let names: BTreeSet<&str> = stats.map(|stat| stat["Metric"]["MetricName"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["ReadThrottleEvents", "WriteThrottleEvents"]));
}

/// Uploads, downloads and files of backups go around the API, from the same pages.
#[test]
fn pages_that_may_call_the_api_may_use_presigned_addresses() {
    let resources = &template()["Resources"];
    let origins = &resources["Api"]["Properties"]["CorsConfiguration"]["AllowOrigins"];
    assert_eq!(origins, &json!({ "!Ref": "AllowedOrigins" }));
    for (bucket, methods) in [("Transfer", json!(["GET", "PUT"])), ("Backups", json!(["GET"]))] {
        let rule = &resources[bucket]["Properties"]["CorsConfiguration"]["CorsRules"][0];
        assert_eq!((&rule["AllowedOrigins"], &rule["AllowedMethods"]), (origins, &methods), "{bucket}");
    }
}

/// EventBridge Scheduler decrypts a schedule's input as the schedule's role
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html>): without the right there is no tick.
#[test]
fn the_schedule_may_read_its_own_input() {
    let template = template();
    let resources = &template["Resources"];
    let key = &resources["Hourly"]["Properties"]["KmsKeyArn"];
    assert_eq!(*key, json!({ "!GetAtt": "Key.Arn" }));
    let statements = &resources["HourlyRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let decrypts = |statement: &Value| {
        (&statement["Effect"], &statement["Action"], &statement["Resource"])
            == (&json!("Allow"), &json!("kms:Decrypt"), key)
    };
    assert!(statements.as_array().unwrap().iter().any(decrypts), "{statements}");
}

/// What has a name of its own stands in the way of the next attempt, where a failed first deployment leaves it.
#[test]
fn a_first_deployment_that_fails_can_be_repeated() {
    let template = template();
    for (logical, resource) in template["Resources"].as_object().unwrap() {
        if resource["Type"] == "AWS::Logs::LogGroup" {
            assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{logical}");
        } else if resource["DeletionPolicy"] == "Retain" {
            assert!(["Key", "Table"].contains(&logical.as_str()), "{logical}");
        }
    }
}

/// Starved of instances, the worker would turn messages into dead letters.
#[test]
fn the_reserve_of_the_apis_functions_is_not_the_schedules() {
    let template = template();
    assert_eq!(template["Globals"]["Function"].get("ReservedConcurrentExecutions"), None);
    for (name, function) in functions(&template) {
        let reserved = function.get("ReservedConcurrentExecutions").is_some();
        assert_eq!(reserved, !["backup-tick", "backup-worker"].contains(&name.as_str()), "{name}");
    }
}
