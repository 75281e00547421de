//! Readings: which element of the base an element of a side is. One text allows several; the judge
//! accepts some.
//!
//! A reading has a cost, and a reading is **equivalent** to the hidden truth if it costs no more than the
//! truth:
//!
//! | what happened to an element | cost |
//! |---|---|
//! | nothing | 0 |
//! | edited, more than half of its values kept, or its strong id kept | 2 |
//! | edited, at least one value kept | 4 |
//! | edited, nothing kept, or its strong id changed | 6 |
//! | moved | 4 more |
//! | removed; inserted | 4 each |
//!
//! So an edit in place is never read as a removal with an insertion (8), and the reverse may be (6 at
//! most). Where two elements of the base are equal, 2 more are allowed. A move with a small edit (6) is a
//! move, and one that leaves less than half (8) may be read as removal and insertion.

use serde_json::Value;

use crate::tree::{Elem, Node, common, leaves, same};

/// For each element of the base, its index in the side.
pub(crate) type Reading = Vec<Option<usize>>;

/// What is read from an element as its name.
type Key = Box<dyn Fn(&Node) -> Option<Value>>;

const ONE: u32 = 4;

/// Limits of the search. What lies beyond makes a verdict "undecided", never "wrong".
const MOST_STEPS: u32 = 30_000;
const MOST_READINGS: usize = 300;
const MOST_ORDERS: usize = 40;

/// Returns the cost of taking `side` for what became of `base`.
pub(crate) fn pair_cost(base: &Node, side: &Node) -> u32 {
    if same(base, side) {
        return 0;
    }
    if let (Some(a), Some(b)) = (base.strong(), side.strong()) {
        return if a == b { 2 } else { 6 };
    }
    match common(base, side) {
        0 => 6,
        n if 2 * n > leaves(base).max(leaves(side)) => 2,
        _ => 4,
    }
}

/// True if an element that became another in its place may as well be gone and another one there.
pub(crate) fn may_be_replaced(base: &Node, side: &Node) -> bool {
    pair_cost(base, side) == 6
}

/// True if the strong ids of both differ.
pub(crate) fn other_id(base: &Node, side: &Node) -> bool {
    matches!((base.strong(), side.strong()), (Some(a), Some(b)) if a != b)
}

/// Returns the reading by hidden identity.
pub(crate) fn truth(base: &[Elem], side: &[Elem]) -> Reading {
    base.iter().map(|b| side.iter().position(|s| s.uid == b.uid)).collect()
}

/// True if the reading leaves each element at its index, and none came or went.
pub(crate) fn in_place(reading: &Reading, side: &[Elem]) -> bool {
    reading.len() == side.len() && reading.iter().enumerate().all(|(i, s)| *s == Some(i))
}

pub(crate) fn cost(base: &[Elem], side: &[Elem], reading: &Reading) -> u32 {
    let pairs: u32 = reading
        .iter()
        .enumerate()
        .filter_map(|(i, s)| s.map(|j| pair_cost(&base[i].node, &side[j].node)))
        .sum();
    let kept: Vec<usize> = reading.iter().flatten().copied().collect();
    let gone = base.len() - kept.len() + side.len() - kept.len();
    pairs + ONE * (gone + kept.len() - longest(&kept)) as u32
}

/// Returns the length of the longest increasing subsequence.
fn longest(sequence: &[usize]) -> usize {
    let mut tails: Vec<usize> = Vec::new();
    for &n in sequence {
        let at = tails.partition_point(|&t| t < n);
        if at == tails.len() { tails.push(n) } else { tails[at] = n }
    }
    tails.len()
}

/// All readings up to a cost.
pub(crate) struct Search<'a> {
    base: &'a [Elem],
    side: &'a [Elem],
    costs: Vec<Vec<u32>>,
    pinned: Vec<Option<usize>>,
    budget: u32,
    steps: u32,
    found: Vec<(u32, Reading)>,
    /// Set where a limit ended the search.
    pub(crate) cut: bool,
}

impl<'a> Search<'a> {
    /// Finds the readings that cost at most `truth`'s; without a truth the cheapest ones.
    pub(crate) fn run(base: &'a [Elem], side: &'a [Elem], known: Option<&Reading>) -> (Vec<Reading>, bool) {
        let costs: Vec<Vec<u32>> =
            base.iter().map(|b| side.iter().map(|s| pair_cost(&b.node, &s.node)).collect()).collect();
        let zeros = |row: &dyn Fn(usize) -> u32, n: usize| (0..n).filter(|&i| row(i) == 0).count();
        // What is equal, on both sides only once, and truly the same: no other reading of it is looked at.
        let pinned = (0..side.len())
            .map(|j| {
                let i = (0..base.len()).find(|&i| costs[i][j] == 0)?;
                let once =
                    zeros(&|k| costs[k][j], base.len()) == 1 && zeros(&|k| costs[i][k], side.len()) == 1;
                (once && known.is_none_or(|truth| truth[i] == Some(j))).then_some(i)
            })
            .collect();
        let most = ONE * (base.len() + side.len()) as u32;
        // Among equal elements a little more: which of them was meant is nowhere said.
        let twins = (0..base.len()).any(|i| (0..i).any(|k| same(&base[i].node, &base[k].node)));
        let budget = known.map_or(most, |truth| cost(base, side, truth) + if twins { 2 } else { 0 });
        let mut search = Self { base, side, costs, pinned, budget, steps: 0, found: Vec::new(), cut: false };
        let mut reading = vec![None; base.len()];
        search.step(0, 0, known.is_none(), &mut reading);
        let best = search.budget;
        let found = search.found.into_iter().filter(|(c, _)| *c <= best).map(|(_, r)| r).collect();
        (found, search.cut)
    }

    fn step(&mut self, j: usize, spent: u32, cheapest: bool, reading: &mut Reading) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.found.len() >= MOST_READINGS {
            self.cut = true;
            return;
        }
        let kept: Vec<usize> = reading.iter().flatten().copied().collect();
        let moved = ONE * (kept.len() - longest(&kept)) as u32;
        let open = self.base.len() - kept.len();
        let removed = ONE * open.saturating_sub(self.side.len() - j) as u32;
        if spent + moved + removed > self.budget {
            return;
        }
        if j == self.side.len() {
            if cheapest {
                self.budget = spent + moved + removed;
            }
            self.found.push((spent + moved + removed, reading.clone()));
            return;
        }
        if let Some(i) = self.pinned[j] {
            reading[i] = Some(j);
            self.step(j + 1, spent, cheapest, reading);
            reading[i] = None;
            return;
        }
        let taken = |i: usize| self.pinned.contains(&Some(i));
        let mut choices: Vec<(u32, usize)> = (0..self.base.len())
            .filter(|&i| reading[i].is_none() && !taken(i))
            .map(|i| (self.costs[i][j], i))
            .collect();
        choices.sort_by_key(|&(c, i)| (c, i.abs_diff(j)));
        for (c, i) in choices {
            reading[i] = Some(j);
            self.step(j + 1, spent + c, cheapest, reading);
            reading[i] = None;
        }
        self.step(j + 1, spent + ONE, cheapest, reading);
    }
}

/// Returns which elements of the base did not move: every longest increasing subsequence, as flags by
/// base index.
pub(crate) fn unmoved(reading: &Reading) -> (Vec<Vec<bool>>, bool) {
    let kept: Vec<(usize, usize)> =
        reading.iter().enumerate().filter_map(|(i, s)| s.map(|j| (i, j))).collect();
    let mut reach = vec![1; kept.len()];
    for n in (0..kept.len()).rev() {
        for m in n + 1..kept.len() {
            if kept[m].1 > kept[n].1 {
                reach[n] = reach[n].max(reach[m] + 1);
            }
        }
    }
    let most = reach.iter().copied().max().unwrap_or(0);
    let mut out = Vec::new();
    let mut stack = vec![(most, None::<usize>, vec![false; reading.len()])];
    while let Some((left, last, flags)) = stack.pop() {
        if out.len() >= MOST_ORDERS {
            return (out, true);
        }
        if left == 0 {
            out.push(flags);
            continue;
        }
        for n in last.map_or(0, |l| l + 1)..kept.len() {
            if reach[n] == left && last.is_none_or(|l| kept[l].1 < kept[n].1) {
                let mut flags = flags.clone();
                flags[kept[n].0] = true;
                stack.push((left - 1, Some(n), flags));
            }
        }
    }
    (out, false)
}

/// Returns the readings by a key that both README and issue let the code trust:
///
/// 1. a strong id (`id`, `uid`, `key`), where it is there once; what has an id that is there more than
///    once, or none, is read by the truth;
/// 2. one field, or a pair of fields, or the plain value, that is there once in each of the three texts
///    and by which **every** element of the base is recognised on both sides.
pub(crate) fn by_key(base: &[Elem], ours: &[Elem], theirs: &[Elem]) -> Vec<(Reading, Reading)> {
    let mut out = Vec::new();
    if base.iter().any(|e| e.node.strong().is_some()) {
        out.push((by_id(base, ours), by_id(base, theirs)));
    }
    let mut keys: Vec<Key> = Vec::new();
    if let Some(Node::Obj(fields)) = base.first().map(|e| &e.node) {
        for (n, (first, _)) in fields.iter().enumerate() {
            for (second, _) in &fields[n..] {
                let (first, second) = (first.clone(), second.clone());
                keys.push(Box::new(move |n: &Node| {
                    Some(Value::Array(vec![n.scalar(&first)?.clone(), n.scalar(&second)?.clone()]))
                }));
            }
        }
    }
    keys.push(Box::new(|n: &Node| match n {
        Node::Leaf(v) => Some(v.clone()),
        _ => None,
    }));
    for key in keys {
        let read = |items: &[Elem]| -> Option<Vec<Value>> {
            let all: Option<Vec<Value>> = items.iter().map(|e| key(&e.node)).collect();
            all.filter(|all| all.iter().enumerate().all(|(i, v)| !all[..i].contains(v)))
        };
        let (Some(b), Some(o), Some(t)) = (read(base), read(ours), read(theirs)) else { continue };
        let find =
            |side: &[Value]| -> Reading { b.iter().map(|v| side.iter().position(|w| w == v)).collect() };
        let (ro, rt) = (find(&o), find(&t));
        if !base.is_empty() && ro.iter().chain(&rt).all(Option::is_some) {
            out.push((ro, rt));
        }
    }
    out
}

fn by_id(base: &[Elem], side: &[Elem]) -> Reading {
    let times = |items: &[Elem], id: &Value| items.iter().filter(|e| e.node.strong() == Some(id)).count();
    let plain = truth(base, side);
    let known = |e: &Elem| e.node.strong().is_some_and(|id| times(base, id) == 1 && times(side, id) == 1);
    base.iter()
        .enumerate()
        .map(|(i, b)| match b.node.strong() {
            Some(id) if known(b) => side.iter().position(|s| s.node.strong() == Some(id)),
            Some(id) if times(base, id) == 1 && times(side, id) == 0 => None,
            _ => plain[i].filter(|&j| !known(&side[j])),
        })
        .collect()
}
