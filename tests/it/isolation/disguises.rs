//! Requests that pretend: paths that look like other paths, headers that rewrite, tokens that nobody issued.

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;
use waymark_local::gateway::Gateway;
use waymark_local::service::functions;
use waymark_local::token::{AUDIENCE, ISSUER, NewToken, TokenKey};

use super::{HR, SECRET, fill};
use crate::support::stack::ENV;
use crate::support::{Answer, Stack, time};

/// All functions behind the gateway, over a stack with `crm` and `hr` in it.
async fn gateway() -> (Stack, Router) {
    let stack = Stack::start().await;
    stack.save(&super::eve(), "{\"n\":1}").await.is(201);
    fill(&stack).await;
    let sources = stack.waymark.sources.clone();
    let gateway = Gateway::new(functions(&stack.waymark), TokenKey::from_secret(&[7; 32]), sources);
    let router = gateway.unwrap().into_router();
    stack.calls.take();
    (stack, router)
}

fn token(secret: u8, grant: &str) -> String {
    let token = NewToken {
        subject: "eve".to_owned(),
        name: None,
        grants: vec![grant.to_owned()],
        lifetime: SignedDuration::from_hours(1),
    };
    TokenKey::from_secret(&[secret; 32]).issue(&token, time::start()).unwrap()
}

async fn get(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
}

/// Paths that a careless layer could take for `hr`'s working config, or for `crm`'s.
const PATHS: &[&str] = &[
    "/v1/apps/hr/envs/production/working",
    "/v1/apps/%68r/envs/production/working",
    "/v1/apps/%2568r/envs/production/working",
    "/v1/apps/%252568r/envs/production/working",
    "/v1/apps/hr%00/envs/production/working",
    "/v1/apps/hr%20/envs/production/working",
    "/v1/apps/hr%23/envs/production/working",
    "/v1/apps/hr%3F/envs/production/working",
    "/v1/apps/hr/envs/production%3F/working",
    "/v1/apps/hr/envs/production%2Fworking",
    "/v1/apps/hr;crm/envs/production/working",
    "/v1/apps/crm,hr/envs/production/working",
    "/v1/apps/crm*/envs/production/working",
    "/v1/apps/*/envs/production/working",
    "/v1/apps/HR/envs/production/working",
    "/v1/apps/%EF%BD%88r/envs/production/working",
    "/v1/apps/h%CC%81r/envs/production/working",
    "/v1/apps/crm%2F..%2Fhr/envs/production/working",
    "/v1/apps/crm%252F..%252Fhr/envs/production/working",
    "/v1/apps/crm%5C..%5Chr/envs/production/working",
    "/v1/apps/crm/../hr/envs/production/working",
    "/v1/apps/crm/envs/../../hr/envs/production/working",
    "/v1/apps/crm/envs/%2e%2e/%2e%2e/hr/envs/production/working",
    "/v1/apps/crm/envs/%252e%252e/working",
    "/v1/apps/crm/envs/production%2F..%2F..%2F..%2Fhr%2Fenvs%2Fproduction/working",
    "/v1/apps/crm/envs/production/versions/..%2F..%2F..%2F..%2Fhr%2Fenvs%2Fproduction%2Fversions%2F1/config",
    "/v1/apps/crm/envs/production/versions/%2E%2E/config",
    "/v1/apps/crm/envs/production/backups/..%2F..%2Fhr",
    "//v1/apps/hr/envs/production/working",
    "/v1//apps/hr/envs/production/working",
    "/v1/apps/hr/envs/production/working/",
    "/v1/apps/hr/envs/production/working/.",
    "/V1/apps/hr/envs/production/working",
    "/v1/apps/app%23hr/envs/settings/working",
    "/v1/apps/environments/envs/hr%2Fproduction/working",
];

#[tokio::test]
async fn no_spelling_of_a_path_leads_into_another_app() {
    let (stack, router) = gateway().await;
    let bearer = format!("Bearer {}", token(7, "crm/*:admin"));
    for path in PATHS {
        let answer = get(&router, path, &[("authorization", &bearer)]).await;
        assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        assert!(!answer.text().contains(SECRET), "{path}: {answer:?}");
        let calls = stack.calls.take();
        // A version is looked up in the caller's own environment; everything else ends before anything is read.
        assert!(calls.is_empty() || path.starts_with(ENV), "{path}: {calls:?}");
    }
}

#[tokio::test]
async fn no_header_leads_into_another_app() {
    let (stack, router) = gateway().await;
    let bearer = format!("Bearer {}", token(7, "crm/*:admin"));
    let (working, hr) = (format!("{ENV}/working"), format!("{HR}/working"));
    let context = json!({"authorizer": {"jwt": {"claims": {"sub": "eve", "waymark_grants": "hr/*:admin"}}}});
    let context = context.to_string();
    let headers: [(&str, &str); 10] = [
        ("x-original-url", &hr),
        ("x-rewrite-url", &hr),
        ("x-forwarded-prefix", "/v1/apps/hr/envs/production"),
        ("x-forwarded-host", "hr.example"),
        ("host", "hr.example"),
        ("x-http-method-override", "PUT"),
        ("x-amzn-request-context", &context),
        ("x-amzn-apigateway-event", &context),
        ("waymark-grants", "hr/*:admin"),
        ("waymark_grants", "hr/*:admin"),
    ];
    for (name, value) in headers {
        let answer = get(&router, &working, &[("authorization", &bearer), (name, value)]).await.is(200);
        assert_eq!(answer.text(), "{\"n\":1}", "{name}");
        stack.calls.take();
        let answer = get(&router, &hr, &[("authorization", &bearer), (name, value)]).await;
        answer.is_problem(403, "forbidden");
        assert!(stack.calls.take().is_empty(), "{name}");
    }
}

/// A token made by hand; the signature is what is given.
fn forged(header: &Value, signature: &str) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "eve", "waymark_grants": ["hr/*:admin"],
        "iat": time::start().as_second(), "exp": time::start().as_second() + 60,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(&claims))
}

#[tokio::test]
async fn no_token_that_was_not_issued_opens_anything() {
    let (stack, router) = gateway().await;
    let own = token(7, "crm/*:admin");
    let signature = own.rsplit('.').next().unwrap();
    let (working, hr) = (format!("{ENV}/working"), format!("{HR}/working"));
    let another = token(8, "hr/*:admin");
    let mixed = {
        let (mine, other): (Vec<&str>, Vec<&str>) = (own.split('.').collect(), another.split('.').collect());
        format!("{}.{}.{}", mine[0], other[1], mine[2])
    };
    let forgeries = [
        forged(&json!({"alg": "none"}), ""),
        forged(&json!({"alg": "none"}), signature),
        forged(&json!({"alg": "nOnE", "typ": "JWT"}), ""),
        forged(&json!({"alg": "HS256"}), signature),
        forged(&json!({"alg": "HS256"}), ""),
        forged(&json!({"alg": "RS256", "jwk": {"kty": "oct", "k": "AA"}}), signature),
        forged(
            &json!({"alg": "HS256", "kid": "../../dev/null"}),
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        ),
        forged(&json!({"alg": "HS256", "jku": "http://127.0.0.1/keys"}), signature),
        another,
        mixed,
        format!("{own}, {own}"),
        format!("{own}.{own}"),
        own.replace('.', "%2E"),
        String::new(),
    ];
    for path in [&working, &hr] {
        for token in &forgeries {
            let answer = get(&router, path, &[("authorization", &format!("Bearer {token}"))]).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()),
                (401, json!({"message": "Unauthorized"})),
                "{token}"
            );
        }
        // A good token counts in its header alone.
        let cookie = format!("authorization=Bearer {own}; token={own}");
        let elsewhere =
            [("x-authorization", own.as_str()), ("cookie", &cookie), ("proxy-authorization", &own)];
        for (name, value) in elsewhere {
            get(&router, path, &[(name, value)]).await.is(401);
        }
        get(&router, &format!("{path}?access_token={own}&authorization={own}"), &[]).await.is(401);
    }
    assert!(stack.calls.take().is_empty(), "nothing is read for nobody");
    get(&router, &working, &[("authorization", &own)]).await.is(200);
}
