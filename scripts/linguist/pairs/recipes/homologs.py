"""Recipe `homologs`."""

from linguist.kinds import SEARCHABLE
from linguist.layout import positives_file
from linguist.pairs.search import CHOICE_RULES
from linguist.recipe import recipe


@recipe(
    "homologs",
    kinds=SEARCHABLE,
    needs=("queries", "search", "length"),
    rules=(*CHOICE_RULES, "max_negative_similarity", "identical", "contained"),
    files=lambda spec, name: {"positives": positives_file(name)},
    resources=lambda spec: [spec["queries"], *spec["search"]],
    searched=True,
    balanced=True,
)
def pair_homologs(spec, files, tallies):
    """Windows of real sequences, paired by BLAST.

    Positives: windows of `queries`, drawn at random, with one of their BLAST hits in `search` that obeys all rules. The
    sequences that hits link form a family (of proteins: their whole records). A family stays in one split, in all pair
    sets of its kind, and fills at most a twentieth of it.

    A share `identical` of the positives gets a copy of the first sequence as the second one; in a share `contained`, one
    sequence is cut to a stretch that the other contains.

    Negatives: the positives' own sequences, paired anew within the split. The two are of different families, obey the
    rule on lengths, are matched in length and composition (GC, or hydrophobic residues of proteins), and have a local
    similarity below `max_negative_similarity`. Each sequence occurs in as many negatives as positives, so no property of
    a single sequence can predict the label.
    """
    import random

    from linguist.pairs.homologs import exchange_partners, read_homologs, simplify
    from linguist.pairs.store import labelled_rows

    rules, seed, splits = spec["rules"], spec["seed"], {}
    for split, chosen in read_homologs(files["positives"]).items():
        pairs = simplify(chosen, rules, random.Random(f"simple {split} {seed}"))
        negatives = exchange_partners(spec["kind"], pairs, rules)
        splits[split] = labelled_rows(pairs, negatives, random.Random(f"order {split} {seed}"))
    return splits
