//! A request's body: read within limits, then written as text or as base64.

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::refusal::Refusal;
use super::room::{Room, Share};

/// How much of a body that is too large is read and dropped. A client that still sends reads no answer; one that
/// sends even more than this finds its connection closed.
const DRAIN: usize = 64 * 1024 * 1024;

/// The media types that arrive as text besides `text/*`. Everything else is base64, even what ends in `+json`, forms, and a
/// body without a type: API Gateway documents no list; this one was measured against it
/// (<https://github.com/ministackorg/ministack/pull/766>).
const TEXT: [&str; 3] = ["application/javascript", "application/json", "application/xml"];

/// How long a body may pause. Uploads from a browser over a bad line pause for a second or two.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a body may take in all: 10 MB at 1.4 Mbit/s.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads a body of at most `limit` bytes into its share of `room`, within [`LONGEST`] and without a longer [`PAUSE`].
pub(super) async fn read(body: Body, limit: usize, room: &Room) -> Result<(Bytes, Share), Refusal> {
    timeout(LONGEST, read_all(body, limit, room)).await.map_err(|_| Refusal::BodyLate)?
}

async fn read_all(mut body: Body, limit: usize, room: &Room) -> Result<(Bytes, Share), Refusal> {
    let mut kept = BytesMut::new();
    let mut share = Share::default();
    let mut total = 0;
    while let Some(frame) = timeout(PAUSE, body.frame()).await.map_err(|_| Refusal::BodyLate)? {
        let Ok(data) = frame.map_err(|_| Refusal::BodyCut)?.into_data() else { continue };
        total += data.len();
        if total <= limit {
            room.grow(&mut share, total).await?;
            kept.extend_from_slice(&data);
        } else {
            (kept, share) = (BytesMut::new(), Share::default());
            if total > DRAIN {
                break;
            }
        }
    }
    if total > limit { Err(Refusal::BodyTooLarge) } else { Ok((kept.freeze(), share)) }
}

/// Whether a request announces a body.
pub(super) fn is_announced(headers: &HeaderMap) -> bool {
    let none = |value: &HeaderValue| value == "0";
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|value| !none(value))
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
        let read = async |text: &'static str| {
            read(Body::from(text), 5, &Room::default()).await.map(|(bytes, _)| bytes)
        };
        assert_eq!(read("12345").await, Ok(Bytes::from("12345")));
        assert_eq!(read("123456").await, Err(Refusal::BodyTooLarge));
    }

    /// A body that sends a byte every `pause`, for ever.
    fn dripping(pause: Duration) -> Body {
        Body::from_stream(futures_util::stream::unfold((), move |()| async move {
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(b"x")), ()))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_or_drips_is_ended() {
        for (pause, ends_after) in [(PAUSE * 2, PAUSE), (PAUSE / 2, LONGEST)] {
            let began = tokio::time::Instant::now();
            let ended = read(dripping(pause), 1_000, &Room::default()).await.map(|(bytes, _)| bytes);
            assert_eq!(ended, Err(Refusal::BodyLate));
            assert_eq!(began.elapsed(), ends_after);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_share_a_bounded_room() {
        let room = Room::of(100 * 1024);
        let large = || Body::from(vec![b'x'; 90 * 1024]);
        let (_, share) = read(large(), MAX, &room).await.unwrap();
        assert_eq!(read(large(), MAX, &room).await.map(|(bytes, _)| bytes), Err(Refusal::Full));
        drop(share);
        assert!(read(large(), MAX, &room).await.is_ok());
    }

    const MAX: usize = 1024 * 1024;
}
