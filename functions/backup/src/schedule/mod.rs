//! Backups by themselves: a tick finds the environments that are due, a queue carries them, a worker backs each up.
//!
//! An event may come late or twice, a worker may die half-way, a message may be delivered again: the period comes from
//! the event, objects and records are written only where there are none, and the registry's line moves only forwards.

mod queue;
mod tick;
mod worker;

pub use queue::{Due, Queue, Sqs};
pub use tick::{Event, tick};
pub use worker::work;
