//! The event that API Gateway hands to Lambda, in payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::body;
use super::claims;
use super::refusal::Refusal;
use super::routes::Route;
use crate::server::Peer;

/// Belongs to one connection, or is told elsewhere in the event.
const DROPPED: [HeaderName; 8] = [
    header::CONNECTION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A request that has passed the gateway.
pub(super) struct Arrival<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) route: &'a Route,
    /// None on a route without an authorizer.
    pub(super) claims: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer<'a>>,
    domain_name: Cow<'a, str>,
    domain_prefix: &'static str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer<'a> {
    jwt: Jwt<'a>,
}

#[derive(Serialize)]
struct Jwt<'a> {
    claims: BTreeMap<&'a str, String>,
    /// Null, since no route asks for scopes.
    scopes: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: String,
    user_agent: Cow<'a, str>,
}

impl Arrival<'_> {
    /// The event as JSON text.
    pub(super) fn event(&self, source: Peer, request_id: &str, now: Timestamp) -> Result<String, Refusal> {
        let path = raw_path(self.parts.uri.path());
        let query = self.parts.uri.query().unwrap_or_default();
        let (text, is_base64_encoded) = body::encode(&self.parts.headers, self.body);
        let event = Event {
            version: "2.0",
            route_key: self.route.key,
            raw_path: &path,
            raw_query_string: query,
            cookies: cookies(&self.parts.headers),
            headers: self.headers(source, request_id, now),
            query_string_parameters: query_parameters(query),
            request_context: self.context(source, request_id, now, &path),
            path_parameters: &self.route.parameters,
            body: text,
            is_base64_encoded,
        };
        serde_json::to_string(&event).map_err(|_| Refusal::FunctionFailed)
    }

    fn context<'a>(
        &'a self,
        source: Peer,
        request_id: &'a str,
        now: Timestamp,
        path: &'a str,
    ) -> RequestContext<'a> {
        RequestContext {
            account_id: "000000000000",
            api_id: "local",
            authorizer: self.claims.map(|claims| {
                let claims = claims::as_strings(claims);
                Authorizer { jwt: Jwt { claims, scopes: None } }
            }),
            domain_name: self.domain_name(),
            domain_prefix: "local",
            http: Http {
                method: self.parts.method.as_str(),
                path,
                protocol: "HTTP/1.1",
                source_ip: source.0.ip().to_string(),
                user_agent: self.header(&header::USER_AGENT),
            },
            request_id,
            route_key: self.route.key,
            stage: "$default",
            time: now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: now.as_millisecond(),
        }
    }

    /// The names in small letters, several values joined by commas, and what API Gateway adds.
    fn headers(&self, source: Peer, request_id: &str, now: Timestamp) -> BTreeMap<&str, String> {
        let sent = &self.parts.headers;
        let kept = sent.keys().filter(|name| !DROPPED.contains(name));
        let mut headers: BTreeMap<&str, String> =
            kept.map(|name| (name.as_str(), values(sent, name).collect::<Vec<_>>().join(","))).collect();
        headers.insert("content-length", self.body.len().to_string());
        headers.insert("x-forwarded-for", source.0.ip().to_string());
        headers.insert("x-forwarded-port", "80".to_owned());
        headers.insert("x-forwarded-proto", "http".to_owned());
        let seed = request_id.bytes().fold(0_u128, |seed, byte| (seed << 8) | u128::from(byte));
        let trace = format!("Root=1-{:08x}-{:024x}", now.as_second(), seed & ((1 << 96) - 1));
        headers.insert("x-amzn-trace-id", trace);
        headers
    }

    /// Never empty: `lambda_http` takes it for the address when there is no `Host`.
    fn domain_name(&self) -> Cow<'_, str> {
        match self.header(&header::HOST) {
            host if host.is_empty() => Cow::Borrowed("localhost"),
            host => host,
        }
    }

    fn header(&self, name: &HeaderName) -> Cow<'_, str> {
        let value = self.parts.headers.get(name);
        value.map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()))
    }
}

/// An HTTP API gives the path decoded, whatever the field's name says, and cut at a question mark
/// (<https://github.com/middleapi/standard-server/pull/93>).
fn raw_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    decoded.split('?').next().unwrap_or_default().to_owned()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = parameters.entry(name.into_owned());
        joined
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    parameters
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let pairs = values(headers, &header::COOKIE)
        .flat_map(|line| line.split(';').map(|pair| pair.trim().to_owned()).collect::<Vec<_>>());
    pairs.filter(|pair| !pair.is_empty()).collect()
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Cow<'a, str>> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()))
}
