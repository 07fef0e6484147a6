"""The figures of a study of pair sets."""

from itertools import cycle
from math import ceil
from textwrap import fill, wrap

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.config.design import CURVE_AXES
from linguist.kinds import KINDS
from linguist.pairs.store import SIDES
from linguist.report.plots.style import (
    FILLED,
    LABELS,
    LOOKS,
    OUTLINED,
    STYLE,
    label_legend,
    label_rows,
    majority_legend,
    panels,
    rows_of_arm,
    rows_of_arms,
)
from linguist.statistics.numbers import counted
from linguist.statistics.scores import confusion_matrix
from linguist.statistics.seeds import (
    are_opposite,
    behaviour_of_scores,
    rank_opposite,
    seed_behaviour,
    seed_count,
    without_constant,
)
from linguist.training.controls import CONTROLS, is_control

NOTE_BOX = {"bbox": {"fc": "#fdf5e2", "ec": "#e69f00", "lw": 0.5, "pad": 1}}
CONTROL_MARKERS = dict(zip(CONTROLS, cycle("ox+v^<>1234"), strict=False))


def length_panels(kind):
    """What each panel of lengths shows for a kind of pair set: [(unit, columns that are counted)]."""
    if not KINDS[kind].mixed:
        return [(KINDS[kind].unit, SIDES)]
    sides = zip(SIDES, (KINDS[name] for name in KINDS[kind].sides), strict=True)
    return [(f"{side.unit} of the {side.label}", (column,)) for column, side in sides]


def _main_arms(table):
    """The (model, training set) of a table that are no controls."""
    arms = dict.fromkeys(zip(table["model"], table["trainset"], strict=True))
    return [arm for arm in arms if not is_control(*arm)]


def count_confusions(scores):
    """Confusion counts pooled over seeds: a row per (model, trainset, test) with columns tn, fp, fn, tp, and those of
    `seed_behaviour`. Constant seeds are left out if others are not. `scores` is as from `tables.read_scores`.
    """
    rows = []
    for (model, trainset), tests in scores.items():
        for test, (label, by_seed) in tests.items():
            behaviour = behaviour_of_scores(label, by_seed)
            kept = without_constant(behaviour, by_seed) or by_seed
            counts = sum(confusion_matrix(label, (score > 0).astype(int), 2) for score in kept.values())
            cells = dict(zip(("tn", "fp", "fn", "tp"), counts.ravel(), strict=True))
            key = {"model": model, "trainset": trainset, "test": test}
            rows.append(key | cells | behaviour)
    return pd.DataFrame(rows)


def draw_seeds(axis, row):
    """In place of a confusion matrix: how many seeds do what, where they do opposite things and a sum describes none of them."""
    rest = row["seeds"] - row["constant"]
    lines = [f"{seed_count(row, 'same_seeds')} all same", f"{seed_count(row, 'different_seeds')} all different"]
    if rank_opposite(row):
        rest, lines = 0, [f"{seed_count(row, 'ranking_seeds')} rank", f"{seed_count(row, 'reversed_seeds')} reversed"]
    text = "\n".join(["seeds differ:", *lines, *([f"{rest} other"] if rest else [])])
    axis.set_facecolor("#fdf5e2")
    axis.text(1, 1, text, ha="center", va="center", size=7, color="#6b4a00")
    axis.set(xlim=(0, 2), ylim=(2, 0), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


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

    `counts` is as from `count_confusions`; controls are left out. More than `columns` tests are wrapped. Where seeds do
    opposite things, their numbers stand in place of a sum; where some are constant, their number stands in the matrix.
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
        y, hint = 1 - (top + 0.15) / height, "rows: true label · columns: prediction · all seeds"
        figure.text(0.1 / width, y, f"fine-tuned on {trainset}", weight="bold")
        figure.text(1 - 0.1 / width, y, hint, ha="right", color="#666666")
        top += head
        for model in models:
            for column, test in enumerate(shown):
                x, y = (left + step * column) / width, 1 - (top + cell) / height
                axis = figure.add_axes((x, y, cell / width, cell / height))
                row = counts.loc[(trainset, model, test)]
                if are_opposite(row):
                    draw_seeds(axis, row)
                else:
                    draw_confusion(axis, row[["tn", "fp", "fn", "tp"]].to_numpy(int).reshape(2, 2))
                    if 0 < row["constant"] < row["seeds"]:
                        note = f"without {counted(row['constant'], 'constant seed')}"
                        axis.text(1, 1, note, ha="center", va="center", size=6, color="#8a3c00", **NOTE_BOX)
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


def draw_runs(axis, x, y, constant, colour):
    """Single seeds as faint dots; constant ones as rings."""
    axis.plot(x[~constant], y[~constant], "o", color=colour, alpha=0.45, ms=2.8, mew=0, zorder=2)
    axis.plot(x[constant], y[constant], "o", color=colour, mfc="none", alpha=0.8, ms=3, mew=0.7, zorder=2)


def run_legend(constant):
    """The marks of `draw_runs`; that of constant seeds only where there is one."""
    plain = {"ls": "", "marker": "o", "color": "#666666"}
    marks = [Line2D([], [], ms=2.8, mew=0, alpha=0.7, label="single seed", **plain)]
    ring = Line2D([], [], ms=3, mew=0.7, mfc="none", label="constant seed", **plain)
    return [*marks, ring] if constant.any() else marks


def draw_accuracy(axis, summary, metrics, trainset, models):
    """Points of one training set: a band for each test, and in it a lane for each model."""
    tests = list(summary["test"].unique())
    for band, (_, majority) in enumerate(summary.groupby("test", sort=False)["majority"].first().items()):
        axis.axhspan(band - 0.5, band + 0.5, color="#f4f4f4" if band % 2 else "white", lw=0, zorder=0)
        axis.vlines(majority, band - 0.46, band + 0.46, color="black", lw=1.4, zorder=1)
    for number, model in enumerate(models):
        colour, marker = LOOKS[number].values()
        lane, apart = ((number + 0.5) / len(models) - 0.5) * 0.8, 0.22 / len(models)
        for name, control in CONTROLS.items():
            mean = rows_of_arm(summary, control.arm(model, trainset))
            y = mean["test"].map(tests.index).astype(float) + lane - apart  # without the control, no rows and no type
            axis.hlines(y, mean["low"], mean["high"], color=colour, lw=0.5, alpha=0.6, zorder=3)
            axis.plot(mean["accuracy"], y, CONTROL_MARKERS[name], color=colour, mfc="white", mew=0.8, ms=3.6, zorder=4)
        mean = rows_of_arm(summary, (model, trainset))
        y = mean["test"].map(tests.index) + lane
        axis.hlines(y, mean["low"], mean["high"], color=colour, lw=1.4, zorder=3)
        opposite = mean.apply(are_opposite, axis=1)
        for at, face in ((opposite, "white"), (~opposite, colour)):
            axis.plot(mean["accuracy"][at], y[at], marker, color=colour, mfc=face, mew=0.9, ms=4.6, zorder=4)
        runs = metrics[(metrics["model"] == model) & (metrics["trainset"] == trainset)]
        dots = runs["test"].map(tests.index) + lane + apart
        draw_runs(axis, runs["accuracy"], dots, runs["constant"] == 1, colour)
    axis.set_title(f"fine-tuned on {trainset}", loc="left")
    axis.set_xlabel("accuracy")
    label_rows(axis, tests)
    axis.grid(axis="x", color="#dddddd")


@rc_context(STYLE)
def accuracy_figure(summary, metrics):
    """For each test a point per model: mean accuracy over seeds with its interval; the study's main figure.

    Single seeds are faint dots, controls small marks above, majority-class accuracy a bar across the test's band. One panel for
    each training set. Args: tables as from `summarize_pairs` and `compute_metrics`.
    """
    main = _main_arms(summary)
    models, trainsets = (list(dict.fromkeys(names)) for names in zip(*main, strict=True))
    tests = summary["test"].nunique()
    plain = {"ls": "", "color": "#666666"}
    handles = [Line2D([], [], ls="", ms=4.6, label=model, **LOOKS[i]) for i, model in enumerate(models)]
    handles += run_legend(rows_of_arms(metrics, main)["constant"] == 1)
    for name, marker in CONTROL_MARKERS.items():
        if any(len(rows_of_arm(summary, CONTROLS[name].arm(*arm))) for arm in main):
            handles.append(Line2D([], [], marker=marker, mfc="white", ms=4, label=f"control: {name}", **plain))
    handles.append(majority_legend())
    height = tests * max(0.3, 0.16 * len(models) + 0.08) + 0.55
    figure, axes = panels(len(trainsets), 3, (8.8, height), legend=handles)
    shown = pd.concat([summary["low"], summary["high"], summary["majority"], metrics["accuracy"]])
    limits = np.clip([np.floor(shown.min() * 20 - 0.2) / 20, np.ceil(shown.max() * 20 + 0.2) / 20], 0, 1.005)
    for number, (axis, trainset) in enumerate(zip(axes, trainsets, strict=True)):
        draw_accuracy(axis, summary, metrics, trainset, models)
        axis.set_xlim(limits)
        axis.tick_params(labelleft=number % 3 == 0)
    return figure


@rc_context(STYLE)
def curves_figure(summary, metrics, curves):
    """Accuracy and AUROC along a rising divergence or length: a panel for each curve and training set, a line for each model.

    Where seeds rank pairs in opposite directions, there is no mean AUROC, and the line has a gap.
    Args: the tables of `summarize_pairs` and `compute_metrics`; `curves` maps (key, group) to {test: place}, as from `design.curves_of`.
    """
    models, trainsets = (list(dict.fromkeys(names)) for names in zip(*_main_arms(summary), strict=True))
    shown = [(t, *curve, places) for curve, places in curves.items() for t in trainsets]
    grey = {"color": "#444444", "lw": 1.2}
    legend = [Line2D([], [], ms=4.6, lw=1.2, label=model, **LOOKS[i]) for i, model in enumerate(models)]
    legend += [Line2D([], [], **grey, label="accuracy"), Line2D([], [], ls=":", **grey, label="AUROC")]
    legend.append(Line2D([], [], color="black", lw=1.2, ls=(0, (6, 2)), label="majority class"))
    legend += run_legend(rows_of_arms(metrics, _main_arms(summary))["constant"] == 1)
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
            runs = rows_of_arm(metrics, (model, trainset))
            runs = runs[runs["test"].isin(places)]
            draw_runs(axis, runs["test"].map(places) + apart, runs["accuracy"], runs["constant"] == 1, colour)
        majority = summary[summary["test"].isin(places)].groupby("test")["majority"].first()
        at = sorted(places, key=places.get)
        axis.plot([places[t] for t in at], majority[at], color="black", lw=1.2, ls=(0, (6, 2)), zorder=1)
        name = CURVE_AXES[key] + (f" ({length_unit(group)})" if key == "length" else "")
        axis.set_title(f"{group}\nfine-tuned on {trainset}", loc="left")
        axis.set(xlabel=name, ylabel="accuracy or AUROC", xticks=sorted(set(places.values())))
        axis.grid(axis="y", color="#dddddd")
    return figure


@rc_context(STYLE)
def seeds_figure(metrics):
    """Accuracy of every run along the seeds, a panel for each (model, training set), a line for each test, and at its end the
    mean ± sd (paper 1, Figs. 5 and 7), where seeds do not do opposite things.

    `metrics` is the table of `compute_metrics`; controls are left out.
    """
    shown, tests = _main_arms(metrics), list(metrics["test"].unique())
    legend = [Line2D([], [], ms=4, lw=1.1, mew=0, label=test, **LOOKS[i]) for i, test in enumerate(tests)]
    legend += run_legend(rows_of_arms(metrics, shown)["constant"] == 1)[1:]
    figure, axes = panels(len(shown), 2, (4.4 * min(2, len(shown)), 2.4), legend)
    for axis, arm in zip(axes, shown, strict=True):
        rows = rows_of_arm(metrics, arm)
        for number, test in enumerate(tests):
            line = rows[rows["test"] == test].sort_values("seed")
            places = np.arange(len(line))
            axis.plot(places, line["accuracy"], ms=4, lw=1.1, mew=0, **LOOKS[number])
            constant = line["constant"].to_numpy() == 1
            axis.plot(places[constant], line["accuracy"][constant], ls="", ms=4, mew=1, mfc="white", **LOOKS[number])
            if not are_opposite(seed_behaviour(line)):
                mean, spread = line["accuracy"].mean(), line["accuracy"].std(ddof=1)
                axis.errorbar(len(line) + 0.16 * number, mean, spread, ms=4, capsize=2, **LOOKS[number])
        axis.set_xticks([*places, len(places) + 0.08 * (len(tests) - 1)], [*line["seed"], "mean\n± sd"])
        axis.set_title(f"{arm[0]}, fine-tuned on {arm[1]}", loc="left")
        axis.set(xlabel="seed", ylabel="accuracy")
        axis.grid(axis="y", color="#dddddd")
    return figure


def length_unit(group):
    """The unit of lengths in a group of tests, whose name starts with the label of their kind."""
    return next(kind.unit for kind in KINDS.values() if kind.label == group.partition(",")[0])


@rc_context(STYLE)
def lengths_figure(pairsets):
    """Histograms of sequence lengths by label, a panel for each pair set and unit (paper 1, Fig. 4).

    `pairsets` maps a name to (kind, pairs as from `pairs.read_pairs`). A side counts as one sequence.
    """
    shown = [(name, *side, pairs) for name, (kind, pairs) in pairsets.items() for side in length_panels(kind)]
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
