//! A request's body: read within limits, then written as text or as base64.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;

use super::refusal::Refusal;

/// How much of a body that is too large is read and dropped. A client that still sends reads no answer; one that
/// sends even more than this finds its connection closed.
const DRAIN: usize = 64 * 1024 * 1024;

/// The media types that arrive as text besides `text/*`. Everything else is base64, even what ends in `+json`, forms, and a
/// body without a type: API Gateway documents no list; this one was measured against it
/// (<https://github.com/ministackorg/ministack/pull/766>).
const TEXT: [&str; 3] = ["application/javascript", "application/json", "application/xml"];

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut kept = BytesMut::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BodyCut)?.into_data() else { continue };
        total += data.len();
        if total <= limit {
            kept.extend_from_slice(&data);
        } else {
            kept = BytesMut::new();
            if total > DRAIN {
                break;
            }
        }
    }
    if total > limit { Err(Refusal::BodyTooLarge) } else { Ok(kept.freeze()) }
}

/// The body as an event has it, and whether that is base64. No body at all is `None`.
pub(super) fn encode(headers: &HeaderMap, body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    // What API Gateway does with text that is not UTF-8 is not documented; base64 loses nothing.
    match std::str::from_utf8(body) {
        Ok(text) if is_text(headers) => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let encoded = headers.get(CONTENT_ENCODING).is_some_and(|value| value != "identity");
    !encoded && (media.starts_with("text/") || TEXT.contains(&media.as_str()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn encoded(media: &'static str, encoding: Option<&'static str>, body: &'static [u8]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let (text, base64) = encode(&headers, &Bytes::from_static(body));
        (text.unwrap(), base64)
    }

    #[test]
    fn text_types_arrive_as_text() {
        for media in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/xml",
            "application/javascript",
            "text/plain",
            "text/anything",
        ] {
            assert_eq!(encoded(media, None, b"{}"), ("{}".to_owned(), false), "{media}");
        }
    }

    #[test]
    fn everything_else_arrives_as_base64() {
        for media in [
            "",
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "texts/plain",
        ] {
            assert_eq!(encoded(media, None, b"{}"), ("e30=".to_owned(), true), "{media}");
        }
        assert_eq!(encoded("application/json", Some("gzip"), b"{}"), ("e30=".to_owned(), true));
        assert_eq!(encoded("application/json", None, b"\xff"), ("/w==".to_owned(), true));
    }

    #[test]
    fn no_body_is_none() {
        assert_eq!(encode(&HeaderMap::new(), &Bytes::new()), (None, false));
    }

    #[tokio::test]
    async fn the_limit_counts_every_byte() {
        assert_eq!(read(Body::from("12345"), 5).await, Ok(Bytes::from("12345")));
        assert_eq!(read(Body::from("123456"), 5).await, Err(Refusal::BodyTooLarge));
    }
}
