//! What a text is that is not JSON, in words that help: looked at only once a fault is known, and only around its place.

use super::super::error::ConfigError;

/// A tar archive's mark, and where it stands (POSIX.1-2017, pax, "ustar Interchange Format").
const TAR: (usize, &[u8]) = (257, b"ustar");

/// First bytes of files that are sent by mistake.
const MAGIC: [(&[u8], &str, &str); 8] = [
    (b"\x1f\x8b", "compressed by gzip", "send it with Content-Encoding: gzip, or decompress it first"),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by zstd",
        "send it with Content-Encoding: zstd, or decompress it first",
    ),
    (b"PK\x03\x04", "a zip archive", "send the JSON file in it"),
    (b"PK\x05\x06", "an empty zip archive", "send a JSON file"),
    (b"BZh", "compressed by bzip2", "decompress it first"),
    (b"\xfd7zXZ\0", "compressed by xz", "decompress it first"),
    (b"%PDF-", "a PDF file", "send the JSON file"),
    (b"\x89PNG", "a picture", "send the JSON file"),
];

/// How many bytes tell an encoding.
const ENCODING: usize = 64;

/// What a text is called that is in 16 or 32 bits a character.
const WIDE: &str = "save it as UTF-8 without a byte order mark";

/// A file of another kind, or a text of another encoding. Looks at the first 262 bytes.
pub(super) fn other_format(bytes: &[u8]) -> Option<ConfigError> {
    let found = |(what, advice)| ConfigError::OtherFormat { what, advice };
    if let Some((_, what, advice)) = MAGIC.iter().find(|(magic, _, _)| bytes.starts_with(magic)) {
        return Some(found((what, advice)));
    }
    let (at, mark) = TAR;
    if bytes.get(at..).is_some_and(|bytes| bytes.starts_with(mark)) {
        return Some(found(("a tar archive", "send the JSON file in it")));
    }
    encoding(bytes).map(|what| found((what, WIDE)))
}

/// UTF-16 or UTF-32, by its mark or by where the zeros of its first characters stand: JSON begins in ASCII.
fn encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some("text in UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some("text in UTF-16"),
        _ => {}
    }
    let head = bytes.get(..bytes.len().min(ENCODING))?;
    let zeros = |from: usize, step: usize| {
        let mut places = head.iter().skip(from).step_by(step).peekable();
        places.peek().is_some() && places.all(|byte| *byte == 0)
    };
    let is_ascii = |at: usize| head.get(at).is_some_and(|byte| (9..0x7f).contains(byte));
    match () {
        () if head.len() >= 4 && is_ascii(0) && zeros(1, 4) && zeros(2, 4) && zeros(3, 4) => {
            Some("text in UTF-32")
        }
        () if head.len() >= 4 && is_ascii(3) && zeros(0, 4) && zeros(1, 4) && zeros(2, 4) => {
            Some("text in UTF-32")
        }
        // Only the first characters are surely in ASCII.
        () if is_ascii(0) && head.get(1) == Some(&0) && head.get(3).is_none_or(|byte| *byte == 0) => {
            Some("text in UTF-16")
        }
        () if is_ascii(1) && head.first() == Some(&0) && head.get(2).is_none_or(|byte| *byte == 0) => {
            Some("text in UTF-16")
        }
        () => None,
    }
}

/// What stands at a fault and where it begins, if it is a thing with a name. `at` is the byte offset of the fault, `said`
/// what the parser says.
pub(super) fn fault(text: &str, at: usize, said: &str) -> Option<(usize, String)> {
    let at = text.floor_char_boundary(at);
    let named = |at, message: &str| Some((at, message.to_owned()));
    if let Some(at) = conflict_marker(text, at) {
        return named(at, "a conflict marker of git: resolve the conflict first");
    }
    let start = text.len() - text.trim_start().len();
    let rest = text.get(at..).unwrap_or_default();
    if let Some(whole) = document(text.get(start..).unwrap_or_default()) {
        return named(start, whole);
    }
    if said.starts_with("trailing characters") {
        return several(text, at);
    }
    if said.starts_with("control character") {
        return named(
            at,
            "a line feed, tab or other control character inside a string: write it as \\n, \\t or \\u0000",
        );
    }
    let before = text.get(..at).unwrap_or_default().trim_end();
    if rest.starts_with([']', '}']) && before.ends_with(',') {
        return named(before.len() - 1, "a comma before the closing bracket: take it out");
    }
    at_value(rest, said).and_then(|message| named(at, message)).or_else(|| word(text, at))
}

/// What begins with no bracket and is no value either.
fn document(rest: &str) -> Option<&'static str> {
    if rest.starts_with(['{', '[', '"']) {
        return None;
    }
    let head = rest.get(..rest.floor_char_boundary(200)).unwrap_or_default();
    if head.to_ascii_lowercase().starts_with("<?xml") {
        return Some("this is XML: send JSON");
    }
    if head.starts_with('<') {
        return Some(
            "this is HTML: a page came in place of the file, such as one for signing in or for an error",
        );
    }
    let first = head.lines().next().unwrap_or_default();
    let is_key = |key: &str| {
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '"'))
    };
    let has_key = first
        .split_once(':')
        .is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')));
    let is_yaml = first.trim_end() == "---"
        || first.starts_with("--- ")
        || first.starts_with("%YAML")
        || has_key
        || first.starts_with("- ");
    is_yaml.then_some("this is YAML: convert it to JSON")
}

/// Something behind the end of the document.
fn several(text: &str, at: usize) -> Option<(usize, String)> {
    let rest = text.get(at..).unwrap_or_default();
    let message = if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
        COMMENT
    } else if rest.starts_with(['{', '[']) {
        "a second document after the first, as in NDJSON: put them into one array"
    } else {
        return None;
    };
    Some((at, message.to_owned()))
}

const COMMENT: &str = "a comment, which JSON does not have: take it out";

fn at_value(rest: &str, said: &str) -> Option<&'static str> {
    if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
        Some(COMMENT)
    } else if rest.starts_with(['\'', '‘', '’']) {
        Some("a single quote: keys and strings take double quotes")
    } else if rest.starts_with(['“', '”', '„']) {
        Some("a typographic quotation mark: keys and strings take plain double quotes")
    } else if said.starts_with("key must be a string")
        && rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
    {
        Some("a key without quotation marks: write it in double quotes")
    } else {
        None
    }
}

/// Words of other languages where a value should be. The parser may have read into the word already.
fn word(text: &str, at: usize) -> Option<(usize, String)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let before = text.get(..at).unwrap_or_default();
    let back = before.chars().rev().take(9).take_while(|c| is_part(*c)).count();
    let start = at - back;
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()).min(12);
    let message = match rest.get(..end)? {
        "NaN" | "-NaN" | "nan" => "NaN is no JSON number: use null, or a string",
        "Infinity" | "-Infinity" | "+Infinity" | "inf" | "-inf" => {
            "Infinity is no JSON number: use null, or a string"
        }
        "undefined" => "undefined is no JSON value: leave the member out, or use null",
        "None" | "nil" | "NULL" | "Null" => "JSON's word for nothing is null",
        "True" | "TRUE" => "JSON's word is true, in small letters",
        "False" | "FALSE" => "JSON's word is false, in small letters",
        _ => return None,
    };
    Some((start, message.to_owned()))
}

/// Where the line of a fault begins, or the one before, if it is a conflict marker of git.
fn conflict_marker(text: &str, at: usize) -> Option<usize> {
    const MARKS: [&str; 4] = ["<<<<<<< ", "=======", ">>>>>>> ", "||||||| "];
    let start = text.get(..at)?.rfind('\n').map_or(0, |line| line + 1);
    let line = text.get(start..)?;
    let is_mark = MARKS.iter().any(|mark| line.starts_with(mark));
    is_mark.then_some(start)
}
