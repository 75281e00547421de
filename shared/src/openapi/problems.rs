//! The problems that there are: what each says beside `type`, `title`, `status` and `detail`.
//!
//! A test holds this table, the code and the README's table together.

use serde_json::{Map, Value, json};

use crate::problem::TYPE_PREFIX;

/// A member of a problem: its name, its type, an example as JSON.
///
/// The type is the name of a schema, `string`, `integer` or `boolean`; in brackets an array of those. A `?` at its end:
/// it may be absent. A `|null`: it may be null.
type Member = (&'static str, &'static str, &'static str);

/// A type of problems.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The last part of its `type`.
    pub name: &'static str,
    /// Its status.
    pub status: u16,
    title: &'static str,
    detail: &'static str,
    members: &'static [Member],
}

const fn kind(
    status: u16,
    name: &'static str,
    (title, detail): (&'static str, &'static str),
    members: &'static [Member],
) -> Kind {
    Kind { name, status, title, detail, members }
}

const VERSION: Member = ("version", "Version", "41");
const ETAG: Member =
    ("etag", "string", "\"\\\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\\\"\"");
const POINTER: Member = ("pointer", "string", "\"/pages/0/title\"");
const NAME: Member = ("name", "string", "\"v1\"");
const ACCEPTED: Member = ("accepted", "[string]", "[\"application/json\"]");

/// All of them, by status.
pub const KINDS: &[Kind] = &[
    kind(400, "malformed-request", ("The request cannot be understood", "limit takes 1 to 200."), &[]),
    kind(
        401,
        "unauthenticated",
        (
            "Nobody is signed in",
            "Send `Authorization: Bearer <token>` with a token that names its subject (`sub`).",
        ),
        &[],
    ),
    kind(
        403,
        "forbidden",
        ("Not allowed", "This needs the role editor in crm/production. Ask whoever grants roles for it."),
        &[("needs", "Role", "\"editor\""), ("has", "Role|null", "\"viewer\"")],
    ),
    kind(
        403,
        "releases-off",
        (
            "Releases are switched off",
            "Publishing is switched off, in the settings of crm/production or in those of its app. Ask an admin; GET \
             /settings shows what holds. Rolling back and unpublishing work all the same.",
        ),
        &[],
    ),
    kind(
        404,
        "route-not-found",
        ("Not found", "There is nothing at this path. The README lists what there is."),
        &[],
    ),
    kind(
        404,
        "environment-not-found",
        ("Not found", "Nothing has been saved in crm/production. PUT a config to its /working to begin."),
        &[],
    ),
    kind(
        404,
        "version-not-found",
        ("Not found", "There is no version 41. GET /history lists them."),
        &[VERSION],
    ),
    kind(
        404,
        "snapshot-not-found",
        ("Not found", "There is no snapshot named v1. GET /snapshots lists them."),
        &[NAME],
    ),
    kind(
        404,
        "nothing-live",
        (
            "Not found",
            "No release is published, and this environment shows nothing without one. Publish a snapshot.",
        ),
        &[],
    ),
    kind(
        404,
        "before-history",
        ("Not found", "The history begins later than that. Ask for a later time."),
        &[],
    ),
    kind(
        404,
        "backup-not-found",
        ("Not found", "There is no backup d14.2026-11-22. GET /backups lists them."),
        &[("id", "string", "\"d14.2026-11-22\"")],
    ),
    kind(
        404,
        "upload-not-found",
        (
            "Not found",
            "There is no such upload here: it was never sent, has expired, or belongs to another environment. POST \
             /uploads for a new one.",
        ),
        &[],
    ),
    kind(
        404,
        "place-not-found",
        ("Not found", "There is nothing at /pages/9, and there never was."),
        &[("path", "string?", "\"/pages/9\"")],
    ),
    kind(
        406,
        "not-acceptable",
        ("No such form of this answer", "Send Accept with one of: application/json, text/plain."),
        &[ACCEPTED],
    ),
    kind(
        409,
        "name-taken",
        (
            "The name is taken",
            "Another snapshot has, or had, the name v1. Names are unique for ever: choose another.",
        ),
        &[NAME],
    ),
    kind(
        409,
        "live-changed",
        (
            "Something else is live",
            "Now v2 is live: somebody was faster. Look at what users see before you decide again.",
        ),
        &[("live", "Release|null", "null"), ("version", "Version|null", "41")],
    ),
    kind(
        409,
        "promotion-would-lose",
        (
            "This environment has changes of its own",
            "crm/production has changes of its own, which v3 of staging does not have. It was never promoted to; changes \
             lists the entries. Bring the changes to staging first, or promote all the same with \"go_ahead\": true.",
        ),
        &[("changes", "[EntryView]", "[]"), ("more", "boolean", "false"), ("since", "Version|null", "null")],
    ),
    kind(
        409,
        "no-earlier-release",
        (
            "No earlier release",
            "v1 is the first release: there is none before it. Unpublish, or publish another.",
        ),
        &[],
    ),
    kind(
        409,
        "not-a-release",
        ("Never published", "v1 was never published, so there is nothing to go back to. Publish it instead."),
        &[NAME],
    ),
    kind(
        409,
        "other-environment",
        (
            "A backup of another environment",
            "The file is a backup of crm/staging, not of crm/production. To import it all the same, say \"from\": \
             \"crm/staging\".",
        ),
        &[("from", "string", "\"crm/staging\"")],
    ),
    kind(
        409,
        "merge-conflict",
        (
            "Both changed the same",
            "Grace changed 1 of the same places since #40; nothing was saved. Read #41, decide for each place, and send \
             the whole again with If-Match: \"41\" or Waymark-Base: 41.",
        ),
        &[
            VERSION,
            ETAG,
            ("base", "Version", "40"),
            ("total", "integer", "1"),
            (
                "conflicts",
                "[ListedConflict]",
                "[{\"path\":\"/title\",\"label\":\"title\",\"base\":\"Refund desk\",\"ours\":\"Refunds\",\"theirs\":\
                 \"Desk\",\"author\":{\"id\":\"grace\",\"name\":\"Grace\"}}]",
            ),
        ],
    ),
    kind(
        412,
        "version-mismatch",
        (
            "Not the current version",
            "The working version is #41, saved by Grace. Read it, apply your change to it, and save with If-Match: \"41\".",
        ),
        &[("version", "Version?", "41"), (ETAG.0, "string?", ETAG.2)],
    ),
    kind(
        412,
        "already-exists",
        ("There is a config already", "If-None-Match asks for none; the working version is #41."),
        &[VERSION],
    ),
    kind(
        413,
        "too-large",
        ("Too large", "A config may be at most 33554432 bytes. Split it, or keep large data elsewhere."),
        &[("limit", "integer", "33554432")],
    ),
    kind(
        415,
        "unsupported-media-type",
        ("Not a media type for this", "Send the body with a Content-Type as one of: application/json."),
        &[ACCEPTED],
    ),
    kind(
        422,
        "check-failed",
        (
            "The config is not as the schema asks",
            "Nothing was published: the config fails the schema of crm/production. Mend what failures lists and publish \
             that, or change the schema: GET /settings shows it.",
        ),
        &[
            ("failures", "[Failure]", "[{\"path\":\"/title\",\"message\":\"is longer than 40 characters\"}]"),
            ("more", "boolean", "false"),
        ],
    ),
    kind(
        422,
        "invalid-schema",
        ("Not a schema", "The schema was not set: \"x\" is not a type."),
        &[("pointer", "string?", "\"/type\""), ("line", "integer?", "1"), ("column", "integer?", "9")],
    ),
    kind(
        422,
        "invalid-config",
        ("Not a config", "The key \"a\" is there twice in one object."),
        &[
            ("reason", "string", "\"duplicate-key\""),
            ("pointer", "string?", "\"/a\""),
            ("line", "integer?", "1"),
            ("column", "integer?", "9"),
            ("limit", "integer?", "128"),
            ("offset", "integer?", "0"),
        ],
    ),
    kind(
        422,
        "invalid-patch",
        ("Not a patch", "The op is none of RFC 6902."),
        &[("operation", "integer|null", "0")],
    ),
    kind(
        422,
        "patch-failed",
        ("The patch does not fit", "There is nothing at /absent."),
        &[("operation", "integer|null", "0"), ("pointer", "string|null", "\"/absent\"")],
    ),
    kind(
        422,
        "invalid-name",
        ("Not valid", "The app is not valid. It takes 1 to 63 of a-z, 0-9 and -, not starting with -."),
        &[("what", "string", "\"app\"")],
    ),
    kind(
        422,
        "idempotency-key-reused",
        (
            "The idempotency key was used before",
            "This Idempotency-Key was sent with another method, path, query or body. Use a new one.",
        ),
        &[],
    ),
    kind(
        422,
        "upload-mismatch",
        (
            "The upload is not what was announced",
            "It has 2 bytes, and 3 were announced. POST /uploads again and send the same bytes that were announced.",
        ),
        &[],
    ),
    kind(
        422,
        "invalid-file",
        (
            "Not a file that can be restored",
            "The gzip data is cut short. Nothing was changed. Take the file from another place.",
        ),
        &[("reason", "string", "\"gzip\""), ("faults", "[string]?", "[]")],
    ),
    kind(
        422,
        "nothing-before",
        (
            "There is nothing before it",
            "#1 is the first save: there is no config to go back to. Save what should be there instead.",
        ),
        &[],
    ),
    kind(
        422,
        "nothing-to-undo",
        (
            "It changed no config",
            "#4 (Snapshot v1) changed nothing that builders edit. Undo a save, a restore or an import.",
        ),
        &[],
    ),
    kind(
        422,
        "path-not-found",
        ("There is nothing at the path", "Nothing was restored: neither config has /pages/9."),
        &[POINTER],
    ),
    kind(
        422,
        "path-has-no-parent",
        ("There is no place for it", "Nothing was restored: the newest config has no /pages."),
        &[POINTER],
    ),
    kind(
        422,
        "merge-too-large",
        (
            "Too large to be merged",
            "Merging would take too much time or memory. Read #41, apply the change to it, and save with If-Match: \"41\".",
        ),
        &[("version", "Version?", "41")],
    ),
    kind(
        422,
        "ambiguous-label",
        ("Several places have this label", "Several places have this label. Ask with path for one of paths."),
        &[("paths", "[string]", "[\"/pages/0\",\"/pages/1\"]")],
    ),
    kind(
        428,
        "precondition-required",
        (
            "Say what this builds on",
            "There is a config already: #41. Send If-Match: \"41\" to save only if nothing came since, Waymark-Base: 41 to \
             merge with what came since, or If-Match: * to overwrite it knowingly.",
        ),
        &[VERSION, ETAG],
    ),
    kind(
        500,
        "config-damaged",
        (
            "This version cannot be read safely",
            "Version 41 is not what was saved: configs/crm/44136f….zst has another hash. Other versions are not affected; \
             restore one of them, or save a whole config with If-Match: *.",
        ),
        &[VERSION, ("object", "string", "\"configs/crm/44136f….zst\"")],
    ),
    kind(
        500,
        "internal",
        (
            "Something is wrong with this service",
            "This is a fault of the service. Tell its operators the time and the request id.",
        ),
        &[],
    ),
    kind(
        503,
        "contention",
        (
            "Many are writing",
            "Many are writing to this environment at once, and nothing of this request was saved. Send it again.",
        ),
        &[],
    ),
    kind(
        503,
        "outcome-unknown",
        (
            "It is not known whether this was saved",
            "The storage did not say whether it saved this. Send it again with the same Idempotency-Key, or look at the \
             history first.",
        ),
        &[],
    ),
    kind(
        503,
        "storage-unavailable",
        (
            "The storage did not answer",
            "The storage did not answer in time. This sending of the request changed nothing. Send it again, with the same \
             Idempotency-Key where it has one.",
        ),
        &[],
    ),
    kind(
        503,
        "newer-format",
        (
            "A newer version is being deployed",
            "This history was written by a newer version of Waymark. Send the request again when its deployment has \
             finished.",
        ),
        &[("format", "integer", "2")],
    ),
];

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The name of its schema, such as `VersionMismatch`.
    pub fn schema_name(&self) -> String {
        let word = |word: &str| word.chars().next().map(|c| c.to_ascii_uppercase().to_string() + &word[1..]);
        self.name.split('-').filter_map(word).collect()
    }

    /// Its schema: that of every problem, with its own `type`, `status` and members.
    pub fn schema(&self) -> Value {
        let mut properties = Map::from_iter([
            ("type".to_owned(), json!({ "const": format!("{TYPE_PREFIX}{}", self.name) })),
            ("status".to_owned(), json!({ "const": self.status })),
        ]);
        let mut required = vec!["type", "status"];
        for &(name, of, _) in self.members {
            let present = of.strip_suffix('?');
            if present.is_none() {
                required.push(name);
            }
            properties.insert(name.to_owned(), member(present.unwrap_or(of)));
        }
        let own = json!({ "type": "object", "properties": properties, "required": required });
        json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, own] })
    }

    /// An example of it.
    pub fn example(&self) -> Value {
        let mut example = json!({
            "type": format!("{TYPE_PREFIX}{}", self.name),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        });
        for &(name, _, value) in self.members {
            example[name] = serde_json::from_str(value).unwrap_or_default();
        }
        example
    }
}

/// The schema of a member's type.
fn member(of: &str) -> Value {
    if let Some(of) = of.strip_suffix("|null") {
        return json!({ "anyOf": [member(of), { "type": "null" }] });
    }
    if let Some(of) = of.strip_prefix('[').and_then(|of| of.strip_suffix(']')) {
        return json!({ "type": "array", "items": member(of) });
    }
    match of {
        "string" | "integer" | "boolean" => json!({ "type": of }),
        schema => json!({ "$ref": format!("#/components/schemas/{schema}") }),
    }
}
