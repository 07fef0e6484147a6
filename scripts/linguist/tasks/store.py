"""Tasks on disk: labelled DNA sequences in three splits."""

import csv

import pandas as pd

from linguist.errors import LinguistError
from linguist.files import clean, write_text
from linguist.pairs.recipes import TASK_RECIPES
from linguist.splits import SPLITS

COLUMNS = ["id", "sequence", "label"]


def build_task(name, spec, files):
    """The splits of a task, {split: rows (id, upper-case sequence, label)}; a label is the number of a class.

    Args: `spec` is its part of the config; `files` maps what its recipe reads to paths.
    Raises LinguistError if a split lacks a class.
    """
    try:
        splits = TASK_RECIPES[spec["recipe"]].build(spec, files)
        for split, rows in splits.items():
            found = {label for _, _, label in rows}
            if missing := [answer for label, answer in enumerate(spec["answers"]) if label not in found]:
                raise LinguistError(
                    f"split '{split}' has no row of class {missing[0]!r}; give it a source that has some"
                )
    except LinguistError as error:
        raise LinguistError(f"tasks/{name}: {error}") from None
    return splits


def write_task(path, rows):
    """Write rows (id, sequence, label) as a tab-separated file with a header, whole or not at all."""
    lines = ["\t".join(map(str, row)) for row in [COLUMNS, *rows]]
    write_text(path, "\n".join(lines) + "\n")


def read_task(path):
    """One split of a task: a data frame with columns id, sequence (text) and label (number of a class, from 0).

    Raises LinguistError if the file does not have these columns.
    """
    try:
        frame = pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False)
        return frame[COLUMNS].astype({"label": int})
    except (ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        raise LinguistError(f"{path}: not a task's file ({clean(error)}); delete it and run again") from None


def paths_by_task(tasks, paths):
    """{task: {split: path}} from a list of paths: for each task in order, one for each of SPLITS."""
    parts = [paths[at : at + len(SPLITS)] for at in range(0, len(paths), len(SPLITS))]
    return {task: dict(zip(SPLITS, part, strict=True)) for task, part in zip(tasks, parts, strict=True)}


def read_tasks(tasks, paths):
    """{task: {split: data frame as from `read_task`}}; paths as for `paths_by_task`."""
    return {
        task: {split: read_task(path) for split, path in splits.items()}
        for task, splits in paths_by_task(tasks, paths).items()
    }
