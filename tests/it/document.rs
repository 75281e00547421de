//! The OpenAPI document: for whoever asks.

use http::Request;
use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::{Person, Stack};

#[tokio::test]
async fn anybody_reads_the_document_at_the_functions() {
    let stack = Stack::start().await;
    let request = Request::get("/v1/openapi.json").body(axum::body::Body::empty()).unwrap();
    let unsigned = stack.send_unsigned(request).await.is(200);
    assert_eq!(unsigned.at("/openapi"), "3.1.0");
    assert_eq!(unsigned.header("content-type"), "application/json");
    let signed = stack.get(&Person::new("p", ""), "/v1/openapi.json", &[]).await.is(200);
    assert_eq!(signed.body, unsigned.body);
    assert!(stack.calls.take().is_empty());
}

#[tokio::test]
async fn anybody_reads_the_document_through_the_gateway() {
    let gate = Gate::start().await;
    let document = gate.unsigned("GET", "/v1/openapi.json").await.is(200);
    let paths: Value = document.at("/paths");
    assert!(paths.as_object().unwrap().len() > 20);
    let refused = gate.unsigned("POST", "/v1/openapi.json").await.is(404);
    assert_eq!(refused.at("/message"), "Not Found");
    let refused = gate.unsigned("GET", "/v1/apps").await.is(401);
    assert_eq!(refused.at("/message"), "Unauthorized");
}
