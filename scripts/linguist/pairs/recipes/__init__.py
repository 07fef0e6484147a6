"""The recipes of pair sets: one file each, found here by itself. Light to import.

A recipe makes the rows (id, sentence1, sentence2, label) of a pair set's three splits; `linguist.recipe` says how it is
written. The configuration, the rules and the report know a recipe from its record alone.
"""

from functools import partial

from linguist.conflicts import pair_conflicts
from linguist.errors import LinguistError, naming
from linguist.recipe import find_recipes, make_set
from linguist.splits import SPLITS

RECIPES = find_recipes(__name__)


def build_pairs(name, spec, files, record=None):
    """The rows of each split of a pair set; `spec` is its part of the config, `files` what its recipe reads.

    What was read and dropped goes to the log and to `record`, a dict for JSON; contradictory labels go to the log.

    Raises LinguistError, which names the pair set, for what the recipe cannot make, and for an empty split that should
    have rows.
    """
    with naming(f"pairs/{name}"):
        splits = make_set(RECIPES[spec["recipe"]], spec, files, partial(pair_conflicts, kind=spec["kind"]), record)
        for split in SPLITS:
            if not splits[split] and split in spec.get("files", SPLITS):
                raise LinguistError(
                    f"split '{split}' is empty: 0 rows found, {spec['sizes'][split]} wanted; give a source with more rows"
                )
    return splits
