//! What handlers take from a request beside rights: a change, a query, a segment of the path.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::Instant;

use super::body::{MAX_SENT, config_text, decoded, media_type, most_decoded, require_json};
use crate::caller::Caller;
use crate::config::{MAX_BYTES, Text};
use crate::error::Error;
use crate::heavy::{self, Held, Room};
use crate::history::{Key, Mutation, Place};
use crate::id::Note;
use crate::problem::Problem;
use crate::waymark::Waymark;

/// How long a request may take where the Lambda runtime does not say: API Gateway gives up after 30 s.
const LONGEST: Duration = Duration::from_secs(25);

/// What is kept back of the time that the Lambda runtime gives: an attempt at a write that begins at the last moment
/// may take a second, and the answer has to be sent.
const RESERVE: Duration = Duration::from_secs(2);

/// Largest body of a request that carries no config.
const MAX_JSON: usize = 64 * 1024;

/// Longest `Idempotency-Key`, in bytes.
const MAX_KEY: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const WAYMARK_NOTE: HeaderName = HeaderName::from_static("waymark-note");

/// A request that changes something: its headers, its body, its idempotency key, its deadline. Without `Debug`: the
/// body never reaches a log.
pub struct Change {
    /// The headers.
    pub headers: HeaderMap,
    method: Method,
    uri: Uri,
    sent: Bytes,
    deadline: Instant,
    id: uuid::Uuid,
    room: Room,
    /// The memory that its decompressed body takes, until the request is answered.
    held: Held,
}

impl FromRequest<Waymark> for Change {
    type Rejection = Problem;

    async fn from_request(request: Request, waymark: &Waymark) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let sent = match Limited::new(body, MAX_SENT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                let advice = "Compress it (Content-Encoding: gzip or zstd), or POST /uploads.";
                return Err(Problem::too_large(MAX_SENT, "A body, as it is sent,", advice));
            }
            Err(_) => return Err(Problem::malformed("The body ended early. Send it again.")),
        };
        let id = waymark.sources.ids.fresh();
        let deadline = deadline(&parts, waymark);
        let (headers, method, uri, room) = (parts.headers, parts.method, parts.uri, waymark.room.clone());
        Ok(Self { headers, method, uri, sent, deadline, id, room, held: Held::default() })
    }
}

/// When the request must have been answered: as the Lambda runtime says, or after [`LONGEST`].
fn deadline(parts: &Parts, waymark: &Waymark) -> Instant {
    let left = parts.extensions.get::<lambda_http::Context>().map(|context| {
        let now = u64::try_from(waymark.sources.clock.now().as_millisecond()).unwrap_or_default();
        Duration::from_millis(context.deadline.saturating_sub(now)).saturating_sub(RESERVE)
    });
    Instant::now() + left.unwrap_or(LONGEST).min(LONGEST)
}

impl Change {
    /// The mutation that this is, by this caller.
    ///
    /// # Errors
    /// 400 for an `Idempotency-Key` that is empty, too long or not of visible ASCII.
    pub fn mutation(&self, caller: &Caller, place: Place) -> Result<Mutation, Problem> {
        let key = match self.headers.get(IDEMPOTENCY_KEY) {
            None => None,
            Some(value) => {
                let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
                let key = key.ok_or_else(|| {
                    Problem::malformed(
                        "Idempotency-Key takes 1 to 255 visible ASCII characters, such as a UUID.",
                    )
                })?;
                let request = [
                    self.method.as_str().as_bytes(),
                    self.uri.path().as_bytes(),
                    self.uri.query().unwrap_or_default().as_bytes(),
                    &self.sent,
                ];
                Some(Key::new(&caller.author().id, key, request))
            }
        };
        Ok(Mutation { place, author: caller.author().clone(), id: self.id, key, deadline: self.deadline })
    }

    /// The body as a small JSON document of the form `T`; an absent body counts as `{}`.
    ///
    /// # Errors
    /// 400 when it is not of that form, 413 when it is larger than 64 KiB, 415 when it is not JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.json_within(MAX_JSON)
    }

    /// [`Change::json`], of at most `limit` bytes.
    ///
    /// # Errors
    /// As for [`Change::json`].
    pub fn json_within<T: DeserializeOwned>(&self, limit: usize) -> Result<T, Problem> {
        let body = decoded(&self.headers, self.sent.clone(), limit)?;
        if body.is_empty() {
            return parse(b"{}");
        }
        require_json(&self.headers)?;
        parse(&body)
    }

    /// Takes out the body as the text of a config, decompressed, not yet checked but for its encoding. It is not copied
    /// unless another caller holds it.
    ///
    /// # Errors
    /// 400, 413 or 415 as for [`config_text`]; those of [`Text::read`]; [`Error::Busy`].
    pub async fn config_text(&mut self) -> Result<Text, Problem> {
        self.take(MAX_BYTES, Text::len, |headers, sent| Ok(Text::read(config_text(headers, sent)?)?)).await
    }

    /// Takes out the body decompressed, whatever its media type: at most `limit` bytes.
    ///
    /// # Errors
    /// 400, 413 or 415 as for [`decoded`]; [`Error::Busy`].
    pub async fn bytes(&mut self, limit: usize) -> Result<Bytes, Problem> {
        self.take(limit, Bytes::len, |headers, sent| decoded(headers, sent, limit)).await
    }

    /// Takes out the body as `read` reads it, once there is room for what it may decompress to.
    async fn take<T>(
        &mut self,
        limit: usize,
        len: impl Fn(&T) -> usize,
        read: impl FnOnce(&HeaderMap, Bytes) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let sent = std::mem::take(&mut self.sent);
        let most = most_decoded(&self.headers, &sent, limit);
        if most > sent.len() {
            self.held = self.room.take(most).await?;
        }
        let read = heavy::copy(most, || read(&self.headers, sent)).await??;
        self.held.shrink(len(&read));
        Ok(read)
    }

    /// The media type of the body, in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        media_type(&self.headers)
    }

    /// The note in `Waymark-Note`. Headers carry ASCII alone, so anything else is percent-encoded UTF-8 there.
    ///
    /// # Errors
    /// 400 when it does not decode to UTF-8, 422 when it is not a note.
    pub fn note(&self) -> Result<Option<Note>, Problem> {
        let Some(value) = self.headers.get(WAYMARK_NOTE) else { return Ok(None) };
        let text = percent_encoding::percent_decode(value.as_bytes()).decode_utf8().map_err(|_| {
            Problem::malformed("Waymark-Note takes text in UTF-8, percent-encoded outside ASCII.")
        })?;
        Ok(Some(text.parse()?))
    }
}

/// A name or note, if one is given.
///
/// # Errors
/// 422 when it is not of its form.
pub fn given<T: FromStr<Err = Error>>(text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(str::parse).transpose().map_err(Problem::from)
}

/// Reads a member that may be `null`, so that `null` can be told from its absence.
///
/// # Errors
/// Those of the deserializer.
pub fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Members are named: serde alone would also take an array of them in their order.
    let not_json = || {
        let text = Text::read(body.to_vec()).map_err(|fault| fault.to_string());
        let fault = text.map_or_else(Some, |text| text.fault().map(|fault| fault.to_string()));
        fault.map(|fault| {
            // The words are those of configs.
            let fault = fault.replace("the config", "it");
            Problem::malformed(format!("The body cannot be read: {fault}."))
        })
    };
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(not_json()
            .unwrap_or_else(|| Problem::malformed("The body is not as it should be: send a JSON object.")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| not_json().unwrap_or_else(|| not_as_asked(&error)))?;
    match reader.end() {
        Ok(()) => Ok(value),
        Err(_) => Err(not_json().unwrap_or_else(|| Problem::malformed("Send one JSON object."))),
    }
}

/// 400: JSON, but not of the form that is asked for. Names the member, which serde's own text does not.
fn not_as_asked(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let (path, said) = (error.path().to_string(), error.inner().to_string());
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    let member = if path == "." { String::new() } else { format!("{path}: ") };
    let (line, column) = (error.inner().line(), error.inner().column());
    Problem::malformed(format!(
        "The body is not as it should be at line {line}, column {column}: {member}{said}."
    ))
}

/// The query of a request, of the form `T`.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(query)| Self(query)).map_err(
            |error| {
                let said = error.body_text();
                let said = said.rsplit_once("query string: ").map_or(said.as_str(), |(_, said)| said);
                Problem::malformed(format!("The query is not as it should be: {said}."))
            },
        )
    }
}

/// The last named segment of the path, such as `{name}` or `{version}`, as text.
#[derive(Clone, Debug)]
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            Problem::malformed("The path is not valid UTF-8 after decoding its percent signs.")
        })?;
        let last = params.iter().filter(|(name, _)| !matches!(*name, "app" | "env")).last();
        last.map(|(_, value)| Self(value.to_owned()))
            .ok_or_else(|| Problem::malformed("The path is too short."))
    }
}
