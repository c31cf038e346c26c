#!/usr/bin/env bash
# ./x bench micro [FILTER] [options of nacre_micro]: every kernel of the library alone, one table.
set -euo pipefail
build=$1
shift
exec "$build/bin/nacre_micro" "$@"
