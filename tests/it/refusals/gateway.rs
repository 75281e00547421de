//! What API Gateway itself refuses has another shape: `{"message": …}`. Clients have to know both.

use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use serde_json::json;
use tower::ServiceExt;
use waymark::{Options, Waymark};
use waymark_local::gateway::Gateway;
use waymark_local::service::{OPEN, functions};
use waymark_local::token::{NewToken, TokenKey};

use crate::support::conformity::Asked;
use crate::support::steps::under;
use crate::support::{Answer, Stack, time};

/// All functions behind the gateway, and a token for `crm` that is valid for an hour.
fn gateway(stack: &Stack) -> (Router, String) {
    let key = TokenKey::from_secret(&[7; 32]);
    let token = NewToken {
        subject: "ada".to_owned(),
        name: Some("Ada".to_owned()),
        grants: vec!["crm/*:admin".to_owned(), "hr/*:viewer".to_owned()],
        lifetime: SignedDuration::from_hours(1),
    };
    let token = key.issue(&token, time::start()).unwrap();
    let sources = stack.waymark.sources.clone();
    let functions = functions(&Waymark::new(
        stack.clients.clone(),
        stack.resources.clone(),
        sources.clone(),
        Options::default(),
    ));
    (Gateway::new(functions, key, sources).unwrap().open(OPEN).into_router(), token)
}

async fn send(
    gateway: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (asked, request) = Asked::of(request.body(body.into()).unwrap()).await;
    let answer = Answer::read(gateway.clone().oneshot(request).await.unwrap()).await;
    asked.check(&answer);
    answer
}

#[track_caller]
fn assert_gateways_own(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()), (status, json!({ "message": message })));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn the_gateway_refuses_in_a_shape_of_its_own() {
    let stack = Stack::start().await;
    let (gateway, token) = gateway(&stack);
    let path = under("working");
    let bearer = format!("Bearer {token}");
    let signed = [("authorization", bearer.as_str())];

    let nobody = send(&gateway, "GET", &path, &[], "").await;
    assert_gateways_own(&nobody, 401, "Unauthorized");
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    let forged = format!("Bearer {}x", token);
    let forged = send(&gateway, "GET", &path, &[("authorization", &forged)], "").await;
    assert_gateways_own(&forged, 401, "Unauthorized");

    for (method, path) in [("GET", "/v1/nothing"), ("DELETE", path.as_str()), ("GET", "/v1/apps/crm/envs")] {
        assert_gateways_own(&send(&gateway, method, path, &signed, "").await, 404, "Not Found");
    }
    let large = send(&gateway, "PUT", &path, &signed, vec![b'\n'; 4_000_000]).await;
    assert_gateways_own(&large, 413, "Request Entity Too Large");
    let long = "x".repeat(10_240);
    let headers = [signed[0], ("waymark-note", long.as_str())];
    let long = send(&gateway, "GET", &path, &headers, "").await;
    assert_gateways_own(&long, 431, "Request Header Fields Too Large");

    stack.seconds_pass(60 * 60);
    let late = send(&gateway, "GET", &path, &signed, "").await;
    assert_gateways_own(&late, 401, "Unauthorized");
    assert!(late.header("www-authenticate").contains("expired"));
}

#[tokio::test]
async fn what_a_function_refuses_comes_through_as_a_problem() {
    let stack = Stack::start().await;
    let (gateway, token) = gateway(&stack);
    let bearer = format!("Bearer {token}");
    let signed = [("authorization", bearer.as_str())];
    let nothing = send(&gateway, "GET", &under("working"), &signed, "").await;
    nothing.is_problem(404, "environment-not-found");
    let hr = "/v1/apps/hr/envs/production/working";
    assert_eq!(
        send(&gateway, "PUT", hr, &signed, "{}").await.is_problem(403, "forbidden").at("/has"),
        "viewer"
    );
    // Between what a function takes and what the gateway takes, the function refuses, and says what to do instead.
    let large = send(&gateway, "PUT", &under("working"), &signed, vec![b' '; 4_500_000]).await;
    let refused = large.is_problem(413, "too-large");
    assert!(refused.at("/detail").as_str().unwrap().contains("/uploads"));

    let created = send(&gateway, "PUT", &under("working"), &signed, "{\"n\":1e400}").await.is(201);
    assert_eq!(created.at("/author"), json!({"id": "ada", "name": "Ada"}));
    let read = send(&gateway, "GET", &under("working"), &signed, "").await.is(200);
    assert_eq!((read.text(), read.header("etag")), ("{\"n\":1e400}", created.header("etag")));
    let head = send(&gateway, "HEAD", &under("working"), &signed, "").await.is(200);
    assert_eq!((head.text(), head.header("etag")), ("", created.header("etag")));
    assert_eq!(head.header("content-length"), "11");
}
