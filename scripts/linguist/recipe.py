"""What a recipe is: the function that makes a pair set or a task, and all that the rest of the workflow knows of it.

A recipe is one file in a package of recipes (pairs/recipes/, tasks/recipes/): a function with the decorator `recipe`.

    @recipe("hard", kinds=("dna", "protein"), needs=("of",), rules=("unrelated",), files=base_files, bases=base_of)
    def make_hard(spec, files):
        \"\"\"Positives of another set, and negatives that match them in length and composition.

        More for the methods page.
        \"\"\"
        from linguist.pairs.matched import make_rows
        ...

The docstring's first sentence describes the recipe wherever it is named (report, README). The file imports what is heavy
within the function: all recipes are then known in milliseconds, and a change of that code reruns the sets of this recipe
alone (`provenance.code_digest` follows such imports, and passes over docstrings).
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from linguist.layout import pair_splits, resource_or_archive
from linguist.splits import SPLITS


def nothing(spec):
    """For recipes that read no resource, or are made from no other set."""
    return []


def no_files(spec, name):
    return {}


def base_of(spec):
    """The pair set that a derived one is made from, as a list."""
    return [spec["of"]]


def base_files(spec, name):
    return pair_splits(spec["of"])


def table_resources(spec):
    """The tables of a set that is read from tables, in the order of the splits."""
    return [reference for split in SPLITS for reference in spec["files"].get(split, [])]


def table_files(spec, name):
    return {split: [resource_or_archive(table) for table in tables] for split, tables in spec["files"].items()}


@dataclass(frozen=True)
class Recipe:
    """How a pair set or task is made: `build(spec, files)` gives {split: rows}; `spec` is its part of the config.

    kinds: the kinds of pairs that it makes
    needs, optional: its keys in the config, and those that it can do without
    rules: the rules that it reads; a change of another rule does not rerun it
    files: (spec, name of the set) to {input: path or list of paths}, what `build` gets as `files`
    resources: spec to the resources that it reads, as the config names them; with `members`, as resource:path/in/archive
    bases: spec to the pair sets that it is made from; with `several`, the key `of` lists more than one
    classes: how many classes a task has, if the recipe decides it
    searched: whether its pairs come from a BLAST search
    synthetic: whether its sentences are the demo grammar's
    variant: what sets its tests apart from others of their kind, in the report ("DNA, matched"); None if nothing does
    """

    name: str
    build: Callable
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    files: Callable[[dict, str], dict] = no_files
    resources: Callable[[dict], list[str]] = nothing
    members: bool = False
    bases: Callable[[dict], list[str]] = nothing
    several: bool = False
    classes: int | None = None
    searched: bool = False
    synthetic: bool = False
    variant: str | None = None

    @property
    def module(self):
        """The module of the recipe, for `code_digest`."""
        return self.build.__module__

    @property
    def keys(self):
        """All keys of the config that are the recipe's."""
        return (*self.needs, *self.optional)

    @property
    def paragraphs(self):
        """The paragraphs of the recipe's docstring, each on one line."""
        return [" ".join(part.split()) for part in inspect.getdoc(self.build).split("\n\n")]

    @property
    def description(self):
        """What the recipe makes: the first sentence of its docstring, without the full stop."""
        return self.paragraphs[0].removesuffix(".")


def recipe(name, **options):
    """Decorator: makes the function the `build` of a Recipe with these options, which a package of recipes then finds."""

    def register(function):
        return Recipe(name, function, **options)

    return register


def find_recipes(package):
    """{name: Recipe} of all modules in a package ("linguist.pairs.recipes"), in the order of their names."""
    found = {}
    for module in sorted(part.name for part in pkgutil.iter_modules(import_module(package).__path__)):
        for value in vars(import_module(f"{package}.{module}")).values():
            if isinstance(value, Recipe) and value.module == f"{package}.{module}":
                if value.name in found:
                    raise ValueError(
                        f"{value.module}: a recipe named {value.name!r} is already in {found[value.name].module}"
                    )
                found[value.name] = value
    return found
