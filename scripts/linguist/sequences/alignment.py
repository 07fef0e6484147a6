"""Local alignment of two sequences, and the similarity by which pair sets are made and checked."""

from functools import cache

import parasail

from linguist.kinds import KINDS

# All scores are scaled, so that one point for each identity can choose among alignments of the same score without changing
# which scores are best.
SCALE = 1000


def similarity(identities, length1, length2):
    """Identical aligned positions divided by the length of the longer sequence, in 0..1."""
    return identities / max(length1, length2)


@cache
def alignment_scores(kind):
    """(cost of a gap's first letter, of each further letter, substitution matrix) of a kind, for parasail.

    They are `Kind.scores` and `Kind.gap`, times SCALE; an identity has one point more.
    """
    given, alphabet = KINDS[kind].scores, KINDS[kind].letters
    if isinstance(given, str):
        matrix = getattr(parasail, given.lower()).copy()
        scores = (matrix.matrix * SCALE).tolist()
    else:
        match, mismatch = (score * SCALE for score in given)
        matrix, n = parasail.matrix_create(alphabet, match, mismatch), len(alphabet)
        # The last row and column stand for any other letter.
        scores = [[match if i == j < n else mismatch for j in range(n + 1)] for i in range(n + 1)]
    for i, row in enumerate(scores):
        for j, score in enumerate(row):
            matrix.set_value(i, j, score + (i == j))
    first, more = KINDS[kind].gap
    return first * SCALE, more * SCALE, matrix


def local_similarity(kind, text1, text2):
    """`similarity` of the best local alignment (Smith & Waterman 1981, affine gaps); 0 where nothing aligns.

    `kind` is the name of a kind with scores. Of equally good alignments, the one with the most identities counts.

    With these scores, unrelated random DNA of 150 letters reaches 0.06 on average and hardly ever 0.2 (of 50 letters: 0.13
    and 0.4), far from the 0.55 below which a negative must stay. With free mismatches and cheap gaps (match 1, mismatch 0,
    0.5 for each letter of a gap) it reaches 0.59, and the threshold would mean nothing.
    """
    result = parasail.sw_stats_striped_32(text1, text2, *alignment_scores(kind))
    return similarity(result.matches, len(text1), len(text2)) if result.score > 0 else 0.0
