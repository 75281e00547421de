//! Seeded simulation: several callers use all functions over a wire that does what the seed says, on paused time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failed step is a failed test")]
#![allow(clippy::print_stdout, reason = "a failed seed is printed whole")]
#![allow(clippy::wrong_self_convention, reason = "`answer.is(200)` reads as what it asserts")]

#[path = "../it/model/act.rs"]
mod act;
#[path = "../it/support/answer.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use more of it")]
mod answer;
mod caller;
mod check;
mod crash;
mod engines;
mod fate;
mod linear;
mod seeds;
#[path = "../it/model/state.rs"]
#[allow(dead_code, reason = "shared with the model test, which uses more of it")]
mod state;
mod wire;
mod world;
