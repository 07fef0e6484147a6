"""The recipes that make pair sets, as the config names them. Light to import: the functions are loaded when called.

A recipe is one function that yields a pair set's three splits, and the config keys it needs. A new pair kind or source
is one such function and one line in RECIPES.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from linguist.errors import LinguistError

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Recipe:
    """How a pair set is made: `module.function(spec, files) -> {split: rows}`.

    `needs` are its keys in the config, `may` those it can do without. `resources` are what it reads, `bases` the pair
    sets that it is made from.
    """

    function: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    resources: Callable[[dict], list[str]] = lambda spec: []
    bases: Callable[[dict], list[str]] = lambda spec: []

    @property
    def module(self):
        """The library module that holds the function."""
        return self.function.partition(".")[0]

    def build(self, spec, files):
        """The rows of each split; `files` maps what the recipe reads (see its function) to paths."""
        return getattr(import_module(f"linguist.{self.module}"), self.function.partition(".")[2])(spec, files)


def of(spec):
    """The base of a set that is derived from another one."""
    return [spec["of"]]


RECIPES = {
    "grammar": Recipe("sentences.from_grammar", ("sentence",), ("language",)),
    "table": Recipe(
        "tables.from_tables",
        ("sentence", "dna", "protein", "coding"),
        ("files",),
        resources=lambda spec: [reference for split in SPLITS for reference in spec["files"].get(split, [])],
    ),
    "homologs": Recipe(
        "homologs.from_positives",
        ("dna", "protein"),
        ("queries", "search", "length"),
        resources=lambda spec: [spec["queries"], *spec["search"]],
    ),
    "coding": Recipe(
        "coding.from_coding_sequences",
        ("coding",),
        ("sequences", "length"),
        ("proteins",),
        resources=lambda spec: [spec[key] for key in ("sequences", "proteins") if key in spec],
    ),
    "hard": Recipe("derived.hard", ("dna", "protein"), ("of",), bases=of),
    "evolved": Recipe("derived.evolved", ("dna",), ("of", "divergence"), bases=of),
    "reverse-complement": Recipe("derived.reverse_complement", ("dna",), ("of",), bases=of),
}


def build_pairs(name, spec, files):
    """The rows of a pair set's splits; `spec` is its part of the config, `files` its inputs."""
    with naming(name):
        splits = RECIPES[spec["recipe"]].build(spec, files)
        for split in SPLITS:
            if not splits[split] and split in spec.get("files", SPLITS):
                raise LinguistError(
                    f"split '{split}' is empty: 0 rows found, {spec['sizes'][split]} wanted; give it a source that has some"
                )
    return splits


@contextmanager
def naming(name):
    """Errors of the block say which pair set they are about."""
    try:
        yield
    except LinguistError as error:
        raise LinguistError(f"pairs/{name}: {error}") from None
