//! What may be in a merged array, by a reading of each side.

use crate::judge::Mode;
use crate::reading::{Reading, may_be_replaced, other_id, pair_cost};
use crate::tree::{Elem, Node, WEAK, same};

/// The search for lists ends here; a refusal is then no verdict.
pub(crate) const MOST_LISTS: usize = 64;

/// An element of the result: where it is in each of the three.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Slot {
    pub(crate) b: Option<usize>,
    pub(crate) o: Option<usize>,
    pub(crate) t: Option<usize>,
}

/// The three versions of one array.
pub(crate) struct Three<'a> {
    pub(crate) b: &'a [Elem],
    pub(crate) o: &'a [Elem],
    pub(crate) t: &'a [Elem],
    /// Whether ours and theirs truly are what became of the base.
    pub(crate) true_pairs: [bool; 2],
}

/// Returns the elements of a side that the reading has nothing for.
pub(crate) fn left<'b>(side: &'b [Elem], reading: &'b Reading) -> impl Iterator<Item = usize> + 'b {
    (0..side.len()).filter(|&j| !reading.contains(&Some(j)))
}

impl Three<'_> {
    /// True if each element has a strong id, and none is there twice.
    pub(crate) fn identified(&self) -> bool {
        [self.b, self.o, self.t].iter().all(|items| {
            let ids: Vec<_> = items.iter().map(|e| e.node.strong()).collect();
            ids.iter().enumerate().all(|(i, id)| id.is_some() && !ids[..i].contains(id))
        })
    }

    /// Returns the lists of elements that a merge by these readings may come to; none where it is a
    /// conflict.
    pub(crate) fn lists(&self, ro: &Reading, rt: &Reading, mode: Mode) -> Vec<Vec<Slot>> {
        let kept = self.o.len() == self.b.len() && self.t.len() == self.b.len();
        let replaced = |base: &Node, side: &Node| {
            mode > Mode::Truth && may_be_replaced(base, side) && (!kept || other_id(base, side))
        };
        let mut lists = vec![Vec::new()];
        for i in 0..self.b.len() {
            let base = &self.b[i].node;
            let (b, o, t) = (Some(i), ro[i], rt[i]);
            let by_ours = Slot { b, o, t: None };
            let by_theirs = Slot { b, o: None, t };
            let mut choices: Vec<Vec<Slot>> = Vec::new();
            match (o.map(|o| &self.o[o].node), t.map(|t| &self.t[t].node)) {
                (Some(on), Some(tn)) => {
                    choices.push(vec![Slot { b, o, t }]);
                    if replaced(base, on) && same(base, tn) {
                        choices.push(vec![by_ours]);
                    }
                    if replaced(base, tn) && same(base, on) {
                        choices.push(vec![by_theirs]);
                    }
                    if mode > Mode::Truth && other_id(base, on) && other_id(base, tn) && other_id(on, tn) {
                        choices.push(vec![by_ours, by_theirs]);
                    }
                }
                (Some(on), None) if same(base, on) => choices.push(Vec::new()),
                (None, Some(tn)) if same(base, tn) => choices.push(Vec::new()),
                (Some(on), None) if replaced(base, on) => choices.push(vec![by_ours]),
                (None, Some(tn)) if replaced(base, tn) => choices.push(vec![by_theirs]),
                (None, None) => choices.push(Vec::new()),
                _ => return Vec::new(),
            }
            extend(&mut lists, &choices);
        }
        let mut free: Vec<usize> = left(self.t, rt).collect();
        for o in left(self.o, ro) {
            let alone = Slot { b: None, o: Some(o), t: None };
            let mut choices = vec![vec![alone]];
            // What both inserted may be one element.
            if let Some(at) = free.iter().position(|&t| alike(&self.o[o].node, &self.t[t].node)) {
                let t = free.remove(at);
                choices.insert(0, vec![Slot { t: Some(t), ..alone }]);
                choices[1].push(Slot { b: None, o: None, t: Some(t) });
            }
            extend(&mut lists, &choices);
        }
        extend(&mut lists, &[free.into_iter().map(|t| Slot { b: None, o: None, t: Some(t) }).collect()]);
        let once: Vec<Vec<Slot>> = lists.iter().filter_map(|list| self.once(list)).collect();
        lists.extend(once);
        if mode > Mode::Truth {
            let again: Vec<Vec<Slot>> = lists.iter().filter_map(|list| self.again(list, ro, rt)).collect();
            lists.extend(again);
        }
        lists
    }

    /// Takes what one side moved for gone and inserted anew, where the other inserted its equal: it is
    /// there once.
    fn again(&self, list: &[Slot], ro: &Reading, rt: &Reading) -> Option<Vec<Slot>> {
        let moved = |reading: &Reading, i: usize| {
            (0..reading.len())
                .any(|k| reading[k].zip(reading[i]).is_some_and(|(p, q)| (k < i) != (p < q) && k != i))
        };
        let mut out = list.to_vec();
        for slot in list {
            let (side, reading, new) = match *slot {
                Slot { b: None, o: Some(o), t: None } => (0, rt, &self.o[o].node),
                Slot { b: None, o: None, t: Some(t) } => (1, ro, &self.t[t].node),
                _ => continue,
            };
            let other = out.iter().position(|s| match *s {
                Slot { b: Some(b), o: Some(o), t: Some(t) } => {
                    let all = [&self.b[b].node, &self.o[o].node, &self.t[t].node];
                    all.iter().all(|n| same(n, new)) && moved(reading, b)
                }
                _ => false,
            });
            if let Some(n) = other {
                out[n] = if side == 0 {
                    Slot { b: None, o: slot.o, ..out[n] }
                } else {
                    Slot { b: None, t: slot.t, ..out[n] }
                };
                out.retain(|s| s != slot);
            }
        }
        (out.len() < list.len()).then_some(out)
    }

    /// Takes what one side inserted and what the other replaced something by for one element where they
    /// are equal.
    fn once(&self, list: &[Slot]) -> Option<Vec<Slot>> {
        let mut out = list.to_vec();
        for slot in list {
            let Slot { b: None, o: Some(o), t: None } = *slot else { continue };
            let other = out.iter().position(|s| {
                matches!(*s, Slot { b: Some(_), o: None, t: Some(t) } if same(&self.o[o].node, &self.t[t].node))
            });
            if let Some(n) = other {
                out[n] = Slot { b: None, o: Some(o), t: out[n].t };
                out.retain(|s| s != slot);
            }
        }
        for slot in list {
            let Slot { b: None, o: None, t: Some(t) } = *slot else { continue };
            let other = out.iter().position(|s| {
                matches!(*s, Slot { b: Some(_), o: Some(o), t: None } if same(&self.o[o].node, &self.t[t].node))
            });
            if let Some(n) = other {
                out[n] = Slot { b: None, o: out[n].o, t: Some(t) };
                out.retain(|s| s != slot);
            }
        }
        (out.len() < list.len()).then_some(out)
    }
}

/// True if two insertions are equal, or have a name in common.
fn alike(a: &Node, b: &Node) -> bool {
    same(a, b)
        || (a.strong().is_some() && a.strong() == b.strong())
        || WEAK.iter().any(|k| a.scalar(k).is_some() && a.scalar(k) == b.scalar(k))
        || (matches!((a, b), (Node::Obj(_), Node::Obj(_))) && pair_cost(a, b) == 2)
}

fn extend(lists: &mut Vec<Vec<Slot>>, choices: &[Vec<Slot>]) {
    if let [only] = choices {
        lists.iter_mut().for_each(|list| list.extend(only));
        return;
    }
    *lists = lists
        .iter()
        .flat_map(|list| choices.iter().map(move |choice| [list.as_slice(), choice.as_slice()].concat()))
        .take(MOST_LISTS)
        .collect();
}
