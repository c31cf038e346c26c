#!/usr/bin/env bash
# ./x bench limits [options of nacre_limits]: what this machine can do at best.
set -euo pipefail
build=$1
shift
exec "$build/bin/nacre_limits" "$@"
