//! The verdict: whether a value passes a subschema. Each subschema that applies others is asked once about a
//! value, as far as memory goes, so that schemas that refer to themselves take time in proportion to schema
//! × config.

use std::collections::HashMap;

use super::budget::{Spending, Unfinished};
use super::document::{Document, Kind, Place};
use super::pattern::Remembered;
use super::program::{Id, Keyword, Program};
use super::same;

/// A verdict, unless the budget was used up.
pub(super) type Verdict = Result<bool, Unfinished>;

/// Most verdicts that are remembered, of some 32 bytes each.
const MOST_REMEMBERED: usize = 256 * 1024;

/// Verdicts that took fewer steps are found again sooner than remembered.
const WORTH_REMEMBERING: u64 = 16;

/// The resources that were gone through, from the outermost: what `$dynamicRef` depends on. 0 is none.
pub(super) type Scope = u32;

/// What is asked: a subschema, a value, and the way to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) schema: Id,
    pub(super) value: Place,
    pub(super) scope: Scope,
}

/// One check under way.
pub(super) struct Run<'a> {
    pub(super) program: &'a Program,
    pub(super) document: Document<'a>,
    pub(super) spending: Spending,
    verdicts: HashMap<Question, bool, foldhash::fast::RandomState>,
    pub(super) remembered: Remembered,
    /// Each the scope before it and the resource that it adds.
    scopes: Vec<(Scope, u32)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(program: &'a Program, document: Document<'a>, spending: Spending) -> Self {
        Self {
            program,
            document,
            spending,
            verdicts: HashMap::default(),
            remembered: Remembered::new(program.patterns.len()),
            scopes: Vec::new(),
        }
    }

    /// Whether the value passes the subschema.
    pub(super) fn passes(&mut self, asked: Question) -> Verdict {
        self.spending.step(1)?;
        let schema = self.program.schema(asked.schema);
        if !schema.applies {
            return self.all(asked, &schema.keywords);
        }
        let asked = self.entered(asked)?;
        if let Some(verdict) = self.verdicts.get(&asked) {
            return Ok(*verdict);
        }
        let before = self.spending.spent();
        self.spending.down()?;
        let verdict = self.all(asked, &schema.keywords)?;
        self.spending.up();
        if self.spending.spent().saturating_sub(before) >= WORTH_REMEMBERING {
            // What was asked last is what is asked again.
            if self.verdicts.len() >= MOST_REMEMBERED {
                self.verdicts.clear();
            }
            self.verdicts.insert(asked, verdict);
        }
        Ok(verdict)
    }

    fn all(&mut self, asked: Question, keywords: &'a [Keyword]) -> Verdict {
        for keyword in keywords {
            if !self.holds(asked, keyword)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same question, once the resource of its subschema is entered.
    pub(super) fn entered(&mut self, asked: Question) -> Result<Question, Unfinished> {
        if !self.program.is_dynamic {
            return Ok(asked);
        }
        let resource = self.program.schema(asked.schema).resource;
        let has_anchors =
            self.program.anchors.get(resource as usize).is_some_and(|anchors| !anchors.is_empty());
        let mut scope = asked.scope;
        while let Some((before, of)) = self.scope(scope) {
            if of == resource {
                return Ok(asked);
            }
            scope = before;
        }
        if !has_anchors {
            return Ok(asked);
        }
        let added = (asked.scope, resource);
        self.spending.step(self.scopes.len() / 16)?;
        let known = self.scopes.iter().position(|scope| *scope == added);
        let number = known.unwrap_or_else(|| {
            self.scopes.push(added);
            self.scopes.len() - 1
        });
        Ok(Question { scope: Scope::try_from(number + 1).unwrap_or_default(), ..asked })
    }

    fn scope(&self, scope: Scope) -> Option<(Scope, u32)> {
        self.scopes.get((scope as usize).checked_sub(1)?).copied()
    }

    /// The subschema that a dynamic reference stands for: of the outermost resource that has the anchor.
    pub(super) fn dynamic(&self, scope: Scope, schema: Id, anchor: u32) -> Id {
        let (mut found, mut at) = (schema, scope);
        while let Some((before, resource)) = self.scope(at) {
            let anchors = self.program.anchors.get(resource as usize);
            if let Some(id) = anchors.and_then(|anchors| anchors.get(&anchor)) {
                found = *id;
            }
            at = before;
        }
        found
    }

    /// Whether one keyword of the subschema holds.
    pub(super) fn holds(&mut self, asked: Question, keyword: &'a Keyword) -> Verdict {
        self.spending.step(1)?;
        let Question { value, scope, .. } = asked;
        let of = |schema| Question { schema, value, scope };
        match keyword {
            Keyword::Never => Ok(false),
            Keyword::Type(types) => Ok(self.is_of(value, *types)),
            Keyword::Const(expected) => self.equals(value, *expected),
            Keyword::Enum(expected) => {
                self.any(expected.iter().copied(), |run, expected| run.equals(value, expected))
            }
            Keyword::Bound { bound, limit } => self.within(value, *bound, limit),
            Keyword::MultipleOf { factor, .. } => {
                let Some(text) = self.number(value)? else { return Ok(true) };
                Ok(factor.divides(text))
            }
            Keyword::Size { size, limit } => self.has_size(value, *size, *limit),
            Keyword::Required(keys) => self.has_all(value, keys),
            Keyword::DependentRequired(of) => self
                .every(of.iter(), |run, (key, keys)| Ok(!run.has(value, key)? || run.has_all(value, keys)?)),
            Keyword::Pattern(pattern) => match self.document.kind(value) {
                Kind::String => self.matches(*pattern, value),
                _ => Ok(true),
            },
            Keyword::UniqueItems => match self.document.kind(value) {
                Kind::Array => same::unique(&self.document, value, &mut self.spending),
                _ => Ok(true),
            },
            Keyword::Properties(properties) => {
                let members = self.document.members(value);
                self.every(members, |run, member| {
                    let schemas = run.schemas_of(properties, member.0)?;
                    run.every(schemas.into_iter(), |run, schema| {
                        run.passes(Question { schema, value: member.1, scope })
                    })
                })
            }
            Keyword::PropertyNames(schema) => {
                let names = self.document.members(value).map(|(key, _)| key);
                self.every(names, |run, value| run.passes(Question { schema: *schema, value, scope }))
            }
            Keyword::Items { prefix, rest } => {
                let elements = self.document.elements(value).enumerate();
                self.every(elements, |run, (number, value)| match prefix.get(number).or(rest.as_ref()) {
                    Some(schema) => run.passes(Question { schema: *schema, value, scope }),
                    None => Ok(true),
                })
            }
            Keyword::Contains { schema, least, most } => self.contains(asked, *schema, (*least, *most)),
            Keyword::AllOf(schemas) => self.every(schemas.iter(), |run, schema| run.passes(of(*schema))),
            Keyword::AnyOf(schemas) => self.any(schemas.iter(), |run, schema| run.passes(of(*schema))),
            Keyword::OneOf(schemas) => Ok(self.how_many(schemas, asked, 2)? == 1),
            Keyword::Not(schema) => Ok(!self.passes(of(*schema))?),
            Keyword::If { condition, then, otherwise } => {
                let chosen = if self.passes(of(*condition))? { then } else { otherwise };
                chosen.map_or(Ok(true), |schema| self.passes(of(schema)))
            }
            Keyword::Ref(schema) => self.passes(of(*schema)),
            Keyword::DynamicRef { schema, anchor } => self.passes(of(self.dynamic(scope, *schema, *anchor))),
            Keyword::DependentSchemas(schemas) => self.every(schemas.iter(), |run, (key, schema)| {
                Ok(!run.has(value, key)? || run.passes(of(*schema))?)
            }),
            Keyword::UnevaluatedItems(schema) | Keyword::UnevaluatedProperties(schema) => {
                let rest = self.unevaluated(asked, keyword)?;
                self.every(rest.into_iter(), |run, (_, value)| {
                    run.passes(Question { schema: *schema, value, scope })
                })
            }
        }
    }

    /// Whether something holds for each.
    pub(super) fn every<T>(
        &mut self,
        of: impl Iterator<Item = T>,
        mut holds: impl FnMut(&mut Self, T) -> Verdict,
    ) -> Verdict {
        for one in of {
            self.spending.step(1)?;
            if !holds(self, one)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn any<T>(
        &mut self,
        of: impl Iterator<Item = T>,
        mut holds: impl FnMut(&mut Self, T) -> Verdict,
    ) -> Verdict {
        self.every(of, |run, one| Ok(!holds(run, one)?)).map(|none| !none)
    }

    /// How many of the subschemas the value passes; no more are counted than `enough`.
    pub(super) fn how_many(
        &mut self,
        schemas: &[Id],
        asked: Question,
        enough: usize,
    ) -> Result<usize, Unfinished> {
        let mut passed = 0;
        for schema in schemas {
            passed += usize::from(self.passes(Question { schema: *schema, ..asked })?);
            if passed >= enough {
                break;
            }
        }
        Ok(passed)
    }
}
