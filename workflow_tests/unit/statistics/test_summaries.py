"""Means over seeds, and intervals that cover new seeds and new items."""

import numpy as np
import pandas as pd
import pytest

from linguist.intervals import accuracy_interval, wilson
from linguist.statistics.seeds import are_opposite
from linguist.statistics.summaries import summarize_identity, summarize_kinds, summarize_pairs


def seeds_table(accuracies, n=100, **more):
    """A metrics table of one model and test."""
    rows = [
        {"model": "m", "trainset": "t", "test": "x", "seed": i, "n": n, "accuracy": a} for i, a in enumerate(accuracies)
    ]
    frame = pd.DataFrame(rows)
    frame["accuracy_low"], frame["accuracy_high"] = zip(*(wilson(round(a * n), n) for a in accuracies), strict=True)
    others = ["auroc", "auroc_low", "auroc_high", "accuracy_median", "predicted_positive", "majority"]
    others += ["median_bound", "median_ties"]
    return frame.assign(**dict.fromkeys(others, 0.5) | {"constant": 0} | more)


def test_a_summary_gives_mean_sd_range_and_the_interval_of_its_formula():
    accuracies = [0.70, 0.74, 0.78]
    (row,) = summarize_pairs(seeds_table(accuracies, auroc=[0.6, 0.7, 0.8], predicted_positive=[0, 0.5, 1])).to_dict(
        "records"
    )
    assert row["accuracy"] == pytest.approx(0.74) and row["sd"] == pytest.approx(0.04)
    assert (row["worst"], row["best"], row["seeds"], row["n"]) == (0.70, 0.78, 3, 100)
    assert row["auroc"] == pytest.approx(0.7) and (row["auroc_least"], row["auroc_most"]) == (0.6, 0.8)
    assert (row["predicted_positive_least"], row["predicted_positive_most"]) == (0, 1)
    # t(0.975, 2) = 4.303 (any table of t); Wilson's half width for the items, at z = 1.960
    z, n, p = 1.95996, 100, 0.74
    items = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    half = np.hypot(4.3027 * 0.04 / np.sqrt(3), items)
    assert (row["low"], row["high"]) == pytest.approx((0.74 - half, 0.74 + half), abs=1e-4)


def test_runs_that_give_one_answer_are_named_by_their_class():
    """Two that are constant in opposite ways look like one that is not, by the mean of their predictions."""
    table = seeds_table([0.5, 0.5, 0.7], constant=[1, 1, 0], predicted_positive=[0.0, 1.0, 0.5])
    (row,) = summarize_pairs(table).to_dict("records")
    assert (row["constant"], row["different_seeds"], row["same_seeds"]) == (2, "0", "1") and are_opposite(row)


LABEL = np.array([1, 0, 1, 0, 1, 0, 1, 0])
KINDS = ["close", "scrambled", "close", "unrelated"] * 2


def kinds_of(by_seed):
    rows = summarize_kinds({("m", "t"): {"x": (LABEL, by_seed)}}, {"x": KINDS})
    return rows.set_index("kind")


def test_errors_by_kind_leave_constant_seeds_out():
    """Two opposite constants would be right in half of the pairs of every kind; the third seed fails on scrambled pairs."""
    fails = LABEL - 0.5 + np.array([0, 1, 0, 0] * 2)
    rows = kinds_of({1: np.full(8, 9.0), 2: np.full(8, -9.0), 3: fails})
    assert list(rows["right"]) == [1, 0, 1] and set(rows["constant"]) == {2} and set(rows["seeds"]) == {3}
    rows = kinds_of({1: np.full(8, 9.0), 2: np.full(8, -9.0)})
    assert rows[["right", "low", "high", "worst", "best"]].isna().all(axis=None) and set(rows["constant"]) == {2}


def test_errors_by_kind_have_no_mean_over_seeds_that_rank_in_opposite_directions():
    draw, label = np.random.default_rng(1), np.arange(80) % 2
    right = (label - 0.5) * 4 + draw.normal(size=80)
    rows = summarize_kinds({("m", "t"): {"x": (label, {1: right, 2: -right})}}, {"x": ["a", "b"] * 40})
    assert rows[["right", "low", "high"]].isna().all(axis=None)
    assert (rows["worst"] < 0.2).all() and (rows["best"] > 0.8).all()


def test_the_interval_stays_within_0_and_1():
    (row,) = summarize_pairs(seeds_table([0.9, 1.0])).to_dict("records")
    assert row["high"] == 1 and 0 <= row["low"] < 0.95
    (row,) = summarize_pairs(seeds_table([0.0, 0.1])).to_dict("records")
    assert row["low"] == 0


def test_with_one_seed_it_is_that_runs_own_interval():
    (row,) = summarize_pairs(seeds_table([0.6])).to_dict("records")
    assert (row["low"], row["high"]) == wilson(60, 100) and np.isnan(row["sd"]) and row["worst"] == row["best"] == 0.6


def test_accuracy_by_identity_is_that_of_runs_trained_on_the_set_itself():
    """Three of four near rows are right with one seed, one with the other; of the four others two and none."""
    label = np.array([1, 0, 1, 0, 1, 0, 1, 0])
    wrong = {1: [3, 4, 5], 2: [0, 1, 2, 4, 5, 6, 7]}
    scores = {seed: np.where(np.isin(range(8), at), 1 - label, label) - 0.5 for seed, at in wrong.items()}
    scores[3] = np.full(8, -1.0)  # a constant seed is left out
    of_arm = {"own": (label, scores), "other": (label, scores)}
    identity = {"own": [1, 1, 1, 1, 0.79, 0, 0, 0]}
    found = summarize_identity({("m", "own"): of_arm, ("m", "other"): of_arm}, identity)
    assert found.drop(columns=["low", "high"]).values.tolist() == [
        ["m", "own", "own", "100 %", 4, 3, 0.5, 1],
        ["m", "own", "own", "below 80 %", 4, 3, 0.25, 1],
    ]
    assert tuple(found.loc[0, ["low", "high"]]) == pytest.approx(accuracy_interval([0.75, 0.25], 4))


def test_each_model_trainset_and_test_has_its_row():
    frame = pd.concat([seeds_table([0.5, 0.6]).assign(test=test, model=m) for test in "yx" for m in "ba"])
    found = summarize_pairs(frame)
    assert list(zip(found["test"], found["model"], strict=True)) == [("y", "b"), ("y", "a"), ("x", "b"), ("x", "a")]
    assert set(found["seeds"]) == {2}


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (3, 0.5), (5, 0.3), (20, 0.3)])
def test_the_interval_covers_the_accuracy_over_new_seeds_and_new_items(seeds, spread):
    """Items of differing difficulty, which all seeds share; seeds of differing skill. 95 % is the aim, 90 % the floor."""
    rng = np.random.default_rng(7)
    studies, items = 300, 150
    difficulty = rng.normal(0.8, 1.5, (studies, 1, items))
    skill = rng.normal(0, spread, (studies, seeds, 1))
    right = rng.random((studies, seeds, items)) < 1 / (1 + np.exp(-difficulty - skill))
    truth = np.mean(1 / (1 + np.exp(-rng.normal(0.8, 1.5, 10**6) - rng.normal(0, spread, 10**6))))
    tables = [seeds_table(right[i].mean(axis=1), n=items).assign(test=str(i)) for i in range(studies)]
    found = summarize_pairs(pd.concat(tables))
    assert ((found["low"] <= truth) & (truth <= found["high"])).mean() >= 0.9
