//! What stands against a merge, as problems.

use serde::Serialize;

use super::Problem;
use crate::config::keep::KeepError;
use crate::config::merge::{Conflict, MergeError, TakeError};
use crate::entry::{Author, Entry};
use crate::history::Since;
use crate::id::Version;

/// Most conflicts in one answer.
const MAX_LISTED: usize = 100;

/// Longest values of one conflict, together, in bytes; longer ones are left out.
const MAX_VALUES: usize = 16 * 1024;

/// A conflict as answers show it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    conflict: Conflict,
    /// Who gave the place what the head has; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a Author>,
    /// The values are too long for this answer: read them in the versions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    values_left_out: bool,
}

impl Problem {
    /// A merge that failed. `since` is what came between the base and `head`, `authors` are those of the conflicts.
    pub fn merge(error: MergeError, head: &Entry, since: &Since, authors: &[Option<Author>]) -> Self {
        let advice = format!(
            "decide for each place, and send the whole again with If-Match: \"{head}\" or Waymark-Base: {head}.",
            head = head.version
        );
        Self::clash(error, head, since, authors, &advice)
    }

    /// An undo that would overwrite what came after the entry. `since` is that, `authors` are those of the conflicts.
    pub fn undo(error: MergeError, head: &Entry, since: &Since, authors: &[Option<Author>]) -> Self {
        let advice = "and save it as it should be; or restore only the parts (\"paths\") that nobody has changed since.";
        Self::clash(error, head, since, authors, advice)
    }

    /// A promotion with a merge that failed. `since` is what came here since the last one, `incoming` the snapshot in words.
    pub fn promotion(
        error: MergeError,
        head: &Entry,
        since: &Since,
        authors: &[Option<Author>],
        incoming: &str,
    ) -> Self {
        let (conflicts, total) = match error {
            MergeError::Conflicts { conflicts, total } => (conflicts, total),
            MergeError::TooLarge => {
                return Self::unprocessable(
                    "merge-too-large",
                    "Too large to be merged",
                    format!(
                        "Merging {incoming} would take too much time or memory; nothing was published. Bring the changes \
                         there first, or promote over them with \"go_ahead\": true."
                    ),
                );
            }
            MergeError::Result(error) => return error.into(),
        };
        let who = since.only_author().map_or("somebody here", |author| author.name.as_str());
        let count = if total == 1 { "1 place".to_owned() } else { format!("{total} places") };
        Self::both_changed(
            format!(
                "{incoming} and {who} changed {count}, each in another way; nothing was published. Make both the same, \
                 here or there, and promote again; or promote over what is here with \"go_ahead\": true."
            ),
            (head, since.base),
            (&listed(conflicts, authors), total),
        )
    }

    fn clash(
        error: MergeError,
        head: &Entry,
        since: &Since,
        authors: &[Option<Author>],
        advice: &str,
    ) -> Self {
        let (conflicts, total) = match error {
            MergeError::Conflicts { conflicts, total } => (conflicts, total),
            MergeError::TooLarge => return Self::merge_too_large(head),
            MergeError::Result(error) => return error.into(),
        };
        let listed = listed(conflicts, authors);
        let who = since.only_author().map_or("Others", |author| author.name.as_str());
        let (base, version, places) = (since.base, head.version, places(total));
        Self::both_changed(
            format!("{who} changed {places} since #{base}; nothing was saved. Read #{version}, {advice}"),
            (head, base),
            (&listed, total),
        )
    }

    fn both_changed(
        detail: String,
        (head, base): (&Entry, Version),
        (listed, total): (&[Listed<'_>], usize),
    ) -> Self {
        Self::conflict("merge-conflict", "Both changed the same", detail)
            .with("version", head.version.get())
            .with("etag", format!("\"{}\"", head.config.sha256))
            .with("base", base.get())
            .with("total", total)
            .with_json("conflicts", &listed)
    }

    fn merge_too_large(head: &Entry) -> Self {
        Self::unprocessable(
            "merge-too-large",
            "Too large to be merged",
            format!(
                "Merging would take too much time or memory. Read #{head}, apply the change to it, and save with \
                 If-Match: \"{head}\".",
                head = head.version
            ),
        )
        .with("version", head.version.get())
    }
}

fn places(total: usize) -> String {
    if total == 1 { "1 of the same places".to_owned() } else { format!("{total} of the same places") }
}

/// Conflicts as answers show them, at most 100, each with its author where that is known.
fn listed(conflicts: Vec<Conflict>, authors: &[Option<Author>]) -> Vec<Listed<'_>> {
    let authors = authors.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    conflicts
        .into_iter()
        .take(MAX_LISTED)
        .zip(authors)
        .map(|(conflict, author)| shown(conflict, author))
        .collect()
}

fn shown(mut conflict: Conflict, author: Option<&Author>) -> Listed<'_> {
    let values = [&conflict.base, &conflict.ours, &conflict.theirs];
    let bytes: usize = values.into_iter().flatten().map(|value| value.get().len()).sum();
    let values_left_out = bytes > MAX_VALUES;
    if values_left_out {
        (conflict.base, conflict.ours, conflict.theirs) = (None, None, None);
    }
    Listed { conflict, author, values_left_out }
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Ambiguous { paths } => Self::conflict(
                "keep-ambiguous",
                "Nobody can tell whose the values to keep are",
                "Nothing was changed. The settings keep values of elements of an array, and nothing tells for sure which element \
                 is which in the two environments: what is kept itself does not count. Give the elements an id, or take the paths \
                 out of keep (PUT /settings).",
            )
            .with("paths", paths),
            KeepError::TooLarge => Self::unprocessable(
                "merge-too-large",
                "Too large for values to be kept",
                "Nothing was changed: the config has too many values for paths to be kept in it. Take the paths out of keep \
                 (PUT /settings).",
            ),
            KeepError::Result(error) => error.into(),
        }
    }
}

impl From<TakeError> for Problem {
    fn from(error: TakeError) -> Self {
        let text = error.to_string();
        let problem =
            |kind, title| Self::unprocessable(kind, title, format!("Nothing was restored: {text}."));
        match error {
            TakeError::NoParent { pointer } => {
                problem("path-has-no-parent", "There is no place for it").with("pointer", pointer)
            }
            TakeError::Nowhere { pointer } => {
                problem("path-not-found", "There is nothing at the path").with("pointer", pointer)
            }
            TakeError::Ambiguous { pointer } => {
                let problem = Self::conflict(
                    "part-ambiguous",
                    "Nobody can tell which element it is",
                    format!(
                        "Nothing was restored: {text}. Restore what is around it, or save the config as it should be. \
                         Elements with an id are always told apart."
                    ),
                );
                problem.with("pointer", pointer)
            }
            TakeError::TooLarge => problem("merge-too-large", "Too large to be restored in parts"),
            TakeError::Result(error) => error.into(),
        }
    }
}
