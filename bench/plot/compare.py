#!/usr/bin/env python3
"""compare.py RESULT.json FOLDER: the engines side by side.

Writes FOLDER/compare-<set>.svg for each set of work, one group of bars per row and one bar per
engine on a log axis, and FOLDER/compare-ratios.svg: for every row how many times better or worse
Nacre is than its best peer, losses in red.

A result is one row of one engine: {"set", "engine", "work", "unit", "better": "lower" or "higher",
"value"}, and "finished": false when the time was up before the work was done.
"""

import os
import re
import sys

import style
from style import NUMBER, need, plt, short, stop

OWN = "nacre"
BAR = 0.105  # inches
GAP = 0.13
ENDS = {"us": "microseconds per operation"}


class Row:
    """One kind of work in one set: a figure for each engine that did it."""

    def __init__(self, work, unit, better):
        self.work = work
        self.unit = unit
        self.better = better
        self.values = {}
        self.cut = set()  # engines that did not finish it in time

    def ratio(self, peer):
        """How many times better Nacre is than the peer; None where one of them has no figure."""
        own, other = self.values.get(OWN), self.values.get(peer)
        if not own or not other:
            return None
        return other / own if self.better == "lower" else own / other

    def best_ratio(self):
        """Against the best peer: the least of the ratios."""
        ratios = [r for r in (self.ratio(peer) for peer in self.values if peer != OWN) if r]
        return min(ratios) if ratios else None


def sets_of(data, path):
    """{set: {work: Row}} in the order of the file."""
    sets = {}
    for result in data["results"]:
        name = need(result, "set", str, path)
        engine = need(result, "engine", str, f"{path}: {name}")
        works = sets.setdefault(name, {})
        work = need(result, "work", str, f"{path}: {name}: {engine}")
        where = f"{path}: {name}: {engine}: {work}"
        unit = need(result, "unit", str, where)
        better = need(result, "better", str, where)
        if better not in ("lower", "higher"):
            stop(f'{where}: "better" is {better!r}: it must be "lower" or "higher"')
        row = works.setdefault(work, Row(work, unit, better))
        if (row.unit, row.better) != (unit, better):
            stop(f"{where}: engines differ in unit or direction")
        value = need(result, "value", NUMBER, where)
        if value < 0:
            stop(f'{where}: "value" is {value}')
        row.values[engine] = value
        if result.get("finished") is False:
            row.cut.add(engine)
    return sets


def engines_of(sets):
    seen = []
    for works in sets.values():
        for row in works.values():
            seen += [engine for engine in row.values if engine not in seen]
    return style.in_order(seen)


def set_picture(name, works, data, path):
    """Panels one below the other, one per unit, because a time and a size share no axis."""
    units = {}
    for row in works.values():
        if any(row.values.values()):
            units.setdefault(row.unit, []).append(row)
    engines = engines_of({name: works})
    group = BAR * len(engines) + GAP
    heights = [group * len(rows) for rows in units.values()]
    height = sum(heights) + 0.62 * len(units) + 0.75
    figure, axes = plt.subplots(len(units), 1, figsize=(style.WIDTH, height), squeeze=False,
                                height_ratios=heights)
    for axis, (unit, rows) in zip(axes[:, 0], units.items()):
        bars(axis, rows, engines, data.get("engines"))
        axis.set_xlabel(ENDS.get(unit, unit), fontsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=len(labels), fontsize=8,
                  bbox_to_anchor=(0.995, 1 - 0.02 / height))
    style.caption(figure, name, height)
    style.footnote(figure, f"Shorter is better, unless said otherwise. {style.machine_line(data)}")
    figure.tight_layout(rect=(0, 0.15 / height, 1, 1 - 0.28 / height))
    style.save(figure, path)


def bars(axis, rows, engines, versions):
    group = 1.0
    bar = group * BAR / (BAR * len(engines) + GAP)
    present = [value for row in rows for value in row.values.values() if value > 0]
    low = min(present) / 1.6
    for place, engine in enumerate(engines):
        at, lengths, texts = [], [], []
        for i, row in enumerate(rows):
            value = row.values.get(engine)
            at.append(i + (place - (len(engines) - 1) / 2) * bar)
            lengths.append(max(value, low) if value is not None else low)
            texts.append("" if value is None else
                         short(value) + (" (cut)" if engine in row.cut else ""))
        axis.barh(at, [length - low for length in lengths], left=low, height=bar * 0.92,
                  color=style.colour(engine, engines), label=style.label(engine, versions))
        for y, length, text in zip(at, lengths, texts):
            axis.text(length * 1.03, y, text, va="center", fontsize=5.5)
    axis.set_xscale("log")
    axis.set_xlim(low, max(present) * 2)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_yticks(range(len(rows)))
    axis.set_yticklabels([row.work + (" (more is better)" if row.better == "higher" else "")
                          for row in rows], fontsize=7.5)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    few = max(present) * 2 < 10 * low  # else the powers of ten say enough
    axis.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if few else "")
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)


def ratio_picture(sets, data, path):
    lines = []  # (text, Row), or (title, None)
    for name, works in sets.items():
        rows = [row for row in works.values() if row.best_ratio()]
        if rows:
            lines += [(name, None)] + [(row.work, row) for row in rows]
    if not lines:
        print(f"no ratios: no row has a figure of {OWN} and of a peer")
        return
    rows = [row for _, row in lines if row]
    losses = sum(row.best_ratio() < 1 for row in rows)
    height = 0.165 * len(lines) + 1.1
    figure, axis = plt.subplots(figsize=(style.WIDTH, height))
    peers = [engine for engine in engines_of(sets) if engine != OWN]
    for y, (text, row) in enumerate(lines):
        if row:
            ratio_line(axis, y, row, peers)
    draw_marks(axis, lines, peers, data.get("engines"))
    axis.axvline(1, color=style.INK, linewidth=0.9)
    axis.set_xscale("log")
    reach = [ratio for row in rows for ratio in map(row.ratio, peers) if ratio]
    axis.set_xlim(min(0.4, min(reach) / 1.5), max(reach) * 1.6)
    axis.set_ylim(len(lines) - 0.4, -0.8)
    axis.set_yticks(range(len(lines)))
    for tick, (text, row) in zip(axis.set_yticklabels([text for text, _ in lines]), lines):
        tick.set_fontsize(7 if row else 8)
        tick.set_fontweight("normal" if row else "bold")
        if row and row.best_ratio() < 1:
            tick.set_color(style.LOSS)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("times better than the peer (right of 1: Nacre is ahead)", fontsize=8)
    style.caption(figure, f"Nacre : peers. Behind its best peer in {losses} of {len(rows)} rows",
                  height)
    style.footnote(figure, f"The bar: against the best peer of the row. {style.machine_line(data)}")
    axis.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(peers), fontsize=8,
                borderaxespad=0.2)
    figure.tight_layout(rect=(0, 0.15 / height, 1, 1 - 0.25 / height))
    style.save(figure, path)


def ratio_line(axis, y, row, peers):
    best = row.best_ratio()
    left, right = min(best, 1), max(best, 1)
    colour = style.LOSS if best < 1 else style.COLOURS[OWN]
    axis.barh(y, right - left, left=left, height=0.72, color=colour, alpha=0.85)
    # Behind the outermost mark, so that the figure covers none.
    ratios = [ratio for ratio in map(row.ratio, peers) if ratio]
    axis.text(max(ratios + [1]) * 1.06, y, short(best), va="center", fontsize=5.5, color=colour)


def draw_marks(axis, lines, peers, versions):
    for peer in peers:
        at = [(row.ratio(peer), y) for y, (_, row) in enumerate(lines) if row and row.ratio(peer)]
        axis.plot([x for x, _ in at], [y for _, y in at], linestyle="", markersize=4.2,
                  marker=style.MARKERS.get(peer, "o"), color=style.colour(peer, peers),
                  markeredgecolor="white", markeredgewidth=0.5,
                  label=style.label(peer, versions))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = style.load(sys.argv[1], "compare")
    sets = sets_of(data, sys.argv[1])
    for name, works in sets.items():
        file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if any(any(row.values.values()) for row in works.values()):
            set_picture(name, works, data, os.path.join(sys.argv[2], f"compare-{file}.svg"))
    ratio_picture(sets, data, os.path.join(sys.argv[2], "compare-ratios.svg"))


if __name__ == "__main__":
    main()
