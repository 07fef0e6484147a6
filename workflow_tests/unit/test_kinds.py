"""The records of kinds agree with each other, and a kind that is added follows from its record alone."""

import pytest

from linguist.kinds import KINDS, NUCLEOTIDES, SEARCHABLE


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_record_is_whole(kind):
    assert KINDS[kind.name] is kind and len(kind.sides) == 2
    assert kind.mixed or kind.sides == (kind.name, kind.name)
    for side in (KINDS[name] for name in kind.alphabets):
        assert side.letters and side.composition and set(side.composition) <= set(side.letters)
        assert side.blast and side.scores and not set(side.letters) & set(side.ambiguous)
    assert kind.is_text == (not kind.alphabets)
    assert min(kind.overlap_word, *kind.one_side_words, kind.shuffled_word) >= 2


def test_what_blast_searches():
    assert set(NUCLEOTIDES) <= set(SEARCHABLE) == {name for name, kind in KINDS.items() if kind.letters}
    assert "protein" in set(SEARCHABLE) - set(NUCLEOTIDES)
