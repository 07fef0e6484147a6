"""Windows of a genome or proteome: where a stretch of a record lies, and a random draw of such stretches."""

import random
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import pysam
from Bio.Seq import reverse_complement

LETTERS = {"dna": frozenset("ACGT"), "protein": frozenset("ACDEFGHIKLMNPQRSTVWY")}


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
        """The upper-case sequence, from an open pysam.FastaFile."""
        text = fasta.fetch(self.record, self.start, self.end).upper()
        return reverse_complement(text) if self.reverse else text


def parse_window(query):
    """The Region that a query's name says (`record:start-end`)."""
    record, _, span = query.rpartition(":")
    start, _, end = span.partition("-")
    return Region(record, int(start), int(end))


def sample_windows(fasta, kind, length, n, seed, max_masked):
    """Up to `n` non-overlapping windows, drawn uniformly from all windows of a file; yields (name, sequence).

    Args: `fasta` is an indexed FASTA; `length` counts bases or residues; a window with a letter outside ACGT (or the
    20 residues), or with more than a share `max_masked` of soft-masked (lower-case) letters, is passed over.
    """
    with pysam.FastaFile(str(fasta)) as handle:
        ends = list(accumulate(size // length for size in handle.lengths))
        total = ends[-1] if ends else 0
        chosen = 0
        for at in (
            random.Random(f"windows {seed}").sample(range(total), total) if total < 10**7 else _endless(total, seed)
        ):
            if chosen == n:
                return
            record = bisect_right(ends, at)
            start = (at - (ends[record - 1] if record else 0)) * length
            region = Region(handle.references[record], start, start + length)
            text = handle.fetch(region.record, region.start, region.end)
            if LETTERS[kind].issuperset(text.upper()) and sum(map(str.islower, text)) <= max_masked * length:
                chosen += 1
                yield str(region), text.upper()


def _endless(total, seed):
    """Distinct numbers below `total` in random order, without a list of them all; for whole genomes."""
    draw, seen = random.Random(f"windows {seed}"), set()
    while len(seen) < total // 2:
        at = draw.randrange(total)
        if at not in seen:
            seen.add(at)
            yield at
