//! Answers: small JSON, replies to changes, and configs of any size.

use std::io::Write;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::precondition::matches_etag;
use crate::config::Config;
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::heavy;
use crate::history::Reply;
use crate::id::{EnvId, SnapshotName, Version};
use crate::problem::Problem;
use crate::waymark::Waymark;

/// Largest body of an answer, in bytes as it is sent. In base64 it is 5,866,668 bytes, and Lambda takes 6 MB
/// (6,291,556 bytes), headers included.
const MAX_ANSWER: usize = 4_400_000;

/// Longest text that travels from Lambda as text, in bytes as it is escaped there. Where quotation marks make it longer, it
/// travels as base64.
const MAX_ESCAPED: usize = MAX_ANSWER.div_ceil(3) * 4;

/// Answers shorter than this are not compressed: the headers would outweigh what is saved.
const COMPRESS_FROM: usize = 1_024;

pub(crate) const WAYMARK_VERSION: HeaderName = HeaderName::from_static("waymark-version");
const WAYMARK_RELEASE: HeaderName = HeaderName::from_static("waymark-release");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A small JSON answer that no cache keeps.
///
/// # Errors
/// 500 when the value cannot be written as JSON, which none of this project's does.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let text = serde_json::to_string(value).map_err(|e| Error::Item(e.to_string()))?;
    Ok((status, [(CONTENT_TYPE, JSON), (CACHE_CONTROL, NO_STORE)], text).into_response())
}

/// [`json()`] with 200, of a value that may be too large for an answer.
///
/// # Errors
/// 413 when it is; and as for [`json()`].
pub fn page_json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    page_text(JSON, serde_json::to_string(value).map_err(|e| Error::Item(e.to_string()))?)
}

/// A text of a media type that no cache keeps.
///
/// # Errors
/// 413 when it is too large for an answer.
pub fn page_text(media_type: HeaderValue, text: String) -> Result<Response, Problem> {
    if text.len() > MAX_ANSWER {
        return Err(Problem::too_large(
            MAX_ANSWER,
            "An answer",
            "Ask for less of it at once: a smaller limit, or instead of a difference both configs.",
        ));
    }
    let travels = Travels::of(&text);
    let mut response =
        (StatusCode::OK, [(CONTENT_TYPE, media_type), (CACHE_CONTROL, NO_STORE)], text).into_response();
    travels.mark(&mut response);
    Ok(response)
}

/// How a body gets from Lambda to API Gateway. What has a `Content-Encoding`, `lambda_http` sends as base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Travels {
    Text,
    Base64,
}

impl Travels {
    fn of(text: &str) -> Self {
        if escaped_len(text) > MAX_ESCAPED { Self::Base64 } else { Self::Text }
    }

    fn mark(self, response: &mut Response) {
        if self == Self::Base64 {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        }
    }
}

/// The answer to a change.
///
/// # Errors
/// 500 when what is recorded is no answer.
pub fn reply(reply: &Reply) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(reply.status).map_err(|e| Error::Item(e.to_string()))?;
    let mut response = json(status, &reply.body)?;
    let headers = response.headers_mut();
    if let Some(version) = reply.version {
        headers.insert(WAYMARK_VERSION, HeaderValue::from(version.get()));
    }
    if let Some(sha256) = &reply.etag {
        headers.insert(ETAG, etag(sha256, false)?);
    }
    if let Some(location) = &reply.location {
        headers.insert(LOCATION, header(location)?);
    }
    Ok(response)
}

/// [`reply()`] with a member `name` in its own text, which must be JSON.
///
/// # Errors
/// As for [`reply()`]; 413 when it is too large for an answer.
pub fn reply_with_text(reply: &Reply, name: &str, text: &str) -> Result<Response, Problem> {
    let mut response = self::reply(reply)?;
    let whole = with_member(reply, name, text)?;
    if whole.len() > MAX_ANSWER {
        return Err(Problem::too_large(MAX_ANSWER, "An answer", "Ask for less of it at once."));
    }
    Travels::of(&whole).mark(&mut response);
    *response.body_mut() = Body::from(whole);
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    Ok(response)
}

/// The body of a reply with one member more.
fn with_member(reply: &Reply, name: &str, text: &str) -> Result<String, Problem> {
    let body = serde_json::to_string(&reply.body).map_err(|e| Error::Item(e.to_string()))?;
    let open = body.strip_suffix('}').unwrap_or(&body);
    Ok(format!("{open},\"{name}\":{text}}}"))
}

/// [`reply()`] with a config as the member `name`, unless it is too large for an answer: then whoever wants it reads
/// its version.
///
/// # Errors
/// As for [`reply()`].
pub async fn reply_with(reply: &Reply, name: &str, config: &Config) -> Result<Response, Problem> {
    let mut response = self::reply(reply)?;
    let whole = heavy::copy(config.len(), || {
        let whole = with_member(reply, name, config.text()).ok()?;
        (whole.len() <= MAX_ANSWER).then(|| (Travels::of(&whole), whole))
    });
    // What the reply is about is done: where there is no place to write the config, it goes without it.
    if let Ok(Some((travels, whole))) = whole.await {
        travels.mark(&mut response);
        *response.body_mut() = Body::from(whole);
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
    }
    Ok(response)
}

/// Whether the caller wants a URL in the answer instead of a redirect (`Prefer: return=minimal`, RFC 7240): a
/// browser cannot follow an authorised redirect to another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefer(pub bool);

impl Prefer {
    /// Reads `Prefer`.
    pub fn read(headers: &HeaderMap) -> Self {
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|text| text.split([',', ';'])).any(|part| part.trim() == "return=minimal"))
    }
}

/// How a config is to be answered. Without `Debug`: the request's headers hold its token.
pub struct ConfigAnswer<'a> {
    /// The environment.
    pub env: &'a EnvId,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The version, for `Waymark-Version` and the file name.
    pub version: Version,
    /// The config's SHA-256, for `ETag`.
    pub sha256: Sha256,
    /// The release's name, for `Waymark-Release`.
    pub release: Option<&'a SnapshotName>,
    /// `Cache-Control`; `no-store` unless it is live.
    pub cache: &'static str,
}

impl ConfigAnswer<'_> {
    /// 304, if the caller has this config already. It needs the config's hash alone, not the config.
    ///
    /// # Errors
    /// 500 when a header cannot be written, which none of this project's does.
    pub fn not_modified(&self) -> Result<Option<Response>, Problem> {
        if !matches_etag(self.headers, IF_NONE_MATCH, &self.sha256) {
            return Ok(None);
        }
        self.with_headers(StatusCode::NOT_MODIFIED.into_response(), false).map(Some)
    }

    /// The config: compressed as the caller accepts, or, where it is too large for an answer, a presigned URL.
    ///
    /// # Errors
    /// [`Error::Storage`] when a download cannot be offered.
    pub async fn send(&self, waymark: &Waymark, config: &Config) -> Result<Response, Problem> {
        let encoding =
            if config.len() < COMPRESS_FROM { Encoding::Identity } else { Encoding::accepted(self.headers) };
        let text = config.text();
        if encoding == Encoding::Identity && text.len() <= MAX_ANSWER {
            let mut response = self.body(config.bytes(), encoding)?;
            Travels::of(text).mark(&mut response);
            return Ok(response);
        }
        // Nothing compresses to more than it was, so a caller who accepts nothing else still gets a download.
        let gzip_or_asked = if encoding == Encoding::Identity { Encoding::Gzip } else { encoding };
        let compressed = gzip_or_asked.compress(text.as_bytes()).await?;
        if encoding != Encoding::Identity && compressed.len() <= MAX_ANSWER {
            return self.body(compressed, encoding);
        }
        let gzip = if gzip_or_asked == Encoding::Gzip { Some(compressed) } else { None };
        self.download(waymark, config, gzip).await
    }

    fn body(&self, bytes: Bytes, encoding: Encoding) -> Result<Response, Problem> {
        let mut response =
            self.with_headers(Response::new(Body::from(bytes)), encoding != Encoding::Identity)?;
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        if let Some(name) = encoding.name() {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Ok(response)
    }

    async fn download(
        &self,
        waymark: &Waymark,
        config: &Config,
        gzip: Option<Bytes>,
    ) -> Result<Response, Problem> {
        let id = waymark.transfer.download_id(self.env, &self.sha256);
        if !waymark.transfer.is_offered(&id).await? {
            let gzip = match gzip {
                Some(gzip) => gzip,
                None => Encoding::Gzip.compress(config.text().as_bytes()).await?,
            };
            waymark.transfer.offer(&id, gzip).await?;
        }
        let file_name = format!("{}-{}-v{}.json", self.env.app, self.env.env, self.version);
        let presigned = waymark.transfer.presign_download(&id, &file_name).await?;
        // An address is no config and soon dies: no cache keeps it, and it does not carry the config's ETag.
        if Prefer::read(self.headers) == Prefer(true) {
            return json(StatusCode::OK, &json!({ "url": presigned.url, "bytes": config.len() }));
        }
        let mut response = self.with_headers(StatusCode::SEE_OTHER.into_response(), true)?;
        let headers = response.headers_mut();
        headers.remove(ETAG);
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(LOCATION, header(&presigned.url)?);
        Ok(response)
    }

    fn with_headers(&self, mut response: Response, weak: bool) -> Result<Response, Problem> {
        let headers = response.headers_mut();
        headers.insert(ETAG, etag(&self.sha256, weak)?);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(VARY, HeaderValue::from_static("Authorization, Accept-Encoding"));
        headers.insert(WAYMARK_VERSION, HeaderValue::from(self.version.get()));
        if let Some(release) = self.release {
            headers.insert(WAYMARK_RELEASE, header(release.as_str())?);
        }
        Ok(response)
    }
}

/// How an answer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// The best that `Accept-Encoding` allows: zstd before gzip, which is slower and larger.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut best = Self::Identity;
        for value in headers.get_all(ACCEPT_ENCODING) {
            for part in value.to_str().unwrap_or_default().split(',') {
                let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
                let refused = parameters.split(';').any(|parameter| {
                    parameter
                        .trim()
                        .strip_prefix("q=")
                        .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
                });
                match name.trim().to_ascii_lowercase().as_str() {
                    "zstd" if !refused => best = Self::Zstd,
                    "gzip" | "*" if !refused && best == Self::Identity => best = Self::Gzip,
                    _ => {}
                }
            }
        }
        best
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    async fn compress(self, text: &[u8]) -> Result<Bytes, Error> {
        let compressed = heavy::copy(text.len(), || match self {
            Self::Identity => Ok(text.to_vec()),
            Self::Zstd => zstd::bulk::compress(text, 3),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
                encoder.write_all(text).and_then(|()| encoder.finish())
            }
        });
        compressed.await?.map(Bytes::from).map_err(|e| Error::storage("compress an answer")(Cause::from(e)))
    }
}

/// How long a text is as a JSON string, as which an answer travels from Lambda to API Gateway.
fn escaped_len(text: &str) -> usize {
    // In groups whose sum fits a byte, so that the compiler counts 16 or more bytes at once.
    let more = |bytes: &[u8]| usize::from(bytes.iter().map(|byte| escape(*byte)).sum::<u8>());
    text.len() + text.as_bytes().chunks(48).map(more).sum::<usize>()
}

/// How many bytes more than one a byte takes in a JSON string: at most 5.
fn escape(byte: u8) -> u8 {
    let short = matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    u8::from(short) + 5 * u8::from(byte < 0x20 && !short)
}

fn etag(sha256: &Sha256, weak: bool) -> Result<HeaderValue, Error> {
    header(&if weak { format!("W/\"{sha256}\"") } else { format!("\"{sha256}\"") })
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|e| Error::Item(e.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_ANSWER, escaped_len, page_text};
    use http::HeaderValue;
    use http::header::CONTENT_ENCODING;

    /// What a body takes of Lambda's 6,291,556 bytes: as text escaped, as base64 where it has a `Content-Encoding`.
    fn travels(body: String) -> Option<usize> {
        let response = page_text(HeaderValue::from_static("text/plain"), body.clone()).ok()?;
        let is_binary = response.headers().contains_key(CONTENT_ENCODING);
        Some(if is_binary { body.len().div_ceil(3) * 4 } else { escaped_len(&body) })
    }

    #[test]
    fn the_stated_limit_of_an_answer_is_the_real_one() {
        // Of any contents: plain, full of quotation marks, full of control characters.
        for byte in ["a", "\"", "\u{1}"] {
            let fits = travels(byte.repeat(MAX_ANSWER));
            assert!(fits.is_some_and(|bytes| bytes < 6_200_000), "{byte:?}: {fits:?}");
            assert_eq!(travels(byte.repeat(MAX_ANSWER + 1)), None, "{byte:?}");
        }
        assert_eq!(MAX_ANSWER, 4_400_000);
    }

    proptest! {
        #[test]
        fn an_answer_is_measured_as_it_travels(text in "[a-zé\"\\\\\n\r\t\u{0}\u{1f}\u{7f}]{0,200}") {
            prop_assert_eq!(escaped_len(&text) + 2, serde_json::to_string(&text).unwrap().len());
        }
    }
}
