#!/usr/bin/env bash
# Runs the integration tests while the SDK's clients write down which function asks what of AWS, and holds that against the
# policies of infra/template.yaml, both ways.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

WAYMARK_CALLS=$(mktemp)
export WAYMARK_CALLS
trap 'rm -f "$WAYMARK_CALLS"' EXIT

# All targets of the package in one build; the comparison is ignored there, since it needs the whole record.
cargo test --locked -p waymark-tests
cargo test --locked -p waymark-tests --test template -- --ignored
