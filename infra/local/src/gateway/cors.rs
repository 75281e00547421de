//! Answers to pages of other origins, as the account's template lets API Gateway give them.
//!
//! Any origin may ask: what it gets depends on the token alone, which a page has to be given, and no cookie counts.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use http::{HeaderName, Method};
use tower_http::cors::{Any, CorsLayer};

use super::REQUEST_ID;

/// How long a browser may remember what is allowed.
const REMEMBERED: Duration = Duration::from_secs(3600);

fn own(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

/// What lies around the whole gateway.
pub(super) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            own("idempotency-key"),
            own("prefer"),
            own("waymark-base"),
            own("waymark-note"),
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            own("waymark-release"),
            own("waymark-version"),
            REQUEST_ID,
        ])
        .max_age(REMEMBERED)
        // Whatever the origin, the answer is the same.
        .vary([])
}
