//! What people do, generated before anything is there: versions are counted back from the newest, names and backups are
//! numbers.

use proptest::prelude::*;

use super::act::{Act, Base, Document, Expect};
use super::state::State;

/// What a save builds on.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    Match(usize),
    Merge(usize),
    Any,
    Nothing,
}

/// What is expected to be live: nothing said, no release, or a name.
pub(super) type Live = Option<Option<usize>>;

#[derive(Clone, Debug)]
pub(super) enum What {
    Save { document: Document, on: On },
    Patch { key: usize, value: u8 },
    Snapshot { name: Option<usize>, back: Option<usize> },
    Rename { from: usize, to: usize },
    Restore { back: usize },
    RestoreSnapshot { name: usize },
    RestorePart { back: usize, key: usize },
    RestoreBackup { back: usize },
    Undo { back: usize },
    Publish { name: usize, live: Live },
    PublishVersion { back: usize, live: Live },
    Promote { name: usize, renamed: Option<usize>, live: Live },
    Unpublish { live: Live },
    Rollback { to: Option<usize>, live: Live },
    Backup,
    Settings { releases: bool, nothing: bool },
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Somebody does something in an environment.
    Act { who: usize, env: usize, what: What },
    /// The request before this one is sent again.
    Repeat,
}

/// The second is also a generated name.
const NAMES: [&str; 5] = ["spring", "v2", "v3", "autumn", "v1"];

/// Sequences that begin with a save.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let first = (0..3_usize, 0..2_usize, document()).prop_map(|(who, env, document)| Operation::Act {
        who,
        env,
        what: What::Save { document, on: On::Nothing },
    });
    (first, prop::collection::vec(operation(), 1..32)).prop_map(|(first, rest)| {
        let mut all = vec![first];
        all.extend(rest);
        all
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let env = prop_oneof![3 => Just(0_usize), 1 => Just(1_usize)];
    let act = (0..3_usize, env, prop_oneof![18 => edit(), 10 => restore(), 14 => release(), 4 => beside()]);
    prop_oneof![
        15 => act.prop_map(|(who, env, what)| Operation::Act { who, env, what }),
        1 => Just(Operation::Repeat),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    prop::array::uniform4(0..4_u8)
}

fn name() -> impl Strategy<Value = usize> {
    0..NAMES.len()
}

fn back() -> impl Strategy<Value = usize> {
    0..6_usize
}

fn live() -> impl Strategy<Value = Live> {
    prop::option::weighted(0.4, prop::option::weighted(0.8, name()))
}

fn edit() -> impl Strategy<Value = What> {
    let on = prop_oneof![
        4 => (0..2_usize).prop_map(On::Match),
        4 => (0..5_usize).prop_map(On::Merge),
        2 => Just(On::Any),
        1 => Just(On::Nothing),
    ];
    prop_oneof![
        8 => (document(), on).prop_map(|(document, on)| What::Save { document, on }),
        4 => (0..4_usize, 0..4_u8).prop_map(|(key, value)| What::Patch { key, value }),
        4 => (prop::option::of(name()), prop::option::of(back()))
            .prop_map(|(name, back)| What::Snapshot { name, back }),
        2 => (name(), name()).prop_map(|(from, to)| What::Rename { from, to }),
    ]
}

fn restore() -> impl Strategy<Value = What> {
    prop_oneof![
        3 => back().prop_map(|back| What::Restore { back }),
        2 => name().prop_map(|name| What::RestoreSnapshot { name }),
        2 => (back(), 0..4_usize).prop_map(|(back, key)| What::RestorePart { back, key }),
        2 => back().prop_map(|back| What::RestoreBackup { back }),
        3 => back().prop_map(|back| What::Undo { back }),
    ]
}

fn release() -> impl Strategy<Value = What> {
    prop_oneof![
        5 => (name(), live()).prop_map(|(name, live)| What::Publish { name, live }),
        2 => (back(), live()).prop_map(|(back, live)| What::PublishVersion { back, live }),
        3 => (name(), prop::option::of(name()), live())
            .prop_map(|(name, renamed, live)| What::Promote { name, renamed, live }),
        1 => live().prop_map(|live| What::Unpublish { live }),
        4 => (prop::option::weighted(0.3, name()), live()).prop_map(|(to, live)| What::Rollback { to, live }),
    ]
}

fn beside() -> impl Strategy<Value = What> {
    prop_oneof![
        3 => Just(What::Backup),
        1 => (prop::bool::weighted(0.7), any::<bool>())
            .prop_map(|(releases, nothing)| What::Settings { releases, nothing }),
    ]
}

impl What {
    /// What is sent, now that the environment is `state` and has these backups (their ids and versions, oldest first).
    /// `None` for a restore from a backup where none was taken, and for a promotion of an environment to itself.
    pub(super) fn act(&self, env: usize, state: &State, backups: &[(String, usize)]) -> Option<Act> {
        let back = |back: &usize| state.head().saturating_sub(*back).max(1);
        let name = |name: &usize| NAMES[*name].to_owned();
        let live = |live: &Live| -> Expect { live.map(|live| live.map(|live| NAMES[live].to_owned())) };
        Some(match self {
            Self::Save { document, on } => {
                let base = match on {
                    On::Match(version) => Base::Match(back(version)),
                    On::Merge(version) => Base::Merge(back(version)),
                    On::Any => Base::Any,
                    On::Nothing => Base::Nothing,
                };
                Act::Save { document: *document, base }
            }
            Self::Patch { key, value } => Act::Patch { key: *key, value: *value },
            Self::Snapshot { name: named, back: version } => {
                Act::Snapshot { name: named.as_ref().map(name), version: version.as_ref().map(back) }
            }
            Self::Rename { from, to } => Act::Rename { from: name(from), to: name(to) },
            Self::Restore { back: version } => Act::Restore { version: back(version) },
            Self::RestoreSnapshot { name: named } => Act::RestoreSnapshot { name: name(named) },
            Self::RestorePart { back: version, key } => {
                Act::RestorePart { version: back(version), key: *key }
            }
            Self::RestoreBackup { back } => {
                let (id, version) = backups.iter().rev().nth(*back).or(backups.first())?;
                Act::RestoreBackup { id: id.clone(), version: *version }
            }
            Self::Undo { back: version } => Act::Undo { version: back(version) },
            Self::Publish { name: named, live: expect } => {
                Act::Publish { name: name(named), expect: live(expect) }
            }
            Self::PublishVersion { back: version, live: expect } => {
                Act::PublishVersion { version: back(version), expect: live(expect) }
            }
            Self::Promote { .. } if env != 0 => return None,
            Self::Promote { name: named, renamed, live: expect } => {
                Act::Promote { name: name(named), renamed: renamed.as_ref().map(name), expect: live(expect) }
            }
            Self::Unpublish { live: expect } => Act::Unpublish { expect: live(expect) },
            Self::Rollback { to, live: expect } => {
                Act::Rollback { to: to.as_ref().map(name), expect: live(expect) }
            }
            Self::Backup => Act::Backup,
            Self::Settings { releases, nothing } => Act::Settings { releases: *releases, nothing: *nothing },
        })
    }
}
