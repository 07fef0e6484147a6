"""Paired tests against other ways to compute them and against simulations, and their corrections for many tests."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from linguist.files import write_table
from linguist.statistics.comparisons import (
    compare_arms,
    correct_family,
    degrees_of_freedom,
    half_width,
    holm,
    intersection_union,
    majority_answers,
    paired_difference,
    variance_components,
)
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results

pytestmark = pytest.mark.filterwarnings("error")


def balanced(n=200):
    return np.arange(n) % 2


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


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """A hypothesis falls if all intersections that hold it fall (Marcus, Peritz & Gabriel 1976)."""
    subsets = [[i for i in range(len(p)) if mask >> i & 1] for mask in range(1, 2 ** len(p))]
    closed = [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(len(p))]
    assert holm(p) == pytest.approx(closed)


def scored(skills, n=200, seeds=3, shift=0.0):
    """Scores of arms {name: how much a same pair scores above a different one}, as from `read_scores`; test "x"."""
    label, found = balanced(n), {}
    for at, (arm, skill) in enumerate(skills.items()):
        draws = {seed: np.random.default_rng([at, seed]).normal(size=n) for seed in range(seeds)}
        found[arm] = {"x": (label, {seed: draw + skill * (label - 0.5) + shift for seed, draw in draws.items()})}
    return found


def test_each_arm_is_compared_with_every_control_and_with_knowing_nothing(tmp_path):
    scores = scored({("m", "t"): 2.0, ("m", "untrained"): 0.0, ("m", "t.flipped"): -2.0})
    controls = {"untrained": ["m", "untrained"], "flipped": ["m", "t.flipped"]}
    table = compare_arms(scores, [{"arm": ["m", "t"], "controls": controls, "groups": {"DNA": ["x"]}}])
    assert list(table["level"]) == ["test"] * 6 + ["group"] * 6
    assert list(table["against"][:6]) == ["majority", "untrained", "flipped", "chance", "untrained", "flipped"]
    assert (
        (table["difference"] > 0.1).all() and (table["p_holm"] < 0.01).all() and (table["p_holm"] >= table["p"]).all()
    )
    accuracy = summarize_pairs(compute_metrics("s", scores)).set_index("trainset")["accuracy"]
    found = table[:3].set_index("against")["difference"]
    assert found["untrained"] == pytest.approx(accuracy["t"] - accuracy["untrained"])
    assert found["flipped"] == pytest.approx(accuracy["t"] - accuracy["t.flipped"])
    assert found["majority"] == pytest.approx(accuracy["t"] - 0.5)
    write_table(tmp_path / "c.tsv", table)
    pd.testing.assert_frame_equal(read_results(tmp_path / "c.tsv"), table, rtol=1e-4, atol=1e-9, check_dtype=False)


@given(st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=2), min_size=1, max_size=8))
def test_a_hypothesis_has_the_largest_p_of_its_controls_corrected_for_the_hypotheses_alone(p):
    claim = np.repeat(np.arange(len(p)), 2)
    found = intersection_union(np.ravel(p), claim)
    assert found == pytest.approx(np.repeat(holm(np.max(p, axis=1)), 2))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.data())
def test_a_primary_p_is_not_corrected_and_the_others_are_no_smaller(p, data):
    at = data.draw(st.integers(0, len(p) - 1))
    found, others = correct_family(p, np.arange(len(p)) == at), np.delete(p, at)
    assert found[at] == p[at]
    assert np.delete(found, at) == pytest.approx(np.maximum(holm(others), p[at]))
    assert correct_family(p, np.zeros(len(p))) == pytest.approx(holm(p))


@pytest.mark.parametrize("true", [[], [0], [3]])
def test_with_a_primary_hypothesis_false_ones_are_seldom_supported(true):
    """Ten independent hypotheses, of which some are true and always significant; the first one is primary."""
    p = np.random.default_rng(15).random((4000, 10))
    p[:, true] = 1e-9
    found = np.array([correct_family(row, np.arange(10) == 0) for row in p])
    assert (np.delete(found, true, axis=1) < 0.05).any(axis=1).mean() <= 0.06


def test_the_primary_hypothesis_of_a_study_needs_no_correction():
    rng, label = np.random.default_rng(16), balanced(300)
    tests = {name: (label, {s: rng.normal(size=300) + 0.6 * (label - 0.5) for s in range(5)}) for name in "abcd"}
    spec = {
        "arm": ["m", "t"],
        "controls": {},
        "groups": {name.upper(): [name] for name in "abcd"},
        "balanced": [*"abcd"],
    }
    plain, primary = (
        compare_arms({("m", "t"): tests}, [spec | more])
        .query("level == 'group' and measure == 'accuracy'")
        .set_index("scope")
        for more in ({}, {"primary": "C"})
    )
    assert plain["primary"].sum() == 0 and list(primary.index[primary["primary"]]) == ["C"]
    assert plain["p_claim"]["C"] > plain["p"]["C"] and primary["p_claim"]["C"] == primary["p"]["C"]
    assert (primary["p_claim"] >= primary["p"]["C"]).all()


def test_controls_that_the_model_is_better_than_do_not_make_a_hypothesis_harder():
    """A study of one hypothesis with three controls: their number needs no correction."""
    rng, label = np.random.default_rng(8), balanced(400)
    arm = {"a": (label, {s: rng.normal(size=400) + 2 * (label - 0.5) for s in range(3)})}
    weak = {name: {"a": (label, {s: rng.normal(size=400) for s in range(3)})} for name in ("x", "y", "z")}
    scores = {("m", "t"): arm} | {("m", name): tests for name, tests in weak.items()}
    spec = {"arm": ["m", "t"], "controls": {name: ["m", name] for name in weak}, "groups": {"DNA": ["a"]}}
    rows = compare_arms(scores, [spec]).query("level == 'group' and measure == 'accuracy'")
    # A control that is by chance above 0.5 makes the margin for collapsed seeds a little larger than 0.
    assert (
        rows["p_claim"].to_numpy() == pytest.approx(rows["p"].max(), rel=0.05) and (rows["p_holm"] == rows["p"]).all()
    )
    assert (rows["p_claim"] < 0.05).all() and not rows["hidden"].any()


def test_studies_of_models_that_know_nothing_seldom_support_a_hypothesis():
    """Ten hypotheses, three seeds, each against the majority class and a control: at most what the level allows, and some luck."""
    rng, label, false = np.random.default_rng(9), balanced(100), 0
    names = [f"test{i}" for i in range(10)]
    for _ in range(60):
        arms = {
            arm: {name: (label, {s: rng.normal(size=100) for s in range(3)}) for name in names}
            for arm in (("m", "t"), ("m", "untrained"))
        }
        spec = {"arm": ["m", "t"], "controls": {"untrained": ["m", "untrained"]}, "groups": {n: [n] for n in names}}
        claims = compare_arms(arms, [spec]).query("level == 'group' and measure == 'accuracy'")
        false += (claims["p_claim"] < 0.05).any()
    assert false <= 6


def detectable(skills, seeds=6, n=300, own=None):
    """The detectable differences of an arm on tests of their own, by test. `own`: its skill on its training set."""
    rng, label = np.random.default_rng(10), balanced(n)
    skills = skills | ({"t": own} if own is not None else {})
    tests = {
        name: (label, {s: rng.normal(size=n) + skill * (label - 0.5) for s in range(seeds)})
        for name, skill in skills.items()
    }
    spec = {"arm": ["m", "t"], "controls": {}, "groups": {name: [name] for name in skills if name != "t"}}
    rows = compare_arms({("m", "t"): tests}, [spec]).query("level == 'group' and measure == 'accuracy'")
    return rows.set_index("scope")


def test_the_detectable_difference_counts_the_hypotheses_that_are_not_supported():
    one, two = (detectable({"a": skill, "b": 0}).loc["b", "detectable"] for skill in (3, 0))
    assert two > 1.05 * one


def test_predictions_that_vary_little_do_not_make_small_differences_detectable():
    """A model that gives every pair one answer: without floors a difference of 0 would have been detectable."""
    rng, label = np.random.default_rng(10), balanced(300)
    flat = {"a": (label, {s: 5 + rng.random(300) for s in range(6)})}
    spec = {"arm": ["m", "t"], "controls": {}, "groups": {"A": ["a"]}, "balanced": ["a"]}
    row = compare_arms({("m", "t"): flat}, [spec]).query("level == 'group' and measure == 'accuracy'").iloc[0]
    least = np.sqrt(0.25 / 300 + 0.03**2 / 6) * (stats.norm.isf(0.025) + stats.norm.isf(0.2))
    assert row["assumed"] and least < row["detectable"] < 1.4 * least


def test_the_spread_of_seeds_is_assumed_only_where_it_is_not_known():
    learned, unknown = detectable({"a": 1.5}, own=2).loc["a"], detectable({"a": 1.5}).loc["a"]
    assert not learned["assumed"] and unknown["assumed"] and learned["detectable"] < unknown["detectable"]
    assert learned["detectable"] > np.sqrt(0.25 / 300) * 2.8
