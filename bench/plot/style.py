"""What all pictures share: colours, sizes, how input is checked and how a picture is written.

An SVG of the same input is the same bytes every time: no date, no random names. Text stays text,
so that it can be searched, and the file stays small. The width fits a page of a code host.
"""

import json
import os
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("the pictures need matplotlib: apt-get install python3-matplotlib (./x bench does so)")

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)

WIDTH = 9.2  # inches; about 880 pixels

# One colour per engine, in every picture, told apart by those who see red and green alike too.
COLOURS = {
    "nacre": "#0b7a75",
    "rocksdb": "#e07b39",
    "leveldb": "#8d99ae",
    "lmdb": "#5b5f97",
}
NAMES = {"nacre": "Nacre", "rocksdb": "RocksDB", "leveldb": "LevelDB", "lmdb": "LMDB"}
MARKERS = {"nacre": "o", "rocksdb": "s", "leveldb": "^", "lmdb": "D"}
OTHERS = ["#444444", "#a0522d", "#b565a7", "#17becf", "#9a9a00"]  # what is no engine
LOSS = "#c1121f"
INK = "#24292f"
FAINT = "#d0d7de"

plt.rcParams.update({
    "svg.fonttype": "none",
    "svg.hashsalt": "nacre",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eaeef2",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
})


def colour(name, others=()):
    """Of an engine; a name that is none gets one by its place among `others`."""
    if name in COLOURS:
        return COLOURS[name]
    others = [other for other in others if other not in COLOURS]
    return OTHERS[others.index(name) % len(OTHERS)] if name in others else OTHERS[0]


def label(name, versions=None):
    """`RocksDB 7.8.3`: the name as people write it, with the version where the file has one."""
    text = NAMES.get(name, name)
    version = (versions or {}).get(name)
    return f"{text} {version}" if version else text


def in_order(names):
    """Engines in the order of the colours, others behind them as they come."""
    known = [name for name in COLOURS if name in names]
    return known + [name for name in names if name not in COLOURS]


def stop(what):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {what}")


def load(path, benchmark):
    """The JSON of one run of `benchmark`, or the end with a message that says what is wrong."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        stop(f"{path}: {error.strerror}")
    except ValueError as error:
        stop(f"{path}: is not JSON: {error}")
    if not isinstance(data, dict) or data.get("benchmark") != benchmark:
        found = data.get("benchmark") if isinstance(data, dict) else None
        stop(f"{path}: is not a result of '{benchmark}' (its \"benchmark\" is {found!r})")
    for key, kind in (("command", str), ("machine", dict), ("settings", dict), ("results", list)):
        need(data, key, kind, path)
    if not data["results"]:
        stop(f"{path}: has no results")
    return data


def need(holder, key, kind, where):
    """holder[key], which must be of that kind (a type, or several)."""
    if not isinstance(holder, dict) or key not in holder:
        stop(f'{where}: "{key}" is missing')
    value = holder[key]
    if isinstance(value, bool) or not isinstance(value, kind):
        stop(f'{where}: "{key}" is {value!r}, which is no '
             f'{getattr(kind, "__name__", "number")}')
    return value


NUMBER = (int, float)


def machine_line(data):
    """`2 cores of ..., 23 GiB, Linux ...`: under every picture and table."""
    machine = data["machine"]
    cores = machine.get("cores", "?")
    parts = [f"{cores} cores of {machine.get('cpu', 'an unknown processor')}"]
    if isinstance(machine.get("memory_gib"), NUMBER):
        parts.append(f"{machine['memory_gib']:.0f} GiB")
    if machine.get("kernel"):
        parts.append(f"Linux {str(machine['kernel']).removeprefix('Linux ')}")
    return ", ".join(parts)


def caption(figure, text, top):
    """A title over the whole picture; `top` is the height of the picture in inches."""
    figure.text(0.01, 1 - 0.06 / top, text, ha="left", va="top", fontsize=11, fontweight="bold")


def footnote(figure, text):
    figure.text(0.01, 0.005, text, ha="left", va="bottom", fontsize=7.5, color="#57606a")


def save(figure, path):
    """Writes the picture; says so. Trailing blanks go: sources must not have any."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(line.rstrip() for line in text.splitlines()) + "\n")
    print(path)


def write_page(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.rstrip() + "\n")
    print(path)


def short(value):
    """A figure with as many digits as help: 0.0312, 1.04, 12.3, 1,392."""
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 0.1:
        return f"{value:.2f}"
    return f"{value:.3f}"


def duration(micros):
    """100 -> 100 us, 20000 -> 20 ms: for axes."""
    for unit, name in ((1e6, "s"), (1e3, "ms"), (1, "us")):
        if micros >= unit:
            return f"{micros / unit:g} {name}"
    return f"{micros * 1e3:g} ns"


def millions(value):
    """100000000 -> 100 M."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g} {name}"
    return f"{value:g}"


def table(head, rows, left=1):
    """A Markdown table; the first `left` columns are words, the rest are figures."""
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join("---" if i < left else "---:" for i in range(len(head))) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
