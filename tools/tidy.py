#!/usr/bin/env python3
"""The rules of the source tree, as a test: `./x tidy`.

Style that is not checked is only today's. Each rule is a generator that takes one file, or the
whole tree, and yields findings; each finding says how to mend it. tidy_test.py holds a bad sample
for every rule and runs first, so that a rule that stops biting fails as well.

Exceptions stand in the tables below, each with its reason. One that nothing needs any more is a
finding too: the tables only ever shrink by themselves.
"""

import os
import re
import subprocess
import sys

# A file includes its own folder and the floors below it.
FLOORS = ["base", "env", "key", "wal", "mem", "cache", "table", "lsm", "engine", "api"]
# ... but not these, though they lie below: the world is reached through nacre/env.h alone, and wal
# and mem don't know each other.
STRANGERS = {
    "env": {"key", "wal", "mem", "cache", "table", "lsm", "engine"},
    "wal": {"mem"},
}
# Public headers that are the store itself, not words that every floor uses.
FACE = {"nacre/c.h", "nacre/cursor.h", "nacre/db.h", "nacre/nacre.h"}
FACE_USERS = ("engine", "api")

LINES_HARD = {"src": 450, "include": 450, "tests": 600, "bench": 600, "tools": 600}
LINES_AIM = 400
FUNCTION_LINES = 70
COLUMNS = 100

SYSTEM_ALLOWED = {
    "src/base/large_memory.cc": "large buffers past malloc: memory, below the Env seam",
    "src/base/page_pool.cc": "huge pages: the memory under arenas and cache, below the Env seam",
    "src/base/epoch.cc": "membarrier: makes a reader's guard a plain store",
}
MUTEX_ALLOWED = {
    "src/base/guarded.h": "the lock inside Guarded",
    "src/base/epoch.cc": "guards the queue of retired objects, never destroyed",
    "src/cache/cache_core.h": "freed under its own lock by the last holder: outlives a Guarded",
    "src/engine/version_set.h": "serializes an act (install), guards no value",
    "src/engine/view.h": "the pointer it guards is read without it, through epochs",
    "src/env/fault_injector.h": "guards several members, some of them const to readers",
    "src/env/posix_executor.h": "one lock for lanes, timers and their condition variables",
    "src/env/sim_core.h": "shared by disk, files and locks of one simulated world",
    "src/env/sim_env.h": "serializes the random source that its options own",
    "src/env/sim_executor.h": "one lock for lanes, timers and the random choice between them",
    "src/mem/leaf_list.h": "serializes the growth of towers that readers follow without it",
    "src/mem/memtable_filter.h": "serializes the growth of arrays that readers load without it",
    "src/wal/wal_writer.h": "serializes preparing, whose results are atomics for the appender",
}
FRIEND_ALLOWED = {
    "src/base/guarded.h": "Guarded and its Lock are one idea in one file",
    "include/nacre/cursor.h": "only the engine makes cursors; users must not see how",
    "include/nacre/snapshot.h": "only the engine makes snapshots; users must not see how",
}
LONG_FUNCTIONS = {}  # "path name": reason

C_HEADER = "include/nacre/c.h"


class File:
    """One file of the tree: its text, and its code with comments and literals blanked out."""

    BLANK = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\n]*)\(.*?\)(?P=d)"'
        r'|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'',
        re.S,
    )

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        parts = path.split("/")
        self.top = parts[0]
        self.floor = parts[1] if self.top == "src" and len(parts) > 2 else None
        self.is_cpp = path.endswith((".h", ".cc"))
        script = path.endswith((".py", ".sh")) or text.startswith("#!")
        self.is_source = self.is_cpp or path.endswith(".c") or script
        self.is_header = path.endswith(".h")
        self.code = self.BLANK.sub(self._blank, text) if self.is_cpp else ""
        self.includes = []  # (line, name, quoted)
        if self.is_cpp:
            for i, line in enumerate(self.lines, 1):
                m = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line)
                if m:
                    self.includes.append((i, m.group(1) or m.group(2), m.group(1) is not None))

    @staticmethod
    def _blank(m):
        text = m.group(0)
        if text[0] == "/":
            return re.sub(r"[^\n]", " ", text)
        return '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"'

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def find(self, pattern):
        """Line and text of each place in the code (not in comments, not in literals)."""
        for m in re.finditer(pattern, self.code):
            yield self.line_of(m.start()), m.group(0).strip()


class Tree:
    def __init__(self, files, exceptions=True):
        self.files = files
        self.paths = {f.path for f in files}
        self.used = set()  # exceptions that were needed
        self.exceptions = exceptions

    def allows(self, table, name, key):
        if not self.exceptions or key not in table:
            return False
        self.used.add((name, key))
        return True


# -- Rules: each yields (path, line, what is wrong and how to mend it) ----------------------------


def includes(tree):
    for f in tree.files:
        if f.top == "include":
            for line, name, quoted in f.includes:
                if quoted and not name.startswith("nacre/"):
                    yield f.path, line, f'"{name}": public headers include std and nacre/ only'
                elif not quoted and not re.fullmatch(r"[a-z_0-9]+|std[a-z]+\.h", name):
                    yield f.path, line, f"<{name}>: no third-party or system header in public ones"
        elif f.floor:
            yield from floor_includes(tree, f)


def floor_includes(tree, f):
    if f.floor not in FLOORS:
        yield f.path, 1, f"src/{f.floor}/ is no floor; add it to FLOORS in tools/tidy.py"
        return
    for line, name, quoted in f.includes:
        if not quoted:
            continue
        folder = name.split("/")[0]
        if folder == "nacre":
            if "include/" + name not in tree.paths:
                yield f.path, line, f'"{name}" does not exist'
            elif name in FACE and f.floor not in FACE_USERS:
                yield f.path, line, f'"{name}" is the store itself, for {FACE_USERS} only'
        elif "src/" + name not in tree.paths:
            yield f.path, line, f'"{name}" is not in src/; write "<floor>/<file>.h", or <...>'
        elif FLOORS.index(folder) > FLOORS.index(f.floor):
            yield f.path, line, f'"{name}" lies above {f.floor}/; move what both need further down'
        elif f.floor in STRANGERS.get(folder, ()):
            yield f.path, line, f'"{name}": {f.floor}/ may not know {folder}/; use nacre/env.h'


def own_header_first(tree):
    for f in tree.files:
        if f.floor and f.path.endswith(".cc"):
            own = f.path[len("src/") : -len(".cc")] + ".h"
            if "src/" + own in tree.paths and (not f.includes or f.includes[0][1] != own):
                yield f.path, 1, f'include "{own}" first: that proves that it stands alone'


def dead_headers(tree):
    included = {}
    for f in tree.files:
        for _, name, quoted in f.includes:
            if quoted:
                included.setdefault(name, set()).add(f.path)
    for f in tree.files:
        if f.floor and f.is_header:
            own = f.path[:-2] + ".cc"
            if not included.get(f.path[len("src/") :], set()) - {own}:
                yield f.path, 1, "nobody but its own .cc includes it: remove it, or fold it in"


def file_length(tree):
    for f in tree.files:
        limit = LINES_HARD.get(f.top)
        if limit and f.is_source and len(f.lines) - 1 > limit:
            yield f.path, limit, f"{len(f.lines) - 1} lines, {limit} at most: split it by ideas"


def header_form(tree):
    for f in tree.files:
        if f.is_cpp:
            m = re.match(r"(?://|/\*) (\S+\.(?:h|cc|c)) - \S", f.text)
            name = os.path.basename(f.path)
            if m and m.group(1) != name:
                yield f.path, 1, f"the caption names {m.group(1)}; this is {name}"
            if f.is_header and not m:
                yield f.path, 1, f'begin with a caption: "// {name} - what it is."'
        if f.path == C_HEADER:
            if "#ifndef NACRE_C_H_\n#define NACRE_C_H_\n" not in f.text:
                yield f.path, 1, "C compilers need the include guard NACRE_C_H_"
        elif f.is_header and "\n#pragma once\n" not in f.text:
            yield f.path, 1, "#pragma once is missing"


SYSTEM = (
    r"(?<![\w>])::(?:open|openat|close|read|write|pread|pwrite|pwritev|preadv|stat|fstat|rename"
    r"|unlink|mkdir|rmdir|ftruncate|flock|fcntl|lseek)\s*\("
    r"|\b(?:fsync|fdatasync|mmap|munmap|madvise|mlock|msync|fallocate|syscall|usleep|nanosleep"
    r"|getenv|fork|fopen|clock_gettime|gettimeofday|getrandom)\s*\("
    r"|\bstd::(?:thread|jthread|async|filesystem|random_device|[io]?fstream)\b"
    r"|\b(?:steady_clock|system_clock|high_resolution_clock)\b"
    r"|\bstd::this_thread::sleep_\w+|\btime\(nullptr\)"
)


def system_seam(tree):
    for f in tree.files:
        if (f.floor and f.floor != "env") or (f.top == "include" and f.is_cpp):
            for line, what in f.find(SYSTEM):
                if not tree.allows(SYSTEM_ALLOWED, "SYSTEM_ALLOWED", f.path):
                    yield f.path, line, f"{what} reaches past the Env seam; use nacre/env.h"


BANNED = [
    (r"(?<!\w)assert\s*\(", "use NACRE_CHECK or NACRE_DCHECK (base/check.h)"),
    (r"\bstd::regex\b", "slow and large: parse by hand"),
    (r"\bs?rand\s*\(", "use base/random.h with a seed"),
    (r"\b(?:strto[uldf]\w*|ato[ilf])\s*\(", "use std::from_chars"),
    (r"\bconst_cast\b", "change the type instead"),
    (r"\busing namespace std\b", "name what you use"),
    (r"#\s*if 0\b", "remove dead code; git keeps it"),
    (r"\bDISABLED_\w*|\bGTEST_SKIP\b", "a test runs or does not exist"),
]
SLEEP = (r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b", "wait for the event, not for the time")
WORDS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")


def banned(tree):
    for f in tree.files:
        if not f.is_source:
            continue
        for i, line in enumerate(f.lines, 1):
            if m := WORDS.search(line):
                yield f.path, i, f"{m.group(1)}: do it now, or write an issue"
        for i, name, _ in f.includes:
            if name == "iostream" and f.top != "tools":
                yield f.path, i, "<iostream> adds static constructors: use std::string and stdio"
        may_sleep = f.floor == "env" or f.top in ("tools", "bench")
        for pattern, advice in BANNED + ([] if may_sleep else [SLEEP]):
            for line, what in f.find(pattern):
                yield f.path, line, f"{what}: {advice}"


def mutexes(tree):
    for f in tree.files:
        if f.top in ("src", "include"):
            for line, what in f.find(r"(?<!<)\bstd::(?:shared_|recursive_|timed_)*mutex\b"):
                if not tree.allows(MUTEX_ALLOWED, "MUTEX_ALLOWED", f.path):
                    yield (f.path, line, f"{what}: use Guarded<T> (base/guarded.h), or give "
                           "the reason in MUTEX_ALLOWED of tools/tidy.py")


def friends(tree):
    for f in tree.files:
        if f.top in ("src", "include"):
            for line, what in f.find(r"\bfriend (?:class|struct) [\w:]+"):
                if not tree.allows(FRIEND_ALLOWED, "FRIEND_ALLOWED", f.path):
                    yield f.path, line, f"{what}: give the class a narrow method instead"


DEAD_CODE = re.compile(
    r"\s*//\s*(?:"
    r"(?:[\w:<>*&,\[\]]+\s+)*[\w.\[\]>-]+\s*[-+|&]?=\s.*;|[\w:.>-]+\([^)]*\);|return\b[^.]*;"
    r"|(?:if|for|while|switch)\s*\(.*[;{)]|\}?\s*else\s*\{|#\s*(?:include|define|if|endif)\b.*"
    r")\s*$"
)


def dead_code(tree):
    for f in tree.files:
        if not f.is_cpp:
            continue
        caption = True  # examples of use are welcome there, and in /// of public headers
        for i, line in enumerate(f.lines, 1):
            caption = caption and line.startswith("//")
            if not caption and "///" not in line and DEAD_CODE.match(line):
                yield f.path, i, "commented-out code: remove it; git keeps it"


def plain_text(tree):
    for f in tree.files:
        if f.path.startswith("tests/data/"):
            continue
        if f.text and not f.text.endswith("\n"):
            yield f.path, len(f.lines), "end the last line"
        for i, line in enumerate(f.lines, 1):
            if line.rstrip() != line:
                yield f.path, i, "trailing blanks"
            if not f.is_source:
                continue
            if "\t" in line:
                yield f.path, i, "tab: use spaces"
            if not line.isascii():
                yield f.path, i, "not ASCII: write \\u escapes, or plain words"
            if len(line) > COLUMNS:
                yield f.path, i, f"{len(line)} columns, {COLUMNS} at most"


PRIVATE_PATHS = re.compile(r"/(?:ro" + "ot|ho" + "me|wo" + r"rk)/")


def private_paths(tree):
    for f in tree.files:
        for i, line in enumerate(f.lines, 1):
            if m := PRIVATE_PATHS.search(line):
                yield f.path, i, f"{m.group(0)} is a path of somebody's machine"


def links(tree):
    for f in tree.files:
        if not f.path.endswith(".md"):
            continue
        for m in re.finditer(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", f.text):
            target = m.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(f.path), target))
            if path not in tree.paths and not any(p.startswith(path + "/") for p in tree.paths):
                yield f.path, f.line_of(m.start()), f"link to {target}: there is no such file"


def functions(f):
    """(line, name, lines) of each outermost function, by counting braces."""
    stack = []  # the kind of each open brace, and where its function begins
    head_from = 0  # the words before a brace tell its kind
    for m in re.finditer(r"[{};]|^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", f.code, re.M):
        at = m.start()
        if m.group(0) == "{":
            words = f.code[head_from:at].lstrip()
            begin = at - len(words)
            kind = "block"
            if all(k == "scope" for k, _ in stack):
                kind = kind_of_brace(re.sub(r"\balignas\([^)]*\)", "", words).rstrip())
            stack.append((kind, begin))
            if kind == "value":
                continue  # the head goes on behind it
        elif m.group(0) == "}" and stack:
            kind, begin = stack.pop()
            if kind == "value":
                continue
            if kind == "function":
                line = f.line_of(begin)
                yield line, function_name(f.text[begin:at]), f.line_of(at) - line + 1
        head_from = m.end()


def kind_of_brace(head):
    if re.match(r'(?:inline )?namespace\b|extern "', head):
        return "scope"
    if re.search(r"\b(?:class|struct|union|enum)\b[^()]*$", head):
        return "scope"
    if head.count("(") > head.count(")"):
        return "value"  # of a default argument
    if re.search(r"\)[^()]*[^:]:(?!:)", head) and re.search(r"[\w>]$", head):
        return "value"  # of a member, before the body of a constructor
    return "function" if "(" in head and not head.endswith("=") else "block"


def function_name(text):
    test = re.match(r"(?:TEST\w*|BENCHMARK\w*)\([^)]*\)", text)
    name = re.search(r"([\w:~]+|operator\S+)\s*\(", text)
    return test.group(0) if test else name.group(1) if name else "?"


def function_length(tree):
    for f in tree.files:
        if f.is_cpp:
            for line, name, lines in functions(f):
                if lines > FUNCTION_LINES and not tree.allows(
                        LONG_FUNCTIONS, "LONG_FUNCTIONS", f"{f.path} {name}"):
                    yield (f.path, line,
                           f"{name} has {lines} lines, {FUNCTION_LINES} at most: split it")


def thread_tests(tree):
    """The thread sanitizer runs the tests whose names match NACRE_THREADS_FILTER."""
    build = next((f for f in tree.files if f.path == "tests/CMakeLists.txt"), None)
    m = build and re.search(r'set\(NACRE_THREADS_FILTER\s+"([^"]*)"', build.text)
    if not m:
        yield "tests/CMakeLists.txt", 1, "NACRE_THREADS_FILTER is not set"
        return
    words = [w.strip("*") for w in m.group(1).split(":")]
    for f in tree.files:
        if f.top != "tests" or not f.path.endswith("_test.cc"):
            continue
        for line, name, lines in functions(f):
            body = "\n".join(f.lines[line - 1 : line - 1 + lines])
            if (name.startswith("TEST") and re.search(r"\bstd::j?thread\b", body)
                    and not any(w in name for w in words)):
                yield (f.path, line, f"{name} starts threads: have one of {', '.join(words)} in "
                       "its name, so that it runs under the thread sanitizer")


def unused_exceptions(tree):
    if not tree.exceptions:
        return
    for name in ("SYSTEM_ALLOWED", "MUTEX_ALLOWED", "FRIEND_ALLOWED", "LONG_FUNCTIONS"):
        for key in globals()[name]:
            if (name, key) not in tree.used:
                yield "tools/tidy.py", 1, f"{name} needs {key!r} no more: remove it"


RULES = [
    includes, own_header_first, dead_headers, file_length, header_form, system_seam, banned,
    mutexes, friends, dead_code, plain_text, private_paths, links, function_length, thread_tests,
    unused_exceptions,  # last: the others tell it what they used
]


def notes(tree):
    for f in tree.files:
        if f.top in ("src", "include") and len(f.lines) - 1 > LINES_AIM:
            yield f"{f.path}: note: {len(f.lines) - 1} lines; the aim is {LINES_AIM}"


def check(tree):
    """All findings, as lines of text."""
    found = []
    for rule in RULES:
        found += [f"{path}:{line}: {what} [{rule.__name__}]" for path, line, what in rule(tree)]
    return found


def read_tree(root):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root,
                            check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    files = []
    for path in sorted(set(listed) - {""}):
        full = os.path.join(root, path)
        if os.path.isfile(full) and not os.path.islink(full):
            with open(full, "rb") as file:
                data = file.read()
            if b"\0" not in data:  # not a text
                files.append(File(path, data.decode("utf-8", "replace")))
    return Tree(files)


def main():
    import tidy_test

    failures = tidy_test.run()
    tree = read_tree(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = check(tree)
    for line in list(notes(tree)) + failures + found:
        print(line)
    print(f"tidy: {len(tree.files)} files, {len(RULES)} rules, {len(found)} findings, "
          f"{len(failures)} rules that don't bite")
    return 1 if found or failures else 0


if __name__ == "__main__":
    sys.exit(main())
