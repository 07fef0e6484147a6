"""The schema of study files (config/schemas/config.schema.yaml): every key's type, bounds, default and meaning, once."""

import copy
import re
from functools import cache

from linguist.config.published import read_published
from linguist.config.shapes import SHAPES
from linguist.files import ROOT, read_yaml
from linguist.kinds import KINDS
from linguist.pairs.grammar import languages
from linguist.pairs.recipes import RECIPES
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.tokenizers.types import TYPES
from linguist.training.controls import CONTROLS

CONFIG_FOLDER = ROOT / "config"
SCHEMA = CONFIG_FOLDER / "schemas/config.schema.yaml"
NO_DEFAULT = object()
WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
NUMBER = re.compile(r"[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")


REGISTRIES = {  # by the word `registered` of the schema
    "kinds": lambda: list(KINDS),
    "pair recipes": lambda: list(RECIPES),
    "task recipes": lambda: list(TASK_RECIPES),
    "grammar languages": lambda: list(languages()),
    "tokenizer types": lambda: list(TYPES),
    "architectures": lambda: list(SHAPES),
    "controls": lambda: list(CONTROLS),
    "published tasks": lambda: list(read_published()["tasks"]),
    "published tables": lambda: list(read_published()["tables"]),
    "published vectors": lambda: list(read_published()["vectors"]),
}


@cache
def read_schema():
    """The schema, in which each `registered` has become the `enum` of what the library registers."""
    return with_enums(read_yaml(SCHEMA))


def with_enums(node):
    """A part of the schema with an `enum` beside each `registered`."""
    if isinstance(node, list):
        return [with_enums(part) for part in node]
    if not isinstance(node, dict):
        return node
    names = {"enum": REGISTRIES[node["registered"]]()} if isinstance(node.get("registered"), str) else {}
    return {key: with_enums(part) for key, part in node.items()} | names


def resolve(node, schema):
    """A part of the schema with what it refers to by `$ref`; its own words go before those."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
    return node


def defaults_of(node, schema):
    """The defaults of a part of the schema and of all keys below it; NO_DEFAULT where it has none."""
    node = resolve(node, schema)
    found = {key: defaults_of(part, schema) for key, part in node.get("properties", {}).items()}
    below = {key: default for key, default in found.items() if default is not NO_DEFAULT}
    default = node.get("default", NO_DEFAULT)
    return below | default if isinstance(default, dict) else below or default


def default_config():
    """The defaults of all keys, as a new dict."""
    schema = read_schema()
    return copy.deepcopy(defaults_of(schema, schema))


def read_texts(value, node, schema):
    """A config value in which texts have become numbers, true, false or null where a part of the schema wants only these.

    Snakemake passes everything inside `--config 'finetuning={epochs: 2}'` as text, and YAML reads 1e-5 as text.
    """
    node = resolve(node, schema)
    if isinstance(value, dict):
        known, others = node.get("properties", {}), node.get("additionalProperties") or {}
        return {key: read_texts(part, known.get(key, others), schema) for key, part in value.items()}
    if isinstance(value, list):
        return [read_texts(part, node.get("items", {}), schema) for part in value]
    return read_text(value, node) if isinstance(value, str) else value


def read_text(text, node):
    """What a text means where the schema wants no text; the text itself where it means nothing else."""
    types = [node["type"]] if isinstance(node.get("type"), str) else node.get("type", [])
    words = {"null": None} if "null" in types else {}
    if "boolean" in types or node.get("const") is True:
        words |= {"true": True, "false": False}
    if "string" in types and "number" not in types:
        return text
    if text.lower() in words:
        return words[text.lower()]
    if {"integer", "number"} & set(types) and WHOLE.fullmatch(text):
        return int(text)
    return float(text) if "number" in types and NUMBER.fullmatch(text) else text
