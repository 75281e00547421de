//! Reading a file of versions.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde_json::value::RawValue;

/// How every zstd frame begins (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The configs of the file's lines.
pub(crate) fn versions(mut file: Vec<u8>) -> io::Result<Vec<String>> {
    if file.starts_with(&ZSTD) {
        let mut decoder = zstd::Decoder::new(file.as_slice())?;
        decoder.window_log_max(27)?;
        let mut text = Vec::new();
        decoder.read_to_end(&mut text)?;
        file = text;
    }
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut line: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(line)?;
            let config =
                line.remove("config").ok_or_else(|| io::Error::other("a line without \"config\""))?;
            Ok(String::from(Box::<str>::from(config)))
        })
        .collect()
}
