"""Recipe `coding`."""

from linguist.errors import LinguistError
from linguist.layout import resource_file
from linguist.recipe import recipe
from linguist.splits import SPLITS

LARGEST_FAMILY = 0.1  # share of a split, so that no large gene family fills it
WINDOWS = ("windows", "lower sizes or add sequences")  # for the error where too few are found


def given_keys(spec):
    return [key for key in ("sequences", "proteins") if key in spec]


def count_sequences(files, residues, tally):
    """The list of CodingSequences, counted in `tally`; shorter ones than a window are left out later."""
    from collections import Counter

    from linguist.sequences.coding_sequences import ANNOTATED, read_coding_sequences

    dropped = Counter()
    sequences = list(read_coding_sequences(files["sequences"], files.get("proteins"), dropped))
    tally.read = len(sequences) + dropped.total()
    for reason, number in dropped.items():
        (tally.left_out if reason in ANNOTATED else tally.dropped)[reason] += number
    if short := sum(len(sequence.protein) < residues for sequence in sequences):
        tally.left_out["shorter than a window"] += short
    return sequences


@recipe(
    "coding",
    kinds=("coding",),
    needs=("sequences", "length"),
    optional=("proteins",),
    rules=("max_negative_similarity", "coding_negatives"),
    files=lambda spec, name: {key: resource_file(spec[key]) for key in given_keys(spec)},
    resources=lambda spec: [spec[key] for key in given_keys(spec)],
    balanced=True,
)
def pair_coding_sequences(spec, files, tallies):
    """Windows of real coding sequences, each with the protein window that it codes for.

    Half of the rows are positives. Each has a negative of one of the types in `coding_negatives`, in equal shares as far
    as possible; the id ends with the type. The codon table refutes all negatives.

    other: the DNA, with the protein of another gene's window, which is itself in a positive.
    shifted: the DNA, with another window of the same protein.
    codons: the window's codons in another order, with its protein. Both sides keep their composition. Such DNA occurs in
    negatives only, so an order of codons that no gene has can reveal the label.

    Genes that share a word of 12 residues form a family, which stays in one split and fills at most a tenth of it.
    """
    import random

    from linguist.pairs.coding import NegativeSearch, cut_windows
    from linguist.pairs.families import UNUSED, assign_families

    rules, sizes, seed = spec["rules"], spec["sizes"], spec["seed"]
    sequences = count_sequences(files, spec["length"] // 3, tallies["coding sequences"])
    windows = list(cut_windows(sequences, spec["length"] // 3, tallies["windows"]))
    search = NegativeSearch(windows, rules["coding_negatives"], rules["max_negative_similarity"], seed)
    if "other" not in search.types:  # then a window's negative does not depend on its split
        found = [window for window in windows if any(search.find(type_, window) for type_ in search.types)]
        tallies["windows"].leave("without a negative", len(windows) - len(found))
        windows = found
    splits, halves = {}, {split: sizes[split] // 2 for split in SPLITS}
    assigned = assign_families(windows, halves, seed, LARGEST_FAMILY, words=WINDOWS)
    tallies["windows"].leave(UNUSED, len(windows) - sum(map(len, assigned.values())))
    for split, chosen in assigned.items():
        splits[split] = rows = search.rows(chosen, random.Random(f"{split} {seed}"))
        if len(rows) < 2 * len(chosen):
            raise LinguistError(
                f"only {len(rows)} of {sizes[split]} rows for '{split}': {len(chosen) - len(rows) // 2} windows have no "
                f"negative of type {' or '.join(search.types)}; lower sizes.{split}, add types to rules.coding_negatives, "
                f"raise rules.max_negative_similarity ({rules['max_negative_similarity']}) or add sequences"
            )
    return splits
