use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::routing::{get, put};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::RequestContext;
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;
use waymark::clock::Ids;

use super::*;
use crate::token::NewToken;

mod limits;
mod shape;

const ROUTES: &[&str] = &[
    "PUT /v1/apps/{app}/echo",
    "GET /v1/apps/{app}/echo",
    "GET /v1/panic",
    "GET /v1/pending",
    "GET /v1/cookies",
    "GET /v1/large/{bytes}",
];

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-05-04T12:00:00.5Z".parse().unwrap()
    }
}

struct Same;

impl Ids for Same {
    fn fresh(&self) -> Uuid {
        Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
    }
}

fn sources() -> Sources {
    Sources { clock: Arc::new(Noon), ids: Arc::new(Same) }
}

fn key() -> TokenKey {
    TokenKey::from_secret(&[1; 32])
}

fn token(age: SignedDuration) -> String {
    let token = NewToken {
        subject: "ada".to_owned(),
        name: None,
        grants: vec!["crm/*:editor".to_owned(), "hr/*:viewer".to_owned()],
        lifetime: SignedDuration::from_hours(1),
    };
    key().issue(&token, Noon.now() - age).unwrap()
}

/// Gives back what the function was handed.
async fn echo(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Extension(context): Extension<RequestContext>,
    body: Bytes,
) -> Json<Value> {
    let jwt = context.authorizer().and_then(|authorizer| authorizer.jwt.as_ref());
    Json(json!({
        "method": method.as_str(), "uri": uri.to_string(), "claims": jwt.map(|jwt| &jwt.claims),
        "tag": headers.get("x-tag").and_then(|value| value.to_str().ok()),
        "cookie": headers.get("cookie").and_then(|value| value.to_str().ok()),
        "length": body.len(), "body": String::from_utf8_lossy(body.get(..50).unwrap_or(&body)),
    }))
}

async fn fail() {
    panic!("a handler's panic, on purpose");
}

async fn large(axum::extract::Path(bytes): axum::extract::Path<usize>) -> String {
    "x".repeat(bytes)
}

fn gateway() -> Router {
    let functions = Router::new()
        .route("/v1/apps/{app}/echo", put(echo).get(echo))
        .route("/v1/panic", get(fail))
        .route("/v1/pending", get(std::future::pending::<()>))
        .route("/v1/cookies", get(async || ([("set-cookie", "a=1")], [0_u8, 255])))
        .route("/v1/large/{bytes}", get(large))
        .layer(axum::extract::DefaultBodyLimit::disable());
    Gateway::new(vec![Function { routes: ROUTES, router: functions }], key(), sources())
        .unwrap()
        .into_router()
}

fn request(method: &str, target: &str) -> http::request::Builder {
    let bearer = format!("Bearer {}", token(SignedDuration::ZERO));
    Request::builder()
        .method(method)
        .uri(target)
        .header("host", "127.0.0.1:8787")
        .header("authorization", bearer)
}

async fn send(router: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap())
}

async fn message(router: &Router, request: Request<Body>) -> (u16, String) {
    let (status, headers, body) = send(router, request).await;
    assert_eq!(headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    (status.as_u16(), body["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_request_reaches_the_function_as_it_was_sent() {
    let request = request("PUT", "/v1/apps/crm/echo?limit=5&q=a%20b&q=%C3%A9")
        .header("content-type", "application/json")
        .header("x-tag", "one")
        .header("x-tag", "two")
        .header("cookie", "a=1; b=2")
        .body(Body::from("{\"é\": 1}"))
        .unwrap();
    let (status, headers, body) = send(&gateway(), request).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &HeaderValue::from_static("application/json"))
    );
    assert_eq!(headers["apigw-requestid"], "ASNFZ4mrze8BI0U=");
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    let claims = body["claims"].take();
    let expected = json!({
        "method": "PUT", "uri": "http://127.0.0.1:8787/v1/apps/crm/echo?limit=5&q=a%20b&q=%C3%A9",
        "claims": null, "tag": "one,two", "cookie": "a=1; b=2", "length": 9, "body": "{\"é\": 1}",
    });
    assert_eq!(body, expected);
    assert_eq!(claims["sub"], "ada");
    assert_eq!(claims["waymark_grants"], "[crm/*:editor hr/*:viewer]");
    assert_eq!(claims["exp"], (Noon.now().as_second() + 3600).to_string());
}

#[tokio::test]
async fn a_binary_body_arrives_whole() {
    let bytes: Vec<u8> = (0..=255).collect();
    let request = request("PUT", "/v1/apps/crm/echo").body(Body::from(bytes)).unwrap();
    let (_, _, body) = send(&gateway(), request).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["length"], 256);
}

#[tokio::test]
async fn a_binary_answer_and_its_cookies_arrive_whole() {
    let request = request("GET", "/v1/cookies").body(Body::empty()).unwrap();
    let (status, headers, body) = send(&gateway(), request).await;
    assert_eq!((status, &headers["set-cookie"]), (StatusCode::OK, &HeaderValue::from_static("a=1")));
    assert_eq!(&body[..], [0, 255]);
}

#[tokio::test]
async fn an_unknown_route_is_404_even_without_a_token() {
    for (method, target) in
        [("GET", "/v1/other"), ("DELETE", "/v1/apps/crm/echo"), ("GET", "/v1/panic/"), ("POST", "/v1/panic")]
    {
        let bare = Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        assert_eq!(message(&gateway(), bare).await, (404, "Not Found".to_owned()), "{method} {target}");
        let known = request(method, target).body(Body::empty()).unwrap();
        assert_eq!(message(&gateway(), known).await, (404, "Not Found".to_owned()), "{method} {target}");
    }
}

#[tokio::test]
async fn without_a_good_token_nothing_is_served() {
    let expired = format!("Bearer {}", token(SignedDuration::from_hours(2)));
    let cases = [
        (None, "Bearer"),
        (
            Some(expired.as_str()),
            r#"Bearer scope="" error="invalid_token" error_description="the token has expired""#,
        ),
        (
            Some("Bearer nonsense"),
            r#"Bearer scope="" error="invalid_token" error_description="the token is malformed""#,
        ),
        (
            Some("Basic YTpi"),
            r#"Bearer scope="" error="invalid_token" error_description="the token is malformed""#,
        ),
    ];
    for (header, challenge) in cases {
        let mut request = Request::builder().uri("/v1/panic");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let (status, headers, body) = send(&gateway(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{header:?}");
        assert_eq!(headers["www-authenticate"], challenge);
        assert_eq!(body, r#"{"message":"Unauthorized"}"#);
    }
}

#[tokio::test]
async fn the_word_bearer_may_be_left_out() {
    let request =
        Request::builder().uri("/v1/apps/crm/echo").header("authorization", token(SignedDuration::ZERO));
    let (status, ..) = send(&gateway(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_is_served() {
    let gateway = gateway();
    let panics = request("GET", "/v1/panic").body(Body::empty()).unwrap();
    assert_eq!(message(&gateway, panics).await, (500, "Internal Server Error".to_owned()));
    let works = request("GET", "/v1/apps/crm/echo").body(Body::empty()).unwrap();
    assert_eq!(send(&gateway, works).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_target_that_can_be_read_in_two_ways_is_400() {
    let gateway = gateway();
    let bad = || (400, "Bad Request".to_owned());
    // `lambda_http` panics at the first, and takes the path of the second.
    for host in ["[:", "127.0.0.1/v1/apps/hr", "a b", "me@a", "a?b", "a#b", "a\\b", "a:b", ""] {
        let mut hostile = request("GET", "/v1/apps/crm/echo").body(Body::empty()).unwrap();
        hostile.headers_mut().insert("host", HeaderValue::from_static(host));
        assert_eq!(message(&gateway, hostile).await, bad(), "{host}");
    }
    let two = request("GET", "/v1/apps/crm/echo").header("host", "b").body(Body::empty()).unwrap();
    assert_eq!(message(&gateway, two).await, bad());
    for path in [
        "/v1/apps/crm%2f..%2fhr/echo",
        "/v1/apps/%2e%2e/echo",
        "/v1/apps/crm%5Cx/echo",
        "/v1/apps//echo",
        "/v1/apps/a%23/echo",
    ] {
        let hostile = request("GET", path).body(Body::empty()).unwrap();
        assert_eq!(message(&gateway, hostile).await, bad(), "{path}");
    }
    let elsewhere = request("GET", "http://b.example/v1/apps/crm/echo").body(Body::empty()).unwrap();
    assert_eq!(message(&gateway, elsewhere).await, bad());
    let absolute = request("GET", "http://127.0.0.1:8787/v1/apps/crm/echo").body(Body::empty()).unwrap();
    assert_eq!(send(&gateway, absolute).await.0, StatusCode::OK);
    let works = request("GET", "/v1/apps/crm/echo").body(Body::empty()).unwrap();
    assert_eq!(send(&gateway, works).await.0, StatusCode::OK);
}

/// A body that must not be read.
fn untouched() -> Body {
    Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> { panic!("the body was read") },
    ))
}

#[tokio::test]
async fn no_body_is_read_where_none_belongs_or_before_the_token_counts() {
    let open: &[&str] = &["GET /v1/cookies"];
    let functions =
        || vec![Function { routes: ROUTES, router: Router::new().route("/v1/cookies", get(async || "ok")) }];
    let gateway = Gateway::new(functions(), key(), sources()).unwrap().open(open).into_router();
    for announced in [("content-length", "9000000"), ("transfer-encoding", "chunked")] {
        let request = Request::builder().uri("/v1/cookies").header(announced.0, announced.1);
        assert_eq!(message(&gateway, request.body(untouched()).unwrap()).await.0, 400);
        let request =
            Request::builder().method("PUT").uri("/v1/apps/crm/echo").header(announced.0, announced.1);
        assert_eq!(message(&gateway, request.body(untouched()).unwrap()).await.0, 401);
    }
    let request = Request::builder().uri("/v1/cookies").header("content-length", "0");
    assert_eq!(send(&gateway, request.body(Body::empty()).unwrap()).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_408() {
    let stalled = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let request = request("PUT", "/v1/apps/crm/echo").body(stalled).unwrap();
    assert_eq!(message(&gateway(), request).await, (408, "Request Timeout".to_owned()));
}

#[tokio::test]
async fn only_this_gateway_says_that_links_may_carry_tokens() {
    let request = Request::builder().uri("/config.json").body(Body::empty()).unwrap();
    let config: Value = serde_json::from_slice(&send(&gateway(), request).await.2).unwrap();
    assert_eq!(config, json!({ "token_in_link": true }));
}

#[tokio::test(start_paused = true)]
async fn a_function_that_takes_too_long_is_503() {
    let request = request("GET", "/v1/pending").body(Body::empty()).unwrap();
    let start = tokio::time::Instant::now();
    assert_eq!(message(&gateway(), request).await, (503, "Service Unavailable".to_owned()));
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn the_console_needs_no_token_and_runs_its_own_files_only() {
    for (path, media_type) in
        [("/", "text/html; charset=utf-8"), ("/src/waymark-history.js", "text/javascript; charset=utf-8")]
    {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let (status, headers, body) = send(&gateway(), request).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], media_type);
        assert_eq!(headers["cache-control"], "no-cache");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            !text.contains("<script>") && !text.contains("innerHTML") && !text.contains(" style="),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_ask_with_a_token_and_read_the_answer() {
    let asks = Request::builder()
        .method("OPTIONS")
        .uri("/v1/apps/crm/echo")
        .header("origin", "https://builder.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization,if-match")
        .body(Body::empty())
        .unwrap();
    let (status, headers, _) = send(&gateway(), asks).await;
    assert_eq!(
        (status, &headers["access-control-allow-origin"]),
        (StatusCode::OK, &HeaderValue::from_static("*"))
    );
    assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("if-match"));
    let mut request = request("GET", "/v1/apps/crm/echo").body(Body::empty()).unwrap();
    request.headers_mut().insert("origin", HeaderValue::from_static("https://builder.example"));
    let (_, headers, _) = send(&gateway(), request).await;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("waymark-version"));
}

#[tokio::test]
async fn only_an_administrator_of_everything_opens_the_console_as_others() {
    let ada = NewToken {
        subject: "ada".to_owned(),
        name: Some("Ada".to_owned()),
        grants: vec!["crm/*:editor".to_owned()],
        lifetime: SignedDuration::from_hours(1),
    };
    let everything = NewToken { grants: vec!["*/*:admin".to_owned()], ..ada.clone() };
    let gateway = Gateway::new(Vec::new(), key(), sources()).unwrap().open_as(vec![ada]).into_router();
    let ask = async |token: String| {
        let request = Request::builder().uri("/sample/people").header("authorization", token);
        let (status, _, body) = send(&gateway, request.body(Body::empty()).unwrap()).await;
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    assert_eq!(ask(token(SignedDuration::ZERO)).await.0, StatusCode::FORBIDDEN);
    let (status, people) = ask(key().issue(&everything, Noon.now()).unwrap()).await;
    assert_eq!((status, &people["items"][0]["name"]), (StatusCode::OK, &json!("Ada")));
    let given = people["items"][0]["token"].as_str().unwrap();
    assert_eq!(key().verify(given, Noon.now()).unwrap()["sub"], "ada");
}
