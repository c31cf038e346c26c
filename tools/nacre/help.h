// help.h - the words of --help: for each command what it is for, how it reads and writes bytes, and
// two examples. The first line of each is all that the list of commands shows.
#pragma once

namespace nacre::tool::help {

inline constexpr char kApp[] =
    R"(Look into Nacre stores and change them. DIR is the directory of a store.)";

inline constexpr char kAppFooter[] = R"(
Keys and values are bytes. On the command line they are text with the escapes \n \t \r \0 \\ \xHH;
--key-format and --value-format choose hex or base64 instead. What begins with - goes after --.
In JSON (--format json) bytes that are UTF-8 are strings, all others are {"base64": "..."}.

get, scan, count, dump, stats, levels and verify take no lock and change nothing: they can look at
a store that a program has open, and show what it had handed to the system by then.
All others need the store for themselves.

Exit codes: 0 done, 1 key not found, 2 wrong usage, 3 corruption, 4 locked by another process,
5 I/O and every other error.

  nacre put /tmp/store planet/earth blue && nacre get /tmp/store planet/earth
  nacre scan /tmp/store --prefix planet/ --limit 10
)";

inline constexpr char kPut[] =
    R"(Set the value of a key.
Creates the store when there is none. The value is on stable storage when the command returns,
unless --durability says otherwise.)";
inline constexpr char kPutFooter[] = R"(
  nacre put /tmp/store planet/earth 'blue\nand round'
  nacre put /tmp/store picture --value-file earth.png
)";

inline constexpr char kGet[] =
    R"(Print the value of a key, or exit with code 1.
A newline follows the value. --value-format raw prints the bytes of the value and nothing else.)";
inline constexpr char kGetFooter[] = R"(
  nacre get /tmp/store planet/earth
  nacre get /tmp/store picture --value-format raw > earth.png
)";

inline constexpr char kDelete[] = R"(Remove a key.
It is no error when the key is not there.)";
inline constexpr char kDeleteFooter[] = R"(
  nacre delete /tmp/store planet/pluto
  nacre delete /tmp/store --key-format hex 00ff
)";

inline constexpr char kScan[] =
    R"(Print entries in key order.
A line holds key, tab, value; with --format json an object with "key" and "value". --from is
inclusive, --to is exclusive.)";
inline constexpr char kScanFooter[] = R"(
  nacre scan /tmp/store --prefix planet/
  nacre scan /tmp/store --reverse --limit 1 --format json
)";

inline constexpr char kCount[] =
    R"(Print how many entries there are.
Walks over all of them. With --format json it tells the bytes of their keys and values too.)";
inline constexpr char kCountFooter[] = R"(
  nacre count /tmp/store
  nacre count /tmp/store --from a --to b --format json
)";

inline constexpr char kLoad[] =
    R"(Put entries from a file or from standard input.
Creates the store when there is none. Entries are written in batches of --batch (or 1 MiB),
earlier when the input makes a pause. The durability is os unless you say otherwise, and one sync
at the end puts everything on stable storage. After Ctrl-C, or a line that can't be read, the
store holds everything before it.)";
inline constexpr char kLoadFooter[] = R"(
Formats (--format; otherwise by the end of the file's name, otherwise tsv):
  tsv      key, tab, value on each line, both with escapes (or --key-format, --value-format)
  jsonl    on each line {"key": ..., "value": ...}; with --key-field NAME any object: its member
           NAME is the key, the line is the value
  control  Debian control files: each stanza is a value, its field Package (or --key-field) the key

--ack prints the key of each entry on standard output once its write has returned: whatever is
printed is in the store, even if nacre is killed right after.

  nacre load /tmp/store --format control --key-prefix pkg/ /var/lib/dpkg/status
  nacre dump /tmp/store --format jsonl | nacre load /tmp/copy --format jsonl
)";

inline constexpr char kDump[] =
    R"(Write entries as text that `nacre load` reads.
That is tsv, the default, or jsonl. What is dumped is the store at one moment.)";
inline constexpr char kDumpFooter[] = R"(
  nacre dump /tmp/store --output backup.tsv
  nacre dump /tmp/store --prefix planet/ --format jsonl
)";

inline constexpr char kStats[] =
    R"(Describe the store.
Tells of entries, files, what the last run left in the wal, space and memory, and draws the tree.)";
inline constexpr char kStatsFooter[] = R"(
  nacre stats /tmp/store
  nacre stats /tmp/store --format json
)";

inline constexpr char kLevels[] =
    R"(Draw the tree, with its tables and their key ranges.
The bar of a level is as long as the level is large. Reads only the manifest, so it works
whatever state the tables are in.)";
inline constexpr char kLevelsFooter[] = R"(
  nacre levels /tmp/store
  nacre levels /tmp/store --all --format json
)";

inline constexpr char kVerify[] =
    R"(Read every byte of the store and check it.
Names the file and the offset of each damage; exit code 3 when there is any.)";
inline constexpr char kVerifyFooter[] = R"(
  nacre verify /tmp/store
  nacre verify /tmp/store --format json
)";

inline constexpr char kCompact[] =
    R"(Rewrite the store, or a range, into its deepest level.
What was removed or overwritten frees its space, and reads look in one place.)";
inline constexpr char kCompactFooter[] = R"(
  nacre compact /tmp/store
  nacre compact /tmp/store --prefix planet/
)";

inline constexpr char kBench[] =
    R"(Measure how fast a new store in DIR is.
It is removed at the end unless --keep. Keys are numbers, values halve under LZ4, and the seed is
fixed: two runs do the same work.)";
inline constexpr char kBenchFooter[] = R"(
Benchmarks (--benchmarks a,b,c, in this order by default); fillseq and fillrandom start afresh:
  fillseq, fillrandom        put --num entries in key order, in random order
  overwrite, deleterandom    put, remove random keys
  readrandom, readmissing    get keys that are there, that are not
  readseq, readreverse       walk over entries (latency: of 100 entries)
  seekrandom                 seek a cursor and look at the entry
  multireadrandom            get --multi keys at once (latency: of the whole call)
  readwhilewriting           readrandom while one more thread overwrites as fast as it can
ops/s counts entries of all threads; us/op is the time of one thread per entry.

  nacre bench /tmp/bench --num 5000000 --option memory_bytes=2GiB
  nacre bench /tmp/bench --benchmarks fillrandom,readrandom --threads 4 --durability disk
)";

inline constexpr char kDestroy[] =
    R"(Remove a store.
Its own files go, and DIR when nothing else is in it. Asks first on a terminal; needs --yes
elsewhere.)";
inline constexpr char kDestroyFooter[] = R"(
  nacre destroy /tmp/store
  nacre destroy /tmp/store --yes
)";

}  // namespace nacre::tool::help
