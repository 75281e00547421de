//! A difference as plain text.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::label::cut;
use super::lines::Hunk;
use super::{Change, Diff, Op};

/// Longest value shown, in characters.
const MAX_VALUE: usize = 80;

/// Longest line of a text shown.
const MAX_LINE: usize = 160;

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
    let before = change.before.as_deref().map(shown).unwrap_or_default();
    let after = change.after.as_deref().map(shown).unwrap_or_default();
    let _ = match (change.op, &change.lines) {
        (Op::Add, _) => writeln!(out, "+ {label}: {after}"),
        (Op::Remove, _) => writeln!(out, "- {label}: {before}"),
        (Op::Move, _) => {
            let from = change.from.as_deref().unwrap_or(&change.path);
            writeln!(out, "> {label}: moved from {from} to {}", change.path)
        }
        (Op::Replace, None) => writeln!(out, "~ {label}: {before} → {after}"),
        (Op::Replace, Some(hunks)) => {
            let _ = writeln!(out, "~ {label}:");
            hunks.iter().for_each(|hunk| lines(out, hunk));
            Ok(())
        }
    };
}

fn lines(out: &mut String, hunk: &Hunk) {
    let _ = writeln!(out, "    @@ line {} → {} @@", hunk.before, hunk.after);
    for (sign, lines) in [('-', &hunk.removed), ('+', &hunk.added)] {
        for line in lines.iter().take(MAX_SHOWN) {
            let _ = writeln!(out, "    {sign} {}", cut(line.trim_end_matches('\r'), MAX_LINE));
        }
        if lines.len() > MAX_SHOWN {
            let _ = writeln!(out, "    {sign} … {} lines more", lines.len() - MAX_SHOWN);
        }
    }
}

/// A value on one line.
fn shown(value: &RawValue) -> String {
    let text = value.get();
    let cut = cut(text, MAX_VALUE);
    if cut.len() < text.len() { format!("{cut} ({} bytes)", text.len()) } else { cut.into_owned() }
}
