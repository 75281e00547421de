//! JSON whose array elements carry a hidden identity: the generator knows it, and the JSON does not.

use serde_json::{Map, Value};

/// A JSON value. Objects keep their order of keys, which means nothing.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Leaf(Value),
    Obj(Vec<(String, Node)>),
    Arr(Vec<Elem>),
}

/// An element of an array. Two elements are the same one if their `uid` is.
#[derive(Clone, Debug)]
pub(crate) struct Elem {
    pub(crate) uid: u32,
    pub(crate) node: Node,
}

/// Keys that name an element for good: another value is another element, if the code decides so.
const STRONG: [&str; 3] = ["id", "uid", "key"];

/// Keys that often name an element, and often are edited.
pub(crate) const WEAK: [&str; 10] =
    ["name", "title", "label", "type", "slug", "code", "text", "ref", "nodeId", "documentId"];

impl Node {
    pub(crate) fn parse(text: &str) -> Self {
        Self::from_value(serde_json::from_str(text).expect("JSON"), &mut 0)
    }

    pub(crate) fn from_value(value: Value, next: &mut u32) -> Self {
        match value {
            Value::Array(items) => Self::Arr(
                items
                    .into_iter()
                    .map(|item| {
                        *next += 1;
                        Elem { uid: *next, node: Self::from_value(item, next) }
                    })
                    .collect(),
            ),
            Value::Object(map) => {
                Self::Obj(map.into_iter().map(|(k, v)| (k, Self::from_value(v, next))).collect())
            }
            leaf => Self::Leaf(leaf),
        }
    }

    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Leaf(v) => v.clone(),
            Self::Obj(fields) => {
                Value::Object(fields.iter().map(|(k, n)| (k.clone(), n.value())).collect::<Map<_, _>>())
            }
            Self::Arr(items) => Value::Array(items.iter().map(|e| e.node.value()).collect()),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.value().to_string()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Obj(fields) => fields.iter().find(|(k, _)| k == key).map(|(_, n)| n),
            _ => None,
        }
    }

    /// Returns a field that is a string or a number.
    pub(crate) fn scalar(&self, key: &str) -> Option<&Value> {
        match self.get(key) {
            Some(Self::Leaf(v)) if v.is_string() || v.is_number() => Some(v),
            _ => None,
        }
    }

    /// Returns the element's strong identity: its `id`, `uid` or `key`.
    pub(crate) fn strong(&self) -> Option<&Value> {
        STRONG.iter().find_map(|key| self.scalar(key))
    }
}

/// True if both are the same JSON; hidden identities do not count.
pub(crate) fn same(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Leaf(x), Node::Leaf(y)) => x == y,
        (Node::Obj(x), Node::Obj(y)) => {
            x.len() == y.len() && x.iter().all(|(k, n)| b.get(k).is_some_and(|m| same(n, m)))
        }
        (Node::Arr(x), Node::Arr(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(m, n)| same(&m.node, &n.node))
        }
        _ => false,
    }
}

/// Counts the values within; an empty object or array is one.
pub(crate) fn leaves(node: &Node) -> usize {
    match node {
        Node::Leaf(_) => 1,
        Node::Obj(f) => f.iter().map(|(_, n)| leaves(n)).sum::<usize>().max(1),
        Node::Arr(e) => e.iter().map(|e| leaves(&e.node)).sum::<usize>().max(1),
    }
}

/// Counts the values that both have at the same place. Elements of arrays count where they are equal,
/// wherever they are, and the rest one by one in order.
pub(crate) fn common(a: &Node, b: &Node) -> usize {
    match (a, b) {
        (Node::Leaf(x), Node::Leaf(y)) => usize::from(x == y),
        (Node::Obj(x), Node::Obj(y)) if x.is_empty() || y.is_empty() => usize::from(x.len() == y.len()),
        (Node::Obj(x), Node::Obj(_)) => x.iter().filter_map(|(k, n)| Some(common(n, b.get(k)?))).sum(),
        (Node::Arr(x), Node::Arr(y)) if x.is_empty() || y.is_empty() => usize::from(x.len() == y.len()),
        (Node::Arr(x), Node::Arr(y)) => {
            let mut used = vec![false; y.len()];
            let mut left = Vec::new();
            let mut count = 0;
            for m in x {
                match (0..y.len()).find(|&j| !used[j] && same(&m.node, &y[j].node)) {
                    Some(j) => {
                        used[j] = true;
                        count += leaves(&m.node);
                    }
                    None => left.push(m),
                }
            }
            let rest = (0..y.len()).filter(|&j| !used[j]);
            count + left.iter().zip(rest).map(|(m, j)| common(&m.node, &y[j].node)).sum::<usize>()
        }
        _ => 0,
    }
}
