"""The record of a recipe: the function that makes a pair set or a task, and what the rest of the workflow knows of it.

A recipe is one file in a package of recipes (pairs/recipes/, tasks/recipes/), with one function that has the decorator
`recipe`. The function's docstring describes the recipe in the report and the README; its first paragraph is one sentence.
The function itself imports what is slow to import: all recipes are then known in milliseconds, and a change of that code
reruns only the sets of this recipe (`provenance.code_digest` follows these imports, and ignores docstrings).
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from linguist.layout import pair_splits, resource_file, resource_or_archive, sequences_file
from linguist.splits import SPLITS

KEEP, DROP, ERROR = "keep", "drop", "error"  # what is done with contradictory labels: values of `conflicts`


@dataclass(frozen=True)
class Recipe:
    """How a pair set or task is made: `build(spec, files, tallies)` gives {split: rows}; `spec` is its part of the config.
    What it reads and does not use is counted in `tallies`, {split, or what else its entries are: Tally}.

    kinds: the kinds of pairs that it makes
    needs, optional: the keys that its part of the config must have, and may have
    rules: the rules that it reads; a change of another rule does not rerun it
    negatives: the kinds of negatives that it makes, if it reads the rule `negatives`
    files: (spec, name of the set) to {input: path or list of paths}, what `build` gets as `files`
    resources: spec to the resources that it reads, each as resource or resource:path/in/archive
    bases: spec to the pair sets that it is made from; with `several`, the key `of` is a list
    classes: how many classes a task has, if the recipe decides it
    searched: whether its pairs come from a BLAST search
    synthetic: whether its sentences are from the demo's grammar
    balanced: whether each split has as many positives as negatives, by construction; None if it is as in the base
    variant: what distinguishes its tests from others of their kind in the report ("DNA, matched")
    """

    name: str
    build: Callable
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    files: Callable[[dict, str], dict] = lambda spec, name: {}
    resources: Callable[[dict], list[str]] = lambda spec: []
    bases: Callable[[dict], list[str]] = lambda spec: []
    several: bool = False
    classes: int | None = None
    searched: bool = False
    synthetic: bool = False
    balanced: bool | None = False
    variant: str | None = None

    @property
    def module(self):
        """The module of the recipe, for `code_digest`."""
        return self.build.__module__

    @property
    def keys(self):
        return (*self.needs, *self.optional)

    @property
    def paragraphs(self):
        """The paragraphs of the docstring, each on one line."""
        return [" ".join(part.split()) for part in inspect.getdoc(self.build).split("\n\n")]

    @property
    def description(self):
        """What the recipe makes: the first sentence of the docstring, without the full stop."""
        return self.paragraphs[0].removesuffix(".")


def recipe(name, **options):
    """Decorator: makes the function the `build` of a Recipe with these options."""
    return lambda function: Recipe(name, function, **options)


def find_recipes(package):
    """{name: Recipe} of all modules in a package ("linguist.pairs.recipes"), in the order of their names."""
    found = {}
    for module in sorted(part.name for part in pkgutil.iter_modules(import_module(package).__path__, f"{package}.")):
        for value in vars(import_module(module)).values():
            if isinstance(value, Recipe) and value.module == module:
                if value.name in found:
                    raise ValueError(f"{module}: recipe {value.name!r} is already in {found[value.name].module}")
                found[value.name] = value
    return found


# ── fields that several recipes share ──


# Options of task recipes that cut windows of a `length` out of the resource `sequences`.
CUTTING = {
    "kinds": ("dna",),
    "needs": ("sequences", "length", "sizes"),
    "files": lambda spec, name: {"sequences": resource_file(spec["sequences"])},
    "resources": lambda spec: [spec["sequences"]],
}


# Options of task recipes that cut windows by an annotation: of a GenBank file, or of a genome (FASTA) and its GFF3 file.
ANNOTATED = CUTTING | {
    "optional": ("annotation",),
    "files": lambda spec, name: (
        {"sequences": sequences_file("dna", spec["sequences"]), "annotation": resource_file(spec["annotation"])}
        if "annotation" in spec
        else CUTTING["files"](spec, name)
    ),
    "resources": lambda spec: [spec[key] for key in ("sequences", "annotation") if key in spec],
}


# Options of recipes that derive a pair set from another one.
DERIVING = {
    "needs": ("of",),
    "files": lambda spec, name: pair_splits(spec["of"]),
    "bases": lambda spec: [spec["of"]],
}


def table_resources(spec):
    """The tables of a set that is read from tables, in the order of the splits."""
    return [table for split in SPLITS for table in spec["files"].get(split, [])]


def table_files(spec, name):
    return {split: [resource_or_archive(table) for table in tables] for split, tables in spec["files"].items()}
