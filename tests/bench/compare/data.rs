//! The histories that are saved.

use bytes::Bytes;
use waymark::http::MAX_SENT;

use crate::support::generate;

/// Largest event of Lambda, in bytes, and what is kept back of it for everything but the body.
const MAX_EVENT: usize = 6_291_456 - 16_384;

/// A version, and the body that carries it.
pub(crate) struct Text {
    pub(crate) text: Bytes,
    pub(crate) sent: Bytes,
    /// `sent` is compressed: API Gateway would not take the plain text.
    pub(crate) is_zstd: bool,
    /// Nothing is there before it.
    pub(crate) is_first: bool,
}

/// Versions one after another, and how often they are read.
pub(crate) struct History {
    pub(crate) name: String,
    pub(crate) texts: Vec<Text>,
    pub(crate) rounds: usize,
}

impl Text {
    fn of((at, text): (usize, String)) -> Self {
        // A body of JSON travels as a JSON string, in which these take two bytes.
        let doubled = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n')).count();
        let is_zstd = text.len() > MAX_SENT || text.len() + doubled > MAX_EVENT;
        let text = Bytes::from(text);
        let sent = if is_zstd { zstd::bulk::compress(&text, 3).unwrap().into() } else { text.clone() };
        Self { text, sent, is_zstd, is_first: at == 0 }
    }
}

impl History {
    fn of(name: &str, versions: Vec<String>, rounds: usize) -> Self {
        let texts = versions.into_iter().enumerate().map(Text::of).collect();
        Self { name: name.to_owned(), texts, rounds }
    }

    /// A recorded history; a version that only repeats the one before is left out.
    pub(crate) fn of_file(versions: &[String]) -> Self {
        let mut versions = versions.to_vec();
        versions.dedup();
        let mean = versions.iter().map(String::len).sum::<usize>() / versions.len();
        Self::of(&format!("file, {} KB", mean / 1_000), versions, 100)
    }
}

/// The sizes of generated configs.
pub(crate) const SIZES: [&str; 4] = ["10 KB", "250 KB", "3 MB", "20 MB"];

/// All sizes.
pub(crate) fn generated() -> Vec<History> {
    SIZES.iter().flat_map(|size| generated_of(size)).collect()
}

/// One of [`SIZES`]. Reading goes over as many versions as are there, so that a few large ones do.
pub(crate) fn generated_of(size: &str) -> Vec<History> {
    let (bytes, edits, rounds) = match size {
        "10 KB" => (10_000, 299, 200),
        "250 KB" => (250_000, 199, 100),
        "3 MB" => (3_000_000, 59, 40),
        _ => (20_000_000, 9, 8),
    };
    vec![History::of(size, generate::history(bytes, edits), rounds)]
}

/// Just enough to see that everything runs.
pub(crate) fn smoke() -> Vec<History> {
    vec![History::of("10 KB", generate::history(10_000, 7), 3)]
}
