use std::net::SocketAddr;

use lambda_http::request::LambdaRequest;

use super::*;

fn event(request: http::request::Builder, body: &'static str) -> Value {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let routes = RouteTable::new([ROUTES]).unwrap();
    let route = routes.find(&parts.method, parts.uri.path()).unwrap();
    let claims = key().verify(&token(SignedDuration::ZERO), Noon.now()).unwrap();
    let body = Bytes::from(body);
    let arrival = Arrival { parts: &parts, body: &body, route: &route, claims: Some(&claims) };
    let source = Peer(SocketAddr::from(([192, 0, 2, 7], 4711)));
    let text = arrival.event(source, "ASNFZ4mrze8BI0U=", Noon.now()).unwrap();
    assert!(matches!(serde_json::from_str(&text), Ok(LambdaRequest::ApiGatewayV2(_))));
    serde_json::from_str(&text).unwrap()
}

/// Every field of an event that an HTTP API with a JWT authorizer sends for a request that has everything, as AWS
/// documents it, and nothing else: `authentication` needs client certificates, `stageVariables` a stage with some.
#[test]
fn a_full_event_has_the_documented_fields() {
    let request = request("PUT", "/v1/apps/c%20rm/echo?a=1&b=x%2By&a=2+3")
        .header("content-type", "application/json")
        .header("cookie", "a=1; b=2")
        .header("user-agent", "curl/8.5.0")
        .header("x-Tag", "one")
        .header("x-tag", "two")
        .header("connection", "keep-alive");
    let mut event = event(request, r#"{"a":1}"#);
    assert!(event["headers"]["authorization"].take().as_str().unwrap().starts_with("Bearer ey"));
    let expected = json!({
        "version": "2.0",
        "routeKey": "PUT /v1/apps/{app}/echo",
        "rawPath": "/v1/apps/c rm/echo",
        "rawQueryString": "a=1&b=x%2By&a=2+3",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "authorization": null,
            "content-length": "7",
            "content-type": "application/json",
            "host": "127.0.0.1:8787",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-69f88b40-a345a346d727a6538424931553d",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http",
            "x-tag": "one,two",
        },
        "queryStringParameters": {"a": "1,2 3", "b": "x+y"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": {"jwt": {
                "claims": {
                    "aud": "waymark-local", "exp": "1777899600", "iat": "1777896000", "iss": "waymark-local",
                    "sub": "ada", "waymark_grants": "[crm/*:editor hr/*:viewer]",
                },
                "scopes": null,
            }},
            "domainName": "127.0.0.1:8787",
            "domainPrefix": "local",
            "http": {
                "method": "PUT",
                "path": "/v1/apps/c rm/echo",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "ASNFZ4mrze8BI0U=",
            "routeKey": "PUT /v1/apps/{app}/echo",
            "stage": "$default",
            "time": "04/May/2026:12:00:00 +0000",
            "timeEpoch": 1_777_896_000_500_i64,
        },
        "pathParameters": {"app": "c rm"},
        "body": "{\"a\":1}",
        "isBase64Encoded": false,
    });
    let trace = event["headers"]["x-amzn-trace-id"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = trace.trim_start_matches("Root=").split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [1, 8, 24], "{trace}");
    event["headers"]["x-amzn-trace-id"] = expected["headers"]["x-amzn-trace-id"].clone();
    assert_eq!(event, expected);
}

#[test]
fn what_a_request_lacks_its_event_lacks() {
    let event = event(request("GET", "/v1/panic"), "");
    let names: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["headers", "isBase64Encoded", "rawPath", "rawQueryString", "requestContext", "routeKey", "version"];
    assert_eq!(names, expected);
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["headers"]["content-length"], "0");
}

#[test]
fn the_path_is_decoded_and_cut_at_a_question_mark() {
    let event = event(request("GET", "/v1/apps/a%3Fb%2Fc/echo"), "");
    assert_eq!(event["rawPath"], "/v1/apps/a");
    assert_eq!(event["pathParameters"]["app"], "a?b/c");
}
