"""Recipe `gene-starts`."""

import random

from linguist.recipe import CUTTING, recipe

UPSTREAM = 0.8  # share of a window that lies upstream of the start
ELSEWHERE = 4  # windows elsewhere that are tried for each start


@recipe("gene-starts", classes=2, **CUTTING)
def cut_gene_start_windows(spec, files):
    """Windows around transcription start sites (annotated 5' ends of genes in GenBank), and windows elsewhere.

    Classes: elsewhere (0), start (1). Starts are the 5' ends of the features gene, mRNA and prim_transcript; four fifths of
    a window lie upstream. They stand in for promoters: in some records the annotated gene is only its coding part. Windows
    elsewhere lie in the same records, more than two window lengths from every start.
    """
    from linguist.tasks.cutting import cut_genbank, split_windows

    return split_windows(cut_genbank(files["sequences"], cut_starts, spec), spec)


def cut_starts(record, length, seed):
    """The windows of one GenBank record."""
    from Bio.SeqFeature import ExactPosition

    from linguist.tasks.cutting import window_at

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
    for _ in range(ELSEWHERE * len(starts)):
        place = draw.randrange(len(record))
        if all(abs(place - start) > 2 * length for start, _ in starts):
            elsewhere.add((place, draw.choice((1, -1))))
    for label, places in ((1, starts), (0, elsewhere)):
        for place, strand in sorted(places):
            if sequence := window_at(record, place, strand, before, after):
                windows.append((record.id, place, strand, sequence, label))
    return windows
