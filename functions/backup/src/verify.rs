//! Proving a stored backup again: it is read by the code that a restore uses.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use waymark::backup::{BackupId, Proof};
use waymark::history::Backup;
use waymark::http::{As, Editor, Segment, page_json};
use waymark::{Problem, Waymark};

/// `POST /backups/{id}/verify`: what was compared, and what differs.
pub(crate) async fn verify(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let id: BackupId = id.parse()?;
    let backup = waymark.history.backup(&editor.env, &id).await?;
    let (size, proof) = waymark.prove(&backup.key).await?;
    let faults = faults(&backup, size, &proof);
    waymark.history.mark_verified(&editor.env, &id, faults.first().map(String::as_str)).await?;
    page_json(&json!({
        "ok": faults.is_empty(),
        "id": id,
        "faults": faults,
        "compared": compared(&proof),
    }))
}

/// What of the object is not as it was recorded.
fn faults(backup: &Backup, size: u64, proof: &Proof) -> Vec<String> {
    let checked = match proof {
        Proof::Whole(checked) => checked,
        Proof::Missing => return vec!["the object is not in the bucket".to_owned()],
        Proof::Damaged(fault) => return vec![fault.to_string()],
    };
    let file = &checked.file;
    let differs = [
        (size != backup.size, "the file's length is not the one that was recorded"),
        (checked.config.sha256() != backup.sha256, "the config's SHA-256 is not the one that was recorded"),
        (file.config.version != backup.version, "the version is not the one that was recorded"),
    ];
    differs.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()).collect()
}

/// What was read, for people who want to compare it themselves.
fn compared(proof: &Proof) -> Value {
    let Proof::Whole(checked) = proof else { return Value::Null };
    let file = &checked.file;
    json!({
        "app": file.app,
        "environment": file.environment,
        "version": file.config.version,
        "sha256": checked.config.sha256(),
        "bytes": checked.config.len(),
        "live": checked.live.as_ref().map(|live| live.sha256()),
        "head": { "version": file.head.version, "hash": file.head.hash },
    })
}
