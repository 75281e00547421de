//! Whom the console on this machine can be opened as: the sample app's builders, with fresh tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::Gateway;
use super::refusal::Refusal;

/// `GET /sample/people`, for whoever may do everything here: a token of the sample's is no more than that.
pub(super) async fn people(State(gateway): State<Arc<Gateway>>, parts: Parts) -> Response {
    match gateway.people(&parts) {
        Ok(Some(items)) => {
            let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (no_store, Json(json!({ "items": items }))).into_response()
        }
        Ok(None) => (StatusCode::FORBIDDEN, Json(json!({ "message": "Forbidden" }))).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Gateway {
    /// The people, each with an id, a name, what was granted and a token; `None` for whoever is no administrator of
    /// everything.
    fn people(&self, parts: &Parts) -> Result<Option<Vec<Value>>, Refusal> {
        let now = self.sources.clock.now();
        let claims = self.authorize(parts, now)?;
        let all =
            |grants: &Value| grants.as_array().is_some_and(|grants| grants.iter().any(|g| g == "*/*:admin"));
        if !claims.get("waymark_grants").is_some_and(all) {
            return Ok(None);
        }
        let person = |new: &crate::token::NewToken| {
            let token = self.key.issue(new, now).map_err(Refusal::Token)?;
            Ok(json!({ "id": new.subject, "name": new.name, "grants": new.grants, "token": token }))
        };
        self.people.iter().map(person).collect::<Result<_, _>>().map(Some)
    }
}
