//! A compiled schema: its subschemas and their keywords, which refer to each other by number.

use std::collections::HashMap;

use super::document::{Document, Entry, Place};
use super::number::Factor;
use super::pattern::Pattern;

/// The number of a subschema.
pub(super) type Id = u32;

/// A compiled schema.
pub(super) struct Program {
    /// The text of the schema: `const` and `enum` compare with parts of it.
    pub(super) text: Box<str>,
    pub(super) index: Vec<Entry>,
    pub(super) schemas: Vec<Subschema>,
    /// What stands for a number that there is not.
    pub(super) nothing: Subschema,
    pub(super) patterns: Vec<Pattern>,
    pub(super) root: Id,
    /// The dynamic anchors of each resource: what `$dynamicRef` finds by the name's number.
    pub(super) anchors: Vec<HashMap<u32, Id>>,
    /// Whether anything depends on which resources were gone through.
    pub(super) is_dynamic: bool,
}

/// A subschema. Without keywords, everything passes.
#[derive(Default)]
pub(super) struct Subschema {
    /// The resource that it belongs to.
    pub(super) resource: u32,
    /// What it asks for: what is cheap first, `unevaluated…` last.
    pub(super) keywords: Box<[Keyword]>,
    /// Whether it applies others, so that its verdict is worth remembering.
    pub(super) applies: bool,
    /// What people call it: its title, or what its `$ref` refers to.
    pub(super) name: Option<Box<str>>,
}

/// Types, one bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(pub(super) u8);

/// The names of types, in the order of their bits.
pub(super) const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// One assertion, or several that belong together.
pub(super) enum Keyword {
    /// The schema `false`.
    Never,
    Type(Types),
    Const(Place),
    Enum(Box<[Place]>),
    Bound {
        bound: Bound,
        limit: Box<str>,
    },
    MultipleOf {
        factor: Factor,
        text: Box<str>,
    },
    Size {
        size: Size,
        limit: u64,
    },
    Required(Box<[Key]>),
    DependentRequired(Box<[(Key, Box<[Key]>)]>),
    Pattern(u32),
    UniqueItems,
    Properties(Box<Properties>),
    PropertyNames(Id),
    Items {
        prefix: Box<[Id]>,
        rest: Option<Id>,
    },
    Contains {
        schema: Id,
        least: u64,
        most: Option<u64>,
    },
    AllOf(Box<[Id]>),
    AnyOf(Box<[Id]>),
    OneOf(Box<[Id]>),
    Not(Id),
    If {
        condition: Id,
        then: Option<Id>,
        otherwise: Option<Id>,
    },
    Ref(Id),
    /// To the outermost schema of this dynamic anchor that was gone through; to `schema` where there is
    /// none.
    DynamicRef {
        schema: Id,
        anchor: u32,
    },
    DependentSchemas(Box<[(Key, Id)]>),
    UnevaluatedItems(Id),
    UnevaluatedProperties(Id),
}

/// A member's key, unescaped.
pub(super) type Key = Box<[u8]>;

/// `properties`, `patternProperties` and `additionalProperties`.
pub(super) struct Properties {
    /// By key, sorted.
    pub(super) named: Box<[(Key, Id)]>,
    /// By pattern.
    pub(super) matched: Box<[(u32, Id)]>,
    /// All others.
    pub(super) others: Option<Id>,
}

/// A limit of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

/// A limit of a length or number of parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

impl Program {
    /// The schema's own text, as a document.
    pub(super) fn document(&self) -> Document<'_> {
        Document::new(&self.text, &self.index)
    }

    /// A subschema.
    pub(super) fn schema(&self, id: Id) -> &Subschema {
        self.schemas.get(id as usize).unwrap_or(&self.nothing)
    }

    /// Whether nothing passes a subschema.
    pub(super) fn is_never(&self, id: Id) -> bool {
        matches!(*self.schema(id).keywords, [Keyword::Never])
    }

    /// The bytes that it takes.
    pub(super) fn weight(&self) -> usize {
        let keywords: usize = self.schemas.iter().map(|schema| schema.keywords.len()).sum();
        let patterns: usize = self.patterns.iter().map(Pattern::weight).sum();
        // Keys, ids and texts of the keywords are parts of the text; each has a pointer and a length beside
        // it.
        let parts =
            self.text.len() + self.index.len() * (size_of::<Entry>() + size_of::<Key>() + size_of::<Id>());
        parts
            + self.schemas.len() * size_of::<Subschema>()
            + keywords * (size_of::<Keyword>() + size_of::<Properties>())
            + patterns
    }
}

impl Keyword {
    /// When it is asked, by what it costs. What is `unevaluated` is known last.
    pub(super) fn priority(&self) -> u8 {
        match self {
            Self::Never | Self::Type(_) => 0,
            Self::Const(_) | Self::Enum(_) | Self::Bound { .. } | Self::MultipleOf { .. } => 1,
            Self::Size { .. } | Self::Required(_) | Self::DependentRequired(_) => 2,
            Self::Pattern(_) => 3,
            Self::Properties(_) | Self::PropertyNames(_) | Self::Items { .. } => 4,
            Self::UniqueItems | Self::Contains { .. } => 5,
            Self::Ref(_) | Self::DynamicRef { .. } | Self::AllOf(_) | Self::If { .. } => 6,
            Self::AnyOf(_) | Self::OneOf(_) | Self::Not(_) | Self::DependentSchemas(_) => 7,
            Self::UnevaluatedItems(_) | Self::UnevaluatedProperties(_) => 8,
        }
    }

    /// Whether it applies subschemas.
    pub(super) fn applies(&self) -> bool {
        self.priority() >= 4 && !matches!(self, Self::UniqueItems)
    }

    /// The subschemas that it applies to the value itself. Those of a dynamic reference depend on its way.
    pub(super) fn in_place(&self) -> Vec<Id> {
        match self {
            Self::AllOf(of) | Self::AnyOf(of) | Self::OneOf(of) => of.to_vec(),
            Self::Not(of) | Self::Ref(of) | Self::DynamicRef { schema: of, .. } => vec![*of],
            Self::If { condition, then, otherwise } => {
                [Some(*condition), *then, *otherwise].into_iter().flatten().collect()
            }
            Self::DependentSchemas(of) => of.iter().map(|(_, id)| *id).collect(),
            _ => Vec::new(),
        }
    }
}
