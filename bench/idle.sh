#!/usr/bin/env bash
# ./x bench idle [--stores 1000] [--json FILE]: memory, threads and files of many idle stores.
# Ends with 1 when a store costs more than its budget. Half a minute.
set -euo pipefail
build=$1
shift
exec "$build/bin/nacre_idle" --dir "$build/data/idle" "$@"
