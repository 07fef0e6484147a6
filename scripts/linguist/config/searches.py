"""Which BLAST searches a configuration asks for, and which of its sets share one."""

from linguist.pairs.recipes import RECIPES
from linguist.pairs.search_rules import SEARCH_RULES

SEARCH_KEYS = ("kind", "queries", "search", "length", "seed")


def is_searched(spec):
    """Whether a pair set's positives come from a BLAST search."""
    return RECIPES[spec["recipe"]].searched


def shared_search(config, pairset):
    """The pair set under whose name a set's BLAST search runs: the first one with the same search settings."""

    def settings(spec):
        return [spec[key] for key in SEARCH_KEYS] + [spec["rules"][rule] for rule in SEARCH_RULES]

    wanted = settings(config["pairsets"][pairset])
    return next(name for name, spec in config["pairsets"].items() if is_searched(spec) and settings(spec) == wanted)


def earlier_searched(config, pairset):
    """The searched pair sets of the same kind above a set in the file: the set keeps to the splits of their families."""
    names, kind = list(config["pairsets"]), config["pairsets"][pairset]["kind"]
    above = {name: config["pairsets"][name] for name in names[: names.index(pairset)]}
    return [name for name, spec in above.items() if is_searched(spec) and spec["kind"] == kind]


def search_parts(config):
    """The names of the parts into which each search's windows are divided, as Snakemake's scattergather names them."""
    parts = config["blast"]["parts"]
    return [f"{part}-of-{parts}" for part in range(1, parts + 1)]


def retrieves(instructions):
    """Whether an instruction set has solved examples that BLAST finds."""
    return instructions["examples"] > 0 and instructions["retrieval"] == "blast"


def searched_tasks(config):
    """The tasks whose rows BLAST compares with their train rows, because an instruction set takes examples from there."""
    sets = [spec for spec in config["instructions"].values() if retrieves(spec)]
    return [name for name in config["tasks"] if any(name in spec["tasks"] for spec in sets)]
