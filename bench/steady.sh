#!/usr/bin/env bash
# ./x bench steady [--minutes 10 | --hour] [--engines nacre,rocksdb] ...: does it keep its pace?
# Writes docs/benchmarks/steady.{json,md,svg}; a trial (--seconds N) goes to the build directory.
# Takes the time given for each engine, and about a minute for each to fill the store.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=$1
shift

out=$here/../docs/benchmarks
for argument in "$@"; do
  case $argument in
    --seconds*) out=$build/results ;;
    --help | -h) exec "$build/bin/nacre_steady" --help ;;
  esac
done
mkdir -p "$out"
"$build/bin/nacre_steady" --dir "$build/data/steady" --json "$out/steady.json" "$@"
/usr/bin/python3 "$here/plot/steady.py" "$out/steady.json" "$out/steady.svg" "$out/steady.md"
