"""The identity of test pairs to the nearest train pair is what was put into the rows. BLAST is real."""

import random

import pytest

from helpers.data import RESIDUES, backwards, letters, neighbour_hits, substituted
from linguist.kinds import KINDS
from linguist.pairs.audit import identity_of_pairs
from linguist.pairs.store import write_pairs
from linguist.sequences.neighbours import count_bins, pairs_to_fasta

LENGTH = 100
SAME = ("dna", "rna", "protein")  # kinds with both sides of one kind
ALPHABETS = {"dna": "ACGT", "rna": "ACGU", "protein": RESIDUES}


@pytest.fixture
def look(tmp_path):
    """A function from a kind and its rows of train and test to the identities of the test rows."""

    def look(kind, train, test):
        splits = {"train": tmp_path / "train.tsv", "test": tmp_path / "test.tsv"}
        for split, rows in (("train", train), ("test", test)):
            write_pairs(splits[split], [(f"{split} row {i}", *row) for i, row in enumerate(rows)])
        hits = {
            side: neighbour_hits(tmp_path, side, pairs_to_fasta(kind, side), *splits.values())
            for side in dict.fromkeys(KINDS[kind].sides)
            if KINDS[side].blast
        }
        return identity_of_pairs(kind, splits, hits)

    return look


@pytest.fixture
def draw():
    return random.Random(5)


@pytest.mark.parametrize("kind", SAME)
def test_a_pair_is_as_near_as_the_less_similar_of_its_sides(look, draw, kind):
    train = [(*(letters(draw, LENGTH, ALPHABETS[kind].replace("U", "C")) for _ in "12"), i % 2) for i in range(40)]
    texts = [text for row in train for text in row[:2]]
    new = letters(draw, LENGTH, ALPHABETS[kind].replace("U", "C"))
    test = [
        (texts[0], texts[1], 1),  # a copy
        (texts[3], texts[2], 1),  # a copy with the sides exchanged
        (texts[4], texts[9], 0),  # sides of two train pairs
        (substituted(texts[6], 3), texts[7], 1),
        (substituted(texts[6], 3), substituted(texts[8], 12), 0),
        (texts[10], new, 0),  # one side only is near
        (new, new, 1),
    ]
    found = look(kind, train, test)
    assert found["id"].tolist() == [f"test row {i}" for i in range(len(test))]
    assert found["identity"][:5].tolist() == [1, 1, 1, 0.97, 0.88]
    assert (found["identity"][5:] < 0.5).all()
    assert count_bins(found["identity"]) == {"100 %": 3, "95 % to 100 %": 1, "80 % to 95 %": 1, "below 80 %": 2}


def test_the_other_strand_counts_for_dna_and_not_for_rna(look, draw):
    train = [(letters(draw, LENGTH), letters(draw, LENGTH), 1) for _ in range(30)]
    test = [(backwards(train[0][0]), substituted(backwards(train[1][1]), 2), 1)]
    assert look("dna", train, test)["identity"].tolist() == [0.98]
    assert look("rna", train, test)["identity"].tolist() == [pytest.approx(0, abs=0.5)]


def test_each_side_of_mixed_pairs_is_searched_among_its_own_kind(look, draw):
    train = [(letters(draw, 300), letters(draw, LENGTH, RESIDUES), 1) for _ in range(20)]
    dna, protein = train[0][0], train[7][1]
    test = [(backwards(dna), protein, 1), (substituted(dna, 15), protein, 0), (letters(draw, 300), protein, 0)]
    assert look("coding", train, test)["identity"].tolist() == [1, 0.95, pytest.approx(0, abs=0.5)]


def test_equal_sequences_too_short_for_blast_are_found(look):
    assert look("dna", [("ACGTACGTAC", "GGGGGGGGGG", 1)], [("GTACGTACGT", "CCCCCCCCCC", 0)])["identity"].tolist() == [1]


def test_a_set_without_train_or_test_rows_has_no_identity(look, draw):
    rows = [(letters(draw, LENGTH), letters(draw, LENGTH), 1)]
    assert look("dna", [], rows).empty and look("dna", rows, []).empty


def test_sentences_have_no_identity(look):
    assert look("sentence", [("a b", "c d", 1)], [("a b", "c d", 1)]).empty
