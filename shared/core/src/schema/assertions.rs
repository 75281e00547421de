//! What keywords ask of a value itself, without another subschema, and what they look up in it.

use super::budget::Unfinished;
use super::document::{Kind, Place};
use super::evaluate::{Question, Run, Verdict};
use super::program::{Bound, Id, Key, Properties, Size, Types};
use super::{number, same};

impl<'a> Run<'a> {
    pub(super) fn is_of(&self, value: Place, Types(types): Types) -> bool {
        let bit = match self.document.kind(value) {
            Kind::Array => 0,
            Kind::True | Kind::False => 1,
            Kind::Null => 3,
            Kind::Object => 5,
            Kind::String => 6,
            Kind::Number => {
                let is_integer = types & 1 << 2 != 0 && number::is_integer(self.document.raw(value));
                return types & 1 << 4 != 0 || is_integer;
            }
        };
        types & 1 << bit != 0
    }

    pub(super) fn equals(&mut self, value: Place, expected: Place) -> Verdict {
        let schema = self.program.document();
        same::equal((&self.document, value), (&schema, expected), &mut self.spending)
    }

    pub(super) fn number(&mut self, value: Place) -> Result<Option<&'a str>, Unfinished> {
        if self.document.kind(value) != Kind::Number {
            return Ok(None);
        }
        let text = self.document.raw(value);
        self.spending.bytes_read(text.len())?;
        Ok(Some(text))
    }

    pub(super) fn within(&mut self, value: Place, bound: Bound, limit: &str) -> Verdict {
        let Some(text) = self.number(value)? else { return Ok(true) };
        let order = number::compare(text, limit);
        Ok(match bound {
            Bound::Minimum => order.is_ge(),
            Bound::Maximum => order.is_le(),
            Bound::ExclusiveMinimum => order.is_gt(),
            Bound::ExclusiveMaximum => order.is_lt(),
        })
    }

    pub(super) fn has_size(&mut self, value: Place, size: Size, limit: u64) -> Verdict {
        let kind = match size {
            Size::MinLength | Size::MaxLength => Kind::String,
            Size::MinItems | Size::MaxItems => Kind::Array,
            Size::MinProperties | Size::MaxProperties => Kind::Object,
        };
        if self.document.kind(value) != kind {
            return Ok(true);
        }
        let length = match kind {
            Kind::String => {
                let string = self.document.string(value);
                self.spending.bytes_read(string.len())?;
                // Characters: of the bytes of WTF-8 those that continue none.
                string.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
            }
            Kind::Array => self.document.elements(value).count(),
            _ => self.document.members(value).count(),
        };
        self.spending.step(if kind == Kind::String { 0 } else { length / 4 })?;
        let length = length as u64;
        Ok(match size {
            Size::MinLength | Size::MinItems | Size::MinProperties => length >= limit,
            Size::MaxLength | Size::MaxItems | Size::MaxProperties => length <= limit,
        })
    }

    /// Whether an object has a member.
    pub(super) fn has(&mut self, value: Place, key: &[u8]) -> Verdict {
        let document = self.document;
        self.any(document.members(value), |_, (name, _)| Ok(*document.string(name) == *key))
    }

    pub(super) fn has_all(&mut self, value: Place, keys: &[Key]) -> Verdict {
        if self.document.kind(value) != Kind::Object {
            return Ok(true);
        }
        self.every(keys.iter(), |run, key| run.has(value, key))
    }

    pub(super) fn matches(&mut self, pattern: u32, string: Place) -> Verdict {
        let Some(compiled) = self.program.patterns.get(pattern as usize) else {
            return Err(Unfinished::Failed);
        };
        let text = self.document.string(string);
        self.remembered.is_match((pattern as usize, compiled), &text, &mut self.spending)
    }

    /// The subschemas that a member has to pass, by its key.
    pub(super) fn schemas_of(&mut self, properties: &Properties, key: Place) -> Result<Vec<Id>, Unfinished> {
        let name = self.document.string(key);
        let mut schemas = Vec::new();
        if let Ok(at) = properties.named.binary_search_by(|(named, _)| (**named).cmp(&*name)) {
            schemas.extend(properties.named.get(at).map(|(_, schema)| *schema));
        }
        for (pattern, schema) in &properties.matched {
            if self.matches(*pattern, key)? {
                schemas.push(*schema);
            }
        }
        if schemas.is_empty() {
            schemas.extend(properties.others);
        }
        Ok(schemas)
    }

    pub(super) fn contains(
        &mut self,
        asked: Question,
        schema: Id,
        (least, most): (u64, Option<u64>),
    ) -> Verdict {
        if self.document.kind(asked.value) != Kind::Array {
            return Ok(true);
        }
        let enough = most.map_or(least, |most| most.saturating_add(1));
        let mut passed = 0_u64;
        for value in self.document.elements(asked.value) {
            if passed >= enough {
                break;
            }
            passed += u64::from(self.passes(Question { schema, value, ..asked })?);
        }
        Ok(passed >= least && most.is_none_or(|most| passed <= most))
    }
}
