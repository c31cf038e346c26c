#!/usr/bin/env python3
"""scale.py RESULT.json PICTURE.svg [PAGE.md]: what size does to a store.

Small panels, one per kind of cost, against the number of entries on a log axis; one line per
engine, all panels from zero, so that a flat line is a flat cost.
"""

import os
import sys

import style
from style import NUMBER, need, plt, short

# key, title, unit
PANELS = [
    ("fill_us", "a put, random order", "us"),
    ("fill_cpu_us", "a put, processor time", "us"),
    ("hit_us", "a get that finds", "us"),
    ("miss_us", "a get that does not", "us"),
    ("seek10_us", "seek and ten entries", "us"),
    ("scan_us", "an entry of a scan", "us"),
    ("peak_mib", "memory at the worst moment", "MiB"),
    ("disk_per_byte", "bytes on disk per byte kept", ""),
    ("write_amplification", "bytes written per byte put", ""),
    ("settle_s", "background work left after a fill", "s"),
    ("open_ms", "open after a clean close", "ms"),
    ("first_get_ms", "first get after the open", "ms"),
]
COLUMNS = 3


def by_engine(data, path):
    rows = {}
    for row in data["results"]:
        name = need(row, "engine", str, path)
        where = f"{path}: {name}"
        need(row, "entries", NUMBER, where)
        for key in KEYS:
            need(row, key, NUMBER, where)
        rows.setdefault(name, []).append(row)
    return {name: sorted(rows[name], key=lambda row: row["entries"])
            for name in style.in_order(rows)}


def picture(data, engines, path):
    lines = -(-len(PANELS) // COLUMNS)
    height = 0.6 + 1.75 * lines
    figure, axes = plt.subplots(lines, COLUMNS, figsize=(style.WIDTH, height), sharex=True)
    for axis, (key, title, unit) in zip(axes.flat, PANELS):
        for name, rows in engines.items():
            axis.plot([row["entries"] for row in rows], [row[key] for row in rows],
                      color=style.colour(name), marker=style.MARKERS.get(name, "o"),
                      label=style.label(name, data.get("engines")))
        if key == "peak_mib":
            axis.axhline(data["settings"]["memory_mib"], color=style.INK, linewidth=0.8,
                         linestyle=":")
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
        axis.set_title(title, fontsize=8.5)
        axis.set_ylabel(unit)
        axis.xaxis.set_major_formatter(lambda value, _: style.millions(value))
        axis.minorticks_off()
    for axis in axes[-1]:
        axis.set_xlabel("entries")
    axes[0][0].legend(fontsize=7.5)
    style.caption(figure, "One store that grows", height)
    style.footnote(figure, f"Dotted: the memory given. {style.machine_line(data)}")
    figure.tight_layout(rect=(0, 0.12 / height, 1, 1 - 0.25 / height))
    style.save(figure, path)


# key, head of the column
TABLE = [
    ("fill_us", "put"), ("fill_cpu_us", "put, cpu"), ("hit_us", "hit"), ("hit_cpu_us", "hit, cpu"),
    ("miss_us", "miss"), ("seek10_us", "seek + 10"), ("first_scan_us", "scan"),
    ("scan_us", "scan again"), ("peak_mib", "peak memory, MiB"), ("disk_mib", "disk, MiB"),
    ("write_amplification", "written / put"), ("settle_s", "settle, s"), ("close_ms", "close, ms"),
    ("open_ms", "open, ms"), ("first_get_ms", "first get, ms"),
]
KEYS = {key for key, _, _ in PANELS} | {key for key, _ in TABLE}

PAGE = """# Scale: what size does to a store

One store is filled with {max} new entries (16 + {value} bytes, values that LZ4 halves) in random
order. At each size the fill stops, background work settles, and everything is measured; then the
fill goes on in the same store. The engine has {memory} MiB of memory, and memtables of {memtable}
MiB; a put that has returned outlives the death of the process.

![costs against the number of entries]({picture})

{tables}
Microseconds per operation unless said otherwise. A put costs what all puts since the size before
took; its cpu counts background work until all of it was done. Hits, misses and seeks are
{reads} each, in random order, after as many hits that were not measured; a scan goes over 5 million
entries at most, and then over the same once more. Peak memory is what was resident at the worst
moment since the size before, mapped files included. Written / put: bytes written to files since the
beginning per byte of keys and values.
{crashes}
{machine}. {date}. Printed by

```
{command}
```
"""

CRASH = """
## After a crash

A process that writes is killed with SIGKILL in the middle, with {wal:,.0f} MiB of wal that no table
holds yet. The next open, with {memory} MiB of memory and memtables of {memtable} MiB, takes
**{open:.2f} s**: **{rate:.2f} s per GiB of wal**. It reads the wal, which the system still caches,
and writes its {records:,} entries to tables.
"""


def page(data, engines, path, picture_path):
    settings = data["settings"]
    tables = ""
    for name, rows in engines.items():
        body = [[style.millions(row["entries"])] + [short(row[key]) for key, _ in TABLE]
                for row in rows]
        tables += f"## {style.label(name, data.get('engines'))}\n\n"
        tables += style.table(["entries"] + [head for _, head in TABLE], body, left=0) + "\n\n"
    crashes = ""
    for crash in data.get("crashes", []):
        for key in ("wal_mib", "open_s", "open_s_per_gib", "memory_mib", "memtable_mib",
                    "records_replayed"):
            need(crash, key, NUMBER, "crashes")
        crashes += CRASH.format(wal=crash["wal_mib"], open=crash["open_s"],
                                rate=crash["open_s_per_gib"], memory=crash["memory_mib"],
                                memtable=crash["memtable_mib"], records=crash["records_replayed"])
    style.write_page(path, PAGE.format(
        max=style.millions(settings["max"]), value=settings["value_bytes"],
        memory=settings["memory_mib"], memtable=settings["memtable_mib"],
        picture=os.path.relpath(picture_path, os.path.dirname(path) or "."), tables=tables,
        reads=f"{settings['reads']:,}", crashes=crashes, machine=style.machine_line(data),
        date=str(data.get("date", ""))[:10], command=data["command"]))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    data = style.load(sys.argv[1], "scale")
    for key in ("max", "value_bytes", "memory_mib", "memtable_mib", "reads"):
        need(data["settings"], key, NUMBER, f"{sys.argv[1]}: settings")
    engines = by_engine(data, sys.argv[1])
    picture(data, engines, sys.argv[2])
    if len(sys.argv) == 4:
        page(data, engines, sys.argv[3], sys.argv[2])


if __name__ == "__main__":
    main()
