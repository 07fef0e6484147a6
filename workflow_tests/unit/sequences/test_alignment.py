"""Local alignment: parasail's against plain dynamic programming and against Biopython's aligner."""

import random

import parasail
import pytest
from Bio.Align import PairwiseAligner, substitution_matrices
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import RESIDUES, align, letters
from linguist.sequences.alignment import SCALE, alignment_scores, local_similarity, similarity

BLOSUM62 = substitution_matrices.load("BLOSUM62")
SCORES = {"dna": lambda one, other: 2 if one == other else -3, "protein": lambda one, other: int(BLOSUM62[one, other])}
COSTS = {"dna": (7, 2), "protein": (12, 1)}


def aligner(kind):
    """Biopython's, with BLAST's default scores."""
    first, more = COSTS[kind]
    gaps = {"open_gap_score": -first, "extend_gap_score": -more}
    if kind == "dna":
        return PairwiseAligner(mode="local", match_score=2, mismatch_score=-3, **gaps)
    return PairwiseAligner(mode="local", substitution_matrix=BLOSUM62, **gaps)


@st.composite
def related(draw, kind):
    """Two sequences, the second often the first with letters changed, dropped and put in."""
    alphabet = "ACGT" if kind == "dna" else RESIDUES
    text = draw(st.text(alphabet, min_size=1, max_size=40))
    edits = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), st.text(alphabet, max_size=6)), max_size=4))
    other = text
    for at, dropped, put_in in edits:
        other = other[:at] + put_in + other[at + dropped :]
    return text, other or draw(st.sampled_from(alphabet))


def test_similarity_counts_identities_over_the_longer_side():
    assert similarity(90, 100, 100) == 0.9
    assert similarity(90, 90, 100) == similarity(90, 100, 90) == 0.9


def test_local_similarity_on_known_pairs():
    text = letters(random.Random(1), 100)
    assert local_similarity("dna", text, text) == 1
    assert local_similarity("dna", text, text[10:]) == 0.9
    assert local_similarity("dna", text, f"{text[:50]}A{text[50:]}") == 100 / 101
    other = "".join(c if i % 10 else {"A": "C", "C": "G", "G": "T", "T": "A"}[c] for i, c in enumerate(text))
    assert local_similarity("dna", text, other) == 0.9  # the first letter differs too and is left out
    assert local_similarity("dna", "AAAA", "CCCC") == 0
    assert local_similarity("protein", "MKWVTFISLL", "MKWVTFISLL") == 1
    assert local_similarity("dna", "ACGTACTTT", "ACGTATTTT") == 8 / 9  # through a mismatch


@pytest.mark.parametrize("kind", ["dna", "protein"])
@settings(deadline=None, max_examples=150)
@given(st.data())
def test_it_is_the_best_alignment_and_of_equal_ones_that_with_most_identities(kind, data):
    """The score by Biopython, score and identities by dynamic programming."""
    text1, text2 = data.draw(related(kind))
    score, identities = align(text1, text2, SCORES[kind], *COSTS[kind])
    assert local_similarity(kind, text1, text2) == local_similarity(kind, text2, text1)
    assert local_similarity(kind, text1, text2) == identities / max(len(text1), len(text2))
    found = parasail.sw_stats_striped_32(text1, text2, *alignment_scores(kind))
    assert max(found.score, 0) == SCALE * score + identities  # far below 0 where nothing aligns
    assert score == aligner(kind).score(text1, text2)


@pytest.mark.parametrize("kind", ["dna", "protein"])
def test_scores_of_usual_lengths_are_biopythons(kind):
    draw, compare = random.Random(3), aligner(kind)
    alphabet = "ACGT" if kind == "dna" else RESIDUES
    for length in (50, 150, 450):
        for _ in range(20):
            text1 = letters(draw, length, alphabet)
            text2 = "".join(draw.choice(alphabet) if draw.random() < 0.2 else c for c in text1 if draw.random() > 0.03)
            found = parasail.sw_stats_striped_32(text1, text2, *alignment_scores(kind))
            assert found.score // SCALE == compare.score(text1, text2) and found.matches > 0.5 * length


def unrelated(kind, length, n):
    draw, alphabet = random.Random(1), "ACGT" if kind == "dna" else RESIDUES
    return [(letters(draw, length, alphabet), letters(draw, length, alphabet)) for _ in range(n)]


@pytest.mark.parametrize(
    ("kind", "length", "mean", "rarely"),
    [("dna", 150, 0.06, 0.2), ("protein", 150, 0.05, 0.2), ("dna", 50, 0.13, 0.4)],
)
def test_unrelated_sequences_are_far_below_the_threshold(kind, length, mean, rarely):
    found = [local_similarity(kind, *pair) for pair in unrelated(kind, length, 2000)]
    assert sum(found) / len(found) == pytest.approx(mean, abs=0.005)  # a mean of 2,000 is off by 0.001
    assert sum(value >= rarely for value in found) <= 2


def test_with_free_mismatches_and_cheap_gaps_they_would_not_be():
    """A match 1, a mismatch 0, a gap 0.5 a letter: 0.58, above the 0.55 that a negative must stay below."""
    free = PairwiseAligner(mode="local", match_score=1, mismatch_score=0, gap_score=-0.5)
    found = [free.align(*pair)[0].counts().identities / 150 for pair in unrelated("dna", 150, 40)]
    assert sum(found) / len(found) == pytest.approx(0.585, abs=0.02)
