"""The report's front page: what all studies say, a line each, and the figure of their leads."""

import pandas as pd

from linguist.claims import CLAIMS, RIVALS, headline
from linguist.report import REPORTS, inline, render
from linguist.task_report import judge_difference

ASKED_FIRST = (
    "instructing",
    "sets",
    "baseline",
    "pretraining",
    "phrasing",
)  # questions of tasks, the study's own first


def read_claims(path):
    """The table of `claims.judge_claims`, from its file."""
    names = dict.fromkeys(["model", "trainset", "group", "tests", "against", "code", "text"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False, na_values={"baseline": [""]})


def task_headline(comparisons):
    """What a study of tasks says in one line, and its code: the first difference of the first question that it asks."""
    for question in ASKED_FIRST:
        rows = comparisons[comparisons["question"] == question].to_dict("records")
        if rows:
            code, text = judge_difference(rows[0])
            more = f" And {len(comparisons) - 1} more comparisons on its page." if len(comparisons) > 1 else ""
            return code, text + more
    return "unknown", "No two ways to answer are compared."


def write_answer(path, studies, claims, comparisons, caveats, figure, template=REPORTS / "answer.html.j2"):
    """Write the front page: one HTML file that holds all it shows and asks nothing of the network.

    Args: `studies` of the config; `claims` maps pair studies to tables of `claims.judge_claims`, `comparisons` studies of
    tasks to those of `task_metrics.compare`; `caveats` as from `plan.caveats`; `figure` the SVG file of
    `figures.leads_figure`, or None without pair studies.
    """
    said = {name: headline(table) for name, table in claims.items()}
    said |= {name: task_headline(table) for name, table in comparisons.items()}
    whole = pd.concat(claims.values()) if claims else pd.DataFrame(columns=["code"])
    render(
        path,
        template,
        lines=[(name, studies[name], *said[name]) for name in studies if name in said],
        counts={code: int((whole["code"] == code).sum()) for code in CLAIMS},
        meanings=CLAIMS,
        claims=len(whole),
        rivals=RIVALS,
        caveats=caveats,
        figure=inline(figure, "figure-leads") if figure else None,
    )
