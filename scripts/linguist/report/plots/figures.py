"""Figures of a study: one function each from a table to a Figure, and how a Figure becomes a small, repeatable SVG."""

from math import ceil
from textwrap import fill, wrap

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from linguist.config.plan import AXES, CONTROLS, control_of, is_control
from linguist.files import atomic_path
from linguist.training.predictions import read_predictions

LABELS = ("different", "same")
# Okabe and Ito's palette: told apart by colour-blind readers, and by lightness and marker in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FILLED, OUTLINED = {"color": COLOURS[4], "alpha": 0.75}, {"ec": COLOURS[0], "fc": "none", "lw": 1.3}  # as LABELS
LOOKS = [{"color": COLOURS[i], "marker": "osD^vPX"[(i + turn) % 7]} for turn in range(7) for i in range(7)]
SCORES = {  # of a baseline that is shallow, and of one that is not
    True: {"marker": "o", "color": COLOURS[1], "mfc": COLOURS[1], "mew": 1.1, "ms": 5},
    False: {"marker": "D", "color": COLOURS[0], "mfc": "white", "mew": 1.1, "ms": 5},
}
SIDES = {  # kind of pair set: what each panel of lengths shows, and which sides it counts
    "sentence": [("characters", ("sentence1", "sentence2"))],
    "dna": [("bp", ("sentence1", "sentence2"))],
    "protein": [("residues", ("sentence1", "sentence2"))],
    "coding": [("bp of the DNA", ("sentence1",)), ("residues of the protein", ("sentence2",))],
}
WHOLE = ("characters", "bp", "residues")  # units that are counted
# Text stays text: small, searchable, and measured in the widest font of the stack, so that no fallback overflows.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dna-linguist",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
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


@rc_context(STYLE)
def save(figure, path):
    """Write a figure as SVG, whole or not at all; the same figure gives the same bytes on any day."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))


def count_confusions(tests, runs):
    """Confusion counts pooled over seeds: a row per (model, trainset, test) with columns tn, fp, fn, tp.

    Args as for `metrics.compute_metrics`: `runs` lists (model, trainset, seed, path of predictions).
    """
    counts = {(model, trainset, test): np.zeros(4, int) for model, trainset, _, _ in runs for test in tests}
    for model, trainset, _, path in runs:
        predictions = read_predictions(path)
        called = predictions["score1"] - predictions["score0"] > 0
        for test, cells in (2 * predictions["label"] + called).groupby(predictions["test"]):
            if test in tests:
                counts[model, trainset, test] += np.bincount(cells, minlength=4)
    columns = ["model", "trainset", "test", "tn", "fp", "fn", "tp"]
    return pd.DataFrame([(*key, *cells) for key, cells in counts.items()], columns=columns)


def draw_confusion(axis, counts):
    """A 2 × 2 matrix of counts [[tn, fp], [fn, tp]]: rows are the truth, shaded by their share of the row."""
    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1.25, edgecolors="white", linewidth=1.5)
    for (truth, called), count in np.ndenumerate(counts):
        place = {"ha": "center", "color": "white" if shares[truth, called] > 0.75 else "black"}
        axis.text(called + 0.5, truth + 0.47, f"{count}", va="bottom", weight="bold", **place)
        axis.text(called + 0.5, truth + 0.55, f"{shares[truth, called]:.0%}", va="top", size=7, **place)
    axis.set(xlim=(0, 2), ylim=(2, 0), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


@rc_context(STYLE)
def confusion_figure(counts, columns=7):
    """Confusion matrices, models down and tests across, a block for each training set (paper 1, Figs. 2 and 3).

    `counts` is as from `count_confusions`; controls are left out. More than `columns` tests are wrapped.
    """
    counts = counts[[not is_control(*arm) for arm in zip(counts["model"], counts["trainset"], strict=True)]]
    counts = counts.set_index(["trainset", "model", "test"])
    trainsets, models, tests = (list(counts.index.unique(level)) for level in range(3))
    columns = ceil(len(tests) / ceil(len(tests) / columns))
    blocks = [(t, tests[at : at + columns]) for t in trainsets for at in range(0, len(tests), columns)]
    # All in inches from the top left, then laid out by hand: no layout engine keeps small cells equal.
    left = 0.75 + 0.067 * max(len(line) for model in models for line in wrap(model, 16))
    cell, step, head, foot = 1.0, 1.08, 0.5, 0.3
    width, height = max(left + step * columns, 5.2), len(blocks) * (head + foot + step * len(models))
    figure, top = Figure(figsize=(width, height)), 0
    for trainset, shown in blocks:
        y, hint = 1 - (top + 0.15) / height, "rows: truth · columns: prediction · all seeds"
        figure.text(0.1 / width, y, f"fine-tuned on {trainset}", weight="bold")
        figure.text(1 - 0.1 / width, y, hint, ha="right", color="#666666")
        top += head
        for model in models:
            for column, test in enumerate(shown):
                x, y = (left + step * column) / width, 1 - (top + cell) / height
                axis = figure.add_axes((x, y, cell / width, cell / height))
                draw_confusion(axis, counts.loc[(trainset, model, test)].to_numpy().reshape(2, 2))
                axis.tick_params(length=0, pad=2)
                if model == models[0]:
                    axis.set_title(fill(test, 15), pad=3)
                if model == models[-1]:
                    axis.set_xticks([0.5, 1.5], LABELS, size=7)
                if column == 0:
                    axis.set_yticks([0.5, 1.5], LABELS, size=7)
                    axis.text(-1.15, 1, fill(model, 16), ha="right", va="center")
            top += step
        top += foot
    return figure


def draw_accuracy(axis, summary, metrics, trainset, models):
    """Points of one training set: a band for each test, and in it a lane for each model."""
    tests = list(summary["test"].unique())
    for band, (_, majority) in enumerate(summary.groupby("test", sort=False)["majority"].first().items()):
        axis.axhspan(band - 0.5, band + 0.5, color="#f4f4f4" if band % 2 else "white", lw=0, zorder=0)
        axis.vlines(majority, band - 0.46, band + 0.46, color="black", lw=1.4, zorder=1)
    for number, model in enumerate(models):
        colour, marker = LOOKS[number].values()
        lane, apart = ((number + 0.5) / len(models) - 0.5) * 0.8, 0.22 / len(models)
        for control in CONTROLS:
            mean = rows_of_arm(summary, control_of(control, model, trainset))
            y = mean["test"].map(tests.index).astype(float) + lane - apart  # without the control, no rows and no type
            axis.hlines(y, mean["low"], mean["high"], color=colour, lw=0.5, alpha=0.6, zorder=3)
            axis.plot(mean["accuracy"], y, HOLLOW[control], color=colour, mfc="white", mew=0.8, ms=3.6, zorder=4)
        mean = rows_of_arm(summary, (model, trainset))
        y = mean["test"].map(tests.index) + lane
        axis.hlines(y, mean["low"], mean["high"], color=colour, lw=1.4, zorder=3)
        axis.plot(mean["accuracy"], y, marker, color=colour, mew=0.9, ms=4.6, zorder=4)
        runs = metrics[(metrics["model"] == model) & (metrics["trainset"] == trainset)]
        dots = runs["test"].map(tests.index) + lane + apart
        axis.plot(runs["accuracy"], dots, "o", color=colour, alpha=0.45, ms=2.8, mew=0, zorder=2)
    axis.set_title(f"fine-tuned on {trainset}", loc="left")
    axis.set(ylim=(len(tests) - 0.5, -0.5), xlabel="accuracy")
    axis.set_yticks(range(len(tests)), tests)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#dddddd")


HOLLOW = dict(zip(CONTROLS, "ox+v", strict=True))  # markers of controls


def rows_of_arm(summary, arm):
    return summary[(summary["model"] == arm[0]) & (summary["trainset"] == arm[1])]


@rc_context(STYLE)
def accuracy_figure(summary, metrics):
    """For each test a point per model: mean accuracy over seeds with its interval; the study's main figure.

    Single seeds are faint dots, controls small marks above, the majority share a bar across the test's band. One panel for
    each training set. Args: tables as from `metrics.summarize` and `metrics.compute_metrics`.
    """
    arms = list(dict.fromkeys(zip(summary["model"], summary["trainset"], strict=True)))
    claimed = [arm for arm in arms if not is_control(*arm)]
    models, trainsets = (list(dict.fromkeys(names)) for names in zip(*claimed, strict=True))
    tests = summary["test"].nunique()
    plain = {"ls": "", "color": "#666666"}
    handles = [Line2D([], [], ls="", ms=4.6, label=model, **LOOKS[i]) for i, model in enumerate(models)]
    handles.append(Line2D([], [], marker="o", ms=2.8, mew=0, alpha=0.7, label="single seed", **plain))
    for control, marker in HOLLOW.items():
        if any(control_of(control, *arm) in arms for arm in claimed):
            handles.append(Line2D([], [], marker=marker, mfc="white", ms=4, label=f"control: {control}", **plain))
    handles.append(Line2D([], [], marker="|", ms=9, mew=1.4, ls="", color="black", label="majority share"))
    height = tests * max(0.3, 0.16 * len(models) + 0.08) + 0.55
    figure, axes = panels(len(trainsets), 3, (8.8, height), legend=handles)
    reached = pd.concat([summary["low"], summary["high"], summary["majority"], metrics["accuracy"]])
    limits = np.clip([np.floor(reached.min() * 20 - 0.2) / 20, np.ceil(reached.max() * 20 + 0.2) / 20], 0, 1.005)
    for number, (axis, trainset) in enumerate(zip(axes, trainsets, strict=True)):
        draw_accuracy(axis, summary, metrics, trainset, models)
        axis.set_xlim(limits)
        axis.tick_params(labelleft=number % 3 == 0)
    return figure


@rc_context(STYLE)
def curves_figure(summary, curves):
    """Accuracy and AUROC along a rising divergence or length: a panel for each curve and training set, a line for each model.

    Args: the table of `metrics.summarize`; `curves` maps (key, group) to {test: place}, as from `plan.curves_of`.
    """
    arms = dict.fromkeys(zip(summary["model"], summary["trainset"], strict=True))
    claimed = [arm for arm in arms if not is_control(*arm)]
    models, trainsets = (list(dict.fromkeys(names)) for names in zip(*claimed, strict=True))
    shown = [(t, *curve, places) for curve, places in curves.items() for t in trainsets]
    grey = {"color": "#444444", "lw": 1.2}
    legend = [Line2D([], [], ms=4.6, lw=1.2, label=model, **LOOKS[i]) for i, model in enumerate(models)]
    legend += [Line2D([], [], **grey, label="accuracy"), Line2D([], [], ls=":", **grey, label="AUROC")]
    legend.append(Line2D([], [], color="black", lw=1.2, ls=(0, (6, 2)), label="majority share"))
    figure, axes = panels(len(shown), 3, (max(2.9 * min(3, len(shown)), 5.2), 2.3), legend)
    for axis, (trainset, key, group, places) in zip(axes, shown, strict=True):
        for number, model in enumerate(models):
            rows = rows_of_arm(summary, (model, trainset))
            rows = rows[rows["test"].isin(places)]
            at = rows["test"].map(places)
            rows, at = rows.iloc[np.argsort(at, kind="stable")], np.sort(at)
            colour, marker = LOOKS[number].values()
            apart = (number - (len(models) - 1) / 2) * 0.012 * np.ptp(list(places.values()))
            ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["accuracy"].to_numpy())
            axis.errorbar(
                at + apart, rows["accuracy"], ends, color=colour, marker=marker, ms=4.2, lw=1.2, elinewidth=0.8
            )
            axis.plot(at + apart, rows["auroc"], ":", color=colour, lw=1.2)
        majority = summary[summary["test"].isin(places)].groupby("test")["majority"].first()
        at = sorted(places, key=places.get)
        axis.plot([places[t] for t in at], majority[at], color="black", lw=1.2, ls=(0, (6, 2)), zorder=1)
        unit = AXES[key] + (f", {'residues' if group.startswith('protein') else 'bp'}" if key == "length" else "")
        axis.set_title(f"{group}\ntrained on {trainset}", loc="left")
        axis.set(xlabel=unit, ylabel="share", xticks=sorted(set(places.values())))
        axis.grid(axis="y", color="#dddddd")
    return figure


@rc_context(STYLE)
def seeds_figure(metrics):
    """Accuracy of every run along the seeds, a panel for each (model, training set), a line for each test, and at its end the
    mean ± sd (paper 1, Figs. 5 and 7).

    `metrics` is the table of `metrics.compute_metrics`; controls are left out.
    """
    arms = dict.fromkeys(zip(metrics["model"], metrics["trainset"], strict=True))
    shown, tests = [arm for arm in arms if not is_control(*arm)], list(metrics["test"].unique())
    legend = [Line2D([], [], ms=4, lw=1.1, mew=0, label=test, **LOOKS[i]) for i, test in enumerate(tests)]
    figure, axes = panels(len(shown), 2, (4.4 * min(2, len(shown)), 2.4), legend)
    for axis, arm in zip(axes, shown, strict=True):
        rows = rows_of_arm(metrics, arm)
        for number, test in enumerate(tests):
            line = rows[rows["test"] == test].sort_values("seed")
            places = np.arange(len(line))
            axis.plot(places, line["accuracy"], ms=4, lw=1.1, mew=0, **LOOKS[number])
            spread = line["accuracy"].std(ddof=1)
            axis.errorbar(len(line) + 0.16 * number, line["accuracy"].mean(), spread, ms=4, capsize=2, **LOOKS[number])
        axis.set_xticks([*places, len(places) + 0.08 * (len(tests) - 1)], [*line["seed"], "mean\n± sd"])
        axis.set_title(f"{arm[0]}, fine-tuned on {arm[1]}", loc="left")
        axis.set(xlabel="seed", ylabel="accuracy")
        axis.grid(axis="y", color="#dddddd")
    return figure


CODES = {  # of `claims.CLAIMS`: how a claim's lead is drawn
    "supported": {"color": COLOURS[2], "mfc": COLOURS[2], "marker": "o"},
    "ranks": {"color": COLOURS[4], "mfc": "white", "marker": "D"},
    "not supported": {"color": COLOURS[1], "mfc": "white", "marker": "X"},
    "unrepeated": {"color": COLOURS[5], "mfc": "white", "marker": "s"},
    "uncontrolled": {"color": COLOURS[3], "mfc": "white", "marker": "^"},
}


@rc_context(STYLE)
def leads_figure(claims):
    """The weakest lead of every claim of all studies, a row each under its study's name, with the rival's name.

    `claims` maps studies to tables of `claims.judge_claims`.
    """
    lines = []
    for study, table in claims.items():
        lines.append((study, None))
        lines += [(f"{row['model']}, {row['trainset']} → {row['group']}", row) for row in table.to_dict("records")]
    figure = Figure(figsize=(8.8, 0.17 * max(1, len(lines)) + 0.8), layout="constrained")
    axis, found = figure.subplots(), set()
    for at, (_, row) in enumerate(lines):
        if row is not None:
            look = CODES[row["code"]]
            found.add(row["code"])
            axis.hlines(at, row["low"], row["high"], color=look["color"], lw=1.3)
            axis.plot(row["difference"], at, ls="", ms=4.6, mew=1.1, **look)
            axis.text(1.01, at, row["against"], transform=axis.get_yaxis_transform(), va="center", size=7)
    axis.axvline(0, color="black", lw=1.2, zorder=1)
    axis.set(ylim=(len(lines) - 0.4, -0.6), xlabel="weakest lead in accuracy over the majority share and the controls")
    axis.set_yticks(range(len(lines)), [name for name, _ in lines])
    for label, (_, row) in zip(axis.get_yticklabels(), lines, strict=True):
        label.set_weight("bold" if row is None else "normal")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#dddddd")
    handles = [
        Line2D([], [], ls="", ms=4.6, mew=1.1, label=code, **look) for code, look in CODES.items() if code in found
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure


def label_legend():
    return [Patch(**style, label=label) for style, label in zip((FILLED, OUTLINED), LABELS, strict=True)]


@rc_context(STYLE)
def length_figure(pairsets):
    """Histograms of sequence lengths by label, a panel for each pair set and unit (paper 1, Fig. 4).

    `pairsets` maps a name to (kind, pairs as from `pairs.read_pairs`). A side counts as one sequence.
    """
    shown = [(name, *side, pairs) for name, (kind, pairs) in pairsets.items() for side in SIDES[kind]]
    figure, axes = panels(len(shown), 4, (max(2.2 * min(4, len(shown)), 4.2), 1.65), label_legend())
    for axis, (name, unit, sides, pairs) in zip(axes, shown, strict=True):
        lengths = pairs[list(sides)].apply(lambda side: side.str.len())
        low, high = lengths.min(axis=None), lengths.max(axis=None)
        width = max(1, ceil((high - low + 1) / 24))
        bins = np.arange(low, high + width + 1, width) - 0.5
        different, same = (lengths[pairs["label"] == label].to_numpy().ravel() for label in (0, 1))
        axis.hist(different, bins, **FILLED)
        axis.hist(same, bins, histtype="step", **OUTLINED)
        axis.set(title=name, xlabel=unit, xlim=(bins[0] - 1.5, bins[-1] + 1.5))
        axis.locator_params(nbins=4, integer=True)
    axes[0].set_ylabel("sequences")
    return figure


def draw_distribution(axis, distribution):
    """Histogram of one quantity by label, each label's bars adding up to 1, and its mean as a mark above them."""
    whole = distribution["unit"] in WHOLE
    edges = np.asarray(distribution["edges"]) - 0.5 * whole
    for label, style in zip(LABELS, (FILLED, OUTLINED), strict=True):
        counts = np.asarray(distribution[label], float)
        axis.stairs(counts / max(counts.sum(), 1), edges, fill=label == "different", **style)
        if distribution[f"mean_{label}"] is not None:
            look = {"mfc": style.get("color", "none"), "mec": style.get("ec", style.get("color")), "ms": 5}
            place = {"transform": axis.get_xaxis_transform(), "clip_on": False}
            axis.plot(distribution[f"mean_{label}"], 1.03, "v" if label == "different" else "^", **look, **place)
    side = "" if distribution["side"] == "both" else f" of {distribution['side']}"
    axis.set_title(f"{distribution['name']}{side}", pad=9)
    axis.set(xlabel=fill(distribution["unit"], 30), ylim=(0, None))
    axis.margins(x=0.05 if len(edges) > 2 else 0.5)
    axis.locator_params(axis="x", nbins=4, integer=whole)
    axis.locator_params(axis="y", nbins=4)


def draw_baselines(axis, baselines, majority):
    """Accuracy of each baseline with its interval, a row each, and its figures at the right."""
    for row, baseline in enumerate(baselines):
        look = SCORES[baseline["shallow"]]
        axis.hlines(row, baseline["low"], baseline["high"], color=look["color"], lw=1.4, zorder=2)
        axis.plot(baseline["accuracy"], row, ls="", zorder=3, **look)
        text = f"{baseline['accuracy']:.3f} [{baseline['low']:.3f}–{baseline['high']:.3f}]"
        axis.text(1.02, row, text, transform=axis.get_yaxis_transform(), va="center")
    axis.axvline(majority, color="black", lw=1.4, zorder=1)
    lows = [baseline["low"] for baseline in baselines]
    axis.set(
        ylim=(len(baselines) - 0.5, -0.5), xlim=(min(0.45, *lows) - 0.01, 1.01), xlabel="accuracy on the test split"
    )
    axis.set_yticks(range(len(baselines)), [baseline["name"] for baseline in baselines])
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#dddddd")


@rc_context(STYLE)
def audit_figure(audit):
    """What tells the labels of a pair set apart: distributions by label, and below them the baselines' accuracy.

    `audit` is an audit.json. Shallow baselines are filled circles, others hollow diamonds; the line is the majority share.
    """
    shown = audit["distributions"]
    baselines = [baseline for baseline in audit["baselines"] if baseline["accuracy"] is not None]
    down = ceil(len(shown) / 4)
    across = ceil(len(shown) / max(1, down))  # rows of even length
    foot = 0.21 * len(baselines) + 0.55 if baselines else 0
    legend = label_legend() if shown else []
    for is_shallow in sorted({baseline["shallow"] for baseline in baselines}, reverse=True):
        label = "shallow baseline" if is_shallow else "baseline that is not shallow"
        legend.append(Line2D([], [], lw=1.4, label=label, **SCORES[is_shallow]))
    if baselines:
        legend.append(Line2D([], [], marker="|", ms=9, mew=1.4, ls="", color="black", label="majority share"))
    figure = Figure(figsize=(8.8, 1.85 * down + foot + 0.35), layout="constrained")
    if not legend:
        figure.text(0.01, 0.5, "No pairs in the test split: nothing to show.", va="center")
        return figure
    heights = [1.85] * down + [foot] * bool(baselines)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for row in range(down):
        cells = grid[row].subgridspec(1, across)
        for column, distribution in enumerate(shown[across * row : across * (row + 1)]):
            axis = figure.add_subplot(cells[column])
            draw_distribution(axis, distribution)
            if column == 0:
                axis.set_ylabel("share of the label")
    if baselines:
        test = audit["splits"]["test"]
        axis = figure.add_subplot(grid[down])
        draw_baselines(axis, baselines, max(test["positives"], test["rows"] - test["positives"]) / test["rows"])
    figure.legend(handles=legend, loc="outside upper left", ncols=len(legend))
    return figure


@rc_context(STYLE)
def tasks_figure(summary, names):
    """Accuracy of each way to answer, a row each, a panel for each task and one for the average.

    `summary` holds the rows of `task_metrics.summarize_tasks` that are shown; `names` maps (model, method) to words.
    """
    ways, tests = list(names), list(summary["test"].unique())
    across = min(4, len(tests))
    down = ceil(len(tests) / across)
    lines = [fill(name, 30) for name in names.values()]
    height = 0.16 * sum(1 + line.count("\n") for line in lines) + 0.1 * len(lines) + 0.7
    figure = Figure(figsize=(8.8, height * down + 0.3), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False)
    for axis in axes.flat[len(tests) :]:
        axis.remove()
    limits = [
        max(0, np.floor(20 * min(summary["accuracy_low"].min(), summary["majority"].min())) / 20 - 0.02),
        min(1.02, np.ceil(20 * summary["accuracy_high"].max()) / 20 + 0.02),
    ]
    models = list(dict.fromkeys(model for model, _ in ways))
    for at, (test, axis) in enumerate(zip(tests, axes.flat, strict=False)):
        rows = summary[summary["test"] == test].set_index(["model", "method"])
        for row, way in enumerate(ways):
            if way in rows.index:
                look, cell = LOOKS[models.index(way[0])], rows.loc[way]
                axis.hlines(row, cell["accuracy_low"], cell["accuracy_high"], color=look["color"], lw=1.4)
                axis.plot(cell["accuracy"], row, ls="", ms=4.5, mew=0, **look)
        axis.axvline(rows["majority"].iloc[0], color="black", lw=1.4, zorder=1.5)
        axis.set(ylim=(len(ways) - 0.5, -0.5), xlim=limits, title=test, xlabel="accuracy")
        axis.set_yticks(range(len(ways)), lines)
        axis.tick_params(axis="y", length=0, labelleft=at % across == 0)
        axis.grid(axis="x", color="#dddddd")
        axis.locator_params(axis="x", nbins=4)
    figure.legend(
        handles=[Line2D([], [], marker="|", ms=9, mew=1.4, ls="", color="black", label="majority share")],
        loc="outside upper left",
    )
    return figure


WORDS = {"dna": "DNA", "protein": "protein", "english": "English", "other": "other"}  # classes of `vocabulary.classify`
LONGEST_SHOWN = 24  # characters; longer tokens share the last bin
MUCH_UNKNOWN = 0.01  # from this share of [UNK] on, characters per token say little


def draw_composition(axis, bars):
    """Stacked bars of shares that add up to 1: `bars` maps a label to {class: share}; shares too small are not labelled."""
    for row, shares in enumerate(bars.values()):
        left = 0
        for number, name in enumerate(WORDS):
            share = shares.get(name, 0)
            axis.barh(row, share, 0.62, left=left, color=COLOURS[number], ec="white", lw=0.8)
            if share >= 0.06:
                look = {"color": "white" if number < 3 else "black", "ha": "center", "va": "center"}
                axis.text(left + share / 2, row, f"{share:.0%}", **look)
            left += share
    axis.set(ylim=(len(bars) - 0.5, -0.5), xlim=(0, 1), xlabel="share of the vocabulary")
    axis.set_yticks(range(len(bars)), [fill(label, 16) for label in bars])
    axis.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    axis.tick_params(axis="y", length=0)


def draw_spans(axis, sources):
    """A bar for each source: characters a token spans, and the figure at its end; hatched where tokens are [UNK]."""
    spans = [source["characters_per_token"] for source in sources.values()]
    for row, (span, source) in enumerate(zip(spans, sources.values(), strict=True)):
        hidden = source["unknown"] >= MUCH_UNKNOWN
        axis.barh(row, span, 0.62, fc="white" if hidden else "#999999", ec="#999999", hatch="////" if hidden else None)
        text = f"{span:.2f}" + (f" ({source['unknown']:.0%} [UNK])" if hidden else "")
        inside = span > 0.6 * max(spans) and hidden
        look = {"ha": "right" if inside else "left", "va": "center"}
        look |= {"bbox": {"fc": "white", "ec": "none", "pad": 1}} if inside else {}
        axis.annotate(text, (span, row), (-4 if inside else 3, 0), textcoords="offset points", **look)
    axis.set(ylim=(len(spans) - 0.5, -0.5), xlim=(0, 1.22 * max(*spans, 1)), xlabel="characters per token")
    axis.set_yticks(range(len(spans)), [fill(name, 16) for name in sources])
    axis.tick_params(axis="y", length=0)


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
        axis.plot(at, counts[at], **look, label=WORDS[name])
    axis.set(yscale="log", ylim=(0.7, None), xlabel="characters of a token", ylabel="tokens")
    ticks = [n for n in (1, 4, 8, 12, 16, 20) if n < last - 1] + [last]
    axis.set_xticks(ticks, [f"≥ {n}" if cut and n == last else f"{n}" for n in ticks])
    axis.grid(axis="y", color="#dddddd")


@rc_context(STYLE)
def vocabulary_figure(report, published=None):
    """What a tokenizer's vocabulary is made of, the characters its tokens span by source, and their lengths by class.

    `report` is as from `vocabulary.describe_tokenizer`; `published` gives the paper's {class: share}, for a bar beside ours.
    """
    bars = {"this vocabulary": {name: members["share"] for name, members in report["classes"].items()}}
    bars |= {"the paper": published} if published else {}
    legend = [
        Line2D([], [], ms=5, lw=4, marker=LOOKS[i]["marker"], color=COLOURS[i], mew=0, label=label)
        for i, label in enumerate(WORDS.values())
    ]
    rows = [0.26 * len(bars) + 0.5, 0.26 * len(report["sources"]) + 0.5]
    figure = Figure(figsize=(7.4, max(sum(rows), 2.1) + 0.4), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=rows, width_ratios=[1.15, 1])
    draw_composition(figure.add_subplot(grid[0, 0]), bars)
    draw_spans(figure.add_subplot(grid[1, 0]), report["sources"])
    draw_token_lengths(figure.add_subplot(grid[:, 1]), report["classes"])
    figure.legend(handles=legend, loc="outside upper left", ncols=len(legend))
    return figure


RIVALS = {"unigram": (0, (1, 1.5)), "bigram": (0, (5, 2))}  # how the lines of models that count are dashed


def spread_out(places, gap):
    """Places on an axis of 0 to 1, moved apart until `gap` lies between neighbours; their order stays."""
    order = np.argsort(places, kind="stable")
    spread = np.asarray(places, float)[order]
    for at in range(1, len(spread)):
        spread[at] = max(spread[at], spread[at - 1] + gap)
    spread -= max(0, spread[-1] - 1)
    for at in range(len(spread) - 2, -1, -1):
        spread[at] = min(spread[at], spread[at + 1] - gap)
    moved = np.empty(len(spread))
    moved[order] = spread
    return moved


def draw_losses(axis, curve, metrics, source, look, with_train):
    """Losses of one source (None: of all) over steps, against those of the models that count; figures at the right."""
    end = f"_{source}" if source else ""
    losses = {f"dev_loss{end}": look | {"ms": 4, "lw": 1.3, "mew": 0, "zorder": 3}}
    if with_train:
        losses["train_loss"] = {"color": "#777777", "marker": "x", "ms": 4, "lw": 1, "zorder": 2}
    references = {rival: metrics[f"{rival}_loss{end}"] for rival in RIVALS if f"{rival}_loss{end}" in metrics}
    for column, style in losses.items():
        axis.plot(curve["steps"], curve[column], **style)
    for rival, loss in references.items():
        axis.axhline(loss, color=look["color"], lw=1.1, ls=RIVALS[rival], zorder=1)
    if metrics["steps"] != curve["steps"].iloc[-1]:
        axis.axvline(metrics["steps"], color="#bbbbbb", lw=1, zorder=0)
    shown = np.concatenate([curve[[*losses]].to_numpy(float).ravel(), list(references.values())])
    low, high = np.nanmin(shown), np.nanmax(shown)
    reach = max(0.06 * (high - low), 0.01)
    axis.set(ylim=(low - reach, high + reach), xlim=(0, None))
    ends = references | {"dev": metrics[f"dev_loss{end}"]}
    places = [(value - low + reach) / (high - low + 2 * reach) for value in ends.values()]
    for (name, value), place in zip(ends.items(), spread_out(places, 0.1), strict=True):
        weight = "bold" if name == "dev" else "normal"
        text = {"transform": axis.transAxes, "va": "center", "color": look["color"], "weight": weight}
        axis.text(1.02, place, f"{name} {value:.3f}", **text)
    axis.set_title(source or "all sources", loc="left")
    axis.locator_params(nbins=5)
    axis.grid(axis="y", color="#eeeeee")


@rc_context(STYLE)
def pretraining_figure(curve, metrics):
    """Losses of a pretraining over its steps, a panel for all sources and one for each, beside models that only count.

    Args: the table of curve.tsv and metrics.json. A corpus of one source has one panel. A lower loss is a better one.
    """
    sources = [column.removeprefix("dev_loss_") for column in curve if column.startswith("dev_loss_")]
    parts = [source for source in sources if f"dev_loss_{source}" in metrics]
    shown = parts if len(parts) == 1 else [None, *parts]
    grey = {"color": "#444444"}
    legend = [
        Line2D([], [], **grey, marker="o", ms=4, mew=0, lw=1.3, label="dev loss"),
        Line2D([], [], color="#777777", marker="x", ms=4, lw=1, label="train loss"),
    ]
    for rival, dashes in RIVALS.items():
        if f"{rival}_loss" in metrics:
            legend.append(Line2D([], [], **grey, lw=1.1, ls=dashes, label=f"{rival} model"))
    if metrics["steps"] != curve["steps"].iloc[-1]:
        legend.append(Line2D([], [], color="#bbbbbb", marker="|", ms=9, lw=0, label="weights kept"))
    figure, axes = panels(len(shown), 2, (4.4 * min(2, len(shown)) + 1.6 * (len(shown) == 1), 2.1), legend)
    whole = {"color": "#000000", "marker": "o"}
    for number, (axis, source) in enumerate(zip(axes, shown, strict=True)):
        look = LOOKS[parts.index(source)] if source else whole
        draw_losses(axis, curve, metrics, source, look, with_train=number == 0)
        if number % 2 == 0:
            axis.set_ylabel("nats a token")
        if number >= len(shown) - 2:
            axis.set_xlabel("steps")
    return figure


@rc_context(STYLE)
def costs_figure(table, most=20):
    """Core-hours of each rule, a bar each, the largest on top; beyond `most` rules the rest is one bar.

    `table` is as from `costs.tabulate_costs`.
    """
    shown = table[table["core_hours"] > 0].sort_values("core_hours", ascending=False, kind="stable")
    names, hours = list(shown["rule"][:most]), list(shown["core_hours"][:most])
    if len(shown) > most:
        names.append(f"{len(shown) - most} other rules")
        hours.append(shown["core_hours"][most:].sum())
    figure = Figure(figsize=(8.8, 0.2 * max(1, len(hours)) + 0.55), layout="constrained")
    if not hours:
        figure.text(0.01, 0.5, "No job was measured: nothing to show.", va="center")
        return figure
    axis = figure.subplots()
    for row, value in enumerate(hours):
        axis.barh(row, value, 0.66, color=COLOURS[0])
        text = f"{value:.3g} ({value / sum(hours):.0%})"
        axis.annotate(text, (value, row), (3, 0), textcoords="offset points", va="center")
    axis.set(ylim=(len(hours) - 0.5, -0.5), xlim=(0, 1.14 * max(hours)), xlabel="core-hours")
    axis.set_yticks(range(len(hours)), names)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#dddddd")
    axis.set_axisbelow(True)
    return figure


@rc_context(STYLE)
def published_figure(rows):
    """A paper's figures beside ours, a row for each cell of its tables; a panel for each table.

    `rows` is as from `published.compare_published`. Ours: mean with its interval (filled) and best seed (hollow triangle);
    theirs: a black bar, with one standard deviation to each side and a black triangle for the best seed where it gives a
    mean. Rows of one model and training set stand together, under their names.
    """
    looks = {model: LOOKS[i] for i, model in enumerate(rows["model"].unique())}
    tables = {
        name: list(cells.groupby(["model", "trainset"], sort=False))
        for name, cells in rows.groupby("table", sort=False)
    }
    handles = [Line2D([], [], ls="", ms=4.6, label=f"{model}, mean", **look) for model, look in looks.items()]
    hollow = {"marker": "^", "mfc": "white", "ls": "", "ms": 5}
    handles.append(Line2D([], [], color="#666666", label="our best seed", **hollow))
    handles.append(Line2D([], [], marker="|", ms=9, mew=2, ls="", color="black", label="the paper"))
    if (rows["statistic"] == "mean").any():
        handles.append(Line2D([], [], marker="^", ms=4, ls="", color="black", label="the paper's best seed"))
    handles.append(Line2D([], [], ls=":", lw=1, color="#666666", label="majority share"))
    across = min(2, len(tables))
    heights = [sum(len(cells) + 1.4 for _, cells in groups) for groups in tables.values()]
    heights = [max(heights[at : at + across]) for at in range(0, len(heights), across)]
    size = (4.4 * across if across > 1 else 6.6, sum(0.17 * height + 0.55 for height in heights))
    figure = Figure(figsize=(size[0], size[1] + 0.22 * ceil(len(handles) / 4) + 0.1), layout="constrained")
    axes = list(figure.subplots(len(heights), across, squeeze=False, sharex=True, height_ratios=heights).flat)
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
    for axis in axes[len(tables) :]:
        axis.remove()
    for number, (axis, (name, groups)) in enumerate(zip(axes, tables.items(), strict=False)):
        draw_published(axis, groups, looks)
        axis.set(ylim=(heights[number // across] - 0.8, -0.6), xlabel="accuracy")
        axis.set_title(name, loc="left", weight="bold")
        axis.tick_params(labelbottom=True)
    return figure


def draw_published(axis, groups, looks):
    """The rows of one published table: a block for each (model, training set), its name above it."""
    at, places, labels = 0, [], []
    for (model, trainset), cells in groups:
        colour, marker = looks[model].values()
        name = f"{model}, fine-tuned on {trainset}"
        theirs = cells["their_model"].iloc[0]
        name += f" (the paper's {theirs})" if theirs != model else ""
        axis.text(0.01, at + 0.1, name, transform=axis.get_yaxis_transform(), va="center", size=7.5, color="#444444")
        at += 1
        for row in cells.to_dict("records"):
            axis.axhspan(at - 0.5, at + 0.5, color="#f4f4f4" if len(places) % 2 else "white", lw=0, zorder=0)
            axis.vlines(row["majority"], at - 0.5, at + 0.5, color="#666666", lw=1, ls=":", zorder=1)
            axis.hlines(at, row["low"], row["high"], color=colour, lw=1.4, zorder=3)
            axis.plot(row["accuracy"], at, marker, color=colour, ms=4.6, zorder=4)
            axis.plot(row["best"], at, "^", color=colour, mfc="white", mew=0.9, ms=5, zorder=5)
            axis.vlines(row["theirs"], at - 0.42, at + 0.42, color="black", lw=2, zorder=6)
            if row["statistic"] == "mean":
                ends = (row["theirs"] - row["theirs_sd"], row["theirs"] + row["theirs_sd"])
                axis.hlines(at + 0.3, *ends, color="black", lw=0.8, zorder=2)
                axis.plot(row["theirs_best"], at + 0.1, "^", color="black", ms=4, mew=0, zorder=5)
            places.append(at)
            labels.append(row["test"])
            at += 1
        at += 0.4
    axis.set_yticks(places, labels)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#dddddd")
