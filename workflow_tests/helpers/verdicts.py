"""Rows of summaries and comparisons as they are judged, with chosen differences."""

import numpy as np
import pandas as pd

from linguist.training.controls import UNTRAINED

ROW = {
    "model": "m",
    "trainset": "en",
    "test": "fr",
    "n": 300,
    "seeds": 3,
    "constant": 0,
    "same_seeds": "",
    "different_seeds": "",
    "ranking_seeds": "1, 2, 3",
    "reversed_seeds": "",
    "accuracy": 0.8,
    "low": 0.75,
    "high": 0.85,
    "sd": 0.01,
    "worst": 0.79,
    "best": 0.81,
    "auroc": 0.88,
    "auroc_low": 0.84,
    "auroc_high": 0.92,
    "auroc_least": 0.87,
    "auroc_most": 0.89,
    "accuracy_median": 0.8,
    "median_bound": 1.0,
    "median_ties": 0,
    "predicted_positive_least": 0.48,
    "predicted_positive_most": 0.52,
    "majority": 0.5,
}
CHANCE = {"accuracy": 0.5, "low": 0.45, "high": 0.55, "auroc": 0.5, "auroc_low": 0.44, "auroc_high": 0.56}
CHANCE |= {"auroc_least": 0.49, "auroc_most": 0.51, "ranking_seeds": ""}
CONTROL = ROW | CHANCE | {"trainset": UNTRAINED, "accuracy_median": 0.5}
FLAT = ROW | CHANCE | {"accuracy_median": 0.5}


def comparison_rows(row=ROW, level="test", scope=None, **differences):
    """Rows of `compare_arms` of an arm: {against: difference}, at the median where the name says so; 0 is no difference."""
    found = []
    for name, difference in differences.items():
        against, _, at_median = name.partition("_at_")
        key = {"model": row["model"], "trainset": row["trainset"], "scope": scope or row["test"], "level": level}
        key |= {"tests": row["test"], "measure": "accuracy_median" if at_median else "accuracy", "against": against}
        ends = {"difference": difference, "low": difference - 0.05, "high": difference + 0.05}
        p = {"p": 0.001, "p_holm": 0.001 if difference else 1.0, "hidden": False, "detectable": 0.1, "assumed": False}
        seeds = {"primary": False, "runs": row["seeds"], "seeds": row["seeds"], "needed": row["seeds"], "collapsed": ""}
        found.append(key | ends | p | seeds | {"better": row["seeds"] * (difference > 0)})
    for row in found:
        same = [other for other in found if other["measure"] == row["measure"]]
        row["p_claim"] = max(other["p_holm"] if other["difference"] > 0 else 1.0 for other in same)
    return found


BETTER = {"majority": 0.3, "untrained": 0.3, "chance_at_median": 0.3, "untrained_at_median": 0.3}
EQUAL = dict.fromkeys(BETTER, 0)
RANKS = EQUAL | {"chance_at_median": 0.18, "untrained_at_median": 0.18}
LONG = ROW | {
    "model": "a-model-of-a-long-name",
    "test": "a-test-whose-name-is-longer-than-any",
    "sd": np.nan,
    "seeds": 1,
    "ranking_seeds": "1",
}
ALL_SAME = {"constant": 3, "same_seeds": "1, 2, 3", "predicted_positive_least": 1.0, "predicted_positive_most": 1.0}
CALLED_SAME = FLAT | ALL_SAME | {"test": "dna50"}
BASELINES = {
    "fr": {"name": "k-mer overlap", "accuracy": 0.98, "low": 0.96, "high": 0.99},
    "dna50": {"name": "composition", "accuracy": 0.49, "low": 0.43, "high": 0.55},
    "a-test-whose-name-is-longer-than-any": {"name": "none", "accuracy": np.nan, "low": np.nan, "high": np.nan},
}


def judged_summary():
    """A summary of three arms on a test each, and of the control of two."""
    return pd.DataFrame([CONTROL, CONTROL | {"test": "dna50"}, ROW, CALLED_SAME, LONG])


def judged_comparisons():
    """The comparisons that belong to `judged_summary`."""
    rows = [
        *comparison_rows(**BETTER),
        *comparison_rows(CALLED_SAME, **EQUAL),
        *comparison_rows(LONG, majority=0.3, chance_at_median=0.3),
    ]
    groups = [
        (ROW, "sentences", BETTER),
        (CALLED_SAME, "DNA", EQUAL),
        (LONG, "DNA", {"majority": 0.3, "chance_at_median": 0.3}),
    ]
    return pd.DataFrame(rows + [r for row, scope, d in groups for r in comparison_rows(row, "group", scope, **d)])
