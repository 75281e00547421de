//! Changes that look like none: of line ends, white space, case, or characters that cannot be seen.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::span::unescaped;
use crate::visible::{is_hidden, without_hidden};

/// All that differs between two strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// How lines end: CRLF, LF or CR.
    LineEnds,
    /// Blanks, tabs and empty lines.
    WhiteSpace,
    /// Capital and small letters.
    Case,
    /// Characters that cannot be seen, such as a zero-width space.
    Invisible,
}

/// What alone differs between two values, if both are strings and differ in nothing else.
pub(super) fn between(before: Option<&RawValue>, after: Option<&RawValue>) -> Option<Only> {
    let (before, after) = (before?.get(), after?.get());
    if !before.starts_with('"') || !after.starts_with('"') {
        return None;
    }
    let text = |raw| String::from_utf8_lossy(&unescaped(raw)).into_owned();
    of(&text(before), &text(after))
}

/// What alone differs between two texts. Each look ends at the first other difference.
pub(super) fn of(a: &str, b: &str) -> Option<Only> {
    let has_cr = a.contains('\r') || b.contains('\r');
    if a == b {
        None
    } else if has_cr && with_lf(a) == with_lf(b) {
        Some(Only::LineEnds)
    } else if black(a).eq(black(b)) {
        Some(Only::WhiteSpace)
    } else if lower(a).eq(lower(b)) {
        Some(Only::Case)
    } else if (a.chars().any(is_hidden) || b.chars().any(is_hidden)) && without_hidden(a) == without_hidden(b)
    {
        Some(Only::Invisible)
    } else {
        None
    }
}

fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn black(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// What the lines of a text end with.
pub(super) fn line_ends(text: &str) -> &'static str {
    let crlf = text.matches("\r\n").count();
    let (cr, lf) = (text.matches('\r').count() - crlf, text.matches('\n').count() - crlf);
    match (crlf > 0, cr > 0, lf > 0) {
        (true, false, false) => "CRLF",
        (false, true, false) => "CR",
        (false, false, true) => "LF",
        (false, false, false) => "none",
        _ => "mixed",
    }
}
