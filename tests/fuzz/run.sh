#!/usr/bin/env bash
# Fuzzes the code that reads what others have written: with libFuzzer, one target after another, on one processor.
#
#     bash tests/fuzz/run.sh [SECONDS for each target, 600] [TARGET…]
#
# Needs a C++ compiler. New inputs go to target/fuzz, beside the small corpora that are kept here; a crash ends the run, and
# its input lies in target/fuzz too. `cargo fuzz run TARGET --fuzz-dir tests/fuzz` does the same where cargo-fuzz is
# installed. Without the address sanitizer: none of the code that is fuzzed is unsafe.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:-600}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(config edit delta backup_file json_patch merge_patch diff key grants)

work=$PWD/../../target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes on. With a stable compiler, RUSTC_BOOTSTRAP lets them through.
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/build
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1"
# With --target, build scripts and macros are not instrumented.
cargo build --release --locked --target "$host" --bins

for target in "${targets[@]}"; do
    mkdir -p "$work/$target" "corpus/$target"
    printf '\n==> %s\n' "$target"
    # Inputs of up to 4 KB, where all branches are reached; 10 s for one is a hang.
    [[ $seconds -eq 0 ]] || "$work/build/$host/release/$target" "$work/$target" "corpus/$target" \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$work/$target-" -close_fd_mask=0
done
