"""Intervals against formulas, textbook values, brute force and the bootstrap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from linguist.intervals import auroc_interval, mean_interval, wilson


@given(n=st.integers(1, 3000), share=st.floats(0, 1))
def test_wilson_is_where_the_score_test_turns(n, share):
    right = round(share * n)
    z = stats.norm.ppf(0.975)
    observed = right / n
    middle = (observed + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(observed * (1 - observed) / n + z**2 / (4 * n**2))
    low, high = wilson(right, n)
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=1e-9)
    assert 0 <= low <= observed + 1e-12 and observed - 1e-12 <= high <= 1


def test_wilson_textbook_values():
    # Newcombe (1998), Statistics in Medicine 17:857, table I: 81/263, 15/148, 0/20, 1/29
    for right, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def brute_auroc(label, score):
    """Share of (positive, negative) couples in the right order; a tie is half."""
    over = score[label == 1][:, None] - score[label == 0][None, :]
    return np.mean((over > 0) + 0.5 * (over == 0))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=40))
def test_auroc_is_the_share_of_couples_in_order(rows):
    label, score = np.array(rows).T
    area, low, high = auroc_interval(label, score.astype(float))
    if len(set(label)) == 1:
        assert np.isnan([area, low, high]).all()
    else:
        assert area == pytest.approx(brute_auroc(label, score), abs=1e-12)
        assert 0 <= low <= area <= high <= 1


@pytest.mark.parametrize(("shift", "ties"), [(0.0, False), (1.0, False), (1.0, True)])
def test_delong_agrees_with_the_bootstrap(shift, ties):
    rng = np.random.default_rng(5)
    label = (rng.random(400) < 0.4).astype(int)
    score = rng.normal(size=400) + shift * label
    score = np.round(score) if ties else score
    area, low, high = auroc_interval(label, score)
    areas = []
    positive, negative = score[label == 1], score[label == 0]
    for _ in range(1000):
        one, other = rng.choice(positive, len(positive)), rng.choice(negative, len(negative))
        ranks = stats.rankdata(np.concatenate([one, other]))[: len(one)]
        areas.append((ranks.sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(other)))
    # A percentile of 1,000 resamples is itself uncertain by about a tenth of the interval's width (0.11).
    assert (low, high) == pytest.approx(np.percentile(areas, [2.5, 97.5]), abs=0.012)
    assert high - area == pytest.approx(1.96 * np.std(areas), rel=0.1)


def test_auroc_of_one_item_a_class_and_of_perfect_order():
    assert auroc_interval(np.array([0, 1]), np.array([0.0, 1.0])) == pytest.approx((1, 0.025, 1))
    perfect = auroc_interval(np.tile([0, 1], 50), np.tile([0.0, 1.0], 50))
    assert perfect == (1, pytest.approx(stats.binomtest(50, 50).proportion_ci(0.95).low), 1)


@pytest.mark.parametrize("shift", [0, 3])
def test_the_interval_of_an_auroc_holds_it_as_often_as_it_says(shift):
    """Also near 1, where the interval on the scale of the area itself holds it in 89 % of the cases."""
    rng, label, true, held = np.random.default_rng(3), np.arange(100) % 2, stats.norm.cdf(shift / np.sqrt(2)), 0
    for _ in range(400):
        _, low, high = auroc_interval(label, shift * label + rng.normal(size=100))
        held += low <= true <= high
    assert held / 400 >= 0.93 - 2 * np.sqrt(0.93 * 0.07 / 400)


def test_a_mean_over_seeds_without_variance_between_items_has_students_interval():
    values = [0.4, 0.5, 0.55]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values, 0) == pytest.approx(tuple(expected))
    assert mean_interval(values[:1], 0.1) == pytest.approx((0.3, 0.5))
    assert mean_interval(values, 9, -1, 1) == (-1, 1)
