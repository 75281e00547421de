#!/usr/bin/env bash
# Compares the release profile with one that optimises all crates for speed, by what a save and a read compute. Builds the library
# twice: about a quarter of an hour of processor time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

example() { # FILE CARGO-OPTIONS…
    cargo build --release --locked -p waymark --example hot "${@:2}"
    cp target/release/examples/hot "$1"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
example "$scratch/small"
example "$scratch/fast" --config 'profile.release.opt-level=3'
# In turns, so that whatever else the machine does falls on both; the fastest of each counts.
for _ in 1 2 3 4 5; do
    for profile in small fast; do
        "$scratch/$profile" >>"$scratch/$profile.times"
    done
done
awk -F '\t' '
    FNR == NR { if (!($1 in small) || $2 < small[$1]) small[$1] = $2; next }
    { if (!($1 in fast)) order[++count] = $1; if (!($1 in fast) || $2 < fast[$1]) fast[$1] = $2 }
    END {
        printf "%-18s %10s %12s %6s\n", "median, µs", "release", "opt-level 3", "ratio"
        for (i = 1; i <= count; i++) printf "%-18s %10.1f %12.1f %6.2f\n", order[i], small[order[i]], fast[order[i]], small[order[i]] / fast[order[i]]
    }' "$scratch/small.times" "$scratch/fast.times"
