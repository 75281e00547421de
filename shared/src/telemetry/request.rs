//! One line for each request.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use tokio::time::Instant;

use super::Telemetry;
use super::line::Line;
use super::observed::Observed;
use crate::http::WAYMARK_VERSION;
use crate::id::Version;
use crate::problem::Problem;

/// In an answer's extensions: the type of the problem that it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProblemKind(pub(crate) &'static str);

impl Telemetry {
    /// A function's router, with a line for each request. A handler that panics answers 500 `internal`.
    pub fn watch(&self, router: Router) -> Router {
        let telemetry = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let telemetry = telemetry.clone();
            async move { telemetry.request(request, next).await }
        }))
    }

    async fn request(&self, request: Request, next: Next) -> Response {
        let began = Instant::now();
        let mut line = Line { function: self.function, cold_start: self.is_cold(), ..Line::default() };
        let (mut parts, body) = request.into_parts();
        of_request(&mut line, &mut parts).await;
        let observed = Observed::default();
        let answer = next.run(Request::from_parts(parts, body));
        let answer = observed.during(AssertUnwindSafe(answer).catch_unwind()).await;
        // The hook has said where it was.
        let answer = answer.unwrap_or_else(|_| Problem::internal().into_response());
        line.of_work(&observed);
        of_answer(&mut line, &answer);
        line.ms = began.elapsed();
        self.write(&line);
        answer
    }
}

async fn of_request(line: &mut Line, parts: &mut Parts) {
    if let Some(context) = parts.lambda_context_ref() {
        line.of_invocation(context);
    }
    #[allow(irrefutable_let_patterns, reason = "other features of lambda_http bring other variants")]
    if let Some(RequestContext::ApiGatewayV2(context)) = parts.request_context_ref() {
        line.request_id.clone_from(&context.request_id);
    }
    let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    line.route = route.map(|path| format!("{} {path}", parts.method));
    let Ok(params) = RawPathParams::from_request_parts(parts, &()).await else { return };
    for (name, value) in &params {
        match name {
            "app" => line.app = value.parse().ok(),
            "env" => line.environment = value.parse().ok(),
            _ => {}
        }
    }
}

fn of_answer(line: &mut Line, answer: &Response) {
    line.status = Some(answer.status().as_u16());
    line.problem = answer.extensions().get::<ProblemKind>().map(|kind| kind.0);
    let said = answer.headers().get(WAYMARK_VERSION).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse().ok()).and_then(Version::new);
    line.version = said.or(line.version);
}
