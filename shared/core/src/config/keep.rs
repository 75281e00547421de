//! Paths that belong to an environment: a config that comes from another one keeps the values that are there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::diff::{Elements, MATCH_BUDGET, Pair, Sameness, paired, twins};
use super::error::ConfigError;
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

/// Why values were not kept. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Nobody can tell which element's value belongs to which element.
    #[error("which elements the values of {} belong to cannot be told", .paths.join(", "))]
    Ambiguous {
        /// The paths, as they were given.
        paths: Vec<String>,
    },
    /// The paths take too much time or memory.
    #[error("the config has too many values for paths to be kept in it")]
    TooLarge,
    /// What comes out is no valid config.
    #[error("the config would not be valid: {0}")]
    Result(#[from] ConfigError),
}

/// Returns the config `incoming` with the values that `own` has at these paths; everything else keeps its text.
///
/// A place that both have takes the value of `own`. A member that `incoming` lacks is added where `own` has it and
/// `incoming` has what is around it. What `own` does not have stays as `incoming` says.
///
/// Elements of arrays are known as in a difference, but never by what is kept: a value that belongs to an environment
/// says nothing of the element.
///
/// # Errors
///
/// [`KeepError::Ambiguous`] where it is not sure which element is which; [`KeepError::TooLarge`];
/// [`KeepError::Result`] where the config would grow over its limit.
pub fn apply(incoming: &Config, own: &Config, keep: &Keep) -> Result<Config, KeepError> {
    let (incoming_outline, own_outline) = (Outline::of(incoming.text()), Outline::of(own.text()));
    let mut walk = Walk {
        incoming: &incoming_outline,
        own: &own_outline,
        keep,
        matching: MATCH_BUDGET,
        places: Vec::new(),
        at: Vec::new(),
        is_ambiguous: false,
    };
    let mut ambiguous = Vec::new();
    for path in &keep.0 {
        walk.level(Outline::ROOT, Outline::ROOT, &path.tokens)?;
        if std::mem::take(&mut walk.is_ambiguous) {
            ambiguous.push(path.text.clone());
        }
    }
    if !ambiguous.is_empty() {
        return Err(KeepError::Ambiguous { paths: ambiguous });
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

fn refused(fault: Fault) -> KeepError {
    match fault {
        Fault::Refused(_) => KeepError::TooLarge,
        Fault::TooLarge => KeepError::Result(ConfigError::TooLarge { limit: MAX_BYTES }),
    }
}

/// Collects the places where the own value counts.
struct Walk<'o, 'a> {
    incoming: &'o Outline<'a>,
    own: &'o Outline<'a>,
    keep: &'o Keep,
    /// Elements that may still be matched finely.
    matching: usize,
    /// Paths in the incoming config, and own values.
    places: Vec<(Vec<String>, Id)>,
    at: Vec<String>,
    /// Whether the elements of an array on the way cannot be told from each other.
    is_ambiguous: bool,
}

impl Walk<'_, '_> {
    fn level(&mut self, incoming: Id, own: Id, path: &[String]) -> Result<(), KeepError> {
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
            return Err(KeepError::TooLarge);
        }
        match there.kind {
            Kind::Object => self.objects(incoming, own, token, rest),
            _ => self.arrays(incoming, own, token, rest),
        }
    }

    fn objects(&mut self, incoming: Id, own: Id, token: &str, rest: &[String]) -> Result<(), KeepError> {
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

    fn arrays(&mut self, incoming: Id, own: Id, token: &str, rest: &[String]) -> Result<(), KeepError> {
        let there: Vec<Id> = self.incoming.children(incoming).collect();
        let here: Vec<Id> = self.own.children(own).collect();
        let kept = self.kept_members();
        let aligned = {
            let old = Elements { outline: self.own, ids: &here, without: &kept };
            let new = Elements { outline: self.incoming, ids: &there, without: &kept };
            let is_all_kept = rest.first().is_none_or(|token| token == "*");
            Known::new(old, new, is_all_kept, &mut self.matching)
        };
        for (index, element) in there.iter().enumerate() {
            let name = index.to_string();
            if token != "*" && token != name {
                continue;
            }
            match aligned.own(index) {
                Own::Is(place) => {
                    let Some(own) = here.get(place).copied() else { continue };
                    self.at.push(name);
                    self.level(*element, own, rest)?;
                    self.at.pop();
                }
                Own::New => {}
                // An element that has nothing to keep may be any.
                Own::MayBe(places) => {
                    let mut may_be = places.iter().filter_map(|place| here.get(*place).copied());
                    self.is_ambiguous |= may_be.any(|own| self.differs(*element, own, rest));
                }
            }
        }
        Ok(())
    }

    /// True if the own value at a path within an element would make the incoming element another.
    fn differs(&self, incoming: Id, own: Id, rest: &[String]) -> bool {
        let Some((token, rest)) = rest.split_first() else {
            return !equal(self.incoming.text(incoming), self.own.text(own));
        };
        let step = |outline: &Outline<'_>, id: Id| {
            (token != "*").then(|| outline.member(id, token.as_bytes())).flatten()
        };
        match (step(self.incoming, incoming), step(self.own, own)) {
            (Some(incoming), Some(own)) => self.differs(incoming, own, rest),
            (None, None) => token == "*",
            _ => true,
        }
    }

    /// The members of the elements of the present array that are kept, or have something in them that is.
    fn kept_members(&self) -> Vec<Vec<u8>> {
        let of = |path: &KeepPath| {
            let above = path.tokens.get(..self.at.len())?;
            let is_here = above.iter().zip(&self.at).all(|(token, at)| token == "*" || token == at);
            let key = path.tokens.get(self.at.len() + 1)?;
            (is_here && key != "*").then(|| key.clone().into_bytes())
        };
        self.keep.0.iter().filter_map(of).collect()
    }
}

/// Which own element an incoming one is.
enum Own {
    /// This one.
    Is(usize),
    /// None: it is new.
    New,
    /// One of these, or none.
    MayBe(Vec<usize>),
}

/// The own elements, as the incoming ones are known by what is not kept.
struct Known {
    pairs: HashMap<usize, (usize, bool)>,
    /// Own elements that are in no pair, and whether they have an id.
    gone: Vec<(usize, bool)>,
    /// Whether each incoming element has an id.
    named: Vec<bool>,
    is_whole: bool,
}

impl Known {
    /// Where all that is in the elements is kept, nothing but an id or a name tells which is which; and without these, their
    /// place, where both have as many.
    fn new(own: Elements<'_, '_>, incoming: Elements<'_, '_>, is_all_kept: bool, budget: &mut usize) -> Self {
        let aligned = paired(own, incoming, Sameness::Identity, budget);
        let is_whole = aligned.names.is_some();
        let twins = twins(own, incoming);
        let is_equal = |pair: &Pair| own.hash(pair.old) == incoming.hash(pair.new);
        let is_renumbered = aligned.is_counted && !aligned.pairs.iter().all(is_equal);
        let is_sure = |pair: &Pair| {
            let is_like = || !is_all_kept && pair.sure && !twins.contains(&own.hash(pair.old));
            !is_renumbered && (aligned.is_known(pair) || is_like())
        };
        let has_ids = aligned.named.iter().flatten().any(|named| *named);
        if is_all_kept && !is_whole && !has_ids && own.ids.len() == incoming.ids.len() {
            let pairs = (0..own.ids.len()).map(|place| (place, (place, true))).collect();
            return Self { pairs, gone: Vec::new(), named: Vec::new(), is_whole };
        }
        let pairs: HashMap<usize, (usize, bool)> =
            aligned.pairs.iter().map(|pair| (pair.new, (pair.old, is_sure(pair)))).collect();
        let paired: HashSet<usize> = aligned.pairs.iter().map(|pair| pair.old).collect();
        let gone = (0..own.ids.len()).filter(|place| !paired.contains(place));
        let gone = gone.map(|place| (place, aligned.is_named(0, place))).collect();
        let [_, named] = aligned.named;
        Self { pairs, gone, named, is_whole }
    }

    fn own(&self, incoming: usize) -> Own {
        match self.pairs.get(&incoming) {
            Some((own, true)) => Own::Is(*own),
            Some((own, false)) => Own::MayBe(vec![*own]),
            None if self.is_whole => Own::New,
            None => {
                let is_named = self.named.get(incoming).copied().unwrap_or_default();
                let may_be = self.gone.iter().filter(|(_, own_is_named)| !(is_named && *own_is_named));
                Own::MayBe(may_be.map(|(place, _)| *place).collect())
            }
        }
    }
}
