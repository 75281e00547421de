//! Text for people: what a terminal or a page would hide, or obey, is written out.
//!
//! A key or a name may hold a line feed, a terminal's escape or a mark that turns the direction of writing. Shown raw, it
//! forges a line of a diff or hides a part of a name. Labels, plain text and details of problems are made with [`visible`];
//! what programs read (pointers, values, ids) keeps its bytes.

use std::borrow::Cow;
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// Zero width non-joiner and joiner: Persian, Hindi and emoji are written with them.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Writes out what cannot be seen: a line feed as `\n`, U+202E as `\u202e`, beyond U+FFFF as `\u{e0001}`.
///
/// A joiner between two characters outside ASCII, and a variation selector after one, belong to the writing and stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    written(text, |before, c, after| is_hidden(c) && !belongs(before, c, after))
}

/// [`visible`], without the exceptions: two texts that differ look different.
pub fn all_visible(text: &str) -> Cow<'_, str> {
    written(text, |_, c, _| is_hidden(c))
}

/// [`visible`], with line feeds and tabs as they are: for notes, which may have several lines.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    written(text, |before, c, after| is_hidden(c) && !matches!(c, '\n' | '\t') && !belongs(before, c, after))
}

/// The text without what cannot be seen; white space stays.
pub fn without_hidden(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c) || c.is_whitespace()).collect()
}

/// True for a character that is not seen, or that changes how others are: controls, line separators, marks of direction,
/// and Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt, 17.0).
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn belongs(before: Option<char>, c: char, after: Option<char>) -> bool {
    // A variation selector may stand between an emoji and a joiner.
    let is_written = |c: char| !c.is_ascii() && (!is_hidden(c) || is_selector(c));
    let follows = before.is_some_and(is_written);
    if is_selector(c) {
        return before.is_some_and(|before| !before.is_ascii() && !is_hidden(before));
    }
    JOINERS.contains(&c) && follows && after.is_some_and(|after| !after.is_ascii() && !is_hidden(after))
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn written(text: &str, is_escaped: impl Fn(Option<char>, char, Option<char>) -> bool) -> Cow<'_, str> {
    // Nearly all text: nothing to look for.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(is_hidden) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let (mut before, mut chars) = (None, text.chars().peekable());
    while let Some(c) = chars.next() {
        if is_escaped(before, c, chars.peek().copied()) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out.into()
}

/// Writing to a String cannot fail.
fn escape(out: &mut String, c: char) {
    let _ = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if u32::from(c) > 0xffff => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => write!(out, "\\u{:04x}", u32::from(c)),
    };
}
