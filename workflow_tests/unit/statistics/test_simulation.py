"""The promises of the report, by simulation: a false hypothesis is supported in at most 5 % of the studies, 95 % intervals hold
the true value in at least 93 %, and differences are found as often as the page says.

`make test` tries a few designs; `make soak` (-m soak) all of them, at length.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from helpers.designs import ONE_ARM, studies_of
from helpers.simulated import simulated_claims
from linguist.report.power import study_power
from linguist.statistics import simulation
from linguist.statistics.paired import paired_difference
from linguist.statistics.power import smallest_lead
from linguist.statistics.simulation import (
    NULLS,
    SEED_SDS,
    Hypothesis,
    Truth,
    error_rate,
    lead_truth,
    least_lead,
    null_truth,
    support_rate,
)
from linguist.statistics.thresholds import SEEDS_FOR_TRANSFER

LEVEL = 0.05


def at_most(count, n, p, luck=1e-3):
    """Whether so many of n are compatible with a probability of at most p."""
    return count <= stats.binom.isf(luck, n, p)


def errors_of_page(comparisons, seeds, sizes):
    return study_power(comparisons, seeds, {test: (n, 0.5) for test, n in sizes.items()})


def check_page(page):
    for row in page["errors"]:
        for case in (False, True):
            assert max(row[case][null] for null in NULLS) <= LEVEL, (page["seeds"], row)
        for case in (False, True)[
            : 1 + (page["seeds"] >= SEEDS_FOR_TRANSFER)
        ]:  # fewer seeds do not show that some collapse
            assert min(row[case]["difference"], row[case]["accuracy"]) >= 0.93, (page["seeds"], row)
    for part in page["power"]:
        rates = np.array([row["rates"] for row in part["rows"]])
        assert (np.diff(rates, axis=1) >= -0.01).all() and (np.diff(rates, axis=0) <= 0.01).all()


@pytest.fixture
def fewer_replicates(monkeypatch):
    """A quarter of the replicates of the page, whose results are kept by `cache`."""
    kept = simulation._compare, simulation.support_rate
    monkeypatch.setattr(simulation, "REPLICATES", 2500)
    for results in kept:
        results.cache_clear()
    yield
    for results in kept:
        results.cache_clear()


@pytest.mark.parametrize(
    ("name", "study"),
    [("config", "transfer"), ("config", "scale"), ("first-answer", "transfer"), ("paper", "transfer")],
)
@pytest.mark.usefixtures("fewer_replicates")
def test_the_page_of_a_design_shows_few_errors_and_intervals_that_hold(name, study):
    check_page(errors_of_page(*studies_of(name)[study]))


@pytest.mark.soak
@pytest.mark.parametrize("name", ["config", "first-answer", "pilot", "paper"])
def test_the_page_of_every_design_shows_few_errors_and_intervals_that_hold(name):
    for study, parts in studies_of(name).items():
        page = errors_of_page(*parts)
        print(
            name,
            study,
            [round(max(row[c][null] for c in (False, True) for null in NULLS), 3) for row in page["errors"]],
        )
        check_page(page)


# ── the whole road: answers, comparisons, judgements ──


def codes_of(design, truth, replicates, seed=0):
    """How many of the simulated studies have a hypothesis with each code. `design` is one of `studies_of`."""
    rng, found = np.random.default_rng(seed), Counter()
    for _ in range(replicates):
        found.update(set(simulated_claims(rng, *design, truth)["code"]))
    return found


def test_a_study_of_two_seeds_supports_nothing_and_seldom_calls_a_false_hypothesis_exploratory(replicates=8):
    design = studies_of("config")["scale"]
    test, found, n = Hypothesis(2, 400, 0.5, True, len(design[0][0]["controls"])), Counter(), 0
    for at, (null, collapse) in enumerate((null, collapse) for null in NULLS for collapse in (0.0, 0.3)):
        found += codes_of(design, replace(null_truth(test, null), sd=0.03, collapse=collapse), replicates, at)
        n += replicates
    assert (
        not found["supported"] and found["not supported"] and at_most(found["exploratory"] + found["ranks"], n, LEVEL)
    )


@pytest.mark.parametrize(("seeds", "collapse", "groups"), [(5, 0.3, "abc"), (10, 0.1, "a")])
def test_seeds_that_collapse_do_not_make_a_claim(seeds, collapse, groups):
    """The model's mean is that of its control: some of its seeds collapse, the others are better. In many studies none collapses:
    at 30 % in every sixth with five seeds, at 10 % in every third with ten."""
    spec = ONE_ARM[0] | {"arm": ["m", "en"], "primary": None, "across": [], "balanced": list(groups)}
    spec |= {"controls": {"random-weights": ["m-random", "en"]}, "groups": {name: [name] for name in groups}}
    sets = dict.fromkeys(groups, 600 if groups == "abc" else 3000)
    found = codes_of(([spec], seeds, sets), Truth(0.65, (0.65,), 0.01, collapse), 30)
    assert at_most(found["supported"], 30, LEVEL), found
    alike = codes_of(([spec], seeds, sets), Truth(0.75, (0.5,), 0.01), 10)
    assert alike["supported"] == 10, (
        "so many seeds of a model that is clearly better than a control at chance are enough"
    )


@pytest.mark.parametrize("collapse", [0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
@pytest.mark.parametrize("seeds", [10, 20])
def test_false_hypotheses_are_seldom_supported_whatever_share_of_seeds_collapses(seeds, collapse):
    test = Hypothesis(seeds, 2000, 0.5, True, 2)
    assert max(error_rate({test: 3}, 3, null, sd=0.01, collapse=collapse) for null in NULLS) <= LEVEL


def single(seeds, items, controls=1, across=False):
    """A study of one hypothesis, and its Hypothesis."""
    names = {f"c{at}": ["m", "untrained"] if not at else [f"m{at}", "en"] for at in range(controls)}
    known = dict(zip(("untrained", "random-weights", "shuffled"), names.values(), strict=False))
    spec = {"arm": ["m", "en"], "controls": known, "groups": {"DNA": ["x"]}, "balanced": ["x"], "primary": None}
    return ([spec | {"across": ["x"] * across}], seeds, {"x": items}), Hypothesis(seeds, items, 0.5, True, controls)


POWERS = [(5, 400, 1, 0.08, 0.03), (10, 400, 2, 0.06, 0.03), (10, 1000, 1, 0.06, 0.08), (20, 1000, 3, 0.03, 0.03)]


@pytest.mark.parametrize(("seeds", "items", "controls", "lead", "sd"), POWERS[:2])
def test_a_difference_is_found_as_often_as_the_page_says(seeds, items, controls, lead, sd, replicates=80):
    design, test = single(seeds, items, controls)
    truth = lead_truth(test, lead, sd)
    said, found = support_rate(test, truth, LEVEL), codes_of(design, truth, replicates)["supported"] / replicates
    assert 0.2 < said < 0.95, "a power that can be missed on both sides"
    assert abs(found - said) <= 0.05 + 2.6 * np.sqrt(said * (1 - said) / replicates), (said, found)


@pytest.mark.soak
@pytest.mark.parametrize("setting", POWERS)
def test_a_difference_is_found_as_often_as_the_page_says_at_length(setting):
    test_a_difference_is_found_as_often_as_the_page_says(*setting, replicates=2000)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["config", "first-answer", "pilot", "paper"])
def test_false_hypotheses_are_seldom_supported_by_whole_studies(name, replicates=12):
    """Every null, spread and share of collapsed seeds, down to the judgement; by answers to single pairs."""
    for study, design in studies_of(name).items():
        test, found, n = Hypothesis(design[1], 200, 0.5, True, len(design[0][0]["controls"])), Counter(), 0
        for at, (null, sd, collapse) in enumerate((n, sd, c) for n in NULLS for sd in SEED_SDS for c in (0.0, 0.3)):
            found += codes_of(design, replace(null_truth(test, null), sd=sd, collapse=collapse), replicates, at)
            n += replicates
        print(name, study, n, dict(found), flush=True)
        assert at_most(found["supported"], n, LEVEL), (study, found)


# ── the smallest difference ──


@pytest.mark.parametrize(("seeds", "level"), [(3, 0.05), (5, 0.05), (5, 0.005), (10, 0.05 / 3)])
def test_the_smallest_lead_is_significant_in_four_of_five_studies(seeds, level):
    """By a study simulated in another way: normal differences of seeds and items."""
    items, sd, rng = 300, 0.03, np.random.default_rng(4)
    lead = smallest_lead(((0.25 / items, items - 2), (sd**2 / seeds, seeds - 1)), seeds, level)
    n, found = 1500, 0
    for _ in range(n):
        gaps = lead + sd * rng.normal(size=(seeds, 1)) + 0.5 * rng.normal(size=(1, items))
        found += paired_difference([gaps], [np.zeros((1, items))])[3] < level
    assert found / n == pytest.approx(0.8, abs=0.05)


def test_a_hypothesis_that_is_alone_is_as_often_wrongly_supported_as_among_others_that_are_true():
    test = Hypothesis(10, 400, 0.5, True, 2)
    alone = support_rate(test, null_truth(test, "majority"), LEVEL)
    assert error_rate({test: 1}, 1, "majority") == pytest.approx(alone)
    assert error_rate({test: 5}, 5, "majority") >= 0.99 * alone


@pytest.mark.parametrize(("seeds", "items", "controls"), [(3, 200, 2), (5, 400, 1), (10, 1000, 3)])
def test_a_study_says_the_same_smallest_difference_as_the_page_of_its_design(seeds, items, controls):
    """Models at chance, whose seeds vary as much as is assumed."""
    design, test = single(seeds, items, controls)
    truth = Truth(0.5, (0.5,) * controls, 0.03)
    found = [simulated_claims(np.random.default_rng(at), *design, truth)["detectable"].iloc[0] for at in range(5)]
    assert np.median(found) == pytest.approx(least_lead(test, 0.03, 1), abs=0.03)
