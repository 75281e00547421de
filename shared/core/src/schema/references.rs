//! What references refer to: resources by their URI, places in them by JSON Pointer or anchor.

use std::collections::HashMap;

use fluent_uri::{Uri, UriRef};

use super::document::{Document, Kind, Place};
use super::program::Id;
use crate::config::pointer::{Pointer, array_index};

/// The URI of a schema that says none.
const BASE: &str = "json-schema:///";

/// The resources of a schema: the schema itself, and the parts of it that have an id of their own.
#[derive(Default)]
pub(super) struct Resources {
    all: Vec<Resource>,
    by_uri: HashMap<String, u32>,
    by_place: HashMap<Place, u32>,
    /// The numbers of the names of dynamic anchors.
    names: HashMap<String, u32>,
}

struct Resource {
    uri: Option<Uri<String>>,
    root: Place,
    anchors: HashMap<String, Place>,
    dynamic: HashMap<u32, Place>,
}

/// What a reference refers to.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) resource: u32,
    /// The number of the dynamic anchor that it was found by.
    pub(super) dynamic_anchor: Option<u32>,
}

impl Resources {
    /// Adds a resource by its id, which is relative to the one around it.
    pub(super) fn add(&mut self, id: &str, outer: u32, root: Place) -> Result<u32, &'static str> {
        let uri = self.resolve(id, outer).ok_or("the id is no URI reference")?;
        if uri.fragment().is_some_and(|fragment| !fragment.is_empty()) {
            return Err("an id has no fragment: $anchor names a place");
        }
        let uri =
            Uri::parse(uri.strip_fragment().as_str().to_owned()).map_err(|_| "the id is no URI reference")?;
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        if self.by_uri.insert(uri.as_str().to_owned(), number).is_some() {
            return Err("two schemas have the same id");
        }
        self.by_place.insert(root, number);
        self.all.push(Resource { uri: Some(uri), root, anchors: HashMap::new(), dynamic: HashMap::new() });
        Ok(number)
    }

    /// Adds an anchor of a resource.
    pub(super) fn anchor(
        &mut self,
        resource: u32,
        name: String,
        place: Place,
        is_dynamic: bool,
    ) -> Result<(), &'static str> {
        let mut chars = name.chars();
        let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !first || !chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Err("an anchor begins with a letter or _, and goes on with letters, digits, -, . and _");
        }
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let Some(of) = self.all.get_mut(resource as usize) else { return Ok(()) };
        if is_dynamic {
            let number = *self.names.entry(name.clone()).or_insert(next);
            of.dynamic.insert(number, place);
        }
        let before = of.anchors.insert(name, place);
        if before.is_some_and(|before| before != place) {
            return Err("two places have the same anchor");
        }
        Ok(())
    }

    fn resolve(&self, reference: &str, resource: u32) -> Option<Uri<String>> {
        let reference = UriRef::parse(reference).ok()?;
        let base = self.all.get(resource as usize).and_then(|resource| resource.uri.as_ref());
        let resolved = match base {
            Some(base) => reference.resolve_against(base),
            None => reference.resolve_against(&Uri::parse(BASE).ok()?),
        };
        Some(resolved.ok()?.normalize())
    }

    /// The subschemas of the dynamic anchors of each resource.
    pub(super) fn dynamic_anchors(&self, ids: &HashMap<Place, Id>) -> Vec<HashMap<u32, Id>> {
        let of = |resource: &Resource| {
            let found = resource.dynamic.iter();
            found.filter_map(|(name, place)| Some((*name, *ids.get(place)?))).collect()
        };
        self.all.iter().map(of).collect()
    }
}

/// Finds what a reference of a resource refers to.
pub(super) fn find(
    document: &Document<'_>,
    resources: &Resources,
    reference: &str,
    from: u32,
) -> Result<Target, String> {
    let uri =
        resources.resolve(reference, from).ok_or_else(|| format!("{reference:?} is no URI reference"))?;
    let (place, fragment) = uri.as_str().split_once('#').unwrap_or((uri.as_str(), ""));
    let Some(&number) = resources.by_uri.get(place) else {
        return Err(format!("{place} is outside the schema: put what it refers to under $defs"));
    };
    let Some(resource) = resources.all.get(number as usize) else {
        return Err("no such resource".to_owned());
    };
    let fragment = UriRef::parse(format!("#{fragment}")).ok();
    let fragment =
        fragment.as_ref().and_then(|uri| uri.fragment()).map(|fragment| fragment.decode().to_string_lossy());
    let fragment = fragment.unwrap_or_default();
    let nothing = || format!("there is nothing at {reference:?} in the schema");
    if fragment.is_empty() || fragment.starts_with('/') {
        let pointer: Pointer = fragment.parse().map_err(|_| nothing())?;
        return walk(document, resources, (resource.root, number), &pointer).ok_or_else(nothing);
    }
    let place = *resource.anchors.get(fragment.as_ref()).ok_or_else(nothing)?;
    let dynamic_anchor = resources.names.get(fragment.as_ref()).copied();
    let dynamic_anchor = dynamic_anchor.filter(|name| resource.dynamic.contains_key(name));
    Ok(Target { place, resource: number, dynamic_anchor })
}

/// Follows a JSON Pointer from the root of a resource, through resources inside of it.
fn walk(
    document: &Document<'_>,
    resources: &Resources,
    (mut place, mut resource): (Place, u32),
    pointer: &Pointer,
) -> Option<Target> {
    for token in pointer.tokens() {
        place = match document.kind(place) {
            Kind::Object => document.member(place, token.as_bytes())?,
            Kind::Array => document.elements(place).nth(array_index(token)?)?,
            _ => return None,
        };
        resource = resources.by_place.get(&place).copied().unwrap_or(resource);
    }
    // A place with an id of its own belongs to itself; where it is compiled, its id is read relative to what
    // is around it.
    Some(Target { place, resource, dynamic_anchor: None })
}
