#!/usr/bin/env python3
"""readme.py RESULT.json README.md: the README's table of figures, out of a result of compare.

Replaces the rows of the table that begins with "| work | Nacre |". Where another engine is better
its figure is bold.
"""

import json
import sys

ENGINES = ("nacre", "rocksdb", "leveldb", "lmdb")

# What the table says, and the set and the work of the result that say it.
ROWS = (
    ("fill random", "budget", "fill random"),
    ("fill random, then settle", "budget", "fill random, then settle"),
    ("fill sequential", "budget", "fill sequential"),
    ("overwrite, then settle", "budget", "overwrite, then settle"),
    ("delete random", "budget", "delete random"),
    ("read random", "budget", "read random"),
    ("read zipfian", "budget", "read zipfian"),
    ("read missing", "budget", "read missing"),
    ("multi-get of 32, per key", "budget", "multi-get of 32, per key"),
    ("seek + 1", "budget", "seek + 1"),
    ("seek + 10", "budget", "seek + 10"),
    ("full scan, per entry", "budget", "scan, per entry"),
    ("reverse scan, per entry", "budget", "reverse scan, per entry"),
    ("scan over 30 % deletes, per entry", "budget", "scan over 30 % tombstones, per entry"),
    ("read while another thread writes", "budget", "read while writing"),
    ("... that writer, thousands per second", "budget", "writer beside it"),
    ("queue, per round", "budget", "queue, per round"),
    ("synced put, 1 thread", "sync", "synced put, 1 thread"),
    ("synced put, 16 threads", "sync", "synced put, 16 threads"),
    ("bytes written by the fill, MiB", "budget", "bytes written by the fill"),
    ("size on disk after the fill, MiB", "budget", "size on disk after the fill"),
    ("open after a close, ms", "budget", "open after a close"),
    ("peak memory, MiB", "budget", "peak memory"),
    ("YCSB A (1 million entries of 1,000 bytes)", "ycsb", "YCSB A"),
    ("YCSB B", "ycsb", "YCSB B"),
    ("YCSB C", "ycsb", "YCSB C"),
    ("YCSB D", "ycsb", "YCSB D"),
    ("YCSB E", "ycsb", "YCSB E"),
    ("YCSB F", "ycsb", "YCSB F"),
)


def figure(value):
    """Three digits, or all there are before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    digits = 1 if value >= 10 else 2 if value >= 0.1 else 4
    return f"{value:.{digits}f}"


def cell(result, own):
    if result is None:
        return "-"
    text = figure(result["value"])
    lower = result["better"] == "lower"
    if own is not None and result is not own:
        better = result["value"] < own["value"] if lower else result["value"] > own["value"]
        if better:
            text = f"**{text}**"
    return text if result.get("finished", True) else text + " (not finished)"


def rows(data):
    results = {(r["set"], r["work"], r["engine"]): r for r in data["results"]}
    for label, name, work in ROWS:
        own = results.get((name, work, "nacre"))
        if own is None:
            sys.exit(f"readme.py: the result has no {name!r}, {work!r} of Nacre")
        cells = [cell(results.get((name, work, engine)), own) for engine in ENGINES]
        yield f"| {label} | {' | '.join(cells)} |"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        lines = file.read().split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("| work | Nacre |")]
    if len(heads) != 1:
        sys.exit(f"{sys.argv[2]}: not one but {len(heads)} tables begin with '| work | Nacre |'")
    begin = heads[0] + 2  # past the line of dashes
    end = begin
    while lines[end].startswith("|"):
        end += 1
    lines[begin:end] = rows(data)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main()
