"""Pair sets of coding sequences: a DNA window with the protein window it codes for, and pairs the codon table refutes."""

import random
from dataclasses import dataclass

from Bio.Seq import translate

from linguist.alignment import local_similarity
from linguist.homologs import split_families
from linguist.recipes import SPLITS
from linguist.sequences import read_coding_sequences

WORD = 12  # two proteins that share a word of so many residues are one family
MAX_AGREEMENT = 0.5  # share of positions at which a negative's protein may agree with the translation
LARGEST_FAMILY = 0.1  # share of a split, so that no large gene family fills it


@dataclass(frozen=True)
class CodingWindow:
    """A frame-true window of a coding sequence: `length` bases of DNA and length / 3 residues; `at` counts residues."""

    name: str
    at: int
    dna: str
    protein: str
    family: int


def from_coding_sequences(spec, files):
    """The splits of a coding pair set; `files`: `sequences`, a GenBank file or a table with columns cds and protein.

    Half of the rows are positives. Negatives keep the DNA and take, turn and turn about, another gene's window that is
    itself a positive's protein ("other") or a window of the same protein further on ("shifted"); the id ends with the
    kind. A family of genes (a shared word of 12 residues) stays in one split and fills at most a tenth of it.
    """
    windows = list(cut_windows(list(read_coding_sequences(files["sequences"])), spec["length"] // 3))
    halves, seed = {split: spec["sizes"][split] // 2 for split in SPLITS}, spec["seed"]
    limit = spec["rules"]["max_negative_similarity"]
    return {
        split: _rows(chosen, windows, limit, random.Random(f"{split} {seed}"))
        for split, chosen in split_families(windows, halves, seed, "windows", LARGEST_FAMILY).items()
    }


def cut_windows(sequences, residues):
    """Non-overlapping windows of all coding sequences that are long enough; identical windows once.

    A window that the standard codon table reads otherwise (an alternative start, another genetic code) is passed over.
    """
    family = _families(sequences)
    seen = set()
    for number, sequence in enumerate(sequences):
        for at in range(0, len(sequence.protein) - residues + 1, residues):
            dna, protein = sequence.dna[3 * at : 3 * (at + residues)], sequence.protein[at : at + residues]
            if protein not in seen and translate(dna) == protein:
                seen.add(protein)
                yield CodingWindow(sequence.name, at, dna, protein, family[number])


def _families(sequences):
    """Family number of each sequence: the first one that it shares a word with, directly or through others."""
    parent = list(range(len(sequences)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    owner = {}
    for number, sequence in enumerate(sequences):
        for at in range(len(sequence.protein) - WORD + 1):
            first = owner.setdefault(sequence.protein[at : at + WORD], number)
            parent[root(number)] = root(first)
    return [root(i) for i in range(len(sequences))]


def refuted(dna, protein, limit):
    """Whether the codon table says that `dna` does not code for `protein`, nor for a relative of it.

    In place they agree at half of the residues at most, and in any place their local similarity is below `limit`.
    """
    translation = translate(dna)
    agreeing = sum(a == b for a, b in zip(translation, protein, strict=True))
    return agreeing <= MAX_AGREEMENT * len(protein) and local_similarity("protein", translation, protein) < limit


def _rows(chosen, windows, limit, draw):
    followers = {}
    for window in windows:
        followers.setdefault(window.name, []).append(window)
    rows = []
    for number, window in enumerate(chosen):
        rows.append((_name(window, window, "same"), window.dna, window.protein, 1))
        others = [other for other in draw.sample(chosen, min(20, len(chosen))) if other.name != window.name]
        shifted = [other for other in followers[window.name] if other is not window]
        for kind, candidates in [("other", others), ("shifted", shifted)][:: 1 if number % 2 else -1]:
            negative = next((other for other in candidates if refuted(window.dna, other.protein, limit)), None)
            if negative is not None:
                rows.append((_name(window, negative, kind), window.dna, negative.protein, 0))
                break
        else:
            rows.pop()  # no negative for this window: leave it out, so that labels stay balanced
    draw.shuffle(rows)
    return rows


def _name(window1, window2, kind):
    return f"{window1.name}:{window1.at}~{window2.name}:{window2.at}-{kind}"
