//! Restoring from a file: a stored backup, an uploaded one, or any JSON config. The state before it is backed up first.

use axum::response::Response;
use waymark::backup::{BackupId, Class, File, Proof, Take, gunzip, is_backup, is_gzip, most_gunzipped};
use waymark::config::keep::{self, Keep};
use waymark::config::{Config, MAX_BYTES};
use waymark::entry::{Entry, Event, Origin, Source};
use waymark::history::{Attempt, Decide, Decision, Draft, DraftEntry, Head, Mutation, Reply, Start};
use waymark::id::{EnvId, Note, Version};
use waymark::{Error, Problem, Waymark, heavy};

use crate::preview::{End, Outcome};

/// A config that was read from a file and checked, and the event that its restore is.
#[derive(Debug)]
pub(crate) struct Import {
    config: Config,
    event: Event,
    /// Whether it is of another environment: values that belong to this one are kept.
    is_foreign: bool,
}

/// Where a file lies.
#[derive(Debug)]
pub(crate) enum Stored {
    /// In the backups bucket.
    Backup(BackupId),
    /// In the transfer bucket, by the upload's id.
    Upload(String),
}

impl Import {
    /// Reads what lies in a bucket. `from` as for [`Import::file`].
    pub(crate) async fn stored(
        waymark: &Waymark,
        env: &EnvId,
        stored: Stored,
        from: Option<&str>,
    ) -> Result<Self, Problem> {
        match stored {
            Stored::Backup(id) => Self::backup(waymark, env, id).await,
            Stored::Upload(id) => {
                let bytes = waymark.transfer.uploaded(&waymark.history.upload(env, &id).await?).await?;
                Self::file(env, &bytes, from).await
            }
        }
    }

    /// Reads a file: a backup, compressed or not, or a config, compressed or not. `from` names the environment that
    /// a backup is of, where it is another than `env`.
    pub(crate) async fn file(env: &EnvId, bytes: &[u8], from: Option<&str>) -> Result<Self, Problem> {
        let most = if is_gzip(bytes) { most_gunzipped(bytes) } else { bytes.len() };
        heavy::copy(most, || Self::read(env, bytes, from)).await?
    }

    fn read(env: &EnvId, bytes: &[u8], from: Option<&str>) -> Result<Self, Problem> {
        let document = if is_gzip(bytes) { gunzip(bytes).map_err(Error::from)? } else { bytes.to_vec() };
        if !is_backup(&document) {
            if document.len() > MAX_BYTES {
                return Err(Problem::too_large(MAX_BYTES, "A config", "Split it."));
            }
            let config = Config::check(document).map_err(Problem::from)?;
            let source = Source { environment: None, snapshot: None, version: None, at: None };
            return Ok(Self { config, event: Event::Imported { source, changes: None }, is_foreign: false });
        }
        let checked = File::parse(&document).map_err(Error::from)?;
        let file = checked.file;
        let of = EnvId { app: file.app, env: file.environment }.to_string();
        if from.map_or_else(|| of != env.to_string(), |from| from != of) {
            return Err(another_environment(env, &of));
        }
        let is_foreign = from.is_some_and(|from| from != env.to_string());
        let source = Source {
            environment: Some(of),
            snapshot: None,
            version: Some(file.config.version),
            at: Some(file.at),
        };
        Ok(Self { config: checked.config, event: Event::Imported { source, changes: None }, is_foreign })
    }

    /// Reads a stored backup.
    async fn backup(waymark: &Waymark, env: &EnvId, id: BackupId) -> Result<Self, Problem> {
        let backup = waymark.history.backup(env, &id).await?;
        let proved = waymark.prove(&backup.key).await?;
        let faults = proved.faults(&backup);
        let checked = match proved.proof {
            Proof::Whole(checked) if faults.is_empty() => *checked,
            _ => return Err(damaged(&id, faults)),
        };
        let version = checked.file.config.version;
        let from = Origin { backup: Some(id), ..Origin::of(version) };
        Ok(Self { config: checked.config, event: Event::Restored { from, changes: None }, is_foreign: false })
    }
}

/// Appends what was read from a file or a stored backup.
pub(crate) async fn restore(
    end: End<'_>,
    start: Start,
    import: Import,
    note: Option<Note>,
) -> Result<Response, Problem> {
    let End { waymark, env, mutation, .. } = end;
    let keep = if import.is_foreign { waymark.history.effective_settings(env).await?.keep } else { None };
    let restore = RestoreFile { waymark, env, mutation, import, keep: keep.unwrap_or_default(), note };
    end.reach(start, restore).await
}

/// The decision to make a config from a file the working version.
struct RestoreFile<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    mutation: &'a Mutation,
    import: Import,
    /// What stays as it is here.
    keep: Keep,
    note: Option<Note>,
}

impl Decide for RestoreFile<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        let head = attempt.head;
        let config = &self.outcome(head.map(|head| &head.entry)).await?;
        if let Some(head) = head {
            if head.entry.config.sha256 == config.sha256() {
                return Ok(Decision::unchanged(&head.entry));
            }
            self.back_up_before(head).await?;
        }
        let entry = head.map(|head| &head.entry);
        let event = self.import.event.clone();
        let stored = self.waymark.configs.store_beside(self.env, config, entry, event.weight());
        let warnings = self.waymark.warnings_on_save(self.env, config);
        let they_do = self.waymark.users_see_working(self.env, entry);
        let (stored, warnings, they_do) =
            tokio::join!(Box::pin(stored), Box::pin(warnings), Box::pin(they_do));
        let stored = stored?;
        let mut draft = Draft::of(DraftEntry {
            note: self.note.clone(),
            config: Some(stored.config),
            ..DraftEntry::new(event.with_changes(stored.changes))
        });
        draft.warn(warnings);
        draft.users_see_it(they_do?);
        if head.is_none() {
            draft.status = 201;
        }
        Ok(draft.append())
    }
}

impl Outcome for RestoreFile<'_> {
    /// The config with this environment's values where the settings keep them. Where those cannot be read safely it is
    /// taken as it is: it is what mends them.
    async fn outcome(&self, head: Option<&Entry>) -> Result<Config, Problem> {
        let incoming = &self.import.config;
        let Some(head) = head.filter(|_| !self.keep.is_empty()) else { return Ok(incoming.clone()) };
        match self.waymark.configs.of(&self.env.app, head).await {
            Ok(own) => {
                let bytes = incoming.len().saturating_add(own.len());
                let kept = heavy::compare(bytes, || keep::apply(incoming, &own, &self.keep)).await?;
                Ok(kept?)
            }
            Err(Error::Damaged { .. }) => Ok(incoming.clone()),
            Err(error) => Err(error.into()),
        }
    }

    fn back_to(&self) -> Option<Version> {
        None
    }
}

impl RestoreFile<'_> {
    /// Backs up the present state, unless it has been. A state that cannot be read safely cannot be backed up, and
    /// does not stop the restore that would mend it.
    async fn back_up_before(&self, head: &Head) -> Result<(), Problem> {
        let history = head.entry.history.simple().to_string();
        let period = format!("v{}-{}", head.entry.version, history.get(..8).unwrap_or_default());
        let id = BackupId::new(Class::BeforeRestore, &period)?;
        match self.waymark.history.backup(self.env, &id).await {
            Ok(_) => return Ok(()),
            Err(Error::NoBackup(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let take = Take {
            env: self.env,
            id,
            head,
            of: head.entry.clone().into(),
            author: self.mutation.author.clone(),
            note: None,
        };
        let backup = match self.waymark.back_up(take).await {
            Ok(backup) => backup,
            Err(Error::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Without the request's idempotency key: the record that counts is that of the restore.
        let mutation = Mutation { key: None, ..self.mutation.clone() };
        let none =
            Reply { status: 200, body: serde_json::Value::Null, version: None, etag: None, location: None };
        self.waymark.history.record_backup(&mutation, backup, none).await?;
        Ok(())
    }
}

/// 422: the stored backup is not what was recorded.
fn damaged(id: &BackupId, faults: Vec<String>) -> Problem {
    let fault = faults.join("; ");
    Problem::unprocessable(
        "invalid-file",
        "Not a file that can be restored",
        format!("The backup {id} is damaged: {fault}. Nothing was changed. Restore another one: GET /backups lists them."),
    )
    .with("reason", "stored")
    .with("faults", faults)
}

/// 409: a backup of another environment is taken only by somebody who says so.
fn another_environment(env: &EnvId, of: &str) -> Problem {
    Problem::conflict(
        "other-environment",
        "A backup of another environment",
        format!(
            "The file is a backup of {of}, not of {env}. To import it all the same, say \"from\": \"{of}\"."
        ),
    )
    .with("from", of)
}
