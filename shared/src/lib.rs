//! The nouns of Waymark: identifiers, configs, histories, keyframes, callers and problems.
//!
//! `functions/` hold the verbs. How an entry is stored is found here and nowhere else. What is done with the text of a config is in
//! [`waymark_core`].

pub mod aws;
pub mod backup;
pub mod caller;
pub mod checks;
pub mod clock;
pub mod configs;
pub mod entry;
pub mod error;
pub mod heavy;
pub mod history;
pub mod http;
pub mod id;
pub mod key;
pub mod number;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problem;
pub mod telemetry;
pub mod trace;
pub mod transfer;
mod waymark;

pub use waymark_core::{config, delta, hash, schema, visible};

pub use error::Error;
pub use problem::Problem;
pub use telemetry::Telemetry;
pub use waymark::{Found, Options, Waymark};
