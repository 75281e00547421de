//! The failures of a value that does not pass: found by going down again where the verdict is no, until
//! enough are found.

use std::collections::HashMap;
use std::rc::Rc;

use super::budget::Unfinished;
use super::document::{Kind, Place};
use super::evaluate::{Question, Run};
use super::program::{Id, Keyword};

/// How many failures of an alternative are looked at, to find the one that came nearest.
const MOST_OF_AN_ALTERNATIVE: usize = 8;

/// Most alternatives whose failures are remembered, of some 500 bytes each.
const MOST_REMEMBERED: usize = 8 * 1024;

/// Most keys that one failure names.
const MOST_KEYS: usize = 8;

/// One thing that is not as the schema asks.
#[derive(Clone)]
pub(super) struct Fault<'a> {
    pub(super) value: Place,
    pub(super) keyword: &'a Keyword,
    /// The number of the required key that is missing, after that of the key that requires it; or the keys
    /// that must not be there.
    pub(super) keys: Box<[u32]>,
    /// How many levels down in the config it is.
    level: u32,
    /// The alternatives, of which the one with this number came nearest.
    pub(super) nearest: Option<(&'a Keyword, Id)>,
}

/// How near an alternative came. The greatest came nearest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    /// 0: the value is of another type. 1: it, or a member, is another one than was expected, such as its
    /// `kind`. 2: neither.
    agrees: u8,
    /// The level of the first failure: what is above it is right.
    level: u32,
    /// The fewer failures, the nearer.
    failures: std::cmp::Reverse<usize>,
}

/// The failures of alternatives that were looked at already.
type Alternatives<'a> = HashMap<Question, Rc<[Fault<'a>]>, foldhash::fast::RandomState>;

/// The search for failures.
pub(super) struct Search<'r, 'a> {
    run: &'r mut Run<'a>,
    alternatives: Alternatives<'a>,
}

impl<'r, 'a> Search<'r, 'a> {
    pub(super) fn new(run: &'r mut Run<'a>) -> Self {
        Self { run, alternatives: HashMap::default() }
    }

    /// Adds the failures of a value that does not pass a subschema to `found`, until it has `most`.
    pub(super) fn failures(
        &mut self,
        asked: Question,
        level: u32,
        most: usize,
        found: &mut Vec<Fault<'a>>,
    ) -> Result<(), Unfinished> {
        self.run.spending.step(1)?;
        self.run.spending.down()?;
        let asked = self.run.entered(asked)?;
        let program = self.run.program;
        for keyword in &program.schema(asked.schema).keywords {
            if found.len() >= most {
                break;
            }
            if !self.run.holds(asked, keyword)? {
                self.of_keyword(asked, level, keyword, most, found)?;
            }
        }
        self.run.spending.up();
        Ok(())
    }

    /// Adds the failures of a keyword that does not hold.
    fn of_keyword(
        &mut self,
        asked: Question,
        level: u32,
        keyword: &'a Keyword,
        most: usize,
        found: &mut Vec<Fault<'a>>,
    ) -> Result<(), Unfinished> {
        let Question { value, scope, .. } = asked;
        let here = |keys: Vec<u32>, level| Fault { value, keyword, keys: keys.into(), level, nearest: None };
        let mut inside = |search: &mut Self, schema: Id, value: Place, level: u32| {
            let asked = Question { schema, value, scope };
            if found.len() < most && !search.run.passes(asked)? {
                search.failures(asked, level, most, found)?;
            }
            Ok::<(), Unfinished>(())
        };
        match keyword {
            Keyword::AllOf(schemas) => {
                for schema in schemas {
                    inside(self, *schema, value, level)?;
                }
            }
            Keyword::Ref(schema) => inside(self, *schema, value, level)?,
            Keyword::DynamicRef { schema, anchor } => {
                let schema = self.run.dynamic(scope, *schema, *anchor);
                inside(self, schema, value, level)?;
            }
            Keyword::If { condition, then, otherwise } => {
                let holds = self.run.passes(Question { schema: *condition, ..asked })?;
                if let Some(schema) = if holds { then } else { otherwise } {
                    inside(self, *schema, value, level)?;
                }
            }
            Keyword::DependentSchemas(schemas) => {
                for (key, schema) in schemas {
                    if self.run.has(value, key)? {
                        inside(self, *schema, value, level)?;
                    }
                }
            }
            Keyword::PropertyNames(schema) => {
                for (key, _) in self.run.document.members(value) {
                    inside(self, *schema, key, level + 1)?;
                }
            }
            Keyword::Items { prefix, rest } => {
                for (number, element) in self.run.document.elements(value).enumerate() {
                    if let Some(schema) = prefix.get(number).or(rest.as_ref()) {
                        inside(self, *schema, element, level + 1)?;
                    }
                }
            }
            Keyword::Properties(properties) => {
                let mut unexpected = Vec::new();
                for (key, member) in self.run.document.members(value) {
                    for schema in self.run.schemas_of(properties, key)? {
                        if properties.others == Some(schema) && self.run.program.is_never(schema) {
                            unexpected.push(key);
                        } else {
                            inside(self, schema, member, level + 1)?;
                        }
                    }
                }
                if !unexpected.is_empty() {
                    unexpected.truncate(MOST_KEYS);
                    found.push(here(unexpected, level + 1));
                }
            }
            Keyword::UnevaluatedProperties(schema) | Keyword::UnevaluatedItems(schema) => {
                let rest = self.run.unevaluated(asked, keyword)?;
                if self.run.program.is_never(*schema) {
                    found.push(here(rest.iter().map(|(key, _)| *key).take(MOST_KEYS).collect(), level + 1));
                } else {
                    for (_, part) in rest {
                        inside(self, *schema, part, level + 1)?;
                    }
                }
            }
            Keyword::DependentRequired(of) => {
                for (number, (key, keys)) in (0_u32..).zip(of) {
                    if !self.run.has(value, key)? {
                        continue;
                    }
                    for (missing, key) in (0_u32..).zip(keys) {
                        if found.len() < most && !self.run.has(value, key)? {
                            found.push(here(vec![number, missing], level + 1));
                        }
                    }
                }
            }
            Keyword::Required(keys) => {
                for (number, key) in (0_u32..).zip(keys) {
                    if found.len() < most && !self.run.has(value, key)? {
                        found.push(here(vec![number], level + 1));
                    }
                }
            }
            Keyword::AnyOf(schemas) => self.nearest(asked, level, (keyword, schemas), most, found)?,
            Keyword::OneOf(schemas) if self.run.how_many(schemas, asked, 1)? == 0 => {
                self.nearest(asked, level, (keyword, schemas), most, found)?;
            }
            _ => found.push(here(Vec::new(), level)),
        }
        Ok(())
    }

    /// Adds the failures of the alternative that came nearest.
    fn nearest(
        &mut self,
        asked: Question,
        level: u32,
        (keyword, schemas): (&'a Keyword, &'a [Id]),
        most: usize,
        found: &mut Vec<Fault<'a>>,
    ) -> Result<(), Unfinished> {
        let mut best: Option<(Nearness, Id, Rc<[Fault<'a>]>)> = None;
        for schema in schemas {
            let faults = self.of_alternative(Question { schema: *schema, ..asked }, level)?;
            let nearness = self.nearness(asked.value, level, &faults);
            if best.as_ref().is_none_or(|(other, ..)| nearness > *other) {
                best = Some((nearness, *schema, faults));
            }
        }
        let Some((_, schema, faults)) = best else { return Ok(()) };
        for fault in faults.iter().take(most.saturating_sub(found.len())) {
            let nearest = fault.nearest.or((schemas.len() > 1).then_some((keyword, schema)));
            found.push(Fault { nearest, ..fault.clone() });
        }
        Ok(())
    }

    fn of_alternative(&mut self, asked: Question, level: u32) -> Result<Rc<[Fault<'a>]>, Unfinished> {
        if let Some(known) = self.alternatives.get(&asked) {
            return Ok(Rc::clone(known));
        }
        let mut faults = Vec::new();
        self.failures(asked, level, MOST_OF_AN_ALTERNATIVE, &mut faults)?;
        let faults: Rc<[Fault<'a>]> = faults.into();
        if self.alternatives.len() >= MOST_REMEMBERED {
            self.alternatives.clear();
        }
        self.alternatives.insert(asked, Rc::clone(&faults));
        Ok(faults)
    }

    fn nearness(&self, value: Place, level: u32, faults: &[Fault<'a>]) -> Nearness {
        let is_other = |fault: &Fault<'a>| match fault.keyword {
            Keyword::Never | Keyword::Type(_) if fault.value == value => 0,
            Keyword::Const(_) | Keyword::Enum(_)
                if fault.level <= level + 1 && self.is_scalar(fault.value) =>
            {
                1
            }
            _ => 2,
        };
        Nearness {
            agrees: faults.iter().map(is_other).min().unwrap_or(2),
            level: faults.iter().map(|fault| fault.level).min().unwrap_or(u32::MAX),
            failures: std::cmp::Reverse(faults.len()),
        }
    }

    fn is_scalar(&self, value: Place) -> bool {
        !matches!(self.run.document.kind(value), Kind::Object | Kind::Array)
    }
}
