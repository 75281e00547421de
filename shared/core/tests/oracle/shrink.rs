//! Makes a wrong case small: drops elements and fields, and takes edits back, as long as it stays wrong.

use crate::generate::Case;
use crate::tree::{Elem, Node, WEAK, same};

const KEPT: [&str; 4] = ["list", "id", "action", "subject"];

/// Shrinks while `wrong` says so.
pub(crate) fn shrink(mut case: Case, wrong: impl Fn(&Case) -> bool) -> Case {
    for _ in 0..40 {
        let Some(next) = smaller(&case).into_iter().find(|c| wrong(c)) else { return case };
        case = next;
    }
    case
}

fn smaller(case: &Case) -> Vec<Case> {
    let mut out = Vec::new();
    let mut uids = Vec::new();
    let mut keys = Vec::new();
    for node in [&case.base, &case.ours, &case.theirs] {
        collect(node, &mut uids, &mut keys);
    }
    let each = |f: &dyn Fn(&Node) -> Node| Case {
        base: f(&case.base),
        ours: f(&case.ours),
        theirs: f(&case.theirs),
        moved: case.moved.clone(),
    };
    if uids.len() > 24 {
        for half in uids.chunks(uids.len() / 8) {
            out.push(each(&|n| without(n, half)));
        }
    }
    for uid in &uids {
        out.push(each(&|n| without(n, &[*uid])));
    }
    for key in &keys {
        out.push(each(&|n| without_key(n, key)));
    }
    for uid in &uids {
        let Some(old) = find(&case.base, *uid) else { continue };
        for side in 0..2 {
            let now = if side == 0 { &case.ours } else { &case.theirs };
            if find(now, *uid).is_some_and(|n| !same(n, old)) {
                let back = reset(now, *uid, old);
                let mut next = case.clone();
                if side == 0 {
                    next.ours = back
                } else {
                    next.theirs = back
                }
                out.push(next);
            }
        }
    }
    out
}

fn collect(node: &Node, uids: &mut Vec<u32>, keys: &mut Vec<String>) {
    match node {
        Node::Leaf(_) => {}
        Node::Obj(fields) => {
            for (k, n) in fields {
                // Names stay: without them the case would be one of another kind.
                if !keys.contains(k) && !KEPT.contains(&k.as_str()) && !WEAK.contains(&k.as_str()) {
                    keys.push(k.clone());
                }
                collect(n, uids, keys);
            }
        }
        Node::Arr(items) => {
            for e in items {
                if !uids.contains(&e.uid) {
                    uids.push(e.uid);
                }
                collect(&e.node, uids, keys);
            }
        }
    }
}

fn map(node: &Node, f: &dyn Fn(&Elem) -> Option<Node>, key: &str) -> Node {
    match node {
        Node::Leaf(_) => node.clone(),
        Node::Obj(fields) => Node::Obj(
            fields.iter().filter(|(k, _)| k != key).map(|(k, n)| (k.clone(), map(n, f, key))).collect(),
        ),
        Node::Arr(items) => Node::Arr(
            items.iter().filter_map(|e| Some(Elem { uid: e.uid, node: map(&f(e)?, f, key) })).collect(),
        ),
    }
}

fn without(node: &Node, uids: &[u32]) -> Node {
    map(node, &|e| (!uids.contains(&e.uid)).then(|| e.node.clone()), "")
}

fn without_key(node: &Node, key: &str) -> Node {
    map(node, &|e| Some(e.node.clone()), key)
}

fn reset(node: &Node, uid: u32, to: &Node) -> Node {
    map(node, &|e| Some(if e.uid == uid { to.clone() } else { e.node.clone() }), "")
}

fn find(node: &Node, uid: u32) -> Option<&Node> {
    match node {
        Node::Leaf(_) => None,
        Node::Obj(fields) => fields.iter().find_map(|(_, n)| find(n, uid)),
        Node::Arr(items) => {
            items.iter().find_map(|e| if e.uid == uid { Some(&e.node) } else { find(&e.node, uid) })
        }
    }
}
