#!/usr/bin/env bash
# Counts the instructions of each operation and holds them against the accepted figures (`bench/count`); `--accept` accepts
# today's. Runs what `cargo test --workspace` has built, which is not optimised: the figures say what has grown, not what a function
# takes. Needs valgrind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --workspace --example count --locked
exec "${CARGO_TARGET_DIR:-target}/debug/examples/count" "$@"
