//! The one conditional write that appends, and how its outcome is settled.
//!
//! An unclear outcome is never guessed. The identical write is repeated until it succeeds or fails its condition;
//! a failed condition returns the item that is there, and one with our write id is our own success.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValuesOnConditionCheckFailure};
use tokio::time::Instant;
use uuid::Uuid;

use super::History;
use super::idempotency::{self, Key, Reply};
use super::transaction::{Alongside, Meaning, Part, Refused};
use crate::entry::{Item, uuid_of};
use crate::error::{Cause, Error, STORAGE_FULL};

/// How long to wait before the next attempt: a random part of a time that doubles up to a longest one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Between the attempts of a save, and of everything else that can wait.
    pub(super) const PATIENT: Self =
        Self { next: Duration::from_millis(10), longest: Duration::from_millis(500) };

    /// Between the attempts of what changes what users see: while saves back off, it is tried again at once.
    pub(super) const URGENT: Self =
        Self { next: Duration::from_millis(2), longest: Duration::from_millis(8) };
}

/// What became of a write.
pub(super) enum Outcome {
    /// It is there.
    Done,
    /// The same request was answered before.
    Replayed(Box<Reply>),
    /// Another writer has the version.
    Lost,
    /// Something beside the entry stood against it.
    Refused(Refused),
}

/// A write, whole: every repeat of it is identical.
pub(super) struct Write<'a> {
    /// The partition.
    pub(super) pk: String,
    /// The entries' items, oldest first.
    pub(super) entries: Vec<Item>,
    pub(super) alongside: &'a [Alongside],
    pub(super) idempotency: Option<(&'a Key, &'a Reply)>,
    /// The request's write id, in every entry.
    pub(super) id: Uuid,
    /// When the request must have been answered.
    pub(super) deadline: Instant,
    /// How long to wait before it is repeated.
    pub(super) backoff: Backoff,
}

/// What one attempt showed.
enum Shown {
    Outcome(Outcome),
    /// Surely not written, and worth repeating.
    NotWritten(Cause),
    /// Perhaps written.
    Unclear(Cause),
    /// Refused for good.
    Failed(Cause),
}

impl History {
    /// Carries out a write and finds out what became of it.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`] when that is still unclear at the deadline, [`Error::Contention`] when it was
    /// held off until then, [`Error::Refused`] when DynamoDB refuses it for good, and those of a live idempotency record.
    pub(super) async fn write(&self, write: &Write<'_>) -> Result<Outcome, Error> {
        let plain = write.alongside.is_empty() && write.idempotency.is_none() && write.entries.len() == 1;
        let parts = if plain { Vec::new() } else { self.parts(write)? };
        // The token belongs to this version's transaction: DynamoDB answers a repeat with the first outcome.
        let token = self.sources.ids.fresh().to_string();
        let mut unclear = false;
        let mut backoff = write.backoff;
        loop {
            let shown =
                if plain { self.put(write).await } else { self.transact(write, &parts, &token).await? };
            let cause = match shown {
                // What stood against this attempt did not, perhaps, against one that is still on its way.
                Shown::Outcome(Outcome::Refused(refused)) if unclear && !refused.is_lasting() => {
                    return Err(Error::OutcomeUnknown(
                        format!("{refused:?} after an unclear attempt").into(),
                    ));
                }
                Shown::Outcome(outcome) => return Ok(outcome),
                Shown::Failed(cause) if unclear => return Err(Error::OutcomeUnknown(cause)),
                Shown::Failed(cause) => return Err(Error::refused("append an entry", cause)),
                Shown::NotWritten(cause) => cause,
                Shown::Unclear(cause) => {
                    unclear = true;
                    cause
                }
            };
            if !self.pause(&mut backoff, write.deadline).await {
                return Err(if unclear { Error::OutcomeUnknown(cause) } else { Error::Contention });
            }
        }
    }

    /// Waits before a repeat, a random part of a doubling time. False when there is no time left.
    pub(super) async fn pause(&self, backoff: &mut Backoff, deadline: Instant) -> bool {
        let random = f64::from(self.sources.ids.fresh().as_fields().0) / f64::from(u32::MAX);
        let wait = backoff.next.mul_f64(random);
        backoff.next = (backoff.next * 2).min(backoff.longest);
        if Instant::now() + wait >= deadline {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    async fn put(&self, write: &Write<'_>) -> Shown {
        let sent = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(write.entries.first().cloned())
            .condition_expression("attribute_not_exists(sk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .config_override(once())
            .send()
            .await;
        match sent {
            Ok(_) => Shown::Outcome(Outcome::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => whose(failed.item(), write.id)
                    .map_or_else(|| Shown::Unclear(error.into()), Shown::Outcome),
                service => {
                    let code = service.and_then(ProvideErrorMetadata::code).map(str::to_owned);
                    unsettled(error, code.as_deref())
                }
            },
        }
    }

    async fn transact(&self, write: &Write<'_>, parts: &[Part], token: &str) -> Result<Shown, Error> {
        let sent = self
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(parts.iter().map(|part| part.item.clone()).collect()))
            .client_request_token(token)
            .customize()
            .config_override(once())
            .send()
            .await;
        let error = match sent {
            Ok(_) => return Ok(Shown::Outcome(Outcome::Done)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reasons = cancelled.cancellation_reasons();
                match self.cancelled(write, parts, reasons)? {
                    Some(outcome) => Ok(Shown::Outcome(outcome)),
                    None if worth_repeating(reasons) => Ok(Shown::NotWritten(error.into())),
                    None if any_failed(reasons) => Ok(Shown::Unclear(error.into())),
                    None => Ok(Shown::Failed(error.into())),
                }
            }
            service => {
                let code = service.and_then(ProvideErrorMetadata::code).map(str::to_owned);
                Ok(unsettled(error, code.as_deref()))
            }
        }
    }

    /// Reads the reasons of a cancelled transaction, in the order of the design. `None` when none of them is a
    /// failed condition that says whose it is.
    fn cancelled(
        &self,
        write: &Write<'_>,
        parts: &[Part],
        reasons: &[CancellationReason],
    ) -> Result<Option<Outcome>, Error> {
        let failed: Vec<(&Meaning, Option<&Item>)> = parts
            .iter()
            .zip(reasons)
            .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
            .map(|(part, reason)| (&part.meaning, reason.item()))
            .collect();
        let entry = failed.iter().find(|(meaning, _)| matches!(meaning, Meaning::Entry));
        let entry = entry.map(|(_, item)| whose(*item, write.id));
        if let Some(Some(Outcome::Done) | None) = entry {
            return Ok(entry.flatten());
        }
        let record = failed.iter().find(|(meaning, _)| matches!(meaning, Meaning::Idempotency));
        if let (Some((_, Some(item))), Some((key, _))) = (record, write.idempotency) {
            // That the condition failed shows that the record counted then.
            let reply = idempotency::recorded((*item).clone(), key)?;
            return Ok(Some(Outcome::Replayed(Box::new(reply))));
        }
        if entry.is_some() {
            return Ok(Some(Outcome::Lost));
        }
        Ok(failed.iter().find_map(|(meaning, _)| match meaning {
            Meaning::Refused(refused) => Some(Outcome::Refused(refused.clone())),
            _ => None,
        }))
    }
}

/// One attempt a call: the loop in [`History::write`] repeats, since only it can tell what an attempt left behind.
fn once() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder().retry_config(aws_config::retry::RetryConfig::disabled())
}

/// Whose the entry is that stands where ours should be; `None` when the answer does not show it.
fn whose(item: Option<&Item>, id: Uuid) -> Option<Outcome> {
    let write = uuid_of(item?.get("write")?)?;
    Some(if write == id { Outcome::Done } else { Outcome::Lost })
}

/// What an error that is no failed condition says.
fn unsettled<E>(error: SdkError<E>, code: Option<&str>) -> Shown
where
    E: std::error::Error + Send + Sync + 'static,
{
    let shown: fn(Cause) -> Shown = match &error {
        SdkError::ConstructionFailure(_) => Shown::Failed,
        SdkError::ServiceError(context) => match code {
            Some(
                "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "ThrottlingError"
                | "TransactionConflictException",
            ) => Shown::NotWritten,
            Some("TransactionInProgressException") => Shown::Unclear,
            // A server error, and a definite one: SQLite has rolled it back.
            Some(STORAGE_FULL) => Shown::Failed,
            _ if context.raw().status().is_server_error() => Shown::Unclear,
            _ => Shown::Failed,
        },
        _ => Shown::Unclear,
    };
    shown(error.into())
}

/// Whether a transaction was cancelled for passing reasons alone.
fn worth_repeating(reasons: &[CancellationReason]) -> bool {
    let mut codes =
        reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").peekable();
    codes.peek().is_some()
        && codes.all(|code| {
            matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        })
}

/// Whether a condition failed: one that does not say whose the item is leaves the outcome unclear.
fn any_failed(reasons: &[CancellationReason]) -> bool {
    reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    #[test]
    fn an_entry_is_known_by_its_write_id_in_every_format() {
        let (ours, others) = (Uuid::from_u128(7), Uuid::from_u128(8));
        for write in [AttributeValue::S(ours.to_string()), AttributeValue::B(Blob::new(*ours.as_bytes()))] {
            let item = Item::from([("write".to_owned(), write)]);
            assert!(matches!(whose(Some(&item), ours), Some(Outcome::Done)));
            assert!(matches!(whose(Some(&item), others), Some(Outcome::Lost)));
        }
        let unreadable = Item::from([("write".to_owned(), AttributeValue::N("7".to_owned()))]);
        assert!(whose(Some(&unreadable), ours).is_none() && whose(None, ours).is_none());
    }
}
