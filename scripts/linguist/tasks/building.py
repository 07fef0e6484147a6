"""Making a task by its recipe."""

from linguist.errors import LinguistError, naming, show
from linguist.pairs.building import make_set
from linguist.pairs.conflicts import task_conflicts
from linguist.tasks.recipes import RECIPES


def build_task(name, spec, files, record=None):
    """The splits of a task, {split: rows (id, upper-case sequence, label)}; a label is the number of a class.

    Args: `spec` is its part of the config, `files` what its recipe reads. What was read and dropped goes to
    the log and to `record`, a dict for JSON; contradictory labels go to the log.
    Raises LinguistError, which names the task, for what the recipe cannot make, and for a split that lacks a class.
    """
    with naming(f"tasks/{name}"):
        splits = make_set(RECIPES[spec["recipe"]], spec, files, task_conflicts, record)
        for split, rows in splits.items():
            if not rows:
                raise LinguistError(f"split '{split}' has no row; give a source with rows")
            found = {label for _, _, label in rows}
            if missing := [answer for label, answer in enumerate(spec["answers"]) if label not in found]:
                raise LinguistError(
                    f"split '{split}' has no row of class {show(missing[0])}; give a source with rows of this class"
                )
    return splits
