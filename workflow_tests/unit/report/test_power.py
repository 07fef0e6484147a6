"""The page "How sure is this?": what it says of a design, and that it opens."""

import pytest

from helpers.designs import ONE_ARM, ONE_ARM_SETS
from helpers.pages import REPORTS, open_page
from linguist.report.page import render
from linguist.report.power import power_page, study_power

SETS = {test: (n, 0.5) for test, n in ONE_ARM_SETS.items()}


@pytest.fixture(scope="module")
def ten():
    return study_power(ONE_ARM, 10, SETS)


def test_each_group_says_how_many_seeds_it_needs_and_the_primary_hypothesis_comes_first(ten):
    assert [(group["name"], group["needed"], group["primary"]) for group in ten["groups"]] == [
        ("DNA", 10, True),
        ("sentences", 5, False),
        ("protein", 10, False),
    ]
    assert (ten["hypotheses"], ten["shared"], ten["able"]) == (3, 2, True)
    primary, hardest = (part["rows"][1]["least"] for part in ten["power"])
    assert primary < hardest, "one has more pairs and an uncorrected p"


def test_two_seeds_can_support_nothing():
    two = study_power(ONE_ARM, 2, SETS)
    assert not two["able"] and power_page({"A": two})["worst"] is None


def test_a_study_of_its_own_training_set_has_no_hypothesis():
    assert study_power([ONE_ARM[0] | {"groups": {}}], 5, SETS) is None


def test_more_seeds_and_more_pairs_find_smaller_differences(ten):
    spec = [ONE_ARM[0] | {"groups": {"protein": ["protein150"]}, "primary": None}]
    few, many = (study_power(spec, 10, {"protein150": (n, 0.5)})["power"][0]["rows"] for n in (200, 1000))
    assert all(a["least"] > b["least"] for a, b in zip(few, many, strict=True))


def test_the_page_opens_and_shows_all_rows(ten, tmp_path):
    path = tmp_path / "power.html"
    render(path, REPORTS / "power.html.j2", **power_page({"First": ten, "Few": study_power(ONE_ARM, 2, SETS)}))
    text = path.read_text(encoding="utf-8")
    assert text.count('data-table="errors"') == 2 and text.count('data-table="power"') == 4
    dom, console = open_page(path, tmp_path)
    assert "How sure is this?" in dom and "Uncaught" not in console and "ERROR:CONSOLE" not in console
