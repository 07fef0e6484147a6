"""What may be said of a model on one test: a verdict, decided by paired tests alone; and the tables of a study."""

from dataclasses import dataclass

import pandas as pd

from linguist.statistics.claims import ALPHA, beaten, is_learned, judge_claims, lead, proven, weakest
from linguist.statistics.metrics import CHANCE, MAJORITY, read_comparisons, read_metrics, summarize
from linguist.statistics.numbers import format_interval
from linguist.training.controls import is_control

CONSTANT = 0.02  # a class that gets less than this share of the predictions is as good as never predicted
VERDICTS = {
    "above": "above the majority share and above every control",
    "control": "above the majority share, but not above every control",
    "uncontrolled": "above the majority share; this study has no control",
    "ranks": "ranks but the threshold does not carry over",
    "constant": "constant prediction",
    "below": "below the majority share",
    "chance": "not shown to be above the majority share, with p corrected for the number of tests",
}


@dataclass(frozen=True)
class StudyTables:
    """The tables that the pages of a study are made of, each a data frame.

    metrics as from `compute_metrics`, comparisons as from `compare`, summary as from `summarize`, judged as from
    `judge_tests`, claims as from `judge_claims`.
    """

    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    summary: pd.DataFrame
    judged: pd.DataFrame
    claims: pd.DataFrame


def read_study_tables(metrics, comparisons, shortcuts):
    """StudyTables from the two files of a study's metrics and comparisons; `shortcuts` as for `judge_tests`."""
    metrics, comparisons = read_metrics(metrics), read_comparisons(comparisons)
    return make_study_tables(metrics, comparisons, shortcuts)


def make_study_tables(metrics, comparisons, shortcuts):
    """StudyTables from the metrics and comparisons of a study; `shortcuts` as for `judge_tests`."""
    summary = summarize(metrics)
    judged = judge_tests(summary, shortcuts, comparisons)
    return StudyTables(metrics, comparisons, summary, judged, judge_claims(comparisons, summary, shortcuts))


def judge_test(row, rivals):
    """What may be said of a model on a test: (code, text), decided by paired tests alone.

    Args: a row of `metrics.summarize`, and the rows of `metrics.compare` of the same arm and test. "ranks" is a model whose
    accuracy does not beat the majority share, but with the threshold at the median score, which needs no labels, is higher and
    beats a coin and every control. It goes before "constant", since calling every pair the same may hide it.
    """
    by = {(rival["measure"], rival["against"]): rival for rival in rivals}
    majority = by["accuracy", MAJORITY]
    controls = {name: rival for (measure, name), rival in by.items() if measure == "accuracy" and name != MAJORITY}
    if beaten(majority):
        code = "uncontrolled" if not controls else "above" if proven([majority]) else "control"
    elif row["accuracy_median"] > row["accuracy"] and proven([by["accuracy_median", CHANCE]]):
        code = "ranks"
    elif not CONSTANT <= row["predicted_positive"] <= 1 - CONSTANT:
        code = "constant"
    else:
        code = "below" if majority["difference"] < 0 and majority["p_holm"] < ALPHA else "chance"
    numbers = f"accuracy {format_interval(row, 'accuracy')} against {row['majority']:.3f}"
    numbers += "".join(f"; {lead(rival, 'p_holm')}" for rival in controls.values())
    if code in ("ranks", "constant"):
        numbers += f"; AUROC {format_interval(row, 'auroc')}, {row['predicted_positive']:.0%} called same"
    return code, f"{VERDICTS[code]} ({numbers})"


def judge_tests(summary, shortcuts, comparisons):
    """The rows of `metrics.summarize` that a study makes claims of, each with its controls and the best shallow baseline on
    its test beside it, its verdict and its claim.

    Args: `shortcuts` maps each test to what `best_baseline` gives for its audit; `comparisons` is the table of `metrics.compare`.
    Columns lead, lead_low, lead_high, lead_p and lead_over tell the weakest lead over the majority share and the controls. The verdict does not look at the baseline: baseline_reaches says whether the model's interval is not wholly above
    it, and so does the claim.
    """
    records = {(row["model"], row["trainset"], row["test"]): row for row in summary.to_dict("records")}
    judged = []
    cells = comparisons[comparisons["level"] == "test"]
    for key, part in cells.groupby(["model", "trainset", "scope"], sort=False):
        row, rivals = records[key], part.to_dict("records")
        least = weakest([rival for rival in rivals if rival["measure"] == "accuracy"])
        beside = {"lead": least["difference"], "lead_low": least["low"], "lead_high": least["high"]}
        beside |= {"lead_p": least["p_claim"], "lead_over": least["against"]}
        shortcut = shortcuts[row["test"]]
        beside |= {f"baseline_{key}".replace("_name", ""): value for key, value in shortcut.items()}
        beside["baseline_reaches"] = shortcut["accuracy"] >= row["low"]
        beside["learned"] = is_learned(rivals)
        code, claim = judge_test(row, rivals)
        if beside["baseline_reaches"]:
            claim += (
                f"; but not clearly above a shallow baseline, {shortcut['name']}, which has {shortcut['accuracy']:.3f}"
            )
        judged.append(row | beside | {"verdict": code, "claim": claim})
    return pd.DataFrame(judged)


def rows_by_arm(judged):
    """The judged rows by model and training set, in order: [(model, trainset, rows)]."""
    return [(*key, rows) for key, rows in judged.groupby(["model", "trainset"], sort=False)]


def unlearned_warning(trainset, rows):
    """A warning where a run has not learned the training set itself, by its test split; empty where it has, or where that is no
    test of the study. `rows` are the judged rows of a group, as dicts.
    """
    own = [row for row in rows if row["test"] == trainset]
    if not own or own[0]["learned"]:
        return ""
    text = (
        f"It is not shown to have learned {trainset} itself: the interval of its lead over the majority share holds 0"
    )
    return f"{text}, so that a missing transfer says little." if len(rows) > 1 else f"{text}."


def control_rows(summary):
    """The rows of `metrics.summarize` that are controls."""
    return summary[[is_control(*arm) for arm in zip(summary["model"], summary["trainset"], strict=True)]]
