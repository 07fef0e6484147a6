"""Recipe `gene-starts`."""

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate

from linguist.errors import LinguistError
from linguist.recipe import ANNOTATED, recipe

UPSTREAM = 0.8  # share of a window that lies upstream of the start
ELSEWHERE = 4  # windows elsewhere that are tried for each start
GENES = ("gene", "mRNA", "prim_transcript")  # their 5' ends are starts
CODING = "CDS"  # its 5' end is a start where no gene covers it
OTHERS = ("tRNA", "rRNA", "tmRNA", "ncRNA", "misc_RNA", "precursor_RNA")  # genes, too: no window elsewhere is near them


@recipe("gene-starts", classes=2, **ANNOTATED)
def cut_gene_start_windows(spec, files, tallies):
    """Windows around transcription start sites (annotated 5' ends of genes), and windows elsewhere.

    Classes: elsewhere (0), start (1). Starts are the 5' ends of the features gene, mRNA and prim_transcript, and of each CDS
    that lies in none of them; four fifths of a window lie upstream. They stand in for promoters: the 5' end of a CDS is its
    start codon, and in some records the annotated gene is only its coding part. Windows elsewhere lie in the same records,
    more than two window lengths from the 5' end of every gene, transcript, CDS and RNA, also of those whose 5' end is not
    exact. The log says how many features of which type were used.
    """
    import logging
    from functools import partial

    from linguist.tasks.cutting import cut_annotated, split_windows

    used = Counter()
    windows = cut_annotated(files, partial(cut_starts, used=used), spec, tallies)
    found = ", ".join(f"{number:,} {kind}" for kind, number in sorted(used.items()))
    if not found:
        raise LinguistError(
            f"{files.get('annotation', files['sequences'])}: no feature {', '.join(GENES)} or {CODING} has an exact 5' end; "
            "give an annotated file"
        )
    logging.getLogger("linguist").info("starts are the 5' ends of %s", found)
    try:
        tallies["windows"].read = len(windows)
        return split_windows(windows, spec, tallies["windows"])
    except LinguistError as error:
        raise LinguistError(f"{error} (the starts are those of {found})") from error


def cut_starts(record, length, seed, tally, used):
    """The windows of one annotated record; `used` counts the features that give starts, by type, and `tally` the places that
    give none."""
    from linguist.tasks.cutting import window_at

    before = round(UPSTREAM * length)
    starts, ends = find_starts(record, used, tally)
    draw, elsewhere, windows = random.Random(f"{seed} {record.id}"), set(), []
    for _ in range(ELSEWHERE * len(starts)):
        place = draw.randrange(len(record))
        nearest = bisect_left(ends, place - 2 * length)
        if nearest == len(ends) or ends[nearest] > place + 2 * length:
            elsewhere.add((place, draw.choice((1, -1))))
    for label, places in ((1, starts), (0, elsewhere)):
        for place, strand in sorted(places):
            counted = (tally, f"record {record.id}, base {place + 1}") if label else ()  # others are tried at random
            if sequence := window_at(record.seq, place, strand, before, length - before, *counted):
                windows.append((record.id, place, strand, sequence, label))
    return windows


def find_starts(record, used, tally):
    """The starts of a record, a set of (place, strand), and the sorted places of all 5' ends, exact or not."""
    starts, ends = set(), set()
    in_gene = covering(feature for feature in record.features if feature.type in GENES)
    for feature in record.features:
        if feature.type not in (*GENES, CODING, *OTHERS) or not (parts := parts_within(feature)):
            continue
        strand = feature.location.strand
        # Biopython has the parts in the order of transcription, also across the origin of a circular record.
        first = [parts[0].start if strand and strand > 0 else parts[0].end]
        if strand is None or len(parts) < len(feature.location.parts):
            first = [end for part in parts for end in (part.start, part.end)]
        ends.update(map(int, first))
        if feature.type not in (*GENES, CODING):
            continue
        tally.read += 1
        if len(first) > 1 or not is_exact(first[0]):
            tally.leave("without an exact 5' end")
        elif feature.type == CODING and in_gene(feature):
            tally.leave("of a CDS in a gene")
        else:
            tally.leave("with the 5' end of another feature", (int(first[0]), strand) in starts)
            starts.add((int(first[0]), strand))
            used[feature.type] += 1
    return starts, sorted(ends)


def covering(genes):
    """A function that says whether a feature lies within one of the genes, on its strand."""
    spans = {1: [], -1: []}
    for gene in genes:
        if parts_within(gene):
            for strand in [gene.location.strand] if gene.location.strand else [1, -1]:
                spans[strand].append((int(gene.location.start), int(gene.location.end)))
    spans = {strand: sorted(found) for strand, found in spans.items()}
    starts = {strand: [start for start, _ in found] for strand, found in spans.items()}
    furthest = {strand: list(accumulate((end for _, end in found), max)) for strand, found in spans.items()}

    def lies_within(feature):
        strand = feature.location.strand
        earlier = bisect_right(starts[strand], int(feature.location.start))
        return earlier > 0 and furthest[strand][earlier - 1] >= int(feature.location.end)

    return lies_within


def parts_within(feature):
    """The parts of a feature's place that lie in its own record."""
    return [part for part in feature.location.parts if not part.ref] if feature.location else []


def is_exact(place):
    from Bio.SeqFeature import ExactPosition

    return isinstance(place, ExactPosition)
