"""Recipe `coding`."""

from linguist.layout import resource_file
from linguist.recipe import recipe


def given_keys(spec):
    return [key for key in ("sequences", "proteins") if key in spec]


@recipe(
    "coding",
    kinds=("coding",),
    needs=("sequences", "length"),
    optional=("proteins",),
    rules=("max_negative_similarity", "coding_negatives"),
    files=lambda spec, name: {key: resource_file(spec[key]) for key in given_keys(spec)},
    resources=lambda spec: [spec[key] for key in given_keys(spec)],
)
def pair_coding_sequences(spec, files):
    """Windows of real coding sequences, each with the protein window that it codes for.

    Half of the rows are positives. Each has a negative of one of the types in `coding_negatives`, in equal shares as far
    as possible; the id ends with the type. The codon table refutes all negatives.

    other: the DNA, with the protein of another gene's window, which is itself in a positive.
    shifted: the DNA, with another window of the same protein.
    codons: the window's codons in another order, with its protein. Both sides keep their composition. Such DNA occurs in
    negatives only: what gives it away is an order of codons that no gene has.

    Genes that share a word of 12 residues form a family, which stays in one split and fills at most a tenth of it.
    """
    from linguist.pairs.coding import from_coding_sequences

    return from_coding_sequences(spec, files)
