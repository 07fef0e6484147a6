"""Claims on made-up predictions, where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from helpers.studies import NOTHING, study
from linguist.statistics.claims import CLAIMS, differences, headline, told_apart, unlearned, weakest
from linguist.statistics.metrics import compare

FLIPPED = {"flipped": ("m", "t.flipped")}


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"skills": {("m", "t"): 2}}, "supported"),
        ({"skills": {}}, "not supported"),
        # any one control that does as well refutes it
        ({"skills": {("m", "t"): 2, ("m", "t.shuffled"): 2}}, "not supported"),
        ({"skills": {("m", "t"): 2, ("m-random", "t"): 2}}, "not supported"),
        ({"skills": {("m", "t"): 2, ("m", "untrained"): 3}}, "not supported"),
        # every pair is called the same, and the scores rank them
        ({"skills": {("m", "t"): 2}, "shift": 9}, "ranks"),
        ({"skills": {("m", "t"): 2, ("m", "untrained"): 2}, "shift": 9}, "not supported"),
        ({"skills": {("m", "t"): 2}, "seeds": 1}, "unrepeated"),
        ({"skills": {("m", "t"): 2}, "controls": {}}, "uncontrolled"),
        ({"skills": {("m", "t"): -2}}, "not supported"),
        # a run on flipped labels falls where labels matter at all, and controls nothing
        ({"skills": {("m", "t"): 2, ("m", "t.flipped"): -2}, "controls": FLIPPED}, "uncontrolled"),
        # its threshold carries over as far as its ranks do: random weights do as well
        ({"skills": {("m", "t"): 2, ("m-random", "t"): 2}, "shift": 0.5}, "not supported"),
    ],
)
def test_a_claim_is_what_the_truth_is(made, code):
    (claim,) = study(**made).to_dict("records")
    assert claim["code"] == code and claim["text"].startswith(CLAIMS[code])
    assert claim["tests"] == "a, b" and f"{claim['accuracy']:.3f}" in claim["text"]
    cell = headline(pd.DataFrame([claim]))
    assert cell[0] == ("supported" if code == "supported" else "not supported")


def test_the_rival_that_refutes_is_named():
    (claim,) = study({("m", "t"): 2, ("m", "t.shuffled"): 1.9}).to_dict("records")
    assert claim["against"] == "shuffled" and "shuffled labels" in claim["text"]


def test_a_model_that_cannot_rank_is_told_from_one_whose_threshold_failed():
    (neither,), (ranks,) = (study(*made).to_dict("records") for made in (({},), ({("m", "t"): 2}, 3, 9)))
    assert "Nor does it rank" in neither["text"] and "threshold did not carry over" in ranks["text"]


def test_shallow_baselines_that_reach_as_far_are_told():
    strong = {test: found | {"accuracy": 0.99} for test, found in NOTHING.items()}
    (claim,) = study({("m", "t"): 2}, shortcuts=strong).to_dict("records")
    assert claim["code"] == "supported" and "shallow baselines, which read no order of letters: 0.990" in claim["text"]
    assert "not clearly further than shallow baselines" in headline(pd.DataFrame([claim]))[1]
    near = {test: found | {"accuracy": claim["accuracy"] - 0.001} for test, found in NOTHING.items()}
    assert study({("m", "t"): 2}, shortcuts=near)["reaches"].all(), "within the interval is not clearly above"
    unknown = {test: found | {"accuracy": np.nan} for test, found in NOTHING.items()}
    assert "No shallow baseline was scored" in study({("m", "t"): 2}, shortcuts=unknown)["text"][0]


def test_a_rival_that_is_not_beaten_is_named_though_others_are_led_by_less():
    """Untrained heads scatter: they are led by more than the majority share, but not surely."""
    rivals = [
        {"against": "majority", "difference": 0.12, "p_holm": 1e-6},
        {"against": "untrained", "difference": 0.2, "p_holm": 0.4},
    ]
    assert weakest(rivals)["against"] == "untrained"
    assert weakest(rivals[:1] + [rivals[1] | {"p_holm": 0.001}])["against"] == "untrained"


def test_a_rival_that_is_surely_ahead_is_the_weakest():
    rivals = [
        {"against": "majority", "difference": 0.03, "p_holm": 0.07},
        {"against": "untrained", "difference": -0.2, "p_holm": 0.001},
    ]
    assert weakest(rivals)["against"] == "untrained"


def test_models_and_training_sets_of_a_study_are_compared_with_each_other():
    label = np.tile([0, 1], 200)
    scores = {}
    for at, (arm, skill) in enumerate({("m", "t"): 3, ("n", "t"): 0, ("n", "u"): 0}.items()):
        draws = {s: np.random.default_rng([at, s]).normal(size=400) + skill * (label - 0.5) for s in range(3)}
        scores[arm] = {"a": (label, draws), "b": (label, draws)}
    spec = [{"arm": list(arm), "controls": {}, "groups": {"DNA": ["a", "b"]}} for arm in scores]
    spec[2]["groups"] = {"DNA": ["b"]}
    table = compare(scores, spec)
    assert list(table[table["level"] == "arms"]["tests"]) == ["a, b", "b", "b"]
    apart, of, lines = differences(table)
    assert (apart, of) == (2, 3) and lines[0].startswith("m, t against n, ") and "on DNA: +0." in lines[0]
    assert told_apart(table).startswith(
        "Between its models and training sets, 2 of 3 differences are told apart (largest: m"
    )
    assert told_apart(compare({("m", "t"): scores["m", "t"]}, spec[:1])) == ""


def test_a_study_says_what_it_could_not_have_shown():
    few, many = (study({}, seeds=seeds) for seeds in (2, 9))
    (text,) = {headline(few)[1].rsplit(". ", 1)[1]}
    assert text.startswith("With 2 seeds and 1 claim, a lead had to be above ")
    assert many["needed"][0] < few["needed"][0] < 1
    assert "had to be" not in headline(study({("m", "t"): 2}))[1] + headline(study({}, seeds=1))[1]


def test_a_model_that_has_not_learned_its_own_training_set_is_named():
    label, tables = np.tile([0, 1], 200), []
    for skill in (0, 3):
        draws = {s: np.random.default_rng(s).normal(size=400) + skill * (label - 0.5) for s in range(3)}
        scores = {("m", "t"): {"t": (label, draws), "b": (label, draws)}}
        tables.append(compare(scores, [{"arm": ["m", "t"], "controls": {}, "groups": {"DNA": ["b"]}}]))
    none = pd.DataFrame(columns=["model", "trainset", "code"])
    assert [bool(unlearned(table, none)) for table in tables] == [True, False]
    assert unlearned(tables[0], none).endswith("a missing transfer says little: m t.")
    assert not unlearned(tables[0].assign(scope="b"), none)
    assert not unlearned(tables[0], pd.DataFrame([{"model": "m", "trainset": "t", "code": "supported"}]))


def test_the_headline_counts():
    yes, no = study({("m", "t"): 2}), study({})
    code, text = headline(pd.concat([yes, no, study({("m", "t"): 2}, shift=9), study({("m", "t"): 2}, seeds=1)]))
    assert code == "in part" and text.startswith("In part: 1 of 4 ")
    assert "1 more ranks" in text and "1 is above without control or repetition" in text
    assert headline(yes[:0])[0] == "unknown"


def test_with_many_seeds_a_small_gain_is_seen_that_one_comparison_alone_would_not_prove():
    few, many = (study({("m", "t"): 0.5}, seeds=seeds, n=60).to_dict("records")[0] for seeds in (2, 30))
    assert many["p_claim"] < few["p_claim"] and many["code"] == "supported"
