"""What a corpus must not contain, by place and by name: regions of a genome, records of a protein file."""

import re
from itertools import chain

from linguist.errors import LinguistError, cut, show
from linguist.sequences.annotation import bed_regions
from linguist.sequences.indexed import check_record, open_indexed

_PLACE = r"\d{1,15}"  # digits of a place; no genome has more bases
_SPAN = re.compile(rf"(.+):({_PLACE})-({_PLACE})", re.ASCII)


def excluded_regions(fasta, places=(), beds=(), tables=(), resource=None):
    """The regions of a genome that places, BED files and tables of pair sets name: {record: [(start, end)]}.

    Regions are 0-based, half-open, sorted, each once.
    Args: `places` are whole records ("chr21") or regions of one ("chr8:1000-2000"); `beds` may be compressed; `tables`
    are tables of pair sets, whose ids are `id1~id2`: all regions `resource:record:start-end` of either side are taken,
    whatever the row's label. Raises LinguistError for what is malformed, for a record that the genome lacks, and for a
    region that is empty or outside its record.
    """
    if tables and not resource:
        raise ValueError("tables of pair sets need the name of the resource that the genome is")
    with open_indexed(fasta) as genome:
        lengths = {record.name: len(record) for record in genome}
    excluded, of_pairs = {}, (_read_pair_regions(path, resource) for path in tables)
    for where, record, start, end in chain(_read_places(places, lengths), *map(bed_regions, beds), *of_pairs):
        check_record(record, lengths, where, fasta)
        if not start < end <= lengths[record]:
            raise LinguistError(
                f"{where}: {start}-{end} is not a region of record {cut(record)}, which has {lengths[record]:,} bases in "
                f"{fasta}; correct it (0-based, half-open), or give one of this genome"
            )
        excluded.setdefault(record, set()).add((start, end))
    return {record: sorted(regions) for record, regions in excluded.items()}


def excluded_records(tables, resources):
    """The records of FASTA resources that have a window in one of the tables of pair sets: {resource: names (a frozenset)}.

    Ids are `side~side`, perhaps with a last word, and a side is `resource:record:start-end`, perhaps with `:-`. Names of
    records may contain any of these signs, but not `:start-end`. A record of the same name in another resource is not meant.
    """
    found = {resource: set() for resource in resources}
    for path in tables:
        names = list(_read_ids(path))
        for resource in resources:
            side = re.compile(rf"(?:^|~){re.escape(resource)}:(.+?):\d+-\d+(?=~|$|:-|-[a-z])")
            found[resource].update(record for name in names for record in side.findall(name))
    return {resource: frozenset(records) for resource, records in found.items()}


def _read_ids(path):
    from linguist.pairs.store import read_pairs  # it needs pandas, whose memory other sources save

    return read_pairs(path)["id"]


def _read_places(places, lengths):
    """Yield (where, record, start, end) for each place."""
    for place in places:
        where = f"excluded place {show(place)} (record or record:start-end)"
        if place in lengths:  # first, since a name such as HLA:1-2 may look like a region
            yield where, place, 0, lengths[place]
        elif found := _SPAN.fullmatch(place):
            yield where, found[1], int(found[2]), int(found[3])
        else:
            yield where, place, 0, 0


def _read_pair_regions(path, resource):
    """Yield (where, record, start, end) for each side of a pair, by its id, that is of the resource."""
    side = re.compile(rf"(?<=~){re.escape(resource)}:([^~]+?):({_PLACE})-({_PLACE})(?::-)?(?:-[a-z]+)*(?=~)", re.ASCII)
    for line, name in enumerate(_read_ids(path), 2):
        name = f"~{name}~"
        found = side.findall(name)
        where = f"{path}, line {line}"
        if len(found) != name.count(f"~{resource}:"):
            raise LinguistError(
                f"{where}: the id does not give the places of its sequences in {resource}; rebuild the pair set"
            )
        for record, start, end in found:
            yield where, record, int(start), int(end)
