"""Pair sets of sentences: the synthetic grammar of the demo, and tables such as PAWS-X."""

from pathlib import Path

from linguist.errors import LinguistError
from linguist.files import reading
from linguist.grammar import sentence_pairs
from linguist.pairs import COLUMNS
from linguist.recipes import SPLITS


def from_grammar(spec, files):
    """The synthetic sentence pairs of a language, `sizes` rows a split. They are no PAWS-X: they show that it runs."""
    return {split: sentence_pairs(spec["language"], spec["sizes"][split], spec["seed"], split) for split in SPLITS}


def from_tables(spec, files):
    """Rows of published pair tables, read in order and cut to the split's size.

    `files` maps each split to the places of spec["files"][split]: a table, or the folder of an unpacked archive.

    With the rule `disjoint`, a train row that shares a sentence with dev or test goes, and a dev row that shares one
    with test: PAWS-X's own dev and test share some (https://github.com/google-research-datasets/paws).
    """
    tables = {
        s: [Path(place, r.partition(":")[2]) for r, place in zip(spec["files"][s], files[s], strict=True)]
        for s in SPLITS
    }
    splits = {split: [row for path in paths for row in read_table(path)] for split, paths in tables.items()}
    if spec["rules"]["disjoint"]:
        taken = set()
        for split in reversed(SPLITS):
            rows = splits[split]
            splits[split] = [row for row in rows if taken.isdisjoint(row[1:3])]
            taken.update(sentence for row in rows for sentence in row[1:3])
    return {split: rows[: spec["sizes"][split]] for split, rows in splits.items()}


def read_table(path):
    """Rows (id, sentence1, sentence2, label) of a tab-separated table in PAWS-X's form, plain or gzip.

    Read without quoting (with it 199 rows of PAWS-X vanish). The header is optional; columns may stand in any order
    where there is one. Rows with the placeholder "NS", a blank sentence or no label are dropped.
    """
    if not Path(path).is_file():
        raise LinguistError(f"{path}: no such table; name the archive's member as resource:path/in/archive.tsv")
    rows, columns = [], COLUMNS
    with reading(path) as handle:
        for number, line in enumerate(handle, 1):
            fields = line.rstrip("\n").split("\t")
            if number == 1 and set(COLUMNS) <= set(fields):
                columns = fields
                continue
            if not line.strip():
                continue
            if len(fields) != len(columns):
                raise LinguistError(
                    f"{path}: line {number}: {len(fields)} tab-separated fields, expected {len(columns)}: "
                    f"{', '.join(columns)}"
                )
            row = tuple(fields[columns.index(column)].strip() for column in COLUMNS)
            if row[3] not in ("0", "1", ""):
                raise LinguistError(
                    f"{path}: line {number}: label {row[3]!r} is not 0 or 1; give a table in PAWS-X's form"
                )
            if row[3] and all(sentence and sentence != "NS" for sentence in row[1:3]):
                rows.append((*row[:3], int(row[3])))
    return rows
