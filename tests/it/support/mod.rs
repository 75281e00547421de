//! What the tests stand on: a stack of all functions over embedded engines, with a clock and ids of the tests' own.

pub(crate) mod answer;
pub(crate) mod backups;
pub(crate) mod blame;
pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod conformity;
pub(crate) mod engines;
pub(crate) mod faults;
pub(crate) mod feed;
pub(crate) mod gate;
pub(crate) mod generate;
pub(crate) mod item_size;
pub(crate) mod lambda;
pub(crate) mod logs;
pub(crate) mod objects;
pub(crate) mod presigned;
pub(crate) mod privileges;
pub(crate) mod process;
pub(crate) mod runtime_api;
pub(crate) mod schedule;
pub(crate) mod sqs;
pub(crate) mod stack;
pub(crate) mod steps;
pub(crate) mod time;

pub(crate) use answer::Answer;
use conformity::Asked;
pub(crate) use stack::{Person, Stack};
