"""Bad samples that prove that each rule of tidy.py bites, and good ones that it must let pass."""

import tidy

CAPTION = "// a.h - a sample.\n#pragma once\n"
THREADS = ("tests/CMakeLists.txt", 'set(NACRE_THREADS_FILTER "*Thread*")\n')

# (rule, its bad sample: files as {path: text}); the first file is the one that must be found.
BAD = [
    ("includes", {"include/nacre/a.h": CAPTION + '#include "base/b.h"\n'}),
    ("includes", {"include/nacre/a.h": CAPTION + "#include <lz4.h>\n"}),
    ("includes", {"src/key/a.h": CAPTION + '#include "mem/b.h"\n', "src/mem/b.h": ""}),
    ("includes", {"src/mem/a.h": CAPTION + '#include "wal/b.h"\n', "src/wal/b.h": ""}),
    ("includes", {"src/lsm/a.h": CAPTION + '#include "env/b.h"\n', "src/env/b.h": ""}),
    ("includes", {"src/lsm/a.h": CAPTION + '#include "nacre/db.h"\n', "include/nacre/db.h": ""}),
    ("includes", {"src/lsm/a.h": CAPTION + '#include "a_typo.h"\n'}),
    ("includes", {"src/attic/a.h": CAPTION}),
    ("own_header_first", {"src/lsm/a.cc": '#include <map>\n#include "lsm/a.h"\n',
                          "src/lsm/a.h": ""}),
    ("dead_headers", {"src/lsm/a.h": CAPTION, "src/lsm/a.cc": '#include "lsm/a.h"\n'}),
    ("file_length", {"src/lsm/a.cc": "\n" * 451}),
    ("file_length", {"tests/lsm/a_test.cc": "\n" * 601}),
    ("header_form", {"src/lsm/b.h": CAPTION}),
    ("header_form", {"src/lsm/a.h": "// A sample.\n#pragma once\n"}),
    ("header_form", {"src/lsm/a.h": "// a.h - a sample.\n"}),
    ("header_form", {"src/lsm/a.cc": "// b.cc - a sample.\n"}),
    ("header_form", {"include/nacre/c.h": "/* c.h - a sample. */\n#pragma once\n"}),
    ("system_seam", {"src/lsm/a.cc": "int f() { return ::open(path, 0); }\n"}),
    ("system_seam", {"src/wal/a.cc": "void f() { fdatasync(3); }\n"}),
    ("system_seam", {"src/engine/a.cc": "std::thread worker;\n"}),
    ("system_seam", {"src/mem/a.h": CAPTION + "auto t = std::chrono::steady_clock::now();\n"}),
    ("banned", {"src/lsm/a.cc": "// " + "TO" + "DO later\n"}),
    ("banned", {"src/lsm/a.cc": "#include <iostream>\n"}),
    ("banned", {"src/lsm/a.cc": "void f() { assert(true); }\n"}),
    ("banned", {"src/lsm/a.cc": "auto p = const_cast<char*>(q);\n"}),
    ("banned", {"src/lsm/a.cc": "std::regex r;\n"}),
    ("banned", {"src/lsm/a.cc": "int i = rand();\n"}),
    ("banned", {"src/lsm/a.cc": "long i = strtol(s, nullptr, 10);\n"}),
    ("banned", {"src/lsm/a.cc": "#if 0\n#endif\n"}),
    ("banned", {"tests/lsm/a_test.cc": "void f() { std::this_thread::sleep_for(1s); }\n"}),
    ("banned", {"tests/lsm/a_test.cc": "TEST(A, DISABLED_B) {}\n"}),
    ("mutexes", {"src/lsm/a.h": CAPTION + "std::mutex mutex_;\n"}),
    ("mutexes", {"src/lsm/a.h": CAPTION + "mutable std::shared_mutex mutex_;\n"}),
    ("friends", {"src/lsm/a.h": CAPTION + "class A { friend class B; };\n"}),
    ("dead_code", {"src/lsm/a.cc": "int a;\n// count = count + 1;\n"}),
    ("dead_code", {"src/lsm/a.cc": "int a;\n  // if (count > 1) {\n"}),
    ("dead_code", {"src/lsm/a.cc": "int a;\n// file->close();\n"}),
    ("plain_text", {"src/lsm/a.cc": "int a; \n"}),
    ("plain_text", {"src/lsm/a.cc": "\tint a;\n"}),
    ("plain_text", {"src/lsm/a.cc": "// caf\u00e9\n"}),
    ("plain_text", {"src/lsm/a.cc": "// " + "a" * 98 + "\n"}),
    ("plain_text", {"README.md": "no end"}),
    ("private_paths", {"README.md": "see /ho" + "me/me/x\n"}),
    ("links", {"docs/a.md": "see [b](../src/b.md)\n", "docs/b.md": ""}),
    ("function_length", {"src/lsm/a.cc": "namespace nacre {\nint f(int a) {\n" + "  a();\n" * 69
                         + "}\n}\n"}),
    ("function_length", {"src/lsm/a.h": CAPTION + "struct A {\n  A() : b_{1} {\n" + "  b();\n" * 69
                         + "  }\n};\n"}),
    ("function_length", {"src/lsm/a.h": CAPTION + "void f(A a = {}, B b = {1}) {\n"
                         + "  b();\n" * 69 + "}\n"}),
    ("thread_tests", {"tests/a/a_test.cc": "TEST(A, B) {\n  std::thread t;\n}\n",
                      THREADS[0]: THREADS[1]}),
    ("thread_tests", {"tests/CMakeLists.txt": "\n"}),
]

GOOD = {
    THREADS[0]: THREADS[1],
    "include/nacre/status.h": "// status.h - a sample.\n#pragma once\n#include <string>\n",
    "include/nacre/c.h": "/* c.h - a sample. */\n#ifndef NACRE_C_H_\n#define NACRE_C_H_\n"
                         "#include <stdint.h>\n#endif\n",
    "src/lsm/a.h": CAPTION + '#include "nacre/status.h"\n',
    "src/lsm/a.cc": '#include "lsm/a.h"\n\n#include <mutex>\n\n'
                    'const char* kText = "::open( std::regex"; // calls ::open(path) for us\n'
                    "static_assert(1'000'000 > 0);\n"
                    "// The reader goes on (see above); the writer waits for the end;\n"
                    "Result<File> File::open(int a) { const std::lock_guard<std::mutex> l(m); }\n"
                    "constexpr int kTable[] = {\n" + "  1,\n" * 80 + "};\n",
    "src/lsm/b.cc": '#include "lsm/a.h"\n',
    "src/env/a.cc": "int f() { return ::open(path, 0); }\n",
    "tests/lsm/a_test.cc": "TEST(A, ManyThreads) {\n  std::thread t;\n}\n",
    "README.md": "see [a](src/lsm/a.h#L1), [lsm](src/lsm), [web](https://example.org)\n",
}


def tree_of(files, exceptions=False):
    return tidy.Tree([tidy.File(path, text) for path, text in files.items()], exceptions)


def run():
    """What is wrong with the rules themselves, as lines of text."""
    failures = []
    rules = {rule.__name__: rule for rule in tidy.RULES}
    for i, (name, files) in enumerate(BAD):
        found = [path for path, _, _ in rules[name](tree_of(files))]
        if next(iter(files)) not in found:
            sample = str(files)[:200]
            failures.append(f"tools/tidy_test.py: {name} lets bad sample {i} pass: {sample}")
    for line in tidy.check(tree_of(GOOD)):
        failures.append(f"tools/tidy_test.py: good sample is refused: {line}")
    unused = [path for path, _, _ in rules["unused_exceptions"](tree_of({}, exceptions=True))]
    if not unused:
        failures.append("tools/tidy_test.py: unused_exceptions does not see an unused one")
    for name in set(rules) - {name for name, _ in BAD} - {"unused_exceptions"}:
        failures.append(f"tools/tidy_test.py: {name} has no bad sample")
    return failures
