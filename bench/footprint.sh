#!/usr/bin/env bash
# ./x bench footprint [--build]: the size of the library; with --build how long it takes to build.
#
# The size is that of the shared library of the build directory, without symbols. --build compiles
# the library alone, from nothing, without ccache, with four jobs at the lowest priority, in a
# directory of its own that is removed afterwards: minutes on a small machine. Budgets: 2 MB, and
# 60 s on four cores.
set -euo pipefail
build=$1
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

case ${1:-} in
  "" | --build) ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \?//p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac

cmake --build "$build" --target nacre_shared >/dev/null
library=$(readlink -f "$build/libnacre.so")
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip --strip-unneeded -o "$stripped" "$library"
bytes=$(stat -c %s "$stripped")
printf '%-28s %8d KiB  (budget 2,000 kB: %s)\n' "shared library, stripped" $((bytes / 1024)) \
  "$([ "$bytes" -lt 2000000 ] && echo met || echo NOT met)"
size -B "$stripped" | awk 'NR == 2 {
  printf "%-28s %8d KiB code, %d KiB data, %d KiB zeroed\n", "of which", $1/1024, $2/1024, $3/1024
}'

if [ "${1:-}" = --build ]; then
  export CCACHE_DISABLE=1
  unset CMAKE_CXX_COMPILER_LAUNCHER CMAKE_C_COMPILER_LAUNCHER
  fresh=$(mktemp -d)
  trap 'rm -rf "$stripped" "$fresh"' EXIT
  cmake -S "$root" -B "$fresh" -G Ninja -DCMAKE_BUILD_TYPE=Release -DNACRE_BUILD_TESTS=OFF \
    -DNACRE_BUILD_TOOLS=OFF >/dev/null
  start=$(date +%s.%N)
  nice -n 19 cmake --build "$fresh" -j4 --target nacre_shared >/dev/null
  end=$(date +%s.%N)
  read -r load _ </proc/loadavg
  awk -v a="$start" -v b="$end" -v cores="$(nproc)" -v load="$load" 'BEGIN {
    printf "%-28s %8.1f s    with -j4 on %d cores, load %s at the end (budget 60 s on four)\n",
           "library, built from nothing", b - a, cores, load
  }'
fi
