#!/usr/bin/env python3
"""steady.py RESULT.json PICTURE.svg [PAGE.md]: what every second of a long run of puts looked like.

Left: puts per second. Right: how long puts took in each second, at the 99.9th percentile and at
worst, on a log axis. One row of panels per engine, with the same axes.
"""

import os
import sys

import style
from style import NUMBER, need, plt, short, stop

SERIES = ("puts", "p999_us", "max_us")
POINTS = 600  # what a picture of this width can show: longer runs are drawn in bins
LIMIT_US = 1_000


def check(data, path):
    for result in data["results"]:
        name = need(result, "engine", str, path)
        series = need(result, "series", dict, f"{path}: {name}")
        lengths = {key: len(need(series, key, list, f"{path}: {name}: series")) for key in SERIES}
        if len(set(lengths.values())) != 1 or lengths["puts"] == 0:
            stop(f"{path}: {name}: the series differ in length or are empty: {lengths}")
        for key, _, _ in ROWS:
            need(result, key, NUMBER, f"{path}: {name}")


def bins(values, size, take):
    return [take(values[i:i + size]) for i in range(0, len(values), size)]


def mean(values):
    return sum(values) / len(values)


def picture(data, path):
    results = data["results"]
    height = 0.6 + 1.7 * len(results)
    figure, axes = plt.subplots(len(results), 2, figsize=(style.WIDTH, height), sharex=True,
                                sharey="col", squeeze=False)
    for row, result in zip(axes, results):
        panels(row, result, data.get("engines"))
    axes[0][0].set_ylim(bottom=0)
    times = [t for result in results for key in ("p999_us", "max_us")
             for t in result["series"][key] if t > 0]
    if times:  # room above for the legend
        axes[0][1].set_ylim(min(times) / 2, max(max(times) * 30, 3 * LIMIT_US))
    for axis in axes[-1]:
        axis.set_xlabel("seconds since the start")
    settings = data["settings"]
    style.caption(figure, f"Overwriting {style.millions(settings['entries'])} entries at random, "
                          f"as fast as each engine goes", height)
    style.footnote(figure, style.machine_line(data))
    figure.tight_layout(rect=(0, 0.1 / height, 1, 1 - 0.2 / height))
    style.save(figure, path)


def panels(row, result, versions):
    name = result["engine"]
    colour = style.colour(name)
    series = result["series"]
    seconds = len(series["puts"])
    size = max(1, -(-seconds // POINTS))
    at = [i + size / 2 for i in range(0, seconds, size)]
    puts = [value / 1e3 for value in series["puts"]]
    speed, pauses = row
    speed.plot(at, bins(puts, size, mean), color=colour)
    if size > 1:
        speed.fill_between(at, bins(puts, size, min), bins(puts, size, max), color=colour,
                           alpha=0.2, linewidth=0)
    speed.set_title(style.label(name, versions))
    speed.set_ylabel("thousand puts/s")

    pauses.plot(at, bins(series["max_us"], size, max), color=colour, alpha=0.45, linewidth=1,
                label="longest put of the second")
    pauses.plot(at, bins(series["p999_us"], size, max), color=colour, label="p99.9")
    pauses.axhline(LIMIT_US, color=style.INK, linewidth=0.8, linestyle=":")
    pauses.set_yscale("log")
    pauses.yaxis.set_major_formatter(lambda value, _: style.duration(value))
    pauses.set_ylabel("time of a put")
    pauses.legend(loc="upper right", fontsize=7.5, ncols=2)


# key in the result, words, whether less is better
ROWS = [
    ("puts_per_second", "puts per second", False),
    ("p50_us", "p50 of a put, us", True),
    ("p99_us", "p99, us", True),
    ("p999_us", "p99.9, us", True),
    ("p9999_us", "p99.99, us", True),
    ("longest_pause_ms", "longest pause, ms", True),
    ("pauses_over_10_ms", "puts that took over 10 ms", True),
    ("pauses_over_50_ms", "puts that took over 50 ms", True),
    ("cpu_us_per_put", "processor time of a put, us", True),
    ("write_amplification", "bytes written per byte put", True),
    ("space_amplification", "bytes on disk per byte kept, at the end", True),
    ("peak_memory_mib", "peak memory, MiB", True),
    ("settle_seconds", "background work left at the end, s", True),
]

PAGE = """# Steady: does it keep its pace?

{entries} entries ({key} + {value} bytes, values that LZ4 halves) are filled in random order. Then
{threads} overwrites entries at random, as fast as the engine takes them, for {time}, while
flushes and compactions run beside it. Every single put is timed, from the end of the one before it
to its own. A put that has returned outlives the death of the process (a log that is written and not
synced; LMDB without sync). Each engine gets {memory} MiB of memory and memtables of {memtable} MiB,
and runs in a process of its own.

![throughput and pauses over time]({picture})

{table}

In bold: the best of a row. Bytes written count the log, flushes and compactions up to the moment
when all background work of the run was done; a page of a file that is written anew before the
system has written it back counts once, which flatters an engine that writes in place. A byte kept
is one of a key or value that the store holds; compression can bring what it takes on disk below
one.

The picture: on the left each second's puts, on the right the 99.9th percentile and the longest put
of each second; the dotted line is a millisecond.{binned}

{machine}. {date}. Printed by

```
{command}
```
"""


def page(data, path, picture_path):
    settings = data["settings"]
    seconds = need(settings, "seconds", NUMBER, "settings")
    threads = need(settings, "threads", NUMBER, "settings")
    results = data["results"]
    rows = []
    for key, words, less in ROWS:
        values = [result[key] for result in results]
        best = min(values) if less else max(values)
        rows.append([words] + [f"**{short(v)}**" if v == best and len(values) > 1 else short(v)
                               for v in values])
    head = [""] + [style.label(result["engine"], data.get("engines")) for result in results]
    per_point = max(1, -(-seconds // POINTS))
    binned = "" if per_point == 1 else (
        f" A point stands for {per_point} seconds: the mean of their puts with their range, and the"
        " worst of their times.")
    style.write_page(path, PAGE.format(
        entries=style.millions(settings["entries"]), key=settings["key_bytes"],
        value=settings["value_bytes"], memory=settings["memory_mib"],
        memtable=settings["memtable_mib"],
        threads="one thread" if threads == 1 else f"each of {threads} threads",
        time=f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds} seconds",
        picture=os.path.relpath(picture_path, os.path.dirname(path) or "."),
        table=style.table(head, rows), binned=binned, machine=style.machine_line(data),
        date=str(data.get("date", ""))[:10], command=data["command"]))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    data = style.load(sys.argv[1], "steady")
    for key in ("entries", "key_bytes", "value_bytes", "memory_mib", "memtable_mib"):
        need(data["settings"], key, NUMBER, f"{sys.argv[1]}: settings")
    check(data, sys.argv[1])
    picture(data, sys.argv[2])
    if len(sys.argv) == 4:
        page(data, sys.argv[3], sys.argv[2])


if __name__ == "__main__":
    main()
