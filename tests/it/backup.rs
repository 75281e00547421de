//! Taking backups and listing them.

use serde_json::{Value, json};

use crate::support::backups::sha256;
use crate::support::stack::ENV;
use crate::support::steps::under;
use crate::support::{Person, Stack};

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn where_things_stand_names_the_last_backup() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    assert_eq!(stack.get(&ada, ENV, &[]).await.is(200).at("/backup"), Value::Null);
    stack.back_up(&ada, json!({})).await;
    stack.seconds_pass(1);
    let last = stack.back_up(&ada, json!({})).await;
    let standing = stack.get(&ada, ENV, &[]).await.is(200);
    assert_eq!((standing.at("/backup/id"), standing.at("/backup/version")), (json!(last), json!(1)));
}

#[tokio::test]
async fn a_backup_is_of_what_was_asked_for() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=3).await;
    stack.act(&ada, "snapshots", json!({"name": "spring", "version": 2})).await.is(201);
    stack.act(&ada, "publish", json!({"snapshot": "spring"})).await.is(200);
    let spring = json!({"name": "spring", "version": 2, "n": 2});
    let cases = [
        (json!({}), json!({"version": 5, "n": 3})),
        (json!({"of": "working"}), json!({"version": 5, "n": 3})),
        (json!({"of": "live"}), spring.clone()),
        (json!({"of": "spring"}), spring),
        (json!({"of": 1}), json!({"version": 1, "n": 1})),
        (json!({"of": "1"}), json!({"version": 1, "n": 1})),
    ];
    let verified = stack.read(&ada, "verify").await;
    for (asked, expected) in cases {
        let id = stack.back_up(&ada, asked.clone()).await;
        let document = stack.document(&ada, &id).await;
        let text = json!({"n": expected["n"]}).to_string();
        assert_eq!(
            (&document["version"], &document["config"]),
            (&expected["version"], &json!(text)),
            "{asked}"
        );
        assert_eq!(document["name"], expected["name"], "{asked}");
        assert_eq!(document["head"], json!({"version": 5, "hash": verified.at("/hash")}), "{asked}");
        // What users see is in it wherever it is something else.
        let live = if expected["n"] == 2 { Value::Null } else { json!("{\"n\":2}") };
        assert_eq!(document["live"]["config"], live, "{asked}");
        if live.is_string() {
            assert_eq!(
                (&document["live"]["name"], &document["live"]["version"]),
                (&json!("spring"), &json!(2))
            );
            assert_eq!(document["live"]["sha256"], sha256(b"{\"n\":2}"));
        }
        let shown = stack.read(&ada, &format!("backups/{id}")).await.is(200);
        assert_eq!(
            (shown.at("/version"), shown.at("/name")),
            (expected["version"].clone(), expected["name"].clone())
        );
    }
    assert_eq!(stack.newest(&ada).await, 5, "a backup is no part of the history");
}

#[tokio::test]
async fn what_cannot_be_backed_up_is_refused() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.act(&ada, "backups", json!({})).await.is_problem(404, "environment-not-found");
    stack.save_each(&ada, [1]).await;
    stack.act(&ada, "backups", json!({"of": 9})).await.is_problem(404, "version-not-found");
    stack.act(&ada, "backups", json!({"of": "absent"})).await.is_problem(404, "snapshot-not-found");
    for body in [json!({"of": [1]}), json!({"of": true}), json!({"off": 1}), json!([])] {
        stack.act(&ada, "backups", body).await.is_problem(400, "malformed-request");
    }
    stack.act(&ada, "backups", json!({"note": "x".repeat(1_001)})).await.is_problem(422, "invalid-name");
    assert_eq!(stack.backup_ids(&ada).await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_repeated_request_is_one_backup() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let path = under("backups");
    let take = || stack.call(&ada, "POST", &path, &[("idempotency-key", "k")], "{\"note\":\"fair\"}");
    let (a, b) = tokio::join!(take(), take());
    let (a, b) = (a.is(201), b.is(201));
    assert_eq!(a.json(), b.json());
    stack.save_each(&ada, [2]).await;
    let again = take().await.is(201);
    assert_eq!((again.json(), again.header("location")), (a.json(), a.header("location")));
    assert_eq!(stack.backup_ids(&ada).await, [a.at("/id")]);
    let other = stack.call(&ada, "POST", &path, &[("idempotency-key", "k")], "{}").await;
    other.is_problem(422, "idempotency-key-reused");
}

#[tokio::test]
async fn the_list_is_newest_first_and_in_pages() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let mut ids = Vec::new();
    for second in 0..7 {
        // Two of them at the same moment.
        stack.seconds_pass(i64::from(second != 3));
        ids.insert(0, stack.back_up(&ada, json!({"note": format!("{second}")})).await);
    }
    let all = stack.backup_ids(&ada).await;
    let pages = stack.pages(&ada, &under("backups?limit=3")).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let paged: Vec<Value> = pages.iter().flatten().map(|item| item["id"].clone()).collect();
    assert_eq!(paged, all);
    let (mut sorted, mut taken) = (all.clone(), ids.iter().map(|id| json!(id)).collect::<Vec<_>>());
    assert_eq!((&sorted[0], &sorted[6]), (&taken[0], &taken[6]));
    sorted.sort_by_key(Value::to_string);
    taken.sort_by_key(Value::to_string);
    assert_eq!(sorted, taken);
    let times = stack.listed(&ada, &under("backups"), "/at").await;
    assert!(times.windows(2).all(|two| two[0].as_str() >= two[1].as_str()), "{times:?}");
    stack.read(&ada, "backups?limit=0").await.is_problem(400, "malformed-request");
    // Whoever reads on behind a backup that has expired is told: an empty page would be the end of the list.
    stack.read(&ada, "backups?before=manual.absent").await.is_problem(404, "backup-not-found");
}

#[tokio::test]
async fn a_backup_before_a_restore_ends_after_70_days() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    let manual = stack.back_up(&ada, json!({})).await;
    stack.restore_file(&ada, "application/octet-stream", b"{\"n\":2}").await.is(200);
    let ids = stack.backup_ids(&ada).await;
    let before = ids.iter().find_map(|id| id.as_str().filter(|id| *id != manual)).unwrap().to_owned();
    let shown = stack.read(&ada, &format!("backups/{before}")).await.is(200);
    assert_eq!(
        (shown.at("/class"), shown.at("/expires")),
        (json!("before-restore"), json!("2027-01-22T09:14:00.000Z"))
    );
    stack.seconds_pass(70 * DAY - 1);
    assert_eq!(stack.backup_ids(&ada).await.len(), 2);
    stack.seconds_pass(DAY);
    assert_eq!(stack.backup_ids(&ada).await, [json!(manual)]);
    for path in [format!("backups/{before}"), format!("backups/{before}/file")] {
        stack.read(&ada, &path).await.is_problem(404, "backup-not-found");
    }
    stack.act(&ada, "restore", json!({"backup": before})).await.is_problem(404, "backup-not-found");
    let path = format!("backups/{before}/verify");
    stack.act(&ada, &path, json!({})).await.is_problem(404, "backup-not-found");
}

#[tokio::test]
async fn what_is_no_backup_is_not_found() {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, [1]).await;
    stack.back_up(&ada, json!({})).await;
    for id in ["manual.absent", "d14.2026-11-13", "before-restore.v1-00000000"] {
        stack.read(&ada, &format!("backups/{id}")).await.is_problem(404, "backup-not-found");
        stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(404, "backup-not-found");
    }
    let long = format!("manual.{}", "x".repeat(37));
    for id in
        ["absent", "manual.", "manual.a%2Fb", "manual.a%23b", "%20", "manual.%C3%BC", "..", long.as_str()]
    {
        for path in [format!("backups/{id}"), format!("backups/{id}/file")] {
            stack.read(&ada, &path).await.is_problem(422, "invalid-name");
        }
        stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(422, "invalid-name");
    }
    assert_eq!(stack.get(&ada, &format!("{ENV}/backups?before=x"), &[]).await.status, 422);
}

#[tokio::test]
async fn who_may_do_what_with_backups() {
    let stack = Stack::start().await;
    let editor = Person::new("eda", "crm/production:editor");
    let viewer = Person::new("vic", "crm/production:viewer");
    let reader = Person::new("rea", "crm/production:reader");
    stack.save(&editor, "{\"n\":1}").await.is(201);
    let id = stack.back_up(&editor, json!({})).await;
    stack.save(&editor, "{\"n\":2}").await.is(200);

    assert_eq!(stack.backup_ids(&viewer).await, [json!(id)]);
    let file = stack.download(&viewer, &id).await;
    stack.act(&viewer, "backups", json!({})).await.is_problem(403, "forbidden");
    stack.act(&viewer, &format!("backups/{id}/verify"), json!({})).await.is_problem(403, "forbidden");
    stack.act(&viewer, "restore", json!({"backup": id})).await.is_problem(403, "forbidden");
    stack
        .act(&viewer, "uploads", json!({"bytes": 2, "sha256": sha256(b"{}")}))
        .await
        .is_problem(403, "forbidden");
    stack.restore_file(&viewer, "application/gzip", &file).await.is_problem(403, "forbidden");
    for path in ["backups".to_owned(), format!("backups/{id}"), format!("backups/{id}/file")] {
        stack.read(&reader, &path).await.is_problem(403, "forbidden");
    }
    assert_eq!(stack.newest(&editor).await, 2);
    stack.act(&editor, &format!("backups/{id}/verify"), json!({})).await.is(200);
    assert_eq!(stack.act(&editor, "restore", json!({"backup": id})).await.is(200).at("/version"), 3);
    stack.save(&editor, "{\"n\":2}").await.is(200);
    let upload = stack.upload(&editor, &file).await;
    assert_eq!(
        stack.act(&editor, "restore", json!({"upload": upload})).await.is(200).at("/author/id"),
        "eda"
    );
}
