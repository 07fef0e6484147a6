"""Segments of a genome for pretraining, as in DNAHLM (section 2.2): cut, drawn, and written with their places."""

import logging
import math
import re
from itertools import accumulate, pairwise

import numpy as np

from linguist.corpora.mixture import choose_dev
from linguist.errors import LinguistError
from linguist.files import atomic_path, reading
from linguist.sequences.indexed import open_indexed

logger = logging.getLogger("linguist")

STRANDS = ("forward", "both")
BLOCK = 1 << 17  # letters held at a time, two bgzip blocks; fits the cache of the processor
_OTHER, _BASE, _EXCLUDED = range(3)
_KINDS = bytes(_BASE if letter in b"ACGTacgt" else _OTHER for letter in range(256))
_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
_DRAWS = 1 << 16
_SPAN = re.compile(r"(.+):(\d+)-(\d+)", re.ASCII)
_SHOWN = 3  # records that an error lists


def segment_genome(fasta, text, bed, *, lengths, strands, seed, dev, size=None, share=None, excluded=None):
    """Cut a genome into segments; write a random sample of them to `text`, one a line, and their places to `bed`.

    Every stretch of ACGT, of either case, is cut from its start into consecutive segments whose lengths are uniform in
    lengths[0] to lengths[1] bases, both included. What is left at its end is a segment too if it has lengths[0] bases,
    and is dropped if not. Other letters, the end of a record and the regions of `excluded` end a stretch.

    Args: `fasta` is as `sequences.write_indexed_fasta` writes it. `excluded` is {record: [(start, end)]}, 0-based,
    half-open. The sample has `size` bases, or the `share` of all segments' bases, and its last segment may overshoot;
    without either it is all. With `strands` "both" each segment is read from one of the two, drawn at random; "forward"
    reads them as in the file. `dev` is the share that `corpora.choose_dev` puts into the dev split.

    Segments are in upper case and stay in the order of the genome. `bed` is BED6: record, start, end, split (train or
    dev), 0, strand. The same arguments give the same bytes. Memory: a few blocks, and 40 bytes a segment of the genome.

    Returns counts: `documents`, those of them in `dev`, and the letters of the `genome`, of which each is counted once in
    `bytes` (written), `excluded`, `ambiguous` (not ACGT), `too_short` (dropped) or `unused` (not drawn). Raises
    LinguistError if the genome gives no segment, or fewer bases than `size`.
    """
    if not 1 <= lengths[0] <= lengths[1] or strands not in STRANDS or None not in (size, share):
        raise ValueError(f"lengths {lengths}, strands {strands!r}, size {size}, share {share}")
    excluded = {record: np.array(regions, np.int64).reshape(-1, 2) for record, regions in (excluded or {}).items()}
    cutting, drawing, turning = np.random.default_rng(seed).spawn(3)
    with open_indexed(fasta) as genome:
        sizes_of = {record.name: len(record) for record in genome}
        for record in sorted(excluded.keys() - sizes_of.keys()):
            _check_record(record, sizes_of, "excluded", fasta)
        counts = {"genome": sum(sizes_of.values()), "excluded": 0, "bases": 0}
        starts, sizes, bounds = _cut_genome(genome, excluded, lengths, cutting, counts)
        total = int(sizes.sum())
        if not total:
            raise LinguistError(
                f"{fasta}: no segment of {lengths[0]} bases in {counts['genome']:,} letters, {counts['excluded']:,} of "
                "them excluded; shorten lengths, exclude less or give another genome"
            )
        if size is not None and total < size:
            raise LinguistError(
                f"{fasta}: gives only {total:,} of {size:,} bases in segments of {lengths[0]} to {lengths[1]}; lower "
                "bytes, shorten lengths or add another genome as a source"
            )
        if size is not None or share is not None:
            drawn = _draw(sizes, math.ceil(share * total) if size is None else size, drawing)
            starts, sizes, bounds = starts[drawn], sizes[drawn], np.searchsorted(drawn, bounds)
        try:
            in_dev = choose_dev(len(starts), dev, seed)
        except LinguistError as error:
            raise LinguistError(f"{fasta}: {error}") from None
        turned = turning.random(len(starts)) < (0.5 if strands == "both" else 0)
        with (
            atomic_path(text) as new_text,
            atomic_path(bed) as new_bed,
            open(new_text, "wb") as lines,
            open(new_bed, "w", encoding="utf-8", newline="\n") as places,
        ):
            for record, (first, last) in zip(sizes_of, pairwise(bounds), strict=True):
                mine = slice(first, last)
                ends = starts[mine] + sizes[mine]
                _check_apart(record, starts[mine], ends, excluded.get(record))
                _write_record(genome, record, starts[mine], ends, turned[mine], in_dev[mine], lines, places)
    written = int(sizes.sum())
    return {
        "documents": len(starts),
        "dev": int(in_dev.sum()),
        "genome": counts["genome"],
        "bytes": written,
        "excluded": counts["excluded"],
        "ambiguous": counts["genome"] - counts["excluded"] - counts["bases"],
        "too_short": counts["bases"] - total,
        "unused": total - written,
    }


def _cut_genome(genome, excluded, lengths, rng, counts):
    """All segments: starts, sizes, and bounds, where record i has those from bounds[i] to bounds[i + 1]."""
    cut = []
    for record in [one.name for one in genome]:
        stretches = _find_stretches(genome, record, excluded.get(record), counts)
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


def _find_stretches(genome, record, regions, counts):
    """Where a record's stretches of ACGT outside of `regions` lie: array (stretches, 2) of start and end, half-open."""
    edges, n = [np.empty(0, np.int64)], len(genome[record])
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        kinds = np.zeros(end - start + 2, np.uint8)  # nothing at either side, so that every stretch has both its edges
        kinds[1:-1] = np.frombuffer(genome[record][start:end].encode().translate(_KINDS), np.uint8)
        if regions is not None:
            near = regions[(regions[:, 0] < end) & (regions[:, 1] > start)]
            for low, high in (np.clip(near - start, 0, end - start) + 1).tolist():
                kinds[low:high] = _EXCLUDED
            counts["excluded"] += int(np.count_nonzero(kinds == _EXCLUDED))
        bases = kinds == _BASE
        counts["bases"] += int(np.count_nonzero(bases))
        edges.append(np.flatnonzero(bases[1:] != bases[:-1]) + start)
    edges = np.concatenate(edges)
    joined = 2 * np.flatnonzero(edges[1:-1:2] == edges[2::2])  # stretches that go on in the next block
    return np.delete(edges, np.concatenate([joined + 1, joined + 2])).reshape(-1, 2)


def _draw_sizes(room, lengths, rng):
    """Yield arrays of the sizes of the segments that fill a stretch of `room` bases but for less than lengths[0]."""
    while room >= lengths[0]:
        drawn = rng.integers(lengths[0], lengths[1], size=min(room // lengths[0], _DRAWS), endpoint=True)
        ends = np.cumsum(drawn)
        fitting = int(np.searchsorted(ends, room, side="right"))
        if fitting < len(drawn):  # the end of the stretch: the last one is cut off there, and dropped if then too short
            rest = room - (int(ends[fitting - 1]) if fitting else 0)
            drawn[fitting] = rest
            drawn = drawn[: fitting + (rest >= lengths[0])]
            room = 0
        else:
            room -= int(ends[-1])
        yield drawn


def _draw(sizes, size, rng):
    """Indices, in order, of segments that are drawn one by one until they have `size` bases."""
    order = rng.permutation(len(sizes))
    return np.sort(order[: np.searchsorted(np.cumsum(sizes[order]), size) + 1])


def _check_apart(record, starts, ends, regions):
    """Raise RuntimeError if a segment touches an excluded region; segments are in order and apart."""
    if regions is not None:
        low, high = regions[regions[:, 0] < regions[:, 1]].T
        touching = np.searchsorted(starts, high, side="left") - np.searchsorted(ends, low, side="right")
        if touching.any():
            at = int(touching.argmax())
            raise RuntimeError(f"{record}: a segment lies in the excluded region {low[at]}-{high[at]}")


def _write_record(genome, record, starts, ends, turned, in_dev, lines, places):
    """Write the segments of one record, as text to `lines` and as BED to `places`."""
    tails = [f"{split}\t0\t{strand}\n" for split in ("train", "dev") for strand in "+-"]
    blocks = range(0, len(genome[record]) + BLOCK, BLOCK)
    for first, last in pairwise(np.searchsorted(starts, blocks).tolist()):
        if first == last:
            continue
        mine = slice(first, last)
        low, high, kind = starts[mine].tolist(), ends[mine].tolist(), (2 * in_dev[mine] + turned[mine]).tolist()
        offset = low[0]
        letters = genome[record][offset : high[-1]].upper().encode()
        texts = [letters[start - offset : end - offset] for start, end in zip(low, high, strict=True)]
        for at in np.flatnonzero(turned[mine]).tolist():
            texts[at] = texts[at][::-1].translate(_COMPLEMENT)
        lines.write(b"\n".join(texts) + b"\n")
        rows = zip(low, high, kind, strict=True)
        places.write("".join([f"{record}\t{start}\t{end}\t{tails[number]}" for start, end, number in rows]))


# ── regions that no segment may touch ──


def read_excluded(fasta, places=(), beds=(), pairs=(), resource=None):
    """The regions of a genome that places, BED files and test tables of pair sets name: {record: [(start, end)]}.

    Regions are 0-based, half-open, sorted, each once. Args: `places` are a whole record ("chr21") or a region of one
    ("chr8:1000-2000"); `beds` may be compressed; of `pairs`, tables whose ids are `id1~id2`, all regions
    `resource:record:start-end` of either side are taken, whatever row they stand in. Raises LinguistError for what is
    malformed, for a record that the genome lacks, and for a region that is empty or outside of its record.
    """
    if pairs and not resource:
        raise ValueError("pairs need the name of the resource that the genome is")
    with open_indexed(fasta) as genome:
        sizes = {record.name: len(record) for record in genome}
    excluded = {}
    sources = [
        _read_places(places, sizes),
        *(_read_bed(path) for path in beds),
        *(_read_pair_regions(path, resource) for path in pairs),
    ]
    for source in sources:
        for where, record, start, end in source:
            _check_record(record, sizes, where, fasta)
            if not start < end <= sizes[record]:
                raise LinguistError(
                    f"{where}: {start}-{end} is not a region of record {record}, which has {sizes[record]:,} bases in "
                    f"{fasta}; correct it (0-based, half-open), or give what belongs to this genome"
                )
            excluded.setdefault(record, set()).add((start, end))
    return {record: sorted(regions) for record, regions in excluded.items()}


def _check_record(record, known, where, fasta):
    if record not in known:
        some = ", ".join(list(known)[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        raise LinguistError(
            f"{where}: {fasta} has no record {record!r}, it has {some}; write names as there, or give what belongs to it"
        )


def _read_places(places, sizes):
    """Yield (where, record, start, end) for each place."""
    for place in places:
        where = f"excluded place {place!r} (of the form record or record:start-end)"
        if place in sizes:  # first, since a name such as HLA:1-2 may look like a region
            yield where, place, 0, sizes[place]
        elif found := _SPAN.fullmatch(place):
            yield where, found[1], int(found[2]), int(found[3])
        else:
            yield where, place, 0, 0


def _read_bed(path):
    """Yield (where, record, start, end) for each region of a BED file."""
    n = 0
    with reading(path) as handle:
        for n, line in enumerate(handle, 1):
            fields = line.split()
            if not fields or fields[0].startswith("#") or fields[0] in ("track", "browser"):
                continue
            where = f"{path}, line {n}"
            if len(fields) < 3 or not all(re.fullmatch(r"\d+", field, re.ASCII) for field in fields[1:3]):
                raise LinguistError(
                    f"{where}: not BED, whose first columns are record, start and end; mend or remove the line"
                )
            yield where, fields[0], int(fields[1]), int(fields[2])


def _read_pair_regions(path, resource):
    """Yield (where, record, start, end) for each side of a pair, by its id, that is of the resource."""
    from linguist.pairs.store import read_pairs  # it brings pandas, whose memory only this source needs

    side = re.compile(rf"(?<=~){re.escape(resource)}:([^~]+?):(\d+)-(\d+)(?::-)?(?:-[a-z]+)*(?=~)", re.ASCII)
    none = True
    for line, name in enumerate(read_pairs(path)["id"], 2):
        name = f"~{name}~"
        found = side.findall(name)
        where = f"{path}, line {line}"
        if len(found) != name.count(f"~{resource}:"):
            raise LinguistError(
                f"{where}: the id does not say where in {resource} its sequences lie; rebuild the pair set"
            )
        for record, start, end in found:
            none = False
            yield where, record, int(start), int(end)
    if none:
        raise LinguistError(
            f"{path}: no id names a region of {resource}, so nothing would be excluded; remove it there"
        )
