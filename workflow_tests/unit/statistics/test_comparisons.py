"""The comparisons of made-up studies, and their corrections for many tests."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from helpers.studies import balanced
from linguist.files import write_table
from linguist.statistics.comparisons import (
    compare_arms,
    correct_family,
    holm,
    intersection_union,
)
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results

pytestmark = pytest.mark.filterwarnings("error")


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
