"""Figures of a study: one function each from a table to a Figure, and how a Figure becomes a small, repeatable SVG."""

from itertools import islice
from math import ceil
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from linguist.files import atomic_path
from linguist.metrics import read_predictions
from linguist.plan import UNTRAINED

LABELS = ("different", "same")
INK, FAINT = "#222222", "#e9e9e9"
# Okabe and Ito's palette: told apart by colour-blind readers, and by lightness and marker in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX<>"
SIDES = {  # kind of pair set: what each panel of lengths shows, and which sides it counts
    "sentence": [("characters", ("sentence1", "sentence2"))],
    "dna": [("bp", ("sentence1", "sentence2"))],
    "protein": [("residues", ("sentence1", "sentence2"))],
    "coding": [("bp of the DNA", ("sentence1",)), ("residues of the protein", ("sentence2",))],
}
# Text stays text: small, searchable, and measured in the widest font of the stack, so that no fallback overflows.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dna-linguist",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


@rc_context(STYLE)
def save(figure, path):
    """Write a figure as SVG, whole or not at all; the same figure gives the same bytes on any day."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))


def count_confusions(tests, runs):
    """Confusion counts pooled over seeds: a row per (model, trainset, test) with columns tn, fp, fn, tp.

    Args as for `metrics.compute_metrics`: `runs` lists (model, trainset, seed, path of predictions).
    """
    counts = {}
    for model, trainset, _, path in runs:
        predictions = read_predictions(path)
        truth, called = predictions["label"], (predictions["score1"] - predictions["score0"] > 0).astype(int)
        cells = pd.Series(2 * truth + called).groupby(predictions["test"])
        for test, cell in cells:
            key = (model, trainset, test)
            counts[key] = counts.get(key, 0) + np.bincount(cell, minlength=4)
    # The runs' order, then that of the study's tests, however the files are ordered.
    cells = dict.fromkeys((model, trainset, test) for model, trainset, _, _ in runs for test in tests)
    rows = [(*key, *counts[key]) for key in cells]
    return pd.DataFrame(rows, columns=["model", "trainset", "test", "tn", "fp", "fn", "tp"])


def draw_confusion(axis, counts):
    """A 2 × 2 matrix of counts [[tn, fp], [fn, tp]]: rows are the truth, shaded by their share of the row."""
    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1.25, edgecolors="white", linewidth=1.5)
    for (truth, called), count in np.ndenumerate(counts):
        ink = "white" if shares[truth, called] > 0.75 else INK
        place = {"ha": "center", "color": ink}
        axis.text(called + 0.5, truth + 0.47, f"{count}", va="bottom", weight="bold", **place)
        axis.text(called + 0.5, truth + 0.55, f"{shares[truth, called]:.0%}", va="top", size=7, **place)
    axis.set(xlim=(0, 2), ylim=(2, 0), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


@rc_context(STYLE)
def confusion_figure(counts, columns=7):
    """Confusion matrices, models down and tests across, a block for each training set (paper 1, Figs. 2 and 3).

    `counts` is as from `count_confusions`; untrained controls are left out. More than `columns` tests are wrapped.
    """
    counts = counts[counts["trainset"] != UNTRAINED].set_index(["trainset", "model", "test"])
    trainsets, models, tests = (list(counts.index.unique(level)) for level in range(3))
    columns = ceil(len(tests) / ceil(len(tests) / columns))
    blocks = [(t, tests[at : at + columns]) for t in trainsets for at in range(0, len(tests), columns)]
    names = {model: fill(model, 16) for model in models}
    # All in inches from the top left, then laid out by hand: no layout engine keeps small cells equal.
    left = 0.85 + 0.075 * max(len(line) for name in names.values() for line in name.split("\n"))
    cell, step, head, foot = 1.0, 1.08, 0.5, 0.3
    width, height = max(left + step * columns, 4.2), len(blocks) * (head + foot + step * len(models))
    figure = Figure(figsize=(width, height))
    top = 0
    for trainset, shown in blocks:
        figure.text(0.1 / width, 1 - (top + 0.15) / height, f"fine-tuned on {trainset}", weight="bold", va="center")
        for row, model in enumerate(models):
            for column, test in enumerate(shown):
                if (trainset, model, test) not in counts.index:
                    continue
                x, y = left + step * column, top + head + step * row
                axis = figure.add_axes((x / width, 1 - (y + cell) / height, cell / width, cell / height))
                tn, fp, fn, tp = counts.loc[(trainset, model, test), ["tn", "fp", "fn", "tp"]]
                draw_confusion(axis, [[tn, fp], [fn, tp]])
                if row == 0:
                    axis.set_title(test, pad=3)
                if row == len(models) - 1:
                    axis.set_xticks([0.5, 1.5], LABELS, size=7)
                if column == 0:
                    axis.set_yticks([0.5, 1.5], LABELS, size=7)
                    axis.text(-0.85, 1, names[model], ha="right", va="center")
                axis.tick_params(length=0, pad=2)
        top += head + foot + step * len(models)
    return figure


@rc_context(STYLE)
def accuracy_figure(summary, metrics):
    """For each test a point per model: mean accuracy over seeds with its interval; the study's main figure.

    Single seeds are faint dots, the untrained control is hollow, the majority share a bar across the test's band. One
    panel for each training set. Args: tables as from `metrics.summarize` and `metrics.compute_metrics`.
    """
    tests, models = list(summary["test"].unique()), list(summary["model"].unique())
    trainsets = [t for t in summary["trainset"].unique() if t != UNTRAINED]
    across = min(3, len(trainsets))
    down = ceil(len(trainsets) / across)
    panel = len(tests) * max(0.3, 0.15 * len(models) + 0.08)
    figure = Figure(figsize=(8.8, down * (panel + 0.5) + 0.3 * ceil((len(models) + 3) / 5) + 0.2), layout="constrained")
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).flat
    values = pd.concat([summary["low"], summary["high"], summary["majority"], metrics["accuracy"]])
    reach = (np.floor(values.min() * 20 - 0.2) / 20, np.ceil(values.max() * 20 + 0.2) / 20)
    for axis, trainset in zip(axes, trainsets, strict=False):
        for band, test in enumerate(tests):
            axis.axhspan(band - 0.5, band + 0.5, color="#f5f5f5" if band % 2 else "white", lw=0, zorder=0)
            majority = summary.loc[summary["test"] == test, "majority"].iloc[0]
            axis.vlines(majority, band - 0.46, band + 0.46, color=INK, lw=1.4, zorder=1)
        for number, model in enumerate(models):
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            lane = (number + 0.5) / len(models) * 0.76 - 0.38
            for shown, trained in ((UNTRAINED, False), (trainset, True)):
                chosen = (summary["model"] == model) & (summary["trainset"] == shown)
                runs = metrics[(metrics["model"] == model) & (metrics["trainset"] == shown)]
                mean = summary[chosen]
                y = mean["test"].map(tests.index) + lane
                if trained:
                    dots = runs["test"].map(tests.index) + lane
                    axis.plot(runs["accuracy"], dots, "o", color=colour, alpha=0.35, ms=2.6, mew=0, zorder=3)
                axis.hlines(
                    y, mean["low"], mean["high"], color=colour, lw=1.4 if trained else 0.7, alpha=1 if trained else 0.6
                )
                face = colour if trained else "white"
                axis.plot(
                    mean["accuracy"], y, marker, color=colour, mfc=face, mew=0.9, ms=4.6 if trained else 4, zorder=4
                )
        axis.set_title(f"fine-tuned on {trainset}", loc="left")
        axis.set(xlim=np.clip(reach, 0, 1.005), ylim=(len(tests) - 0.5, -0.5), xlabel="accuracy")
        axis.set_yticks(range(len(tests)), tests)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x", color=FAINT)
    for axis in axes[len(trainsets) :]:
        axis.remove()
    plain = {"ls": "", "color": "#666666"}
    legend = [
        Line2D([], [], ls="", marker=MARKERS[i % len(MARKERS)], color=COLOURS[i % len(COLOURS)], ms=4.6, label=model)
        for i, model in enumerate(models)
    ]
    legend.append(Line2D([], [], marker="o", ms=2.6, alpha=0.6, label="single seed", **plain))
    if UNTRAINED in set(summary["trainset"]):
        legend.append(Line2D([], [], marker="o", mfc="white", ms=4, label="untrained control", **plain))
    legend.append(Line2D([], [], marker="|", ms=9, mew=1.4, color=INK, ls="", label="majority share"))
    figure.legend(handles=legend, loc="outside upper left", ncols=min(5, len(legend)))
    return figure


@rc_context(STYLE)
def length_figure(pairsets):
    """Histograms of sequence lengths by label, a panel for each pair set and unit (paper 1, Fig. 4).

    `pairsets` maps a name to (kind, pairs as from `pairs.read_pairs`). A side counts as one sequence.
    """
    panels = [(name, *side, pairs) for name, (kind, pairs) in pairsets.items() for side in SIDES[kind]]
    across = min(4, len(panels))
    down = ceil(len(panels) / across)
    figure = Figure(figsize=(max(2.2 * across, 4.2), 1.65 * down + 0.3), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).flat
    for axis, (name, unit, sides, pairs) in zip(axes, panels, strict=False):
        lengths = [
            np.concatenate([pairs.loc[pairs["label"] == label, side].str.len() for side in sides]) for label in (0, 1)
        ]
        low, high = min(map(min, filter(len, lengths))), max(map(max, filter(len, lengths)))
        width = max(1, ceil((high - low + 1) / 24))
        bins = np.arange(low, high + width + 1, width) - 0.5
        axis.hist(lengths[0], bins, color=COLOURS[4], alpha=0.75, label=LABELS[0])
        axis.hist(lengths[1], bins, color=COLOURS[0], histtype="step", lw=1.3, label=LABELS[1])
        axis.set(title=name, xlabel=unit, xlim=(min(low - 2, bins[0]), max(high + 2, bins[-1])))
        axis.locator_params(axis="both", nbins=4, integer=True)
    for axis in islice(axes, len(panels), None):
        axis.remove()
    figure.supylabel("sequences", size=8)
    handles = [Patch(color=COLOURS[4], alpha=0.75), Patch(ec=COLOURS[0], fc="none", lw=1.3)]
    figure.legend(handles, LABELS, loc="outside upper left", ncols=2)
    return figure
