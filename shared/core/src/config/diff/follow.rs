//! One place, followed from a config to the one before: which is what "who changed this?" asks of each pair.

use serde_json::value::RawValue;

use super::super::outline::{Id, Outline};
use super::super::pointer::{self, Pointer};
use super::super::span::{Kind, compact};
use super::Sameness;
use super::label::Trail;
use super::walk::{Place, Walk};

/// Most places that a label is looked for.
const MAX_LABELLED: usize = 20;

/// What a place of the newer config was in the older.
#[derive(Debug)]
pub enum Earlier {
    /// The same value, at this place.
    Same(Pointer),
    /// Another value, at this place.
    Other {
        /// The place in the older config.
        place: Pointer,
        /// The value there, in its own spelling without white space around its parts.
        value: Box<RawValue>,
    },
    /// Nothing: it is new.
    New,
    /// It is not in the newer config, and in the older there was this.
    Gone(Box<RawValue>),
    /// It is in neither.
    Nowhere,
}

/// What the value at `place` of `after` was in `before`, both texts of configs. Elements of arrays are followed as in
/// [`super::diff`]: by identity, where they have one.
pub fn follow(before: &str, after: &str, place: &Pointer) -> Earlier {
    one(&Outline::of(before), &Outline::of(after), place)
}

/// [`follow`] for several places of the same two configs, which are scanned once.
pub fn follow_each(before: &str, after: &str, places: &[Pointer]) -> Vec<Earlier> {
    let (old, new) = (Outline::of(before), Outline::of(after));
    places.iter().map(|place| one(&old, &new, place)).collect()
}

fn one(old: &Outline<'_>, new: &Outline<'_>, place: &Pointer) -> Earlier {
    if find(new, place).is_none() {
        return find(old, place).and_then(|id| raw(old, id)).map_or(Earlier::Nowhere, Earlier::Gone);
    }
    let mut walk = Walk::new(old, new, Sameness::Identity);
    let (mut was, mut at, mut path) = (Outline::ROOT, Outline::ROOT, String::new());
    for token in place.tokens() {
        let Some((old_child, new_child)) = step(&mut walk, (was, at), token) else { return Earlier::New };
        match old_child {
            Step::Member(id) => {
                pointer::push(&mut path, token);
                was = id;
            }
            Step::Element(Place { index, id }) => {
                pointer::push_index(&mut path, index);
                was = id;
            }
        }
        at = new_child;
    }
    // What was pushed is a pointer.
    let place = path.parse().unwrap_or_default();
    match (walk.value(was, at), raw(old, was)) {
        (Some(_), Some(value)) => Earlier::Other { place, value },
        _ => Earlier::Same(place),
    }
}

enum Step {
    Member(Id),
    Element(Place),
}

/// One level down in both; `None` where the older has nothing there.
fn step(walk: &mut Walk<'_, '_>, (was, at): (Id, Id), token: &str) -> Option<(Step, Id)> {
    let (old, new) = (walk.old, walk.new);
    if new.is_open(at, Kind::Object) {
        let child = new.member(at, token.as_bytes())?;
        let before =
            if old.is_open(was, Kind::Object) { old.member(was, token.as_bytes())? } else { return None };
        return Some((Step::Member(before), child));
    }
    let index: usize = token.parse().ok()?;
    let child = new.children(at).nth(index)?;
    if !old.is_open(was, Kind::Array) {
        return None;
    }
    let (index, id) = walk.earlier(was, at, index)?;
    Some((Step::Element(Place { index, id }), child))
}

/// The value at a place.
pub(super) fn find(outline: &Outline<'_>, place: &Pointer) -> Option<Id> {
    place.tokens().iter().try_fold(Outline::ROOT, |at, token| {
        if outline.is_open(at, Kind::Object) {
            return outline.member(at, token.as_bytes());
        }
        let is_index = token == "0" || !token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit());
        let index: usize = token.parse().ok().filter(|_| is_index && outline.is_open(at, Kind::Array))?;
        outline.children(at).nth(index)
    })
}

fn raw(outline: &Outline<'_>, id: Id) -> Option<Box<RawValue>> {
    RawValue::from_string(compact(outline.text(id)).into_owned()).ok()
}

/// A place in words, as in [`super::Change::label`], and the value there without white space around its parts; `None`
/// where there is nothing.
pub fn at(text: &str, place: &Pointer) -> Option<(String, Box<RawValue>)> {
    let outline = Outline::of(text);
    let value = raw(&outline, find(&outline, place)?)?;
    Some((trail(&outline, place)?.label(), value))
}

/// Places in words, as in [`super::Change::label`]; empty for the whole config, and where there is nothing.
pub fn labels(text: &str, places: &[&str]) -> Vec<String> {
    let outline = Outline::of(text);
    let label = |place: &&str| {
        let place = place.parse().ok().filter(|_| !place.is_empty())?;
        find(&outline, &place)?;
        Some(trail(&outline, &place)?.label())
    };
    places.iter().map(|place| label(place).unwrap_or_default()).collect()
}

/// The way to a place that is there.
fn trail(outline: &Outline<'_>, place: &Pointer) -> Option<Trail> {
    let mut trail = Trail::default();
    let mut at = Outline::ROOT;
    for token in place.tokens() {
        if outline.is_open(at, Kind::Object) {
            at = outline.member(at, token.as_bytes())?;
            trail.member(token);
        } else {
            let index = token.parse().ok()?;
            at = outline.children(at).nth(index)?;
            trail.element(outline, at, index);
        }
    }
    Some(trail)
}

/// The places of a config that have this label; at most 20. Time grows with the number of its values.
pub fn labelled(text: &str, label: &str) -> Vec<String> {
    let outline = Outline::of(text);
    let mut search =
        Labels { outline: &outline, label, path: String::new(), trail: Trail::default(), found: Vec::new() };
    search.below(Outline::ROOT);
    search.found
}

struct Labels<'o, 'a> {
    outline: &'o Outline<'a>,
    label: &'o str,
    path: String,
    trail: Trail,
    found: Vec<String>,
}

impl Labels<'_, '_> {
    fn below(&mut self, id: Id) {
        let is_object = self.outline.is_open(id, Kind::Object);
        for (index, child) in self.outline.children(id).enumerate() {
            if self.found.len() == MAX_LABELLED {
                return;
            }
            let length = self.path.len();
            if is_object {
                let key = self.outline.key_text(child);
                pointer::push(&mut self.path, &key);
                self.trail.member(&key);
            } else {
                pointer::push_index(&mut self.path, index);
                self.trail.element(self.outline, child, index);
            }
            if self.trail.label() == self.label {
                self.found.push(self.path.clone());
            }
            self.below(child);
            self.trail.up();
            self.path.truncate(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    const BEFORE: &str = r#"{"panels":[{"id":1,"title":"CPU"},{"id":2,"title":"Raft IO"}],"n":[1,2]}"#;

    #[test]
    fn an_element_is_followed_by_its_identity() {
        let after =
            r#"{"n":[1,2], "panels":[{"id":3,"title":"x"},{"id":2,"title":"Raft"},{"id":1,"title":"CPU"}]}"#;
        match follow(BEFORE, after, &place("/panels/2/title")) {
            Earlier::Same(was) => assert_eq!(was, place("/panels/0/title")),
            other => panic!("{other:?}"),
        }
        match follow(BEFORE, after, &place("/panels/1/title")) {
            Earlier::Other { place: was, value } => {
                assert_eq!((was, value.get()), (place("/panels/1/title"), "\"Raft IO\""));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(follow(BEFORE, after, &place("/panels/0/title")), Earlier::New));
        assert!(matches!(follow(BEFORE, after, &place("/n")), Earlier::Same(_)));
        assert!(matches!(follow(BEFORE, after, &place("")), Earlier::Other { .. }));
    }

    #[test]
    fn what_is_gone_says_what_it_was() {
        match follow(BEFORE, r#"{"panels":[]}"#, &place("/n/1")) {
            Earlier::Gone(value) => assert_eq!(value.get(), "2"),
            other => panic!("{other:?}"),
        }
        for nowhere in ["/x", "/n/7", "/n/01", "/n/-", "/panels/0/title/x"] {
            assert!(matches!(follow(BEFORE, BEFORE, &place(nowhere)), Earlier::Nowhere), "{nowhere}");
        }
        let other_kind = r#"{"panels":{"0":1},"n":3}"#;
        assert!(matches!(follow(BEFORE, other_kind, &place("/panels/0")), Earlier::New));
    }

    #[test]
    fn a_label_leads_to_its_places() {
        assert_eq!(labelled(BEFORE, "Panel \"Raft IO\" › title"), ["/panels/1/title"]);
        assert_eq!(labelled(BEFORE, "Panel \"Disk\" › title"), [""; 0]);
        let (label, value) = at(BEFORE, &place("/panels/1/title")).unwrap();
        assert_eq!((label.as_str(), value.get()), ("Panel \"Raft IO\" › title", "\"Raft IO\""));
        let twice = r#"{"a":[{"name":"x","n":1},{"name":"x","n":2}]}"#;
        assert_eq!(labelled(twice, "A \"x\" › n"), ["/a/0/n", "/a/1/n"]);
        assert!(at(BEFORE, &place("/none")).is_none());
    }
}
