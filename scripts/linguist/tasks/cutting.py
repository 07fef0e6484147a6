"""Windows cut from annotated or soft-masked DNA, and their assignment to splits.

A window is (name of its record, place, strand, sequence, label); the place is 0-based in the record.
"""

import random
from collections import defaultdict

from Bio.Seq import reverse_complement
from Bio.SeqFeature import ExactPosition

from linguist.errors import LinguistError
from linguist.files import reading
from linguist.sequences.coding_sequences import read_genbank
from linguist.sequences.fasta import read_sequences
from linguist.splits import SPLITS

BLOCK = 20_000  # bases: a block of a record goes to one split as a whole
SHARED_BASES = 30  # windows of two splits never share so many bases in a row, on either strand
MASKED, UNMASKED = 0.9, 0.0  # least share of lower-case letters in a repeat's window, and largest outside
UPSTREAM = 0.8  # share of a window that lies upstream of the gene's start
DECOYS = 4  # decoys tried for each intron, or windows elsewhere for each gene start


def cut_genbank(path, cut, spec):
    """The windows that `cut(record, length, seed)` gives for the records of a GenBank file, in one list."""
    with reading(path) as handle:
        parts = read_genbank(path, handle, lambda record: cut(record, spec["length"], spec["seed"]))
        return [window for part in parts for window in part]


def cut_splice_sites(record, length, seed):
    """The windows of a GenBank record around its splice sites: acceptors (0), donors (1) and decoys (2). The site is in the
    middle, right of AG at the end of an acceptor's intron, or left of GT at the start of a donor's; decoys have AG or GT there.
    """
    half, windows = length // 2, []
    introns = {intron for feature in record.features for intron in _introns(feature)}
    # (place, strand) of the first base after the site, along the strand; an acceptor is the downstream end of its intron.
    sites = {
        0: {(end if strand > 0 else start, strand) for start, end, strand in introns},
        1: {(start if strand > 0 else end, strand) for start, end, strand in introns},
    }
    spliced = sites[0] | sites[1]
    decoys = set()
    draw = random.Random(f"{seed} {record.id}")
    for start, end, strand in sorted(introns):
        for _ in range(DECOYS):  # half of them near a site, so that they hold as much exon as the windows of sites
            near = draw.choice((start, end)) + draw.randint(-length, length)
            decoys.add((draw.choice((near, draw.randrange(start, end))), strand))
    for label, places in [*sites.items(), (2, decoys)]:
        for place, strand in sorted(places):
            sequence = _window(record, place, strand, half, half)
            if label == 2 and sequence:
                place, sequence = _next_decoy(record, place, strand, half, draw.random() < 0.5)
                if (place, strand) in spliced:
                    continue
            kept = {0: sequence[half - 2 : half] == "AG", 1: sequence[half : half + 2] == "GT", 2: bool(sequence)}
            if kept[label]:
                windows.append((record.id, place, strand, sequence, label))
    return windows


def _next_decoy(record, place, strand, half, acceptor):
    """The first place from `place` on whose window has AG before its middle (`acceptor`) or GT after it, and the window; ""
    if there is none within 200 bases."""
    for step in range(200):
        sequence = _window(record, place + step, strand, half, half)
        if sequence and (sequence[half - 2 : half] == "AG" if acceptor else sequence[half : half + 2] == "GT"):
            return place + step, sequence
    return place, ""


def cut_gene_starts(record, length, seed):
    """The windows of a GenBank record around its gene starts (1), and elsewhere (0)."""
    before = round(UPSTREAM * length)
    after, windows = length - before, []
    starts = set()
    for gene in (feature for feature in record.features if feature.type in ("gene", "mRNA", "prim_transcript")):
        if gene.location is None or gene.location.strand is None or any(part.ref for part in gene.location.parts):
            continue
        place = gene.location.start if gene.location.strand > 0 else gene.location.end
        if isinstance(place, ExactPosition):
            starts.add((int(place), gene.location.strand))
    draw = random.Random(f"{seed} {record.id}")
    elsewhere = set()
    for _ in range(DECOYS * len(starts)):
        place = draw.randrange(len(record))
        if all(abs(place - start) > 2 * length for start, _ in starts):
            elsewhere.add((place, draw.choice((1, -1))))
    for label, places in ((1, starts), (0, elsewhere)):
        for place, strand in sorted(places):
            if sequence := _window(record, place, strand, before, after):
                windows.append((record.id, place, strand, sequence, label))
    return windows


def cut_repeats(path, length):
    """The windows of a soft-masked FASTA file that are repeats (1) or have no lower case (0), in upper case."""
    windows = []
    for record in read_sequences(path, "dna"):
        for start in range(0, len(record.sequence) - length + 1, length):
            sequence = record.sequence[start : start + length]
            masked = sum(map(str.islower, sequence)) / length
            if set(sequence.upper()) <= set("ACGT") and (masked <= UNMASKED or masked >= MASKED):
                windows.append((record.name, start, 1, sequence.upper(), int(masked >= MASKED)))
    return windows


def _introns(feature):
    """The introns of a spliced feature as (start, end, strand), 0-based and half-open in its record."""
    location = feature.location
    if feature.type not in ("CDS", "mRNA") or location is None or location.strand is None:
        return
    parts = sorted(location.parts, key=lambda part: part.start)
    for left, right in zip(parts, parts[1:], strict=False):
        ends = (left.end, right.start)
        if not left.ref and not right.ref and all(isinstance(end, ExactPosition) for end in ends) and ends[0] < ends[1]:
            yield int(ends[0]), int(ends[1]), location.strand


def _window(record, place, strand, before, after):
    """The window from `before` bases upstream of `place` to `after` bases downstream, along the strand; "" if it leaves its
    record or has letters other than ACGT."""
    low, high = (place - before, place + after) if strand > 0 else (place - after, place + before)
    if low < 0 or high > len(record):
        return ""
    sequence = str(record.seq[low:high]).upper()
    if set(sequence) - set("ACGT"):
        return ""
    return sequence if strand > 0 else reverse_complement(sequence)


def split_windows(windows, spec):
    """Windows as the splits of a task, {split: rows (id, sequence, label)}: spec["sizes"] rows, as many of each class.

    Blocks of records go to one split as a whole. A window that shares SHARED_BASES bases in a row with a later split is
    dropped. Raises LinguistError if there are too few windows.
    """
    draw, classes = random.Random(spec["seed"]), len(spec["answers"])
    blocks = defaultdict(list)
    for window in dict.fromkeys(windows):
        blocks[window[0], window[1] // BLOCK].append(window)
    order = sorted(blocks)
    draw.shuffle(order)
    splits, taken, at = {}, set(), 0
    for split in reversed(SPLITS):
        wanted = dict.fromkeys(range(classes), spec["sizes"][split] // classes)
        found = defaultdict(list)
        while at < len(order) and (split == "train" or any(len(found[label]) < wanted[label] for label in wanted)):
            members, at = blocks[order[at]], at + 1
            for record, place, strand, sequence, label in draw.sample(members, len(members)):
                if taken.isdisjoint(stretches(sequence)) and len(found[label]) < wanted[label]:
                    found[label].append((f"{record}:{place}:{'+' if strand > 0 else '-'}", sequence, label))
        for label, number in wanted.items():
            if len(found[label]) < number:
                raise LinguistError(
                    f"only {len(found[label])} of {number} windows of class {spec['answers'][label]!r} for '{split}'; lower "
                    f"sizes.{split} or add sequences"
                )
        splits[split] = draw.sample(rows := [row for part in found.values() for row in part], len(rows))
        for _, sequence, _ in splits[split]:
            taken |= stretches(sequence) | stretches(reverse_complement(sequence))
    return {split: splits[split] for split in SPLITS}


def stretches(sequence):
    """All stretches of SHARED_BASES bases of a sequence."""
    return {sequence[i : i + SHARED_BASES] for i in range(len(sequence) - SHARED_BASES + 1)}
