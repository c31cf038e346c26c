#!/usr/bin/env bash
# ./x bench compare [options of nacre_compare]: the same work on Nacre and RocksDB, side by side.
set -euo pipefail
build=$1
shift
exec "$build/bin/nacre_compare" "$@"
