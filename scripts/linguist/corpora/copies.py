"""Copies of test sequences: what a corpus must not contain wherever it stands and whatever its name is.

Two sequences are compared by the words (runs of letters) that they share, so that the memory is that of the words of the
test sequences, however large the corpus is.
"""

import math
from collections import Counter

import numpy as np
from Bio.Seq import reverse_complement

from linguist.kinds import FAMILY_WORD, KINDS, NUCLEOTIDES
from linguist.sequences.indexed import open_indexed
from linguist.sequences.words import hash_words

COPY_WORD = 25  # bases; random sequences of the size of a genome do not share them
# A copy of a test window has this share of its words. A microsatellite or a poly(A) tail in a window is a smaller part of it
# and finds nothing.
COPY_SHARE = 0.5
BLOCK = 1 << 18  # letters of a genome in memory at a time
_SLOTS = 24  # bits of a word's number that say whether it may be one of the wanted words


def test_sequences(tables, kinds, wanted):
    """The distinct sequences of the kinds `wanted` in tables of pair sets of the `kinds`, in alphabetic order."""
    from linguist.pairs.store import SIDES, read_pairs  # it needs pandas, whose memory other sources save

    found = set()
    for path, kind in zip(tables, kinds, strict=True):
        if columns := [column for column, side in zip(SIDES, KINDS[kind].sides, strict=True) if side in wanted]:
            found.update(*read_pairs(path)[columns].to_numpy().T)
    return sorted(found)


# ── proteins ──


def excluded_words(tables, kinds):
    """What no protein of a corpus may contain: the words of FAMILY_WORD residues of the proteins in tables of pair sets.

    `kinds` are the kinds of the pair sets. Returns a sorted array of numbers (see `hash_words`).
    """
    proteins = test_sequences(tables, kinds, ("protein",))
    words = (hash_words(text, FAMILY_WORD["protein"]) for text in proteins)
    return np.unique(np.concatenate([np.empty(0, np.uint64), *words]))


def shares_word(protein, words):
    """Whether a protein contains one of `excluded_words`."""
    found = hash_words(protein, FAMILY_WORD["protein"])
    return bool((words[np.searchsorted(words, found).clip(max=len(words) - 1)] == found).any()) if len(words) else False


# ── genomes ──


def copied_regions(fasta, tables, kinds, longest):
    """The regions of a genome that copy a test window: {record: [(start, end)]}, 0-based, half-open, sorted.

    A window is a DNA or RNA sequence in one of the tables; `kinds` are the kinds of the pair sets. A stretch of up to
    `longest` bases, the length of a document, copies a window if it has half or more of its distinct words of COPY_WORD bases
    (of the shortest window, if that is shorter), on either strand and in any order. The region is that from the first to the
    last of these words. So no document outside of the regions holds half of the words of any window. Memory: the words of the
    windows and those found in a block of the genome.
    """
    windows = [text.replace("U", "T") for text in test_sequences(tables, kinds, NUCLEOTIDES)]
    if not windows:
        return {}
    words, found = WindowWords(windows), {}
    with open_indexed(fasta) as genome:
        for record in genome:
            regions = []
            for start in range(0, len(record), BLOCK):
                low = max(0, start - longest)  # a copy may lie on both sides of the block's start
                text = record[low : min(start + BLOCK, len(record))].upper()
                regions += ((low + first, low + last) for first, last in words.find_copies(text, longest))
            if regions:
                found[record.name] = merge_regions(regions)
    return found


def merge_regions(regions):
    """Regions (start, end) in order, those that touch as one."""
    merged = []
    for start, end in sorted(regions):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


class WindowWords:
    """The words of test windows, to find copies of the windows in a text."""

    def __init__(self, windows):
        """`windows` are sequences of ACGT. A word and its reverse complement are one word."""
        self.size = min(COPY_WORD, *map(len, windows))
        numbers, names, owners, self.needed = [], [], [], []
        for text in {min(text, reverse_complement(text)) for text in windows}:
            forward = hash_words(text, self.size)
            backward = hash_words(reverse_complement(text), self.size)[::-1]
            name = np.minimum(forward, backward)
            owners.append(np.full(2 * len(name), len(self.needed)))
            self.needed.append(math.ceil(COPY_SHARE * len(np.unique(name))))
            numbers += [forward, backward]
            names += [name, name]
        entries = np.rec.fromarrays(
            [np.concatenate(part) for part in (numbers, names, owners)], names="number,name,owner"
        )
        entries = np.unique(entries)  # a palindrome is its own reverse complement
        self.numbers, self.first = np.unique(entries.number, return_index=True)
        self.count = np.diff(self.first, append=len(entries))
        self.names, self.owners, self.needed = entries.name, entries.owner, np.array(self.needed)
        self.possible = np.zeros(1 << _SLOTS, bool)  # looks up most letters of a genome faster than a search
        self.possible[self._slots(self.numbers)] = True

    def _slots(self, numbers):
        return (numbers >> np.uint64(64 - _SLOTS)).astype(np.int64)

    def find_copies(self, text, longest):
        """Yield (start, end) of the stretches of up to `longest` letters that have half of the words of a window."""
        at, entry = self._find_words(text)
        owner = self.owners[entry]
        order = np.lexsort((at, owner))
        at, owner, name = at[order], owner[order], self.names[entry[order]]
        room = longest - self.size  # between the starts of the first and the last word
        # Windows with enough words in a stretch, be they distinct or not: few, in most blocks none.
        last = np.arange(len(at)) + self.needed[owner] - 1
        inside = np.flatnonzero(last < len(at))
        near = (owner[last[inside]] == owner[inside]) & (at[last[inside]] - at[inside] <= room)
        for window in np.unique(owner[inside[near]]):
            low, high = np.searchsorted(owner, [window, window + 1])
            for first, final in dense_spans(at[low:high].tolist(), name[low:high].tolist(), self.needed[window], room):
                yield first, final + self.size

    def _find_words(self, text):
        """The places of the windows' words in a text, and the entry of each; one that several windows have, for each of them."""
        numbers = hash_words(text, self.size) if len(text) >= self.size else np.empty(0, np.uint64)
        at = np.flatnonzero(self.possible[self._slots(numbers)])
        place = np.searchsorted(self.numbers, numbers[at]).clip(max=len(self.numbers) - 1)
        known = self.numbers[place] == numbers[at]
        at, place = at[known], place[known]
        times = self.count[place]
        entry = np.repeat(self.first[place] - np.cumsum(times) + times, times) + np.arange(times.sum())
        return np.repeat(at, times), entry


def dense_spans(places, names, needed, room):
    """Yield (first, last) place of each stretch with `needed` distinct names, whose places differ by `room` at most.

    `places` are sorted. Every last place is taken with the earliest first one.
    """
    inside, left = Counter(), 0
    for place, name in zip(places, names, strict=True):
        inside[name] += 1
        while place - places[left] > room:
            inside[names[left]] -= 1
            if not inside[names[left]]:
                del inside[names[left]]
            left += 1
        if len(inside) >= needed:
            yield places[left], place
