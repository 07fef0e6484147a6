"""The figure of the costs."""

from matplotlib import rc_context
from matplotlib.figure import Figure

from linguist.report.plots.style import COLOURS, STYLE, label_rows


@rc_context(STYLE)
def costs_figure(table, most=20):
    """Core-hours of each rule, a bar each, the largest on top; beyond `most` rules the rest is one bar.

    `table` is as from `costs.tabulate_costs`.
    """
    shown = table[(table["core_hours"] > 0) & (table["rule"] != "total")]
    names, hours = list(shown["rule"][:most]), list(shown["core_hours"][:most])
    if len(shown) > most:
        names.append(f"{len(shown) - most} other rules")
        hours.append(shown["core_hours"][most:].sum())
    figure = Figure(figsize=(8.8, 0.2 * max(1, len(hours)) + 0.55), layout="constrained")
    if not hours:
        figure.text(0.01, 0.5, "No job was measured.", va="center")
        return figure
    axis = figure.subplots()
    for row, value in enumerate(hours):
        axis.barh(row, value, 0.66, color=COLOURS[0])
        text = f"{value:.3g} ({value / sum(hours):.0%})"
        axis.annotate(text, (value, row), (3, 0), textcoords="offset points", va="center")
    axis.set(xlim=(0, 1.14 * max(hours)), xlabel="core-hours")
    label_rows(axis, names)
    axis.grid(axis="x", color="#dddddd")
    axis.set_axisbelow(True)
    return figure
