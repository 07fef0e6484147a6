"""Verdicts on tests follow from paired comparisons alone."""

import pandas as pd
import pytest

from helpers.verdicts import FLAT, LEADS, LEVEL, RANKS, ROW, SHORTCUTS, judged_comparisons, judged_summary, rivals
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
        (ROW, LEADS, "above"),
        (ROW, {"majority": 0.3, "chance_at_median": 0.3}, "uncontrolled"),
        (ROW, LEADS | {"untrained": 0}, "control"),
        (ROW, LEADS | {"shuffled": 0}, "control"),
        (ROW, LEADS | {"random-weights": -0.1}, "control"),
        (FLAT, LEVEL, "chance"),
        (FLAT | {"accuracy": 0.4}, LEVEL | {"majority": -0.1}, "below"),
        (FLAT | {"predicted_positive": 0.99}, LEVEL, "constant"),
        (FLAT | {"predicted_positive": 0.0}, {"majority": 0, "chance_at_median": 0}, "constant"),
        # multilingual-e5-small on dna50: every pair is called the same, and the scores rank them all the same
        (FLAT | {"predicted_positive": 1.0, "accuracy_median": 0.68}, RANKS, "ranks"),
        (FLAT | {"accuracy_median": 0.68}, {"majority": 0, "chance_at_median": 0.18}, "ranks"),
        # it ranks no better than the untrained head: a shortcut of the pair set, not a thing learned
        (FLAT | {"accuracy_median": 0.58}, RANKS | {"untrained_at_median": 0}, "chance"),
        # another threshold would not help: the threshold is not to blame
        (FLAT | {"accuracy_median": 0.49}, RANKS, "chance"),
    ],
)
def test_verdict(row, differences, code):
    found, text = judge_test(row, rivals(row, **differences))
    assert found == code
    assert text.startswith(VERDICTS[code])
    assert f"{row['accuracy']:.3f}" in text and f"{row['majority']:.3f}" in text


def test_judge_puts_the_rival_that_is_led_least_beside_each_row(summary, comparisons):
    judged = judge_tests(summary, SHORTCUTS, comparisons)
    assert list(judged["verdict"]) == ["above", "constant", "uncontrolled"]
    assert list(judged["lead"]) == [0.3, 0, 0.3] and list(judged["lead_p"]) == [0.001, 1, 0.001]
    assert UNTRAINED not in set(judged["trainset"])
    comparisons.loc[1, "p_holm"] = 0.04
    assert judge_tests(summary, SHORTCUTS, comparisons)["lead_over"][0] == "untrained"


def test_a_shallow_baseline_that_reaches_the_model_is_told_and_leaves_the_verdict(summary, comparisons):
    judged = judge_tests(summary, SHORTCUTS, comparisons)
    assert list(judged["baseline_reaches"]) == [True, True, False]
    assert list(judged["baseline"]) == ["k-mer overlap", "composition", "none"]
    assert judged["verdict"][0] == "above" and "k-mer overlap, which has 0.980" in judged["claim"][0]
    assert "shallow" in judged["claim"][1] and "shallow" not in judged["claim"][2]
    for accuracy, reaches in ((ROW["low"], True), (ROW["low"] - 0.001, False)):
        tie = judge_tests(summary, SHORTCUTS | {"fr": SHORTCUTS["fr"] | {"accuracy": accuracy}}, comparisons)
        assert tie["baseline_reaches"][0] == reaches


def test_table_reads_back_with_the_controls_at_its_end(summary, comparisons, tmp_path):
    judged = judge_tests(summary, SHORTCUTS, comparisons)
    write_table(tmp_path / "table.tsv", pd.concat([judged, control_rows(summary)]))
    table = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert len(table) == len(summary)
    assert list(table["trainset"]) == ["en"] * 3 + [UNTRAINED] * 2
    assert table["accuracy"].iloc[0] == pytest.approx(0.8)
    assert list(table["baseline_reaches"].iloc[:3].astype(str)) == ["True", "True", "False"]
