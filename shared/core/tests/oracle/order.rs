//! Which element of a merged array must stand before which.

use crate::slots::Slot;

/// Returns for each slot that only one side has its nearest neighbour there that is no such slot, on the
/// left or on the right.
pub(crate) fn anchors(list: &[Slot], right: bool) -> Vec<Option<usize>> {
    list.iter()
        .map(|slot| {
            let at = |s: &Slot| match (slot.o, slot.t) {
                (Some(_), None) => s.o,
                (None, Some(_)) => s.t,
                _ => None,
            };
            let me = at(slot)?;
            (0..list.len())
                .filter(|&n| list[n].o.is_some() && list[n].t.is_some())
                .filter_map(|n| Some((n, at(&list[n])?)))
                .filter(|&(_, p)| if right { p > me } else { p < me })
                .min_by_key(|&(_, p)| p.abs_diff(me))
                .map(|(n, _)| n)
        })
        .collect()
}

/// Returns the order in which what was inserted stays next to its neighbour, wherever the other side
/// moved that one.
pub(crate) fn anchored(list: &[Slot], plain: &[Vec<bool>], anchors: &[Option<usize>]) -> Vec<Vec<bool>> {
    let mut out = plain.to_vec();
    let at = |n: usize| anchors[n].unwrap_or(n);
    for n in 0..list.len() {
        for m in 0..list.len() {
            if at(n) != at(m) && (anchors[n].is_some() || anchors[m].is_some()) {
                out[n][m] = plain[at(n)][at(m)];
            }
        }
    }
    out
}

/// Returns which slot must stand before which, where `o` and `t` say what of the base did not move on
/// either side.
pub(crate) fn before(list: &[Slot], o: &[bool], t: &[bool]) -> Option<Vec<Vec<bool>>> {
    let moved = |slot: &Slot| {
        let by = |there: Option<usize>, still: &[bool]| there.is_some() && slot.b.is_some_and(|b| !still[b]);
        (by(slot.o, o), by(slot.t, t))
    };
    let mut out = vec![vec![false; list.len()]; list.len()];
    for (n, x) in list.iter().enumerate() {
        for (m, y) in list.iter().enumerate().skip(n + 1) {
            let less = |p: Option<usize>, q: Option<usize>| p.zip(q).map(|(p, q)| p < q);
            let (in_b, in_o, in_t) = (less(x.b, y.b), less(x.o, y.o), less(x.t, y.t));
            let ((xo, xt), (yo, yt)) = (moved(x), moved(y));
            let (by_o, by_t) = (xo || yo, xt || yt);
            let first = match (in_b, in_o, in_t) {
                (Some(_), Some(p), Some(q)) => match (by_o, by_t) {
                    (false, false) | (true, false) => Some(p),
                    (false, true) => Some(q),
                    // One was moved by ours, the other by theirs.
                    (true, true) if !(xo && xt || yo && yt) => None,
                    // One was moved by both, and the other by one of them.
                    (true, true) if xo != xt || yo != yt => None,
                    (true, true) if p == q => Some(p),
                    (true, true) => return None,
                },
                (None, Some(p), Some(q)) => (p == q).then_some(p),
                (_, Some(p), None) => (!by_t).then_some(p),
                (_, None, Some(q)) => (!by_o).then_some(q),
                (Some(p), None, None) => (!by_o && !by_t).then_some(p),
                (None, None, None) => None,
            };
            match first {
                Some(true) => out[n][m] = true,
                Some(false) => out[m][n] = true,
                None => {}
            }
        }
    }
    Some(out)
}
