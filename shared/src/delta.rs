//! Compression: keyframe objects, and deltas of a text against its keyframe.

use std::io::{self, Read, Write};

use zstd::stream::{read::Decoder, write::Encoder};

#[cfg(test)]
mod tests;

/// Largest delta that is kept inside an entry, in bytes. A larger one starts a new keyframe.
///
/// An entry stays under 4,096 bytes, as DynamoDB counts them. In the largest kinds, a release or another name with the
/// longest names of everything, the rest takes 1,257 bytes and a note 1,004, and every later entry carries the delta on
/// until the next save: a release with a note may stand on any edit. That leaves 1,834, of which a few are kept back. What
/// a promoted snapshot says of its origin takes the place of a note, which its publication carries.
///
/// zstd cuts a text into blocks of 128 KB (RFC 8878, section 3.1.1.2.4) and spends about 14 bytes on each, so that
/// texts of more than about 19 MB are always keyframes.
pub const MAX_DELTA: usize = 1_824;

/// Level of keyframes. Measured on a dashboard of 272 KB: 20.5 KB in 1 ms; level 6 gives 17.3 KB in 2 to 5 ms, and
/// level 12 no less than 16.6 KB.
const KEYFRAME_LEVEL: i32 = 3;

/// Level of deltas. Measured on the 122 steps of that dashboard's history: 287 bytes in 0.7 ms on average, 121 of them
/// within [`MAX_DELTA`]; level 3 gives 431 bytes in 0.2 ms and 116 within, level 12 gives 241 bytes in 4 ms.
const DELTA_LEVEL: i32 = 6;

/// Up to this many bytes of text a delta is made without long-distance matching only.
const PLAIN_ALONE: usize = 512 * 1024;

/// From this many bytes of text on a delta is made with long-distance matching only.
const LONG_ALONE: usize = 1024 * 1024;

/// Windows are at least 2^10 bytes (RFC 8878, section 3.1.1.1.2).
const MIN_WINDOW_LOG: u32 = 10;

/// Largest window: 128 MiB, twice the two largest texts. zstd decodes no more by default.
const MAX_WINDOW_LOG: u32 = 27;

/// Why something was not compressed or decompressed.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// zstd did not accept what it was given.
    #[error("zstd: {0}")]
    Zstd(#[from] io::Error),

    /// Decompressed it would be longer than allowed.
    #[error("is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },

    /// Decompressed it has another length than recorded.
    #[error("has {found} bytes instead of {expected}")]
    Length {
        /// The recorded length.
        expected: usize,
        /// The length found.
        found: usize,
    },

    /// Bytes follow the compressed frame.
    #[error("has bytes after its end")]
    Trailing,

    /// A delta that was just made does not decode to its text. It must not be stored.
    #[error("does not decode to what was encoded")]
    NotReversible,
}

/// Compresses a text into a keyframe object, with its length and a checksum inside.
///
/// # Errors
///
/// When zstd cannot (out of memory).
pub fn compress(text: &[u8]) -> Result<Vec<u8>, DeltaError> {
    let mut encoder = Encoder::new(Vec::new(), KEYFRAME_LEVEL)?;
    encoder.include_checksum(true)?;
    finish(encoder, text)
}

/// Decompresses a keyframe object to at most `limit` bytes. Memory is bounded by `limit` too, whatever the
/// object claims.
///
/// # Errors
///
/// When it is damaged, or longer than `limit`.
pub fn decompress(object: &[u8], limit: usize) -> Result<Vec<u8>, DeltaError> {
    let decoder = Decoder::with_buffer(object)?;
    let text = read(decoder, window_log(limit), limit)?;
    if text.len() > limit { Err(DeltaError::TooLong { limit }) } else { Ok(text) }
}

/// Compresses `text` with `keyframe` as prefix, and checks that the result decodes to `text`.
///
/// # Errors
///
/// When zstd cannot (out of memory), or [`DeltaError::NotReversible`].
pub fn encode(keyframe: &[u8], text: &[u8]) -> Result<Vec<u8>, DeltaError> {
    let delta = if text.len() <= PLAIN_ALONE {
        encode_with(keyframe, text, false)?
    } else if text.len() >= LONG_ALONE {
        encode_with(keyframe, text, true)?
    } else {
        let (plain, long) = (encode_with(keyframe, text, false)?, encode_with(keyframe, text, true)?);
        if long.len() < plain.len() { long } else { plain }
    };
    checked(keyframe, text, delta)
}

/// The delta, if it decodes to `text`: whatever zstd does wrong is found before anything is stored.
fn checked(keyframe: &[u8], text: &[u8], delta: Vec<u8>) -> Result<Vec<u8>, DeltaError> {
    if decode(keyframe, &delta, text.len())? == text { Ok(delta) } else { Err(DeltaError::NotReversible) }
}

/// Gives back the text of a delta: exactly `bytes` bytes, the recorded length. Memory is bounded by the lengths
/// of keyframe and text.
///
/// # Errors
///
/// When it is damaged, was made with another keyframe in a way that shows, or has another length. That a text
/// is right is known only by its hash.
pub fn decode(keyframe: &[u8], delta: &[u8], bytes: usize) -> Result<Vec<u8>, DeltaError> {
    let decoder = Decoder::with_ref_prefix(delta, keyframe)?;
    let text = read(decoder, window_log(keyframe.len().saturating_add(bytes)), bytes)?;
    if text.len() == bytes {
        Ok(text)
    } else {
        Err(DeltaError::Length { expected: bytes, found: text.len() })
    }
}

fn encode_with(keyframe: &[u8], text: &[u8], long: bool) -> Result<Vec<u8>, DeltaError> {
    let mut encoder = Encoder::with_ref_prefix(Vec::new(), DELTA_LEVEL, keyframe)?;
    encoder.window_log(window_log(keyframe.len().saturating_add(text.len())))?;
    encoder.long_distance_matching(long)?;
    // The entry records length and SHA-256 of the text: a checksum would say nothing more.
    encoder.include_checksum(false)?;
    finish(encoder, text)
}

fn finish(mut encoder: Encoder<'_, Vec<u8>>, text: &[u8]) -> Result<Vec<u8>, DeltaError> {
    let length = u64::try_from(text.len()).map_err(io::Error::other)?;
    encoder.set_pledged_src_size(Some(length))?;
    encoder.include_contentsize(true)?;
    encoder.write_all(text)?;
    Ok(encoder.finish()?)
}

/// Reads one frame, and at most one byte more than `limit`.
fn read(decoder: Decoder<'_, &[u8]>, window_log: u32, limit: usize) -> Result<Vec<u8>, DeltaError> {
    let mut decoder = decoder.single_frame();
    decoder.window_log_max(window_log)?;
    let mut text = Vec::new();
    let bound = u64::try_from(limit).map_err(io::Error::other)?.saturating_add(1);
    Read::take(&mut decoder, bound).read_to_end(&mut text)?;
    if text.len() <= limit && !decoder.finish().is_empty() {
        return Err(DeltaError::Trailing);
    }
    Ok(text)
}

/// The logarithm of the smallest window that covers `bytes`.
fn window_log(bytes: usize) -> u32 {
    bytes.max(1).next_power_of_two().ilog2().clamp(MIN_WINDOW_LOG, MAX_WINDOW_LOG)
}
