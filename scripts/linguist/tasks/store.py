"""Tasks: labelled sequences of DNA, each of one class. Light to import: the recipes are loaded when called."""

import csv

import pandas as pd

from linguist.errors import LinguistError
from linguist.files import clean, write_text
from linguist.pairs.recipes import TASK_RECIPES
from linguist.splits import SPLITS

COLUMNS = ["id", "sequence", "label"]


def build_task(name, spec, files):
    """Rows (id, sequence, label) of a task's splits: {split: rows}, each of upper-case DNA and the number of its class.

    Args: `spec` is its part of the config, `files` what its recipe reads.
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
    """One split of a task: a data frame with columns id, sequence (text) and label (a class's number, from 0)."""
    try:
        frame = pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False)
        return frame[COLUMNS].astype({"label": int})
    except (ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        raise LinguistError(f"{path}: not a task's file ({clean(error)}); delete it and run again") from None


def by_task(tasks, paths):
    """{task: {split: path}} from paths in the order of the tasks, and for each of SPLITS."""
    parts = [paths[at : at + len(SPLITS)] for at in range(0, len(paths), len(SPLITS))]
    return {task: dict(zip(SPLITS, part, strict=True)) for task, part in zip(tasks, parts, strict=True)}


def read_splits(tasks, paths):
    """{task: {split: data frame as from `read_task`}}; paths as for `by_task`."""
    return {
        task: {split: read_task(path) for split, path in splits.items()}
        for task, splits in by_task(tasks, paths).items()
    }
