"""The figure of a run's abstract: for each test the difference in accuracy from the closest control, as a forest plot."""

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linguist.kinds import KINDS
from linguist.report.abstract import own_rows
from linguist.report.plots.style import LOOKS, STYLE, majority_legend
from linguist.statistics.numbers import format_number
from linguist.statistics.thresholds import ALPHA

WIDTH, ROW, HEAD, FOOT = 8.4, 0.185, 0.42, 0.46  # in inches; browsers show 96 pixels an inch
LEFT, RIGHT = 2.5, 2.5  # room for names and for numbers
LONGEST = 34  # letters of a name that fit
COLUMNS = {  # beside the axis: where they stand, in inches from its right end, and what a row's cell is
    "accuracy": (0.64, lambda row: format_number(row["accuracy"])),
    "majority": (1.3, lambda row: format_number(row["majority"])),
}
CLOSEST = 1.42  # where the name of the closest control begins
OWN, OTHER = "training task", "other sentences"
FACES = {  # how a difference is filled: (meaning, share of its colour)
    "full": "significantly better than the majority class and every control",
    "pale": "significant, but too few seeds or no control",
    "white": "not significantly better",
}


def abstract_rows(abstract):
    """The rows of the figure, from the top: (heading, None, {}) before each kind, and (test, variant, {arm: row of `judge_tests`}).

    A set that is made from another one stands below it. Models that are fine-tuned on sequences come after the others.
    """
    sets, judged = abstract.run["sets"], [*abstract.judged.to_dict("records"), *abstract.ceilings.to_dict("records")]
    found = {}
    for row in judged:
        found.setdefault(row["test"], {})[row["model"], row["trainset"]] = row
    own = {row["test"] for row in own_rows(abstract.judged)}
    first = [test for test in found if sets[test]["base"] not in found]
    tests = [t for test in first for t in (test, *(other for other in found if sets[other]["base"] == test))]
    text = {test: OWN if test in own else OTHER for test in tests if KINDS[sets[test]["kind"]].is_text}
    headings = {test: KINDS[sets[test]["kind"]].label for test in tests} | text
    for heading in [OWN, OTHER, *(kind.label for kind in KINDS.values())]:
        below = [test for test in tests if headings[test] == heading]
        if below:
            yield heading, None, {}
        yield from ((test, sets[test]["variant"], found[test]) for test in below)


def face_of(row):
    """How a difference is filled, one of FACES; `row` is one of `judge_tests`."""
    significant = row["difference"] > 0 and row["difference_p"] < ALPHA
    return "white" if not significant else "full" if row["verdict"] == "above" else "pale"


def fill_of(face, colour):
    return {"full": colour, "pale": (colour, 0.35), "white": "white"}[face]


@rc_context(STYLE | {"font.size": 9})
def abstract_figure(abstract):
    """The difference of each model from its closest control on each test, with its interval, and numbers beside it.

    The majority class has a bar where it lies on the same axis. `abstract` is an Abstract.
    """
    rows = list(abstract_rows(abstract))
    arms = list(dict.fromkeys(arm for *_, cells in rows for arm in cells))
    looks = {arm: LOOKS[at] for at, arm in enumerate(arms)}
    faces = {face_of(row) for *_, cells in rows for row in cells.values()}
    handles = [Line2D([], [], ls="", ms=6, label=f"{m}, fine-tuned on {t}", **looks[m, t]) for m, t in arms]
    plain = {"ls": "", "marker": "o", "ms": 6, "color": "#444444"}
    handles += [
        Line2D([], [], mfc=fill_of(face, "#444444"), label=text, **plain)
        for face, text in FACES.items()
        if face in faces
    ]
    handles.append(majority_legend())
    lines = sum(max(1, len(cells)) for *_, cells in rows)
    head = HEAD + 0.18 * ((len(handles) + 1) // 2)
    height = lines * ROW + head + FOOT
    figure = Figure(figsize=(WIDTH, height))
    axis = figure.add_axes((LEFT / WIDTH, FOOT / height, (WIDTH - LEFT - RIGHT) / WIDTH, lines * ROW / height))
    figure.legend(handles=handles, loc="upper left", ncols=2, bbox_to_anchor=(0.005, 1), columnspacing=1.2)
    at = draw_rows(axis, rows, looks)
    axis.axvline(0, color="black", lw=1, zorder=1)
    axis.set_ylim(at - 0.5, -0.5)
    axis.set_yticks([])
    axis.set_xlabel("difference in accuracy from the closest control")
    axis.grid(axis="x", color="#dddddd")
    axis.set_axisbelow(True)
    axis.spines["left"].set_visible(False)
    for name, (place, _) in COLUMNS.items():
        beside(axis, place, -1, name, ha="right", weight="bold")
    beside(axis, CLOSEST, -1, "closest control", ha="left", weight="bold")
    return figure


def draw_rows(axis, rows, looks):
    """Draw the rows of `abstract_rows`, a line for each model; gives the number of lines."""
    at = 0
    for name, variant, cells in rows:
        if not cells:
            beside(axis, -LEFT + 0.05, at, name, ha="left", weight="bold", left=True)
            at += 1
            continue
        label = f"{name} ({variant})" if variant else name
        label = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
        beside(axis, -LEFT + 0.2, at + (len(cells) - 1) / 2, label, ha="left", left=True)
        axis.axhspan(at - 0.5, at + len(cells) - 0.5, color="#f4f4f4", lw=0, zorder=0)
        axis.axhline(at - 0.5, color="white", lw=1.5, zorder=0)
        for arm, row in cells.items():
            colour, marker = looks[arm].values()
            face = fill_of(face_of(row), colour)
            majority = row["majority"] - row["accuracy"] + row["difference"]
            axis.vlines(majority, at - 0.4, at + 0.4, color="black", lw=1.6, zorder=2)
            axis.hlines(at, row["difference_low"], row["difference_high"], color=colour, lw=1.5, zorder=3)
            mark = {"ls": "", "marker": marker, "color": colour, "ms": 6, "mew": 1.2}
            for inside in ("white", face):  # white hides the line behind a pale face
                axis.plot(row["difference"], at, mfc=inside, **mark, zorder=4)
            for place, cell in COLUMNS.values():
                beside(axis, place, at, cell(row), ha="right")
            beside(axis, CLOSEST, at, row["against"], ha="left")
            at += 1
    return at


def beside(axis, inches, line, text, left=False, **options):
    """Text on a line of the axis, so many inches right of its right end, or of its left end."""
    width = WIDTH - LEFT - RIGHT
    axis.text(
        (0 if left else 1) + inches / width, line, text, transform=axis.get_yaxis_transform(), va="center", **options
    )
