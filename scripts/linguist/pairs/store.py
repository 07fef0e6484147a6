"""Pair sets: rows of two sequences and a label, in one file format for every kind."""

import csv
import re
from dataclasses import dataclass

from linguist.errors import LinguistError, show
from linguist.files import damaged, read_table, write_lines
from linguist.splits import SPLITS

COLUMNS = ["id", "sentence1", "sentence2", "label"]
SIDES = ("sentence1", "sentence2")


@dataclass(frozen=True)
class Pair:
    """Two sequences, and where each of them comes from."""

    id1: str
    id2: str
    sentence1: str
    sentence2: str


def write_pairs(path, rows):
    """Write rows (id, sentence1, sentence2, label 0 or 1) as a tab-separated file with a header, whole or not at all.

    There is no quoting, so a tab or line break inside a field is refused.
    """
    lines = ["\t".join(COLUMNS)]
    for row in rows:
        fields = [str(field) for field in row]
        if any(c in field for field in fields for c in "\t\n\r") or fields[3] not in ("0", "1"):
            raise LinguistError(
                f"{path}: row {show(fields[0])}: a field contains a tab or line break, or the label is not 0 or 1"
            )
        lines.append("\t".join(fields))
    write_lines(path, lines)


def read_pairs(path):
    """Read one split of a pair set: a data frame with columns id, sentence1, sentence2 (text) and label (0 or 1)."""
    # With blank lines, so that one among the rows is seen; the last line is the empty one that ends the table.
    options = {"quoting": csv.QUOTE_NONE, "dtype": str, "keep_default_na": False, "skip_blank_lines": False}
    frame = read_table(path, COLUMNS, **options)[:-1]
    bad = ~frame["label"].isin(["0", "1"])
    if bad.any():
        raise damaged(path, f"line {bad.idxmax() + 2}: label {show(frame['label'][bad.idxmax()])} is not 0 or 1")
    return frame.astype({"label": int})


def read_sides(path):
    """As `read_pairs`, with columns id1 and id2: the halves of an id `id1~id2`; an id without `~` is both."""
    frame = read_pairs(path)
    halves = frame["id"].str.partition("~")
    return frame.assign(id1=halves[0], id2=halves[2].where(halves[1] != "", halves[0]))


def read_sentences(paths):
    """The sentences of some files of pair sets: a set."""
    return {sentence for path in paths for sentence in read_pairs(path)[[*SIDES]].to_numpy().ravel()}


def read_positives(path):
    """The positives of one split of a pair set, as Pairs in their order."""
    frame = read_sides(path)
    columns = ["id1", "id2", *SIDES]
    return [Pair(*row) for row in frame.loc[frame["label"] == 1, columns].itertuples(index=False)]


def labelled_rows(positives, negatives, draw):
    """The rows of a split, (id1~id2, sentence1, sentence2, label), from its Pairs; in random order."""
    rows = [
        (f"{pair.id1}~{pair.id2}", pair.sentence1, pair.sentence2, label)
        for label, pairs in ((1, positives), (0, negatives))
        for pair in pairs
    ]
    draw.shuffle(rows)
    return rows


def drop_shared(splits, tallies):
    """{split: rows} without the rows of train and dev of which a later split has a sentence, counted in `tallies`."""
    taken, kept = set(), {}
    for split in reversed(SPLITS):
        kept[split] = [row for row in splits[split] if taken.isdisjoint(row[1:3])]
        tallies[split].leave("with a sentence of a later split", len(splits[split]) - len(kept[split]))
        taken.update(sentence for row in splits[split] for sentence in row[1:3])
    return kept


def types_of_rows(ids):
    """The type of each row, the last word of its id (swap_roles in train-000001-swap_roles); None if there is none."""
    ends = (re.search(r"-([a-z][a-z_]*)$", name) for name in ids)
    return [end and end[1] for end in ends]


def reversed_id(name):
    """The id of a sequence that is read from the other strand.

    The mark `:-` of `windows.Region` is added or removed; a last word, as in `-shuffled`, stays last.
    """
    place, mark, word = re.fullmatch(r"(.*?)(:-)?((?:-[a-z]+)*)", name).groups()
    return f"{place}{'' if mark else ':-'}{word}"
