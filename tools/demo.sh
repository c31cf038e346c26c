#!/usr/bin/env bash
# demo.sh NACRE - a tour of Nacre with the package database of this machine, in under a minute.
#
# Loads it, looks things up, walks over ranges, kills a writer and shows that nothing it
# acknowledged is lost, draws the tree, and checks every byte. Works in a temporary directory that
# it removes.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
  echo "usage: tools/demo.sh PATH-OF-NACRE     (build/dev/bin/nacre, for example)" >&2
  exit 2
fi
nacre=$1
work=$(mktemp -d)
store=$work/store
writer=
cleanup() {
  if [ -n "$writer" ]; then kill -9 "$writer" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n== %s\n' "$*"; }
# Shows a command as one would type it, then runs it.
run() {
  printf '$ nacre %s\n' "${*//$store/STORE}"
  "$nacre" "$@"
}

# Every file that a package installed, as "path<path> TAB <package>".
package_paths() {
  awk 'FNR == 1 { package = FILENAME
                  sub(/.*\//, "", package)
                  sub(/(:[^:]*)?\.list$/, "", package) }
       { gsub(/\\/, "\\\\"); gsub(/\t/, "\\t"); print "path" $0 "\t" package }' \
    /var/lib/dpkg/info/*.list
}

say "A store is a directory. This one gets the packages of this machine ..."
# Small tables, so that even a small machine has a tree to look at.
small=(--option memtable_bytes=512KiB --option table_bytes=256KiB)
if [ -s /var/lib/dpkg/status ] && compgen -G '/var/lib/dpkg/info/*.list' >/dev/null; then
  run load "$store" --format control --key-prefix pkg/ "${small[@]}" /var/lib/dpkg/status
  say "... and every path that they installed, through a pipe (awk makes lines: key, tab, value)"
  package_paths | run load "$store" "${small[@]}"
else
  echo "(no dpkg here: a made-up package and some files of /usr/share stand in for it)"
  printf 'Package: bash\nVersion: 0\nDescription: stand-in\n' |
    run load "$store" --format control --key-prefix pkg/ "${small[@]}"
  { find /usr/share -maxdepth 3 || true; } |
    awk '{ gsub(/\\/, "\\\\"); gsub(/\t/, "\\t"); print "path" $0 "\tbash" }' |
    run load "$store" "${small[@]}"
fi
echo "packages: $("$nacre" count "$store" --prefix pkg/)"
echo "paths:    $("$nacre" count "$store" --prefix path/)"

say "Point lookups: a package by its name, and whose file is this?"
name=bash
"$nacre" get "$store" "pkg/$name" >/dev/null 2>&1 ||
  name=$("$nacre" scan "$store" --prefix pkg/ --keys-only --limit 1 | sed 's,^pkg/,,')
printf '$ nacre get STORE pkg/%s --value-format raw | head -3\n' "$name"
"$nacre" get "$store" "pkg/$name" --value-format raw >"$work/value"
head -3 "$work/value"
path=$("$nacre" scan "$store" --prefix path/ --reverse --keys-only --limit 1)
run get "$store" "$path"
printf '$ nacre get STORE pkg/no-such-package     (exit code 1)\n'
"$nacre" get "$store" pkg/no-such-package 2>&1 | sed "s,$store,STORE," || true

say "Keys are sorted, so all that begin alike lie side by side"
run scan "$store" --prefix "path/usr/share/doc/$name" --limit 8

say "The same backwards: the last three packages"
run scan "$store" --prefix pkg/ --reverse --limit 3 --keys-only

say "Now a writer in another process: numbered entries, each acknowledged once it is written"
echo '$ ... | nacre load STORE --ack --batch 1 --durability os > acknowledged &'
"$nacre" load "$store" --ack --batch 1 --durability os >"$work/acknowledged" \
  < <(seq -f '%09.0f' 1 50000000 | awk '{ print "number/" $1 "\tentry " $1 }') &
writer=$!
for _ in $(seq 300); do
  if [ "$(wc -l <"$work/acknowledged")" -ge 20000 ]; then break; fi
  if ! kill -0 "$writer" 2>/dev/null; then break; fi
  sleep 0.05
done
if ! kill -9 "$writer"; then
  echo "demo: the writer ended before it could be killed" >&2
  exit 1
fi
wait "$writer" 2>/dev/null || true
writer=
echo "kill -9, in the middle of its work. It got no chance to clean up."

say "What was acknowledged must be there: compare the writer's list with a dump"
# The kill may have cut the last line of the list: a line without its newline is no acknowledgement.
awk '{ if (NR > 1) print last; last = $0 }' "$work/acknowledged" >"$work/expected.keys"
if [ -z "$(tail -c 1 "$work/acknowledged")" ]; then
  tail -n 1 "$work/acknowledged" >>"$work/expected.keys"
fi
sed 's,^number/\(.*\)$,number/\1\tentry \1,' "$work/expected.keys" >"$work/expected"
run dump "$store" --prefix number/ --output "$work/found" | sed "s,$work/,,"
acknowledged=$(wc -l <"$work/expected")
missing=$(LC_ALL=C comm -23 "$work/expected" "$work/found" | wc -l)
extra=$(LC_ALL=C comm -13 "$work/expected" "$work/found" | wc -l)
echo "acknowledged: $acknowledged   of them missing: $missing   more than acknowledged: $extra"
if [ "$missing" -ne 0 ] || [ "$acknowledged" -eq 0 ]; then
  echo "demo: acknowledged writes were lost" >&2
  exit 1
fi
echo "Every acknowledged write is there."

say "The store beneath: what the killed writer left in the wal becomes tables at the next open"
"$nacre" stats "$store" | sed "s,^$store,STORE,"
run compact "$store"

say "The tree: levels of sorted tables, each level larger than the one above"
"$nacre" levels "$store" >"$work/levels"
head -20 "$work/levels"

say "Read every byte back and check it"
run verify "$store"
run destroy "$store" --yes
say "Done."
