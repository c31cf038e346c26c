#!/usr/bin/env bash
# cli_test.sh NACRE - the command as its users meet it: all commands, exit codes and formats.
set -uo pipefail

nacre=$(realpath "$1")
work=$(mktemp -d)
holder=
cleanup() {
  if [ -n "$holder" ]; then kill -9 "$holder" 2>/dev/null; fi
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
failures=0
checks=0

fail() {
  failures=$((failures + 1))
  echo "FAIL (line ${BASH_LINENO[1]}): $*"
}
# check CODE ARGS...: runs nacre, wants that exit code; output in out and err.
check() {
  local want=$1 got=0
  shift
  checks=$((checks + 1))
  "$nacre" "$@" >out 2>err </dev/null || got=$?
  if [ "$got" -ne "$want" ]; then
    fail "nacre $*: exit code $got, wanted $want: $(head -c 300 err)"
  fi
}
# prints FILE TEXT: the file holds that text and a newline, or nothing for no text.
prints() {
  checks=$((checks + 1))
  if [ "$(cat "$1")" != "$2" ]; then fail "wanted in $1: $2"$'\n'"got: $(head -c 500 "$1")"; fi
}
has() {
  checks=$((checks + 1))
  if ! grep -qF -- "$2" "$1"; then fail "wanted in $1: $2"$'\n'"got: $(head -c 500 "$1")"; fi
}
same() {
  checks=$((checks + 1))
  if ! cmp -s "$1" "$2"; then fail "$1 and $2 differ"; fi
}
# on_terminal INPUT ARGS...: runs nacre on a terminal where INPUT is typed; all it shows is in out.
on_terminal() {
  python3 - "$nacre" "$@" >out <<'PYTHON'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1]] + sys.argv[3:])
os.write(terminal, sys.argv[2].encode())
try:
    while shown := os.read(terminal, 65536):
        os.write(1, shown)
except OSError:
    pass  # how a terminal ends
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}
is_json() {
  checks=$((checks + 1))
  if ! python3 -m json.tool ${2:-} "$1" >/dev/null; then fail "not JSON: $(head -c 300 "$1")"; fi
}
# member FILE EXPRESSION: a Python expression over the document d must hold.
member() {
  checks=$((checks + 1))
  if ! python3 -c "import json,sys; d=json.load(open(sys.argv[1])); assert $2, d" "$1"; then
    fail "not so: $2"
  fi
}

# --- help and usage -------------------------------------------------------------------------------
check 0 --help
has out "Exit codes"
check 0 --version
has out "nacre "
for command in put get delete scan count load dump stats levels verify compact bench destroy; do
  check 0 "$command" --help
  checks=$((checks + 1))
  if [ "$(grep -c "^  nacre .*" out)" -lt 2 ]; then fail "$command --help lacks two examples"; fi
done
check 2
has err "nacre: "
check 2 frobnicate
has err "no command is called 'frobnicate'"
check 2 get
has err "DIR is required"
check 2 get s --no-such-flag k
check 2 scan s --limit many
check 2 get s k --format xml
check 2 put s k
check 2 put s k v --value-file f
check 2 put s k v --durability sometimes
check 2 put s k v --option block_bytes=3
has err "block_bytes"
check 2 put s k v --option no_such_option=3
check 2 put s k v --option nonsense
check 2 put s 'bad\q' v
has err "bad escape"
check 2 put s k --value-format hex abc
check 2 put s k --value-format base64 abc
if [ -e s ]; then fail "a refused put created the store"; fi

# --- put, get, delete -----------------------------------------------------------------------------
check 0 put s a 1
check 0 put s 'tab\there' 'line\nnext' --durability memory
check 0 put s '' 'the empty key'
check 0 put s empty ''
check 0 put s --key-format hex 00ff --value-format base64 AP8=
check 0 put s -- -dash minus
check 0 get s a
prints out 1
check 0 get s 'tab\there'
prints out 'line\nnext'
check 0 get s ''
prints out 'the empty key'
check 0 get s empty
prints out ''
check 0 get s -- -dash
prints out minus
check 0 get s '\x00\xff' --value-format hex
prints out 00ff
check 0 get s AP8= --key-format base64 --format json
is_json out
member out 'd == {"key": "AP8=", "value": {"base64": "AP8="}}'
check 0 get s '\x00\xff' --format json
member out 'd == {"key": {"base64": "AP8="}, "value": {"base64": "AP8="}}'
check 0 get s a --format json --value-format hex
member out 'd == {"key": "a", "value": "31"}'
check 1 get s missing
prints out ''
has err "no key missing"
check 0 delete s a
check 1 get s a
check 0 delete s a
head -c 100000 /dev/urandom >blob
check 0 put s blob --value-file blob
"$nacre" put s piped --value-file - <blob || fail "put from a pipe"
check 0 get s blob --value-format raw
same out blob
check 0 get s piped --value-format raw
same out blob
check 5 put s blob --value-file no/such/file
check 2 put s "$(printf 'k%.0s' $(seq 65537))" v

# --- scan and count -------------------------------------------------------------------------------
printf 'a\t1\nb/1\t2\nb/2\t3\nb/3\t4\nc\t5\n' >five.tsv
check 0 load t five.tsv
prints out ''
prints err ''
check 0 scan t
same out five.tsv
check 0 scan t --prefix b/
prints out $'b/1\t2\nb/2\t3\nb/3\t4'
check 0 scan t --prefix b/ --reverse --limit 2 --keys-only
prints out $'b/3\nb/2'
check 0 scan t --from b/2 --to c
prints out $'b/2\t3\nb/3\t4'
check 0 scan t --prefix b/ --from b/2 --to zzz
prints out $'b/2\t3\nb/3\t4'
check 0 scan t --limit 0
prints out ''
check 0 scan t --from 622f33 --key-format hex --value-format base64
prints out $'622f33\tNA==\n63\tNQ=='
check 0 scan t --format json
is_json out --json-lines
prints <(head -1 out) '{"key": "a", "value": "1"}'
check 0 scan t --keys-only --format json --limit 1
prints out '{"key": "a"}'
check 0 count t
prints out 5
check 0 count t --prefix b/ --format json
member out 'd == {"entries": 3, "key_bytes": 9, "value_bytes": 3}'
check 5 scan nowhere
has err "no store"
if [ -e nowhere ]; then fail "a read created a store"; fi
check 5 delete nowhere k
check 5 compact nowhere
check 2 scan five.tsv

# --- load and dump --------------------------------------------------------------------------------
# Every byte as a key, and every byte within a value.
python3 - <<'PYTHON' >bytes.tsv
esc = {0: '\\0', 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\'}
text = lambda b: esc.get(b) or (chr(b) if 32 <= b < 127 else '\\x%02x' % b)
everything = ''.join(text(b) for b in range(256))
for b in range(256): print(text(b) + '\t' + text(b) + everything)
PYTHON
check 0 load bytes bytes.tsv --batch 7
check 0 count bytes
prints out 256
check 0 dump bytes
same out bytes.tsv
check 0 dump bytes --format jsonl --output bytes.jsonl
is_json bytes.jsonl --json-lines
check 0 load again bytes.jsonl
check 0 dump again
same out bytes.tsv
"$nacre" dump bytes --format jsonl | "$nacre" load third --format jsonl || fail "dump | load"
check 0 dump third
same out bytes.tsv
for format in hex base64; do
  "$nacre" dump bytes --key-format $format --value-format $format |
    "$nacre" load "in-$format" --key-format $format --value-format $format || fail "$format"
  check 0 dump "in-$format"
  same out bytes.tsv
done
check 0 dump bytes --from 61 --to 63 --format jsonl --key-format hex --value-format hex
prints <(cut -c 1-14 out) $'{"key": "61", \n{"key": "62", '

printf 'Package: bash\nVersion: 5\nDescription: shell\n more\n\nPackage: awk\nVersion: 1\n' >control
check 0 load c --format control --key-prefix pkg/ control
check 0 dump c
awk_line=$'pkg/awk\tPackage: awk\\nVersion: 1'
bash_line=$'pkg/bash\tPackage: bash\\nVersion: 5\\nDescription: shell\\n more'
prints out "$awk_line"$'\n'"$bash_line"
check 0 load v --format control --key-field Version control
check 0 scan v --keys-only
prints out $'1\n5'
printf '{"id": 7, "x": [1]}\n{"id": "b"}\n' >objects.jsonl
check 0 load o --key-field id objects.jsonl
check 0 get o 7
prints out '{"id": 7, "x": [1]}'

printf 'a\t1\nb\t2\nnonsense\nc\t3\n' >broken.tsv
check 5 load partial broken.tsv
has err "broken.tsv: line 3: no tab"
has err "2 entries up to line 2"
check 0 dump partial
prints out $'a\t1\nb\t2'
check 5 load partial no/such/file
check 5 load partial /
check 0 load acked five.tsv --ack --batch 2
prints out $'a\nb/1\nb/2\nb/3\nc'
if [ -w /dev/full ]; then
  checks=$((checks + 1))
  "$nacre" dump bytes >/dev/full 2>err
  if [ $? -ne 5 ]; then fail "a full disk was taken for success"; fi
fi

# --- looking inside -------------------------------------------------------------------------------
seq 1 20000 |
  awk '{ printf "key%07d\tvalue %d of some length so that tables fill\n", $1, $1 }' >many.tsv
small="--option memtable_bytes=64KiB --option table_bytes=64KiB"
check 0 load tree many.tsv $small
for command in stats levels; do
  check 0 $command tree
  has out "level "
  has out "####"
  if grep -q $'\x1b' out; then fail "$command: colours in a pipe"; fi
  check 0 $command tree --format json
  is_json out
done
member out 'sum(t["entries"] for l in d["levels"] for t in l["tables"]) == 20000'
member out 'd["levels"][0]["tables"][0]["smallest"].startswith("key")'
check 0 stats tree --format json
member out 'd["entries"] == 20000 and d["tables"]["count"] > 1 and d["recovery"]["clean"]'
check 0 levels tree --all
has out "key0000001 .. "
# Colours and progress are for terminals, and NO_COLOR is heard.
TERM=xterm NO_COLOR='' on_terminal '' levels tree
has out $'\x1b[1mlevel '
TERM=xterm NO_COLOR=1 on_terminal '' levels tree
has out "level "
if grep -q $'\x1b' out; then fail "colours in spite of NO_COLOR"; fi
TERM=xterm on_terminal '' load shown many.tsv
has out "20,000 entries"
check 0 verify tree
has out "ok"
check 0 verify tree --format json
is_json out
member out 'd["ok"] and d["damage"] == [] and d["files"] > 2'
check 0 compact tree $small
has out "before"
check 0 compact tree --prefix key00000
check 0 dump tree
same out many.tsv
for command in stats levels verify; do check 5 $command nowhere; done

# --- bench ----------------------------------------------------------------------------------------
check 0 bench b --num 2000 --threads 2 --batch 8 --durability memory
for name in fillseq fillrandom overwrite readrandom readmissing readseq readreverse seekrandom \
  multireadrandom readwhilewriting deleterandom; do
  has out "$name "
done
if [ -e b ]; then fail "bench left its store behind"; fi
check 0 bench b --num 500 --benchmarks fillrandom,readrandom,readmissing --format json --keep
is_json out
member out '[r["found"] for r in d["results"]] == [0, 500, 0]'
member out 'd["results"][1]["ops"] == 500 and d["settings"]["durability"] == "os"'
check 0 count b
prints out 500
check 2 bench b --num 500
has err "exists"
check 0 bench b --num 500 --existing --benchmarks readseq,readrandom --reads 50 --format json
member out '[r["ops"] for r in d["results"]] == [50, 50]'
check 2 bench b2 --benchmarks no-such
check 2 bench b2 --key-bytes 2

# --- damage: exit code 3, with file and offset ----------------------------------------------------
table=$(find tree -name '*.tbl' | sort | head -1)
offset=$(($(stat -c %s "$table") / 2))
byte=$(od -An -tu1 -j $offset -N 1 "$table" | tr -d ' ')
printf "$(printf '\\%03o' $((byte ^ 1)))" |
  dd of="$table" bs=1 seek=$offset conv=notrunc status=none
check 3 verify tree
has out "$(basename "$table"): offset "
check 3 verify tree --format json
is_json out
member out 'not d["ok"] and d["damage"][0]["code"] == "corruption"'
check 3 dump tree
has err "$(basename "$table")"
check 3 count tree
cp -r t lost
printf 'nonsense' >lost/CURRENT
check 3 scan lost
check 3 put lost k v
check 3 levels lost
check 3 verify lost
is_json <("$nacre" verify lost --format json 2>/dev/null)

# --- a store that another process holds: exit code 4 for writers, no trouble for readers ----------
mkfifo fifo
"$nacre" load held --ack fifo >acks 2>interrupted &
holder=$!
exec 9>fifo
printf 'first\t1\n' >&9
for _ in $(seq 200); do
  if [ -s acks ]; then break; fi
  sleep 0.05
done
prints acks first
check 4 put held k v
has err "stop the program that has it open"
check 4 delete held k
check 4 load held five.tsv
check 4 compact held
check 4 destroy held --yes
check 4 bench held --existing --benchmarks readseq
check 0 get held first
prints out 1
check 0 count held
prints out 1
check 0 stats held
check 0 levels held
check 0 verify held

# --- Ctrl-C: a consistent store, and how far it came ----------------------------------------------
printf 'second\t2\nhalf a li' >&9
for _ in $(seq 200); do
  if [ "$(wc -l <acks)" -eq 2 ]; then break; fi
  sleep 0.05
done
kill -TERM $holder # as Ctrl-C; a shell makes its background jobs deaf to SIGINT until asked
got=0
wait $holder || got=$?
holder=
exec 9>&-
if [ $got -ne 5 ]; then fail "interrupted load: exit code $got"; fi
has interrupted "interrupted; 2 entries up to line 2 of the input are in the store"
check 0 dump held
prints out $'first\t1\nsecond\t2'

# --- kill -9: all that was acknowledged is there --------------------------------------------------
"$nacre" load killed --ack --batch 1 --durability os many.tsv >killed.acks &
holder=$!
for _ in $(seq 2000); do
  if [ -s killed.acks ] || ! kill -0 $holder 2>/dev/null; then break; fi
  sleep 0.01
done
kill -9 $holder 2>/dev/null
wait $holder 2>/dev/null
holder=
check 0 scan killed --keys-only
has killed.acks key0000001
checks=$((checks + 1))
if [ -n "$(LC_ALL=C comm -23 <(grep -x 'key.......' killed.acks) out)" ]; then
  fail "acknowledged entries were lost"
fi

# --- destroy --------------------------------------------------------------------------------------
check 2 destroy t
has err "--yes"
on_terminal $'n\n' destroy t
has out "[y/N]"
check 0 count t
cp -r t u
on_terminal $'y\n' destroy u
if [ -e u ]; then fail "destroy did not take yes for an answer"; fi
check 0 destroy t --yes
if [ -e t ]; then fail "destroy left the directory"; fi
check 5 destroy t --yes
mkdir other && touch other/file
check 2 destroy other --yes
check 2 put other k v
chmod 500 v && if [ "$(id -u)" -ne 0 ]; then check 5 put v k v; fi
chmod 700 v

echo "$checks checks, $failures failures"
[ "$failures" -eq 0 ]
