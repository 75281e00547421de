#!/usr/bin/env bash
# Runs all tests while the SDK's clients write down which function asks what of AWS, and the functions what they log. Holds the
# one against the policies of infra/template.yaml, both ways, and looks in the other for what people wrote: tokens, notes, configs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

record=$(mktemp -d)
trap 'rm -rf "$record"' EXIT
export WAYMARK_CALLS=$record/calls WAYMARK_LOGS=$record/logs

# The whole workspace each time: another selection would build the dependencies again. The comparisons are ignored in the
# first, since they need the whole record.
cargo test --workspace --locked
cargo test --workspace --locked --test template -- --ignored
cargo test --workspace --locked --test it no_function_has_logged -- --ignored
