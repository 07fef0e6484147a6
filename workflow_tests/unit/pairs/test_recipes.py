"""Recipes of pair sets: found in their package, known by their records; errors name the pair set."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from linguist.errors import LinguistError, naming
from linguist.kinds import KINDS
from linguist.pairs.building import build_pairs
from linguist.pairs.recipes import RECIPES
from linguist.recipe import Recipe
from linguist.splits import SPLITS

SCHEMA = yaml.safe_load((Path(__file__).parents[3] / "config/schemas/config.schema.yaml").read_text())
KEYS = SCHEMA["properties"]["pairsets"]["additionalProperties"]["properties"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_there_and_the_schema_knows_its_keys(name):
    recipe = RECIPES[name]
    assert callable(recipe.build) and recipe.name == name and recipe.description
    assert set(recipe.keys) <= set(KEYS) and set(recipe.kinds) <= set(KINDS)


def test_each_key_of_a_pair_set_is_read_by_a_recipe():
    used = {key for recipe in RECIPES.values() for key in recipe.keys}
    assert set(KEYS) - used == {"kind", "recipe", "sizes", "rules", "seed"}


def test_a_recipe_says_what_it_reads():
    files = {"dev": ["b:x", "c"], "test": ["a"]}
    assert RECIPES["table"].resources({"files": files}) == ["b:x", "c", "a"]
    assert RECIPES["homologs"].resources({"queries": "a", "search": ["b", "a"]}) == ["a", "b", "a"]
    assert RECIPES["coding"].resources({"sequences": "a"}) == ["a"]
    assert RECIPES["coding"].resources({"sequences": "a", "proteins": "b"}) == ["a", "b"]
    assert RECIPES["grammar"].resources({"language": "en"}) == []
    for recipe in RECIPES.values():
        if not recipe.several:
            assert recipe.bases({"of": "a"}) == (["a"] if "of" in recipe.needs else [])
    assert RECIPES["union"].bases({"of": ["a", "b"]}) == ["a", "b"]


@pytest.fixture
def made(monkeypatch):
    """A recipe "made" that gives what it is asked for."""
    monkeypatch.setitem(RECIPES, "made", Recipe("made", lambda spec, files, tallies: files, ("dna",), ()))
    return {"kind": "dna", "recipe": "made", "sizes": dict.fromkeys(SPLITS, 6)}


ROWS = [("a", "A", "C", 1)]


def test_a_pair_set_is_what_its_recipe_makes(made):
    splits = dict.fromkeys(SPLITS, ROWS)
    assert build_pairs("x", made, splits) == splits


def test_a_recipe_is_as_balanced_as_it_says(made, monkeypatch):
    """Paired tests rely on it: they take the numbers of both labels as fixed."""
    monkeypatch.setitem(RECIPES, "made", replace(RECIPES["made"], balanced=True))
    balanced, other = (
        dict.fromkeys(SPLITS, [("a", "A", "C", label) for label in labels]) for labels in ((0, 1), (1, 1))
    )
    assert build_pairs("x", made, balanced) == balanced
    with pytest.raises(ValueError, match="positives"):
        build_pairs("x", made, other)
    assert not RECIPES["table"].balanced and not RECIPES["union"].balanced and RECIPES["homologs"].balanced


@pytest.mark.parametrize("empty", SPLITS)
def test_an_empty_split_gets_one_line_unless_it_has_no_files(made, empty):
    splits = dict.fromkeys(SPLITS, ROWS) | {empty: []}
    said = f"^pairs/x: split '{empty}' is empty: 0 rows found, 6 wanted; "
    for files in ({}, {"files": dict.fromkeys(SPLITS, ["a"])}):
        with pytest.raises(LinguistError, match=said):
            build_pairs("x", made | files, splits)
    left = {split: ["a"] for split in SPLITS if split != empty}
    assert build_pairs("x", made | {"files": left}, splits) == splits


def test_errors_name_their_pair_set_and_others_pass():
    with pytest.raises(LinguistError, match="^pairs/x: too few$") as caught, naming("pairs/x"):
        raise LinguistError("too few")
    assert caught.value.__suppress_context__  # one line, not a story
    with pytest.raises(KeyError, match="^'y'$"), naming("x"):
        raise KeyError("y")
    with naming("x"):
        pass
