#!/usr/bin/env bash
# ./x bench compare [--quick] [--set NAME,...] [--engines NAME,...] [--rounds N] [--dir D]
#                   [--json FILE] [--out FOLDER]: the same work on several engines, side by side.
#
# A full run writes docs/benchmarks/compare.{json,md} and compare-*.svg, and the table of the
# README. A quick one, and one of some of it only, writes the same files to the results folder of
# the build directory: figures that are kept come from a whole run.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=$1
shift

out=$here/../docs/benchmarks
for ((i = 1; i <= $#; ++i)); do
  case ${!i} in
    --help | -h) exec "$build/bin/nacre_compare" --help ;;
    --quick | --set* | --engines* | --num* | --rounds* | --memory-mib*)
      out=$build/results
      ;;
  esac
done
folder=(--out "$out")
for ((i = 1; i <= $#; ++i)); do  # a folder that was asked for, however the rest is
  case ${!i} in
    --out=*)
      out=${!i#--out=}
      folder=()
      ;;
    --out)
      next=$((i + 1))
      out=${!next:?--out needs a folder}
      folder=()
      ;;
  esac
done
mkdir -p "$out"
status=0
"$build/bin/nacre_compare" --dir "$build/data/compare" "${folder[@]}" "$@" || status=$?
[ -s "$out/compare.json" ] || exit 1
/usr/bin/python3 "$here/plot/compare.py" "$out/compare.json" "$out"
if [ "$out" -ef "$here/../docs/benchmarks" ]; then
  /usr/bin/python3 "$here/plot/readme.py" "$out/compare.json" "$here/../README.md"
fi
echo "written: $out/compare.json, compare.md, compare-*.svg"
exit "$status"
