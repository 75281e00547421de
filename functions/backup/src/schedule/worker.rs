//! The worker: backs up one environment for each message, and proves what it has taken.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::SignedDuration;
use lambda_runtime::LambdaEvent;
use waymark::backup::{BackupId, Take};
use waymark::entry::{Author, Entry};
use waymark::error::chain;
use waymark::history::{Backup, Head, LastRun};
use waymark::{Error, Telemetry, Waymark, telemetry};

use super::Due;

/// After how long an object that stands for an unchanged state is read again.
const PROVE_AGAIN: SignedDuration = SignedDuration::from_hours(24 * 7);

/// How many objects are tried for one period, where the one that is there already is damaged or holds an older state.
const OBJECTS: u32 = 5;

/// Backs up the environments of a batch of messages, one after the other. Those that failed are named in the answer, so
/// that SQS delivers them again, and only them.
pub async fn work(
    waymark: &Waymark,
    telemetry: &Telemetry,
    event: LambdaEvent<SqsEvent>,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.payload.records {
        let id = message.message_id.unwrap_or_default();
        let due = serde_json::from_str::<Due>(&message.body.unwrap_or_default());
        let env = due.as_ref().ok().map(|due| due.env.clone());
        let one = async {
            match &due {
                Ok(due) => one(waymark, due).await,
                Err(error) => Err(Error::Item(error.to_string())),
            }
        };
        let done = telemetry.job(&event.context, env.as_ref(), one).await;
        if let Err(error) = done {
            tracing::error!(error = chain(&error), message = id, "no scheduled backup");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Backs up one environment, and writes down what became of it.
async fn one(waymark: &Waymark, due: &Due) -> Result<(), Error> {
    let failed = match back_up(waymark, due).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let last = LastRun { ok: false, fault: Some(failed.to_string()), ..run(waymark, due) };
    if let Err(error) = waymark.history.record_failed(&due.env, &last).await {
        tracing::error!(error = chain(&error), env = %due.env, "a failed backup is not recorded");
    }
    Err(failed)
}

/// Unchanged: one query and one write. Changed: one query, the config, one PUT, one GET and one write; and another GET
/// where a release is live that is not the working config.
async fn back_up(waymark: &Waymark, due: &Due) -> Result<(), Error> {
    let Some(head) = waymark.history.head(&due.env).await? else {
        tracing::warn!(env = %due.env, "registered, and without a history: nothing to back up");
        return Ok(());
    };
    let standing = due.good.as_deref().filter(|good| stands_for(good, &head.entry) && lasts(good, due));
    let mut older = Vec::new();
    let (good, fault) = match standing {
        Some(good) => match prove_again(waymark, due, good).await? {
            (good, None) => (good, None),
            (_, Some(fault)) => {
                let (good, again) = take(waymark, due, &head, &mut older).await?;
                (good, again.or(Some(fault)))
            }
        },
        None => take(waymark, due, &head, &mut older).await?,
    };
    let last = LastRun { ok: true, version: Some(good.version), fault, ..run(waymark, due) };
    let taken_now = standing.is_none_or(|standing| standing.id != good.id);
    let mut backups = older;
    if taken_now {
        backups.push(good.clone());
    }
    let recorded: Vec<BackupId> = backups.iter().map(|backup| backup.id.clone()).collect();
    let others = due.backups.iter().filter(|id| **id != good.id && !recorded.contains(id));
    backups.extend(others.map(|id| good.standing_for(id.clone(), last.at)));
    if waymark.history.record_scheduled(&due.env, &backups, &good, &last).await? {
        telemetry::version(good.version);
        telemetry::backed_up();
    }
    Ok(())
}

fn run(waymark: &Waymark, due: &Due) -> LastRun {
    LastRun {
        scheduled: due.scheduled,
        at: waymark.sources.clock.now(),
        ok: false,
        backups: due.backups.clone(),
        version: None,
        fault: None,
    }
}

/// Whether a backup holds the present state: the working config, and what is live where that is another.
fn stands_for(good: &Backup, head: &Entry) -> bool {
    let live = head.releases.live.as_ref().map(|live| live.subject.sha256);
    good.sha256 == head.config.sha256 && good.live == live.filter(|live| *live != head.config.sha256)
}

/// Whether its object lives for as long as the policy promises each of the backups that are due.
fn lasts(good: &Backup, due: &Due) -> bool {
    let lives_until = |id: &BackupId| {
        let promised = due.policy.promised(id.class, due.scheduled);
        good.expires.is_none_or(|expires| expires >= promised.as_second())
    };
    due.backups.iter().all(lives_until)
}

/// Reads an object again that has not been read for a week, and says what is wrong with it.
async fn prove_again(waymark: &Waymark, due: &Due, good: &Backup) -> Result<(Backup, Option<String>), Error> {
    let mut good = good.clone();
    let now = waymark.sources.clock.now();
    if good.verified_at.is_some_and(|verified| verified + PROVE_AGAIN > now) {
        return Ok((good, None));
    }
    let fault = waymark.prove(&good.key).await?.faults(&good).into_iter().next();
    waymark.history.mark_verified(&due.env, good.owner(), fault.as_deref()).await?;
    if let Some(fault) = &fault {
        telemetry::damaged();
        tracing::error!(env = %due.env, key = good.key, fault = %waymark::visible::visible(fault), "a backup is damaged");
    }
    if fault.is_none() {
        good.verified_at = Some(now);
    }
    let fault =
        fault.map(|fault| format!("backup {} was damaged, and a new one was taken: {fault}", good.id));
    Ok((good, fault))
}

/// Takes a backup under the class that lives longest of those that are due. Where the object of the period is there
/// already and damaged, it takes another one beside it, and says so; and also where it is whole and holds a state of before
/// the scheduled time: the table that knew of it was lost, or an earlier environment had this name. Such a one is a backup, too,
/// and goes to `older`.
async fn take(
    waymark: &Waymark,
    due: &Due,
    head: &Head,
    older: &mut Vec<Backup>,
) -> Result<(Backup, Option<String>), Error> {
    let Some(longest) = due.backups.first() else {
        return Err(Error::Item("a message with nothing due".to_owned()));
    };
    let mut fault = None;
    for number in 1..=OBJECTS {
        let id = match number {
            1 => longest.clone(),
            number => BackupId::new(longest.class, &format!("{}-{number}", longest.period()))?,
        };
        let of = head.entry.clone().into();
        let take = Take { env: &due.env, id, head, of, author: schedule(), note: None };
        match waymark.back_up(take).await {
            // What an earlier attempt at this scheduled time has taken is good, although somebody may have saved since.
            Ok(backup) if stands_for(&backup, &head.entry) || backup.at >= due.scheduled => {
                return Ok((backup, fault));
            }
            Ok(backup) => older.push(backup),
            Err(error @ Error::Unproven { .. }) if number < OBJECTS => fault = Some(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    let fault = format!("is the last of {OBJECTS} for its period, and none of them holds the present state");
    Err(Error::Unproven { id: longest.to_string(), fault })
}

/// Who takes scheduled backups.
fn schedule() -> Author {
    Author { id: "schedule".to_owned(), name: "Backup schedule".to_owned() }
}
