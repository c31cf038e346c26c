#!/usr/bin/env bash
# run.sh PROGRAM TEXT - runs an example twice in one new directory; each time it must succeed and
# print TEXT. Nothing is left behind.
set -euo pipefail

program=$1
text=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for _ in 1 2; do
  "$program" >out.txt
  grep -qF -- "$text" out.txt || {
    printf 'wanted "%s" in:\n' "$text"
    cat out.txt
    exit 1
  }
done
