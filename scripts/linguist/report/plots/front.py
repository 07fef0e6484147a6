"""The figure of the front page."""

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.report.plots.style import COLOURS, STYLE, label_rows

CODES = {  # of hypotheses: how their differences are drawn
    "supported": {"color": COLOURS[2], "mfc": COLOURS[2], "marker": "o"},
    "ranks": {"color": COLOURS[4], "mfc": "white", "marker": "D"},
    "not supported": {"color": COLOURS[1], "mfc": "white", "marker": "X"},
    "exploratory": {"color": COLOURS[5], "mfc": "white", "marker": "s"},
    "uncontrolled": {"color": COLOURS[3], "mfc": "white", "marker": "^"},
}


@rc_context(STYLE)
def closest_control_figure(claims):
    """The difference of every hypothesis to its closest control, a row each under its study's name.

    `claims` maps studies to tables of `judge_claims`.
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
    axis.set_xlabel("difference in accuracy to the closest control")
    label_rows(axis, [name for name, _ in lines], margin=0.6)
    for label, (_, row) in zip(axis.get_yticklabels(), lines, strict=True):
        label.set_weight("bold" if row is None else "normal")
    axis.grid(axis="x", color="#dddddd")
    handles = [
        Line2D([], [], ls="", ms=4.6, mew=1.1, label=code, **look) for code, look in CODES.items() if code in found
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure
