"""The recipes that make pair sets and tasks, as the config names them. Light to import: the functions are loaded when called.

A recipe is one function that yields a pair set's three splits, and the config keys it needs. A new pair kind or source
is one such function, its entry in RECIPES and in the schema, its inputs (`config.inputs.pair_files`) and a phrase for
the report (`report.ORIGINS`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from linguist.errors import LinguistError, naming
from linguist.splits import SPLITS


@dataclass(frozen=True)
class Recipe:
    """How a pair set or task is made: `module.function(spec, files) -> {split: rows}`.

    `needs` are its keys in the config, `may` those it can do without, `rules` the rules it reads: a change of another one
    does not touch it. `classes` is how many a task has, where its recipe says so. `resources` are what it reads,
    `bases` the pair sets that it is made from, of which there are `many` where `of` lists them.
    """

    function: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    classes: int | None = None
    resources: Callable[[dict], list[str]] = lambda spec: []
    bases: Callable[[dict], list[str]] = lambda spec: []
    many: bool = False

    @property
    def module(self):
        """The library module that holds the function."""
        return self.function.rpartition(".")[0]

    def build(self, spec, files):
        """The rows of each split; `files` maps what the recipe reads (see its function) to paths."""
        return getattr(import_module(f"linguist.{self.module}"), self.function.rpartition(".")[2])(spec, files)


def of(spec):
    """The base of a set that is derived from another one."""
    return [spec["of"]]


def listed(spec):
    """The bases of a set that joins several."""
    return spec["of"]


KEPT_COMPOSITION = ("max_negative_similarity", "max_length_difference", "unrelated")
SEARCH_RULES = ("windows", "max_masked", "masking", "max_hits", "max_evalue")  # what BLAST finds
# What finds and chooses positives; a change of the others leaves the positives alone.
CHOICE = (*SEARCH_RULES, "min_similarity", "max_length_difference")


def tables(spec):
    """The tables of a set that is read from some, in the order of the splits."""
    return [reference for split in SPLITS for reference in spec["files"].get(split, [])]


def annotated(spec):
    """The sequences that a task is cut from."""
    return [spec["sequences"]]


RECIPES = {
    "grammar": Recipe("pairs.sentences.from_grammar", ("sentence",), ("language",)),
    "table": Recipe(
        "pairs.tables.from_tables",
        ("sentence", "dna", "protein", "coding"),
        ("files",),
        rules=("disjoint",),
        resources=tables,
    ),
    "homologs": Recipe(
        "pairs.homologs.from_positives",
        ("dna", "protein"),
        ("queries", "search", "length"),
        rules=(*CHOICE, "max_negative_similarity", "identical", "contained"),
        resources=lambda spec: [spec["queries"], *spec["search"]],
    ),
    "coding": Recipe(
        "pairs.coding.from_coding_sequences",
        ("coding",),
        ("sequences", "length"),
        ("proteins",),
        rules=("max_negative_similarity", "coding_negatives"),
        resources=lambda spec: [spec[key] for key in ("sequences", "proteins") if key in spec],
    ),
    "hard": Recipe("pairs.derived.hard", ("dna", "protein"), ("of",), rules=KEPT_COMPOSITION, bases=of),
    "evolved": Recipe(
        "pairs.derived.evolved",
        ("dna",),
        ("of", "divergence"),
        rules=(*KEPT_COMPOSITION, "transitions", "indels", "indel_length"),
        bases=of,
    ),
    "union": Recipe("pairs.sentences.union", ("sentence",), ("of",), rules=("disjoint",), bases=listed, many=True),
    "reverse-complement": Recipe("pairs.derived.reverse_complement", ("dna",), ("of",), bases=of),
}

TASK_RECIPES = {
    "table": Recipe("tasks.cutting.from_tables", ("dna",), ("files",), ("sizes", "folder"), resources=tables),
    "splice-sites": Recipe(
        "tasks.cutting.splice_sites", ("dna",), ("sequences", "length", "sizes"), classes=3, resources=annotated
    ),
    "gene-starts": Recipe(
        "tasks.cutting.gene_starts", ("dna",), ("sequences", "length", "sizes"), classes=2, resources=annotated
    ),
    "repeats": Recipe(
        "tasks.cutting.repeats", ("dna",), ("sequences", "length", "sizes"), classes=2, resources=annotated
    ),
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
