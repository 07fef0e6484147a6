"""Verdicts on tests follow from paired comparisons alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers.verdicts import (
    ALL_SAME,
    BASELINES,
    BETTER,
    EQUAL,
    FLAT,
    RANKS,
    ROW,
    comparison_rows,
    judged_comparisons,
    judged_summary,
)
from linguist.files import write_table
from linguist.statistics.claims import HIDDEN
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.scores import compute_metrics
from linguist.statistics.seeds import are_opposite, behaviour_of_scores, behaviour_text
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.verdicts import VERDICTS, control_rows, judge_test, judge_tests
from linguist.training.controls import UNTRAINED

NAMED = ("same_seeds", "different_seeds")
RANKING = {"ranking_seeds": "1, 2, 3", "accuracy_median": 0.68}


@pytest.fixture
def summary():
    return judged_summary()


@pytest.fixture
def comparisons():
    return judged_comparisons()


@pytest.mark.parametrize(
    ("row", "differences", "code"),
    [
        (ROW, BETTER, "above"),
        (ROW, {"majority": 0.3, "chance_at_median": 0.3}, "uncontrolled"),
        (ROW, BETTER | {"untrained": 0}, "control"),
        (ROW, BETTER | {"shuffled": 0}, "control"),
        (ROW, BETTER | {"random-weights": -0.1}, "control"),
        (FLAT, EQUAL, "chance"),
        (FLAT | {"accuracy": 0.4}, EQUAL | {"majority": -0.1}, "below"),
        (FLAT | ALL_SAME, EQUAL, "constant"),
        (FLAT | ALL_SAME, {"majority": 0, "chance_at_median": 0}, "constant"),
        # all seeds are constant, in opposite classes: their mean looks like a coin
        (FLAT | {"constant": 3, "same_seeds": "2", "different_seeds": "1, 3"}, EQUAL, "constant"),
        (FLAT | {"constant": 2, "same_seeds": "2", "different_seeds": "1"}, EQUAL, "chance"),
        # multilingual-e5-small on dna50: every pair is called the same, and the scores rank them all the same
        (FLAT | ALL_SAME | RANKING, RANKS, "ranks"),
        (FLAT | RANKING, {"majority": 0, "chance_at_median": 0.18}, "ranks"),
        # it ranks no better than the untrained classifier: a shortcut of the pair set, nothing learned
        (FLAT | RANKING, RANKS | {"untrained_at_median": 0}, "chance"),
        # few seeds rank pairs
        (FLAT | {"ranking_seeds": "2"}, RANKS, "chance"),
        (FLAT | {"ranking_seeds": "2, 3"}, RANKS, "ranks"),
        # some rank pairs, another the wrong way round
        (FLAT | {"ranking_seeds": "1, 2", "reversed_seeds": "3"}, RANKS, "opposite"),
        (FLAT | {"ranking_seeds": "1", "reversed_seeds": "3"}, EQUAL, "opposite"),
        (ROW | {"ranking_seeds": "1, 2", "reversed_seeds": "3"}, BETTER, "above"),
        (FLAT | {"reversed_seeds": "1, 2, 3"}, RANKS, "chance"),
    ],
)
def test_verdict(row, differences, code):
    found, text = judge_test(row, comparison_rows(row, **differences))
    assert found == code
    assert text.startswith(VERDICTS[code])
    assert f"{row['accuracy']:.3f}" in text and f"{row['majority']:.3f}" in text
    assert not (row["constant"] or row["reversed_seeds"]) or behaviour_text(row, NAMED) in text


@pytest.mark.parametrize(
    ("row", "differences"), [(ROW, BETTER), (FLAT | RANKING, RANKS)], ids=["more accurate", "ranks"]
)
def test_a_significant_result_of_too_few_seeds_is_exploratory(row, differences):
    compared = comparison_rows(row, **differences)
    assert judge_test(row, compared)[0] != "exploratory"
    few = [other | {"needed": other["seeds"] + 1} for other in compared]
    assert judge_test(row, few)[0] == "exploratory"
    assert judge_test(FLAT, [other | {"needed": 10} for other in comparison_rows(FLAT, **EQUAL)])[0] == "chance"


def test_a_difference_that_collapsed_seeds_may_explain_is_said_to_be_one():
    """All differences are significant, but so few seeds may have missed that some collapse."""
    compared = comparison_rows(ROW, **BETTER)
    code, text = judge_test(ROW, [row | {"hidden": True, "p_claim": 0.2} for row in compared])
    assert code == "control" and HIDDEN in text and HIDDEN not in judge_test(ROW, compared)[1]


def planted(aurocs=(), called=(), n=200):
    """The summary and the verdict of an arm whose seeds have these AUROCs, or call all pairs 1 or 0, on one test."""
    label, draw = np.arange(n) % 2, np.random.default_rng(3)
    scores = [draw.normal(size=n) + 2**0.5 * norm.ppf(area) * (label - 0.5) for area in aurocs]
    scores += [draw.normal(size=n) / 9 + (5 if same else -5) for same in called]
    arm = {"x": (label, dict(enumerate(scores, 1)))}
    table = compare_arms({("m", "t"): arm}, [{"arm": ["m", "t"], "controls": {}, "groups": {}}])
    (row,) = summarize_pairs(compute_metrics("s", {("m", "t"): arm})).to_dict("records")
    return row, *judge_test(row, table.to_dict("records"))


def test_seeds_that_rank_in_opposite_directions_are_neither_chance_nor_ranks():
    """AUROCs of 0.9 and 0.1 have the mean of chance, and 0.9, 0.9 and 0.1 one above it."""
    row, code, text = planted(aurocs=(0.9, 0.1))
    assert code == "opposite" and np.isnan(row["auroc"]) and np.isnan(row["accuracy_median"])
    assert row["auroc_least"] < 0.2 and row["auroc_most"] > 0.8
    assert "ranked correctly by 1 of 2 seeds (seed 1)" in text and "wrong way round by 1 of 2 seeds (seed 2)" in text
    for areas in [(0.9, 0.9, 0.1), (0.9,) * 9 + (0.1,)]:
        row, code, text = planted(aurocs=areas)
        assert code != "ranks" and f"by {len(areas) - 1} of {len(areas)} seeds" in text
        assert f"wrong way round by 1 of {len(areas)} seeds (seed {len(areas)})" in text


@pytest.mark.parametrize(
    ("called", "named"),
    [
        ((1, 1, 1), ["as same by 3 of 3 seeds"]),
        ((0, 0), ["as different by 2 of 2 seeds"]),
        ((1, 0), ["as same by 1 of 2 seeds (seed 1)", "as different by 1 of 2 seeds (seed 2)"]),
        ((0, 1, 1, 0), ["as same by 2 of 4 seeds (seeds 2, 3)", "as different by 2 of 4 seeds (seeds 1, 4)"]),
    ],
)
def test_seeds_that_are_all_constant_are_constant_whatever_their_classes(called, named):
    row, code, text = planted(called=called)
    assert code == "constant" and row["constant"] == len(called) and all(part in text for part in named)


def test_a_constant_seed_among_others_is_named():
    row, code, text = planted(aurocs=(0.5, 0.5), called=(1,))
    assert code == "chance" and row["constant"] == 1 and "as same by 1 of 3 seeds (seed 3)" in text
    row, code, text = planted(aurocs=(0.95,) * 9, called=(0,))
    assert code == "uncontrolled" and "as different by 1 of 10 seeds (seed 10)" in text


def test_seeds_at_chance_do_not_seem_to_do_opposite_things():
    """Of 50 models with ten seeds at chance, hardly any has a seed that seems to rank pairs."""
    draw, label = np.random.default_rng(8), np.arange(100) % 2
    found = [behaviour_of_scores(label, {s: draw.normal(size=100) for s in range(10)}) for _ in range(50)]
    assert sum(bool(row["ranking_seeds"] or row["reversed_seeds"]) for row in found) <= 7
    assert sum(map(are_opposite, found)) <= 2


def test_the_closest_control_stands_beside_each_row(summary, comparisons):
    judged = judge_tests(summary, BASELINES, comparisons)
    assert list(judged["verdict"]) == ["above", "constant", "uncontrolled"]
    assert list(judged["difference"]) == [0.3, 0, 0.3] and list(judged["difference_p"]) == [0.001, 1, 0.001]
    assert UNTRAINED not in set(judged["trainset"])
    comparisons.loc[1, "p_holm"] = 0.04
    assert judge_tests(summary, BASELINES, comparisons)["against"][0] == "untrained"


def test_a_baseline_that_is_not_clearly_exceeded_leaves_the_verdict(summary, comparisons):
    judged = judge_tests(summary, BASELINES, comparisons)
    assert list(judged["not_above_baseline"]) == [True, True, False]
    assert list(judged["baseline"]) == ["k-mer overlap", "composition", "none"]
    assert judged["verdict"][0] == "above" and "k-mer overlap (0.980)" in judged["text"][0]
    for accuracy, not_above in ((ROW["low"], True), (ROW["low"] - 0.001, False)):
        tie = judge_tests(summary, BASELINES | {"fr": BASELINES["fr"] | {"accuracy": accuracy}}, comparisons)
        assert tie["not_above_baseline"][0] == not_above


def test_table_reads_back_with_the_controls_at_its_end(summary, comparisons, tmp_path):
    judged = judge_tests(summary, BASELINES, comparisons)
    write_table(tmp_path / "table.tsv", pd.concat([judged, control_rows(summary)]))
    table = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert len(table) == len(summary)
    assert list(table["trainset"]) == ["en"] * 3 + [UNTRAINED] * 2
    assert table["accuracy"].iloc[0] == pytest.approx(0.8)
    assert list(table["not_above_baseline"].iloc[:3].astype(str)) == ["True", "True", "False"]
