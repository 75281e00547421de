//! Listings: `{items: […], next: <path or null>}`.

use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::answer::page_json;
use crate::problem::Problem;

/// How many items a page may have.
const MAX_LIMIT: u16 = 200;

/// How many items a page has when the request does not say.
const DEFAULT_LIMIT: u16 = 50;

/// The `limit` of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Limit;

impl Limit {
    /// The number of items to list.
    ///
    /// # Errors
    /// 400 unless it is in 1 ..= 200.
    pub fn check(limit: Option<u16>) -> Result<u16, Problem> {
        match limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(Problem::malformed(format!("limit takes 1 to {MAX_LIMIT}."))),
        }
    }
}

/// The answer of a listing; `next` is the path and query of the next page.
///
/// # Errors
/// 500 when an item cannot be written as JSON, which none of this project's does.
pub fn listing<T: Serialize>(items: &[T], next: Option<String>) -> Result<Response, Problem> {
    #[derive(Serialize)]
    struct Listing<'a, T> {
        items: &'a [T],
        next: Option<String>,
    }

    page_json(&Listing { items, next })
}

/// A query string of these parameters, percent-encoded.
pub fn query_of(parameters: &[(&str, &str)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let parts: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    parts.join("&")
}
