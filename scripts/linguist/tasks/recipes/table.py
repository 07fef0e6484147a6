"""Recipe `table`."""

import random
from collections import Counter
from pathlib import Path

from linguist.errors import LinguistError, show
from linguist.layout import files_of_references
from linguist.recipe import KEEP, recipe, table_files, table_resources
from linguist.splits import SPLITS

HEADERS = (("sequence", "label"),)  # as in GUE (Zhou et al. 2024)


@recipe(
    "table",
    kinds=("dna",),
    needs=("files",),
    optional=("sizes", "folder", "conflicts"),
    files=lambda spec, name: spec["files"] if "folder" in spec else table_files(spec, name),
    resources=lambda spec: [] if "folder" in spec else table_resources(spec),
)
def read_tables(spec, files, tallies):
    """Rows of published tables with their own splits.

    Rows keep their order. Of a split with more rows than `sizes` asks for, that many are drawn at random, since some
    published splits (of GUE) are sorted by label. An id must be unique in its split. With `conflicts: drop`, all rows of a
    sequence that has several labels are dropped.
    """
    from linguist.pairs.conflicts import resolve_conflicts, task_conflicts
    from linguist.tally import BEYOND_SIZES

    splits = {}
    for split in SPLITS:
        rows = []
        for path in files_of_references(spec["files"][split], files[split]):
            rows += read_task_table(path, spec["answers"], f"{split}-{len(rows)}-", tallies[split])
        splits[split] = rows
        if twice := [name for name, times in Counter(row[0] for row in rows).items() if times > 1]:
            raise LinguistError(
                f"split '{split}': id {show(twice[0])} is in two rows; make the ids unique, or leave out the column"
            )
    splits = resolve_conflicts(splits, task_conflicts, spec.get("conflicts", KEEP), tallies)
    for split, rows in splits.items():
        wanted = spec.get("sizes", {}).get(split, len(rows))
        drawn = random.Random(f"{spec['seed']} {split}").sample(range(len(rows)), min(wanted, len(rows)))
        splits[split] = [rows[at] for at in sorted(drawn)]
        tallies[split].leave(BEYOND_SIZES, len(rows) - wanted)
    return splits


def read_task_table(path, answers, prefix="", tally=None):
    """Rows (id, upper-case sequence, label) of one table with the columns sequence and label, and perhaps id.

    The table is text separated by commas, semicolons or tabs, JSON lines, a JSON array or Parquet. A label is the number of
    a class, from 0 to len(answers) - 1, or its answer. Without an id in the table it is `prefix` and the number of the row.
    Rows without a label or a sequence, and sequences of N alone, are dropped and counted in `tally` (a Tally).
    Raises LinguistError for missing columns, an unknown label, a letter that is not DNA, or damage.
    """
    from linguist.sequences.fasta import UNKNOWN_LETTERS, check_name, is_known
    from linguist.sequences.tables import field_of, read_records, sequence_of
    from linguist.tally import Tally
    from linguist.tasks.store import read_class

    tally = tally or Tally()
    if not Path(path).is_file():
        raise LinguistError(f"{path}: no such table; name an archive's member as resource:path/in/archive.csv")
    rows = []
    for number, (where, record) in enumerate(read_records(path, HEADERS, HEADERS[0]), 1):
        tally.read += 1
        label, sequence = (field_of(where, record, column) for column in ("label", "sequence"))
        if not label or not sequence:
            tally.drop("without a label" if sequence else "without a sequence" if label else "empty", where)
            continue
        label = read_class(where, label, answers)
        sequence = sequence_of(where, "sequence", sequence, "dna")
        if not is_known(sequence, "dna"):
            tally.drop(UNKNOWN_LETTERS, where)
            continue
        # BLAST ends a name at the first blank.
        name = "_".join(field_of(where, record, "id").split())
        check_name(where, name)
        rows.append((name or f"{prefix}{number}", sequence, label))
    return rows
