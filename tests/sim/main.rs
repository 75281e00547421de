//! Seeded simulation: several callers use all functions over a wire that does what the seed says, on paused time.
//!
//! A seed decides everything: what callers do, in which sandbox, how long each request travels, which meet a fault, which
//! function is killed. The engines are the embedded ones, called in-process by an HTTP client of the SDK (`wire`,
//! `engines`), so that nothing depends on threads, sockets or the machine's clock, and a seed that fails fails again:
//!
//! ```sh
//! cargo test --workspace --test sim                                  # a bounded run of all of it
//! SEED=2736 cargo test --workspace --test sim seeds -- --nocapture   # one seed, with everything that happened
//! SEEDS=100000 cargo test --profile sim --workspace --test sim seeds -- --nocapture   # from FROM, or from 1
//! ```
//!
//! `seeds` plays them and `check` says what must hold after each; `linear` asks stateright whether some order explains what
//! callers were told; `crash` kills every operation at every call. The model is the one of `tests/it/model`.

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
