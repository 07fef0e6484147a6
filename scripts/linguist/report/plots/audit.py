"""The figure of the audit of a pair set or task."""

from math import ceil
from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.kinds import KINDS
from linguist.pairs.store import SIDES
from linguist.report.audit import scored
from linguist.report.plots.style import (
    COLOURS,
    STYLE,
    label_legend,
    label_rows,
    label_styles,
    majority_legend,
)

BASELINE_LOOKS = {  # by whether a baseline uses the order of letters
    False: {"marker": "o", "color": COLOURS[1], "mfc": COLOURS[1], "mew": 1.1, "ms": 5},
    True: {"marker": "D", "color": COLOURS[0], "mfc": "white", "mew": 1.1, "ms": 5},
}


@rc_context(STYLE)
def audit_figure(audit):
    """Distributions by label, and below them the accuracy of baselines.

    `audit` is an audit.json. Baselines without order information are filled circles, others hollow diamonds; the line is
    majority-class accuracy.
    """
    shown = audit["distributions"]
    baselines = scored(audit)
    down = ceil(len(shown) / 4)
    across = ceil(len(shown) / max(1, down))  # rows of even length
    foot = 0.21 * len(baselines) + 0.55 if baselines else 0
    legend = label_legend(audit["labels"]) if shown else []
    for uses_order in sorted({baseline["uses_order"] for baseline in baselines}):
        label = f"baseline {'with' if uses_order else 'without'} order information"
        legend.append(Line2D([], [], lw=1.4, label=label, **BASELINE_LOOKS[uses_order]))
    if baselines:
        legend.append(majority_legend())
    figure = Figure(figsize=(8.8, 1.85 * down + foot + 0.35), layout="constrained")
    if not legend:
        figure.text(0.01, 0.5, "The test split has no pairs.", va="center")
        return figure
    heights = [1.85] * down + [foot] * bool(baselines)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for row in range(down):
        cells = grid[row].subgridspec(1, across)
        for column, distribution in enumerate(shown[across * row : across * (row + 1)]):
            axis = figure.add_subplot(cells[column])
            draw_distribution(axis, distribution)
            if column == 0:
                axis.set_ylabel("share within label")
    if baselines:
        test = audit["splits"]["test"]
        axis = figure.add_subplot(grid[down])
        draw_baselines(axis, baselines, max(test["classes"]) / test["rows"])
    figure.legend(handles=legend, loc="outside upper left", ncols=min(5, len(legend)))
    return figure


def draw_distribution(axis, distribution):
    """Histogram of one quantity by label, each label's bars adding up to 1, and its mean as a mark above them."""
    whole = distribution["unit"] in {kind.unit for kind in KINDS.values()}  # is counted
    edges = np.asarray(distribution["edges"]) - 0.5 * whole
    parts = zip(label_styles(len(distribution["counts"])), distribution["counts"], distribution["means"], strict=True)
    for number, (style, counts, mean) in enumerate(parts):
        axis.stairs(np.asarray(counts, float) / max(sum(counts), 1), edges, fill=number == 0, **style)
        if mean is not None:
            look = {"mfc": style.get("color", "none"), "mec": style.get("ec", style.get("color")), "ms": 5}
            place = {"transform": axis.get_xaxis_transform(), "clip_on": False}
            axis.plot(mean, 1.03, "^" if number else "v", **look, **place)
    side = f" of {distribution['side']}" if distribution["side"] in SIDES else ""
    axis.set_title(f"{distribution['name']}{side}", pad=9)
    axis.set(xlabel=fill(distribution["unit"], 30), ylim=(0, None))
    axis.margins(x=0.05 if len(edges) > 2 else 0.5)
    axis.locator_params(axis="x", nbins=4, integer=whole)
    axis.locator_params(axis="y", nbins=4)


def draw_baselines(axis, baselines, majority):
    """Accuracy of each baseline with its interval, a row each, with its numbers at the right."""
    for row, baseline in enumerate(baselines):
        look = BASELINE_LOOKS[baseline["uses_order"]]
        axis.hlines(row, baseline["low"], baseline["high"], color=look["color"], lw=1.4, zorder=2)
        axis.plot(baseline["accuracy"], row, ls="", zorder=3, **look)
        text = f"{baseline['accuracy']:.3f} [{baseline['low']:.3f}–{baseline['high']:.3f}]"
        axis.text(1.02, row, text, transform=axis.get_yaxis_transform(), va="center")
    axis.axvline(majority, color="black", lw=1.4, zorder=1)
    lows = [baseline["low"] for baseline in baselines]
    axis.set(xlim=(min(0.45, *lows) - 0.01, 1.01), xlabel="accuracy on the test split")
    label_rows(axis, [baseline["name"] for baseline in baselines])
    axis.grid(axis="x", color="#dddddd")
