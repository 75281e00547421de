//! What is done with the text of a config: checked, hashed, compared, patched, merged and packed as a delta. Nothing here
//! reads or writes anything, or waits.
//!
//! A crate of its own, since it is the part whose speed counts: the release profile optimises it for speed, and all around it,
//! which waits for the network, for size.

pub mod config;
pub mod delta;
pub mod hash;
#[cfg(feature = "openapi")]
mod openapi;
pub mod schema;
pub mod visible;
