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
use crate::history::Reply;
use crate::id::{EnvId, SnapshotName, Version};
use crate::problem::Problem;
use crate::waymark::Waymark;

/// Largest answer that goes through API Gateway, in bytes as they travel (escaped as JSON text, or base64): Lambda
/// takes 6 MB (6,291,456 bytes), headers included.
const MAX_ANSWER: usize = 4_400_000 / 3 * 4;

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
    if escaped_len(&text) > MAX_ANSWER {
        return Err(Problem::too_large(
            MAX_ANSWER,
            "An answer, as it travels,",
            "Ask for less of it at once.",
        ));
    }
    Ok((StatusCode::OK, [(CONTENT_TYPE, media_type), (CACHE_CONTROL, NO_STORE)], text).into_response())
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
    if escaped_len(&whole) > MAX_ANSWER {
        return Err(Problem::too_large(
            MAX_ANSWER,
            "An answer, as it travels,",
            "Ask for less of it at once.",
        ));
    }
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
pub fn reply_with(reply: &Reply, name: &str, config: &Config) -> Result<Response, Problem> {
    let mut response = self::reply(reply)?;
    let whole = with_member(reply, name, config.text())?;
    if escaped_len(&whole) <= MAX_ANSWER {
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
        if encoding == Encoding::Identity && escaped_len(text) <= MAX_ANSWER {
            return self.body(config.bytes(), encoding);
        }
        // Nothing compresses to more than it was, so a caller who accepts nothing else still gets a download.
        let gzip_or_asked = if encoding == Encoding::Identity { Encoding::Gzip } else { encoding };
        let compressed = gzip_or_asked.compress(text.as_bytes())?;
        if encoding != Encoding::Identity && compressed.len().div_ceil(3) * 4 <= MAX_ANSWER {
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
                None => Encoding::Gzip.compress(config.text().as_bytes())?,
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

    fn compress(self, text: &[u8]) -> Result<Bytes, Error> {
        let failed = Error::storage("compress an answer");
        let compressed = match self {
            Self::Identity => return Ok(Bytes::copy_from_slice(text)),
            Self::Zstd => zstd::bulk::compress(text, 3),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
                encoder.write_all(text).and_then(|()| encoder.finish())
            }
        };
        compressed.map(Bytes::from).map_err(|e| failed(Cause::from(e)))
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

    use super::escaped_len;

    proptest! {
        #[test]
        fn an_answer_is_measured_as_it_travels(text in "[a-zé\"\\\\\n\r\t\u{0}\u{1f}\u{7f}]{0,200}") {
            prop_assert_eq!(escaped_len(&text) + 2, serde_json::to_string(&text).unwrap().len());
        }
    }
}
