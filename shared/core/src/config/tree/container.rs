//! An object or array whose items can be edited one by one, with the white space around each.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::error::cut;
use super::super::pointer;
use super::super::span::{Kind, Unexpected, elements, kind, members, unescaped, within};
use super::{Budget, Fault, Measure, Node, TOO_LARGE};

/// Longest white space that a new item takes over from a neighbour: a patch must not multiply it.
const MAX_STYLE: usize = 256;

/// Where an element of a rearranged array comes from.
pub(super) enum Place<'a> {
    /// It has this index so far.
    Old(usize),
    /// It is new.
    New(Node<'a>),
}

/// One member or element.
#[derive(Clone)]
struct Item<'a> {
    /// The raw key; empty in an array.
    key: Cow<'a, str>,
    /// From the key to the value: a colon and white space; empty in an array.
    colon: &'a str,
    /// White space between the comma before and the item. Not used while the item is first.
    before: &'a str,
    value: Node<'a>,
    /// White space between the item and the comma after it. Not used while the item is last.
    after: &'a str,
}

/// An opened object or array.
#[derive(Clone)]
pub(in super::super) struct Container<'a> {
    /// White space before the first item.
    first: &'a str,
    /// `None` where a member was removed: the places of the others stay.
    items: Vec<Option<Item<'a>>>,
    /// White space after the last item.
    last: &'a str,
    /// Where in `items` each key of an object is; `None` for an array.
    places: Option<HashMap<Cow<'a, [u8]>, usize>>,
    /// Items were taken out: an empty rest is written without white space.
    thinned: bool,
}

impl<'a> Container<'a> {
    /// Opens the text of an object or array; `None` for other values.
    pub(super) fn open(text: &'a str, budget: &mut Budget) -> Result<Option<Self>, Fault> {
        let is_object = match kind(text) {
            Kind::Object => true,
            Kind::Array => false,
            _ => return Ok(None),
        };
        budget.work(text.len())?;
        let parts: Vec<(&str, &str)> = if is_object {
            let members = members(text).map_err(too_large)?;
            members.iter().map(|member| (member.raw_key, member.value.get())).collect()
        } else {
            let elements = elements(text).map_err(too_large)?;
            elements.iter().map(|element| ("", element.get())).collect()
        };
        budget.open(parts.len(), 0)?;
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        let mut this = Self {
            first: "",
            items: Vec::new(),
            last: inner,
            places: is_object.then(HashMap::new),
            thinned: false,
        };
        this.items.reserve_exact(parts.len());
        let mut end = 0;
        for (key, value) in parts {
            let start = within(inner, if is_object { key } else { value }).unwrap_or_default().start;
            let gap = inner.get(end..start).unwrap_or_default();
            this.end_item(gap);
            let value_at = within(inner, value).unwrap_or_default();
            let colon =
                if is_object { inner.get(start + key.len()..value_at.start).unwrap_or(":") } else { "" };
            let before = gap.split_once(',').map_or("", |(_, before)| before);
            let item = Item { key: key.into(), colon, before, value: Node::Text(value), after: "" };
            if let Some(places) = &mut this.places {
                places.insert(unescaped(key), this.items.len());
            }
            this.items.push(Some(item));
            end = value_at.end;
            this.last = inner.get(end..).unwrap_or_default();
        }
        this.settle_ends();
        Ok(Some(this))
    }

    /// Gives the space before a comma to the item before it, or to the start.
    fn end_item(&mut self, gap: &'a str) {
        match self.items.last_mut() {
            Some(Some(item)) => item.after = gap.split_once(',').map_or("", |(after, _)| after),
            _ => self.first = gap,
        }
    }

    /// Gives the first and last items the separators they need once others come before and after them.
    fn settle_ends(&mut self) {
        let before = self.items.get(1).and_then(Option::as_ref).map(|second| second.before);
        let default = self.default_before(false);
        if let Some(Some(first)) = self.items.first_mut() {
            first.before = before.unwrap_or(default);
        }
        let after = self.items.iter().rev().nth(1).and_then(Option::as_ref).map_or("", |item| item.after);
        if let Some(Some(last)) = self.items.last_mut() {
            last.after = short(after);
        }
    }

    fn default_before(&self, spaced: bool) -> &'a str {
        let one = self.items.first().and_then(Option::as_ref);
        match short(self.first) {
            "" if spaced || one.is_some_and(|item| item.colon.ends_with(' ')) => " ",
            before => before,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        self.places.is_some()
    }

    /// All values.
    pub(super) fn values(&mut self) -> impl Iterator<Item = &mut Node<'a>> {
        self.items.iter_mut().flatten().map(|item| &mut item.value)
    }

    /// The value of a member.
    pub(super) fn member(&mut self, key: &[u8]) -> Option<&mut Node<'a>> {
        let place = *self.places.as_ref()?.get(key)?;
        self.items.get_mut(place)?.as_mut().map(|item| &mut item.value)
    }

    /// The value of an element.
    pub(super) fn element(&mut self, index: usize) -> Option<&mut Node<'a>> {
        self.items.get_mut(index)?.as_mut().map(|item| &mut item.value)
    }

    /// Gives an array these elements, in this order. Those that are not named are taken out.
    pub(super) fn rearrange(
        &mut self,
        places: Vec<Place<'a>>,
        budget: &mut Budget,
        spaced: bool,
    ) -> Result<(), Fault> {
        let new = places.iter().filter(|place| matches!(place, Place::New(_))).count();
        budget.open(new, 0)?;
        budget.walk(places.len())?;
        let mut items = Vec::with_capacity(places.len());
        let count = self.items.len();
        for place in places {
            items.push(Some(match place {
                Place::New(value) => self.styled("".into(), value, spaced),
                Place::Old(index) => {
                    let item = self.items.get_mut(index).and_then(Option::as_mut);
                    let item = item.ok_or_else(|| no_element(&index.to_string(), count))?;
                    Item { value: std::mem::replace(&mut item.value, Node::Text("")), ..item.clone() }
                }
            }));
        }
        self.thinned |= items.len() - new < count;
        self.items = items;
        Ok(())
    }

    /// The member or element that a token of a pointer names.
    pub(super) fn get(&mut self, token: &str) -> Result<&mut Node<'a>, Fault> {
        if self.is_object() {
            let found = self.member(token.as_bytes());
            return found.ok_or_else(|| no_member(token));
        }
        let count = self.items.len();
        let found = pointer::array_index(token).and_then(|index| self.items.get_mut(index)?.as_mut());
        found.map(|item| &mut item.value).ok_or_else(|| no_element(token, count))
    }

    /// Sets a member, or inserts an element, as `add` of RFC 6902 says.
    pub(super) fn add(
        &mut self,
        token: &str,
        value: Node<'a>,
        budget: &mut Budget,
        spaced: bool,
    ) -> Result<(), Fault> {
        if self.is_object() {
            let raw = serde_json::Value::from(token).to_string();
            return self.set(Cow::Owned(token.as_bytes().to_vec()), raw.into(), value, budget, spaced);
        }
        let count = self.items.len();
        let index = if token == "-" { Some(count) } else { pointer::array_index(token) };
        let index = index.filter(|index| *index <= count).ok_or_else(|| no_element(token, count))?;
        budget.open(1, 0)?;
        budget.walk(count - index)?;
        let item = self.styled("".into(), value, spaced);
        self.items.insert(index, Some(item));
        Ok(())
    }

    /// Sets a member: its value, where the key is there already.
    pub(super) fn set(
        &mut self,
        key: Cow<'a, [u8]>,
        raw: Cow<'a, str>,
        value: Node<'a>,
        budget: &mut Budget,
        spaced: bool,
    ) -> Result<(), Fault> {
        if let Some(old) = self.member(&key) {
            *old = value;
            return Ok(());
        }
        budget.open(1, 0)?;
        let item = self.styled(raw, value, spaced);
        if let Some(places) = &mut self.places {
            places.insert(key, self.items.len());
        }
        self.items.push(Some(item));
        Ok(())
    }

    /// A new item, spaced like the others.
    fn styled(&self, key: Cow<'a, str>, value: Node<'a>, spaced: bool) -> Item<'a> {
        let like = self.items.last().and_then(Option::as_ref);
        let colon = match like {
            _ if key.is_empty() => "",
            Some(item) if item.colon.len() <= MAX_STYLE => item.colon,
            _ if spaced => ": ",
            _ => ":",
        };
        let before = like.map_or_else(|| self.default_before(spaced), |item| short(item.before));
        Item { key, colon, before, value, after: like.map_or("", |item| short(item.after)) }
    }

    /// Takes out the member or element that a token of a pointer names.
    pub(super) fn remove(&mut self, token: &str, budget: &mut Budget) -> Result<Node<'a>, Fault> {
        if self.is_object() {
            let found = self.remove_member(token.as_bytes());
            return found.ok_or_else(|| no_member(token));
        }
        let count = self.items.len();
        let index = pointer::array_index(token)
            .filter(|index| *index < count)
            .ok_or_else(|| no_element(token, count))?;
        budget.walk(count - index)?;
        self.thinned = true;
        self.items.remove(index).map(|item| item.value).ok_or_else(|| no_element(token, count))
    }

    /// Takes out a member.
    pub(super) fn remove_member(&mut self, key: &[u8]) -> Option<Node<'a>> {
        let place = self.places.as_mut()?.remove(key)?;
        self.thinned = true;
        self.items.get_mut(place)?.take().map(|item| item.value)
    }

    /// Takes out the members that are null.
    pub(super) fn remove_nulls(&mut self) {
        let items = &mut self.items;
        let Some(places) = &mut self.places else { return };
        let before = places.len();
        places.retain(|_, place| match items.get_mut(*place) {
            Some(item) if item.as_ref().is_some_and(|item| item.value.is_null()) => {
                *item = None;
                false
            }
            _ => true,
        });
        self.thinned |= places.len() < before;
    }

    /// The extent of what `write` writes.
    pub(super) fn measure(&self) -> Measure {
        let mut whole = Measure { items: self.items.len(), levels: 0, bytes: 0 };
        for part in self.parts() {
            let inner = match part {
                Part::Text(text) => Measure { bytes: text.len(), ..Measure::default() },
                Part::Value(value) => value.measure(),
            };
            whole.items = whole.items.saturating_add(inner.items);
            whole.levels = whole.levels.max(inner.levels);
            whole.bytes = whole.bytes.saturating_add(inner.bytes);
        }
        whole.levels += 1;
        whole
    }

    /// Appends the text.
    pub(super) fn write(&self, out: &mut String) {
        for part in self.parts() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(value) => value.write(out),
            }
        }
    }

    /// The text in pieces.
    fn parts(&self) -> impl Iterator<Item = Part<'_, 'a>> {
        let (open, close) = if self.is_object() { ("{", "}") } else { ("[", "]") };
        let items = || self.items.iter().flatten();
        let previous = std::iter::once(None).chain(items().map(Some));
        let middle = items().zip(previous).flat_map(|(item, previous)| {
            let (after, comma, before) =
                previous.map_or(("", "", self.first), |previous| (previous.after, ",", item.before));
            let texts = [after, comma, before, item.key.as_ref(), item.colon].map(Part::Text);
            texts.into_iter().chain([Part::Value(&item.value)])
        });
        let last = if self.thinned && items().next().is_none() { "" } else { self.last };
        std::iter::once(Part::Text(open)).chain(middle).chain([Part::Text(last), Part::Text(close)])
    }
}

/// A piece of a container's text.
enum Part<'t, 'a> {
    Text(&'t str),
    Value(&'t Node<'a>),
}

/// The only reason why checked text cannot be viewed.
pub(super) fn too_large(_: Unexpected) -> Fault {
    Fault::Refused(TOO_LARGE.to_owned())
}

fn no_member(token: &str) -> Fault {
    Fault::Refused(format!("the object has no member {:?}", cut(token)))
}

fn no_element(token: &str, count: usize) -> Fault {
    let has = format!("the array has {count} element{}", if count == 1 { "" } else { "s" });
    Fault::Refused(if token == "-" {
        format!("\"-\" is the place behind the last element, where nothing is: {has}")
    } else if token.is_empty()
        || token.len() > 1 && token.starts_with('0')
        || !token.bytes().all(|b| b.is_ascii_digit())
    {
        format!("{:?} is not an index: {has}, and takes digits alone, without a leading zero", cut(token))
    } else {
        format!("there is no element {}: {has}, counted from 0", cut(token))
    })
}

/// White space that may be repeated.
fn short(space: &str) -> &str {
    if space.len() <= MAX_STYLE { space } else { "" }
}
