#!/usr/bin/env bash
# Runs the micro-benchmarks of a build directory, one program after the other:
#   bench/micro.sh BUILD_DIR [-p PART] [options of Google Benchmark]
set -euo pipefail

build=$1
shift
part='*'
if [ "${1:-}" = -p ]; then
  part=$2
  shift 2
fi
for program in "$build"/bin/nacre_${part}_bench; do
  printf '\n== %s\n' "$(basename "$program")"
  "$program" "$@"
done
