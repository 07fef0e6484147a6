"""The report's front page: the result of each study in a few lines, and the closest control for each hypothesis."""

from dataclasses import dataclass

from linguist.report.page import REPORTS, inline, render
from linguist.report.tasks import difference_finding
from linguist.report.vectors import vectors_headline
from linguist.statistics.claims import (
    CLAIMS,
    COMPARED,
    answer_of,
    differences_text,
    learned_arms,
    not_learned_text,
    study_headline,
)
from linguist.tasks.baselines import KMERS

TASK_CODES = {  # of a study of tasks, which compares ways to answer
    "different": "two ways to answer tasks are significantly different (p corrected for their number)",
    "one seed": "two ways to answer tasks are significantly different, but with one seed: not replicated",
    "no difference": "two ways to answer tasks are not significantly different",
}
IN_PART = {"in part": "some hypotheses of the study are supported, others are not"}
# The questions of a study of tasks, its own first.
ASKED_FIRST = ("instructing", "sets", "baseline", "pretraining", "phrasing")


@dataclass(frozen=True)
class AnswerTables:
    """The tables behind the front page.

    titles maps studies and comparisons of word vectors to their titles. The others map names of studies to tables: claims
    and comparisons of pair sets (`judge_claims`, `compare_arms`), tasks (`compare_ways`), vectors (`read_distances`).
    kinds maps pair sets to their kinds.
    """

    titles: dict
    claims: dict
    comparisons: dict
    tasks: dict
    vectors: dict
    kinds: dict

    @property
    def results(self):
        """The result of each study: {name: (code, text)}."""
        found = {name: pairs_headline(table, self.comparisons[name]) for name, table in self.claims.items()}
        found |= {name: task_headline(table) for name, table in self.tasks.items()}
        return found | {name: vectors_headline(table) for name, table in self.vectors.items()}


def pairs_headline(claims, comparisons):
    """The result of a study of pair sets: (code, text)."""
    code, text = study_headline(claims)
    more = not_learned_text(learned_arms(comparisons, claims)), differences_text(comparisons)
    return code, " ".join(filter(None, [text, *more]))


def task_headline(comparisons):
    """The result of a study of tasks: (code, text), the code one of TASK_CODES.

    It is the first comparison of the first question that the study asks and, if that is another, the one with k-mers.
    """
    rows = comparisons.to_dict("records")
    asked = [row for question in ASKED_FIRST for row in rows if row["question"] == question]
    if not asked:
        return "unknown", "The study compares no two ways to answer."
    first = difference_finding(asked[0])
    kmers = [row for row in asked[1:] if row["against_model"] == KMERS]
    texts = [first.text, *(difference_finding(row).text for row in kmers[:1])]
    if len(rows) > len(texts):
        texts.append(f"All {len(rows)} comparisons are on the page of the study.")
    code = "no difference" if first.code == "chance" else "one seed" if asked[0]["seeds"] == 1 else "different"
    return code, " ".join(texts)


def write_answer(path, tables, caveats, figure, template=REPORTS / "answer.html.j2"):
    """Write the front page: one HTML file that holds all it shows and asks nothing of the network.

    Args: `tables` are AnswerTables; `caveats` as from `design.caveats`; `figure` is the SVG file of `closest_control_figure`, or None
    without studies of pair sets.
    """
    answer, results = answer_of(tables.claims, tables.comparisons, tables.kinds), tables.results
    render(
        path,
        template,
        lines=[(name, title, *results[name]) for name, title in tables.titles.items()],
        answer=answer,
        meanings=CLAIMS | IN_PART | (TASK_CODES if tables.tasks else {}),
        compared=COMPARED,
        caveats=caveats,
        figure=inline(figure, "figure-closest-controls") if figure else None,
    )
