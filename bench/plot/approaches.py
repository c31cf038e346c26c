#!/usr/bin/env python3
"""approaches.py RESULT.json PICTURE.svg: ways to keep data in files, as the data outgrows memory.

Left: random puts per second, right: random gets per second, against the size of the data as a
multiple of the memory given; one line per approach, both axes logarithmic. A line that ends early
is one whose next point was given up.
"""

import sys

import style
from style import NUMBER, need, plt, stop

# An engine keeps its colour; what is kept through a power cut (synced) is dashed.
MARKS = {"append": "v", "index": "^", "sorted": "s", "lmdb": "D", "lmdb-sync": "D", "nacre": "o",
         "nacre-disk": "o"}


def lines_of(data, path):
    """{approach: {"title", "kept", "x", "put", "get"}} in the order of the file."""
    lines = {}
    for point in data["results"]:
        name = need(point, "approach", str, path)
        line = lines.setdefault(name, {"title": need(point, "title", str, f"{path}: {name}"),
                                       "kept": need(point, "kept", str, f"{path}: {name}"),
                                       "x": [], "put": [], "get": []})
        if "stopped" in point:
            continue
        where = f"{path}: {name}, {point.get('size_mib')} MiB"
        for key in ("put_us", "get_us"):
            if need(point, key, NUMBER, where) <= 0:
                stop(f'{where}: "{key}" is {point[key]}: it must be above 0')
        line["x"].append(need(point, "size_of_memory", NUMBER, where))
        line["put"].append(1e6 / point["put_us"])
        line["get"].append(1e6 / point["get_us"])
    if not any(line["x"] for line in lines.values()):
        stop(f"{path}: every point was given up")
    return lines


def colour_of(name, lines):
    return style.colour(name.split("-")[0], [other.split("-")[0] for other in lines])


def picture(data, lines, path):
    height = 4.9
    figure, axes = plt.subplots(1, 2, figsize=(style.WIDTH, height), sharex=True)
    for axis, key, title in zip(axes, ("put", "get"), ("random puts", "random gets")):
        for name, line in lines.items():
            axis.plot(line["x"], line[key], color=colour_of(name, lines),
                      marker=MARKS.get(name, "o"), linestyle="-" if line["kept"] == "process" else
                      "--", label=line["title"])
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.axvline(1, color=style.INK, linewidth=0.8, linestyle=":")
        axis.set_title(title)
        axis.set_ylabel("per second")
        axis.set_xlabel("data, as a multiple of the memory")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_major_formatter(lambda value, _: style.millions(value))
        axis.minorticks_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.01, 0.05), ncols=2,
                  fontsize=8)
    style.caption(figure, "Ways to keep data in files, as the data outgrows the memory", height)
    memory = data["settings"]["memory_mib"]
    style.footnote(figure, f"Dashed: kept through a power cut. Memory limited to {memory:g} MiB, "
                           f"page cache included. {style.machine_line(data)}")
    legend = 0.05 + 0.20 * (-(-len(labels) // 2)) / height
    figure.tight_layout(rect=(0, legend, 1, 1 - 0.3 / height))
    style.save(figure, path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = style.load(sys.argv[1], "approaches")
    need(data["settings"], "memory_mib", NUMBER, f"{sys.argv[1]}: settings")
    picture(data, lines_of(data, sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
