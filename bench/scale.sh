#!/usr/bin/env bash
# ./x bench scale [--max 100000000] [--engines nacre,rocksdb] ...: what size does to a store.
# The full size writes docs/benchmarks/scale.{json,md,svg}; a smaller one (--max) goes to the build
# directory. 100 million entries take about half an hour and 20 GiB of disk per engine.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=$1
shift

trial=no
out=$here/../docs/benchmarks
for argument in "$@"; do
  case $argument in
    --max*) trial=yes ;;
    --help | -h) exec "$build/bin/nacre_scale" --help ;;
  esac
done
case " $* " in *" --max 100000000 "* | *" --max=100000000 "*) trial=no ;; esac
[ $trial = no ] || out=$build/results
mkdir -p "$out"
"$build/bin/nacre_scale" --dir "$build/data/scale" --json "$out/scale.json" "$@"
/usr/bin/python3 "$here/plot/scale.py" "$out/scale.json" "$out/scale.svg" "$out/scale.md"
