"""Metrics of a run against scikit-learn and a bootstrap of items."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from linguist.intervals import wilson
from linguist.statistics.scores import (
    bound_at_median,
    confusion_matrix,
    confusion_metrics,
    correct_at_median,
    is_constant,
    pair_metrics,
    task_metrics,
    ties_at_median,
)

pytestmark = pytest.mark.filterwarnings("error")

labels = st.integers(2, 4).flatmap(
    lambda k: st.tuples(
        st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(-1, k - 1)), min_size=1, max_size=40)
    )
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_metrics_of_two_classes_agree_with_scikit_learn(rows):
    label, predicted = np.array(rows).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, on one class
        expected = (
            accuracy_score(label, predicted),
            f1_score(label, predicted, zero_division=0),
            matthews_corrcoef(label, predicted),
        )
    assert tuple(map(float, confusion_metrics(confusion_matrix(label, predicted, 2), of_class=1))) == pytest.approx(
        expected, abs=1e-12
    )


@given(labels)
def test_metrics_of_many_classes_agree_with_scikit_learn(case):
    k, pairs = case
    truth, called = np.array(pairs).T
    accuracy, f1, mcc = confusion_metrics(confusion_matrix(truth, called, k, no_answer=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, on one class
        assert accuracy == pytest.approx(accuracy_score(truth, called))
        assert f1 == pytest.approx(f1_score(truth, called, labels=range(k), average="macro", zero_division=0))
        assert mcc == pytest.approx(matthews_corrcoef(truth, called), abs=1e-9)


def test_confusion_metrics_take_arrays():
    counts = np.array([[[5, 1], [2, 8]], [[0, 0], [0, 10]], [[4, 6], [0, 0]]])
    many = confusion_metrics(counts, of_class=1)
    assert np.array(many).T.tolist() == [list(confusion_metrics(one, of_class=1)) for one in counts]


def test_f1_and_mcc_do_not_overflow_on_large_tests():
    _, f1, mcc = confusion_metrics([[60_000, 0], [0, 60_000]], of_class=1)
    assert f1 == 1 and mcc == pytest.approx(1)


def draw():
    return np.random.default_rng(0)


def balanced(n=200):
    return np.arange(n) % 2


def test_a_perfect_predictor():
    label = balanced()
    found = pair_metrics(label, np.where(label == 1, 2.0, -2.0), draw())
    for name in ("accuracy", "f1", "mcc", "auroc", "accuracy_median"):
        assert found[name] == 1, name
    assert found["accuracy_low"] == pytest.approx(wilson(200, 200)[0]) and found["accuracy_high"] == 1
    assert found["predicted_positive"] == found["majority"] == 0.5 and found["n"] == 200


@pytest.mark.parametrize("says", [-1.0, 1.0])
def test_a_constant_predictor_is_seen_through(says):
    label = (np.arange(200) < 60).astype(int)
    found = pair_metrics(label, np.full(200, says), draw())
    assert found["accuracy"] == (0.3 if says > 0 else 0.7)
    assert found["predicted_positive"] == (says > 0)
    assert found["mcc"] == found["mcc_low"] == found["mcc_high"] == 0
    assert found["auroc"] == 0.5 and found["majority"] == 0.7
    if says < 0:
        assert found["f1"] == found["f1_low"] == found["f1_high"] == 0  # a constant prediction


@pytest.mark.parametrize(
    ("ones", "called", "constant"),
    [(100, 0, 1), (100, 3, 1), (100, 4, 0), (100, 197, 1), (2, 0, 1), (2, 1, 1), (2, 2, 0), (2, 3, 0)],
)
def test_a_run_is_constant_if_nearly_all_rows_have_one_answer_and_fewer_have_that_label(ones, called, constant):
    """Of 200 rows, some are labelled 1, and some are called 1."""
    label, answers = (np.arange(200) < number for number in (ones, called))
    assert is_constant(label.astype(int), answers.astype(int)) == constant


@pytest.mark.parametrize("only", [0, 1])
@pytest.mark.parametrize("score", [np.full(50, 1.0), np.full(50, -1.0), np.linspace(-1, 1, 50)])
def test_one_class_only(only, score):
    found = pair_metrics(np.full(50, only), score, draw())
    assert found["majority"] == 1
    assert found["accuracy"] == np.mean((score > 0) == only)
    assert np.isnan([found[name] for name in ("auroc", "auroc_low", "auroc_high")]).all()
    assert all(np.isfinite(value) for name, value in found.items() if not name.startswith("auroc"))


def test_a_hidden_ranking_shows_at_the_median():
    label = balanced()
    score = 5 + np.where(label == 1, 0.1, -0.1) * (1 + np.arange(200) / 200)  # all called "same"
    found = pair_metrics(label, score, draw())
    assert found["predicted_positive"] == 1 and found["accuracy"] == 0.5
    assert found["auroc"] == found["accuracy_median"] == 1


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-5, 5)), min_size=1, max_size=60))
def test_metrics_lie_in_their_intervals_and_ranges(rows):
    label, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = pair_metrics(label, score, draw())
    assert found["accuracy"] == pytest.approx(np.mean((score > 0) == label))
    assert found["accuracy_low"] <= found["accuracy"] + 1e-12 and found["accuracy"] - 1e-12 <= found["accuracy_high"]
    assert found["majority"] == pytest.approx(max(np.mean(label == 1), np.mean(label == 0)))
    assert found["predicted_positive"] == np.mean(score > 0)
    assert -1 <= found["mcc_low"] <= found["mcc_high"] <= 1 + 1e-12 and 0 <= found["f1_low"] <= found["f1_high"] <= 1
    assert pair_metrics(label, score, draw()) == pytest.approx(found, nan_ok=True)


def test_the_interval_of_f1_and_mcc_agrees_with_resampling_items():
    rng = np.random.default_rng(2)
    label = balanced(300)
    score = rng.normal(size=300) + label
    found = pair_metrics(label, score, draw())
    predicted = score > 0
    resampled = [rng.integers(300, size=300) for _ in range(500)]
    for name, function in (("f1", f1_score), ("mcc", matthews_corrcoef)):
        assert found[name] == pytest.approx(function(label, predicted))
        expected = np.percentile([function(label[at], predicted[at]) for at in resampled], [2.5, 97.5])
        assert (found[f"{name}_low"], found[f"{name}_high"]) == pytest.approx(expected, abs=0.03)


def test_a_reply_that_is_no_answer_counts_as_wrong():
    label, called = np.array([0, 1, 1, 0]), np.array([0, 1, -1, -1])
    found = task_metrics(label, called, 2, np.random.default_rng(0))
    assert found["accuracy"] == 0.5 and found["no_answer"] == 0.5 and found["majority"] == 0.5
    assert (
        found["accuracy_low"] < 0.5 < found["accuracy_high"] and found["mcc_low"] <= found["mcc"] <= found["mcc_high"]
    )


def test_the_bootstrap_of_mcc_holds_the_truth():
    """Of 200 samples of one world, about 95 % of the intervals hold its MCC."""
    draw, held = np.random.default_rng(1), 0
    for _ in range(200):
        label = draw.integers(0, 3, 300)
        called = np.where(draw.random(300) < 0.6, label, draw.integers(0, 3, 300))
        found = task_metrics(label, called, 3, np.random.default_rng(0))
        held += found["mcc_low"] <= 0.6 <= found["mcc_high"]
    assert 180 <= held <= 199


@pytest.mark.parametrize(("n", "positives"), [(200, 90), (200, 100), (200, 150), (201, 90), (201, 100), (350, 159)])
def test_at_the_median_a_perfect_ranking_reaches_the_bound(n, positives):
    """1 - |share of positives - 1/2|: 0.954 for 159 of 350."""
    label = (np.arange(n) >= n - positives).astype(int)
    found = pair_metrics(label, np.arange(n).astype(float), draw())
    assert found["auroc"] == 1 and found["median_ties"] == 0
    assert found["accuracy_median"] == pytest.approx(1 - abs(positives / n - 0.5))
    assert found["median_bound"] == pytest.approx(found["accuracy_median"])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-2, 2)), min_size=1, max_size=8))
def test_at_the_median_no_order_of_the_labels_exceeds_the_bound(rows):
    """Also with ties; sorting the labels by score reaches it."""
    label, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    bound = bound_at_median(label, score)
    assert correct_at_median(label, score).mean() <= bound + 1e-12
    assert correct_at_median(np.sort(label), np.sort(score)).mean() == pytest.approx(bound)


def test_ties_at_the_median_are_counted():
    assert [ties_at_median(np.array(score)) for score in ([1, 2, 3], [1, 2, 2, 3], [1, 1, 2, 2], [5, 5, 5])] == [
        0,
        2,
        0,
        3,
    ]
    assert pair_metrics(balanced(), np.zeros(200), draw())["median_ties"] == 200


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12))
def test_at_the_median_a_constant_score_is_a_coin_and_signs_do_not_matter(scores):
    score, label = np.array(scores, float), np.arange(len(scores)) % 2
    found = correct_at_median(label, score)
    assert found == pytest.approx(correct_at_median(label, score + 7)) and set(found) <= {0, 0.5, 1}
    assert found == pytest.approx(1 - correct_at_median(label, -score))
    assert set(correct_at_median(label, np.zeros(len(label)))) == {0.5}
