//! What people do, and the requests that it takes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::state::{Document, State};

/// What a save builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// `If-Match` of the version so many before the newest.
    Match(usize),
    /// `Waymark-Base` of the version so many before the newest.
    Merge(usize),
    /// `If-Match: *`.
    Any,
    Nothing,
}

/// Who is a number below 3; names are numbers of [`NAMES`]; versions are counted back from the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Save {
        who: usize,
        document: Document,
        base: Base,
    },
    Patch {
        who: usize,
        key: usize,
        value: u8,
    },
    Snapshot {
        who: usize,
        name: Option<usize>,
        back: usize,
    },
    Rename {
        who: usize,
        from: usize,
        to: usize,
    },
    Restore {
        who: usize,
        back: usize,
    },
    RestoreSnapshot {
        who: usize,
        name: usize,
    },
    Undo {
        who: usize,
        back: usize,
    },
    Publish {
        who: usize,
        name: usize,
    },
    PublishVersion {
        who: usize,
        back: usize,
    },
    Unpublish {
        who: usize,
    },
    Rollback {
        who: usize,
        to: Option<usize>,
    },
    /// The request before this one is sent again.
    Repeat,
}

/// The second is also a generated name.
pub(super) const NAMES: [&str; 5] = ["spring", "v2", "v3", "autumn", "v1"];

/// The members of a document.
pub(super) const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// Sequences that begin with a save.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let first = (0..3_usize, document()).prop_map(|(who, document)| Operation::Save {
        who,
        document,
        base: Base::Nothing,
    });
    (first, prop::collection::vec(operation(), 1..28)).prop_map(|(first, rest)| {
        let mut all = vec![first];
        all.extend(rest);
        all
    })
}

fn document() -> impl Strategy<Value = Document> {
    prop::array::uniform4(0..4_u8)
}

fn operation() -> impl Strategy<Value = Operation> {
    let (who, name, back) = (|| 0..3_usize, || 0..NAMES.len(), || 0..6_usize);
    let base = prop_oneof![
        4 => (0..2_usize).prop_map(Base::Match),
        4 => (0..5_usize).prop_map(Base::Merge),
        2 => Just(Base::Any),
        1 => Just(Base::Nothing),
    ];
    prop_oneof![
        8 => (who(), document(), base).prop_map(|(who, document, base)| Operation::Save { who, document, base }),
        4 => (who(), 0..4_usize, 0..4_u8).prop_map(|(who, key, value)| Operation::Patch { who, key, value }),
        4 => (who(), prop::option::of(name()), back())
            .prop_map(|(who, name, back)| Operation::Snapshot { who, name, back }),
        2 => (who(), name(), name()).prop_map(|(who, from, to)| Operation::Rename { who, from, to }),
        3 => (who(), back()).prop_map(|(who, back)| Operation::Restore { who, back }),
        2 => (who(), name()).prop_map(|(who, name)| Operation::RestoreSnapshot { who, name }),
        3 => (who(), back()).prop_map(|(who, back)| Operation::Undo { who, back }),
        5 => (who(), name()).prop_map(|(who, name)| Operation::Publish { who, name }),
        2 => (who(), back()).prop_map(|(who, back)| Operation::PublishVersion { who, back }),
        1 => who().prop_map(|who| Operation::Unpublish { who }),
        4 => (who(), prop::option::weighted(0.3, name())).prop_map(|(who, to)| Operation::Rollback { who, to }),
        2 => Just(Operation::Repeat),
    ]
}

/// A request, but for its path's beginning.
pub(super) struct Sent {
    pub(super) who: usize,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Operation {
    pub(super) fn who(&self) -> usize {
        match self {
            Self::Save { who, .. }
            | Self::Patch { who, .. }
            | Self::Snapshot { who, .. }
            | Self::Rename { who, .. }
            | Self::Restore { who, .. }
            | Self::RestoreSnapshot { who, .. }
            | Self::Undo { who, .. }
            | Self::Publish { who, .. }
            | Self::PublishVersion { who, .. }
            | Self::Unpublish { who }
            | Self::Rollback { who, .. } => *who,
            Self::Repeat => 0,
        }
    }

    pub(super) fn sent(&self, state: &State) -> Sent {
        let post = |path: &str, body: Value| ("POST", path.to_owned(), Vec::new(), body.to_string());
        let (method, path, headers, body) = match self {
            Self::Save { document, base, .. } => {
                let header = match base {
                    Base::Match(back) => Some(("if-match", format!("\"{}\"", state.back(*back)))),
                    Base::Merge(back) => Some(("waymark-base", state.back(*back).to_string())),
                    Base::Any => Some(("if-match", "*".to_owned())),
                    Base::Nothing => None,
                };
                ("PUT", "working".to_owned(), header.into_iter().collect(), text(document))
            }
            Self::Patch { key, value, .. } => {
                let header = ("content-type", "application/merge-patch+json".to_owned());
                ("PATCH", "working".to_owned(), vec![header], json!({ KEYS[*key]: value }).to_string())
            }
            Self::Snapshot { name, back, .. } => {
                let body = json!({ "name": name.map(|name| NAMES[name]), "version": state.back(*back) });
                post("snapshots", body)
            }
            Self::Rename { from, to, .. } => {
                let body = json!({ "name": NAMES[*to] }).to_string();
                ("PATCH", format!("snapshots/{}", NAMES[*from]), Vec::new(), body)
            }
            Self::Restore { back, .. } => post("restore", json!({ "version": state.back(*back) })),
            Self::RestoreSnapshot { name, .. } => post("restore", json!({ "snapshot": NAMES[*name] })),
            Self::Undo { back, .. } => post("restore", json!({ "undo": state.back(*back) })),
            Self::Publish { name, .. } => post("publish", json!({ "snapshot": NAMES[*name] })),
            Self::PublishVersion { back, .. } => post("publish", json!({ "version": state.back(*back) })),
            Self::Unpublish { .. } => post("unpublish", json!({})),
            Self::Rollback { to: Some(to), .. } => post("rollback", json!({ "to": NAMES[*to] })),
            Self::Rollback { to: None, .. } | Self::Repeat => post("rollback", json!({})),
        };
        Sent { who: self.who(), method, path, headers, body }
    }
}

/// A document's text, always written in the same way.
pub(super) fn text(document: &Document) -> String {
    let members: Vec<String> =
        KEYS.iter().zip(document).map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}
