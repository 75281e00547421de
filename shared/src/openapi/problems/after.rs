//! Requests that build on something else or cannot be done, and failures: 412 to 503.

use super::{ACCEPTED, ETAG, Kind, Member, VERSION, kind};

const POINTER: Member = ("pointer", "string", "\"/pages/0/title\"");

/// By status.
pub(super) const KINDS: &[Kind] = &[
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
        "check-too-costly",
        (
            "The config cannot be checked",
            "Nothing was published: checking the config by the schema of crm/production takes too many steps. Make the schema \
             simpler, or the config smaller.",
        ),
        &[("reason", "string", "\"steps\"")],
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
        "entry-damaged",
        (
            "An entry of the history is damaged",
            "Entry 41 of this history is missing. Nothing was changed. Other versions are not affected: GET /verify lists \
             all damage.",
        ),
        &[VERSION, ("fault", "string", "\"is missing\"")],
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
        "busy",
        (
            "Busy with large configs",
            "The service works on as many large configs as it can at once. This sending of the request changed nothing. Send \
             it again, with the same Idempotency-Key where it has one.",
        ),
        &[],
    ),
    kind(
        503,
        "checks-busy",
        (
            "Other configs are being checked",
            "Nothing was changed: other configs are being checked, one at a time, and the turn of this request did not come. \
             Send it again.",
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
        &[("format", "integer", "4")],
    ),
    kind(
        507,
        "storage-full",
        (
            "The disk is full",
            "The disk that holds the data folder is full. This sending of the request changed nothing. Make room on it, and \
             send the request again.",
        ),
        &[],
    ),
];
