"""What a corpus must not contain: regions of a genome and records of a protein file that the tests are made of."""

import re
from itertools import chain

from linguist.errors import LinguistError, cut, show
from linguist.files import reading
from linguist.sequences.indexed import open_indexed

_PLACE = r"\d{1,15}"  # digits of a place; no genome has more bases
_SPAN = re.compile(rf"(.+):({_PLACE})-({_PLACE})", re.ASCII)
_SHOWN = 3  # records that an error lists


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
    for where, record, start, end in chain(_read_places(places, lengths), *map(_read_bed, beds), *of_pairs):
        check_record(record, lengths, where, fasta)
        if not start < end <= lengths[record]:
            raise LinguistError(
                f"{where}: {start}-{end} is not a region of record {cut(record)}, which has {lengths[record]:,} bases in "
                f"{fasta}; correct it (0-based, half-open), or give one of this genome"
            )
        excluded.setdefault(record, set()).add((start, end))
    return {record: sorted(regions) for record, regions in excluded.items()}


def excluded_records(tables, resource):
    """The names (a frozenset) of a resource's FASTA records that have a window in one of the tables of pair sets.

    Ids are `side~side`, perhaps with a last word, and a side is `resource:record:start-end`, perhaps with `:-`. Names of
    records may contain any of these signs, but not `:start-end`. Raises LinguistError for a table that names none.
    """
    side = re.compile(rf"(?:^|~){re.escape(resource)}:(.+?):\d+-\d+(?=~|$|:-|-[a-z])")
    found = {path: {record for name in _read_ids(path) for record in side.findall(name)} for path in tables}
    for path, records in found.items():
        if not records:
            raise _excludes_nothing(path, "record", resource)
    return frozenset().union(*found.values())


def check_record(record, known, where, fasta):
    """Raise LinguistError if a record is not among the `known` records of a FASTA file."""
    if record not in known:
        some = ", ".join(map(cut, list(known)[:_SHOWN])) + (", …" if len(known) > _SHOWN else "")
        raise LinguistError(
            f"{where}: {fasta} has no record {show(record)}, it has {some}; use its names, or give a file of this genome"
        )


def _excludes_nothing(path, what, resource):
    return LinguistError(
        f"{path}: no id names a {what} of {resource}, so nothing would be excluded; remove the pair set from 'exclude'"
    )


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


def _read_bed(path):
    """Yield (where, record, start, end) for each region of a BED file."""
    with reading(path) as handle:
        for n, line in enumerate(handle, 1):
            fields = line.split()
            if not fields or fields[0].startswith("#") or fields[0] in ("track", "browser"):
                continue
            where = f"{path}, line {n}"
            if len(fields) < 3 or not all(re.fullmatch(_PLACE, field, re.ASCII) for field in fields[1:3]):
                raise LinguistError(
                    f"{where}: not BED, whose first columns are record, start and end; correct or remove the line"
                )
            yield where, fields[0], int(fields[1]), int(fields[2])


def _read_pair_regions(path, resource):
    """Yield (where, record, start, end) for each side of a pair, by its id, that is of the resource."""
    side = re.compile(rf"(?<=~){re.escape(resource)}:([^~]+?):({_PLACE})-({_PLACE})(?::-)?(?:-[a-z]+)*(?=~)", re.ASCII)
    none = True
    for line, name in enumerate(_read_ids(path), 2):
        name = f"~{name}~"
        found = side.findall(name)
        where = f"{path}, line {line}"
        if len(found) != name.count(f"~{resource}:"):
            raise LinguistError(
                f"{where}: the id does not give the places of its sequences in {resource}; rebuild the pair set"
            )
        for record, start, end in found:
            none = False
            yield where, record, int(start), int(end)
    if none:
        raise _excludes_nothing(path, "region", resource)
