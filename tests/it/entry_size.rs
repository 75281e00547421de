//! Entries stay under 4 KB, so that writing one costs at most four units, and an everyday one costs one.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use waymark::config::diff::{Counts, Summary};
use waymark::delta::MAX_DELTA;
use waymark::entry::{
    Author, Before, ConfigRef, Delta, Entry, Event, FORMAT, Live, Origin, Promotion, Releases, Source,
    Subject, to_item,
};
use waymark::hash::Sha256;
use waymark::id::{Note, SnapshotName, Version};

use crate::support::item_size::size;
use crate::support::stack::ENV;
use crate::support::{Person, Stack};

fn name(letter: char) -> SnapshotName {
    letter.to_string().repeat(64).parse().unwrap()
}

/// The largest entry with this event.
fn largest(event: Event) -> Entry {
    let hash = Sha256::of(b"");
    let bytes = 32 * 1024 * 1024 - 1;
    let subject = Subject { version: Version::MAX, sha256: hash, bytes };
    Entry {
        version: Version::MAX,
        format: FORMAT,
        event,
        at: Timestamp::from_millisecond(9_999_999_999_999).unwrap(),
        author: Author { id: "i".repeat(255), name: "n".repeat(100) },
        note: Some("x".repeat(1_000).parse::<Note>().unwrap()),
        write: Uuid::max(),
        prev: Some(hash),
        config: ConfigRef {
            sha256: hash,
            bytes,
            delta: Some(Delta { keyframe: hash, data: vec![7; MAX_DELTA] }),
        },
        releases: Releases {
            live: Some(Live {
                name: name('l'),
                snapshot: Version::MAX,
                subject: subject.clone(),
                entry: Version::MAX,
            }),
            before: Some(Before { name: name('b'), snapshot: Version::MAX, entry: Version::MAX }),
        },
        generated: Version::MAX.get(),
        promoted: Some(Version::MAX),
        history: Uuid::max(),
    }
}

#[test]
fn the_largest_entry_of_every_kind_stays_under_4_kb() {
    let subject = || Subject { version: Version::MAX, sha256: Sha256::of(b""), bytes: 32 * 1024 * 1024 - 1 };
    let from = Origin {
        backup: Some(longest_backup()),
        at: Timestamp::from_millisecond(9_999_999_999_999).ok(),
        ..Origin::of(Version::MAX)
    };
    let origin = Promotion {
        environment: "e".repeat(63).parse().unwrap(),
        name: name('a'),
        version: Version::MAX,
        kept: true,
        merged: Some(Sha256::of(b"")),
    };
    let events = [
        Event::Saved { changes: Some(Box::new(longest_summary())) },
        Event::Snapshot { name: name('a'), subject: subject(), origin: Some(origin) },
        Event::Snapshot { name: name('a'), subject: subject(), origin: None },
        Event::Renamed { name: name('a'), previous: name('p'), snapshot: Version::MAX },
        Event::Restored { from, changes: None },
        Event::Published { name: name('a'), subject: subject(), rollback: true },
        Event::Unpublished { name: name('a') },
    ];
    let pk = format!("{}/{}", "a".repeat(63), "e".repeat(63));
    let size_with = |event: Event| {
        let mut entry = largest(event);
        // A promotion's note is that of its publication.
        if matches!(&entry.event, Event::Snapshot { origin: Some(_), .. }) {
            entry.note = None;
        }
        size(&to_item(&pk, &entry).unwrap())
    };
    let sizes: Vec<usize> = events.into_iter().map(size_with).collect();
    let most = *sizes.iter().max().unwrap();
    assert!(most < 4_096, "{sizes:?}");
    for event in restores() {
        let (event, changes) = (event.clone(), event.with_changes(Some(Box::new(longest_summary()))));
        let mut entry = largest(changes);
        if let Some(delta) = &mut entry.config.delta {
            delta.data.truncate(MAX_DELTA - event.weight());
        }
        let size = size(&to_item(&pk, &entry).unwrap());
        assert!(size < 4_096, "{size} {event:?}");
    }
    // Nothing is given away either: a few bytes are left.
    assert!(most > 4_096 - 64, "{sizes:?}");
}

/// A tool of 250 KB, with an edition and texts that differ.
fn tool(edition: u64) -> String {
    let widgets: Vec<_> = (0..1_000)
        .map(|n| {
            let salt = Sha256::of(format!("{n}").as_bytes()).to_string();
            json!({
                "id": format!("widget-{n}"),
                "type": if n % 3 == 0 { "table" } else { "button" },
                "query": format!("select id, name, total from orders where customer = :c and region = '{salt}'"),
                "label": if n == 350 { format!("Refund {edition} orders") } else { format!("Order {n}") },
                "style": { "width": 120 + n % 40, "color": format!("#{}", &salt[..6]), "visible": true },
            })
        })
        .collect();
    json!({ "title": "Refund desk", "edition": edition, "widgets": widgets }).to_string()
}

#[tokio::test]
async fn an_everyday_edit_of_a_large_config_is_an_entry_of_at_most_1_kb() {
    let (stack, ada) = (Stack::start().await, Person::admin("auth0|65f1c7a9d7e3b2a1c4d5e6f7"));
    assert!((250_000..260_000).contains(&tool(1).len()), "{}", tool(1).len());
    stack.save(&ada, tool(1)).await.is(201);
    stack.post(&ada, &format!("{ENV}/publish"), json!({"version": 1})).await.is(200);
    for edition in 4..10 {
        let headers = [("if-match", "*"), ("waymark-note", "Another label on the refund button")];
        stack.call(&ada, "PUT", &format!("{ENV}/working"), &headers, tool(edition)).await.is(200);
        let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
        let get = get.key("pk", AttributeValue::S("crm/production".to_owned()));
        let item =
            get.key("sk", AttributeValue::S(format!("v#{edition:010}"))).send().await.unwrap().item.unwrap();
        assert!(size(&item) <= 1_024, "{} bytes", size(&item));
    }
}

/// The longest summary beside the largest delta.
fn longest_summary() -> Summary {
    let counts = Counts { added: 9_999_999, removed: 9_999_999, changed: 9_999_999, moved: 9_999_999 };
    Summary { counts, label: "x".repeat(70), paths: vec!["c/345678".to_owned()] }
}

/// The restores that say what they changed, with the longest that each can say of where it came from: that takes the room
/// of the delta.
fn restores() -> Vec<Event> {
    let at = Timestamp::from_millisecond(9_999_999_999_999).ok();
    let paths: Vec<String> = (0..20).map(|n| format!("/{n:074}")).collect();
    let parts = Origin { name: Some(name('n')), at, paths, ..Origin::of(Version::MAX) };
    let undo = Origin { undo: Some(Version::MAX), ..Origin::of(Version::MAX) };
    let backup = Origin { backup: Some(longest_backup()), ..Origin::of(Version::MAX) };
    let restored = [parts, undo, backup].map(|from| Event::Restored { from, changes: None });
    let source = Source {
        environment: Some(format!("{}/{}", "a".repeat(63), "e".repeat(63))),
        snapshot: Some(name('s')),
        version: Some(Version::MAX),
        at,
    };
    restored.into_iter().chain([Event::Imported { source, changes: None }]).collect()
}

#[tokio::test]
async fn an_entry_that_brings_many_parts_back_stays_under_4_kb() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    let key = |n: usize| format!("{n:073}");
    // Texts that do not compress.
    let salted = |salt: &str, n: usize| Sha256::of(format!("{salt}{n}").as_bytes()).to_string();
    let config = |value: &dyn Fn(usize) -> String| {
        let members: serde_json::Map<_, _> = (0..20).map(|n| (key(n), json!(value(n)))).collect();
        json!({ "other": "text ".repeat(2_000), "parts": members }).to_string()
    };
    stack.save(&ada, config(&|_| "x".to_owned())).await.is(201);
    stack.save(&ada, config(&|n| salted("a", n) + &salted("b", n) + &salted("c", n)[..12])).await.is(200);
    stack.save(&ada, config(&|_| "y".to_owned())).await.is(200);
    let paths: Vec<_> = (0..18).map(|n| format!("/parts/{}", key(n))).collect();
    let body = json!({"version": 2, "paths": paths, "note": "n".repeat(1_000)});
    stack.post(&ada, &format!("{ENV}/restore"), body).await.is(200);
    let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
    let get = get.key("pk", AttributeValue::S("crm/production".to_owned()));
    let item =
        get.key("sk", AttributeValue::S("v#0000000004".to_owned())).send().await.unwrap().item.unwrap();
    assert!((2_500..4_096).contains(&size(&item)), "{} bytes", size(&item));
    let edit = stack.get(&ada, &format!("{ENV}/diff?from=2&to=working"), &[]).await;
    assert_eq!(edit.at("/counts/changed"), 2, "all but two are as they were");
}

/// The longest id of a backup.
fn longest_backup() -> waymark::backup::BackupId {
    waymark::backup::BackupId::new(waymark::backup::Class::BeforeRestore, &"x".repeat(36)).unwrap()
}
