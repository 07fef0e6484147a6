"""The figure that compares a paper's accuracies with ours."""

from math import ceil

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.report.plots.style import LOOKS, STYLE


@rc_context(STYLE)
def published_figure(rows):
    """A paper's accuracies and ours, a row for each cell of its tables; a panel for each table.

    `rows` is as from `published.compare_published`. Ours: mean with its interval (filled; hollow where a seed is constant) and best seed (hollow triangle);
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
    handles.append(Line2D([], [], marker="|", ms=9, mew=2, ls="", color="black", label="paper"))
    if (rows["statistic"] == "mean").any():
        handles.append(Line2D([], [], marker="^", ms=4, ls="", color="black", label="paper, best seed"))
    handles.append(Line2D([], [], ls=":", lw=1, color="#666666", label="majority class"))
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
        name += f" (paper: {theirs})" if theirs != model else ""
        axis.text(0.01, at + 0.1, name, transform=axis.get_yaxis_transform(), va="center", size=7.5, color="#444444")
        at += 1
        for row in cells.to_dict("records"):
            axis.axhspan(at - 0.5, at + 0.5, color="#f4f4f4" if len(places) % 2 else "white", lw=0, zorder=0)
            axis.vlines(row["majority"], at - 0.5, at + 0.5, color="#666666", lw=1, ls=":", zorder=1)
            axis.hlines(at, row["low"], row["high"], color=colour, lw=1.4, zorder=3)
            filled = "white" if row["constant"] else colour
            axis.plot(row["accuracy"], at, marker, color=colour, mfc=filled, ms=4.6, zorder=4)
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
