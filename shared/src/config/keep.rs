//! Paths that belong to an environment: a config that comes from another one keeps the values that are there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{ConfigError, PatchError};
use super::pointer::Pointer;
use super::span::{Kind, elements, kind, members, unescaped};
use super::tree::{Fault, Node, Tree};
use super::value::equal;
use super::{Config, MAX_BYTES};

#[cfg(test)]
mod tests;

/// Most paths of one environment.
pub const MAX_PATHS: usize = 50;

/// Longest path, in bytes.
pub const MAX_PATH: usize = 200;

/// Members that may tell an array's elements apart, the first that does is used.
const IDENTITIES: [&[u8]; 5] = [b"id", b"uid", b"key", b"slug", b"name"];

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
/// `incoming` has what is around it. What `own` does not have stays as `incoming` says. Elements of arrays are matched
/// by the first of `id`, `uid`, `key`, `slug` and `name` that all elements of both arrays have, each another value; without
/// such a member by position, and then only where both arrays have as many elements: otherwise nobody knows which is which.
///
/// # Errors
///
/// [`PatchError::Invalid`] when the paths take too much time or memory; [`PatchError::Result`] when the config would
/// grow over its limit.
pub fn apply(incoming: &Config, own: &Config, keep: &Keep) -> Result<Config, PatchError> {
    let mut places = Vec::new();
    for path in &keep.0 {
        let mut walk = Walk { places: &mut places, at: Vec::new() };
        walk.level(incoming.text(), own.text(), &path.tokens);
    }
    if places.is_empty() {
        return Ok(incoming.clone());
    }
    let mut tree = Tree::new(incoming.text());
    for (path, value) in &places {
        tree.add_or_replace(path, Node::text(value)).map_err(refused)?;
    }
    Ok(Config::check(tree.finish()?)?)
}

fn refused(fault: Fault) -> PatchError {
    match fault {
        Fault::Refused(reason) => PatchError::Invalid { operation: None, reason },
        Fault::TooLarge => PatchError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}

/// Collects the places where the own value counts, by their paths in the incoming config.
struct Walk<'p, 'a> {
    places: &'p mut Vec<(Vec<String>, &'a str)>,
    at: Vec<String>,
}

impl<'a> Walk<'_, 'a> {
    fn level(&mut self, incoming: &'a str, own: &'a str, path: &[String]) {
        let Some((token, rest)) = path.split_first() else {
            if !equal(incoming, own) {
                self.places.push((self.at.clone(), own));
            }
            return;
        };
        match (kind(incoming), kind(own)) {
            (Kind::Object, Kind::Object) => self.objects(incoming, own, token, rest),
            (Kind::Array, Kind::Array) => self.arrays(incoming, own, token, rest),
            _ => {}
        }
    }

    fn objects(&mut self, incoming: &'a str, own: &'a str, token: &str, rest: &[String]) {
        let (Ok(incoming), Ok(own)) = (members(incoming), members(own)) else { return };
        let incoming: HashMap<Cow<'_, [u8]>, &str> =
            incoming.iter().map(|member| (member.key(), member.value.get())).collect();
        for member in own {
            let key = member.key();
            if token != "*" && token.as_bytes() != key.as_ref() {
                continue;
            }
            // No path can name a key with half of a surrogate pair.
            let Ok(name) = std::str::from_utf8(&key) else { continue };
            self.at.push(name.to_owned());
            match incoming.get(&key) {
                Some(there) => self.level(there, member.value.get(), rest),
                None if rest.is_empty() && token != "*" => {
                    self.places.push((self.at.clone(), member.value.get()));
                }
                None => {}
            }
            self.at.pop();
        }
    }

    fn arrays(&mut self, incoming: &'a str, own: &'a str, token: &str, rest: &[String]) {
        let (Ok(incoming), Ok(own)) = (elements(incoming), elements(own)) else { return };
        let incoming: Vec<&str> = incoming.iter().map(|element| element.get()).collect();
        let own: Vec<&str> = own.iter().map(|element| element.get()).collect();
        for (index, own) in pairs(&incoming, &own) {
            let name = index.to_string();
            if let Some(there) = incoming.get(index).filter(|_| token == "*" || token == name) {
                self.at.push(name);
                self.level(there, own, rest);
                self.at.pop();
            }
        }
    }
}

/// The elements of `own` that are elements of `incoming`, with their places there.
fn pairs<'a>(incoming: &[&'a str], own: &[&'a str]) -> Vec<(usize, &'a str)> {
    for identity in IDENTITIES {
        if let (Some(places), Some(known)) = (identified(incoming, identity), identified(own, identity)) {
            return known
                .into_iter()
                .filter_map(|(value, at)| Some((*places.get(&value)?, *own.get(at)?)))
                .collect();
        }
    }
    if incoming.len() == own.len() { own.iter().copied().enumerate().collect() } else { Vec::new() }
}

/// Where the element with each value of the member `identity` is; `None` unless it tells all elements apart.
fn identified<'a>(elements: &[&'a str], identity: &[u8]) -> Option<HashMap<Cow<'a, [u8]>, usize>> {
    let mut places = HashMap::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let members = members(element).ok()?;
        let value = members.iter().find(|member| member.key() == identity)?.value.get();
        let value = match kind(value) {
            Kind::String => unescaped(value),
            Kind::Number => Cow::Borrowed(value.as_bytes()),
            _ => return None,
        };
        if places.insert(value, index).is_some() {
            return None;
        }
    }
    Some(places)
}
