"""Recipes: each is a function that is there, with keys that the schema knows; errors say which pair set they are about."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from linguist.errors import LinguistError
from linguist.pairs.recipes import RECIPES, SPLITS, Recipe, build_pairs, naming

SCHEMA = yaml.safe_load((Path(__file__).parents[3] / "config/schemas/config.schema.yaml").read_text())
KEYS = SCHEMA["properties"]["pairsets"]["additionalProperties"]["properties"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_there_and_the_schema_knows_its_keys(name):
    recipe = RECIPES[name]
    assert callable(getattr(import_module(f"linguist.{recipe.module}"), recipe.function.rpartition(".")[2]))
    assert {*recipe.needs, *recipe.may} <= set(KEYS) and set(recipe.kinds) <= set(KEYS["kind"]["enum"])


def test_the_schema_knows_all_recipes_and_each_key_of_its_own_has_one():
    assert set(KEYS["recipe"]["enum"]) == set(RECIPES)
    used = {key for recipe in RECIPES.values() for key in (*recipe.needs, *recipe.may)}
    assert set(KEYS) - used == {"kind", "recipe", "sizes", "rules", "seed"}


def test_a_recipe_says_what_it_reads():
    files = {"dev": ["b:x", "c"], "test": ["a"]}
    assert RECIPES["table"].resources({"files": files}) == ["b:x", "c", "a"]
    assert RECIPES["homologs"].resources({"queries": "a", "search": ["b", "a"]}) == ["a", "b", "a"]
    assert RECIPES["coding"].resources({"sequences": "a"}) == ["a"]
    assert RECIPES["coding"].resources({"sequences": "a", "proteins": "b"}) == ["a", "b"]
    assert RECIPES["grammar"].resources({"language": "en"}) == []
    for name, recipe in RECIPES.items():
        if not recipe.many:
            assert recipe.bases({"of": "a"}) == (["a"] if name in ("hard", "evolved", "reverse-complement") else [])
    assert RECIPES["union"].bases({"of": ["a", "b"]}) == ["a", "b"]


@pytest.fixture
def made(monkeypatch):
    """A recipe "made" that gives what it is asked for."""
    monkeypatch.setitem(sys.modules, "linguist.made", SimpleNamespace(up=lambda spec, files: files))
    monkeypatch.setitem(RECIPES, "made", Recipe("made.up", ("dna",), ()))
    return {"recipe": "made", "sizes": dict.fromkeys(SPLITS, 6)}


ROWS = [("a", "A", "C", 1)]


def test_a_pair_set_is_what_its_recipe_makes(made):
    splits = dict.fromkeys(SPLITS, ROWS)
    assert build_pairs("x", made, splits) == splits


@pytest.mark.parametrize("empty", SPLITS)
def test_an_empty_split_gets_one_line_unless_it_has_no_files(made, empty):
    splits = dict.fromkeys(SPLITS, ROWS) | {empty: []}
    said = f"^pairs/x: split '{empty}' is empty: 0 rows found, 6 wanted; give it a source that has some$"
    for files in ({}, {"files": dict.fromkeys(SPLITS, ["a"])}):
        with pytest.raises(LinguistError, match=said):
            build_pairs("x", made | files, splits)
    left = {split: ["a"] for split in SPLITS if split != empty}
    assert build_pairs("x", made | {"files": left}, splits) == splits


def test_errors_name_their_pair_set_and_others_pass():
    with pytest.raises(LinguistError, match="^pairs/x: too few$") as caught, naming("x"):
        raise LinguistError("too few")
    assert caught.value.__suppress_context__  # one line, not a story
    with pytest.raises(KeyError, match="^'y'$"), naming("x"):
        raise KeyError("y")
    with naming("x"):
        pass
