//! Random bases of several kinds, and random edits whose truth is known.

use std::collections::HashSet;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::tree::{Elem, Node, WEAK};

/// What the elements of an array are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    StrongId,
    WeakName,
    TypeOnly,
    ActionSubject,
    TwoKeys,
    OneKey,
    TwinIds,
    SparseNames,
    Numbers,
    Strings,
    Grid,
    Mixed,
    Deep,
    Large,
    LargeTwin,
    Renumbered,
}

pub(crate) const KINDS: [Kind; 16] = [
    Kind::StrongId,
    Kind::WeakName,
    Kind::TypeOnly,
    Kind::ActionSubject,
    Kind::TwoKeys,
    Kind::OneKey,
    Kind::TwinIds,
    Kind::SparseNames,
    Kind::Numbers,
    Kind::Strings,
    Kind::Grid,
    Kind::Mixed,
    Kind::Deep,
    Kind::Large,
    Kind::LargeTwin,
    Kind::Renumbered,
];

/// Three versions, and what each side truly moved.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) base: Node,
    pub(crate) ours: Node,
    pub(crate) theirs: Node,
    pub(crate) moved: [HashSet<u32>; 2],
}

pub(crate) struct Gen {
    rng: Rng,
    uid: u32,
    fresh: u32,
}

const WORDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const NAMES: [&str; 6] = ["name", "title", "label", "slug", "code", "text"];

fn leaf(value: impl Into<Value>) -> Node {
    Node::Leaf(value.into())
}

fn obj<const N: usize>(fields: [(&str, Node); N]) -> Node {
    Node::Obj(fields.into_iter().map(|(k, n)| (k.to_owned(), n)).collect())
}

impl Gen {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), uid: 0, fresh: 100 }
    }

    /// Makes a base and two sides. For an undo, "theirs" is what was before the base.
    pub(crate) fn case(&mut self, kind: Kind, undo: bool) -> Case {
        let first = self.root(kind);
        if undo {
            let (base, undone) = self.side(&first, kind);
            let (ours, later) = self.side(&base, kind);
            return Case { base, ours, theirs: first, moved: [later, undone] };
        }
        let (ours, by_ours) = self.side(&first, kind);
        let (theirs, by_theirs) = self.side(&first, kind);
        Case { base: first, ours, theirs, moved: [by_ours, by_theirs] }
    }

    /// Makes a base and one version of it.
    pub(crate) fn pair(&mut self, kind: Kind) -> (Node, Node, HashSet<u32>) {
        let first = self.root(kind);
        let (second, moved) = self.side(&first, kind);
        (first, second, moved)
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn root(&mut self, kind: Kind) -> Node {
        let list = self.array(kind);
        if self.rng.u8(..5) == 0 {
            return list;
        }
        let title = self.word();
        obj([("app", leaf("crm")), ("list", list), ("title", title)])
    }

    fn array(&mut self, kind: Kind) -> Node {
        let len = match kind {
            Kind::Large | Kind::LargeTwin => self.rng.usize(64..=80),
            Kind::Deep => self.rng.usize(0..=4),
            _ if self.rng.bool() => self.rng.usize(1..=5),
            _ => self.rng.usize(0..=12),
        };
        let name = NAMES[self.rng.usize(..NAMES.len())];
        let ids = self.rng.bool();
        let mut items = Vec::new();
        for n in 0..len {
            let node = match kind {
                Kind::Renumbered => self.strong(json!(n + 1)),
                Kind::Large if ids => {
                    let id = self.number();
                    self.strong(json!(id))
                }
                Kind::LargeTwin => {
                    let id = self.number();
                    self.strong(json!(id))
                }
                Kind::Large => self.weak(name),
                Kind::WeakName => self.weak(name),
                _ => self.element(kind),
            };
            items.push(self.elem(node));
        }
        if kind == Kind::LargeTwin {
            let (i, j) = (self.rng.usize(..len), self.rng.usize(..len));
            if let Some(id) = items[i].node.get("id").cloned() {
                set(&mut items[j].node, "id", id);
            }
        }
        Node::Arr(items)
    }

    fn elem(&mut self, node: Node) -> Elem {
        self.uid += 1;
        Elem { uid: self.uid, node }
    }

    fn number(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }

    fn fresh_word(&mut self) -> Node {
        leaf(format!("n{}", self.number()))
    }

    fn word(&mut self) -> Node {
        if self.rng.bool() { leaf(WORDS[self.rng.usize(..WORDS.len())]) } else { self.fresh_word() }
    }

    fn small(&mut self) -> Node {
        leaf(self.rng.u32(0..20))
    }

    fn element(&mut self, kind: Kind) -> Node {
        match kind {
            Kind::StrongId => {
                let id = self.number();
                let id = if self.rng.bool() { json!(id) } else { json!(format!("k{id}")) };
                self.strong(id)
            }
            Kind::TypeOnly => {
                let kind = leaf(["button", "text", "table", "chart"][self.rng.usize(..4)]);
                obj([("type", kind), ("w", self.small()), ("on", leaf(self.rng.bool()))])
            }
            Kind::ActionSubject => {
                let action = leaf(["read", "write", "delete"][self.rng.usize(..3)]);
                let subject = leaf(["post", "page", "user", "team"][self.rng.usize(..4)]);
                obj([("action", action), ("subject", subject), ("inverted", leaf(self.rng.bool()))])
            }
            Kind::TwoKeys => obj([("min", self.small()), ("max", self.small())]),
            Kind::OneKey => obj([("max", self.small())]),
            Kind::TwinIds => {
                let id = leaf(["x", "y", "z"][self.rng.usize(..3)]);
                obj([("id", id), ("t", self.small()), ("w", self.small())])
            }
            Kind::SparseNames if self.rng.bool() => obj([("w", self.small()), ("on", leaf(self.rng.bool()))]),
            Kind::SparseNames => self.weak("name"),
            Kind::Numbers => self.small(),
            Kind::Strings => self.word(),
            Kind::Grid => self.numbers(3),
            Kind::Mixed => {
                let kinds =
                    [Kind::StrongId, Kind::TypeOnly, Kind::Numbers, Kind::Strings, Kind::Grid, Kind::OneKey];
                let kind = kinds[self.rng.usize(..kinds.len())];
                self.element(kind)
            }
            Kind::Deep => {
                let inner = [Kind::TypeOnly, Kind::WeakName, Kind::OneKey, Kind::StrongId, Kind::Grid];
                let inner = inner[self.rng.usize(..inner.len())];
                let widgets: Vec<Node> = (0..self.rng.usize(0..=4)).map(|_| self.element(inner)).collect();
                let widgets = widgets.into_iter().map(|n| self.elem(n)).collect();
                let options = self.numbers(3);
                obj([("name", self.word()), ("widgets", Node::Arr(widgets)), ("options", options)])
            }
            Kind::WeakName | Kind::Large | Kind::LargeTwin | Kind::Renumbered => self.weak("name"),
        }
    }

    fn numbers(&mut self, most: usize) -> Node {
        let nodes: Vec<Node> = (0..self.rng.usize(0..=most)).map(|_| self.small()).collect();
        Node::Arr(nodes.into_iter().map(|n| self.elem(n)).collect())
    }

    fn strong(&mut self, id: Value) -> Node {
        let mut node = obj([("id", leaf(id)), ("w", self.small()), ("on", leaf(self.rng.bool()))]);
        if self.rng.bool() {
            let title = self.word();
            set(&mut node, "title", title);
        }
        if self.rng.u8(..4) == 0 {
            let style = obj([("z", self.small()), ("color", self.word())]);
            set(&mut node, "style", style);
        }
        node
    }

    fn weak(&mut self, name: &str) -> Node {
        let mut node = obj([(name, self.fresh_word()), ("w", self.small()), ("on", leaf(self.rng.bool()))]);
        match self.rng.u8(..4) {
            0 => {
                let items = self.numbers(3);
                set(&mut node, "items", items);
            }
            1 => {
                let kind = self.word();
                set(&mut node, "type", kind);
            }
            _ => {}
        }
        node
    }

    /// Edits a copy; returns also what was moved.
    fn side(&mut self, first: &Node, kind: Kind) -> (Node, HashSet<u32>) {
        let mut node = first.clone();
        let mut moved = HashSet::new();
        let edits = [0, 1, 1, 1, 1, 2, 2, 2, 3, 4][self.rng.usize(..10)];
        for _ in 0..edits {
            match &mut node {
                Node::Arr(items) => self.edit_array(items, kind, &mut moved),
                Node::Obj(fields) if self.rng.u8(..8) == 0 => {
                    let title = self.word();
                    fields[2].1 = title;
                }
                Node::Obj(fields) => {
                    if let Node::Arr(items) = &mut fields[1].1 {
                        self.edit_array(items, kind, &mut moved);
                    }
                }
                Node::Leaf(_) => {}
            }
        }
        (node, moved)
    }

    fn edit_array(&mut self, items: &mut Vec<Elem>, kind: Kind, moved: &mut HashSet<u32>) {
        let len = items.len();
        let op = self.rng.u8(..100);
        if len == 0 || (42..57).contains(&op) {
            let new = self.like(items, kind);
            let at = [0, len, self.rng.usize(0..=len)][self.rng.usize(..3)];
            items.insert(at, new);
            if kind == Kind::Renumbered && self.rng.bool() {
                renumber(items);
            }
            return;
        }
        let at = self.rng.usize(..len);
        match op {
            0..33 => self.edit(&mut items[at].node, kind, moved),
            33..42 => self.rename(&mut items[at].node),
            57..70 => {
                items.remove(at);
                if kind == Kind::Renumbered && self.rng.bool() {
                    renumber(items);
                }
            }
            70..82 => {
                let one = items.remove(at);
                moved.insert(one.uid);
                items.insert(self.rng.usize(0..=items.len()), one);
            }
            82..86 => {
                let end = (at + self.rng.usize(1..4)).min(len);
                let block: Vec<Elem> = items.drain(at..end).collect();
                moved.extend(block.iter().map(|e| e.uid));
                let to = self.rng.usize(0..=items.len());
                items.splice(to..to, block);
            }
            86..90 => {
                let to = self.rng.usize(..len);
                if to != at {
                    moved.extend([items[at].uid, items[to].uid]);
                }
                items.swap(at, to);
            }
            90..94 => items[at].node = self.like(items, kind).node,
            94..97 => items[at] = self.like(items, kind),
            _ => {
                let mut copy = items[at].clone();
                self.renew(&mut copy);
                self.rename(&mut copy.node);
                items.insert(self.rng.usize(0..=len), copy);
            }
        }
    }

    /// Gives an element, and what is in it, new identities, and its id another value.
    fn renew(&mut self, elem: &mut Elem) {
        self.uid += 1;
        elem.uid = self.uid;
        if elem.node.get("id").is_some_and(|id| matches!(id, Node::Leaf(v) if v.is_number())) {
            let id = leaf(self.number());
            set(&mut elem.node, "id", id);
        }
        self.renew_within(&mut elem.node);
    }

    fn renew_within(&mut self, node: &mut Node) {
        match node {
            Node::Arr(items) => items.iter_mut().for_each(|e| self.renew(e)),
            Node::Obj(fields) => fields.iter_mut().for_each(|(_, n)| self.renew_within(n)),
            Node::Leaf(_) => {}
        }
    }

    /// Makes an element of the same shape as one that is there.
    fn like(&mut self, items: &[Elem], kind: Kind) -> Elem {
        if items.is_empty() {
            let node = self.element(kind);
            return self.elem(node);
        }
        let mut new = items[self.rng.usize(..items.len())].clone();
        self.renew(&mut new);
        self.refill("", &mut new.node);
        new
    }

    fn refill(&mut self, key: &str, node: &mut Node) {
        match node {
            Node::Leaf(v) => {
                *node = match (key, &v) {
                    ("id", Value::String(s)) if s.len() == 1 => node.clone(),
                    ("id", Value::String(_)) => leaf(format!("k{}", self.number())),
                    ("id", _) => node.clone(),
                    (key, _) if NAMES.contains(&key) && self.rng.u8(..8) != 0 => self.fresh_word(),
                    _ => self.another(v.clone()),
                }
            }
            Node::Obj(fields) => fields.iter_mut().for_each(|(k, n)| self.refill(k, n)),
            Node::Arr(items) => items.iter_mut().for_each(|e| self.refill("", &mut e.node)),
        }
    }

    /// Returns another value of the same type.
    fn another(&mut self, old: Value) -> Node {
        loop {
            let new = match &old {
                Value::Bool(b) => return leaf(!b),
                Value::Number(_) if self.rng.u8(..3) > 0 => self.small(),
                Value::Number(_) => leaf(self.number()),
                _ => self.word(),
            };
            if !matches!(&new, Node::Leaf(v) if *v == old) {
                return new;
            }
        }
    }

    fn edit(&mut self, node: &mut Node, kind: Kind, moved: &mut HashSet<u32>) {
        match node {
            Node::Leaf(v) => *node = self.another(v.clone()),
            Node::Arr(items) => self.edit_array(items, inner(items, kind), moved),
            Node::Obj(fields) => {
                let at = self.rng.usize(..fields.len().max(1));
                match self.rng.u8(..20) {
                    0..2 => {
                        let key = format!("f{}", self.number());
                        let value = self.word();
                        fields.push((key, value));
                    }
                    2 if fields.len() > 1 && fields[at].0 != "id" => {
                        fields.remove(at);
                    }
                    _ if fields.is_empty() || (fields[at].0 == "id" && self.rng.u8(..8) > 0) => {}
                    _ => self.edit(&mut fields[at].1, kind, moved),
                }
            }
        }
    }

    /// Changes what looks like a name.
    fn rename(&mut self, node: &mut Node) {
        if let Node::Obj(fields) = node {
            for (key, value) in fields.iter_mut() {
                if let (true, Node::Leaf(old)) = (WEAK.contains(&key.as_str()), &value) {
                    *value = self.another(old.clone());
                    return;
                }
            }
        }
        self.edit(node, Kind::Numbers, &mut HashSet::new());
    }
}

/// Returns the kind for what is put into an empty array within an element.
fn inner(items: &[Elem], kind: Kind) -> Kind {
    if items.is_empty() || kind == Kind::Renumbered { Kind::Numbers } else { kind }
}

/// Numbers the ids from 1 on, as editors do that keep a position in them.
fn renumber(items: &mut [Elem]) {
    for (n, elem) in items.iter_mut().enumerate() {
        set(&mut elem.node, "id", leaf(n + 1));
    }
}

pub(crate) fn set(node: &mut Node, key: &str, value: Node) {
    if let Node::Obj(fields) = node {
        match fields.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value,
            None => fields.push((key.to_owned(), value)),
        }
    }
}
