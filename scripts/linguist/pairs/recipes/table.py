"""Recipe `table`."""

from linguist.errors import LinguistError, naming
from linguist.kinds import KINDS
from linguist.layout import files_of_references
from linguist.recipe import recipe, table_files, table_resources
from linguist.splits import SPLITS

FEWEST = 10  # so many rows hardly have one label by chance


@recipe(
    "table",
    kinds=tuple(KINDS),
    needs=("files",),
    rules=("disjoint", "conflicts", "negatives"),
    negatives=("unrelated", "own"),
    files=table_files,
    resources=table_resources,
)
def read_pair_tables(spec, files, tallies):
    """Pairs read from published tables.

    Rows keep the order of their tables and are cut to the split's size; a split without tables has no rows. Tables with fewer
    rows than the set's own `sizes` ask for are refused; those of `pairs.sizes` are upper bounds. With the rule
    `disjoint`, a train row is removed if dev or test contains one of its sentences, and a dev row if test does: dev and
    test of PAWS-X share some (https://github.com/google-research-datasets/paws). Rows without a label or a sentence are
    dropped. With the rule `conflicts: drop`, so are all rows of a pair that has both labels, and pairs of equal sides that
    are labelled different.

    With the rule `negatives`, each split has as many positives as negatives, in random order: the first positives of its
    tables, and as negatives the tables' own or unrelated sentences of these positives. Sentences that rows link, directly or
    through others, are not unrelated. Tables have too few sentences that share half of their words and say something else.
    """
    from functools import partial

    from linguist.pairs.conflicts import pair_conflicts, resolve_conflicts
    from linguist.pairs.negatives import UNRELATED, grade_rows
    from linguist.pairs.store import drop_shared
    from linguist.pairs.tables import read_pair_table
    from linguist.tally import BEYOND_SIZES

    splits = {split: [] for split in SPLITS}
    for split, references in spec["files"].items():
        for path in files_of_references(references, files[split]):
            splits[split] += read_pair_table(path, spec["kind"], tallies[split])
        refuse_few(split, tallies[split].read, spec.get("asked", {}).get(split, 0))
    conflicts = partial(pair_conflicts, kind=spec["kind"])
    splits = resolve_conflicts(splits, conflicts, spec["rules"]["conflicts"], tallies)
    if spec["rules"]["disjoint"]:
        splits = drop_shared(splits, tallies)
    sizes = spec["sizes"]
    if kinds := spec["rules"]["negatives"]:
        for split in spec["files"]:
            with naming(f"split '{split}'"):
                graded = grade_rows(splits[split], kinds, sizes[split], f"{split} {spec['seed']}")
            made = sum(row[0].endswith(f"-{UNRELATED}") for row in graded)
            tallies[split].leave("without use for the rule negatives", len(splits[split]) + made - len(graded))
            splits[split] = graded
    for split, rows in splits.items():
        tallies[split].leave(BEYOND_SIZES, len(rows) - sizes[split])
    return {split: first_rows(splits[split], sizes[split], split) for split in SPLITS}


def refuse_few(split, rows, asked):
    """Raise LinguistError if the tables of a split have fewer rows than its set's own sizes ask for. Rows that are dropped later are
    not missed: people take all rows of a published table by its number of rows."""
    if rows < asked:
        raise LinguistError(
            f"split '{split}': its tables have {rows:,} rows, but sizes.{split} is {asked:,}; lower it, or give a larger table"
        )


def first_rows(rows, size, split):
    """The first `size` rows. Raises LinguistError if they all have one label, as in tables sorted by label."""
    labels, kept = {row[3] for row in rows}, {row[3] for row in rows[:size]}
    if kept != labels and size >= FEWEST:
        raise LinguistError(
            f"the first {size} of the {len(rows)} rows for '{split}' all have label {min(kept)}: the table is sorted by "
            f"label; raise sizes.{split} to {len(rows)}, or give a shuffled table"
        )
    return rows[:size]
