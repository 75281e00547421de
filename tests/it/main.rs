//! Integration tests: the functions' routers over the embedded engines, through the real SDK.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failed step is a failed test")]
#![allow(clippy::wrong_self_convention, reason = "`answer.is(200)` reads as what it asserts")]

mod ahead;
mod backup;
mod backup_policy;
mod backup_rebuild;
mod backup_stored;
mod binaries;
mod budget;
mod checks;
mod damage;
mod document;
mod entry_size;
mod faults;
mod feed;
mod formats;
mod history;
mod isolation;
mod kill;
mod lambda_main;
mod large;
mod live;
mod local_schedule;
mod merge;
mod model;
mod moments;
mod preview;
mod privileges;
mod promote;
mod publish;
mod races;
mod refusals;
mod releases;
mod releases_model;
mod restore;
mod restore_current;
mod restore_file;
mod restore_file_damaged;
mod s3_faults;
mod schedule;
mod schedule_days;
mod schedule_faults;
mod schedule_sqs;
mod settings;
mod snapshot;
mod story;
mod support;
mod telemetry;
mod transactions;
mod twice;
mod undo;
mod uploads;
mod working;
