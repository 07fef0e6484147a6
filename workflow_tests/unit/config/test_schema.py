"""The schema of study files: each key once, with names from the registries; defaults and documentation follow from it."""

import json
import re

import pytest
import yaml

from linguist.config import docs, schema
from linguist.config.settle import merge
from linguist.config.validation import Validator
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.tokenizers.types import TYPES
from linguist.training.controls import CONTROLS

SCHEMA = schema.read_schema()
DEFAULTS = schema.default_config()


def keys_of(node, place=""):
    """Every key that a schema knows, as (place, key, its schema)."""
    for key, below in node.get("properties", {}).items():
        yield place, key, below
        yield from keys_of(below, f"{place}.{key}".strip("."))
    for word in ("additionalProperties", "items"):
        if isinstance(node.get(word), dict):
            yield from keys_of(node[word], f"{place}.*".strip("."))
    for name, below in node.get("$defs", {}).items():
        yield from keys_of(below, name)


def test_the_schema_is_one_and_describes_every_key():
    Validator.check_schema(SCHEMA)
    keys = list(keys_of(SCHEMA))
    assert len(keys) > 70
    assert [(place, key) for place, key, below in keys if not below.get("description")] == []


def strings_of(node, place=""):
    """Every part of a schema that takes text, as (place, part)."""
    if isinstance(node, dict):
        if "string" in (node.get("type") or ()):
            yield place, node
        for key, below in node.items():
            yield from strings_of(below, f"{place}.{key}")


def test_every_text_of_a_study_has_a_longest_length():
    """A text without one reaches file names, pages and models."""
    assert len(list(strings_of(SCHEMA))) > 30
    bounds = {"maxLength", "enum", "section", "const"}
    fixed = re.compile(r"\{\d+\}\$")
    loose = [
        place for place, part in strings_of(SCHEMA) if not bounds & part.keys() and not fixed.search(part["pattern"])
    ]
    assert loose == []


@pytest.mark.parametrize(
    ("place", "registry"),
    [
        ("pairsets.kind", KINDS),
        ("pairsets.recipe", RECIPES),
        ("tasks.recipe", TASK_RECIPES),
        ("tokenizers.type", TYPES),
        ("models.architecture", ("gpt2", "bert")),
    ],
)
def test_what_is_registered_is_allowed(place, registry):
    section, key = place.split(".")
    assert SCHEMA["properties"][section]["additionalProperties"]["properties"][key]["enum"] == list(registry)


def test_controls_and_languages_are_those_that_exist():
    controls = SCHEMA["properties"]["studies"]["additionalProperties"]["properties"]["controls"]["items"]["enum"]
    assert controls == list(CONTROLS)
    languages = schema.REGISTRIES["grammar languages"]()
    assert {"en", "zh"} <= {*languages} and "frames" not in languages


def test_every_key_of_a_registered_record_is_in_the_schema():
    sections = {"pairsets": RECIPES, "tasks": TASK_RECIPES}
    for section, recipes in sections.items():
        known = SCHEMA["properties"][section]["additionalProperties"]["properties"]
        for recipe in recipes.values():
            assert {*recipe.needs, *(recipe.keys)} <= known.keys()
            assert {*recipe.rules} <= DEFAULTS["pairs"]["rules"].keys()
    tokenizer = SCHEMA["properties"]["tokenizers"]["additionalProperties"]["properties"]
    assert all({*kind.options} <= tokenizer.keys() for kind in TYPES.values())


def test_defaults_are_valid_and_give_every_rule_and_option_a_value():
    assert list(Validator(SCHEMA).iter_errors(DEFAULTS)) == []
    for section in ("finetuning", "classification", "instruction_tuning"):
        assert DEFAULTS[section].keys() == SCHEMA["$defs"]["finetuning"]["properties"].keys()
    assert DEFAULTS["pretraining"].keys() == SCHEMA["$defs"]["pretraining"]["properties"].keys()
    assert DEFAULTS["pairs"]["rules"].keys() == SCHEMA["$defs"]["rules"]["properties"].keys()
    assert "tuning" not in DEFAULTS["instruction"]  # else it would hide the options of instruction_tuning


def test_defaults_are_made_anew_each_time():
    DEFAULTS["pairs"]["sizes"] | {}
    schema.default_config()["pairs"]["sizes"]["train"] = 1
    assert schema.default_config() == DEFAULTS


# ── what is generated ──


def test_the_generated_files_are_up_to_date():
    """`make docs` writes them."""
    readme = docs.README.read_text(encoding="utf-8")
    assert docs.DEFAULTS.read_text(encoding="utf-8") == docs.defaults_text()
    assert readme == docs.readme_text(readme)


def test_the_file_of_defaults_holds_the_defaults():
    assert yaml.safe_load(docs.defaults_text()) == DEFAULTS
    assert all(len(line) <= docs.LINE for line in docs.defaults_text().splitlines())


def test_every_key_is_in_a_table_of_the_readme():
    rows = re.findall(r"^\| `([^`]+)`", docs.README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shown = {part for row in rows for part in row.split(".")}
    splits = {"train", "dev", "test"}
    sections = {*SCHEMA["properties"]}
    assert {key for _, key, _ in keys_of(SCHEMA)} - shown - splits - sections == set()


def test_a_table_says_who_reads_a_key_and_its_default():
    rules = dict(re.findall(r"^\| `(\w+)` \| (.*)$", docs.make_table("rules"), flags=re.MULTILINE))
    assert rules.keys() == DEFAULTS["pairs"]["rules"].keys()
    for name, row in rules.items():
        readers, _, default, _ = row.strip("| ").split(" | ")
        assert set(re.findall(r"`([^`]+)`", readers)) == {n for n, recipe in RECIPES.items() if name in recipe.rules}
        assert yaml.safe_load(default.strip("`")) == DEFAULTS["pairs"]["rules"][name]


def examples():
    """The YAML examples of config/README.md."""
    blocks = re.findall(r"```yaml\n(.*?)```", docs.README.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


@pytest.mark.parametrize("example", examples(), ids=lambda example: "-".join(example))
def test_an_example_of_the_readme_has_the_right_form(example):
    assert [error.message for error in Validator(SCHEMA).iter_errors(merge(DEFAULTS, example))] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (("a b", None, "C d."), "A b. C d."),
        (("dna: bases",), "dna: bases."),
        (("`x`: y",), "`x`: y."),
    ],
)
def test_phrases_become_sentences(text, sentence):
    assert docs.sentences(*text) == sentence


def test_a_value_on_one_line_is_yaml():
    for value in (None, True, 1.0e-5, "text", [1, "a"], {"a": 1}):
        assert yaml.safe_load(docs.flow(value)) == value and "\n" not in docs.flow(value)
    assert json.dumps(docs.markdown(["a"], [["x|y"]])).count("|") == 7
