//! What `unevaluatedProperties` and `unevaluatedItems` ask about: the members and elements that no other
//! keyword has looked at, in the same schema or in one that it applies to the same value and that the value
//! passes.

use std::collections::HashSet;

use super::budget::Unfinished;
use super::document::{Kind, Place};
use super::evaluate::{Question, Run};
use super::program::{Id, Keyword};

/// Bytes of memory for one member or element that was looked at.
const A_MARK: usize = 16;

/// What was looked at.
#[derive(Default)]
struct Marks {
    values: HashSet<Place, foldhash::fast::RandomState>,
    /// Every member and element.
    all: bool,
    /// The subschemas that were asked already.
    asked: HashSet<Question, foldhash::fast::RandomState>,
}

impl<'a> Run<'a> {
    /// The members or elements that are left for an `unevaluated…` keyword: each its key, or itself, and its
    /// value.
    pub(super) fn unevaluated(
        &mut self,
        asked: Question,
        keyword: &'a Keyword,
    ) -> Result<Vec<(Place, Place)>, Unfinished> {
        let kind = self.document.kind(asked.value);
        let parts: Vec<(Place, Place)> = match (keyword, kind) {
            (Keyword::UnevaluatedProperties(_), Kind::Object) => self.document.members(asked.value).collect(),
            (Keyword::UnevaluatedItems(_), Kind::Array) => {
                self.document.elements(asked.value).map(|element| (element, element)).collect()
            }
            _ => return Ok(Vec::new()),
        };
        let bytes = parts.len().saturating_mul(A_MARK + size_of::<(Place, Place)>());
        self.spending.step(parts.len())?;
        self.spending.hold(bytes)?;
        let mut marks = Marks::default();
        self.mark(asked, Some(keyword), &mut marks)?;
        self.spending.release(bytes);
        if marks.all {
            return Ok(Vec::new());
        }
        Ok(parts.into_iter().filter(|(_, value)| !marks.values.contains(value)).collect())
    }

    /// Marks what the keywords of a subschema look at, but for `except`.
    fn mark(
        &mut self,
        asked: Question,
        except: Option<&Keyword>,
        marks: &mut Marks,
    ) -> Result<(), Unfinished> {
        self.spending.step(1)?;
        let asked = self.entered(asked)?;
        if marks.all || !marks.asked.insert(asked) {
            return Ok(());
        }
        let Question { value, scope, .. } = asked;
        for keyword in &self.program.schema(asked.schema).keywords {
            if except.is_some_and(|except| std::ptr::eq(except, keyword)) {
                continue;
            }
            match keyword {
                Keyword::Properties(properties) => {
                    for (key, value) in self.document.members(value) {
                        self.spending.step(1)?;
                        if !self.schemas_of(properties, key)?.is_empty() {
                            marks.values.insert(value);
                        }
                    }
                }
                Keyword::Items { prefix, rest } => {
                    marks.all |= rest.is_some() && self.document.kind(value) == Kind::Array;
                    marks.values.extend(self.document.elements(value).take(prefix.len()));
                }
                Keyword::Contains { schema, .. } => {
                    for value in self.document.elements(value) {
                        if self.passes(Question { schema: *schema, value, scope })? {
                            marks.values.insert(value);
                        }
                    }
                }
                Keyword::UnevaluatedProperties(_) => marks.all |= self.document.kind(value) == Kind::Object,
                Keyword::UnevaluatedItems(_) => marks.all |= self.document.kind(value) == Kind::Array,
                Keyword::If { condition, then, otherwise } => {
                    let holds = self.mark_passed(asked, *condition, marks)?;
                    if let Some(schema) = if holds { then } else { otherwise } {
                        self.mark_passed(asked, *schema, marks)?;
                    }
                }
                Keyword::DynamicRef { schema, anchor } => {
                    self.mark_passed(asked, self.dynamic(scope, *schema, *anchor), marks)?;
                }
                Keyword::DependentSchemas(schemas) => {
                    for (key, schema) in schemas {
                        if self.has(value, key)? {
                            self.mark_passed(asked, *schema, marks)?;
                        }
                    }
                }
                Keyword::AllOf(schemas) | Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) => {
                    for schema in schemas {
                        self.mark_passed(asked, *schema, marks)?;
                    }
                }
                Keyword::Ref(schema) => {
                    self.mark_passed(asked, *schema, marks)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Marks what a subschema looks at, if the value passes it; gives whether it does.
    fn mark_passed(&mut self, asked: Question, schema: Id, marks: &mut Marks) -> Result<bool, Unfinished> {
        let asked = Question { schema, ..asked };
        let passes = self.passes(asked)?;
        if passes {
            self.spending.down()?;
            self.mark(asked, None, marks)?;
            self.spending.up();
        }
        Ok(passes)
    }
}
