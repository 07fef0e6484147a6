"""Places in a genome as people have them: BED regions, and the genes of a GFF3 file as features of Biopython records."""

import re
from collections import defaultdict
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import unquote

from linguist.errors import LinguistError, cut, show
from linguist.files import reading
from linguist.sequences.indexed import check_record, open_indexed

_PLACE = r"\d{1,15}"  # digits of a place; no genome has more bases
STRANDS = {"+": 1, "-": -1}
FEATURES = {  # types of GFF3 (Sequence Ontology), and those of GenBank that mean the same
    **dict.fromkeys(("gene", "mRNA", "CDS", "tRNA", "rRNA", "tmRNA", "ncRNA"), None),
    "transcript": "mRNA",
    "primary_transcript": "prim_transcript",
    **dict.fromkeys(
        ("ncRNA_gene", "pseudogene", "lnc_RNA", "lncRNA", "miRNA", "snRNA", "snoRNA", "pseudogenic_transcript"), "ncRNA"
    ),
    "pre_miRNA": "precursor_RNA",
}


class BedLine(NamedTuple):
    """A line of a BED file: record, 0-based half-open place, and all its columns; `where` names file and line."""

    where: str
    record: str
    start: int
    end: int
    columns: list


def read_bed(path):
    """Yield a BedLine for each line of a BED file (columns between tabs or blanks, maybe compressed).

    Raises LinguistError for a line without record, start and end.
    """
    with reading(path) as handle:
        for n, line in enumerate(handle, 1):
            columns = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
            columns = [column.strip() for column in columns]
            if not any(columns) or columns[0].startswith("#") or columns[0].split()[:1] in (["track"], ["browser"]):
                continue
            where = f"{path}, line {n}"
            fits = [columns[0], *(re.fullmatch(_PLACE, column, re.ASCII) for column in columns[1:3])]
            if len(fits) < 3 or not all(fits):
                raise LinguistError(
                    f"{where}: not BED, whose first columns are record, start and end; correct or remove the line"
                )
            yield BedLine(where, columns[0], int(columns[1]), int(columns[2]), columns)


def bed_regions(path):
    """Yield (where, record, start, end) for each line of a BED file."""
    yield from (region[:4] for region in read_bed(path))


def read_gff3(path, fasta, tally):
    """Yield a Biopython SeqRecord for each record of a genome that a GFF3 file annotates, with its genes as features.

    A transcript has the place of its exons, a CDS the places of all its lines. Types have GenBank's names (FEATURES); other
    types are ignored. `fasta` is as `write_indexed_fasta` writes it. Lines are counted in `tally` (a Tally), of which those
    of records that the genome lacks are left out.
    Raises LinguistError for a line that is not GFF3, a place outside its record, and a genome of other names.
    """
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    with open_indexed(fasta) as genome:
        lengths = {record.name: len(record) for record in genome}
        features = _read_features(path, lengths, fasta, tally)
        for record in filter(features.__contains__, lengths):
            yield SeqRecord(Seq(genome[record][:]), id=record, features=features[record])


def _read_features(path, lengths, fasta, tally):
    """{record: features} of a GFF3 file, for records with these lengths."""
    from Bio.SeqFeature import SeqFeature

    single, coding, exons = [], defaultdict(list), defaultdict(list)
    circular, other = set(), None
    for where, record, kind, place, given in _read_lines(path):
        tally.read += 1
        if record not in lengths:
            tally.leave("of records that the genome lacks")
            other = other or record
            continue
        if given.get("Is_circular") == ["true"]:
            circular.add(record)
        if place[1] > lengths[record] and record not in circular:
            raise LinguistError(
                f"{where}: ends at {place[1]}, but record {cut(record)} has {lengths[record]:,} bases in {fasta}; give the "
                "annotation of this genome"
            )
        if kind == "exon":
            for parent in given.get("Parent", []):
                exons[record, parent].append(place)
        elif kind == "CDS":
            coding[record, (given.get("ID") or given.get("Parent") or [where])[0]].append(place)
        elif kind in FEATURES:
            single.append((record, FEATURES[kind] or kind, place, given.get("ID", [""])[0]))
    if other and not single and not coding:
        check_record(other, lengths, path, fasta)
    found = defaultdict(list)
    for record, kind, place, name in single:
        places = exons.get((record, name), [place]) if kind != "gene" else [place]
        found[record].append(SeqFeature(_join(places, lengths[record]), type=kind))
    for (record, _), places in coding.items():
        found[record].append(SeqFeature(_join(places, lengths[record]), type="CDS"))
    return found


def _join(places, length):
    """A Biopython location of places (start, end, strand), its parts in the order of transcription.

    A place of a circular record goes on from its first base after `length` bases, as GFF3 has it.
    """
    from Bio.SeqFeature import CompoundLocation, SimpleLocation

    parts = []
    for start, end, strand in sorted(dict.fromkeys(places), key=itemgetter(0, 1)):  # a strand may be None
        inner = [(start, min(end, length))] if start < length else []
        beyond = [(max(start - length, 0), end - length)] if end > length else []
        parts += [SimpleLocation(*ends, strand) for ends in inner + beyond]
    parts = parts[::-1] if places[0][2] == -1 else parts
    return parts[0] if len(parts) == 1 else CompoundLocation(parts)


def _read_lines(path):
    """Yield (where, record, type, (start, end, strand), {attribute: values}) for each line of a GFF3 file; 0-based, half-open."""
    with reading(path) as handle:
        for n, line in enumerate(handle, 1):
            if line.startswith("##FASTA"):
                return
            if line.startswith("#") or not line.strip():
                continue
            where, columns = f"{path}, line {n}", line.rstrip("\r\n").split("\t")
            if len(columns) == 9 and re.match(r'\w+ "', columns[8]):
                raise LinguistError(f"{where}: this is GTF; give GFF3, or convert it (gffread FILE -o genes.gff3)")
            if len(columns) != 9 or not all(re.fullmatch(_PLACE, end, re.ASCII) for end in columns[3:5]):
                raise LinguistError(
                    f"{where}: {show(line.strip()[:60])} is not GFF3 (nine columns between tabs); give a GFF3 file"
                )
            start, end = int(columns[3]) - 1, int(columns[4])
            if not 0 <= start < end:
                raise LinguistError(
                    f"{where}: {columns[3]}-{columns[4]} is no place (from 1, start first); correct the line"
                )
            given = (field.split("=", 1) for field in columns[8].split(";") if "=" in field)
            attributes = {key.strip(): [unquote(value) for value in values.split(",")] for key, values in given}
            yield where, unquote(columns[0]), columns[2], (start, end, STRANDS.get(columns[6])), attributes
