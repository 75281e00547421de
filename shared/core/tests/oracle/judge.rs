//! The judge: what a merge must be by the hidden truth, and whether a result is right by it or by an
//! equivalent reading.
//!
//! A conflict is always safe. A result without one is right if, at each array, some accepted pair of
//! readings explains it:
//!
//! 1. the hidden truth;
//! 2. a reading that costs no more than the truth, for each side (see `reading`). Not where nothing but
//!    names tells the elements apart and neither side inserted, removed or moved any: there, position
//!    decides;
//! 3. a reading that a rule of the documents allows though it is not as simple: by a key that is to be
//!    trusted, or by position where both sides kept the length and no ids identify. Counted on its own
//!    ("by rule"): to be looked at, not wrong.
//!
//! Beyond readings, and where the truth says otherwise, this is accepted:
//!
//! - an element that one side replaced in its place by one with no value in common, or with another
//!   strong id, may count as removed and another inserted **in that place**: it then stays where the
//!   other side removed the old one, and does not follow where the other side moved it. Not where both
//!   replaced it (two ids excepted: both may stay), and without ids not where both sides kept the array's
//!   length;
//! - what both sides inserted alike may be there once or twice, and once with the fields of both where a
//!   name is the same. So may what one side inserted and the other replaced something by, or moved there;
//! - what one side inserted or moved stands anywhere relative to what the other inserted or moved;
//! - what one side inserted may follow its neighbour, left or right, where the other side moved that one;
//! - which elements moved: any smallest set that explains the order, or those that truly were moved.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::order::{anchored, anchors, before};
use crate::reading::{self, Reading, Search};
use crate::slots::{MOST_LISTS, Slot, Three, left};
use crate::tree::{Elem, Node, same};

/// What is accepted beside the hidden truth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Truth,
    Equivalent,
    ByRule,
}

pub(crate) struct Judge<'a> {
    pub(crate) mode: Mode,
    pub(crate) moved: [&'a HashSet<u32>; 2],
    /// Set where a limit ended a search: a refusal is then no verdict.
    pub(crate) cut: Cell<bool>,
    pub(crate) steps: Cell<u32>,
}

const MOST_STEPS: u32 = 300_000;

impl<'a> Judge<'a> {
    pub(crate) fn new(mode: Mode, moved: [&'a HashSet<u32>; 2]) -> Self {
        Self { mode, moved, cut: Cell::new(false), steps: Cell::new(0) }
    }

    /// True if `r` is a right merge of `o` and `t` over `b`.
    pub(crate) fn accepts(
        &self,
        b: Option<&Node>,
        o: &Node,
        t: &Node,
        r: &Node,
        true_pairs: [bool; 2],
    ) -> bool {
        if same(o, t) || b.is_some_and(|b| same(b, t)) {
            return same(r, o);
        }
        if b.is_some_and(|b| same(b, o)) {
            return same(r, t);
        }
        match (b, o, t, r) {
            (None | Some(Node::Obj(_)), Node::Obj(of), Node::Obj(tf), Node::Obj(rf)) => {
                let empty = Vec::new();
                let bf = match b {
                    Some(Node::Obj(f)) => f,
                    _ => &empty,
                };
                let mut keys: Vec<&str> =
                    [bf, of, tf, rf].into_iter().flatten().map(|(k, _)| k.as_str()).collect();
                keys.sort_unstable();
                keys.dedup();
                keys.into_iter().all(|k| {
                    let base = b.and_then(|b| b.get(k));
                    self.accepts_field(base, o.get(k), t.get(k), r.get(k), true_pairs)
                })
            }
            (None, Node::Arr(o), Node::Arr(t), Node::Arr(r)) => {
                self.accepts_array(&Three { b: &[], o, t, true_pairs }, r)
            }
            (Some(Node::Arr(b)), Node::Arr(o), Node::Arr(t), Node::Arr(r)) => {
                self.accepts_array(&Three { b, o, t, true_pairs }, r)
            }
            _ => false,
        }
    }

    fn accepts_field(
        &self,
        b: Option<&Node>,
        o: Option<&Node>,
        t: Option<&Node>,
        r: Option<&Node>,
        true_pairs: [bool; 2],
    ) -> bool {
        let equal = |x: Option<&Node>, y: Option<&Node>| match (x, y) {
            (None, None) => true,
            (Some(x), Some(y)) => same(x, y),
            _ => false,
        };
        if equal(o, t) || equal(b, t) {
            return equal(r, o);
        }
        if equal(b, o) {
            return equal(r, t);
        }
        match (o, t, r) {
            (Some(o), Some(t), Some(r)) => self.accepts(b, o, t, r, true_pairs),
            _ => false,
        }
    }

    fn accepts_array(&self, x: &Three, r: &[Elem]) -> bool {
        let truths = [reading::truth(x.b, x.o), reading::truth(x.b, x.t)];
        let known = |s: usize| x.true_pairs[s].then_some(&truths[s]);
        let side = |s: usize| if s == 0 { x.o } else { x.t };
        let kept = x.o.len() == x.b.len() && x.t.len() == x.b.len();
        let by_position = x.true_pairs == [true, true]
            && kept
            && !x.identified()
            && (0..2).all(|s| reading::in_place(&truths[s], side(s)));
        let readings = |s: usize| -> Vec<Reading> {
            if x.true_pairs[s] && (self.mode == Mode::Truth || by_position) {
                return vec![truths[s].clone()];
            }
            let (mut found, cut) = Search::run(x.b, side(s), known(s));
            if cut {
                self.cut.set(true);
            }
            if let Some(truth) = known(s) {
                found.retain(|f| f != truth);
                found.insert(0, truth.clone());
            }
            found
        };
        let (ours, theirs) = (readings(0), readings(1));
        for o in &ours {
            for t in &theirs {
                if self.explains(x, o, t, r) {
                    return true;
                }
            }
        }
        if self.mode != Mode::ByRule {
            return false;
        }
        let mut by_rule = reading::by_key(x.b, x.o, x.t);
        if kept && !x.identified() {
            let position: Reading = (0..x.b.len()).map(Some).collect();
            by_rule.push((position.clone(), position));
        }
        by_rule.iter().any(|(o, t)| self.explains(x, o, t, r))
    }

    /// True if `r` is what these two readings make of the array.
    fn explains(&self, x: &Three, ro: &Reading, rt: &Reading, r: &[Elem]) -> bool {
        if !self.step() {
            return false;
        }
        let mut seen = HashMap::new();
        let lists = x.lists(ro, rt, self.mode);
        if lists.len() >= MOST_LISTS {
            self.cut.set(true);
        }
        lists.into_iter().filter(|list| list.len() == r.len()).any(|list| {
            self.orders(x, &list, ro, rt).iter().any(|before| {
                let mut placed = vec![false; list.len()];
                self.place(x, &list, before, r, 0, &mut placed, &mut seen)
            })
        })
    }

    fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS {
            self.cut.set(true);
        }
        self.steps.get() <= MOST_STEPS
    }

    /// Takes the elements of `r` from `at` on for slots that are free, in an order that `before` allows.
    #[allow(clippy::too_many_arguments)]
    fn place(
        &self,
        x: &Three,
        list: &[Slot],
        before: &[Vec<bool>],
        r: &[Elem],
        at: usize,
        placed: &mut Vec<bool>,
        seen: &mut HashMap<(Slot, usize), bool>,
    ) -> bool {
        if at == r.len() {
            return true;
        }
        for n in 0..list.len() {
            if placed[n] || (0..list.len()).any(|m| before[m][n] && !placed[m]) {
                continue;
            }
            if !self.step() {
                return false;
            }
            let fits = match seen.get(&(list[n], at)) {
                Some(fits) => *fits,
                None => {
                    let fits = self.fits(x, list[n], &r[at].node);
                    seen.insert((list[n], at), fits);
                    fits
                }
            };
            if fits {
                placed[n] = true;
                if self.place(x, list, before, r, at + 1, placed, seen) {
                    return true;
                }
                placed[n] = false;
            }
        }
        false
    }

    fn fits(&self, x: &Three, slot: Slot, r: &Node) -> bool {
        match (slot.b, slot.o, slot.t) {
            (_, Some(o), None) => same(&x.o[o].node, r),
            (_, None, Some(t)) => same(&x.t[t].node, r),
            (b, Some(o), Some(t)) => {
                let truly = |side: &Elem| b.is_some_and(|b| side.uid == x.b[b].uid);
                let pairs = [x.true_pairs[0] && truly(&x.o[o]), x.true_pairs[1] && truly(&x.t[t])];
                self.accepts(b.map(|b| &x.b[b].node), &x.o[o].node, &x.t[t].node, r, pairs)
            }
            (_, None, None) => false,
        }
    }

    /// Returns the orders that are right: for each, which slot stands before which. None where both moved
    /// the same element in another way.
    fn orders(&self, x: &Three, list: &[Slot], ro: &Reading, rt: &Reading) -> Vec<Vec<Vec<bool>>> {
        let still = |s: usize, reading: &Reading, side: &[Elem]| {
            let (mut out, cut) = reading::unmoved(reading);
            if cut {
                self.cut.set(true);
            }
            if *reading == reading::truth(x.b, side) {
                let flags: Vec<bool> = (0..x.b.len())
                    .map(|i| reading[i].is_some() && !self.moved[s].contains(&x.b[i].uid))
                    .collect();
                let rising: Vec<usize> =
                    (0..x.b.len()).filter(|&i| flags[i]).filter_map(|i| reading[i]).collect();
                if rising.is_sorted() && !out.contains(&flags) {
                    out.push(flags);
                }
            }
            out
        };
        let (so, st) = (still(0, ro, x.o), still(1, rt, x.t));
        let plain: Vec<_> = so.iter().flat_map(|o| st.iter().filter_map(|t| before(list, o, t))).collect();
        if self.mode == Mode::Truth {
            return plain;
        }
        let anchors = [anchors(list, false), anchors(list, true)];
        let anchored: Vec<_> = plain
            .iter()
            .flat_map(|p| anchors.iter().map(|a| anchored(list, p, a)))
            .filter(|p| !plain.contains(p))
            .collect();
        plain.into_iter().chain(anchored).collect()
    }

    /// Returns what the merge comes to by the hidden truth, or what is in conflict.
    pub(crate) fn truth(&self, b: &Node, o: &Node, t: &Node) -> Result<Node, String> {
        if same(o, t) || same(b, t) {
            return Ok(o.clone());
        }
        if same(b, o) {
            return Ok(t.clone());
        }
        match (b, o, t) {
            (Node::Obj(bf), Node::Obj(of), Node::Obj(tf)) => {
                let mut out = Vec::new();
                let mut keys: Vec<&str> =
                    [bf, of, tf].into_iter().flatten().map(|(k, _)| k.as_str()).collect();
                keys.sort_unstable();
                keys.dedup();
                for k in keys {
                    let merged = match (b.get(k), o.get(k), t.get(k)) {
                        (Some(b), Some(o), Some(t)) => {
                            Some(self.truth(b, o, t).map_err(|e| format!("/{k}{e}"))?)
                        }
                        (Some(b), None, Some(n)) | (Some(b), Some(n), None) if !same(b, n) => {
                            return Err(format!("/{k}: edited and removed"));
                        }
                        (Some(_), _, _) | (None, None, None) => None,
                        (None, Some(n), None) | (None, None, Some(n)) => Some(n.clone()),
                        (None, Some(o), Some(t)) if same(o, t) => Some(o.clone()),
                        (None, Some(_), Some(_)) => return Err(format!("/{k}: added by both")),
                    };
                    out.extend(merged.map(|n| (k.to_owned(), n)));
                }
                Ok(Node::Obj(out))
            }
            (Node::Arr(b), Node::Arr(o), Node::Arr(t)) => {
                self.true_array(&Three { b, o, t, true_pairs: [true, true] }).map(Node::Arr)
            }
            _ => Err(format!(": {} became {} and {}", b.text(), o.text(), t.text())),
        }
    }

    fn true_array(&self, x: &Three) -> Result<Vec<Elem>, String> {
        let (ro, rt) = (reading::truth(x.b, x.o), reading::truth(x.b, x.t));
        let mut list = Vec::new();
        for i in 0..x.b.len() {
            match (ro[i], rt[i]) {
                (Some(o), Some(t)) => list.push(Slot { b: Some(i), o: Some(o), t: Some(t) }),
                (Some(o), None) if !same(&x.b[i].node, &x.o[o].node) => {
                    return Err(format!("/{i}: edited by ours, removed by theirs"));
                }
                (None, Some(t)) if !same(&x.b[i].node, &x.t[t].node) => {
                    return Err(format!("/{i}: removed by ours, edited by theirs"));
                }
                _ => {}
            }
        }
        list.extend(left(x.o, &ro).map(|o| Slot { b: None, o: Some(o), t: None }));
        list.extend(left(x.t, &rt).map(|t| Slot { b: None, o: None, t: Some(t) }));
        let orders = self.orders(x, &list, &ro, &rt);
        let before = orders.first().ok_or(": both moved the same element")?;
        let mut done = vec![false; list.len()];
        let mut out = Vec::new();
        while out.len() < list.len() {
            let next = (0..list.len())
                .filter(|&n| !done[n] && (0..list.len()).all(|m| !before[m][n] || done[m]))
                .min_by_key(|&n| list[n].o.or(list[n].t))
                .ok_or(": the two orders contradict each other")?;
            done[next] = true;
            let Slot { b, o, t } = list[next];
            out.push(match (b, o, t) {
                (Some(b), Some(o), Some(t)) => Elem {
                    uid: x.b[b].uid,
                    node: self
                        .truth(&x.b[b].node, &x.o[o].node, &x.t[t].node)
                        .map_err(|e| format!("/{b}{e}"))?,
                },
                (_, Some(o), _) => x.o[o].clone(),
                (_, _, t) => x.t[t.unwrap_or_default()].clone(),
            });
        }
        Ok(out)
    }
}
