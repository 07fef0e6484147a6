"""Windows of a genome or proteome: where a stretch of a record lies, and a random draw of such stretches."""

import random
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from Bio.Seq import reverse_complement

from linguist.files import reading
from linguist.kinds import KINDS
from linguist.sequences.indexed import open_indexed


@dataclass(frozen=True)
class Region:
    """A stretch of a record: 0-based, half-open, on the forward strand of the file; `reverse` if read backwards."""

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
    """The resource and the Region that a query's name says (`resource:record:start-end`)."""
    resource, _, place = query.partition(":")
    record, _, span = place.rpartition(":")
    start, _, end = span.partition("-")
    return resource, Region(record, int(start), int(end))


def sample_windows(fasta, kind, length, n, seed, max_masked, masks=None):
    """Up to `n` non-overlapping windows, drawn uniformly from all windows of a file; yields (Region, sequence).

    Args: `fasta` is an indexed FASTA; `length` counts bases or residues; a window with a letter outside ACGT (or the
    20 residues), or with more than a share `max_masked` of soft-masked (lower-case) letters, is passed over. What
    `masks` (from `read_masks`) says is masked too. Masked letters come out in lower case.
    """
    letters = frozenset(KINDS[kind].letters)
    with open_indexed(fasta) as genome:
        records = list(genome)
        ends = list(accumulate(len(record) // length for record in records))
        total = ends[-1] if ends else 0
        chosen = 0
        for at in (
            random.Random(f"windows {seed}").sample(range(total), total) if total < 10**7 else _endless(total, seed)
        ):
            if chosen == n:
                return
            number = bisect_right(ends, at)
            start = (at - (ends[number - 1] if number else 0)) * length
            region = Region(records[number].name, start, start + length)
            text = records[number][region.start : region.end]
            if masks is not None:
                text = mask(text, start, masks.get(region.record))
            if letters.issuperset(text.upper()) and sum(map(str.islower, text)) <= max_masked * length:
                chosen += 1
                yield region, text


def read_masks(path):
    """WindowMasker's intervals (`-outfmt interval`): {record: array (intervals, 2) of start and end, half-open}."""
    found, record = {}, None
    with reading(path) as handle:
        for line in handle:
            if line.startswith(">"):
                record = found.setdefault(line[1:].split()[0], [])
            else:
                start, _, last = line.partition(" - ")
                record.append((int(start), int(last) + 1))
    return {name: np.array(intervals, np.int64).reshape(-1, 2) for name, intervals in found.items()}


def mask(text, start, intervals):
    """`text`, which begins at `start` of a record, with the letters within the record's intervals in lower case."""
    if intervals is None:
        return text
    first = np.searchsorted(intervals[:, 1], start, side="right")
    last = np.searchsorted(intervals[:, 0], start + len(text), side="left")
    for low, high in intervals[first:last] - start:
        low = max(low, 0)
        text = text[:low] + text[low:high].lower() + text[high:]
    return text


def _endless(total, seed):
    """Distinct numbers below `total` in random order, without a list of them all; for whole genomes."""
    draw, seen = random.Random(f"windows {seed}"), set()
    while len(seen) < total // 2:
        at = draw.randrange(total)
        if at not in seen:
            seen.add(at)
            yield at
