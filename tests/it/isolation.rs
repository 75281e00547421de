//! Tenants: whose grants are for one app can neither read nor change another, nor learn whether it is there.
//!
//! Every request goes to two stacks that differ in one thing: in one of them the app `hr` exists. Answers, headers
//! and the calls to AWS have to be the same.

mod disguises;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::faults::Faults;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

const HR: &str = "/v1/apps/hr/envs/production";

/// What only `hr` has: in its configs, names and notes.
const SECRET: &str = "salaries";

/// Requests that would succeed in `hr/production`, for every route: its rest after the environment, or after the app
/// for an app's own; headers; a body. `UPLOAD` and `BACKUP` stand for ids of `hr`.
type Request = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const REQUESTS: &[Request] = &[
    ("GET /v1/apps/{app}/envs/{env}", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/backup-policy", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/backups", "?limit=1", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/backups/{id}", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/backups/{id}/file", "", &[("prefer", "return=minimal")], ""),
    ("GET /v1/apps/{app}/envs/{env}/blame", "?path=/salaries", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/diff", "?from=1&to=live", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/history", "?kind=snapshot&limit=1", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/live", "", &[("if-none-match", "*")], ""),
    ("GET /v1/apps/{app}/envs/{env}/settings", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/snapshots", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/verify", "?from=1&limit=1", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/versions", "?at=2026-11-13T09:14:00Z", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/versions/{version}", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/versions/{version}/config", "", &[], ""),
    ("GET /v1/apps/{app}/envs/{env}/working", "", &[], ""),
    ("GET /v1/apps/{app}/settings", "", &[], ""),
    ("PATCH /v1/apps/{app}/envs/{env}/snapshots/{name}", "", &[], "{\"name\":\"mine\"}"),
    (
        "PATCH /v1/apps/{app}/envs/{env}/working",
        "",
        &[("content-type", "application/merge-patch+json")],
        "{\"mine\":1}",
    ),
    ("POST /v1/apps/{app}/envs/{env}/backups", "", &[], "{\"of\":\"live\"}"),
    ("POST /v1/apps/{app}/envs/{env}/backups/{id}/verify", "", &[], "{}"),
    ("POST /v1/apps/{app}/envs/{env}/merge", "", &[("waymark-base", "1")], "{\"mine\":1}"),
    ("POST /v1/apps/{app}/envs/{env}/publish", "", &[], "{\"version\":1}"),
    ("POST /v1/apps/{app}/envs/{env}/restore", "", &[], "{\"version\":1}"),
    ("POST /v1/apps/{app}/envs/{env}/rollback", "", &[], "{}"),
    ("POST /v1/apps/{app}/envs/{env}/snapshots", "", &[], "{\"version\":1}"),
    ("POST /v1/apps/{app}/envs/{env}/unpublish", "", &[], "{}"),
    (
        "POST /v1/apps/{app}/envs/{env}/uploads",
        "",
        &[("idempotency-key", "announced")],
        "{\"bytes\":2,\"sha256\":\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"}",
    ),
    ("PUT /v1/apps/{app}/envs/{env}/backup-policy", "", &[], "{\"every\":\"off\"}"),
    ("PUT /v1/apps/{app}/envs/{env}/settings", "", &[], "{}"),
    ("PUT /v1/apps/{app}/envs/{env}/working", "?upload=UPLOAD", &[("if-match", "*")], ""),
    ("PUT /v1/apps/{app}/settings", "", &[], "{}"),
];

/// Requests in the caller's own `crm/production` that name what only `hr` has.
const NAMING: &[(&str, &str, &str)] = &[
    ("PUT", "working?upload=UPLOAD", ""),
    ("POST", "restore", "{\"upload\":\"UPLOAD\"}"),
    ("POST", "restore", "{\"upload\":\"UPLOAD\",\"from\":\"hr/production\"}"),
    ("POST", "restore", "{\"backup\":\"BACKUP\"}"),
    ("POST", "restore", "{\"snapshot\":\"salaries\"}"),
    ("GET", "backups/BACKUP", ""),
    ("GET", "backups/BACKUP/file", ""),
    ("POST", "backups/BACKUP/verify", "{}"),
    ("GET", "backups?before=BACKUP", ""),
    ("GET", "versions/salaries", ""),
    ("GET", "versions/salaries/config", ""),
    ("GET", "versions/hr%2Fproduction", ""),
    ("GET", "diff?from=salaries&to=1", ""),
    ("GET", "diff?from_env=hr/production&from=1&to=1", ""),
    ("GET", "diff?from_env=..%2Fhr%2Fproduction&from=1&to=1", ""),
    ("POST", "publish", "{\"snapshot\":\"salaries\"}"),
    ("POST", "publish", "{\"from\":{\"env\":\"hr/production\",\"snapshot\":\"salaries\"}}"),
    ("POST", "publish", "{\"from\":{\"env\":\"../hr/production\",\"snapshot\":\"salaries\"}}"),
    ("POST", "publish", "{\"from\":{\"env\":\"production\",\"snapshot\":\"salaries\",\"app\":\"hr\"}}"),
    ("POST", "rollback", "{\"to\":\"salaries\"}"),
    ("POST", "snapshots", "{\"version\":\"salaries\"}"),
    ("PATCH", "snapshots/salaries", "{\"name\":\"mine\"}"),
    ("GET", "blame?path=/salaries", ""),
    ("GET", "history?author=hank", ""),
];

/// The operations of DynamoDB that the functions use, whose requests [`Faults`] writes down.
const OPERATIONS: [&str; 5] = ["GetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"];

/// Somebody who administers `crm`, and is known to `hr` no more: the same subject had every right there.
fn eve() -> Person {
    Person::admin("eve")
}

/// One of the two stacks.
struct Side {
    stack: Arc<Stack>,
    faults: Faults,
}

impl Side {
    /// A stack with something in `crm`.
    async fn begun() -> Self {
        let (stack, faults) = Faults::stack().await;
        stack.save_each(&eve(), 1..=2).await;
        stack.act(&eve(), "publish", json!({"version": 1})).await.is(200);
        Self { stack, faults }
    }

    /// What was asked of DynamoDB since the last time.
    fn asked(&self) -> String {
        let seen = OPERATIONS.iter().flat_map(|operation| self.faults.take_seen(operation));
        seen.map(|body| body.to_string()).collect()
    }

    async fn send(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        headers: &Headers<'_>,
        body: &str,
    ) -> Answer {
        self.stack.calls.take();
        self.asked();
        self.stack.call(person, method, path, headers, body.to_owned()).await
    }
}

type Headers<'a> = [(&'a str, &'a str)];

/// Two stacks, in one of which `hr` exists.
struct Twins {
    with: Side,
    without: Side,
    upload: String,
    backup: String,
}

impl Twins {
    async fn start() -> Self {
        let (with, without) = (Side::begun().await, Side::begun().await);
        let (upload, backup) = fill(&with.stack).await;
        Self { with, without, upload, backup }
    }

    fn named(&self, text: &str) -> String {
        text.replace("UPLOAD", &self.upload).replace("BACKUP", &self.backup)
    }

    /// Sends a request to both: the answer, which has to be the same, and the calls, which too.
    async fn send(
        &self,
        person: &Person,
        (method, path): (&str, &str),
        headers: &Headers<'_>,
        body: &str,
    ) -> (Answer, Vec<String>) {
        let (path, body) = (self.named(path), self.named(body));
        let there = self.with.send(person, method, &path, headers, &body).await;
        let absent = self.without.send(person, method, &path, headers, &body).await;
        assert_eq!(there.status, absent.status, "{method} {path} {body}: {there:?} {absent:?}");
        assert_eq!(there.text(), absent.text(), "{method} {path} {body}");
        assert_eq!(there.headers, absent.headers, "{method} {path} {body}");
        let calls = self.with.stack.calls.take();
        assert_eq!(calls, self.without.stack.calls.take(), "{method} {path} {body}");
        let asked = self.with.asked();
        assert!(!asked.contains("hr/") && !asked.contains("app#hr"), "{method} {path} {body}: {asked}");
        (there, calls)
    }
}

/// Gives `hr` everything that an app can have: the ids of an upload and of a backup.
async fn fill(stack: &Stack) -> (String, String) {
    let was = Person::new("eve", "hr/*:admin");
    let act = async |method: &str, path: &str, headers: &Headers<'_>, body: Value| {
        let answer = stack.call(&was, method, &format!("{HR}/{path}"), headers, body.to_string()).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        answer
    };
    for n in 1..=3 {
        let key = format!("save-{n}");
        let headers = [("if-match", "*"), ("idempotency-key", key.as_str())];
        let headers = if n == 1 { &headers[1..] } else { &headers[..] };
        act("PUT", "working", headers, json!({ SECRET: n })).await;
    }
    act("POST", "snapshots", &[], json!({ "name": SECRET, "version": 1, "note": SECRET })).await;
    act("POST", "publish", &[], json!({ "snapshot": SECRET })).await;
    act("POST", "publish", &[], json!({ "version": 3 })).await;
    act("PUT", "settings", &[], json!({ "keep": ["/salaries"], "schema": { "title": SECRET } })).await;
    act("PUT", "backup-policy", &[], json!({ "every": "hour" })).await;
    let backup = act("POST", "backups", &[], json!({ "note": SECRET })).await.at("/id");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (stack.upload_to(&was, HR, b"{\"salaries\":4}").await, text(&backup))
}

/// Method and path of a route in `hr/production`, with what exists there.
fn target(twins: &Twins, route: &str) -> (String, String) {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace("{app}", "hr").replace("{env}", "production").replace("{name}", SECRET);
    (method.to_owned(), path.replace("{version}", SECRET).replace("{id}", &twins.backup))
}

#[test]
fn no_route_is_left_out() {
    let routes: Vec<&str> = REQUESTS.iter().map(|(route, ..)| *route).collect();
    let all = crate::refusals::routes();
    // The list of environments is shown to everybody, each their own.
    assert_eq!(routes, all.iter().copied().filter(|route| *route != "GET /v1/apps").collect::<Vec<_>>());
}

#[tokio::test]
async fn another_app_is_the_same_as_none() {
    let twins = Twins::start().await;
    let near = "[crm/*:admin hr/prod:admin hr/production2:admin h/*:admin hr-*/*:admin */staging:admin \
                hr/production:owner hr:admin hr/:admin]";
    let before =
        twins.with.stack.get(&Person::new("hank", "hr/*:viewer"), &format!("{HR}/history"), &[]).await;
    for person in [eve(), Person::new("eve", near), Person::new("eve", "")] {
        for (route, query, headers, body) in REQUESTS {
            let (method, path) = target(&twins, route);
            let (answer, calls) =
                twins.send(&person, (&method, &format!("{path}{query}")), headers, body).await;
            answer.is_problem(403, "forbidden");
            assert!(calls.is_empty(), "{person:?} {route}: {calls:?}");
        }
    }
    let after =
        twins.with.stack.get(&Person::new("hank", "hr/*:viewer"), &format!("{HR}/history"), &[]).await;
    assert_eq!(after.is(200).text(), before.is(200).text());
}

#[tokio::test]
async fn what_another_app_has_cannot_be_named_from_here() {
    let twins = Twins::start().await;
    for (method, rest, body) in NAMING {
        let (answer, _) = twins.send(&eve(), (method, &under(rest)), &[("if-match", "*")], body).await;
        assert!(!answer.status.is_server_error(), "{method} {rest} {body}: {answer:?}");
        // It repeats what the request said, and no more.
        let said = twins.named(rest).contains(SECRET) || body.contains(SECRET);
        assert!(said || !answer.text().contains(SECRET), "{method} {rest} {body}: {answer:?}");
    }
    for path in ["/v1/apps", "/v1/apps?limit=1", "/v1/apps?after=hr/production", "/v1/apps?after=h/a"] {
        let (listed, _) = twins.send(&eve(), ("GET", path), &[], "").await;
        assert!(!listed.is(200).text().contains("hr"), "{path}");
    }
    twins.with.stack.assert_whole(4).await;
}

#[tokio::test]
async fn a_text_and_a_key_that_another_app_has_are_as_new() {
    let twins = Twins::start().await;
    // The same subject sent the same body with the same key in the other app.
    for n in 1..=3 {
        let key = format!("save-{n}");
        let headers = [("if-match", "*"), ("idempotency-key", key.as_str())];
        let body = json!({ SECRET: n }).to_string();
        let (saved, calls) = twins.send(&eve(), ("PUT", &under("working")), &headers, &body).await;
        assert_eq!((saved.is(200).at("/version"), calls.is_empty()), (json!(n + 4), false));
    }
    // Not even a head start for what is already in the bucket: the other app's objects are not these.
    let (_, calls) = twins.send(&eve(), ("POST", &under("publish")), &[], "{\"version\":7}").await;
    assert!(!calls.contains(&"S3.HeadObject".to_owned()), "{calls:?}");
    twins.with.stack.assert_whole(9).await;
}
