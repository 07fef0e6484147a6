"""Verdicts on tests follow from paired comparisons alone."""

import pandas as pd
import pytest

from helpers.verdicts import (
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
from linguist.statistics.verdicts import VERDICTS, control_rows, judge_test, judge_tests
from linguist.training.controls import UNTRAINED


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
        (FLAT | {"predicted_positive": 0.99}, EQUAL, "constant"),
        (FLAT | {"predicted_positive": 0.0}, {"majority": 0, "chance_at_median": 0}, "constant"),
        # multilingual-e5-small on dna50: every pair is called the same, and the scores rank them all the same
        (FLAT | {"predicted_positive": 1.0, "accuracy_median": 0.68}, RANKS, "ranks"),
        (FLAT | {"accuracy_median": 0.68}, {"majority": 0, "chance_at_median": 0.18}, "ranks"),
        # it ranks no better than the untrained classifier: a shortcut of the pair set, nothing learned
        (FLAT | {"accuracy_median": 0.58}, RANKS | {"untrained_at_median": 0}, "chance"),
        # another threshold would not help
        (FLAT | {"accuracy_median": 0.49}, RANKS, "chance"),
    ],
)
def test_verdict(row, differences, code):
    found, text = judge_test(row, comparison_rows(row, **differences))
    assert found == code
    assert text.startswith(VERDICTS[code])
    assert f"{row['accuracy']:.3f}" in text and f"{row['majority']:.3f}" in text


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
