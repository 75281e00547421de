//! Proving a stored backup again: it is read by the code that a restore uses.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use waymark::backup::{BackupId, Proof};
use waymark::hash::Sha256;
use waymark::http::{As, Editor, Segment, page_json};
use waymark::id::{AppName, EnvName, Version};
use waymark::visible::visible;
use waymark::{Problem, Waymark, telemetry};

/// Reads a backup again; says what was compared, and what differs.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/v1/apps/{app}/envs/{env}/backups/{id}/verify", operation_id = "verify_backup",
    params(waymark::openapi::InEnvironment, ("id" = BackupId, Path, description = "Its id.")),
    responses((status = 200, description = "What was found.", body = Answer)),
    extensions(("x-problems" = json!(["backup-not-found", "too-large"]))),
))]
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
        tracing::error!(env = %editor.env, key = backup.key, fault = %visible(fault), "a backup is damaged");
    }
    page_json(&Answer { ok: faults.is_empty(), id, faults, compared: compared(&proved.proof) })
}

/// What was found.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VerifiedBackup))]
struct Answer<'a> {
    /// Whether nothing is wrong.
    ok: bool,
    id: BackupId,
    faults: Vec<String>,
    /// What the file holds; null where it cannot be read.
    compared: Option<Compared<'a>>,
}

/// What was read, for people who want to compare it themselves.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Compared<'a> {
    app: &'a AppName,
    environment: &'a EnvName,
    version: Version,
    sha256: Sha256,
    bytes: usize,
    /// What was live, where it was another config.
    live: Option<Sha256>,
    /// The newest entry when it was taken.
    head: ComparedHead,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct ComparedHead {
    version: Version,
    hash: Sha256,
}

fn compared(proof: &Proof) -> Option<Compared<'_>> {
    let Proof::Whole(checked) = proof else { return None };
    let file = &checked.file;
    Some(Compared {
        app: &file.app,
        environment: &file.environment,
        version: file.config.version,
        sha256: checked.config.sha256(),
        bytes: checked.config.len(),
        live: checked.live.as_ref().map(|live| live.sha256()),
        head: ComparedHead { version: file.head.version, hash: file.head.hash },
    })
}
