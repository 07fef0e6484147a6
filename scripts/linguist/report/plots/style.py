"""What the figures have in common: style, colours, panels, and saving as a small, repeatable SVG."""

from math import ceil

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from linguist.files import atomic_path

LABELS = ("different", "same")
# Okabe and Ito's palette: distinct for colour-blind readers, and in grey print by lightness and marker.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FILLED, OUTLINED = {"color": COLOURS[4], "alpha": 0.75}, {"ec": COLOURS[0], "fc": "none", "lw": 1.3}  # as LABELS
LOOKS = [{"color": COLOURS[i], "marker": "osD^vPX"[(i + turn) % 7]} for turn in range(7) for i in range(7)]
# Text stays text: small, searchable, and measured in the widest font of the stack, so that no fallback overflows.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dna-linguist",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "text.parse_math": False,  # names and texts of a study are shown as they are written
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.edgecolor": "#888888",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def panels(count, across, size, legend):
    """A figure with `count` axes, `across` in a row, and the legend on top; `size` is a row's, in inches."""
    across = min(across, count)
    down = ceil(count / across)
    figure = Figure(figsize=(size[0], size[1] * down + 0.2 * ceil(len(legend) / 5) + 0.1), layout="constrained")
    axes = list(figure.subplots(down, across, squeeze=False).flat)
    for axis in axes[count:]:
        axis.remove()
    figure.legend(handles=legend, loc="outside upper left", ncols=min(5, len(legend)))
    return figure, axes[:count]


def label_rows(axis, names, margin=0.5, **ticks):
    """Name the rows 0, 1 … of an axis, from the top."""
    axis.set_ylim(len(names) - 1 + margin, -margin)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="y", length=0, **ticks)


def majority_legend():
    return Line2D([], [], marker="|", ms=9, mew=1.4, ls="", color="black", label="majority class")


def label_styles(count):
    """How the bars of so many labels look: the first filled, the others outlined."""
    lines = [{"ec": COLOURS[at], "ls": style} for style in ("-", "--", ":") for at in (0, 2, 6, 3, 1, 5)]
    outlined = [OUTLINED | lines[at % len(lines)] for at in range(count - 1)]
    return [FILLED, *outlined]


def label_legend(labels=LABELS):
    return [Patch(**style, label=label) for style, label in zip(label_styles(len(labels)), labels, strict=True)]


def rows_of_arm(summary, arm):
    return summary[(summary["model"] == arm[0]) & (summary["trainset"] == arm[1])]


def rows_of_arms(table, arms):
    return table[[arm in arms for arm in zip(table["model"], table["trainset"], strict=True)]]


@rc_context(STYLE)
def save(figure, path):
    """Write a figure as SVG, whole or not at all; the same figure gives the same bytes on any day."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
