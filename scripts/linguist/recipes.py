"""The recipes that make pair sets, as the config names them. Light to import: the functions are loaded when called.

A recipe is one function that yields a pair set's three splits, and the config keys it needs. A new pair kind or source
is one such function and one line in RECIPES.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from linguist.errors import LinguistError

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Recipe:
    """How a pair set is made: `module.function(spec, files) -> {split: rows}`; `needs` are its keys in the config."""

    function: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    resources: Callable[[dict], list[str]] = lambda spec: []

    @property
    def module(self):
        """The library module that holds the function."""
        return self.function.partition(".")[0]

    def build(self, spec, files):
        """The rows of each split; `files` maps what the recipe reads (see its function) to paths."""
        return getattr(import_module(f"linguist.{self.module}"), self.function.partition(".")[2])(spec, files)


RECIPES = {
    "grammar": Recipe("sentences.from_grammar", ("sentence",), ("language",)),
    "table": Recipe(
        "sentences.from_tables",
        ("sentence", "dna", "protein", "coding"),
        ("files",),
        lambda spec: [reference for split in SPLITS for reference in spec["files"].get(split, [])],
    ),
    "homologs": Recipe(
        "homologs.from_hits",
        ("dna", "protein"),
        ("queries", "search", "length"),
        lambda spec: [spec["queries"], *spec["search"]],
    ),
    "coding": Recipe(
        "coding.from_coding_sequences", ("coding",), ("sequences", "length"), lambda spec: [spec["sequences"]]
    ),
}


def build_pairs(name, spec, files):
    """The rows of a pair set's three splits, none empty; `spec` is its part of the config, `files` its inputs."""
    try:
        splits = RECIPES[spec["recipe"]].build(spec, files)
    except LinguistError as error:
        raise LinguistError(f"pairs/{name}: {error}") from None
    for split in SPLITS:
        if not splits[split]:
            raise LinguistError(f"pairs/{name}: split '{split}' is empty; give it a size above 0 or a source")
    return splits
