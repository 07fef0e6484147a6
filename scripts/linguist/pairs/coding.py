"""Pair sets of coding sequences: a DNA window with the protein that it codes for, or with one that it does not."""

import random
from collections import Counter
from dataclasses import dataclass

from Bio.Seq import translate

from linguist.kinds import FAMILY_WORD
from linguist.pairs.families import word_families
from linguist.sequences.alignment import local_similarity

MAX_AGREEMENT = 0.5  # largest share of positions at which the protein of a negative agrees with the translation
TRIES = 20  # candidates for a negative of one type


@dataclass(frozen=True)
class CodingWindow:
    """A window of a coding sequence, in frame: bases of DNA and a third as many residues; `at` is its first residue."""

    name: str
    at: int
    dna: str
    protein: str
    family: int


def cut_windows(sequences, residues, tally):
    """Non-overlapping windows of all coding sequences that are long enough, counted in `tally` (a Tally).

    Left out are repeated proteins, and windows that the standard codon table translates differently (an alternative start,
    another genetic code).
    """
    family = word_families([(sequence.protein,) for sequence in sequences], FAMILY_WORD["protein"])
    seen = set()
    for number, sequence in enumerate(sequences):
        for at in range(0, len(sequence.protein) - residues + 1, residues):
            dna, protein = sequence.dna[3 * at : 3 * (at + residues)], sequence.protein[at : at + residues]
            tally.read += 1
            if protein in seen:
                tally.leave("with a protein that another window has")
            elif translate(dna) != protein:
                tally.leave("with another protein by the standard genetic code")
            else:
                seen.add(protein)
                yield CodingWindow(sequence.name, at, dna, protein, family[number])


def refuted(dna, protein, limit):
    """Whether the codon table refutes that `dna` codes for `protein`, or for a relative of it.

    The translation agrees with the protein in at most half of the positions, and its local similarity is below `limit`.
    """
    translation = translate(dna)
    agreeing = sum(a == b for a, b in zip(translation, protein, strict=True))
    return agreeing <= MAX_AGREEMENT * len(protein) and local_similarity("protein", translation, protein) < limit


class NegativeSearch:
    """The search for negatives among the windows. The same window finds the same negative, whatever the order of searches."""

    def __init__(self, windows, types, limit, seed):
        self.types, self.limit, self.seed = types, limit, seed
        self.genes = {}
        for window in windows:
            self.genes.setdefault(window.name, []).append(window)

    def rows(self, chosen, draw):
        """The rows of the chosen windows in random order; a window without a negative is left out, to keep the balance."""
        rows, counts = [], Counter()
        for window in chosen:
            for type_ in sorted(self.types, key=lambda type_: counts[type_]):  # the rarest so far first
                if negative := self.find(type_, window, chosen):
                    dna, other = negative
                    rows.append((_name(window, window, "same"), window.dna, window.protein, 1))
                    rows.append((_name(window, other, type_), dna, other.protein, 0))
                    counts[type_] += 1
                    break
        draw.shuffle(rows)
        return rows

    def find(self, type_, window, chosen=()):
        """(DNA, window whose protein it does not code for); None if none of TRIES candidates is refuted."""
        draw = random.Random(f"{type_} {window.name}:{window.at} {self.seed}")
        if type_ == "codons":
            pairs = ((_shuffle_codons(window.dna, draw), window) for _ in range(TRIES))
        else:
            shifted = type_ == "shifted"
            pool = self.genes[window.name] if shifted else chosen
            drawn = draw.sample(pool, min(TRIES, len(pool)))
            pairs = (
                (window.dna, other)
                for other in drawn
                if (other.at != window.at if shifted else other.name != window.name)
            )
        return next((pair for pair in pairs if refuted(pair[0], pair[1].protein, self.limit)), None)


def _shuffle_codons(dna, draw):
    codons = [dna[at : at + 3] for at in range(0, len(dna), 3)]
    draw.shuffle(codons)
    return "".join(codons)


def _name(window1, window2, type_):
    return f"{window1.name}:{window1.at}~{window2.name}:{window2.at}-{type_}"
