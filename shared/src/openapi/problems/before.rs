//! Requests that cannot be understood, are not allowed, find nothing or contradict what is there: 400 to 409.

use super::{ACCEPTED, ETAG, Kind, Member, VERSION, kind};

const NAME: Member = ("name", "string", "\"v1\"");

/// By status.
pub(super) const KINDS: &[Kind] = &[
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
        "part-ambiguous",
        (
            "Nobody can tell which element it is",
            "Nothing was restored: which element of today's config \"/list/1\" belongs to cannot be told. Restore what is around it, \
             or save the config as it should be. Elements with an id are always told apart.",
        ),
        &[("pointer", "string", "\"/list/1\"")],
    ),
    kind(
        409,
        "keep-ambiguous",
        (
            "Nobody can tell whose the values to keep are",
            "Nothing was changed. The settings keep values of elements of an array, and nothing tells for sure which element is \
             which in the two environments: what is kept itself does not count. Give the elements an id, or take the paths out of \
             keep (PUT /settings).",
        ),
        &[("paths", "[string]", "[\"/resources/*/url\"]")],
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
        "no-merge-base",
        (
            "There is nothing to merge by",
            "Nothing was promoted to production before, so that nobody knows what v3 of staging and what is here have in \
             common. Bring the changes to staging first, or promote over them with \"go_ahead\": true; from then on they can \
             be merged.",
        ),
        &[],
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
];
