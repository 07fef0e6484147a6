"""Pair sets: rows of two sequences and a label, in one file format for every kind."""

import csv
import re

import pandas as pd

from linguist.errors import LinguistError
from linguist.files import write_text

COLUMNS = ["id", "sentence1", "sentence2", "label"]
# What each side of a kind is written in; sentences are not here.
ALPHABETS = {"dna": ("dna", "dna"), "protein": ("protein", "protein"), "coding": ("dna", "protein")}
# The letters whose share stands for a sequence's composition, and the name of that share.
COMPOSITION = {"dna": ("GC", "GC share"), "protein": ("AVILMFWC", "hydrophobic share")}


def write_pairs(path, rows):
    """Write rows (id, sentence1, sentence2, label 0 or 1) as a tab-separated file with a header, whole or not at all.

    There is no quoting, so a tab or line break inside a field is refused.
    """
    lines = ["\t".join(COLUMNS)]
    for row in rows:
        fields = [str(field) for field in row]
        if any(c in field for field in fields for c in "\t\n\r") or fields[3] not in ("0", "1"):
            raise LinguistError(
                f"{path}: row {fields[0]!r}: a field holds a tab or line break, or the label is not 0 or 1"
            )
        lines.append("\t".join(fields))
    write_text(path, "\n".join(lines) + "\n")


def read_pairs(path):
    """Read one split of a pair set: a data frame with columns id, sentence1, sentence2 (text) and label (0 or 1)."""
    try:
        frame = pd.read_csv(
            path, sep="\t", quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise LinguistError(f"{path}: not a tab-separated pair file ({str(error).strip()}); rebuild it") from None
    if list(frame.columns) != COLUMNS:
        raise LinguistError(f"{path}: the header is {list(frame.columns)}, expected {COLUMNS}")
    if not isinstance(frame.index, pd.RangeIndex):  # pandas has taken the ids for an index
        raise LinguistError(f"{path}: line 2: more fields than the header's {len(COLUMNS)}; rebuild it")
    bad = ~frame["label"].isin(["0", "1"])
    if bad.any():
        raise LinguistError(f"{path}: line {bad.idxmax() + 2}: label {frame['label'][bad.idxmax()]!r} is not 0 or 1")
    return frame.astype({"label": int})


def kinds_of_pairs(ids):
    """What kind of pair each row is, as the end of its id says (swap_roles in train-000001-swap_roles); None if not."""
    ends = (re.search(r"-([a-z][a-z_]*)$", name) for name in ids)
    return [end and end[1] for end in ends]
