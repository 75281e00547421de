//! Places in words for people: `Panel "Raft IO" › title`.

use std::borrow::Cow;

use super::super::outline::{Id, Outline};
use super::super::span::{Kind, unescaped};
use crate::visible::visible;

/// Between the parts of a label.
const BETWEEN: &str = " › ";

/// Longest name of an element, and longest key, in characters.
const MAX_NAME: usize = 40;

/// Longest label, in bytes: about what two elements and a member take.
const MAX_LABEL: usize = 200;

/// What an element is called by: the first of these members that is a number or a string with something in it.
const NAMES: [&[u8]; 7] = [b"title", b"name", b"label", b"id", b"key", b"slug", b"uid"];

/// Keys of arrays that do not say what is in them.
const VAGUE: [&str; 6] = ["list", "data", "values", "content", "contents", "array"];

/// The way from the top to a place.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Member(String),
    Element(String),
}

impl Trail {
    /// Goes to a member.
    pub(crate) fn member(&mut self, key: &str) {
        let key = if key.is_empty() { "\"\"" } else { key };
        self.parts.push(Part::Member(visible(&cut(key, MAX_NAME)).into_owned()));
    }

    /// Goes to the element of an array, the `index`-th from 0.
    pub(crate) fn element(&mut self, outline: &Outline<'_>, id: Id, index: usize) {
        let array = match self.parts.last() {
            Some(Part::Member(key)) => singular(key),
            _ => "Item".to_owned(),
        };
        let text = match name(outline, id) {
            Some(name) => format!("{array} \"{}\"", visible(&cut(&name, MAX_NAME))),
            None => format!("{array} {}", index + 1),
        };
        self.parts.push(Part::Element(text));
    }

    /// Goes back up.
    pub(crate) fn up(&mut self) {
        self.parts.pop();
    }

    /// The label of the place: at most about 200 bytes, long ones without their middle.
    pub(crate) fn label(&self) -> String {
        let followers = self.parts.iter().skip(1).map(Some).chain([None]);
        let parts: Vec<&str> = self
            .parts
            .iter()
            .zip(followers)
            // The element says what it is of.
            .filter(|(part, next)| !matches!((part, next), (Part::Member(_), Some(Part::Element(_)))))
            .map(|(part, _)| match part {
                Part::Member(text) | Part::Element(text) => text.as_str(),
            })
            .collect();
        match parts.as_slice() {
            [] => "Everything".to_owned(),
            parts => shortened(parts),
        }
    }
}

/// The parts, as many of them from the end as there is room for; the first always.
fn shortened(parts: &[&str]) -> String {
    let whole = parts.join(BETWEEN);
    let [first, rest @ ..] = parts else { return whole };
    if whole.len() <= MAX_LABEL {
        return whole;
    }
    let mut room = MAX_LABEL.saturating_sub(first.len());
    let mut kept: Vec<&str> = rest
        .iter()
        .rev()
        .take_while(|part| {
            let fits = part.len() + BETWEEN.len() <= room;
            room = room.saturating_sub(part.len() + BETWEEN.len());
            fits
        })
        .copied()
        .collect();
    kept.extend(["…", first]);
    kept.reverse();
    kept.join(BETWEEN)
}

fn name(outline: &Outline<'_>, id: Id) -> Option<String> {
    if !outline.is_open(id, Kind::Object) {
        return None;
    }
    let mut best: Option<(usize, String)> = None;
    for member in outline.children(id) {
        let key = outline.key(member);
        let Some(rank) = NAMES.iter().position(|name| *name == key.as_ref()) else { continue };
        if best.as_ref().is_some_and(|(known, _)| *known <= rank) {
            continue;
        }
        let text = match outline.get(member).kind {
            Kind::String => {
                let text = unescaped(outline.text(member));
                String::from_utf8_lossy(text.get(..1_000).unwrap_or(&text))
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Kind::Number => outline.text(member).to_owned(),
            _ => continue,
        };
        if !text.is_empty() {
            best = Some((rank, text));
        }
    }
    best.map(|(_, name)| name)
}

/// What one element of an array is, from the array's key: `valueMaps` → `Value map`.
fn singular(key: &str) -> String {
    if VAGUE.contains(&key) || !key.contains(char::is_alphanumeric) {
        return "Item".to_owned();
    }
    let mut words = String::new();
    for char in key.chars() {
        if matches!(char, '_' | '-' | ' ') {
            words.push(' ');
        } else {
            if char.is_uppercase() && words.ends_with(char::is_lowercase) {
                words.push(' ');
            }
            words.extend(char.to_lowercase());
        }
    }
    let words = words.trim().trim_start_matches(' ');
    let one = match words {
        _ if words.ends_with("children") => words.trim_end_matches("ren").to_owned(),
        _ if words.len() > 4 && words.ends_with("ies") => format!("{}y", words.trim_end_matches("ies")),
        _ if ["sses", "xes", "ches", "shes", "uses"].iter().any(|end| words.ends_with(end)) => {
            words.trim_end_matches("es").to_owned()
        }
        _ if words.len() > 2 && words.ends_with('s') && !words.ends_with("ss") && !words.ends_with("us") => {
            words.trim_end_matches('s').to_owned()
        }
        _ => words.to_owned(),
    };
    let mut chars = one.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Item".to_owned(),
    }
}

/// At most so many characters; a cut is marked by `…`.
pub(super) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
