//! Which lines of a text changed.

use imara_diff::{Algorithm, InternedInput};
use serde::Serialize;

/// Longest text, in lines, that is compared line by line.
const MAX_LINES: usize = 20_000;

/// Lines that stand in the place of others.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hunk {
    /// The number, from 1, of the first line of the older text that is gone; where none is, of the line after.
    pub before: usize,
    /// The number, from 1, of the first line of the newer text that is new; where none is, of the line after.
    pub after: usize,
    /// The lines that are gone, without their ends.
    pub removed: Vec<String>,
    /// The lines that are new.
    pub added: Vec<String>,
}

/// Shows the places only: contents never reach a log.
impl std::fmt::Debug for Hunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hunk({}, {})", self.before, self.after)
    }
}

/// The changed lines of two texts. `None` where neither has several lines, or one is too long for it.
pub(super) fn lines(before: &str, after: &str, budget: &mut usize) -> Option<Vec<Hunk>> {
    if !before.contains('\n') && !after.contains('\n') {
        return None;
    }
    let split = |text: &'_ str| text.matches('\n').count() + 1;
    let size = split(before).max(split(after));
    if size > MAX_LINES || size > *budget {
        return None;
    }
    *budget -= size;
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut script = imara_diff::Diff::compute(Algorithm::Myers, &input);
    script.postprocess_lines(&input);
    let owned = |lines: &[&str], range: std::ops::Range<u32>| {
        let lines = lines.get(range.start as usize..range.end as usize).unwrap_or_default();
        lines.iter().map(|line| (*line).to_owned()).collect()
    };
    let hunks = script.hunks().map(|hunk| Hunk {
        before: hunk.before.start as usize + 1,
        after: hunk.after.start as usize + 1,
        removed: owned(&old, hunk.before.clone()),
        added: owned(&new, hunk.after),
    });
    Some(hunks.collect())
}
