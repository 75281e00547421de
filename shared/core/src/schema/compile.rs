//! Compiling a schema: its text becomes a [`Program`], or is refused with the place of the fault.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::document::{Document, Kind, Place, ROOT, index};
use super::keywords;
use super::pattern::{BadPattern, MOST_OF_ALL, MOST_OF_ONE, MOST_TRANSLATED, Pattern};
use super::program::{Id, Keyword, Program, Subschema};
use super::references::{Resources, find};
use super::{DIALECT, SchemaError};
use crate::config::cut;

/// Most subschemas that may be applied to one value inside of one another: references to references, and the
/// like.
const MOST_IN_PLACE: usize = 256;

/// Compiles the text of a schema, which must be JSON without duplicate keys, of at most
/// [`super::MAX_SCHEMA`] bytes.
pub(super) fn compile(text: &str) -> Result<Program, SchemaError> {
    let text: Box<str> = text.into();
    let index = index(&text);
    let mut compiler = Compiler::new(Document::new(&text, &index));
    let root = compiler.schema(ROOT, 0)?;
    compiler.follow_references()?;
    let Compiler { schemas, patterns, resources, is_dynamic, places, document, .. } = compiler;
    let anchors = resources.dynamic_anchors(&places);
    let schemas: Vec<Subschema> = schemas.into_iter().map(Option::unwrap_or_default).collect();
    let place = |id: Id| places.iter().find(|(_, of)| **of == id).map_or(ROOT, |(place, _)| *place);
    if let Some((id, why)) = endless(&schemas, &anchors) {
        return Err(SchemaError::at(&document.pointer(place(id)), why));
    }
    let nothing = Subschema::default();
    Ok(Program { index, schemas, nothing, patterns: patterns.ready, root, anchors, is_dynamic, text })
}

/// A schema on its way.
pub(super) struct Compiler<'a> {
    pub(super) document: Document<'a>,
    schemas: Vec<Option<Subschema>>,
    /// The subschemas by their places.
    places: HashMap<Place, Id>,
    pub(super) resources: Resources,
    pub(super) patterns: Patterns,
    /// References whose targets are not known yet.
    references: Vec<Reference>,
    pub(super) is_dynamic: bool,
}

/// A reference that is followed once all anchors are known.
pub(super) struct Reference {
    /// Whose it is.
    pub(super) schema: Id,
    /// Where it is written.
    pub(super) place: Place,
    pub(super) text: String,
    pub(super) resource: u32,
    pub(super) is_dynamic: bool,
}

/// The patterns of a schema: each text is compiled once.
#[derive(Default)]
pub(super) struct Patterns {
    ready: Vec<Pattern>,
    numbers: HashMap<String, u32>,
    weight: usize,
    translated: usize,
}

impl Patterns {
    fn number(&mut self, text: &str) -> Result<u32, String> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        self.translated = self.translated.saturating_add(Pattern::translation(text));
        let room = MOST_OF_ALL.saturating_sub(self.weight);
        let all = format!(
            "the patterns of the schema are too heavy together: up to this one they take more than {} MiB",
            MOST_OF_ALL / 1024 / 1024
        );
        if room == 0 || self.translated > MOST_TRANSLATED {
            return Err(all);
        }
        let pattern = Pattern::compile(text, room).map_err(|fault| match fault {
            // It would be light enough alone.
            BadPattern::TooHeavy if room < MOST_OF_ONE => all,
            other => other.to_string(),
        })?;
        self.weight = self.weight.saturating_add(pattern.weight());
        let number = u32::try_from(self.ready.len()).unwrap_or(u32::MAX);
        self.ready.push(pattern);
        self.numbers.insert(text.to_owned(), number);
        Ok(number)
    }
}

impl<'a> Compiler<'a> {
    fn new(document: Document<'a>) -> Self {
        Self {
            document,
            schemas: Vec::new(),
            places: HashMap::new(),
            resources: Resources::default(),
            patterns: Patterns::default(),
            references: Vec::new(),
            is_dynamic: false,
        }
    }

    /// A fault at a place.
    pub(super) fn fault(&self, place: Place, why: impl Into<String>) -> SchemaError {
        SchemaError::at(&self.document.pointer(place), why)
    }

    /// Compiles the subschema at a place, once.
    pub(super) fn schema(&mut self, place: Place, resource: u32) -> Result<Id, SchemaError> {
        if let Some(id) = self.places.get(&place) {
            return Ok(*id);
        }
        let id = Id::try_from(self.schemas.len()).unwrap_or(Id::MAX);
        self.schemas.push(None);
        self.places.insert(place, id);
        let schema = match self.document.kind(place) {
            Kind::True => Subschema { resource, ..Subschema::default() },
            Kind::False => {
                Subschema { resource, keywords: Box::new([Keyword::Never]), ..Subschema::default() }
            }
            Kind::Object => self.object(id, place, resource)?,
            _ => return Err(self.fault(place, "a schema is an object, true or false")),
        };
        if let Some(slot) = self.schemas.get_mut(id as usize) {
            // A reference that was followed on the way may have added to it.
            *slot = Some(schema);
        }
        Ok(id)
    }

    fn object(&mut self, id: Id, place: Place, outer: u32) -> Result<Subschema, SchemaError> {
        let resource = self.identify(place, outer)?;
        let mut schema = Subschema { resource, ..Subschema::default() };
        let mut found = keywords::read(self, (id, place, resource), &mut schema)?;
        found.sort_by_key(Keyword::priority);
        schema.applies = found.iter().any(Keyword::applies);
        schema.keywords = found.into();
        Ok(schema)
    }

    /// Reads what a schema says of itself: its dialect, its id, its anchors. Gives the resource that it
    /// belongs to.
    fn identify(&mut self, place: Place, outer: u32) -> Result<u32, SchemaError> {
        let text = |key: &str| -> Option<(Place, Option<String>)> {
            let value = self.document.member(place, key.as_bytes())?;
            let is_string = self.document.kind(value) == Kind::String;
            Some((value, is_string.then(|| self.document.words(value))))
        };
        let [dialect, id, anchor, dynamic] = ["$schema", "$id", "$anchor", "$dynamicAnchor"].map(text);
        if let Some((at, named)) = dialect
            && named.is_none_or(|named| named.trim_end_matches('#') != DIALECT)
        {
            return Err(self.fault(at, format!("only {DIALECT} is understood")));
        }
        let mut resource = outer;
        if let Some((at, id)) = id {
            let added = id.ok_or("an id is a string").and_then(|id| self.resources.add(&id, outer, place));
            resource = added.map_err(|why| self.fault(at, why))?;
        } else if place == ROOT {
            resource = self.resources.add("", outer, place).map_err(|why| self.fault(place, why))?;
        }
        for (found, is_dynamic) in [(anchor, false), (dynamic, true)] {
            let Some((at, name)) = found else { continue };
            let added = name
                .ok_or("an anchor is a string")
                .and_then(|name| self.resources.anchor(resource, name, place, is_dynamic));
            added.map_err(|why| self.fault(at, why))?;
        }
        Ok(resource)
    }

    /// The number of a pattern that is written at a place.
    pub(super) fn pattern(&mut self, place: Place, text: &str) -> Result<u32, SchemaError> {
        self.patterns.number(text).map_err(|why| {
            let pattern = cut(text);
            self.fault(place, format!("{pattern:?} cannot be used as a pattern: {why}"))
        })
    }

    /// Notes a reference, for when all anchors are known.
    pub(super) fn refers(&mut self, reference: Reference) {
        self.references.push(reference);
    }

    /// Finds what references refer to, and compiles it where it is not yet.
    fn follow_references(&mut self) -> Result<(), SchemaError> {
        while let Some(reference) = self.references.pop() {
            let Reference { schema, place, ref text, resource, is_dynamic } = reference;
            let found = find(&self.document, &self.resources, text, resource);
            let target = found.map_err(|why| self.fault(place, why))?;
            let id = self.schema(target.place, target.resource)?;
            let keyword = match target.dynamic_anchor.filter(|_| is_dynamic) {
                Some(anchor) => {
                    self.is_dynamic = true;
                    Keyword::DynamicRef { schema: id, anchor }
                }
                None => Keyword::Ref(id),
            };
            let Some(Some(of)) = self.schemas.get_mut(schema as usize) else { continue };
            let mut keywords = std::mem::take(&mut of.keywords).into_vec();
            let at = keywords.partition_point(|other| other.priority() <= keyword.priority());
            keywords.insert(at, keyword);
            of.keywords = keywords.into();
            of.applies = true;
        }
        Ok(())
    }
}

/// A subschema that would be applied to one value for ever, or through too many others; and why it is
/// refused.
fn endless(schemas: &[Subschema], anchors: &[HashMap<u32, Id>]) -> Option<(Id, String)> {
    const OPEN: usize = usize::MAX;
    // How many subschemas are applied inside of one another below each; absent where that is not known yet.
    let mut depths: HashMap<Id, usize> = HashMap::new();
    for start in 0..Id::try_from(schemas.len()).unwrap_or(Id::MAX) {
        let mut stack: Vec<(Id, Vec<Id>)> = Vec::new();
        if let Entry::Vacant(depth) = depths.entry(start) {
            depth.insert(OPEN);
            stack.push((start, below(schemas, anchors, start)));
        }
        while let Some((id, children)) = stack.last_mut() {
            let id = *id;
            if let Some(child) = children.pop() {
                match depths.get(&child) {
                    Some(&OPEN) => {
                        let why = "it refers to itself without going down into the config, so that a check would never end";
                        return Some((child, why.to_owned()));
                    }
                    Some(_) => {}
                    None => {
                        depths.insert(child, OPEN);
                        stack.push((child, below(schemas, anchors, child)));
                    }
                }
            } else {
                let deepest = below(schemas, anchors, id).iter().filter_map(|child| depths.get(child)).max();
                let depth = deepest.map_or(0, |deepest| deepest + 1);
                if depth > MOST_IN_PLACE {
                    let why = format!(
                        "it applies more than {MOST_IN_PLACE} schemas inside of one another to one value"
                    );
                    return Some((id, why));
                }
                depths.insert(id, depth);
                stack.pop();
            }
        }
    }
    None
}

/// The subschemas that one applies to the value itself.
fn below(schemas: &[Subschema], anchors: &[HashMap<u32, Id>], id: Id) -> Vec<Id> {
    let mut children = Vec::new();
    for keyword in schemas.get(id as usize).into_iter().flat_map(|schema| &schema.keywords) {
        children.extend(keyword.in_place());
        if let Keyword::DynamicRef { anchor, .. } = keyword {
            children.extend(anchors.iter().filter_map(|anchors| anchors.get(anchor)));
        }
    }
    children
}
