"""Local alignment of two sequences, and the similarity that pair sets are made and checked by."""

from functools import cache

import parasail

from linguist.sequences.blast import GAP_SCORES, LETTER_SCORES

# BLAST's default scores. All are scaled, so that one point for each identity can choose among alignments of the same score
# without changing which scores are best.
SCALE = 1000
MATCH, MISMATCH = (score * SCALE for score in LETTER_SCORES["dna"])
GAPS = {kind: (first * SCALE, more * SCALE) for kind, (first, more) in GAP_SCORES.items()}


def similarity(identities, length1, length2):
    """Identical aligned positions divided by the length of the longer sequence, in 0..1."""
    return identities / max(length1, length2)


@cache
def substitution_matrix(kind):
    """The scores of `kind` ("dna" or "protein"), scaled, with a point for an identity."""
    if kind == "dna":
        matrix = parasail.matrix_create("ACGT", MATCH, MISMATCH)
        scores = [
            [MATCH if i == j < 4 else MISMATCH for j in range(5)] for i in range(5)
        ]  # the fifth: any other letter
    else:
        matrix = parasail.blosum62.copy()
        scores = (matrix.matrix * SCALE).tolist()
    for i, row in enumerate(scores):
        for j, score in enumerate(row):
            matrix.set_value(i, j, score + (i == j))
    return matrix


def local_similarity(kind, text1, text2):
    """`similarity` of the best local alignment (Smith & Waterman 1981, affine gaps); 0 where nothing aligns.

    Args: `kind` is "dna" or "protein" and picks the scores above; of equally good alignments the one with the most
    identities counts. With these scores, unrelated random sequences of 150 letters reach 0.06 on average and hardly ever
    0.2 (of 50: 0.13 and 0.4), far from the 0.55 that a negative must stay below. With free mismatches and cheap gaps
    (match 1, mismatch 0, 0.5 for each gap letter) they reach 0.59, and the threshold would mean nothing.
    """
    result = parasail.sw_stats_striped_32(text1, text2, *GAPS[kind], substitution_matrix(kind))
    return similarity(result.matches, len(text1), len(text2)) if result.score > 0 else 0.0
