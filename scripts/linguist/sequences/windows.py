"""Windows of a genome or proteome: regions of records, and a random sample of regions of one length."""

import random
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from Bio.Seq import reverse_complement

from linguist.files import read_lines, reading_result
from linguist.kinds import KINDS
from linguist.sequences.indexed import open_indexed

MOST_LISTED = 10**7  # windows of a file whose numbers are held as a list


@dataclass(frozen=True)
class Region:
    """A stretch of a record: 0-based, half-open, on the forward strand of the file; `reverse` if it is read on the other."""

    record: str
    start: int
    end: int
    reverse: bool = False

    def __str__(self):
        return f"{self.record}:{self.start}-{self.end}{':-' if self.reverse else ''}"

    def read(self, fasta):
        """The upper-case sequence of the region; `fasta` is as `open_indexed` gives it."""
        text = fasta[self.record][self.start : self.end].upper()
        return reverse_complement(text) if self.reverse else text


def parse_window(query):
    """The resource and the Region in the name of a query, `resource:record:start-end`."""
    resource, _, place = query.partition(":")
    record, _, span = place.rpartition(":")
    start, _, end = span.partition("-")
    return resource, Region(record, int(start), int(end))


def sample_windows(fasta, kind, length, rules, seed, masks=None):
    """Up to rules["windows"] windows of `length` bases or residues that do not overlap, drawn uniformly from all windows of
    an indexed file; yields (Region, sequence).

    A window is skipped if it has a letter outside the kind's alphabet (ACGT, the 20 residues), or if more than a share
    rules["max_masked"] of its letters is masked. Masked are lower-case letters of the file, and the intervals `masks`
    (from `read_masks`). They are in lower case in the sequence.
    """
    letters = frozenset(KINDS[kind].letters)
    with open_indexed(fasta) as genome:
        records = list(genome)
        ends = list(accumulate(len(record) // length for record in records))
        chosen = 0
        for at in _shuffled(ends[-1] if ends else 0, seed):
            if chosen == rules["windows"]:
                return
            number = bisect_right(ends, at)
            start = (at - (ends[number - 1] if number else 0)) * length
            region = Region(records[number].name, start, start + length)
            text = records[number][region.start : region.end]
            if masks is not None:
                text = mask(text, start, masks.get(region.record))
            if letters.issuperset(text.upper()) and sum(map(str.islower, text)) <= rules["max_masked"] * length:
                chosen += 1
                yield region, text


def read_masks(path):
    """WindowMasker's intervals (`-outfmt interval`, and END): {record: array (intervals, 2) of start and end, half-open}."""
    found, record = {}, None
    with reading_result(path):
        for line in read_lines(path):
            if line.startswith(">"):
                record = found.setdefault(line[1:].split()[0], [])
            else:
                start, _, last = line.partition(" - ")
                record.append((int(start), int(last) + 1))
    return {name: np.array(intervals, np.int64).reshape(-1, 2) for name, intervals in found.items()}


def mask(text, start, intervals):
    """`text`, which begins at `start` of a record, with the letters inside the record's `intervals` in lower case."""
    if intervals is None:
        return text
    first = np.searchsorted(intervals[:, 1], start, side="right")
    last = np.searchsorted(intervals[:, 0], start + len(text), side="left")
    for low, high in intervals[first:last] - start:
        low = max(low, 0)
        text = text[:low] + text[low:high].lower() + text[high:]
    return text


def _shuffled(total, seed):
    """The numbers below `total` in random order; of very many, half of them, drawn without a list of all."""
    draw = random.Random(f"windows {seed}")
    return iter(draw.sample(range(total), total)) if total < MOST_LISTED else _draw_distinct(draw, total)


def _draw_distinct(draw, total):
    seen = set()
    while len(seen) < total // 2:
        at = draw.randrange(total)
        if at not in seen:
            seen.add(at)
            yield at
