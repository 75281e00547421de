#!/usr/bin/env bash
# Counts the instructions of each operation against the accepted figures (`bench/count`); `--accept` accepts today's.
# Builds on what `cargo test --workspace` has built: this project's crates are optimised as in a release, the others as in
# the tests. Needs valgrind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo build --workspace --example count --locked
exec "${CARGO_TARGET_DIR:-target}/debug/examples/count" "$@"
