"""Recipe `reverse-complement`."""

from linguist.kinds import KINDS
from linguist.recipe import DERIVING, recipe


@recipe(
    "reverse-complement",
    kinds=tuple(name for name, kind in KINDS.items() if kind.both_strands),
    balanced=None,
    variant="reverse complement",
    **DERIVING,
)
def reverse_one_side(spec, files, tallies):
    """Rows of another set, with sentence2 read from the other strand.

    Labels and order stay. The second half of the id gets the mark `:-` (or loses it) before its type: the region that it
    names is then the one that is read.
    """
    from Bio.Seq import reverse_complement

    from linguist.pairs.store import read_sides, reversed_id
    from linguist.splits import SPLITS

    return {
        split: [
            (f"{row.id1}~{reversed_id(row.id2)}", row.sentence1, reverse_complement(row.sentence2), row.label)
            for row in read_sides(files[split]).itertuples()
        ]
        for split in SPLITS
    }
