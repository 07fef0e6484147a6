"""The figure of a tokenizer's vocabulary."""

from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.report.plots.style import COLOURS, LOOKS, STYLE, label_rows
from linguist.report.tokenizer import CLASS_LABELS
from linguist.statistics.thresholds import MUCH_UNKNOWN

LONGEST_SHOWN = 24  # characters; longer tokens share the last bin


@rc_context(STYLE)
def vocabulary_figure(report, published=None):
    """What a tokenizer's vocabulary is made of, the characters its tokens span by source, and their lengths by class.

    `report` is as from `vocabulary.describe_tokenizer`; `published` gives the paper's {class: share}, for a bar below ours.
    """
    bars = {"this vocabulary": {name: members["share"] for name, members in report["classes"].items()}}
    bars |= {"paper": published} if published else {}
    legend = [
        Line2D([], [], ms=5, lw=4, marker=LOOKS[i]["marker"], color=COLOURS[i], mew=0, label=label)
        for i, label in enumerate(CLASS_LABELS.values())
    ]
    rows = [0.26 * len(bars) + 0.5, 0.26 * len(report["sources"]) + 0.5]
    figure = Figure(figsize=(7.4, max(sum(rows), 2.1) + 0.4), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=rows, width_ratios=[1.15, 1])
    draw_composition(figure.add_subplot(grid[0, 0]), bars)
    draw_spans(figure.add_subplot(grid[1, 0]), report["sources"])
    draw_token_lengths(figure.add_subplot(grid[:, 1]), report["classes"])
    figure.legend(handles=legend, loc="outside upper left", ncols=len(legend))
    return figure


def draw_composition(axis, bars):
    """Stacked bars of shares that add up to 1: `bars` maps a label to {class: share}; shares too small are not labelled."""
    for row, shares in enumerate(bars.values()):
        left = 0
        for number, name in enumerate(CLASS_LABELS):
            share = shares.get(name, 0)
            axis.barh(row, share, 0.62, left=left, color=COLOURS[number], ec="white", lw=0.8)
            if share >= 0.06:
                look = {"color": "white" if number < 3 else "black", "ha": "center", "va": "center"}
                axis.text(left + share / 2, row, f"{share:.0%}", **look)
            left += share
    axis.set(xlim=(0, 1), xlabel="share of the vocabulary")
    label_rows(axis, [fill(label, 16) for label in bars])
    axis.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])


def draw_spans(axis, sources):
    """A bar for each source: characters per token, and the value at its end; hatched where tokens are [UNK]."""
    spans = [source["characters_per_token"] for source in sources.values()]
    for row, (span, source) in enumerate(zip(spans, sources.values(), strict=True)):
        hidden = source["unknown"] >= MUCH_UNKNOWN
        axis.barh(row, span, 0.62, fc="white" if hidden else "#999999", ec="#999999", hatch="////" if hidden else None)
        text = f"{span:.2f}" + (f" ({source['unknown']:.0%} [UNK])" if hidden else "")
        inside = span > 0.6 * max(spans) and hidden
        look = {"ha": "right" if inside else "left", "va": "center"}
        look |= {"bbox": {"fc": "white", "ec": "none", "pad": 1}} if inside else {}
        axis.annotate(text, (span, row), (-4 if inside else 3, 0), textcoords="offset points", **look)
    axis.set(xlim=(0, 1.22 * max(*spans, 1)), xlabel="characters per token")
    label_rows(axis, [fill(name, 16) for name in sources])


def draw_token_lengths(axis, classes):
    """How many tokens of each class have how many characters, on a logarithmic axis."""
    last = max([2, *(int(n) for members in classes.values() for n in members["lengths"])])
    last, cut = min(last, LONGEST_SHOWN), last > LONGEST_SHOWN
    for number, (name, members) in enumerate(classes.items()):
        counts = np.zeros(last + 1)
        for length, count in members["lengths"].items():
            counts[min(int(length), last)] += count
        at = np.flatnonzero(counts)
        look = LOOKS[number] | {"ms": 3.4, "lw": 1.1, "mew": 0}
        axis.plot(at, counts[at], **look, label=CLASS_LABELS[name])
    axis.set(yscale="log", ylim=(0.7, None), xlabel="length of a token (characters)", ylabel="tokens")
    ticks = [n for n in (1, 4, 8, 12, 16, 20) if n < last - 1] + [last]
    axis.set_xticks(ticks, [f"≥ {n}" if cut and n == last else f"{n}" for n in ticks])
    axis.grid(axis="y", color="#dddddd")
