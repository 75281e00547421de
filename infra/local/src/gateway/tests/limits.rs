use super::*;

const TOO_LARGE: &str = "Request Entity Too Large";

async fn put_body(media: &str, body: Vec<u8>) -> (u16, String) {
    let request = request("PUT", "/v1/apps/crm/echo").header("content-type", media);
    let (status, _, body) = send(&gateway(), request.body(Body::from(body)).unwrap()).await;
    (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

fn refused() -> (u16, String) {
    (413, format!(r#"{{"message":"{TOO_LARGE}"}}"#))
}

#[tokio::test]
async fn base64_counts_against_the_six_megabytes() {
    assert_eq!(put_body("application/octet-stream", vec![0; 4_600_000]).await.0, 200);
    assert_eq!(put_body("application/octet-stream", vec![0; 4_800_000]).await, refused());
    assert_eq!(put_body("application/json", vec![b'x'; 4_800_000]).await.0, 200);
}

#[tokio::test]
async fn escapes_count_against_the_six_megabytes() {
    assert_eq!(put_body("application/json", vec![b'"'; 3_000_000]).await.0, 200);
    assert_eq!(put_body("application/json", vec![b'"'; 3_200_000]).await, refused());
}

#[tokio::test]
async fn the_limit_of_an_event_is_exact() {
    let (_, _, body) = send(&gateway(), event_of(0)).await;
    assert!(!body.is_empty());
    let room = MAX_EVENT - event_bytes(1_000_000) + 1_000_000;
    assert_eq!(send(&gateway(), event_of(room)).await.0, StatusCode::OK);
    assert_eq!(send(&gateway(), event_of(room + 1)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

fn event_of(body: usize) -> Request<Body> {
    let request = request("PUT", "/v1/apps/crm/echo").header("content-type", "text/plain");
    request.body(Body::from("x".repeat(body))).unwrap()
}

/// How long the event of a body of so many bytes is.
fn event_bytes(body: usize) -> usize {
    let (parts, _) = event_of(body).into_parts();
    let routes = RouteTable::new([ROUTES]).unwrap();
    let route = routes.find(&parts.method, parts.uri.path()).unwrap();
    let claims = key().verify(&token(SignedDuration::ZERO), Noon.now()).unwrap();
    let body = Bytes::from("x".repeat(body));
    let arrival = Arrival { parts: &parts, body: &body, route: &route, claims: Some(&claims) };
    arrival.event(Peer::default(), "ASNFZ4mrze8BI0U=", Noon.now()).unwrap().len()
}

#[tokio::test]
async fn a_body_over_ten_megabytes_is_413() {
    assert_eq!(put_body("text/plain", vec![b'x'; MAX_BODY + 1]).await, refused());
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_the_functions_failure() {
    let gateway = gateway();
    let fits = request("GET", "/v1/large/6291000").body(Body::empty()).unwrap();
    assert_eq!(send(&gateway, fits).await.2.len(), 6_291_000);
    let large = request("GET", "/v1/large/6291556").body(Body::empty()).unwrap();
    assert_eq!(message(&gateway, large).await, (500, "Internal Server Error".to_owned()));
}

#[tokio::test]
async fn the_request_line_and_the_headers_have_ten_kilobytes_together() {
    let request = |size: usize| {
        let request = request("GET", "/v1/apps/crm/echo").header("x-tag", "x".repeat(size));
        request.body(Body::empty()).unwrap()
    };
    let (parts, _) = request(0).into_parts();
    let line = "GET /v1/apps/crm/echo HTTP/1.1".len();
    let others = parts.headers.values().map(HeaderValue::len).sum::<usize>();
    let room = MAX_HEADERS - line - others;
    assert_eq!(send(&gateway(), request(room)).await.0, StatusCode::OK);
    let refused = message(&gateway(), request(room + 1)).await;
    assert_eq!(refused, (431, "Request Header Fields Too Large".to_owned()));
}

#[tokio::test]
async fn a_long_query_counts_as_a_header_does() {
    let target = format!("/v1/apps/crm/echo?q={}", "x".repeat(MAX_HEADERS));
    let refused = message(&gateway(), request("GET", &target).body(Body::empty()).unwrap()).await;
    assert_eq!(refused.0, 431);
}
