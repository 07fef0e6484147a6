"""Segments of a genome for pretraining, as in DNAHLM (section 2.2): cut, drawn, and written with their places."""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from linguist.corpora.store import choose_dev
from linguist.errors import LinguistError
from linguist.files import END, atomic_path
from linguist.sequences.indexed import check_record, open_indexed
from linguist.tally import Tally

STRANDS = ("forward", "both")
BLOCK = 1 << 17  # letters in memory at a time, two bgzip blocks; fits the cache of the processor
_OTHER, _BASE, _COPY, _EXCLUDED = range(4)
_CLASSES = bytes(_BASE if letter in b"ACGTacgt" else _OTHER for letter in range(256))
_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
_DRAWS = 1 << 16  # lengths drawn at a time


@dataclass(frozen=True)
class SegmentOptions:
    """How a genome is cut and sampled.

    lengths: the shortest and the longest segment in bases; lengths are uniform between them, both included
    strands: "forward" reads all segments as in the file, "both" reads each from one strand, drawn at random
    seed: of all draws
    dev: the share of the segments in the dev split, which `store.choose_dev` chooses
    size, share: the sample's bases, or its share of the bases of all segments; with neither, all segments are taken
    """

    lengths: tuple[int, int]
    strands: str
    seed: int
    dev: float
    size: int | None = None
    share: float | None = None

    def __post_init__(self):
        if (
            not 1 <= self.lengths[0] <= self.lengths[1]
            or self.strands not in STRANDS
            or None not in (self.size, self.share)
        ):
            raise ValueError(str(self))


def segment_genome(fasta, text, bed, options, excluded=None, copies=None):
    """Cut a genome into segments; write a random sample of them to `text`, one a line, and their places to `bed`.

    Every stretch of ACGT, of either case, is cut from its start into consecutive segments. The rest at its end is a
    segment if it has lengths[0] bases, else it is dropped. Other letters, the end of a record, excluded regions and copies of
    test windows end a stretch.

    Args: `fasta` is as `write_indexed_fasta` writes it, `options` are SegmentOptions, `excluded` and `copies` are
    {record: [(start, end)]}, 0-based, half-open. The last segment of the sample may exceed its size.

    Segments are in upper case and in the order of the genome. `bed` is BED6: record, start, end, split (train or dev),
    0, strand. The same arguments give the same bytes. Memory: a few blocks, and 40 bytes for each segment of the genome.

    Returns counts: `documents`, those in `dev`, and the letters of the `genome`, each of which counts once in `bytes`
    (written), `excluded`, `copies` (outside of excluded regions), `ambiguous` (not ACGT), `too_short` (dropped) or `unused`
    (not drawn). Raises LinguistError if the genome gives no segment, or fewer bases than `size`.
    """
    left_out = _number_regions({_COPY: copies or {}, _EXCLUDED: excluded or {}})
    cutting, drawing, turning = np.random.default_rng(options.seed).spawn(3)
    with open_indexed(fasta) as genome:
        letters = {record.name: len(record) for record in genome}
        for record in sorted(left_out.keys() - letters.keys()):
            check_record(record, letters, "excluded", fasta)
        counts = {"genome": sum(letters.values()), "excluded": 0, "copies": 0, "bases": 0}
        starts, sizes, bounds = _cut_genome(genome, left_out, options.lengths, cutting, counts)
        total = int(sizes.sum())
        _check_enough(fasta, options, total, counts)
        if options.size is not None or options.share is not None:
            wanted = math.ceil(options.share * total) if options.size is None else options.size
            drawn = _draw_sample(sizes, wanted, drawing)
            starts, sizes, bounds = starts[drawn], sizes[drawn], np.searchsorted(drawn, bounds)
        try:
            in_dev = choose_dev(len(starts), options.dev, options.seed)
        except LinguistError as error:
            raise LinguistError(f"{fasta}: {error}") from None
        reverse = turning.random(len(starts)) < (0.5 if options.strands == "both" else 0)
        segments = np.rec.fromarrays([starts, starts + sizes, reverse, in_dev], names="start, end, reverse, in_dev")
        with (
            atomic_path(text) as new_text,
            atomic_path(bed) as new_bed,
            open(new_text, "wb") as lines,
            open(new_bed, "w", encoding="utf-8", newline="\n") as places,
        ):
            for record, (first, last) in zip(genome, pairwise(bounds), strict=True):
                part = segments[first:last]
                _check_apart(record.name, part.start, part.end, left_out.get(record.name))
                _write_record(record, part, lines, places)
            lines.write(END.encode())
    written = int(sizes.sum())
    return {
        "documents": len(starts),
        "dev": int(in_dev.sum()),
        "genome": counts["genome"],
        "bytes": written,
        "excluded": counts["excluded"],
        "copies": counts["copies"],
        "ambiguous": counts["genome"] - counts["excluded"] - counts["copies"] - counts["bases"],
        "too_short": counts["bases"] - total,
        "unused": total - written,
    }


def bases_left_out(counts):
    """The Tally of a genome's bases, of what `segment_genome` returns."""
    tally = Tally(read=counts["genome"], unit="bases")
    tally.leave("in excluded regions", counts["excluded"])
    tally.leave("in copies of test windows", counts["copies"])
    tally.leave("other than ACGT", counts["ambiguous"])
    tally.leave("in stretches shorter than a segment", counts["too_short"])
    tally.leave("not drawn", counts["unused"])
    return tally


def _check_enough(fasta, options, total, counts):
    """Raise LinguistError if all segments together have no base, or fewer than the sample wants."""
    shortest, longest = options.lengths
    if not total:
        raise LinguistError(
            f"{fasta}: no segment of {shortest} bases in {counts['genome']:,} letters, "
            f"{counts['excluded'] + counts['copies']:,} of them excluded; set shorter `lengths` of the source (they are [{shortest}, {longest}]), exclude less or give "
            "another genome"
        )
    if options.size is not None and total < options.size:
        raise LinguistError(
            f"{fasta}: gives only {total:,} of {options.size:,} bases in segments of {shortest} to {longest}; lower "
            "bytes, shorten lengths or add another genome as a source"
        )


def _number_regions(kinds):
    """{record: array of (start, end, class)} of {class: {record: [(start, end)]}}; of overlapping regions the last one counts."""
    found = {}
    for kind, records in kinds.items():
        for record, regions in records.items():
            found.setdefault(record, []).extend((start, end, kind) for start, end in regions)
    return {record: np.array(regions, np.int64).reshape(-1, 3) for record, regions in found.items()}


def _cut_genome(genome, left_out, lengths, rng, counts):
    """All segments: starts, sizes, and bounds; record i has those from bounds[i] to bounds[i + 1]."""
    cut = []
    for record in genome:
        stretches = _find_stretches(record, left_out.get(record.name), counts)
        long = stretches[stretches[:, 1] - stretches[:, 0] >= lengths[0]]
        starts, sizes = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        for start, end in long.tolist():
            for drawn in _draw_sizes(end - start, lengths, rng):
                ends = start + np.cumsum(drawn)
                starts.append(ends - drawn)
                sizes.append(drawn.astype(np.int32))
                start = ends[-1]
        cut.append((np.concatenate(starts), np.concatenate(sizes)))
    bounds = list(accumulate((len(sizes) for _, sizes in cut), initial=0))
    starts, sizes = zip(*cut, strict=True)
    return np.concatenate(starts), np.concatenate(sizes), bounds


def _find_stretches(record, regions, counts):
    """The stretches of ACGT of a record outside `regions`: array (stretches, 2) of start and end, half-open.

    Adds its letters to the counts of bases, of excluded letters and of those in copies.
    """
    edges, n = [np.empty(0, np.int64)], len(record)
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        # With one more at either side, so that every stretch has two edges.
        classes = np.zeros(end - start + 2, np.uint8)
        classes[1:-1] = np.frombuffer(record[start:end].encode().translate(_CLASSES), np.uint8)
        if regions is not None:
            near = regions[(regions[:, 0] < end) & (regions[:, 1] > start)]
            for low, high, kind in near.tolist():
                classes[max(low - start, 0) + 1 : min(high - start, end - start) + 1] = kind
            counts["excluded"] += int(np.count_nonzero(classes == _EXCLUDED))
            counts["copies"] += int(np.count_nonzero(classes == _COPY))
        bases = classes == _BASE
        counts["bases"] += int(np.count_nonzero(bases))
        edges.append(np.flatnonzero(bases[1:] != bases[:-1]) + start)
    edges = np.concatenate(edges)
    joined = 2 * np.flatnonzero(edges[1:-1:2] == edges[2::2])  # stretches that continue in the next block
    return np.delete(edges, np.concatenate([joined + 1, joined + 2])).reshape(-1, 2)


def _draw_sizes(room, lengths, rng):
    """Yield arrays of the sizes of the segments that fill a stretch of `room` bases, up to a rest below lengths[0]."""
    while room >= lengths[0]:
        drawn = rng.integers(lengths[0], lengths[1], size=min(room // lengths[0], _DRAWS), endpoint=True)
        ends = np.cumsum(drawn)
        fitting = int(np.searchsorted(ends, room, side="right"))
        if fitting < len(drawn):  # the stretch ends in this segment, which is cut there, and dropped if it is too short
            rest = room - (int(ends[fitting - 1]) if fitting else 0)
            drawn[fitting] = rest
            drawn = drawn[: fitting + (rest >= lengths[0])]
            room = 0
        else:
            room -= int(ends[-1])
        yield drawn


def _draw_sample(sizes, wanted, rng):
    """Indices, in order, of segments drawn one by one until they have `wanted` bases."""
    order = rng.permutation(len(sizes))
    return np.sort(order[: np.searchsorted(np.cumsum(sizes[order]), wanted) + 1])


def _check_apart(name, starts, ends, regions):
    """Raise RuntimeError if a segment overlaps an excluded region; segments are in order and do not overlap."""
    if regions is not None:
        low, high = regions[regions[:, 0] < regions[:, 1], :2].T
        overlaps = np.searchsorted(starts, high, side="left") - np.searchsorted(ends, low, side="right")
        if overlaps.any():
            at = int(overlaps.argmax())
            raise RuntimeError(f"{name}: a segment lies in the excluded region {low[at]}-{high[at]}")


def _write_record(record, segments, lines, places):
    """Write the segments of one record (fields start, end, reverse, in_dev), as text to `lines` and as BED to `places`."""
    tails = [f"{split}\t0\t{strand}\n" for split in ("train", "dev") for strand in "+-"]
    blocks = range(0, len(record) + BLOCK, BLOCK)
    for first, last in pairwise(np.searchsorted(segments.start, blocks).tolist()):
        if first == last:
            continue
        part = segments[first:last]
        low, high, tail = part.start.tolist(), part.end.tolist(), (2 * part.in_dev + part.reverse).tolist()
        offset = low[0]
        letters = record[offset : high[-1]].upper().encode()
        texts = [letters[start - offset : end - offset] for start, end in zip(low, high, strict=True)]
        for at in np.flatnonzero(part.reverse).tolist():
            texts[at] = texts[at][::-1].translate(_COMPLEMENT)
        lines.write(b"\n".join(texts) + b"\n")
        rows = zip(low, high, tail, strict=True)
        places.write("".join([f"{record.name}\t{start}\t{end}\t{tails[number]}" for start, end, number in rows]))
