"""The figure of a study of tasks."""

from textwrap import fill

import numpy as np
from matplotlib import rc_context

from linguist.report.plots.style import LOOKS, STYLE, label_rows, majority_legend, panels


@rc_context(STYLE)
def tasks_figure(summary, names):
    """Accuracy of each method, one row each, with a panel for each task and one for the average.

    `summary` holds the rows of `summarize_tasks` that are shown; `names` maps (model, method) to a label.
    """
    methods, tests = list(names), list(summary["test"].unique())
    lines = [fill(name, 30) for name in names.values()]
    height = 0.16 * sum(1 + line.count("\n") for line in lines) + 0.1 * len(lines) + 0.7
    figure, axes = panels(len(tests), 4, (8.8, height), [majority_legend()])
    limits = [
        max(0, np.floor(20 * min(summary["accuracy_low"].min(), summary["majority"].min())) / 20 - 0.02),
        min(1.02, np.ceil(20 * summary["accuracy_high"].max()) / 20 + 0.02),
    ]
    models = list(dict.fromkeys(model for model, _ in methods))
    for at, (test, axis) in enumerate(zip(tests, axes, strict=True)):
        rows = summary[summary["test"] == test].set_index(["model", "method"])
        for row, method in enumerate(methods):
            if method in rows.index:
                look, cell = LOOKS[models.index(method[0])], rows.loc[method]
                axis.hlines(row, cell["accuracy_low"], cell["accuracy_high"], color=look["color"], lw=1.4)
                axis.plot(cell["accuracy"], row, ls="", ms=4.5, mew=0, **look)
        axis.axvline(rows["majority"].iloc[0], color="black", lw=1.4, zorder=1.5)
        axis.set(xlim=limits, title=test, xlabel="accuracy")
        label_rows(axis, lines, labelleft=at % 4 == 0)
        axis.grid(axis="x", color="#dddddd")
        axis.locator_params(axis="x", nbins=4)
    return figure
