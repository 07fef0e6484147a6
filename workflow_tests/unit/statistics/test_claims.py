"""Hypotheses on made-up predictions, where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from helpers.studies import NOTHING, study
from linguist.statistics.claims import (
    CLAIMS,
    COMPARED,
    HIDDEN,
    closest_control,
    detectable_text,
    differences_text,
    judge_claims,
    learned_arms,
    not_learned_text,
    significant_differences,
    study_headline,
)
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.numbers import format_difference, format_p, format_points
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.training.controls import CONTROLS

FLIPPED = {"flipped": ("m", "t.flipped")}


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"skills": {("m", "t"): 2}}, "supported"),
        ({"skills": {}}, "not supported"),
        # one control that does as well is enough
        ({"skills": {("m", "t"): 2, ("m", "t.shuffled"): 2}}, "not supported"),
        ({"skills": {("m", "t"): 2, ("m-random", "t"): 2}}, "not supported"),
        ({"skills": {("m", "t"): 2, ("m", "untrained"): 3}}, "not supported"),
        # every pair is called the same, and the scores rank them
        ({"skills": {("m", "t"): 2}, "shift": 9}, "ranks"),
        ({"skills": {("m", "t"): 2, ("m", "untrained"): 2}, "shift": 9}, "not supported"),
        ({"skills": {("m", "t"): 2}, "seeds": 1}, "exploratory"),
        ({"skills": {("m", "t"): 2}, "seeds": 4}, "exploratory"),
        ({"skills": {("m", "t"): 2}, "shift": 9, "seeds": 4}, "exploratory"),
        ({"skills": {("m", "t"): 2}, "across": ["a"]}, "exploratory"),
        ({"skills": {("m", "t"): 2}, "across": ["a"], "seeds": 10}, "supported"),
        ({"skills": {("m", "t"): 2}, "controls": {}}, "uncontrolled"),
        ({"skills": {("m", "t"): -2}}, "not supported"),
        # flipped labels alone cannot refute a hypothesis
        ({"skills": {("m", "t"): 2, ("m", "t.flipped"): -2}, "controls": FLIPPED}, "uncontrolled"),
        # its threshold transfers, and random weights do as well
        ({"skills": {("m", "t"): 2, ("m-random", "t"): 2}, "shift": 0.5}, "not supported"),
    ],
)
def test_a_hypothesis_is_judged_as_the_truth_is(made, code):
    (claim,) = study(**made).to_dict("records")
    assert claim["code"] == code and claim["text"].startswith(CLAIMS[code])
    assert claim["tests"] == "a, b" and f"{claim['accuracy']:.3f}" in claim["text"]
    said = code if code in ("supported", "exploratory") else "not supported"
    assert study_headline(pd.DataFrame([claim]))[0] == said


def test_every_control_has_a_phrase():
    assert COMPARED.keys() >= CONTROLS.keys() and all(COMPARED.values())


def test_the_closest_control_is_named():
    (claim,) = study({("m", "t"): 2, ("m", "t.shuffled"): 1.9}).to_dict("records")
    assert claim["against"] == "shuffled" and COMPARED["shuffled"] in claim["text"]


def test_only_models_whose_threshold_fails_rank():
    (neither,), (ranks,) = (study(*made).to_dict("records") for made in (({},), ({("m", "t"): 2}, 5, 9)))
    assert (neither["code"], ranks["code"]) == ("not supported", "ranks")


def test_baselines_without_order_information_are_compared_with():
    strong = {test: found | {"accuracy": 0.99} for test, found in NOTHING.items()}
    (claim,) = study({("m", "t"): 2}, baselines=strong).to_dict("records")
    assert claim["code"] == "supported" and claim["not_above_baseline"] and "0.990" in claim["text"]
    near = {test: found | {"accuracy": claim["accuracy"] - 0.001} for test, found in NOTHING.items()}
    assert study({("m", "t"): 2}, baselines=near)["not_above_baseline"].all(), (
        "within the interval is not clearly above"
    )
    unknown = {test: found | {"accuracy": np.nan} for test, found in NOTHING.items()}
    assert study({("m", "t"): 2}, baselines=unknown)["not_above_baseline"].all()
    assert not study({("m", "t"): 2})["not_above_baseline"].any()


def test_a_control_that_the_model_is_not_significantly_better_than_is_closest_whatever_the_difference():
    """Untrained classifiers vary: a model may be further above them than above the majority class, but not significantly."""
    rows = [
        {"against": "majority", "difference": 0.12, "p_holm": 1e-6},
        {"against": "untrained", "difference": 0.2, "p_holm": 0.4},
    ]
    assert closest_control(rows)["against"] == "untrained"
    assert closest_control(rows[:1] + [rows[1] | {"p_holm": 0.001}])["against"] == "untrained"


def test_a_control_that_is_significantly_better_is_closest():
    rows = [
        {"against": "majority", "difference": 0.03, "p_holm": 0.07},
        {"against": "untrained", "difference": -0.2, "p_holm": 0.001},
    ]
    assert closest_control(rows)["against"] == "untrained"


def test_models_and_training_sets_of_a_study_are_compared_with_each_other():
    label = np.tile([0, 1], 200)
    scores = {}
    for at, (arm, skill) in enumerate({("m", "t"): 3, ("n", "t"): 0, ("n", "u"): 0}.items()):
        draws = {s: np.random.default_rng([at, s]).normal(size=400) + skill * (label - 0.5) for s in range(3)}
        scores[arm] = {"a": (label, draws), "b": (label, draws)}
    spec = [{"arm": list(arm), "controls": {}, "groups": {"DNA": ["a", "b"]}} for arm in scores]
    spec[2]["groups"] = {"DNA": ["b"]}
    table = compare_arms(scores, spec)
    assert list(table[table["level"] == "arms"]["tests"]) == ["a, b", "b", "b"]
    n, lines = significant_differences(table)
    assert (len(lines), n) == (2, 3) and all(line.startswith("m, t on DNA") for line in lines)
    assert lines[0] in differences_text(table)
    assert differences_text(compare_arms({("m", "t"): scores["m", "t"]}, spec[:1])) == ""


def test_seeds_that_collapse_are_named_and_those_that_are_better_are_counted():
    """Of ten seeds three give all pairs one answer, as fine-tuned models do that fail to train."""
    label, rng = np.tile([0, 1], 150), np.random.default_rng(12)
    learned = {seed: rng.normal(size=300) + 3 * (label - 0.5) for seed in range(1, 11)}
    collapsed = learned | {seed: learned[seed] + 20 * side for seed, side in ((2, 1), (5, -1), (9, 1))}
    control = {seed: rng.normal(size=300) for seed in learned}
    found = judged({("m", "t"): collapsed, ("m", "untrained"): control}, label)
    assert (
        found["collapsed"] == "2, 5, 9" and found["seeds"] == found["runs"] == 10 and found["better"] in (7, 8, 9, 10)
    )
    assert "seeds 2, 5, 9" in found["text"] and f"{found['better']} of 10 seeds" in found["text"]
    assert found["code"] == "supported"
    none = judged({("m", "t"): learned, ("m", "untrained"): control}, label)
    assert none["collapsed"] == "" and none["better"] == 10 and "collapsed" not in none["text"]


@pytest.mark.parametrize(
    ("control", "seeds", "code"), [(1.0, 5, "not supported"), (0.0, 5, "supported"), (1.0, 40, "supported")]
)
def test_collapsed_seeds_that_may_have_been_missed_leave_no_claim_against_a_good_control(control, seeds, code):
    """The model is 8 points better than a control of 0.69 in every seed. If 30 % of its seeds collapsed, it would be as good."""
    label, rng = np.tile([0, 1], 2000), np.random.default_rng(16)
    arms = {("m", "t"): 1.5, ("m", "untrained"): control}
    scores = {
        arm: {seed: rng.normal(size=4000) + skill * (label - 0.5) for seed in range(seeds)}
        for arm, skill in arms.items()
    }
    found = judged(scores, label)
    hidden = code == "not supported"
    assert found["code"] == code and found["hidden"] == hidden and (HIDDEN in found["text"]) == hidden
    assert found["low"] > 0, "the interval alone would say that the model is better"


def test_seeds_with_equal_scores_are_no_replicates():
    label, rng = np.tile([0, 1], 150), np.random.default_rng(13)
    once, control = rng.normal(size=300) + 3 * (label - 0.5), {s: rng.normal(size=300) for s in range(10)}
    copied = judged({("m", "t"): dict.fromkeys(range(10), once), ("m", "untrained"): control}, label)
    assert (copied["runs"], copied["seeds"], copied["code"]) == (10, 1, "exploratory")
    assert copied["low"] < judged({("m", "t"): {0: once}, ("m", "untrained"): control}, label)["low"] + 1e-9
    pairs = {seed: rng.normal(size=300) + 3 * (label - 0.5) for seed in range(5)}
    doubled = pairs | {seed + 5: scores for seed, scores in pairs.items()}
    assert judged({("m", "t"): doubled, ("m", "untrained"): control}, label)["seeds"] == 5
    # a control that does not depend on the seed stands for all seeds
    fixed = judged({("m", "t"): pairs, ("m", "untrained"): dict.fromkeys(range(5), control[0])}, label)
    assert (fixed["seeds"], fixed["code"]) == (5, "supported")


def judged(arms, label, **options):
    """The only hypothesis of a study of one test: that the first arm is better than the others, its controls."""
    (first, *others), scores = arms, {arm: {"x": (label, by_seed)} for arm, by_seed in arms.items()}
    controls = {trainset: [model, trainset] for model, trainset in others}
    spec = {"arm": list(first), "controls": controls, "groups": {"DNA": ["x"]}, "balanced": ["x"]} | options
    table, baseline = compare_arms(scores, [spec]), {"x": NOTHING["a"]}
    return judge_claims(table, summarize_pairs(compute_metrics("s", scores)), baseline).to_dict("records")[0]


def test_more_seeds_detect_smaller_differences():
    few, many = (study({}, seeds=seeds) for seeds in (2, 9))
    assert many["detectable"][0] < few["detectable"][0] < 1
    assert format_points(few["detectable"][0]) in detectable_text(few)
    assert not detectable_text(study({("m", "t"): 2})) and not detectable_text(study({}, seeds=1))


def test_a_model_that_did_not_learn_its_own_training_set_is_named():
    label, tables = np.tile([0, 1], 200), []
    for skill in (0, 3):
        draws = {s: np.random.default_rng(s).normal(size=400) + skill * (label - 0.5) for s in range(3)}
        scores = {("m", "t"): {"t": (label, draws), "b": (label, draws)}}
        tables.append(compare_arms(scores, [{"arm": ["m", "t"], "controls": {}, "groups": {"DNA": ["b"]}}]))
    none = pd.DataFrame(columns=["model", "trainset", "code"])
    learned = [learned_arms(table, none) for table in tables]
    assert learned == [{("m", "t"): False}, {("m", "t"): True}]
    assert [bool(not_learned_text(found)) for found in learned] == [True, False]
    assert learned_arms(tables[0].assign(scope="b"), none) == {}
    held = pd.DataFrame([{"model": "m", "trainset": "t", "code": "supported"}])
    assert learned_arms(tables[0], held) == {("m", "t"): True}


def test_a_study_is_supported_in_part_where_some_hypotheses_are():
    yes, no = study({("m", "t"): 2}), study({})
    assert study_headline(pd.concat([yes, no]))[0] == "in part"
    assert [study_headline(pd.concat([table] * 2))[0] for table in (yes, no)] == ["supported", "not supported"]
    assert study_headline(yes[:0])[0] == "unknown"


def test_with_many_seeds_a_small_gain_is_seen_that_one_comparison_alone_would_not_prove():
    few, many = (study({("m", "t"): 0.5}, seeds=seeds, n=60).to_dict("records")[0] for seeds in (2, 30))
    assert many["p_claim"] < few["p_claim"] and many["code"] == "supported"


def test_the_primary_hypothesis_stands_first_and_its_result_in_the_headline():
    label, rng = np.tile([0, 1], 150), np.random.default_rng(17)
    tests = {
        test: (label, {s: rng.normal(size=300) + skill * (label - 0.5) for s in range(5)})
        for test, skill in (("x", 3), ("y", 0))
    }
    controls = {"untrained": ["m", "untrained"]}
    none = {test: (label, {s: rng.normal(size=300) for s in range(5)}) for test in tests}
    for group, code in (("B", "not supported"), ("A", "supported")):
        spec = {"arm": ["m", "t"], "controls": controls, "groups": {"A": ["x"], "B": ["y"]}, "primary": group}
        scores = {("m", "t"): tests, ("m", "untrained"): none}
        summary = summarize_pairs(compute_metrics("s", scores))
        claims = judge_claims(compare_arms(scores, [spec]), summary, dict.fromkeys(tests, NOTHING["a"]))
        first, other = claims.to_dict("records")
        assert first["primary"] and (first["group"], first["code"]) == (group, code) and not other["primary"]
        assert other["code"] == "not supported"  # where the primary one is not, no other one is
        assert f"tested on {group}): {code}" in study_headline(claims)[1]


# ── numbers in words ──


def test_numbers_in_words():
    row = {"difference": -0.0321, "low": -0.1, "high": 0.02}
    assert format_difference(row, "chance", 0.2) == "3.2 points worse than chance (95 % CI −10.0 to 2.0, p = 0.2)"
    assert "better" in format_difference(row | {"difference": 0.01}, "chance", 0.2)
    assert not {"better", "worse"} & set(format_difference(row | {"difference": 1e-5}, "chance", 0.2).split())
    assert "95" not in format_difference(dict.fromkeys(row, 0.0), "chance", 1)
    assert (format_points(-0.0001), format_points(-0.05)) == ("0.0", "−5.0")
    assert (format_p(0.0001), format_p(0.0314), format_p(1.0)) == ("p < 0.001", "p = 0.031", "p = 1")


def test_a_model_does_not_rank_pairs_if_a_seed_ranks_them_the_wrong_way_round():
    """The mean over twenty seeds is significantly better at the median score in both cases."""
    (row,) = study({("m", "t"): 2}, shift=9, seeds=20).to_dict("records")
    assert row["code"] == "ranks"
    (row,) = study({("m", "t"): 2}, shift=9, seeds=20, turned=(3,)).to_dict("records")
    assert row["code"] == "not supported"
    assert "On a: pairs ranked correctly by 19 of 20 seeds" in row["text"]
    assert "wrong way round by 1 of 20 seeds (seed 3)" in row["text"] and "On b" not in row["text"]
