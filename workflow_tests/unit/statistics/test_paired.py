"""Paired differences against other ways to compute them, and against simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from helpers.studies import balanced
from linguist.intervals import degrees_of_freedom
from linguist.statistics.comparisons import majority_answers
from linguist.statistics.paired import (
    difference_with_interval,
    half_width,
    p_despite_collapse,
    paired_difference,
    variance_components,
)
from linguist.statistics.power import COLLAPSE, unseen_collapse

pytestmark = pytest.mark.filterwarnings("error")


def test_with_one_seed_and_test_it_is_the_paired_t_test():
    draw = np.random.default_rng(2)
    one, other = draw.integers(0, 2, (2, 1, 80)).astype(float)
    difference, low, high, p = paired_difference([one], [other])
    expected = stats.ttest_rel(one[0], other[0])
    assert difference == pytest.approx((one - other).mean()) and p == pytest.approx(expected.pvalue)
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_where_items_vary_little_it_is_the_paired_t_test_over_seeds():
    skill, control = np.array([0.5, 0.7, 0.6]), np.array([0.4, 0.5, 0.55])
    one, other = (np.repeat(values[:, None], 10**5, axis=1) for values in (skill, control))
    expected = stats.ttest_rel(skill, control)
    difference, low, high, p = paired_difference([one], [other])
    assert (difference, p) == (pytest.approx(np.mean(skill - control)), pytest.approx(expected.pvalue, rel=1e-3))
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=1e-3)


def test_two_tests_are_averaged_whatever_their_sizes():
    draw = np.random.default_rng(3)
    ways = [[draw.random((2, n)) for n in (40, 200)] for _ in range(2)]
    difference, low, high, p = paired_difference(*ways)
    each = [paired_difference([a], [b])[0] for a, b in zip(*ways, strict=True)]
    assert difference == pytest.approx(np.mean(each)) and low < difference < high and 0 < p < 1
    backwards = paired_difference(*ways[::-1])
    assert backwards == pytest.approx((-difference, -high, -low, p))


# ── differences without variance ──


@pytest.mark.parametrize("fixed", [True, False])
def test_two_models_that_always_give_opposite_answers_do_not_differ_significantly(fixed):
    """11 and 9 items of the two labels: the model that always gives the answer of the 11 is better by chance alone."""
    label = np.repeat([1.0, 0.0], [11, 9])
    difference, low, high, p = paired_difference([label[None]], [1 - label[None]], [label] if fixed else None)
    assert difference == pytest.approx(0.1) and low < -0.3 and high > 0.4
    assert p == pytest.approx(stats.binomtest(11, 20).pvalue, abs=1e-6 if fixed else 0.2) and p > 0.5
    seeds = np.repeat(label[None], 6, axis=0)
    assert paired_difference([seeds], [1 - seeds], [label])[3] > 0.5
    assert paired_difference([label[None]] * 3, [1 - label[None]] * 3, [label] * 3)[3] > 0.5


@given(st.integers(0, 40), st.integers(0, 40))
def test_where_labels_decide_all_it_is_mcnemars_exact_test(better, worse):
    """The interval is on one side of 0 only where p is below 5 %; both are those of the share of better items."""
    label = np.repeat([1.0, 0.0], [better, worse])
    if better + worse:
        difference, low, high, p = paired_difference([label[None]], [1 - label[None]], [label])
        found = stats.binomtest(better, better + worse)
        assert p == pytest.approx(found.pvalue) and p > 0
        assert ((low + 1) / 2, (high + 1) / 2) == pytest.approx(tuple(found.proportion_ci(0.95)))
        assert low <= difference <= high and (low <= 0 <= high) == (p >= 0.05)


def test_no_p_is_0_and_no_interval_is_a_point():
    ones, nil = np.ones((1, 9)), np.zeros((1, 9))
    assert paired_difference([ones], [nil]) == pytest.approx((1, 2 * 0.025 ** (1 / 9) - 1, 1, 2 * 0.5**9))
    for seeds in (2, 3, 7):
        difference, low, high, p = paired_difference([np.repeat(ones, seeds, axis=0)], [nil])
        assert difference == high == 1 and 0 < low < 1 and 0 < p < 0.05
    for count, shared, items in ((1, True, 9), (4, True, 9), (4, False, 36)):
        found = paired_difference([ones] * count, [ones] * count, shared=shared)
        most = stats.binomtest(0, items).proportion_ci(0.95).high
        assert found == pytest.approx((0, -most, most, 1))


def test_from_five_seeds_on_the_seeds_and_the_items_share_their_degrees_of_freedom():
    """Five seeds find a difference that four, by the stricter rule, do not; where only one component varies it is a t-test."""
    rng = np.random.default_rng(11)
    skill = 0.6 + np.array([-0.03, -0.02, 0.0, 0.02, 0.03])
    one, other = rng.random((5, 400)) < skill[:, None], (rng.random((1, 400)) < 0.5).astype(float)
    found = variance_components([one], [other])
    (items, many), (seeds, few) = found.parts
    assert (many, few) == (399, 4) and few < degrees_of_freedom(found.parts) < many + few
    strict = np.sqrt(items * stats.t.ppf(0.975, many) ** 2 + seeds * stats.t.ppf(0.975, few) ** 2)
    assert half_width(found, 0.05) < strict
    assert degrees_of_freedom(((1.0, 7), (0.0, 3))) == pytest.approx(7)
    assert degrees_of_freedom(((1.0, 7), (1.0, 7))) == pytest.approx(14)


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.0), (2, 0.5), (3, 0.5), (5, 0.3), (5, 0.8), (10, 0.5)])
def test_two_ways_of_equal_skill_are_seldom_significantly_different(seeds, spread):
    """Items of differing difficulty, seeds of differing skill; at most what the levels allow, and some luck. The small level is
    where a correction for many comparisons works."""
    rng, p = np.random.default_rng(5), []
    for _ in range(600):
        difficulty = rng.normal(0.5, 1.5, (1, 200))
        ways = [
            rng.random((seeds, 200)) < 1 / (1 + np.exp(-difficulty - rng.normal(0, spread, (seeds, 1))))
            for _ in range(2)
        ]
        p.append(paired_difference([ways[0]], [ways[1]])[3])
    assert np.mean(np.array(p) < 0.05) <= 0.075 and np.mean(np.array(p) < 0.002) <= 0.01


def test_translations_of_one_set_are_no_more_evidence_than_one():
    """Six tests that share their items: a model that knows nothing must not be significantly better than the majority class more often for it."""
    rng, false = np.random.default_rng(6), 0
    label = balanced(200)
    for _ in range(400):
        base = rng.random((3, 200)) < 0.5
        right = [np.where(rng.random((3, 200)) < 0.8, base, rng.random((3, 200)) < 0.5) for _ in range(6)]
        false += paired_difference(right, [(label == 1)[None].astype(float)] * 6, [label] * 6)[3] < 0.05
    assert false / 400 <= 0.075


def test_independent_tests_are_more_evidence_than_one():
    """One seed, four tests of items of their own: the z-test of the mean of four means."""
    draw = np.random.default_rng(7)
    one, other = ([draw.random((1, 5000)) for _ in range(4)] for _ in range(2))
    mean, low, high, p = paired_difference(one, other, shared=False)
    gaps = [(a - b)[0] for a, b in zip(one, other, strict=True)]
    error = np.sqrt(sum(gap.var(ddof=1) / len(gap) for gap in gaps)) / 4
    assert (high - low) / 2 == pytest.approx(stats.norm.ppf(0.975) * error, rel=1e-3)
    assert p == pytest.approx(2 * stats.norm.sf(abs(mean) / error), rel=1e-2)
    wide = paired_difference(one, other)
    assert wide[2] - wide[1] == pytest.approx(2 * (high - low), rel=0.02)


def test_labels_whose_numbers_are_fixed_add_no_variance():
    """Against a constant answer on a balanced set a binomial test of the right answers is what remains."""
    label = balanced(1000)
    called = np.where(np.random.default_rng(8).random(1000) < 0.54, label, 1 - label)
    right = (called == label)[None].astype(float)
    loose, tight = (paired_difference([right], [majority_answers(label)], labels) for labels in (None, [label]))
    assert tight[0] == loose[0] and tight[2] - tight[1] < 0.8 * (loose[2] - loose[1])
    assert tight[3] == pytest.approx(stats.binomtest(int(right.sum()), 1000).pvalue, abs=0.02)


@pytest.mark.parametrize("against", ["opposite", "majority"])
def test_labels_whose_numbers_vary_are_no_strata(against):
    """One seed on tables whose labels are sampled, as PAWS-X: two models of opposite bias, or a biased one and the majority
    class, that are equally right over all such tables. Taking the numbers of labels as fixed would find more than 5 %."""
    rng, false = np.random.default_rng(14), {"none": 0, "labels": 0}
    for _ in range(600):
        label = (rng.random(300) < 0.5).astype(int)
        often, seldom = (rng.random(300) < share for share in (0.8, 0.2))
        other = (seldom == label) if against == "opposite" else majority_answers(label)[0]
        ways = [(often == label)[None].astype(float)], [other[None].astype(float)]
        for name, labels in (("none", None), ("labels", [label])):
            low, high = paired_difference(*ways, labels)[1:3]
            false[name] += low > 0 if against == "majority" else not low <= 0 <= high
    nominal = {"opposite": 0.05, "majority": 0.025}[against]
    assert false["none"] / 600 <= nominal + 0.025
    assert against == "majority" or false["labels"] / 600 > 0.1


# ── seeds that collapse unseen ──


@pytest.mark.parametrize("seeds", [2, 4, 5, 10, 60])
def test_a_lead_must_be_larger_than_what_collapsed_seeds_can_hide(seeds):
    rng = np.random.default_rng(15)
    found = variance_components([rng.random((seeds, 900)) < 0.8], [(rng.random((1, 900)) < 0.7).astype(float)])
    p = difference_with_interval(found)[3]
    despite = p_despite_collapse(found, p, 0.7, 0)
    assert p < despite <= 1 and p_despite_collapse(found, p, 0.5, 0) == p
    for level in (0.001, 0.01, 0.2):
        significant = found.mean > half_width(found, level) + unseen_collapse(0.7, 0, seeds, level)
        assert significant == (despite < level)


def test_what_collapsed_seeds_can_hide_falls_with_the_seeds_and_with_the_collapsed_ones_that_were_seen():
    hidden = [float(unseen_collapse(0.7, 0, seeds, 0.05)) for seeds in (5, 10, 20, 40, 80)]
    assert hidden[0] == pytest.approx(0.2 * COLLAPSE / (1 - COLLAPSE)) and hidden == sorted(hidden, reverse=True)
    assert 0 < hidden[-1] < 0.01
    seen = unseen_collapse(0.7, np.arange(11), 10, 0.05)
    assert (np.diff(seen) <= 0).all() and seen[0] > 0 and (seen[3:] == 0).all()
