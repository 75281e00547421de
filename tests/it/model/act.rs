//! What people do to an environment, and the requests that it takes: versions by number, names as they are.

use serde_json::{Map, Value, json};

/// A config: the values of its four members.
pub(super) type Document = [u8; 4];

/// The members of a document.
pub(super) const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// People who may do everything; who does something is part of what is compared.
pub(super) const PEOPLE: [&str; 3] = ["ada", "ben", "cleo"];

/// The app's environments: what is released in the second is promoted to the first.
pub(super) const ENVIRONMENTS: [&str; 2] = ["production", "staging"];

/// What a save builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// `If-Match` of a version.
    Match(usize),
    /// `Waymark-Base` of a version.
    Merge(usize),
    /// `If-Match: *`.
    Any,
    Nothing,
}

/// What is expected to be live, if anything is: a name, or no release.
pub(super) type Expect = Option<Option<String>>;

/// Something that may append entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Save {
        document: Document,
        base: Base,
    },
    /// A merge patch of one member.
    Patch {
        key: usize,
        value: u8,
    },
    /// Of the working version where none is given; under a generated name likewise.
    Snapshot {
        name: Option<String>,
        version: Option<usize>,
    },
    Rename {
        from: String,
        to: String,
    },
    Restore {
        version: usize,
    },
    RestoreSnapshot {
        name: String,
    },
    RestorePart {
        version: usize,
        key: usize,
    },
    /// A backup of the config of a version.
    RestoreBackup {
        id: String,
        version: usize,
    },
    Undo {
        version: usize,
    },
    Publish {
        name: String,
        expect: Expect,
    },
    PublishVersion {
        version: usize,
        expect: Expect,
    },
    /// A snapshot of the second environment becomes a release of the first, over changes of that one's own too.
    Promote {
        name: String,
        renamed: Option<String>,
        expect: Expect,
    },
    Unpublish {
        expect: Expect,
    },
    Rollback {
        to: Option<String>,
        expect: Expect,
    },
    /// A backup of the working version.
    Backup,
    Settings {
        releases: bool,
        /// Whether users get nothing while no release is live.
        nothing: bool,
    },
}

/// A request, but for its path's beginning.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Act {
    /// The request, with a note for the entry that it makes.
    pub(super) fn sent(&self, note: &str) -> Sent {
        let edit = |method, header: Option<(&'static str, String)>, body| Sent {
            method,
            path: "working".to_owned(),
            headers: header.into_iter().chain([("waymark-note", note.to_owned())]).collect(),
            body,
        };
        match self {
            Self::Save { document, base } => edit("PUT", base.header(), text(document)),
            Self::Patch { key, value } => {
                let media = ("content-type", "application/merge-patch+json".to_owned());
                edit("PATCH", Some(media), json!({ KEYS[*key]: value }).to_string())
            }
            Self::Settings { releases, nothing } => {
                let without = if *nothing { "none" } else { "working" };
                let body = json!({ "releases": releases, "live_without_release": without });
                json_body("PUT", "settings", body)
            }
            _ => self.posted(note),
        }
    }

    fn posted(&self, note: &str) -> Sent {
        let (path, mut body, expect) = match self {
            Self::Snapshot { name, version } => {
                ("snapshots", json!({ "name": name, "version": version }), &None)
            }
            Self::Rename { from, to } => {
                let body = json!({ "name": to, "note": note });
                return json_body("PATCH", &format!("snapshots/{from}"), body);
            }
            Self::Restore { version } => ("restore", json!({ "version": version }), &None),
            Self::RestoreSnapshot { name } => ("restore", json!({ "snapshot": name }), &None),
            Self::RestorePart { version, key } => {
                let paths = [format!("/{}", KEYS[*key])];
                ("restore", json!({ "version": version, "paths": paths }), &None)
            }
            Self::RestoreBackup { id, .. } => ("restore", json!({ "backup": id }), &None),
            Self::Undo { version } => ("restore", json!({ "undo": version }), &None),
            Self::Publish { name, expect } => {
                ("publish", json!({ "snapshot": name, "go_ahead": true }), expect)
            }
            Self::PublishVersion { version, expect } => {
                ("publish", json!({ "version": version, "go_ahead": true }), expect)
            }
            Self::Promote { name, renamed, expect } => {
                let from = json!({ "env": ENVIRONMENTS[1], "snapshot": name });
                ("publish", json!({ "from": from, "name": renamed, "go_ahead": true }), expect)
            }
            Self::Unpublish { expect } => ("unpublish", json!({}), expect),
            Self::Rollback { to, expect } => ("rollback", json!({ "to": to }), expect),
            Self::Backup => ("backups", json!({}), &None),
            Self::Save { .. } | Self::Patch { .. } | Self::Settings { .. } => unreachable!("no POST"),
        };
        body["note"] = json!(note);
        if let Some(expect) = expect {
            body["expect_live"] = json!(expect);
        }
        json_body("POST", path, body)
    }
}

impl Base {
    fn header(self) -> Option<(&'static str, String)> {
        match self {
            Self::Match(version) => Some(("if-match", format!("\"{version}\""))),
            Self::Merge(version) => Some(("waymark-base", version.to_string())),
            Self::Any => Some(("if-match", "*".to_owned())),
            Self::Nothing => None,
        }
    }
}

/// Members that are `null` are left out, but for `expect_live`: there it says something.
fn json_body(method: &'static str, path: &str, body: Value) -> Sent {
    let said = |(name, value): &(String, Value)| name == "expect_live" || !value.is_null();
    let members = body.as_object().cloned().unwrap_or_default();
    let members: Map<String, Value> = members.into_iter().filter(said).collect();
    let body = Value::Object(members).to_string();
    Sent { method, path: path.to_owned(), headers: Vec::new(), body }
}

/// A document's text, always written in the same way.
pub(super) fn text(document: &Document) -> String {
    let members: Vec<String> =
        KEYS.iter().zip(document).map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}
