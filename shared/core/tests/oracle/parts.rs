//! Parts of an earlier config (`take`) and values of an environment (`keep`), judged as merges are.
//!
//! Both know two configs only, so that an element of one is an element of the other by a reading of these
//! two. A refusal is always safe. Otherwise:
//!
//! - `keep`: the result is what comes in, in its order, with the own values at the kept paths, for an
//!   accepted reading **of what is not kept**: a kept value identifies nothing. A value that the own
//!   config lacks comes along. One that what comes in lacks may be kept, or be left out with its place;
//! - `take`: the result is the head, in its order, with the earlier values at the paths. A whole element
//!   that is gone comes back once, behind the neighbour before it or before the one behind it. One that
//!   is there may stay in its place, or go back.
//!
//! An element that may have been replaced (see `judge`) may count as another one, under the same
//! conditions.

use waymark_core::config::merge::take_paths;
use waymark_core::config::{Config, keep};

use crate::generate::{Gen, Kind};
use crate::reading::{self, Reading, Search, may_be_replaced, other_id};
use crate::tree::{Elem, Node, same};

/// Why nothing was done: a `keep` that cannot be honoured, a part without a place.
pub(crate) struct Refusal;

/// Keeps the values of `own` at `paths` (JSON Pointers with `*`) in `incoming`, by the code under test.
pub(crate) fn keep(incoming: &str, own: &str, paths: &[&str]) -> Result<String, Refusal> {
    let config = |text: &str| Config::check(text.to_owned()).expect("a config");
    let paths = serde_json::from_value(serde_json::json!(paths)).expect("paths");
    let kept = keep::apply(&config(incoming), &config(own), &paths);
    kept.map(|config| config.text().to_owned()).map_err(|_| Refusal)
}

/// Brings the values of `earlier` at `paths` (JSON Pointers) back into `head`, by the code under test.
pub(crate) fn take(head: &str, earlier: &str, paths: &[&str]) -> Result<String, Refusal> {
    let config = |text: &str| Config::check(text.to_owned()).expect("a config");
    let paths: Vec<_> = paths.iter().map(|path| path.parse().expect("a pointer")).collect();
    let taken = take_paths(&config(head), &config(earlier), &paths);
    taken.map(|config| config.text().to_owned()).map_err(|_| Refusal)
}

/// Two configs, of which the second is what became of the first, and the paths that are kept or brought
/// back.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// Earlier; own.
    pub(crate) first: Node,
    /// Head; incoming.
    pub(crate) second: Node,
    pub(crate) paths: Vec<String>,
}

/// What is accepted beside the hidden truth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Truth,
    Equivalent,
    ByRule,
}

type Path<'a> = Vec<&'a str>;

fn split(paths: &[String]) -> Vec<Path<'_>> {
    paths.iter().map(|p| p.split('/').skip(1).collect()).collect()
}

/// Returns what is left of the paths behind a key.
fn behind<'a>(paths: &[Path<'a>], key: &str) -> Vec<Path<'a>> {
    paths
        .iter()
        .filter(|p| p.first().is_some_and(|f| *f == key || *f == "*"))
        .map(|p| p[1..].to_vec())
        .collect()
}

fn ends(paths: &[Path]) -> bool {
    paths.iter().any(Vec::is_empty)
}

fn keys<'a>(nodes: &[&'a Node]) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    for node in nodes {
        if let Node::Obj(fields) = node {
            out.extend(fields.iter().map(|(k, _)| k.as_str()));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Leaves out what is at the paths.
fn masked(node: &Node, paths: &[Path]) -> Node {
    match node {
        Node::Obj(fields) => Node::Obj(
            fields
                .iter()
                .filter(|(k, _)| !ends(&behind(paths, k)))
                .map(|(k, n)| (k.clone(), masked(n, &behind(paths, k))))
                .collect(),
        ),
        Node::Arr(items) if !paths.is_empty() => Node::Arr(
            items.iter().map(|e| Elem { uid: e.uid, node: masked(&e.node, &behind(paths, "*")) }).collect(),
        ),
        _ => node.clone(),
    }
}

/// Returns the accepted readings of what became of `first`, each with the elements that may count as
/// others.
fn readings(first: &[Elem], second: &[Elem], truly: bool, level: Level) -> Vec<Reading> {
    let truth = reading::truth(first, second);
    let mut out = Vec::new();
    if truly {
        out.push(truth.clone());
    }
    if level > Level::Truth || !truly {
        out.extend(Search::run(first, second, truly.then_some(&truth)).0);
    }
    if level == Level::ByRule {
        out.extend(reading::by_key(first, second, first).into_iter().map(|(r, _)| r));
        // By position where both have as many, and no ids tell them apart.
        let ids = first.iter().chain(second).all(|e| e.node.strong().is_some());
        if first.len() == second.len() && !ids {
            out.push((0..first.len()).map(Some).collect());
        }
    }
    out
}

/// True if what is at one place may be another element than what was there.
fn may_differ(first: &[Elem], second: &[Elem], i: usize, j: usize, level: Level) -> bool {
    let (a, b) = (&first[i].node, &second[j].node);
    level > Level::Truth && may_be_replaced(a, b) && (first.len() != second.len() || other_id(a, b))
}

/// True if `r` is `incoming` with the values of `own` at the paths.
pub(crate) fn kept(
    incoming: &Node,
    own: Option<&Node>,
    r: &Node,
    paths: &[Path],
    truly: bool,
    level: Level,
) -> bool {
    let Some(own) = own.filter(|_| !paths.is_empty()) else { return same(r, incoming) };
    match (incoming, own, r) {
        (Node::Obj(_), Node::Obj(_), Node::Obj(_)) => keys(&[incoming, own, r]).into_iter().all(|k| {
            let below = behind(paths, k);
            match (incoming.get(k), own.get(k), r.get(k)) {
                (None, None, None) => true,
                (Some(_), Some(o), Some(r)) if ends(&below) => same(r, o),
                (Some(i), o, Some(r)) => kept(i, o, r, &below, truly, level),
                (None, Some(_), None) => true,
                (None, Some(o), Some(r)) => !below.is_empty() && same(r, o),
                _ => false,
            }
        }),
        (Node::Arr(i), Node::Arr(o), Node::Arr(r)) if i.len() == r.len() => {
            let below = behind(paths, "*");
            let mask = |items: &[Elem]| -> Vec<Elem> {
                items.iter().map(|e| Elem { uid: e.uid, node: masked(&e.node, &below) }).collect()
            };
            let (mi, mo) = (mask(i), mask(o));
            readings(&mo, &mi, truly, level).iter().any(|reading| {
                (0..i.len()).all(|n| {
                    let at = reading.iter().position(|s| *s == Some(n));
                    let true_pair = truly && at.is_some_and(|at| o[at].uid == i[n].uid);
                    kept(&i[n].node, at.map(|at| &o[at].node), &r[n].node, &below, true_pair, level)
                        || at.is_some_and(|at| {
                            may_differ(&mo, &mi, at, n, level) && same(&r[n].node, &i[n].node)
                        })
                })
            })
        }
        (Node::Arr(_), Node::Arr(_), _) => false,
        _ => same(r, incoming),
    }
}

/// True if `r` is `head` with the values of `earlier` at the paths.
pub(crate) fn taken(
    head: &Node,
    earlier: &Node,
    r: &Node,
    paths: &[Path],
    truly: bool,
    level: Level,
) -> bool {
    if paths.is_empty() {
        return same(r, head);
    }
    if ends(paths) {
        return same(r, earlier);
    }
    match (head, earlier, r) {
        (Node::Obj(_), Node::Obj(_), Node::Obj(_)) => keys(&[head, earlier, r]).into_iter().all(|k| {
            let below = behind(paths, k);
            match (head.get(k), earlier.get(k), r.get(k)) {
                (None, Some(e), Some(r)) => ends(&below) && same(r, e),
                (None, Some(_), None) => below.is_empty(),
                (Some(h), None, Some(r)) => below.is_empty() && same(r, h),
                (Some(h), Some(e), Some(r)) => taken(h, e, r, &below, truly, level),
                _ => false,
            }
        }),
        (Node::Arr(h), Node::Arr(e), Node::Arr(r)) => readings(e, h, truly, level)
            .iter()
            .any(|reading| taken_elements(h, e, r, paths, truly, level, reading)),
        _ => false,
    }
}

/// Tries whether each named element was edited in its place, or put where it was: two ways each.
fn taken_elements(
    h: &[Elem],
    e: &[Elem],
    r: &[Elem],
    paths: &[Path],
    truly: bool,
    level: Level,
    reading: &Reading,
) -> bool {
    let named: Vec<usize> = (0..e.len()).filter(|i| !behind(paths, &i.to_string()).is_empty()).collect();
    (0..1u32 << named.len().min(4)).any(|ways| {
        let mut back = Vec::new();
        let mut edits: Vec<(usize, usize)> = Vec::new();
        let mut gone = Vec::new();
        for (n, &i) in named.iter().enumerate() {
            let whole = ends(&behind(paths, &i.to_string()));
            match reading[i] {
                None if whole => back.push(i),
                None => return false,
                Some(at) if ways >> n & 1 == 0 => edits.push((i, at)),
                Some(_) if !whole => return false,
                Some(at) => {
                    if !may_differ(e, h, i, at, level) {
                        gone.push(at);
                    }
                    back.push(i);
                }
            }
        }
        let rest: Vec<usize> = (0..h.len()).filter(|at| !gone.contains(at)).collect();
        if r.len() != rest.len() + back.len() {
            return false;
        }
        places(r.len(), &back).into_iter().any(|places| {
            let others: Vec<usize> = (0..r.len()).filter(|p| !places.contains(p)).collect();
            let fits = others.iter().zip(&rest).all(|(&p, &at)| match edits.iter().find(|(_, a)| *a == at) {
                Some(&(i, _)) => {
                    let pair = truly && e[i].uid == h[at].uid;
                    let below = behind(paths, &i.to_string());
                    taken(&h[at].node, &e[i].node, &r[p].node, &below, pair, level)
                }
                None => same(&r[p].node, &h[at].node),
            });
            let place = |i: usize| match back.iter().position(|b| *b == i) {
                Some(n) => Some(places[n]),
                None => reading[i].and_then(|at| rest.iter().position(|a| *a == at)).map(|n| others[n]),
            };
            fits && back.iter().zip(&places).all(|(&i, &p)| {
                let left = (0..i).rev().find_map(place);
                let right = (i + 1..e.len()).find_map(place);
                let (after, before) = (left.is_none_or(|l| l < p), right.is_none_or(|n| p < n));
                let both = left.zip(right).is_none_or(|(l, n)| l < n);
                same(&r[p].node, &e[i].node) && if both { after && before } else { after || before }
            })
        })
    })
}

/// Returns all ways to give each of `back` a place among `len`.
fn places(len: usize, back: &[usize]) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new()];
    for _ in back {
        out = out
            .into_iter()
            .flat_map(|taken: Vec<usize>| {
                (0..len)
                    .filter(|p| !taken.contains(p))
                    .map(|p| [taken.as_slice(), &[p]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    out
}

impl Gen {
    /// Makes an own config, one that comes in, and paths to keep.
    pub(crate) fn keeping(&mut self, kind: Kind) -> Parts {
        let (first, second, _) = self.pair(kind);
        let mut all = Vec::new();
        patterns(&first, String::new(), &mut all);
        patterns(&second, String::new(), &mut all);
        all.sort();
        all.dedup();
        let mut parts = Parts { first, second, paths: self.some(&all) };
        // An environment has values of its own; some are the same in both.
        let paths = parts.paths.clone();
        self.own(&mut parts.first, &split(&paths));
        parts
    }

    /// Makes an earlier config, a head, and paths into the earlier one.
    pub(crate) fn taking(&mut self, kind: Kind) -> Parts {
        let (first, second, _) = self.pair(kind);
        let mut all = Vec::new();
        pointers(&first, String::new(), &mut all);
        let paths = self.some(&all);
        Parts { first, second, paths }
    }

    /// Chooses one path or two, none within the other.
    fn some(&mut self, all: &[String]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for _ in 0..=usize::from(self.rng().u8(..4) == 0) {
            if all.is_empty() {
                break;
            }
            let path = all[self.rng().usize(..all.len())].clone();
            let within = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
            if !out.iter().any(|p| within(p, &path) || within(&path, p)) {
                out.push(path);
            }
        }
        out
    }

    fn own(&mut self, node: &mut Node, paths: &[Path]) {
        match node {
            Node::Obj(fields) => {
                for (k, n) in fields {
                    let below = behind(paths, k);
                    if ends(&below) {
                        if self.rng().u8(..4) > 0 {
                            *n = Node::Leaf(format!("own{}", self.rng().u32(..1000)).into());
                        }
                    } else if !below.is_empty() {
                        self.own(n, &below);
                    }
                }
            }
            Node::Arr(items) => items.iter_mut().for_each(|e| self.own(&mut e.node, &behind(paths, "*"))),
            Node::Leaf(_) => {}
        }
    }
}

fn patterns(node: &Node, at: String, out: &mut Vec<String>) {
    match node {
        Node::Obj(fields) => {
            for (k, n) in fields {
                match n {
                    // An id that is kept leaves nothing to know its element by.
                    Node::Leaf(_) if k != "id" => out.push(format!("{at}/{k}")),
                    _ => patterns(n, format!("{at}/{k}"), out),
                }
            }
        }
        Node::Arr(items) => items.iter().for_each(|e| patterns(&e.node, format!("{at}/*"), out)),
        Node::Leaf(_) => {}
    }
}

fn pointers(node: &Node, at: String, out: &mut Vec<String>) {
    if !at.is_empty() {
        out.push(at.clone());
    }
    match node {
        Node::Obj(fields) => fields.iter().for_each(|(k, n)| pointers(n, format!("{at}/{k}"), out)),
        Node::Arr(items) => {
            items.iter().enumerate().for_each(|(i, e)| pointers(&e.node, format!("{at}/{i}"), out))
        }
        Node::Leaf(_) => {}
    }
}

/// What comes of the two functions, with what the judge says of it.
pub(crate) fn judge(parts: &Parts, keeping: bool, text: &str, level: Level) -> bool {
    let (r, paths) = (Node::parse(text), split(&parts.paths));
    if keeping {
        kept(&parts.second, Some(&parts.first), &r, &paths, true, level)
    } else {
        taken(&parts.second, &parts.first, &r, &paths, true, level)
    }
}

/// Returns what is right by the hidden truth, or `None` where only a refusal is.
pub(crate) fn truth(parts: &Parts, keeping: bool) -> Option<Node> {
    let paths = split(&parts.paths);
    let (first, second) = (&parts.first, &parts.second);
    if keeping { Some(true_keep(second, first, &paths)) } else { true_take(second, first, &paths) }
}

fn true_keep(incoming: &Node, own: &Node, paths: &[Path]) -> Node {
    match (incoming, own) {
        _ if ends(paths) => own.clone(),
        (Node::Obj(fields), Node::Obj(_)) => Node::Obj(
            fields
                .iter()
                .map(|(k, n)| {
                    (k.clone(), own.get(k).map_or(n.clone(), |o| true_keep(n, o, &behind(paths, k))))
                })
                .collect(),
        ),
        (Node::Arr(i), Node::Arr(o)) => Node::Arr(
            i.iter()
                .map(|e| Elem {
                    uid: e.uid,
                    node: o
                        .iter()
                        .find(|o| o.uid == e.uid)
                        .map_or(e.node.clone(), |o| true_keep(&e.node, &o.node, &behind(paths, "*"))),
                })
                .collect(),
        ),
        _ => incoming.clone(),
    }
}

fn true_take(head: &Node, earlier: &Node, paths: &[Path]) -> Option<Node> {
    if paths.is_empty() {
        return Some(head.clone());
    }
    if ends(paths) {
        return Some(earlier.clone());
    }
    match (head, earlier) {
        (Node::Obj(_), Node::Obj(_)) => {
            let mut out = Vec::new();
            for k in keys(&[head, earlier]) {
                let below = behind(paths, k);
                match (head.get(k), earlier.get(k)) {
                    (Some(h), Some(e)) => out.push((k.to_owned(), true_take(h, e, &below)?)),
                    (Some(h), None) => out.push((k.to_owned(), h.clone())),
                    (None, Some(e)) if ends(&below) => out.push((k.to_owned(), e.clone())),
                    (None, _) if !below.is_empty() => return None,
                    _ => {}
                }
            }
            Some(Node::Obj(out))
        }
        (Node::Arr(h), Node::Arr(e)) => {
            let mut out = h.clone();
            for (i, was) in e.iter().enumerate() {
                let below = behind(paths, &i.to_string());
                match out.iter().position(|n| n.uid == was.uid) {
                    _ if below.is_empty() => {}
                    Some(at) => out[at].node = true_take(&out[at].node, &was.node, &below)?,
                    None if !ends(&below) => return None,
                    None => {
                        let find = |uid: u32| out.iter().position(|n| n.uid == uid);
                        let left = e[..i].iter().rev().find_map(|n| find(n.uid)).map(|at| at + 1);
                        let right = e[i + 1..].iter().find_map(|n| find(n.uid));
                        out.insert(left.or(right).unwrap_or_default(), was.clone());
                    }
                }
            }
            Some(Node::Arr(out))
        }
        _ => None,
    }
}
