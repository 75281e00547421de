//! Preconditions: what a request says about the version that it builds on.

use http::HeaderMap;
use http::header::IF_MATCH;

use crate::entry::Entry;
use crate::hash::Sha256;
use crate::history::{Attempt, Decide, Decision};
use crate::id::Version;
use crate::problem::Problem;

/// One member of a list of entity tags.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tag {
    Version(Version),
    Config(Sha256),
    Other,
}

/// What `If-Match` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing: the header is absent.
    Absent,
    /// Any config, so long as there is one: overwrite knowingly.
    Any,
    /// One of these versions or configs.
    OneOf(Tags),
}

/// The versions and configs that `If-Match` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags(Vec<Tag>);

impl IfMatch {
    /// Reads `If-Match`: `*`, or a list of versions (`"7"`) and ETags, weak or strong.
    ///
    /// # Errors
    /// 400 when it is neither.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let values: Vec<_> = headers.get_all(IF_MATCH).iter().collect();
        if values.is_empty() {
            return Ok(Self::Absent);
        }
        let mut tags = Vec::new();
        for value in values {
            let text = value.to_str().unwrap_or_default();
            if text.trim() == "*" {
                return Ok(Self::Any);
            }
            tags.extend(parse(text).ok_or_else(|| {
                Problem::malformed(
                    "If-Match takes a version in quotes (If-Match: \"7\"), an ETag as it was given, or *.",
                )
            })?);
        }
        Ok(Self::OneOf(Tags(tags)))
    }

    /// Whether the newest entry is one that the header allows to build on.
    ///
    /// # Errors
    /// 412 with the current version when it is not, or when there is none.
    pub fn check(&self, head: Option<&Entry>) -> Result<(), Problem> {
        let passes = match (self, head) {
            (Self::Absent, _) | (Self::Any, Some(_)) => true,
            (Self::OneOf(Tags(tags)), Some(head)) => tags.iter().any(|tag| match tag {
                Tag::Version(version) => *version == head.version,
                Tag::Config(sha256) => *sha256 == head.config.sha256,
                Tag::Other => false,
            }),
            (_, None) => false,
        };
        if passes { Ok(()) } else { Err(mismatch(head)) }
    }
}

/// A decision that counts only on an entry that `If-Match` allows.
#[derive(Debug)]
pub struct Guarded<D> {
    if_match: IfMatch,
    decision: D,
}

impl IfMatch {
    /// Takes `decision` only on an entry that the header allows to build on; 412 otherwise.
    pub fn guard<D>(self, decision: D) -> Guarded<D> {
        Guarded { if_match: self, decision }
    }
}

impl<D: Decide<Refusal = Problem>> Decide for Guarded<D> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        self.if_match.check(attempt.head.map(|head| &head.entry))?;
        self.decision.decide(attempt).await
    }

    fn reads_beside(&self) -> bool {
        self.decision.reads_beside()
    }
}

/// 412: the newest entry is not what the request builds on; with its version and ETag.
pub fn mismatch(head: Option<&Entry>) -> Problem {
    let problem = |detail: String| {
        Problem::new(
            http::StatusCode::PRECONDITION_FAILED,
            "version-mismatch",
            "Not the current version",
            detail,
        )
    };
    match head {
        Some(head) => problem(format!(
            "The working version is #{}, saved by {}. Read it, apply your change to it, and save with If-Match: \"{}\".",
            head.version, head.author.name, head.version
        ))
        .with("version", head.version.get())
        .with("etag", format!("\"{}\"", head.config.sha256)),
        None => problem("Nothing has been saved here yet. Leave If-Match and Waymark-Base out.".to_owned()),
    }
}

/// The header that asks for a merge with what came since a version.
const WAYMARK_BASE: &str = "waymark-base";

/// Reads `Waymark-Base`: the number of the version that the request builds on, in quotes or not.
///
/// # Errors
/// 400 when it is no version.
pub fn base(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(WAYMARK_BASE) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    text.parse().map(Some).map_err(|_| {
        Problem::malformed(
            "Waymark-Base takes the number of the version that this builds on (Waymark-Base: 7).",
        )
    })
}

/// Whether a header such as `If-None-Match` names this config. Weak and strong tags compare alike (RFC 9110, 13.1.2).
pub fn matches_etag(headers: &HeaderMap, name: http::HeaderName, sha256: &Sha256) -> bool {
    headers.get_all(name).iter().any(|value| {
        let text = value.to_str().unwrap_or_default();
        text.trim() == "*" || parse(text).is_some_and(|tags| tags.contains(&Tag::Config(*sha256)))
    })
}

/// Reads a comma-separated list of entity tags. The tags of Waymark hold no comma and no quote.
fn parse(text: &str) -> Option<Vec<Tag>> {
    text.split(',')
        .map(|part| {
            let part = part.trim();
            let part = part.strip_prefix("W/").unwrap_or(part);
            let inner = part.strip_prefix('"')?.strip_suffix('"')?;
            Some(match (inner.parse(), inner.parse()) {
                (Ok(version), _) => Tag::Version(version),
                (_, Ok(sha256)) => Tag::Config(sha256),
                _ => Tag::Other,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<IfMatch, Problem> {
        IfMatch::read(&HeaderMap::from_iter([(IF_MATCH, value.parse().unwrap())]))
    }

    #[test]
    fn versions_etags_and_star_are_told_apart() {
        let hash = Sha256::of(b"{}");
        assert_eq!(read("*").unwrap(), IfMatch::Any);
        assert_eq!(
            read("\"7\"").unwrap(),
            IfMatch::OneOf(Tags(vec![Tag::Version(Version::new(7).unwrap())]))
        );
        assert_eq!(
            read(&format!("W/\"{hash}\", \"x\"")).unwrap(),
            IfMatch::OneOf(Tags(vec![Tag::Config(hash), Tag::Other]))
        );
        for bad in ["7", "\"7", "7\"", "\"7\" \"8\"x", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
