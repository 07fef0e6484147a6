"""The report's front page: what all studies say, a line each, and the figure of their leads."""

import pandas as pd

from linguist.kinds import KINDS
from linguist.report.page import REPORTS, inline, render
from linguist.report.tasks import difference_finding
from linguist.report.vectors import vectors_headline
from linguist.statistics.claims import CLAIMS, RIVALS, headline, told_apart, unlearned
from linguist.statistics.task_metrics import KMERS

TOLD = {  # codes of a study of tasks, which compares ways to answer
    "told apart": "two ways to answer differ, by a paired test corrected for their number",
    "one seed": "two ways to answer differ, in one seed, which says nothing of others",
    "level": "two ways to answer are not told apart",
}
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
    """What a study of tasks says, and its code, one of TOLD: a difference of the first question that it asks, then, if it is
    another, that from k-mers, which know no order of words."""
    rows = comparisons.to_dict("records")
    asked = [row for question in ASKED_FIRST for row in rows if row["question"] == question]
    if not asked:
        return "unknown", "No two ways to answer are compared."
    first = difference_finding(asked[0])
    code, text = first.code, first.text
    kmers = [row for row in asked[1:] if row["against_model"] == KMERS]
    texts = [text, *(difference_finding(row).text for row in kmers[:1])]
    if len(rows) > len(texts):
        texts.append(f"Its page has {len(rows)} comparisons.")
    code = "level" if code == "chance" else "one seed" if asked[0]["seeds"] == 1 else "told apart"
    return code, " ".join(texts)


def transfers(claims, kinds):
    """The claims of a transfer from sentences to DNA, protein or both, each once: {(model, trainset, group): code}.

    `kinds` maps pair sets to their kinds. Where studies differ, the one that does not support it counts.
    """
    found = {}
    for table in claims.values():
        for row in table.to_dict("records"):
            if KINDS[kinds[row["trainset"]]].is_text and not row["group"].startswith(KINDS["sentence"].label):
                key = (row["model"], row["trainset"], row["group"])
                found[key] = row["code"] if found.get(key, "supported") == "supported" else found[key]
    return found


def write_answer(
    path, titles, claims, tables, comparisons, vectors, kinds, caveats, figure, template=REPORTS / "answer.html.j2"
):
    """Write the front page: one HTML file that holds all it shows and asks nothing of the network.

    Args: `titles` maps studies and comparisons of word vectors to theirs; `claims` maps pair studies to tables of
    `claims.judge_claims`, `tables` to those of `metrics.compare`; `comparisons` maps studies of tasks to tables of
    `task_metrics.compare`; `vectors` maps comparisons of word vectors to tables of `vector_report.read_distances`; `kinds` as
    for `transfers`; `caveats` as from `synthetic.caveats`; `figure` the SVG file of `closest_control_figure`, or None without pair
    studies.
    """
    said = {}
    for name, table in claims.items():
        code, text = headline(table)
        said[name] = code, " ".join(filter(None, [text, unlearned(tables[name], table), told_apart(tables[name])]))
    said |= {name: task_headline(table) for name, table in comparisons.items()}
    said |= {name: vectors_headline(table) for name, table in vectors.items()}
    codes = list(transfers(claims, kinds).values())
    render(
        path,
        template,
        lines=[(name, title, *said[name]) for name, title in titles.items()],
        counts={code: codes.count(code) for code in CLAIMS},
        meanings=CLAIMS
        | {"in part": "some claims of the study are supported, and some not"}
        | (TOLD if comparisons else {}),
        transfers=len(codes),
        rivals=RIVALS,
        caveats=caveats,
        figure=inline(figure, "figure-closest-controls") if figure else None,
    )
