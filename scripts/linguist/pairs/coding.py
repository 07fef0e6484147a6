"""Pair sets of coding sequences: a DNA window with the protein window it codes for, and pairs the codon table refutes."""

import random
from collections import Counter
from dataclasses import dataclass

import numpy as np
from Bio.Seq import translate

from linguist.errors import LinguistError
from linguist.pairs.families import components, deal_families
from linguist.sequences.alignment import local_similarity
from linguist.sequences.coding_sequences import read_coding_sequences
from linguist.splits import SPLITS

WORD = 12  # two proteins that share a word of so many residues are one family
MAX_AGREEMENT = 0.5  # share of positions at which a negative's protein may agree with the translation
CURE = "lower sizes or add sequences"
LARGEST_FAMILY = 0.1  # share of a split, so that no large gene family fills it
TRIES = 20  # candidates for a negative of one kind


@dataclass(frozen=True)
class CodingWindow:
    """A frame-true window of a coding sequence: `length` bases of DNA and length / 3 residues; `at` counts residues."""

    name: str
    at: int
    dna: str
    protein: str
    family: int


def from_coding_sequences(spec, files):
    """The splits of a coding pair set.

    `files`: `sequences`, a GenBank file or a table with columns cds and protein; or Ensembl's CDS, with its peptides as
    `proteins`.

    Half of the rows are positives. Each has a negative, of the kinds that rules["coding_negatives"] names in equal
    shares as far as possible; the id ends with the kind. All are refuted by the codon table.

    other: the DNA with another gene's window that is itself a positive's protein.
    shifted: the DNA with a window of the same protein from another place.
    codons: the window's own codons in another order, with its protein: both sides keep their composition. Such DNA
    stands in negatives only, where it is the codons' order that is not a gene's.

    A family of genes (a shared word of 12 residues) stays in one split and fills at most a tenth of it.
    Raises LinguistError where the sequences do not suffice.
    """
    rules, sizes, seed = spec["rules"], spec["sizes"], spec["seed"]
    sequences = list(read_coding_sequences(files["sequences"], files.get("proteins")))
    windows = list(cut_windows(sequences, spec["length"] // 3))
    search = _Search(windows, rules["coding_negatives"], rules["max_negative_similarity"], seed)
    if "other" not in search.kinds:  # whether a window finds a negative does then not depend on its split
        windows = [window for window in windows if any(search.find(kind, window) for kind in search.kinds)]
    splits, halves = {}, {split: sizes[split] // 2 for split in SPLITS}
    for split, chosen in deal_families(windows, halves, seed, "windows", LARGEST_FAMILY, cure=CURE).items():
        splits[split] = rows = search.rows(chosen, random.Random(f"{split} {seed}"))
        if len(rows) < 2 * len(chosen):
            raise LinguistError(
                f"only {len(rows)} of {sizes[split]} rows for '{split}': {len(chosen) - len(rows) // 2} windows have no "
                f"negative of kind {' or '.join(search.kinds)}; lower sizes.{split}, add kinds to rules.coding_negatives, "
                f"raise rules.max_negative_similarity ({rules['max_negative_similarity']}) or add sequences"
            )
    return splits


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
    """Family number of each sequence: those that share a word, directly or through others, are of one."""
    words, owners = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for number, sequence in enumerate(sequences):
        # A letter is five bits, so a word is a number: a proteome has ten million, too many for a dictionary of texts.
        letters = np.frombuffer(sequence.protein.encode(), np.uint8).astype(np.int64) & 31
        n = max(0, len(letters) - WORD + 1)
        words.append(sum(letters[at : at + n] << 5 * at for at in range(WORD)))
        owners.append(np.full(n, number, np.int32))
    words, owners = np.concatenate(words), np.concatenate(owners)
    order = np.argsort(words, kind="stable")
    words, owners = words[order], owners[order]
    shared = words[1:] == words[:-1]
    links = owners[:-1][shared], owners[1:][shared]
    return components(links, len(sequences))


def refuted(dna, protein, limit):
    """Whether the codon table says that `dna` does not code for `protein`, nor for a relative of it.

    In place they agree at half of the residues at most, and in any place their local similarity is below `limit`.
    """
    translation = translate(dna)
    agreeing = sum(a == b for a, b in zip(translation, protein, strict=True))
    return agreeing <= MAX_AGREEMENT * len(protein) and local_similarity("protein", translation, protein) < limit


class _Search:
    """The search for negatives among the windows. The same window finds the same, in whatever order it is asked."""

    def __init__(self, windows, kinds, limit, seed):
        self.kinds, self.limit, self.seed = kinds, limit, seed
        self.genes = {}
        for window in windows:
            self.genes.setdefault(window.name, []).append(window)

    def rows(self, chosen, draw):
        """Rows of the chosen windows, in random order; a window that finds no negative is left out, for balance."""
        rows, counts = [], Counter()
        for window in chosen:
            for kind in sorted(self.kinds, key=lambda kind: counts[kind]):  # the rarest so far first
                if negative := self.find(kind, window, chosen):
                    dna, other = negative
                    rows.append((_name(window, window, "same"), window.dna, window.protein, 1))
                    rows.append((_name(window, other, kind), dna, other.protein, 0))
                    counts[kind] += 1
                    break
        draw.shuffle(rows)
        return rows

    def find(self, kind, window, chosen=()):
        """The DNA, and the window whose protein it does not code for; None if none of some candidates is refuted."""
        draw = random.Random(f"{kind} {window.name}:{window.at} {self.seed}")
        if kind == "codons":
            pairs = ((_shuffle_codons(window.dna, draw), window) for _ in range(TRIES))
        else:
            pool = self.genes[window.name] if kind == "shifted" else chosen
            drawn = draw.sample(pool, min(TRIES, len(pool)))
            pairs = ((window.dna, other) for other in drawn if _may_stand(kind, window, other))
        return next((pair for pair in pairs if refuted(pair[0], pair[1].protein, self.limit)), None)


def _may_stand(kind, window, other):
    return other.at != window.at if kind == "shifted" else other.name != window.name


def _shuffle_codons(dna, draw):
    codons = [dna[at : at + 3] for at in range(0, len(dna), 3)]
    draw.shuffle(codons)
    return "".join(codons)


def _name(window1, window2, kind):
    return f"{window1.name}:{window1.at}~{window2.name}:{window2.at}-{kind}"
