"""Sequences become overlapping k-mers and come back."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from linguist.tokenizers.kmers import spell, unspell


@given(sequence=st.text("ACGT", max_size=40), k=st.integers(1, 7))
def test_spelling_is_undone(sequence, k):
    words = spell(sequence, k)
    if len(sequence) >= k:
        assert words.split() == [sequence[i : i + k] for i in range(len(sequence) - k + 1)]
    assert unspell(words, k) == sequence


@given(text=st.text("ACGTN a", max_size=60), k=st.integers(1, 5))
def test_what_is_no_kmer_stays_a_word(text, k):
    words = []
    for is_dna, run in groupby(text, "ACGT".__contains__):
        run = "".join(run)
        words.append(
            " " + " ".join(map("".join, zip(*(run[i:] for i in range(k)), strict=False))) + " "
            if is_dna and len(run) >= k
            else run
        )
    assert spell(text, k).split() == "".join(words).split()
