#!/usr/bin/env bash
# Sends the service what its OpenAPI document allows, and what it does not: every status, header and body that comes back
# must be as the document says. Needs Python 3.9 or newer with venv; installs the rest, at the versions of
# requirements.txt, into target/schemathesis.
#
#   bash tests/schemathesis.sh [EXAMPLES]    so many examples an operation; 200 unless it says
#
# SEED chooses the examples, PORT where the service listens; it is started for this, over a data folder of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples=${1:-200}
seed=${SEED:-$RANDOM}
venv=target/schemathesis
if ! cmp -s tests/requirements.txt "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt "$venv/requirements.txt"
fi

# The whole workspace's, as `cargo test` builds it: another selection would build the dependencies again.
binary=${WAYMARK_BINARY:-target/debug/local-waymark}
[[ -x $binary ]] || cargo build --workspace --all-targets --locked
data=$(mktemp -d)
service=""
stop() {
    [[ -z $service ]] || kill "$service" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$data"
}
trap stop EXIT

"$binary" --data "$data" --listen "127.0.0.1:${PORT:-0}" 2>"$data.log" &
service=$!
origin=""
for _ in $(seq 600); do
    origin=$(sed -n 's/^Waymark serves \(http[^/]*:\/\/[^/]*\).*/\1/p' "$data.log")
    [[ -n $origin ]] && break
    kill -0 "$service" 2>/dev/null || break
    read -r -t 0.1 <> <(:) || true
done
if [[ -z $origin ]]; then
    cat "$data.log" >&2
    exit 1
fi
WAYMARK_TOKEN=$("$binary" --data "$data" token --subject schemathesis --grant '*/*:admin')
export WAYMARK_TOKEN

printf 'seed %s, %s examples an operation\n' "$seed" "$examples"
"$venv/bin/st" --config-file tests/schemathesis/schemathesis.toml run "$origin/v1/openapi.json" \
    --max-examples "$examples" --seed "$seed"
