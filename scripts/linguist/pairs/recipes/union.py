"""Recipe `union`."""

from linguist.layout import pair_splits
from linguist.recipe import recipe
from linguist.splits import SPLITS


@recipe(
    "union",
    kinds=("sentence",),
    needs=("of",),
    rules=("disjoint", "conflicts"),
    files=lambda spec, name: {split: [pair_splits(base)[split] for base in spec["of"]] for split in SPLITS},
    bases=lambda spec: spec["of"],
    several=True,
)
def join_sets(spec, files, tallies):
    """Rows of several sets together.

    The rows of all sets are mixed at random and cut to `sizes`. A split's rows come from that split alone, so parallel
    sets, whose splits are translations of one another, stay apart. Each id begins with the name of its set. With the rule
    `disjoint`, a row of train or dev is removed if a later split of any set contains one of its sentences; with `conflicts:
    drop`, all rows of a pair that has both labels.
    """
    import random
    from functools import partial

    from linguist.pairs.conflicts import pair_conflicts, resolve_conflicts
    from linguist.pairs.store import drop_shared, read_pairs
    from linguist.tally import BEYOND_SIZES

    splits = {
        split: [
            (f"{name}:{row.id}", row.sentence1, row.sentence2, row.label)
            for name, path in zip(spec["of"], files[split], strict=True)
            for row in read_pairs(path).itertuples()
        ]
        for split in SPLITS
    }
    for split, rows in splits.items():
        tallies[split].read = len(rows)
    conflicts = partial(pair_conflicts, kind=spec["kind"])
    splits = resolve_conflicts(splits, conflicts, spec["rules"]["conflicts"], tallies)
    if spec["rules"]["disjoint"]:
        splits = drop_shared(splits, tallies)
    for split in SPLITS:
        random.Random(f"union {split} {spec['seed']}").shuffle(splits[split])
        tallies[split].leave(BEYOND_SIZES, len(splits[split]) - spec["sizes"][split])
    return {split: splits[split][: spec["sizes"][split]] for split in SPLITS}
