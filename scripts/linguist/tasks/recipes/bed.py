"""Recipe `bed`."""

from collections import defaultdict

from linguist.errors import LinguistError
from linguist.layout import files_of_references, resource_or_archive, sequences_file
from linguist.recipe import recipe

STRAND_COLUMN = 6
ELSEWHERE = 20  # windows elsewhere that are tried for each region


@recipe(
    "bed",
    kinds=("dna",),
    needs=("regions", "sequences", "length", "sizes"),
    optional=("class_column",),
    files=lambda spec, name: {
        "regions": [resource_or_archive(reference) for reference in spec["regions"]],
        "sequences": sequences_file("dna", spec["sequences"]),
    },
    resources=lambda spec: [spec["sequences"], *spec["regions"]],
)
def cut_bed_regions(spec, files, tallies):
    """Windows in the middle of the regions of BED files, cut out of a genome.

    Classes: with `class_column`, that column of the BED files names the class of each region, by number or answer. Without it,
    there is one BED file for each class, in the order of the answers; or one file alone, whose regions are the second of two
    classes. Windows of the first class are then drawn at random from the same records, more than two window lengths from every
    region. A sixth column "-" has a window read from the other strand. A region of several classes is dropped.
    """
    from linguist.sequences.indexed import open_indexed
    from linguist.tally import Tally
    from linguist.tasks.cutting import split_windows

    places, elsewhere = read_places(spec, files), []
    with open_indexed(files["sequences"]) as genome:
        if len(spec["regions"]) == 1 and "class_column" not in spec:
            elsewhere = draw_elsewhere(places, genome, spec)
        windows = cut_places(places, genome, spec["length"], tallies["regions"])
        windows += cut_places(elsewhere, genome, spec["length"], Tally())  # tried at random: none is missed
    tallies["windows"].read = len(windows)
    return split_windows(windows, spec, tallies["windows"])


def read_places(spec, files):
    """[(where, record, middle, strand, label, end)] of all regions.

    Raises LinguistError for a line without its class, and for a region that ends before its start.
    """
    from linguist.sequences.annotation import STRANDS, read_bed
    from linguist.tasks.store import read_class

    answers, column = spec["answers"], spec.get("class_column")
    one_class = len(spec["regions"]) == 1 and len(answers) == 2
    found = []
    for number, path in enumerate(files_of_references(spec["regions"], files["regions"])):
        for region in read_bed(path):
            if region.start > region.end:
                raise LinguistError(
                    f"{region.where}: {region.start}-{region.end} is no region (start first); correct the line"
                )
            label = 1 if one_class else number
            if column is not None:
                if len(region.columns) < column:
                    raise LinguistError(
                        f"{region.where}: no column {column} with the class; correct the line or class_column"
                    )
                label = read_class(region.where, region.columns[column - 1], answers)
            strand = region.columns[STRAND_COLUMN - 1] if len(region.columns) >= STRAND_COLUMN else "+"
            middle = (region.start + region.end) // 2
            found.append((region.where, region.record, middle, STRANDS.get(strand, 1), label, region.end))
    return found


def cut_places(places, genome, length, tally):
    """The windows of places, without those that are in several classes, leave their record or have other letters than ACGT."""
    from linguist.sequences.indexed import check_record
    from linguist.tasks.cutting import SEVERAL_CLASSES, window_at

    windows, lengths = [], {record.name: len(record) for record in genome}
    labels = defaultdict(set)
    for _, record, middle, strand, label, _ in places:
        labels[record, middle, strand].add(label)
    for where, record, middle, strand, label, end in places:
        check_record(record, lengths, where, genome.filename)
        if end > lengths[record]:
            raise LinguistError(
                f"{where}: ends at {end}, but {record} has {lengths[record]:,} bases in {genome.filename}; give the regions of "
                "this genome"
            )
        tally.read += 1
        if len(labels[record, middle, strand]) > 1:
            tally.drop(SEVERAL_CLASSES, where)
        elif sequence := window_at(genome[record], middle, strand, length // 2, length // 2, tally, where):
            windows.append((record, middle, strand, sequence, label))
    return windows


def draw_elsewhere(places, genome, spec):
    """Places of the first class: far from all regions, in the same records."""
    import random
    from bisect import bisect_left

    draw, length, by_record, found = random.Random(f"{spec['seed']} elsewhere"), spec["length"], defaultdict(list), []
    spans = defaultdict(int)
    for _, record, middle, _, _, end in places:
        by_record[record].append(middle)
        spans[record] = max(spans[record], 2 * abs(end - middle))  # the longest region of the record
    for record, middles in by_record.items():
        middles.sort()
        if record not in genome:
            continue  # `cut_places` says so
        for _ in range(ELSEWHERE * len(middles)):
            place, reach = draw.randrange(len(genome[record])), 2 * length + spans[record] // 2
            at = bisect_left(middles, place - reach)
            if at == len(middles) or middles[at] > place + reach:
                found.append(("", record, place, draw.choice((1, -1)), 0, 0))
    return found
