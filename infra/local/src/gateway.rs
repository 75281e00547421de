//! Plays an API Gateway HTTP API (payload format 2.0) in front of the functions.
//!
//! A request is matched to a route, its token verified, its size checked; then it becomes the text of a Lambda
//! event and goes through `lambda_http`'s own conversion into the function's router, and the answer comes back the
//! same way. So a function sees and may answer exactly what it would in an account. Refusals of the gateway itself
//! are `{"message": …}`, as API Gateway's are.

mod answer;
mod body;
mod claims;
mod console;
mod cors;
mod event;
mod function;
mod people;
mod refusal;
mod room;
mod routes;
mod target;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};
use waymark::clock::{Clock, Sources};
use waymark::heavy;

use self::event::Arrival;
use self::refusal::Refusal;
use self::room::{Room, Share};
use self::routes::RouteTable;
use crate::server::Peer;
use crate::token::{NewToken, TokenKey};

pub use self::function::TIME_LIMIT;
pub use self::routes::RouteError;

/// The largest request line and header values together, in bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub const MAX_HEADERS: usize = 10_240;

/// The largest body as sent, in bytes; "10 MB" in the same quotas.
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// The largest event, in bytes of its JSON text: what Lambda's `Invoke` says when it refuses one.
pub const MAX_EVENT: usize = 6_291_456;

/// The largest answer, in bytes of its JSON text: 100 more than a request, in the words of
/// `Function.ResponseSizeTooLarge`.
pub const MAX_ANSWER: usize = 6_291_556;

const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// One Lambda function and the routes that lead to it.
pub struct Function {
    /// Lines such as `GET /v1/apps/{app}/envs/{env}/working`.
    pub routes: &'static [&'static str],
    /// What `lambda_http::run` would be given.
    pub router: Router,
}

/// The gateway and the functions behind it.
pub struct Gateway {
    routes: RouteTable,
    functions: Vec<Router>,
    key: TokenKey,
    sources: Sources,
    people: Vec<NewToken>,
    open: &'static [&'static str],
    bodies: Room,
    answers: Room,
}

impl Gateway {
    /// Puts a gateway before `functions`; it accepts the tokens of `key`.
    ///
    /// # Errors
    ///
    /// [`RouteError`] when a route line cannot be read, or two functions claim the same route.
    pub fn new(functions: Vec<Function>, key: TokenKey, sources: Sources) -> Result<Self, RouteError> {
        let routes = RouteTable::new(functions.iter().map(|function| function.routes))?;
        let functions = functions.into_iter().map(|function| function.router).collect();
        let (bodies, answers) = (Room::default(), Room::default());
        Ok(Self { routes, functions, key, sources, people: Vec::new(), open: &[], bodies, answers })
    }

    /// The gateway as a service: for a listener, or for `tower::ServiceExt::oneshot` in a test.
    pub fn into_router(self) -> Router {
        Router::new()
            .merge(console::files())
            .route("/sample/people", get(people::people))
            .fallback(handle)
            .layer(cors::layer())
            .with_state(Arc::new(self))
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.sources.clock)
    }

    /// Lets the console be opened as these people, by whoever started the service.
    #[must_use]
    pub fn open_as(self, people: Vec<NewToken>) -> Self {
        Self { people, ..self }
    }

    /// Lets requests to these of the routes in without a token, as the template's `Authorizer: NONE` does.
    #[must_use]
    pub fn open(self, routes: &'static [&'static str]) -> Self {
        Self { open: routes, ..self }
    }

    async fn answer(&self, request: Request, request_id: &str) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        target::check(&parts)?;
        let path = parts.uri.path();
        let route = self.routes.find(&parts.method, path).ok_or(Refusal::NotFound)?;
        let router = self.functions.get(route.function).ok_or(Refusal::NotFound)?;
        let now = self.sources.clock.now();
        let is_open = self.open.contains(&route.key);
        let claims = if is_open { None } else { Some(self.authorize(&parts, now)?) };
        if header_bytes(&parts) > MAX_HEADERS {
            return Err(Refusal::HeadersTooLarge);
        }
        // Nothing is read for a request that may have none, on open routes least of all.
        let only_reads = matches!(parts.method, Method::GET | Method::HEAD);
        if only_reads && body::is_announced(&parts.headers) {
            return Err(Refusal::BodyUnasked);
        }
        let (body, _held) = body::read(body, MAX_BODY, &self.bodies).await?;
        let source = parts.extensions.get::<Peer>().copied().unwrap_or_default();
        let arrival = Arrival { parts: &parts, body: &body, route: &route, claims: claims.as_ref() };
        let event = heavy::copy(body.len(), || arrival.event(source, request_id, now));
        let event = event.await.map_err(|_| Refusal::Full)??;
        if event.len() > MAX_EVENT {
            return Err(Refusal::BodyTooLarge);
        }
        drop(body);
        let invocation = self.sources.ids.fresh().to_string();
        let answer = function::invoke(router.clone(), event, function::context(invocation, now)).await?;
        if answer.len() > MAX_ANSWER {
            tracing::error!(route = route.key, bytes = answer.len(), "the function's answer is too large");
            return Err(Refusal::FunctionFailed);
        }
        let response = answer::response(&answer)?;
        drop(answer);
        let mut share = Share::default();
        let held = self.answers.grow(&mut share, response.body().len()).await;
        // What was changed is answered, whatever there is room for.
        if only_reads {
            held?;
        }
        Ok(response.map(|body| Body::from(share.with(body))))
    }

    /// The JWT authorizer; its identity source is the header `Authorization`, with or without `Bearer`.
    fn authorize(&self, parts: &Parts, now: jiff::Timestamp) -> Result<Map<String, Value>, Refusal> {
        let header = parts.headers.get(AUTHORIZATION).ok_or(Refusal::NoToken)?;
        let text = header.to_str().map_err(|_| Refusal::Token(crate::token::Refused::Malformed))?;
        let token = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => text.trim(),
        };
        self.key.verify(token, now).map_err(Refusal::Token)
    }
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let request_id = request_id(&gateway.sources);
    let answer = gateway.answer(request, &request_id).await;
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Eleven random bytes in base64, in looks like API Gateway's own.
fn request_id(sources: &Sources) -> String {
    let id = sources.ids.fresh();
    STANDARD.encode(id.as_bytes().split_at(11).0)
}

/// The request line and the headers' values, in bytes.
fn header_bytes(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(1, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " ".len() + " HTTP/1.1".len();
    line + parts.headers.values().map(HeaderValue::len).sum::<usize>()
}

#[cfg(test)]
mod tests;
