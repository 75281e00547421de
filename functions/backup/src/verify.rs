//! Proving a stored backup again: it is read by the code that a restore uses.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use waymark::backup::{BackupId, Proof};
use waymark::http::{As, Editor, Segment, page_json};
use waymark::{Problem, Waymark, telemetry};

/// `POST /backups/{id}/verify`: what was compared, and what differs.
pub(crate) async fn verify(
    State(waymark): State<Waymark>,
    editor: As<Editor>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let id: BackupId = id.parse()?;
    let backup = waymark.history.backup(&editor.env, &id).await?;
    let proved = waymark.prove(&backup.key).await?;
    let faults = proved.faults(&backup);
    waymark.history.mark_verified(&editor.env, backup.owner(), faults.first().map(String::as_str)).await?;
    if let Some(fault) = faults.first() {
        telemetry::damaged();
        tracing::error!(env = %editor.env, key = backup.key, fault, "a backup is damaged");
    }
    page_json(&json!({
        "ok": faults.is_empty(),
        "id": id,
        "faults": faults,
        "compared": compared(&proved.proof),
    }))
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
