#!/usr/bin/env bash
# ./x bench approaches [--quick] [options of nacre_approaches]: why a log-structured merge-tree.
#
# A full run of everything writes docs/benchmarks/approaches.{json,md,svg}; a quick one, and one of
# some approaches only, writes the same files to the build directory.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=$1
shift

out=$here/../docs/benchmarks
for argument in "$@"; do
  case $argument in
    --quick | --approaches* | --max-mib*) out=$build/results ;;
    --help | -h) exec "$build/bin/nacre_approaches" --help ;;
  esac
done
mkdir -p "$out"
"$build/bin/nacre_approaches" --dir "$build/approaches" \
  --json "$out/approaches.json" --markdown "$out/approaches.md" "$@"
/usr/bin/python3 "$here/plot/approaches.py" "$out/approaches.json" "$out/approaches.svg"
echo "written: $out/approaches.json, .md, .svg"
