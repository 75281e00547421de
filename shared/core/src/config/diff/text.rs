//! A difference as plain text: a line for each change, in which nothing of a config can forge another line.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::super::span::unescaped;
use super::label::cut;
use super::lines::Hunk;
use super::only::{self, Only};
use super::{Change, Diff, Op};
use crate::visible::all_visible;

/// Longest value shown, in characters.
const MAX_VALUE: usize = 80;

/// Longest line of a text shown.
const MAX_LINE: usize = 160;

/// How much of what is the same is shown before the first difference of two long values, in characters.
const BEFORE: usize = 20;

/// Most lines shown of one hunk, on each side.
const MAX_SHOWN: usize = 40;

/// The text: a summary, and a line for each change.
pub(super) fn write(diff: &Diff) -> String {
    let mut out = summary(diff);
    out.push('\n');
    for change in &diff.changes {
        line(&mut out, change);
    }
    out
}

fn summary(diff: &Diff) -> String {
    match diff.counts.to_string() {
        none if none.is_empty() => "No changes".to_owned(),
        counts => counts,
    }
}

/// Writing to a String cannot fail.
fn line(out: &mut String, change: &Change) {
    let label = &change.label;
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    let _ = match (change.op, &change.lines) {
        (Op::Add, _) => writeln!(out, "+ {label}: {}", after.map(shown).unwrap_or_default()),
        (Op::Remove, _) => writeln!(out, "- {label}: {}", before.map(shown).unwrap_or_default()),
        (Op::Move, _) => writeln!(out, "> {label}: {}", moved(change)),
        (Op::Replace, lines) => match (change.only, lines, before.zip(after)) {
            (Some(only), _, Some(values)) => writeln!(out, "~ {label}: {}", told(only, values)),
            (_, Some(hunks), _) => {
                let _ = writeln!(out, "~ {label}:");
                hunks.iter().for_each(|hunk| hunk_lines(out, hunk));
                Ok(())
            }
            (_, None, Some((before, after))) => {
                let (before, after) = both_shown(before.get(), after.get());
                writeln!(out, "~ {label}: {before} → {after}")
            }
            (_, None, None) => writeln!(out, "~ {label}"),
        },
    };
}

/// Where an element went. An index alone does not say it: those beside it may have come, gone or moved.
fn moved(change: &Change) -> String {
    let to = all_visible(&change.path);
    let place = match change.from.as_deref() {
        Some(from) if from != change.path => format!("{} → {to}", all_visible(from)),
        _ => format!("{to} as before"),
    };
    match &change.follows {
        Some(neighbour) => format!("moved after {neighbour} ({place})"),
        None => format!("moved to the front ({place})"),
    }
}

/// A change of nothing but case, white space, line ends or what cannot be seen, in one line.
fn told(only: Only, (before, after): (&RawValue, &RawValue)) -> String {
    if only == Only::LineEnds {
        let ends = |value: &RawValue| only::line_ends(&String::from_utf8_lossy(&unescaped(value.get())));
        return format!("only line ends changed ({} → {})", ends(before), ends(after));
    }
    let what = match only {
        Only::Case => "case",
        Only::Invisible => "invisible characters",
        Only::LineEnds | Only::WhiteSpace => "white space",
    };
    let (before, after) = both_shown(before.get(), after.get());
    format!("only {what} changed: {before} → {after}")
}

fn hunk_lines(out: &mut String, hunk: &Hunk) {
    let _ = writeln!(out, "    @@ line {} → {} @@", hunk.before, hunk.after);
    // A carriage return on one side alone is the change; where all lines have one, it is their end.
    let all = hunk.removed.iter().chain(&hunk.added);
    let end = if all.clone().all(|line| line.ends_with('\r')) { "\r" } else { "" };
    let text = |line: &'_ String| line.strip_suffix(end).unwrap_or(line).to_owned();
    let other = |lines: &[String], index: usize| lines.get(index).map(text).unwrap_or_default();
    for (sign, lines, others) in [('-', &hunk.removed, &hunk.added), ('+', &hunk.added, &hunk.removed)] {
        for (index, line) in lines.iter().take(MAX_SHOWN).enumerate() {
            let (line, other) = (text(line), other(others, index));
            let differ = first_difference(&line, &other);
            let _ = writeln!(
                out,
                "    {sign} {}{}",
                around(&line, differ, MAX_LINE),
                remark(sign, &line, &other)
            );
        }
        if lines.len() > MAX_SHOWN {
            let _ = writeln!(out, "    {sign} … {} lines more", lines.len() - MAX_SHOWN);
        }
    }
}

/// Says of a new line that it looks like the one that it replaces.
fn remark(sign: char, line: &str, other: &str) -> &'static str {
    match only::of(other, line) {
        Some(Only::WhiteSpace | Only::LineEnds) if sign == '+' && !other.is_empty() => "  (only white space)",
        _ => "",
    }
}

/// A value on one line.
fn shown(value: &RawValue) -> String {
    let text = value.get();
    let cut = cut(text, MAX_VALUE);
    let shown = all_visible(&cut);
    if cut.len() < text.len() { format!("{shown} ({} bytes)", text.len()) } else { shown.into_owned() }
}

/// Two values that differ, each on one line: long ones from shortly before their first difference on, so that the two
/// never look the same.
fn both_shown(before: &str, after: &str) -> (String, String) {
    let is_long = |text: &str| text.chars().nth(MAX_VALUE).is_some();
    if !is_long(before) && !is_long(after) {
        return (all_visible(before).into_owned(), all_visible(after).into_owned());
    }
    // Of strings, what they mean: `\u00e9` is no difference from `é`.
    let (a, b) = match (content(before), content(after)) {
        (Some(a), Some(b)) if a != b => (quoted(&a), quoted(&b)),
        _ => (before.into(), after.into()),
    };
    let differ = first_difference(&a, &b);
    let side = |shown: &str, whole: &str| {
        let part = around(shown, differ, MAX_VALUE);
        if is_long(shown) { format!("{part} ({} bytes)", whole.len()) } else { part }
    };
    (side(&a, before), side(&b, after))
}

fn content(value: &str) -> Option<String> {
    value.starts_with('"').then(|| String::from_utf8_lossy(&unescaped(value)).into_owned())
}

fn quoted(text: &str) -> Cow<'static, str> {
    // A string is always written.
    serde_json::to_string(text).unwrap_or_default().into()
}

/// Where two texts differ first, in bytes of both.
fn first_difference(a: &str, b: &str) -> usize {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// At most so many characters of a text, from shortly before `at` on; a cut is marked by `…`.
fn around(text: &str, at: usize, max: usize) -> String {
    if text.chars().nth(max).is_none() {
        return all_visible(text).into_owned();
    }
    let before = text.get(..at).unwrap_or(text);
    let start = before.char_indices().rev().take(BEFORE).last().map_or(before.len(), |(start, _)| start);
    let rest = text.get(start..).unwrap_or_default();
    format!("{}{}", if start > 0 { "…" } else { "" }, all_visible(&cut(rest, max)))
}
