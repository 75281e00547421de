//! Paths that belong to an environment: a config that comes from another one keeps the values that are there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::diff::{Elements, MATCH_BUDGET, Sameness, paired};
use super::error::{ConfigError, PatchError};
use super::outline::{Id, Outline};
use super::pointer::Pointer;
use super::span::Kind;
use super::tree::{Fault, Node, Tree};
use super::value::equal;
use super::{Config, MAX_BYTES};

#[cfg(test)]
mod tests;

/// Most paths of one environment.
pub const MAX_PATHS: usize = 50;

/// Longest path, in bytes.
pub const MAX_PATH: usize = 200;

/// A place in configs: a JSON Pointer in which `*` stands for any one member or element, such as `/resources/*/url`.
/// A member whose name is `*` cannot be told from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepPath {
    text: String,
    tokens: Vec<String>,
}

/// A text is no [`KeepPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path to keep is a JSON Pointer of 1 to {MAX_PATH} bytes, in which * is any one level: {0:?} is not"
)]
pub struct BadPath(String);

impl FromStr for KeepPath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        match text.parse::<Pointer>() {
            Ok(pointer) if !text.is_empty() && text.len() <= MAX_PATH => {
                Ok(Self { text: text.to_owned(), tokens: pointer.tokens().to_vec() })
            }
            _ => Err(BadPath(super::cut(text))),
        }
    }
}

impl fmt::Display for KeepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The paths that belong to an environment, at most [`MAX_PATHS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep(Vec<KeepPath>);

impl Keep {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Keep {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|path| &path.text))
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let texts = Vec::<String>::deserialize(from)?;
        if texts.len() > MAX_PATHS {
            return Err(D::Error::custom(format!("keep takes at most {MAX_PATHS} paths")));
        }
        let paths: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
        paths.map(Self).map_err(D::Error::custom)
    }
}

/// The config `incoming`, with the values that `own` has at these paths; everything else keeps its text.
///
/// A place that both have takes the value of `own`, and a member that `incoming` lacks is added, where `own` has it and
/// `incoming` has what is around it. What `own` does not have stays as `incoming` says. Elements of arrays are matched by
/// their identity, as in a merge; where nothing tells them apart by position, and then only where both arrays have as
/// many elements: otherwise nobody knows which is which.
///
/// # Errors
///
/// [`PatchError::Invalid`] when the paths take too much time or memory; [`PatchError::Result`] when the config would
/// grow over its limit.
pub fn apply(incoming: &Config, own: &Config, keep: &Keep) -> Result<Config, PatchError> {
    let (incoming_outline, own_outline) = (Outline::of(incoming.text()), Outline::of(own.text()));
    let mut walk =
        Walk { incoming: &incoming_outline, own: &own_outline, places: Vec::new(), at: Vec::new() };
    for path in &keep.0 {
        walk.level(Outline::ROOT, Outline::ROOT, &path.tokens).map_err(refused)?;
    }
    if walk.places.is_empty() {
        return Ok(incoming.clone());
    }
    let kept: HashSet<&[String]> = walk.places.iter().map(|(path, _)| path.as_slice()).collect();
    // What lies in a value that is kept whole came with it, and its place in the incoming config is another's there.
    let is_within = |path: &[String]| (1..path.len()).any(|end| kept.contains(&path[..end]));
    let mut tree = Tree::new(incoming.text());
    for (path, value) in walk.places.iter().filter(|(path, _)| !is_within(path)) {
        tree.add_or_replace(path, Node::text(own_outline.text(*value))).map_err(refused)?;
    }
    Ok(Config::check(tree.finish()?)?)
}

fn refused(fault: Fault) -> PatchError {
    match fault {
        Fault::Refused(reason) => PatchError::Invalid { operation: None, reason },
        Fault::TooLarge => PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}

/// Collects the places where the own value counts.
struct Walk<'o, 'a> {
    incoming: &'o Outline<'a>,
    own: &'o Outline<'a>,
    /// Paths in the incoming config, and own values.
    places: Vec<(Vec<String>, Id)>,
    at: Vec<String>,
}

impl Walk<'_, '_> {
    fn level(&mut self, incoming: Id, own: Id, path: &[String]) -> Result<(), Fault> {
        let Some((token, rest)) = path.split_first() else {
            if !equal(self.incoming.text(incoming), self.own.text(own)) {
                self.places.push((self.at.clone(), own));
            }
            return Ok(());
        };
        let (there, here) = (self.incoming.get(incoming), self.own.get(own));
        if there.kind != here.kind || !matches!(there.kind, Kind::Object | Kind::Array) {
            return Ok(());
        }
        // What is not listed would be overwritten without a word.
        if !self.incoming.is_open(incoming, there.kind) || !self.own.is_open(own, here.kind) {
            return Err(Fault::Refused(
                "the config has too many values for paths to be kept in it".to_owned(),
            ));
        }
        match there.kind {
            Kind::Object => self.objects(incoming, own, token, rest),
            _ => self.arrays(incoming, own, token, rest),
        }
    }

    fn objects(&mut self, incoming: Id, own: Id, token: &str, rest: &[String]) -> Result<(), Fault> {
        let members: HashMap<Cow<'_, [u8]>, Id> =
            self.incoming.children(incoming).map(|id| (self.incoming.key(id), id)).collect();
        for member in self.own.children(own) {
            let key = self.own.key(member);
            if token != "*" && token.as_bytes() != key.as_ref() {
                continue;
            }
            // No path can name a key with half of a surrogate pair.
            let Ok(name) = std::str::from_utf8(&key) else { continue };
            self.at.push(name.to_owned());
            match members.get(&key) {
                Some(there) => self.level(*there, member, rest)?,
                None if rest.is_empty() && token != "*" => self.places.push((self.at.clone(), member)),
                None => {}
            }
            self.at.pop();
        }
        Ok(())
    }

    fn arrays(&mut self, incoming: Id, own: Id, token: &str, rest: &[String]) -> Result<(), Fault> {
        let there: Vec<Id> = self.incoming.children(incoming).collect();
        let here: Vec<Id> = self.own.children(own).collect();
        for (index, own) in self.pairs(&there, &here) {
            let name = index.to_string();
            if let Some(element) = there.get(index).filter(|_| token == "*" || token == name) {
                self.at.push(name);
                self.level(*element, own, rest)?;
                self.at.pop();
            }
        }
        Ok(())
    }

    /// The own elements that are elements of the incoming array, with their places there.
    fn pairs(&self, there: &[Id], here: &[Id]) -> Vec<(usize, Id)> {
        let (own, incoming) = (Elements::new(self.own, here), Elements::new(self.incoming, there));
        let aligned = paired(own, incoming, Sameness::Identity, &mut { MATCH_BUDGET });
        aligned.pairs.iter().filter_map(|pair| Some((pair.new, *here.get(pair.old)?))).collect()
    }
}
