"""Verdicts: what may be said of a model on one test, decided by paired tests alone; and the tables of a study."""

from dataclasses import dataclass

import pandas as pd

from linguist.statistics.claims import (
    COMPARED,
    HIDDEN,
    better_than_all,
    by_measure,
    closest_control,
    has_enough_seeds,
    is_learned,
    judge_claims,
    significantly_better,
)
from linguist.statistics.comparisons import MAJORITY
from linguist.statistics.numbers import format_difference, format_interval
from linguist.statistics.seeds import CONSTANT, DIRECTIONS, behaviour_text, most_rank, rank_opposite
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results
from linguist.statistics.thresholds import ALPHA
from linguist.training.controls import is_control

VERDICTS = {
    "above": "significantly better than the majority class and every control",
    "control": "significantly better than the majority class, but not than every control",
    "exploratory": "significant, but with fewer seeds than a claim needs",
    "uncontrolled": "significantly better than the majority class; the study has no control",
    "ranks": "ranks pairs correctly, but the decision threshold does not transfer",
    "opposite": "seeds rank pairs in opposite directions: some correctly, others the wrong way round",
    "constant": "every seed gives nearly all pairs one answer",
    "below": "significantly worse than the majority class",
    "chance": "not significantly better than the majority class",
}


@dataclass(frozen=True)
class StudyTables:
    """The tables that the pages of a study are made of, each a data frame.

    metrics as from `compute_metrics`, comparisons as from `compare_arms`, summary as from `summarize_pairs`, judged as from
    `judge_tests`, claims as from `judge_claims`.
    """

    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    summary: pd.DataFrame
    judged: pd.DataFrame
    claims: pd.DataFrame


def read_study_tables(metrics, comparisons, baselines):
    """StudyTables from the two files of a study's metrics and comparisons; `baselines` maps tests to their best baseline."""
    metrics, comparisons = read_results(metrics), read_results(comparisons)
    summary = summarize_pairs(metrics)
    judged = judge_tests(summary, baselines, comparisons)
    return StudyTables(metrics, comparisons, summary, judged, judge_claims(comparisons, summary, baselines))


def judge_test(row, compared):
    """The verdict on a model on a test: (code, text), by paired tests and by what single seeds do; the code is one of VERDICTS.

    Args: a row of `summarize_pairs`, and the rows of `compare_arms` of the same arm and test. "ranks" goes before "constant",
    since a model that gives all pairs the same class may still rank them. It needs most seeds, and no seed that ranks pairs
    the wrong way round; the paired tests at the median threshold compare it with the controls.
    """
    own, at_median = by_measure(compared)
    majority = next(other for other in own if other["against"] == MAJORITY)
    controls = [other for other in own if other is not majority]
    better, ranks = significantly_better(majority), most_rank(row) and better_than_all(at_median)
    if better:
        code = "uncontrolled" if not controls else "above" if better_than_all(own) else "control"
    elif rank_opposite(row):
        code = "opposite"
    elif ranks:
        code = "ranks"
    elif row["constant"] == row["seeds"]:
        code = "constant"
    else:
        code = "below" if majority["difference"] < 0 and majority["p_holm"] < ALPHA else "chance"
    if code in ("above", "ranks") and not all(map(has_enough_seeds, compared)):
        code = "exploratory"
    numbers = [f"accuracy {format_interval(row, 'accuracy')}, majority class {row['majority']:.3f}"]
    numbers += [format_difference(other, COMPARED[other["against"]], other["p_holm"]) for other in controls]
    if not better:
        numbers.append(f"AUROC {format_auroc(row)}")
    if ranks and not better:
        numbers.append(f"accuracy at the median score {row['accuracy_median']:.3f} (at most {row['median_bound']:.3f})")
    directions = DIRECTIONS if row["reversed_seeds"] or (row["ranking_seeds"] and not better) else ()
    numbers += filter(None, [behaviour_text(row, (*CONSTANT, *directions))])
    numbers += [f"but {HIDDEN}"] * bool(own[0]["hidden"])
    return code, f"{VERDICTS[code]}: {'; '.join(numbers)}"


def format_auroc(row):
    """The AUROC of a row of `summarize_pairs` with its interval; its range where seeds rank pairs in opposite directions."""
    if rank_opposite(row):
        return f"{row['auroc_least']:.3f}–{row['auroc_most']:.3f} over seeds"
    return format_interval(row, "auroc")


def judge_tests(summary, baselines, comparisons):
    """The rows of `summarize_pairs` without the controls, each with its verdict and what it is compared with.

    Added columns: difference, difference_low, difference_high, difference_p and against, of the closest control;
    baseline, its name, with baseline_accuracy, _low and _high, the best baseline without order information;
    not_above_baseline, whether the interval of accuracy is not wholly above that, which the verdict does not look at;
    learned, whether accuracy is above the majority class; verdict, one of VERDICTS; and text.
    Args: `baselines` maps tests to their best baseline; `comparisons` is the table of `compare_arms`.
    """
    records = {(row["model"], row["trainset"], row["test"]): row for row in summary.to_dict("records")}
    judged = []
    cells = comparisons[comparisons["level"] == "test"]
    for key, part in cells.groupby(["model", "trainset", "scope"], sort=False):
        row, compared = records[key], part.to_dict("records")
        closest, baseline = closest_control(by_measure(compared)[0]), baselines[row["test"]]
        beside = {"difference": closest["difference"], "difference_low": closest["low"]}
        beside |= {"difference_high": closest["high"], "difference_p": closest["p_claim"]}
        beside |= {"against": closest["against"], "baseline": baseline["name"]}
        beside |= {f"baseline_{name}": baseline[name] for name in ("accuracy", "low", "high")}
        beside["not_above_baseline"] = baseline["accuracy"] >= row["low"]
        beside["learned"] = is_learned(compared)
        code, text = judge_test(row, compared)
        if beside["not_above_baseline"]:
            text += f"; not clearly above a baseline without order information, {baseline['name']} ({baseline['accuracy']:.3f})"
        judged.append(row | beside | {"verdict": code, "text": text})
    return pd.DataFrame(judged)


def not_learned_warning(trainset, rows):
    """A warning where a model did not learn its training set, by its test split; empty where it did, or where that is no test
    of the study. `rows` are the judged rows of an arm, as dicts."""
    own = [row for row in rows if row["test"] == trainset]
    if not own or own[0]["learned"]:
        return ""
    text = f"It did not measurably learn its training task ({trainset})."
    return f"{text} A missing transfer therefore says little." if len(rows) > 1 else text


def control_rows(summary):
    """The rows of `summarize_pairs` that are controls."""
    return summary[[is_control(*arm) for arm in zip(summary["model"], summary["trainset"], strict=True)]]
