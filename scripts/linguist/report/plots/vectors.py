"""Figures of token vectors before and after fine-tuning: two principal components, and distances by layer."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter
from sklearn.decomposition import PCA

from linguist.files import reading_result
from linguist.report.plots.style import COLOURS, STYLE
from linguist.report.vectors import BEFORE, METRICS

CLASSES = {  # name and look, in the order of drawing: DNA lies on top
    "english": ("English", {"color": COLOURS[2], "marker": "^"}),
    "protein": ("protein", {"color": COLOURS[1], "marker": "s"}),
    "dna": ("DNA", {"color": COLOURS[0], "marker": "o"}),
}
STATES = {  # before and after fine-tuning
    "before": {"color": "#444444", "marker": "o", "mfc": "white", "ls": (0, (3, 2))},
    "after": {"color": COLOURS[0], "marker": "D", "mfc": COLOURS[0], "ls": "-"},
}
QUANTITIES = {"mnnd": "MNND,\nDNA to English", "relative": "÷ MNND\namong English"}
LOG_FROM = 20  # ratio of the largest to the smallest distance from which an axis is logarithmic


def read_sample(path):
    """Texts, classes and last-layer vectors of a sample of tokens, from the npz of `distances.measure_distances`."""
    with reading_result(path), np.load(path) as arrays:
        return dict(arrays)


def project(before, after):
    """Two principal components, fitted on both arrays (tokens, width) together: (before, after, shares of variance)."""
    fit = PCA(n_components=2, svd_solver="full").fit(np.concatenate([before, after]))
    return fit.transform(before), fit.transform(after), fit.explained_variance_ratio_


@rc_context(STYLE)
def words_figure(samples, points):
    """Tokens in two principal components before and after fine-tuning, at most `points` of each class (paper 1, Figs. 8 and
    9): for each model a row with DNA and English, and one with protein too.

    `samples` maps each model to (before, after), each as from `read_sample`, of the same tokens.
    """
    rows = []
    for model, (before, _) in samples.items():
        present = tuple(name for name in CLASSES if name in before["classes"])
        rows += [(model, shown) for shown in dict.fromkeys((("english", "dna"), present))]
    figure = Figure(figsize=(7.4, 3.1 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), 2, squeeze=False)
    for (model, shown), pair in zip(rows, axes, strict=True):
        before, after = samples[model]
        *places, shares = project(before["vectors"], after["vectors"])
        ends = [(min(p[:, i].min() for p in places), max(p[:, i].max() for p in places)) for i in (0, 1)]
        limits = [(low - 0.04 * (high - low), high + 0.04 * (high - low)) for low, high in ends]
        for axis, state, place in zip(pair, STATES, places, strict=True):
            for name in (name for name in CLASSES if name in shown):
                dots = place[before["classes"] == name][:points]
                axis.plot(*dots.T, ls="", ms=2.6, mew=0, alpha=0.55, **CLASSES[name][1])
            axis.set(xlim=limits[0], ylim=limits[1], xlabel=f"component 1 ({100 * shares[0]:.0f} % of variance)")
            axis.set_title(f"{model}, {state} fine-tuning", loc="left")
            axis.locator_params(nbins=5)
        pair[0].set_ylabel(f"component 2 ({100 * shares[1]:.0f} %)")
        pair[1].tick_params(labelleft=False)
    drawn = [look for name, look in reversed(CLASSES.items()) if any(name in shown for _, shown in rows)]
    legend = [Line2D([], [], ls="", ms=6, mew=0, label=name, **look) for name, look in drawn]
    figure.legend(handles=legend, loc="outside upper left", ncols=len(legend))
    return figure


def draw_layers(axis, rows, quantity):
    """One quantity of one metric over the layers, before fine-tuning and after it: a line for each seed."""
    for seed, part in rows.groupby("seed", sort=False):
        look = STATES["before" if seed == BEFORE else "after"]
        axis.plot(part["layer"], part[quantity], ms=3.4, mew=1, lw=1, zorder=3 - (seed == BEFORE), **look)
    axis.grid(axis="y", color="#eeeeee")


def set_distances(axis, values):
    """Limits of an axis of distances: from 0, or logarithmic if the `values` differ much."""
    low, high = np.nanmin(values), np.nanmax(values)
    if low > 0 and high > LOG_FROM * low:
        axis.set(yscale="log", ylim=(low / 1.3, high * 1.3))
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.set_ylim(0, 1.08 * high or 1)


def draw_control(axis, rows, last):
    """The control right of the layers: MNND in the sample of the last layer, before and in each seed, each in its own band of
    shuffled labels."""
    wide = max(1, last / 9)
    places = last + (1.1 + np.linspace(0, 1.1, len(rows))) * wide
    for x, row in zip(places, rows.to_dict("records"), strict=True):
        look = STATES["before" if row["seed"] == BEFORE else "after"]
        look = {key: look[key] for key in ("color", "marker", "mfc")}
        width = min(7, 28 / len(rows))
        axis.vlines(x, row["shuffled_low"], row["shuffled_high"], color="#E69F00", lw=width, alpha=0.7)
        axis.plot(x, row["sample_mnnd"], ls="", ms=3.4, mew=1, zorder=3, **look)
    axis.axvline(last + 0.65 * wide, color="#bbbbbb", lw=0.8)


@rc_context(STYLE)
def distances_figure(table):
    """MNND from DNA to English tokens by layer, before and after fine-tuning: as it is and relative to the MNND among English
    tokens (rows), Euclidean and cosine (columns), for each model. `table` is as from `report.vectors.read_distances`."""
    rows = [(model, quantity) for model in table["model"].unique() for quantity in QUANTITIES]
    figure = Figure(figsize=(7.4, 2.1 * len(rows) + 0.4), layout="constrained")
    for (model, quantity), pair in zip(rows, figure.subplots(len(rows), 2, squeeze=False), strict=True):
        for axis, metric in zip(pair, METRICS, strict=True):
            part = table[(table["model"] == model) & (table["metric"] == metric) & (table["words"] == "dna")]
            last = int(part["layer"].max())
            draw_layers(axis, part, quantity)
            ticks = [layer for layer in range(last + 1) if last <= 12 or layer % 4 == 0 or layer == last]
            labels = [*map(str, ticks)]
            if quantity == "mnnd":
                draw_control(axis, part[part["p"].notna()], last)
                ticks, labels = [*ticks, last + 1.65 * max(1, last / 9)], [*labels, "control"]
                axis.set_title(f"{model}, {METRICS[metric]}", loc="left")
            shown = [quantity, *(["sample_mnnd", "shuffled_low", "shuffled_high"] if quantity == "mnnd" else [])]
            set_distances(axis, part[shown].to_numpy())
            axis.set_xticks(ticks, labels)
            axis.set_xlim(-0.4, last + 2.5 * max(1, last / 9))
        pair[0].set_ylabel(QUANTITIES[quantity])
        for axis in pair if quantity == "relative" else []:
            axis.set_xlabel("hidden layer (0: embeddings)")
    labels = {"before": "before fine-tuning", "after": "after fine-tuning, a line for each seed"}
    legend = [Line2D([], [], ms=4, mew=1, lw=1.1, label=labels[state], **look) for state, look in STATES.items()]
    legend.append(Line2D([], [], color="#E69F00", alpha=0.7, lw=7, label="shuffled labels, 95 %"))
    figure.legend(handles=legend, loc="outside upper left", ncols=len(legend))
    return figure
