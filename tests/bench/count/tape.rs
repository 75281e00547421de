//! Answers of the stores, kept and given again: what a function does with them, without the stores.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::primitives::ByteStream;

use crate::support::faults::{Fault, Faults, Sent, answered};

/// The answers of a stretch of requests, in their order.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    answers: VecDeque<(u16, String)>,
    plays: bool,
}

impl Tape {
    /// A tape that takes every answer down from now on; `operations` are those that will be called.
    pub(crate) fn record(faults: &Faults, operations: &[&str]) -> Self {
        let tape = Self::default();
        for operation in operations {
            let tape = tape.clone();
            faults.always(operation, move || tape.clone().fault());
        }
        tape
    }

    /// Gives the same answers again, from the first on; nothing reaches the stores any more.
    pub(crate) fn play(&self) {
        self.0.lock().unwrap().plays = true;
    }

    fn fault(self) -> Fault {
        Box::new(move |sent: Sent| {
            Box::pin(async move {
                if let Some((status, body)) = self.next() {
                    return answered(status, body);
                }
                let answer = sent.deliver().await?;
                let status = answer.status().as_u16();
                let body = ByteStream::new(answer.into_body()).collect().await.unwrap().into_bytes();
                let body = String::from_utf8(body.into()).unwrap();
                self.0.lock().unwrap().answers.push_back((status, body.clone()));
                answered(status, body)
            })
        })
    }

    fn next(&self) -> Option<(u16, String)> {
        let mut kept = self.0.lock().unwrap();
        kept.plays.then(|| kept.answers.pop_front().unwrap())
    }
}
