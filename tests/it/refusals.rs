//! Each refusal of the design, by the type of its problem; and the gateway's own, which have another shape.

mod gateway;
mod rights;

pub(crate) use rights::routes;

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Answer, Person, Stack};

/// A request, and the refusal that it meets.
struct Case {
    refusal: (u16, &'static str),
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const fn case(
    refusal: (u16, &'static str),
    (method, path): (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> Case {
    Case { refusal, method, path, headers, body }
}

const WORKING: (&str, &str) = ("PUT", "working");
const ANY: (&str, &str) = ("if-match", "*");

/// In an environment with two saves, the snapshots `v1` (live, the first release) and `draft` (never published).
const CASES: &[Case] = &[
    case((404, "version-not-found"), ("GET", "versions/99"), &[], ""),
    case((404, "snapshot-not-found"), ("GET", "versions/absent"), &[], ""),
    case((404, "before-history"), ("GET", "versions?at=2020-01-01T00:00:00Z"), &[], ""),
    case((404, "upload-not-found"), ("PUT", "working?upload=absent"), &[ANY], ""),
    case((409, "name-taken"), ("POST", "snapshots"), &[], "{\"name\":\"draft\"}"),
    case((409, "live-changed"), ("POST", "publish"), &[], "{\"snapshot\":\"draft\",\"expect_live\":null}"),
    case((409, "no-earlier-release"), ("POST", "rollback"), &[], "{}"),
    case((409, "not-a-release"), ("POST", "rollback"), &[], "{\"to\":\"draft\"}"),
    case((412, "version-mismatch"), WORKING, &[("if-match", "\"1\"")], "{}"),
    case((412, "already-exists"), WORKING, &[("if-none-match", "*")], "{}"),
    case((415, "unsupported-media-type"), WORKING, &[ANY, ("content-type", "text/plain")], "{}"),
    case((415, "unsupported-media-type"), WORKING, &[ANY, ("content-encoding", "br")], "{}"),
    case((415, "unsupported-media-type"), ("PATCH", "working"), &[], "{}"),
    case((415, "unsupported-media-type"), ("POST", "restore"), &[("content-type", "text/plain")], "{}"),
    case((422, "invalid-config"), WORKING, &[ANY], "{"),
    case((422, "invalid-name"), ("POST", "snapshots"), &[], "{\"name\":\"live\"}"),
    case((422, "invalid-name"), WORKING, &[ANY, ("waymark-note", "")], "{}"),
    case(
        (422, "invalid-patch"),
        ("PATCH", "working"),
        &[("content-type", "application/merge-patch+json")],
        "{",
    ),
    case(
        (422, "patch-failed"),
        ("PATCH", "working"),
        &[ANY, ("content-type", "application/json-patch+json")],
        "[{\"op\":\"remove\",\"path\":\"/absent\"}]",
    ),
    case((428, "precondition-required"), WORKING, &[], "{}"),
    case(
        (428, "precondition-required"),
        ("PATCH", "working"),
        &[("content-type", "application/json-patch+json")],
        "[]",
    ),
    case((400, "malformed-request"), WORKING, &[("if-match", "7")], "{}"),
    case((400, "malformed-request"), ("GET", "history?limit=0"), &[], ""),
    case((400, "malformed-request"), ("POST", "publish"), &[], "{\"snapshot\":"),
    case((412, "version-mismatch"), WORKING, &[("waymark-base", "99")], "{}"),
    case((400, "malformed-request"), ("POST", "merge"), &[], "{}"),
    case((422, "invalid-schema"), ("PUT", "settings"), &[], "{\"schema\":{\"type\":\"x\"}}"),
    case((400, "malformed-request"), ("PUT", "settings"), &[], "{\"keep\":[\"x\"]}"),
    case(
        (404, "snapshot-not-found"),
        ("POST", "publish"),
        &[],
        "{\"from\":{\"env\":\"staging\",\"snapshot\":\"v1\"}}",
    ),
    case((422, "invalid-name"), ("POST", "restore"), &[], "{\"backup\":\"b\"}"),
    case((404, "backup-not-found"), ("POST", "restore"), &[], "{\"backup\":\"manual.b\"}"),
    case((404, "backup-not-found"), ("GET", "backups/manual.b/file"), &[], ""),
    case((404, "place-not-found"), ("GET", "blame?path=/none"), &[], ""),
    case((404, "place-not-found"), ("GET", "blame?label=none"), &[], ""),
    case((400, "malformed-request"), ("GET", "blame?path=none"), &[], ""),
    case((400, "malformed-request"), ("GET", "history?group=day"), &[], ""),
    case(
        (422, "invalid-name"),
        ("PUT", "backup-policy"),
        &[],
        "{\"every\":\"day\",\"keep\":{\"daily\":8,\"weekly\":0,\"monthly\":0}}",
    ),
];

async fn prepared(ada: &Person) -> Stack {
    let stack = Stack::start().await;
    stack.save_each(ada, 1..=2).await;
    stack.act(ada, "publish", json!({"version": 1})).await.is(200);
    stack.act(ada, "snapshots", json!({"name": "draft"})).await.is(201);
    stack
}

#[tokio::test]
async fn every_refusal_is_a_problem_of_a_type_and_changes_nothing() {
    let ada = Person::admin("ada");
    let stack = prepared(&ada).await;
    let before = stack.read(&ada, "history").await.json();
    for Case { refusal: (status, kind), method, path, headers, body } in CASES {
        let answer = stack.call(&ada, method, &under(path), headers, *body).await;
        assert_eq!(answer.status.as_u16(), *status, "{method} {path} {body}: {answer:?}");
        let answer = answer.is_problem(*status, kind);
        assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
        assert!(answer.at("/title").is_string(), "{method} {path}");
    }
    assert_eq!(stack.read(&ada, "history").await.json(), before);
}

#[tokio::test]
async fn refusals_that_need_more_than_one_request() {
    let ada = Person::admin("ada");
    let stack = prepared(&ada).await;
    stack.put(&ada, &[], vec![b' '; 4_400_001]).await.is_problem(413, "too-large");
    let key = [ANY, ("idempotency-key", "k")];
    stack.put(&ada, &key, "{}").await.is(200);
    stack.put(&ada, &key, "[]").await.is_problem(422, "idempotency-key-reused");
    stack.get(&ada, "/v1/apps/crm/envs/testing", &[]).await.is_problem(404, "environment-not-found");
    let from = json!({"from": {"env": "production", "snapshot": "v1"}});
    let path = "/v1/apps/crm/envs/staging";
    stack.call(&ada, "PUT", &format!("{path}/working"), &[], "{}").await.is(201);
    stack.post(&ada, &format!("{path}/publish"), from).await.is_problem(409, "promotion-would-lose");
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"schema\":{\"type\":\"array\"}}").await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "draft"})).await.is_problem(422, "check-failed");
    stack.act(&ada, "unpublish", json!({})).await.is(200);
    let settings = "{\"releases\":false,\"live_without_release\":\"none\"}";
    stack.call(&ada, "PUT", &under("settings"), &[], settings).await.is(200);
    stack.act(&ada, "publish", json!({"snapshot": "draft"})).await.is_problem(403, "releases-off");
    stack.read(&ada, "live").await.is_problem(404, "nothing-live");
    let sha256 = "0".repeat(64);
    let announced = stack.act(&ada, "uploads", json!({"bytes": 2, "sha256": sha256})).await.is(201);
    let path = under(&format!("working?upload={}", announced.at("/id").as_str().unwrap()));
    stack.call(&ada, "PUT", &path, &[ANY], "").await.is_problem(422, "upload-mismatch");
}

#[tokio::test]
async fn names_of_apps_and_environments_are_checked() {
    let stack = Stack::start().await;
    let root = Person::new("root", "*/*:admin");
    let long = "x".repeat(64);
    for name in ["CRM", "-crm", "a_b", "a.b", "%20", "a%2Fb", "a%23b", long.as_str()] {
        for env in [format!("/v1/apps/{name}/envs/production"), format!("/v1/apps/crm/envs/{name}")] {
            let refused = stack.call(&root, "PUT", &format!("{env}/working"), &[], "{}").await;
            refused.is_problem(422, "invalid-name");
            stack.get(&root, &format!("{env}/live"), &[]).await.is_problem(422, "invalid-name");
        }
    }
    let not_utf8 = stack.get(&root, "/v1/apps/%FF/envs/production", &[]).await;
    not_utf8.is_problem(400, "malformed-request");
    assert_eq!(stack.get(&root, "/v1/apps", &[]).await.at("/items"), json!([]));
}

/// A request that nobody has signed.
async fn unsigned(stack: &Stack, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    stack.send_unsigned(request.body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn a_failed_request_tells_nothing_of_what_is_stored() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{\"secret\":\"hunter2\"}").await.is(201);
    let patch = "[{\"op\":\"test\",\"path\":\"/secret\",\"value\":\"guess\"}]";
    let headers = [ANY, ("content-type", "application/json-patch+json")];
    let answers = [
        stack.call(&ada, "PATCH", &under("working"), &headers, patch).await,
        stack.put(&ada, &[("if-match", "\"9\"")], "{}").await,
        stack.put(&ada, &[], "{}").await,
        unsigned(&stack, "GET", &format!("{ENV}/working")).await,
    ];
    for answer in answers {
        assert!(answer.status.is_client_error() && !answer.text().contains("hunter2"), "{answer:?}");
    }
}
