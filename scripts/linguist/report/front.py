"""The report's front page: the result of each study in a few lines, and the closest control for each hypothesis."""

from linguist.report.vectors import vectors_headline
from linguist.report.ways import difference_finding
from linguist.statistics.answer import answer_of
from linguist.statistics.claims import (
    CLAIMS,
    COMPARED,
    differences_text,
    learned_arms,
    not_learned_text,
    study_headline,
)
from linguist.tasks.baselines import KMERS

TASK_CODES = {  # of a study of tasks, which compares ways to answer
    "different": "two ways to answer tasks are significantly different, and the better one is significantly above the majority "
    "class (p corrected for their number)",
    "not above majority": "two ways to answer tasks are significantly different, but the better one is not significantly above "
    "the majority class",
    "constant": "a way to answer tasks gives nearly all rows one answer",
    "no difference": "two ways to answer tasks are not significantly different",
}
HEADLINES = {"above": "different", "below": "different", "majority": "not above majority", "chance": "no difference"}
IN_PART = {"in part": "some hypotheses of the study are supported, others are not"}
# The questions of a study of tasks, its own first.
ASKED_FIRST = ("instructing", "sets", "baseline", "pretraining", "phrasing")


def pairs_headline(claims, comparisons):
    """The result of a study of pair sets: (code, text)."""
    code, text = study_headline(claims)
    more = not_learned_text(learned_arms(comparisons, claims)), differences_text(comparisons)
    return code, " ".join(filter(None, [text, *more]))


def task_headline(comparisons):
    """The result of a study of tasks: (code, text), the code one of TASK_CODES or "exploratory".

    It is the first comparison of the first question that the study asks and, if that is another, the one with k-mers.
    """
    rows = comparisons.to_dict("records")
    asked = [row for question in ASKED_FIRST for row in rows if row["question"] == question]
    if not asked:
        return "unknown", "The study compares no two ways to answer."
    kmers = [row for row in asked[1:] if row["against_model"] == KMERS]
    codes, texts = zip(*map(difference_finding, [asked[0], *kmers[:1]]), strict=True)
    if len(rows) > len(texts):
        texts += (f"All {len(rows)} comparisons are on the page of the study.",)
    return HEADLINES.get(codes[0], codes[0]), " ".join(texts)


def answer_page(titles, studies, tasks, vectors, kinds, problems):
    """What the front page shows, as values for its template.

    Args: `titles` maps all studies and comparisons of token vectors to their titles. The next three map names to tables:
    studies of pair sets to two (`judge_claims`, `compare_arms`), studies of tasks to one (`compare_ways`), comparisons of
    token vectors to one (`read_distances`). `kinds` maps pair sets to their kinds, `problems` studies to the
    `problem_sentence` of their test sets.
    """
    results = {name: pairs_headline(*tables) for name, tables in studies.items()}
    results |= {name: task_headline(table) for name, table in tasks.items()}
    results |= {name: vectors_headline(table) for name, table in vectors.items()}
    for name in problems.keys() & results.keys():
        code, text = results[name]
        results[name] = code, f"{text} {problems[name]}".strip()
    return {
        "lines": [(name, title, *results[name]) for name, title in titles.items()],
        "answer": answer_of(studies, kinds),
        "meanings": CLAIMS | IN_PART | (TASK_CODES if tasks else {}),
        "compared": COMPARED,
        "tasks": bool(tasks),
    }
