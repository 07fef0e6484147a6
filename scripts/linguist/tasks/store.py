"""Tasks on disk: labelled DNA sequences in three splits."""

import csv

from linguist.errors import LinguistError, show
from linguist.files import read_table, reading_result, write_lines
from linguist.splits import SPLITS

COLUMNS = ["id", "sequence", "label"]


def write_task(path, rows):
    """Write rows (id, sequence, label) as a tab-separated file with a header, whole or not at all."""
    write_lines(path, ("\t".join(map(str, row)) for row in [COLUMNS, *rows]))


def read_task(path):
    """One split of a task: a data frame with columns id, sequence (text) and label (number of a class, from 0).

    Raises LinguistError if the file is damaged.
    """
    frame = read_table(path, COLUMNS, quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False)
    with reading_result(path):
        return frame[COLUMNS].astype({"label": int})


def class_numbers(answers):
    """{how a table or header can name a class: its number}: the number as text, or the answer, in any case.

    An answer that is itself a number does not name its class: numbers count from 0 everywhere.
    """
    named = {answer.lower(): label for label, answer in enumerate(answers)}
    return named | {str(label): label for label in range(len(answers))}


def read_class(where, text, answers):
    """The number of the class that a text names. Raises LinguistError for a text that names none."""
    label = class_numbers(answers).get(text.strip().lower())
    if label is None:
        classes = ", ".join(f"{label} ({answer})" for label, answer in enumerate(answers))
        raise LinguistError(f"{where}: label {show(text)} is not one of {classes}; fix the row or the task's answers")
    return label


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
