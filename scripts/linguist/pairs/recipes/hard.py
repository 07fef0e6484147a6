"""Recipe `hard`: the matched control of a pair set."""

from linguist.kinds import SEARCHABLE
from linguist.recipe import DERIVING, recipe

# What the negatives depend on, here and in the recipe `evolved`.
MATCHING_RULES = ("max_negative_similarity", "max_length_difference", "unrelated")


@recipe(
    "hard",
    kinds=SEARCHABLE,
    rules=MATCHING_RULES,
    balanced=True,
    variant="matched",
    **DERIVING,
)
def match_composition(spec, files, tallies):
    """Positives of another set, and negatives that match them in length, composition and complexity.

    Each positive gives one negative with the same sentence1. Its sentence2 has the length of the true partner and the same
    distance to sentence1 in letter frequencies (L1, to within one letter). Each negative's local similarity is below
    `max_negative_similarity`. The id ends with its type.

    unrelated: sentence2 of another positive (of DNA on either strand), each used once. Until a share `unrelated` of the
    rows have one, this is tried first, in random order of the rows.
    shuffled: a shuffle of the true partner that keeps the counts of all words of four letters (of proteins: two), or of
    shorter words where twenty such shuffles are too similar.
    permuted: a shuffle that keeps the letters only, where even dinucleotides leave it too similar.

    Complexity is the number of runs of one letter and the numbers of distinct words of two to six letters. A shuffle breaks up
    repeats and so has more distinct words. Of twenty shuffles, and of the unrelated sequences, the one nearest to the true
    partner is taken.

    The smaller a split, the fewer unrelated negatives it has. Two proteins hardly ever agree in the frequencies of 20
    residues, so theirs are shuffles. Two unrelated sequences of the same composition differ in their dinucleotides, which
    shuffles keep: with a share of a tenth, no such difference predicts the label with an accuracy above 0.55; with a half,
    one did with 0.69 (50 bp pairs).
    """
    import random

    from linguist.pairs.matched import make_rows
    from linguist.pairs.store import read_positives
    from linguist.splits import SPLITS

    splits = {}
    for split in SPLITS:
        draw = random.Random(f"hard {split} {spec['seed']}")
        found = read_positives(files[split])
        splits[split] = make_rows(spec, split, found, draw)
    return splits
