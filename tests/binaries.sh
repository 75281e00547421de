#!/usr/bin/env bash
# Builds the functions as the template does, and runs the product's story through them under cargo-lambda's emulator: API Gateway
# events over HTTP, DynamoDB and S3 being the embedded engines. Prints size and start-up time of each. Needs Python 3.9 or newer
# with venv, and objdump; installs cargo-lambda, which brings its own linker, into target/cargo-lambda.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Amazon Linux 2023's (https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html).
newest_glibc=2.34

command -v objdump >/dev/null || { echo "objdump is missing: install binutils" >&2; exit 1; }
wanted=cargo-lambda==1.9.2
venv=$PWD/target/cargo-lambda
if [[ $(cat "$venv/wanted" 2>/dev/null) != "$wanted" ]]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$wanted"
    echo "$wanted" >"$venv/wanted"
fi
export PATH=$venv/bin:$PATH

# Here no other target than x86-64 can be had; the template's own is arm64. All at once, so that dependencies are built once.
cargo lambda build --release --x86-64 --locked --package=waymark-{working,snapshot,history,publish,live,restore,backup,hello}
export WAYMARK_BINARIES=$PWD/target/lambda

for binary in "$WAYMARK_BINARIES"/waymark-*/bootstrap; do
    needs=$(objdump -T "$binary" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1)
    if [[ $(printf '%s\n' "$needs" "$newest_glibc" | sort -V | tail -n 1) != "$newest_glibc" ]]; then
        echo "$binary needs glibc $needs; Amazon Linux 2023 has $newest_glibc" >&2
        exit 1
    fi
    printf '%s needs glibc %s\n' "$(basename "$(dirname "$binary")")" "${needs:?no symbol of glibc was found}"
done

cargo test --workspace --locked --test it binaries:: -- --ignored --nocapture --test-threads 1
