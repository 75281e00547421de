//! The list of backups, made anew from the bucket: for the day on which the table is lost.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use waymark::backup::{Proof, Proved, Stored};
use waymark::history::Backup;
use waymark::id::EnvId;
use waymark::{Error, Waymark, key};

/// Objects that are read at once. Each may take as much memory as the largest config several times.
const AT_ONCE: usize = 4;

/// What was found in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Backups that were not in the list and are now.
    pub recorded: u64,
    /// Backups that were in the list.
    pub known: u64,
    /// Backups whose time is over; the bucket will drop them.
    pub expired: u64,
    /// Objects that are no whole backup, each with what is wrong with it.
    pub damaged: Vec<(String, String)>,
}

/// What one object is.
enum Seen {
    Recorded,
    Known,
    Expired,
    Damaged(String, String),
}

/// Reads and proves every object of the backups bucket, and records those that the list lacks. Nothing is changed or
/// removed: it may run while the service does, and again. One LIST for each 1,000 objects, and a GET and a write for each.
///
/// # Errors
/// [`Error::Storage`]; what was recorded by then stays.
pub async fn rebuild(waymark: &Waymark) -> Result<Rebuilt, Error> {
    let mut rebuilt = Rebuilt::default();
    let mut from = None;
    loop {
        let (objects, next) = waymark.backups.list(from).await?;
        let mut tasks = JoinSet::new();
        let places = Arc::new(Semaphore::new(AT_ONCE));
        for object in objects {
            let (waymark, places) = (waymark.clone(), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire_owned().await;
                see(&waymark, object).await
            });
        }
        while let Some(seen) = tasks.join_next().await {
            match seen.map_err(|e| Error::Item(e.to_string()))?? {
                Seen::Recorded => rebuilt.recorded += 1,
                Seen::Known => rebuilt.known += 1,
                Seen::Expired => rebuilt.expired += 1,
                Seen::Damaged(key, fault) => rebuilt.damaged.push((key, fault)),
            }
        }
        from = next;
        if from.is_none() {
            rebuilt.damaged.sort();
            return Ok(rebuilt);
        }
    }
}

async fn see(waymark: &Waymark, object: Stored) -> Result<Seen, Error> {
    let Stored { key, .. } = object;
    let damaged = |fault: &str| Seen::Damaged(key.clone(), fault.to_owned());
    let Proved { size, sha256, proof } = waymark.prove(&key).await?;
    let file = match proof {
        Proof::Whole(checked) => checked.file,
        Proof::Missing => return Ok(Seen::Expired),
        Proof::Damaged(fault) => return Ok(damaged(&fault.to_string())),
    };
    let env = EnvId { app: file.app.clone(), env: file.environment.clone() };
    let Some(id) = key::parse_backup_object(&env, &key) else {
        return Ok(damaged("the object does not lie where a backup of its environment does"));
    };
    let now = waymark.sources.clock.now();
    let backup = Backup::new(id, key.clone(), &file, (size, sha256), now);
    if !backup.counts(now) {
        return Ok(Seen::Expired);
    }
    Ok(if waymark.history.record_found(&env, &backup).await? { Seen::Recorded } else { Seen::Known })
}
