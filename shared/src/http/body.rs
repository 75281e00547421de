//! Request bodies: as they were sent, decompressed, and read.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{get_error_name, get_frame_content_size};

use crate::config::MAX_BYTES;
use crate::problem::Problem;

/// Largest body as it is sent: Lambda takes 6 MB (6,291,456 bytes) per request, event and base64 included.
pub const MAX_SENT: usize = 4_400_000;

/// Largest window that a zstd body may ask for, as a power of two: that of the largest config (32 MiB). A decoder
/// sets memory aside for the window before it sees any data.
const WINDOW_LOG_MAX: u32 = 25;

/// What to do about a body that is too large.
const SPLIT: &str = "Split it, or keep large data elsewhere.";

const ENCODINGS: [&str; 3] = ["gzip", "zstd", "identity"];

/// The body without its `Content-Encoding`, at most `limit` bytes; decompression stops there.
///
/// # Errors
/// 415 for an encoding that is not gzip or zstd, 413 for more than `limit` bytes, 400 when it does not decompress or
/// asks for a window of more than 32 MiB.
pub fn decoded(headers: &HeaderMap, sent: Bytes, limit: usize) -> Result<Bytes, Problem> {
    let encoding =
        headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_lowercase());
    let result = match encoding.as_deref() {
        None | Some("identity" | "") => {
            return if sent.len() > limit {
                Err(Problem::too_large(limit, "The body", SPLIT))
            } else {
                Ok(sent)
            };
        }
        // No body is none, however it is said to be compressed.
        Some("gzip" | "x-gzip" | "zstd") if sent.is_empty() => return Ok(sent),
        Some("gzip" | "x-gzip") => read_limited(MultiGzDecoder::new(sent.as_ref()), limit),
        Some("zstd") => unzstd(&sent, limit),
        Some(_) => return Err(Problem::unsupported("the Content-Encoding", &ENCODINGS)),
    };
    match result {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Problem::too_large(limit, "The body, decompressed,", SPLIT)),
        Err(error) if is_window_too_large(&error) => Err(Problem::malformed(format!(
            "The body's zstd frame asks for a window of more than {} MiB. Compress it again with a smaller one: \
             without --long and --ultra.",
            (1_u64 << WINDOW_LOG_MAX) >> 20
        ))),
        Err(_) => Err(Problem::malformed(format!(
            "The body is not what its Content-Encoding ({}) says. Send the whole file, compressed once.",
            encoding.unwrap_or_default()
        ))),
    }
}

/// How many bytes a body may decompress to, at most `limit`: as many as were sent where it is not compressed.
pub(super) fn most_decoded(headers: &HeaderMap, sent: &[u8], limit: usize) -> usize {
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => sent.len(),
        // gzip makes 1,032 bytes of one at best.
        "gzip" | "x-gzip" => sent.len().saturating_mul(1_032).min(limit),
        _ => limit,
    }
}

/// What zstd frames hold; `None` when it is more than `limit` bytes. A frame that says so itself is not decompressed.
fn unzstd(sent: &[u8], limit: usize) -> std::io::Result<Option<Bytes>> {
    if get_frame_content_size(sent).is_ok_and(|size| size.is_some_and(|size| size > limit as u64)) {
        return Ok(None);
    }
    let mut decoder = zstd::stream::read::Decoder::new(sent)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    read_limited(decoder, limit)
}

/// The library gives zstd's errors by their texts alone.
fn is_window_too_large(error: &std::io::Error) -> bool {
    let code = ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge as usize;
    error.to_string() == get_error_name(code.wrapping_neg())
}

/// All that `from` gives; `None` when it is more than `limit` bytes.
fn read_limited(from: impl Read, limit: usize) -> std::io::Result<Option<Bytes>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then(|| bytes.into()))
}

/// The text of a config that a request carries.
///
/// # Errors
/// 415 for a media type that is not JSON, or that is a patch's; and those of [`decoded`].
pub fn config_text(headers: &HeaderMap, sent: Bytes) -> Result<Bytes, Problem> {
    require_json(headers)?;
    // Whoever sends a patch by a slip of the method must not find it in place of the config.
    if media_type(headers).is_some_and(|media| media.ends_with("patch+json")) {
        return Err(Problem::unsupported("the config with a Content-Type", &["application/json"]));
    }
    decoded(headers, sent, MAX_BYTES)
}

/// Refuses a body whose media type is not JSON.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let is_json =
        media_type(headers).is_some_and(|media| media == "application/json" || media.ends_with("+json"));
    if is_json {
        Ok(())
    } else {
        Err(Problem::unsupported("the body with a Content-Type", &["application/json"]))
    }
}

/// The media type of the body, in lower case, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_lowercase())
}
