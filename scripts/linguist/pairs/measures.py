"""Measures of pairs: lengths, composition, words in common, similarity. Baselines and the audit use them.

Each function takes the name of a kind and a data frame of pairs, and gives an array with a number for each pair.
"""

from functools import lru_cache
from itertools import product

import numpy as np
from Bio.Seq import translate

from linguist.kinds import KINDS
from linguist.pairs.duplicates import word_table
from linguist.pairs.store import SIDES
from linguist.sequences.alignment import local_similarity

CODONS = {"".join(bases): translate("".join(bases)) for bases in product("ACGT", repeat=3)}
CODON = 3  # letters


@lru_cache(maxsize=100_000)
def translations(dna):
    """The three forward reading frames of a DNA sequence as residues; X for a codon with another letter than ACGT."""
    return tuple(
        "".join(CODONS.get(dna[i : i + CODON], "X") for i in range(frame, len(dna) - CODON + 1, CODON))
        for frame in range(CODON)
    )


def lengths(kind, frame):
    """The lengths of both sides of each pair, two arrays; of proteins beside DNA, the number of bases that code for them."""
    length1, length2 = (frame[column].str.len().to_numpy(int) for column in SIDES)
    return length1, length2 * (CODON if KINDS[kind].translated else 1)


def length_difference(kind, frame):
    """The difference of the lengths divided by the longer one, in 0..1."""
    length1, length2 = lengths(kind, frame)
    return abs(length1 - length2) / np.maximum(1, np.maximum(length1, length2))


def composition_distance(kind, frame, k=1):
    """The sum of the absolute differences of the frequencies of words of `k` letters, in 0..2."""
    counts = word_table([*frame["sentence1"], *frame["sentence2"]], k)
    shares = counts.multiply(1 / np.maximum(1, counts.sum(axis=1))[:, None]).tocsr()
    return abs(shares[: len(frame)] - shares[len(frame) :]).sum(axis=1)


def share_of(letters, texts):
    """The share of some letters in each text."""
    return np.array([sum(map(text.count, letters)) / max(1, len(text)) for text in texts])


def kmer_overlap(kind, frame, k=None):
    """The words that both sides have, as a share of the words that either has (Jaccard), in 0..1.

    Words have `k` letters, or as many as the kind's record says. Of DNA beside protein, the words of its three
    translations count.
    """
    n, size, translated = len(frame), k or KINDS[kind].overlap_word, KINDS[kind].translated
    parts = zip(*map(translations, frame["sentence1"]), strict=True) if translated else [frame["sentence1"]]
    table = word_table([*(text for part in parts for text in part), *frame["sentence2"]], size)
    table.data[:] = 1
    words1, words2 = table[:n], table[-n:] if n else table[:0]
    for start in range(n, table.shape[0] - n, n or 1):
        words1 = words1.maximum(table[start : start + n])
    both = words1.multiply(words2).sum(axis=1)
    return both / np.maximum(1, words1.sum(axis=1) + words2.sum(axis=1) - both)


def similarities(kind, frame):
    """The local similarity of each pair, in 0..1; of DNA beside protein, that of the best of its three translations."""
    pairs = zip(frame["sentence1"], frame["sentence2"], strict=True)
    if KINDS[kind].translated:
        _, protein = KINDS[kind].sides
        return np.array(
            [max(_similarity(protein, text, text2) for text in translations(text1)) for text1, text2 in pairs]
        )
    return np.array([_similarity(kind, *pair) for pair in pairs])


def _similarity(kind, text1, text2):
    return local_similarity(kind, text1, text2) if text1 and text2 else 0.0
