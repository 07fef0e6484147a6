"""The figure of a pretraining."""

import numpy as np
from matplotlib import rc_context
from matplotlib.lines import Line2D

from linguist.report.plots.style import LOOKS, STYLE, panels

REFERENCES = {"unigram": (0, (1, 1.5)), "bigram": (0, (5, 2))}  # dashes of the lines of models that count tokens


@rc_context(STYLE)
def pretraining_figure(curve, metrics):
    """Losses of a pretraining over its steps, with those of models that count tokens: a panel for all sources and one for each.

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
    for reference, dashes in REFERENCES.items():
        if f"{reference}_loss" in metrics:
            legend.append(Line2D([], [], **grey, lw=1.1, ls=dashes, label=f"{reference} model"))
    if metrics["steps"] != curve["steps"].iloc[-1]:
        legend.append(Line2D([], [], color="#bbbbbb", marker="|", ms=9, lw=0, label="weights kept"))
    figure, axes = panels(len(shown), 2, (4.4 * min(2, len(shown)) + 1.6 * (len(shown) == 1), 2.1), legend)
    whole = {"color": "#000000", "marker": "o"}
    for number, (axis, source) in enumerate(zip(axes, shown, strict=True)):
        look = LOOKS[parts.index(source)] if source else whole
        draw_losses(axis, curve, metrics, source, look, with_train=number == 0)
        if number % 2 == 0:
            axis.set_ylabel("nats per token")
        if number >= len(shown) - 2:
            axis.set_xlabel("steps")
    return figure


def draw_losses(axis, curve, metrics, source, look, with_train):
    """Losses of one source (None: of all) over steps, and those of models that count tokens; values at the right."""
    end = f"_{source}" if source else ""
    losses = {f"dev_loss{end}": look | {"ms": 4, "lw": 1.3, "mew": 0, "zorder": 3}}
    if with_train:
        losses["train_loss"] = {"color": "#777777", "marker": "x", "ms": 4, "lw": 1, "zorder": 2}
    references = {
        reference: metrics[f"{reference}_loss{end}"] for reference in REFERENCES if f"{reference}_loss{end}" in metrics
    }
    for column, style in losses.items():
        axis.plot(curve["steps"], curve[column], **style)
    for reference, loss in references.items():
        axis.axhline(loss, color=look["color"], lw=1.1, ls=REFERENCES[reference], zorder=1)
    if metrics["steps"] != curve["steps"].iloc[-1]:
        axis.axvline(metrics["steps"], color="#bbbbbb", lw=1, zorder=0)
    shown = np.concatenate([curve[[*losses]].to_numpy(float).ravel(), list(references.values())])
    low, high = np.nanmin(shown), np.nanmax(shown)
    margin = max(0.06 * (high - low), 0.01)
    axis.set(ylim=(low - margin, high + margin), xlim=(0, None))
    ends = references | {"dev": metrics[f"dev_loss{end}"]}
    places = [(value - low + margin) / (high - low + 2 * margin) for value in ends.values()]
    for (name, value), place in zip(ends.items(), spread_out(places, 0.1), strict=True):
        weight = "bold" if name == "dev" else "normal"
        text = {"transform": axis.transAxes, "va": "center", "color": look["color"], "weight": weight}
        axis.text(1.02, place, f"{name} {value:.3f}", **text)
    axis.set_title(source or "all sources", loc="left")
    axis.locator_params(nbins=5)
    axis.grid(axis="y", color="#eeeeee")


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
