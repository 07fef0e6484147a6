"""Making a pair set by its recipe, and what pair sets and tasks have in common there."""

import logging
from collections import defaultdict
from functools import partial

from linguist.errors import LinguistError, naming
from linguist.pairs.conflicts import pair_conflicts, say_conflicts
from linguist.pairs.recipes import RECIPES
from linguist.splits import SPLITS
from linguist.tally import Tally, log_tallies, refuse_loss

logger = logging.getLogger("linguist")


def build_pairs(name, spec, files, record=None):
    """The rows of each split of a pair set; `spec` is its part of the config, `files` what its recipe reads.

    What was read and dropped goes to the log and to `record`, a dict for JSON; contradictory labels go to the log.

    Raises LinguistError, which names the pair set, for what the recipe cannot make, and for an empty split that should
    have rows; ValueError if the recipe is not as balanced as it says, since tests would then be too liberal.
    """
    recipe = RECIPES[spec["recipe"]]
    with naming(f"pairs/{name}"):
        splits = make_set(recipe, spec, files, partial(pair_conflicts, kind=spec["kind"]), record)
        for split in SPLITS:
            if recipe.balanced and abs(2 * sum(int(row[3]) for row in splits[split]) - len(splits[split])) > 1:
                raise ValueError(f"split '{split}' of recipe '{recipe.name}' has not as many positives as negatives")
            if not splits[split] and split in spec.get("files", SPLITS):
                raise LinguistError(
                    f"split '{split}' is empty: 0 rows found, {spec['sizes'][split]} wanted; give a source with more rows"
                )
    return splits


def make_set(recipe, spec, files, find_conflicts, record=None):
    """{split: rows} that a Recipe makes. What it dropped goes to the log and to `record`, a dict ("rows": {split: counts, as
    `Tally.record` gives them}); contradictory labels that are kept go to the log.

    Raises LinguistError for what the recipe cannot make, and if it dropped most rows.
    """
    tallies = defaultdict(Tally)
    try:
        splits = recipe.build(spec, files, tallies)
    except LinguistError:
        refuse_loss(tallies)  # the likely cause
        raise
    finally:
        log_tallies(tallies)
    refuse_loss(tallies)
    for text in say_conflicts(splits, find_conflicts(splits)):
        logger.warning("warning: rows with contradictory labels kept: %s", text)
    if record is not None:
        record["rows"] = {split: tally.record() for split, tally in tallies.items()}
    return splits
