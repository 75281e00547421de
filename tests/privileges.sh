#!/usr/bin/env bash
# Runs all tests while the SDK's clients write down which function asks what of AWS, and holds that against the policies of
# infra/template.yaml, both ways.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

WAYMARK_CALLS=$(mktemp)
export WAYMARK_CALLS
trap 'rm -f "$WAYMARK_CALLS"' EXIT

# The whole workspace both times: another selection would build the dependencies again. The comparison is ignored in the
# first, since it needs the whole record.
cargo test --workspace --locked
cargo test --workspace --locked --test template -- --ignored
