"""Recipe `splice-sites`."""

import random

from linguist.recipe import ANNOTATED, recipe

DECOYS = 4  # decoys tried for each intron
MAX_SHIFT = 200  # bases that a decoy is moved at most, to have AG or GT in its middle


@recipe("splice-sites", classes=3, **ANNOTATED)
def cut_splice_site_windows(spec, files, tallies):
    """Windows centred on annotated splice sites, and windows with the same motif in the middle but no site.

    Classes: acceptor (0), donor (1), neither (2). Sites come from the introns of the annotated CDS and mRNA features. The
    intron of an acceptor ends in the middle with AG; the intron of a donor begins there with GT. Windows of neither have AG
    or GT there too; they lie in the same genes, at places where no annotated transcript is spliced.
    """
    from linguist.tasks.cutting import cut_annotated, split_windows

    windows = cut_annotated(files, cut_sites, spec, tallies)
    tallies["windows"].read = len(windows)
    return split_windows(windows, spec, tallies["windows"])


def cut_sites(record, length, seed, tally):
    """The windows of one annotated record; `tally` counts the sites that give none."""
    from linguist.tasks.cutting import window_at

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
            counted = ()
            if label < 2:  # decoys are tried at random: none is missed
                tally.read += 1
                counted = tally, f"record {record.id}, base {place + 1}"
            sequence = window_at(record.seq, place, strand, half, half, *counted)
            if label == 2 and sequence:
                place, sequence = _next_decoy(record, place, strand, half, draw.random() < 0.5)
                if (place, strand) in spliced:
                    continue
            kept = {0: sequence[half - 2 : half] == "AG", 1: sequence[half : half + 2] == "GT", 2: bool(sequence)}
            if kept[label]:
                windows.append((record.id, place, strand, sequence, label))
            elif sequence:
                tally.leave("without AG or GT in the intron")
    return windows


def _next_decoy(record, place, strand, half, acceptor):
    """The first place from `place` on whose window has AG before its middle (`acceptor`) or GT after it, and the window; ""
    if there is none within MAX_SHIFT bases."""
    from linguist.tasks.cutting import window_at

    for step in range(MAX_SHIFT):
        sequence = window_at(record.seq, place + step, strand, half, half)
        if sequence and (sequence[half - 2 : half] == "AG" if acceptor else sequence[half : half + 2] == "GT"):
            return place + step, sequence
    return place, ""


def _introns(feature):
    """The introns of a spliced feature as (start, end, strand), 0-based and half-open in its record."""
    from Bio.SeqFeature import ExactPosition

    location = feature.location
    if feature.type not in ("CDS", "mRNA") or location is None or location.strand is None:
        return
    # In the order of transcription: a gene across the origin of a circular record has no intron there.
    parts = location.parts[:: location.strand]
    for left, right in zip(parts, parts[1:], strict=False):
        ends = (left.end, right.start)
        if not left.ref and not right.ref and all(isinstance(end, ExactPosition) for end in ends) and ends[0] < ends[1]:
            yield int(ends[0]), int(ends[1]), location.strand
