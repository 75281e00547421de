//! Compression: keyframe objects, and deltas of a text against its keyframe.

use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{
    CCtx, CParameter, DCtx, SafeResult, compress_bound, find_frame_compressed_size, get_error_name,
    get_frame_content_size,
};

#[cfg(test)]
mod tests;

/// Largest delta that is kept inside an entry, in bytes. A larger one starts a new keyframe.
///
/// An entry stays under 4,096 bytes, as DynamoDB counts them. In the largest kinds, a release or another name with the
/// longest names of everything, the rest takes 1,217 bytes and a note 1,004, and every later entry carries the delta on
/// until the next save: a release with a note may stand on any edit. That leaves 1,874, of which a few are kept back. What
/// a promoted snapshot says of its origin takes the place of a note, which its publication carries.
pub const MAX_DELTA: usize = 1_864;

/// zstd cuts a text into blocks of so many bytes (RFC 8878, section 3.1.1.2.4).
const BLOCK: usize = 128 * 1024;

/// What zstd spends on a block that repeats what is in the keyframe, in bytes, with some to spare: 14 were seen. The next block says
/// nearly the same, so that a delta of many blocks is compressed once more where it does not fit.
const PER_BLOCK: usize = 20;

/// Level of that. It takes less than 1 ms for the largest.
const TWICE_LEVEL: i32 = 19;

/// The first byte of a delta that was compressed twice. A zstd frame begins with another (RFC 8878, section 3.1.1).
const TWICE: u8 = 2;

/// Longest delta that is compressed once more, in bytes: the largest config has 256 blocks. Part of the format of entries: what was
/// stored is decoded up to this length, so it may only grow.
const MAX_ONCE: usize = 8 * 1024;

/// Level of keyframes. Measured on a dashboard of 272 KB: 20.5 KB in 1 ms; level 6 gives 17.3 KB in 2 to 5 ms, and
/// level 12 no less than 16.6 KB.
const KEYFRAME_LEVEL: i32 = 3;

/// Level of deltas without long-distance matching. Measured on the 122 steps of that dashboard's history: 287 bytes in 0.7 ms on
/// average, 121 of them within [`MAX_DELTA`]; level 3 gives 431 bytes in 0.2 ms and 116 within, level 12 gives 241 bytes in 4 ms.
const PLAIN_LEVEL: i32 = 6;

/// Level of deltas with it, up to [`LONG_ALONE`]. Long matches do the work there: of generated configs of 250 KB, level 3 makes 134
/// bytes in 0.3 ms, where level 6 without it makes 147 in 0.8.
const LONG_LEVEL: i32 = 3;

/// Up to this many bytes of text a delta is made without long-distance matching: that takes 0.2 ms at most, and short texts have
/// short matches.
const PLAIN_ALONE: usize = 64 * 1024;

/// From this many bytes of text on a delta is made with long-distance matching only. In between, one that is too large is made
/// again without it: of 110 steps of a dashboard of 187 KB each way alone fits 82.
const LONG_ALONE: usize = 1024 * 1024;

/// Level from [`LONG_ALONE`] on, and the shortest long match there, in bytes. Many parts of a large config begin alike, and with
/// zstd's default, 64, a match often leads to another part. Measured on eight and sixteen real dashboards in one config of 1.4 or
/// 2.8 MB, of which all or one are edited, 486 steps: 22 become keyframes and the others take 401 KB, in 1.3 to 2.5 ms each; with level 3
/// and 64 bytes 32 and 449 KB, in 2.4 to 3.7 ms; with level 3 and 128 bytes 20 and 397 KB, in the same time. More places with
/// the same hash (`ldmBucketSizeLog`, 8 instead of 4) gain a little, and what is made to hinder it takes eight times as long then.
const LONG_ALONE_LEVEL: i32 = 2;
const LONG_MATCH: u32 = 128;

/// Windows are at least 2^10 bytes (RFC 8878, section 3.1.1.1.2).
const MIN_WINDOW_LOG: u32 = 10;

/// Largest window: 128 MiB, twice the two largest texts.
const MAX_WINDOW_LOG: u32 = 27;

/// What the encoder gets beside the room for the largest delta that is wanted, in bytes: how much of its output it holds
/// back while it writes.
const SLACK: usize = 1_024;

/// What zstd says when its output does not fit.
const TOO_SMALL: usize = (ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall as usize).wrapping_neg();

/// Why something was not compressed or decompressed.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// zstd did not accept what it was given.
    #[error("zstd: {0}")]
    Zstd(&'static str),

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
        found: u64,
    },

    /// It is not one whole frame that states its length.
    #[error("is not one compressed frame")]
    NotAFrame,

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
    let mut context = CCtx::create();
    done(context.set_parameter(CParameter::CompressionLevel(KEYFRAME_LEVEL)))?;
    done(context.set_parameter(CParameter::ChecksumFlag(true)))?;
    let mut object = Vec::with_capacity(compress_bound(text.len()));
    done(context.compress2(&mut object, text))?;
    object.shrink_to_fit();
    Ok(object)
}

/// Decompresses a keyframe object to at most `limit` bytes. Memory is bounded by `limit` too, whatever the
/// object claims.
///
/// # Errors
///
/// When it is damaged, or longer than `limit`.
pub fn decompress(object: &[u8], limit: usize) -> Result<Vec<u8>, DeltaError> {
    let bytes = stated_length(object)?;
    match usize::try_from(bytes) {
        Ok(bytes) if bytes <= limit => read(DCtx::create(), object, bytes),
        _ => Err(DeltaError::TooLong { limit }),
    }
}

/// Compresses `text` with `keyframe` as prefix, and checks that the result decodes to `text`. `None` where that takes
/// more than `most` bytes.
///
/// # Errors
///
/// When zstd cannot (out of memory), or [`DeltaError::NotReversible`].
pub fn encode(keyframe: &[u8], text: &[u8], most: usize) -> Result<Option<Vec<u8>>, DeltaError> {
    let mut delta = None;
    if text.len() >= LONG_ALONE {
        let once = most.saturating_add(text.len() / BLOCK * PER_BLOCK);
        delta = match encode_with(keyframe, text, true, once)? {
            Some(delta) if delta.len() > most => twice(&delta, most)?,
            delta => delta,
        };
    } else {
        if text.len() > PLAIN_ALONE {
            delta = encode_with(keyframe, text, true, most)?;
        }
        if delta.is_none() {
            delta = encode_with(keyframe, text, false, most)?;
        }
    }
    match delta {
        Some(delta) => checked(keyframe, text, delta).map(Some),
        None => Ok(None),
    }
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
    let once;
    let delta = match delta {
        [TWICE, twice @ ..] => {
            once = decompress(twice, MAX_ONCE)?;
            once.as_slice()
        }
        once => once,
    };
    let found = stated_length(delta)?;
    if usize::try_from(found) != Ok(bytes) {
        return Err(DeltaError::Length { expected: bytes, found });
    }
    let mut context = DCtx::create();
    done(context.ref_prefix(keyframe))?;
    read(context, delta, bytes)
}

/// A delta compressed once more, where that takes at most `most` bytes.
fn twice(delta: &[u8], most: usize) -> Result<Option<Vec<u8>>, DeltaError> {
    if delta.len() > MAX_ONCE {
        return Ok(None);
    }
    let mut context = CCtx::create();
    done(context.set_parameter(CParameter::CompressionLevel(TWICE_LEVEL)))?;
    let mut frame = Vec::with_capacity(compress_bound(delta.len()));
    done(context.compress2(&mut frame, delta))?;
    frame.insert(0, TWICE);
    Ok((frame.len() <= most).then_some(frame))
}

fn encode_with(keyframe: &[u8], text: &[u8], long: bool, most: usize) -> Result<Option<Vec<u8>>, DeltaError> {
    let mut context = CCtx::create();
    // The entry records length and SHA-256 of the text: a checksum would say nothing more, and is off by default.
    let level = match long {
        true if text.len() >= LONG_ALONE => LONG_ALONE_LEVEL,
        true => LONG_LEVEL,
        false => PLAIN_LEVEL,
    };
    done(context.set_parameter(CParameter::CompressionLevel(level)))?;
    let window = window_log(keyframe.len().saturating_add(text.len()));
    done(context.set_parameter(CParameter::WindowLog(window)))?;
    done(context.set_parameter(CParameter::EnableLongDistanceMatching(long)))?;
    if text.len() >= LONG_ALONE {
        done(context.set_parameter(CParameter::LdmMinMatch(LONG_MATCH)))?;
    }
    done(context.ref_prefix(keyframe))?;
    let bound = compress_bound(text.len());
    let room = bound.min(most.saturating_add(SLACK));
    let mut delta = Vec::with_capacity(room);
    match context.compress2(&mut delta, text) {
        Ok(_) => Ok((delta.len() <= most).then_some(delta)),
        Err(code) if code == TOO_SMALL && room < bound => Ok(None),
        failed => done(failed).map(|_| None),
    }
}

/// The length that a frame states of what is in it. Exactly one frame has to be there.
fn stated_length(frame: &[u8]) -> Result<u64, DeltaError> {
    match (find_frame_compressed_size(frame), get_frame_content_size(frame)) {
        (Ok(size), Ok(Some(length))) if size == frame.len() => Ok(length),
        _ => Err(DeltaError::NotAFrame),
    }
}

/// Decompresses a frame to `bytes` bytes at most, in one go: what was decompressed is its own window.
fn read(mut context: DCtx<'_>, frame: &[u8], bytes: usize) -> Result<Vec<u8>, DeltaError> {
    let mut text = Vec::with_capacity(bytes);
    done(context.decompress(&mut text, frame))?;
    Ok(text)
}

fn done(result: SafeResult) -> Result<usize, DeltaError> {
    result.map_err(|code| DeltaError::Zstd(get_error_name(code)))
}

/// The logarithm of the smallest window that covers `bytes`.
fn window_log(bytes: usize) -> u32 {
    bytes.max(1).next_power_of_two().ilog2().clamp(MIN_WINDOW_LOG, MAX_WINDOW_LOG)
}
