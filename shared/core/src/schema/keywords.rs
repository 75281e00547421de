//! Reading the keywords of a schema object. Each must have the form that the meta-schema of the draft
//! 2020-12 gives it.

use std::collections::HashSet;

use super::SchemaError;
use super::compile::{Compiler, Reference};
use super::document::{Kind, Place};
use super::number::{self, Factor};
use super::program::{Bound, Id, Key, Keyword, Properties, Size, Subschema, TYPES, Types};

/// Longest name that people are told, in bytes.
const MOST_NAME: usize = 60;

/// Keywords that belong to one another, until all of them are read.
#[derive(Default)]
struct Together {
    named: Option<Vec<(Key, Id)>>,
    matched: Option<Vec<(u32, Id)>>,
    others: Option<Id>,
    prefix: Vec<Id>,
    rest: Option<Id>,
    contains: Option<Id>,
    least: Option<u64>,
    most: Option<u64>,
    condition: Option<Id>,
    then: Option<Id>,
    otherwise: Option<Id>,
}

/// Reads the keywords of the schema object at a place.
pub(super) fn read(
    compiler: &mut Compiler<'_>,
    (id, place, resource): (Id, Place, u32),
    schema: &mut Subschema,
) -> Result<Vec<Keyword>, SchemaError> {
    let mut found = Vec::new();
    let mut together = Together::default();
    let members: Vec<(Place, Place)> = compiler.document.members(place).collect();
    for (key, value) in members {
        let key = compiler.document.words(key);
        let mut reader = Reader { compiler: &mut *compiler, value, resource };
        if let Some(keyword) = reader.assertion(&key)? {
            found.push(keyword);
        } else if !reader.applicator(&key, &mut together, &mut found)? {
            reader.other(&key, id, schema)?;
        }
    }
    together.add_to(&mut found);
    Ok(found)
}

impl Together {
    fn add_to(self, found: &mut Vec<Keyword>) {
        if self.named.is_some() || self.matched.is_some() || self.others.is_some() {
            let mut named = self.named.unwrap_or_default();
            named.sort_unstable();
            let matched = self.matched.unwrap_or_default().into();
            found.push(Keyword::Properties(Box::new(Properties {
                named: named.into(),
                matched,
                others: self.others,
            })));
        }
        if !self.prefix.is_empty() || self.rest.is_some() {
            found.push(Keyword::Items { prefix: self.prefix.into(), rest: self.rest });
        }
        if let Some(schema) = self.contains {
            found.push(Keyword::Contains { schema, least: self.least.unwrap_or(1), most: self.most });
        }
        if let Some(condition) = self.condition {
            found.push(Keyword::If { condition, then: self.then, otherwise: self.otherwise });
        }
    }
}

/// Reads the value of one keyword.
struct Reader<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    value: Place,
    resource: u32,
}

type Read<T> = Result<T, SchemaError>;

impl Reader<'_, '_> {
    /// What asks for something of a value itself.
    fn assertion(&mut self, key: &str) -> Read<Option<Keyword>> {
        let bound = |bound| move |limit: Box<str>| Keyword::Bound { bound, limit };
        let size = |size| move |limit: u64| Keyword::Size { size, limit };
        Ok(Some(match key {
            "type" => Keyword::Type(self.types()?),
            "const" => Keyword::Const(self.value),
            "enum" => Keyword::Enum(self.array("an array")?.into()),
            "minimum" => bound(Bound::Minimum)(self.number()?),
            "maximum" => bound(Bound::Maximum)(self.number()?),
            "exclusiveMinimum" => bound(Bound::ExclusiveMinimum)(self.number()?),
            "exclusiveMaximum" => bound(Bound::ExclusiveMaximum)(self.number()?),
            "multipleOf" => {
                let text = self.number()?;
                let factor = Factor::of(&text);
                let why = "multipleOf is above 0 and has at most 18 digits";
                Keyword::MultipleOf { factor: factor.ok_or_else(|| self.fault(why))?, text }
            }
            "minLength" => size(Size::MinLength)(self.count()?),
            "maxLength" => size(Size::MaxLength)(self.count()?),
            "minItems" => size(Size::MinItems)(self.count()?),
            "maxItems" => size(Size::MaxItems)(self.count()?),
            "minProperties" => size(Size::MinProperties)(self.count()?),
            "maxProperties" => size(Size::MaxProperties)(self.count()?),
            "required" => Keyword::Required(self.keys(self.value)?.into()),
            "dependentRequired" => {
                let members = self.object()?;
                let read = |(key, value)| Ok((self.key(key), self.keys(value)?.into()));
                Keyword::DependentRequired(members.into_iter().map(read).collect::<Read<_>>()?)
            }
            "pattern" => {
                let text = self.string()?;
                Keyword::Pattern(self.compiler.pattern(self.value, &text)?)
            }
            "uniqueItems" if self.boolean()? => Keyword::UniqueItems,
            _ => return Ok(None),
        }))
    }

    /// What applies other schemas. Gives whether the key is one of these.
    fn applicator(&mut self, key: &str, together: &mut Together, found: &mut Vec<Keyword>) -> Read<bool> {
        match key {
            "properties" => together.named = Some(self.schemas_by_key()?),
            "patternProperties" => together.matched = Some(self.schemas_by_pattern()?),
            "additionalProperties" => together.others = Some(self.schema()?),
            "prefixItems" => together.prefix = self.schemas()?,
            "items" => together.rest = Some(self.schema()?),
            "contains" => together.contains = Some(self.schema()?),
            "minContains" => together.least = Some(self.count()?),
            "maxContains" => together.most = Some(self.count()?),
            "if" => together.condition = Some(self.schema()?),
            "then" => together.then = Some(self.schema()?),
            "else" => together.otherwise = Some(self.schema()?),
            "dependencies" => self.dependencies(found)?,
            "propertyNames" => found.push(Keyword::PropertyNames(self.schema()?)),
            "allOf" => found.push(Keyword::AllOf(self.schemas()?.into())),
            "anyOf" => found.push(Keyword::AnyOf(self.schemas()?.into())),
            "oneOf" => found.push(Keyword::OneOf(self.schemas()?.into())),
            "not" => found.push(Keyword::Not(self.schema()?)),
            "dependentSchemas" => found.push(Keyword::DependentSchemas(self.schemas_by_key()?.into())),
            "unevaluatedItems" => found.push(Keyword::UnevaluatedItems(self.schema()?)),
            "unevaluatedProperties" => found.push(Keyword::UnevaluatedProperties(self.schema()?)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// References, definitions and words for people. What nobody knows is an annotation.
    fn other(&mut self, key: &str, id: Id, schema: &mut Subschema) -> Read<()> {
        match key {
            "$ref" | "$dynamicRef" => {
                let text = self.string()?;
                schema.name = Some(short(&text));
                let (place, resource, is_dynamic) = (self.value, self.resource, key == "$dynamicRef");
                self.compiler.refers(Reference { schema: id, place, text, resource, is_dynamic });
            }
            "title" => {
                let title = self.string()?;
                schema.name.get_or_insert_with(|| short(&format!("{title:?}")));
            }
            "$defs" | "definitions" => drop(self.schemas_by_key()?),
            "contentSchema" => drop(self.schema()?),
            "$comment" | "description" | "format" | "contentEncoding" | "contentMediaType"
            | "$recursiveRef" => {
                drop(self.string()?);
            }
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems" => drop(self.boolean()?),
            "examples" => drop(self.array("an array")?),
            "$vocabulary" => {
                for (_, value) in self.object()? {
                    if !matches!(self.compiler.document.kind(value), Kind::True | Kind::False) {
                        return Err(self.compiler.fault(value, "true or false is expected here"));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn fault(&self, why: &str) -> SchemaError {
        self.compiler.fault(self.value, why)
    }

    fn kind(&self) -> Kind {
        self.compiler.document.kind(self.value)
    }

    fn key(&self, key: Place) -> Key {
        self.compiler.document.string(key).into()
    }

    fn number(&self) -> Read<Box<str>> {
        let is_number = self.kind() == Kind::Number;
        is_number
            .then(|| self.compiler.document.raw(self.value).into())
            .ok_or_else(|| self.fault("a number is expected here"))
    }

    fn count(&self) -> Read<u64> {
        let number =
            if self.kind() == Kind::Number { Some(self.compiler.document.raw(self.value)) } else { None };
        number.and_then(number::count).ok_or_else(|| self.fault("an integer of 0 or more is expected here"))
    }

    fn boolean(&self) -> Read<bool> {
        match self.kind() {
            Kind::True => Ok(true),
            Kind::False => Ok(false),
            _ => Err(self.fault("true or false is expected here")),
        }
    }

    fn string(&self) -> Read<String> {
        let is_string = self.kind() == Kind::String;
        is_string
            .then(|| self.compiler.document.words(self.value))
            .ok_or_else(|| self.fault("a string is expected here"))
    }

    fn array(&self, what: &str) -> Read<Vec<Place>> {
        if self.kind() != Kind::Array {
            return Err(self.fault(&format!("{what} is expected here")));
        }
        Ok(self.compiler.document.elements(self.value).collect())
    }

    fn object(&self) -> Read<Vec<(Place, Place)>> {
        if self.kind() != Kind::Object {
            return Err(self.fault("an object is expected here"));
        }
        Ok(self.compiler.document.members(self.value).collect())
    }

    /// Names of members, none of them twice.
    fn keys(&self, place: Place) -> Read<Vec<Key>> {
        let why = "an array of different strings is expected here";
        let document = &self.compiler.document;
        let elements: Vec<Place> = document.elements(place).collect();
        let all_strings = elements.iter().all(|element| document.kind(*element) == Kind::String);
        let keys: Vec<Key> = elements.iter().map(|element| self.key(*element)).collect();
        let different = keys.iter().collect::<HashSet<_>>().len() == keys.len();
        if document.kind(place) != Kind::Array || !all_strings || !different {
            return Err(self.compiler.fault(place, why));
        }
        Ok(keys)
    }

    fn types(&self) -> Read<Types> {
        let document = &self.compiler.document;
        let places = if self.kind() == Kind::Array { self.array("a type")? } else { vec![self.value] };
        let mut bits = 0;
        for place in &places {
            let named = (document.kind(*place) == Kind::String).then(|| document.words(*place));
            let found = named.and_then(|named| TYPES.iter().position(|name| *name == named));
            let why = || format!("a type is one of {}", TYPES.join(", "));
            let bit = 1 << found.ok_or_else(|| self.compiler.fault(*place, why()))?;
            if bits & bit != 0 {
                return Err(self.compiler.fault(*place, "the type is there twice"));
            }
            bits |= bit;
        }
        if bits == 0 { Err(self.fault("at least one type is expected here")) } else { Ok(Types(bits)) }
    }

    /// What the two keywords that begin with `dependent` were before they were two.
    fn dependencies(&mut self, found: &mut Vec<Keyword>) -> Read<()> {
        let (mut keys, mut schemas) = (Vec::new(), Vec::new());
        for (key, value) in self.object()? {
            let key = self.key(key);
            match self.compiler.document.kind(value) {
                Kind::Array => keys.push((key, self.keys(value)?.into())),
                _ => schemas.push((key, self.compiler.schema(value, self.resource)?)),
            }
        }
        found.push(Keyword::DependentRequired(keys.into()));
        found.push(Keyword::DependentSchemas(schemas.into()));
        Ok(())
    }

    fn schema(&mut self) -> Read<Id> {
        self.compiler.schema(self.value, self.resource)
    }

    fn schemas(&mut self) -> Read<Vec<Id>> {
        let places = self.array("an array of schemas")?;
        if places.is_empty() {
            return Err(self.fault("at least one schema is expected here"));
        }
        places.into_iter().map(|place| self.compiler.schema(place, self.resource)).collect()
    }

    fn schemas_by_key(&mut self) -> Read<Vec<(Key, Id)>> {
        let members = self.object()?;
        members
            .into_iter()
            .map(|(key, value)| Ok((self.key(key), self.compiler.schema(value, self.resource)?)))
            .collect()
    }

    fn schemas_by_pattern(&mut self) -> Read<Vec<(u32, Id)>> {
        let members = self.object()?;
        let mut read = |(key, value)| {
            let text = self.compiler.document.words(key);
            Ok((self.compiler.pattern(value, &text)?, self.compiler.schema(value, self.resource)?))
        };
        members.into_iter().map(&mut read).collect()
    }
}

/// A name, cut for people.
fn short(name: &str) -> Box<str> {
    let end = name.floor_char_boundary(MOST_NAME);
    match name.get(..end) {
        Some(start) if end < name.len() => format!("{start}…").into(),
        _ => name.into(),
    }
}
