"""Complete coding sequences with their proteins, from GenBank files, tables or Ensembl's pairs of FASTA files."""

import logging
import warnings
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from Bio import BiopythonParserWarning, SeqIO
from Bio.Data.CodonTable import TranslationError
from Bio.Seq import Seq, UndefinedSequenceError
from Bio.SeqFeature import ExactPosition

from linguist.errors import LinguistError, one_line, show
from linguist.files import UNREADABLE, clean, reading
from linguist.sequences.fasta import check_name, split_records
from linguist.sequences.forms import check_form
from linguist.sequences.tables import is_header, is_parquet, read_records

logger = logging.getLogger("linguist")

# The genetic code of a GenBank record that names none: the bacterial one for these divisions, else the standard one.
BACTERIAL_DIVISIONS = {"BCT", "PHG"}
STANDARD_CODE, BACTERIAL_CODE = 1, 11
COLUMNS = ("cds", "protein")  # of a table
# Reasons to leave out an entry that the annotation itself gives; any other is a flaw of the sequence.
ANNOTATED = {
    "without a translation",
    "not wholly within their record",
    "incomplete",
    "not protein-coding",
    "other isoforms of their gene",
}
CODING = "protein_coding"  # Ensembl's biotype


@dataclass(frozen=True)
class CodingSequence:
    """A complete coding sequence: upper-case `dna` without the stop codon, and its `protein`, a residue a codon."""

    name: str
    dna: str
    protein: str


class _Candidate(NamedTuple):
    """A possible coding sequence: upper-case `dna` with its stop codon, the protein given with it, a known `flaw`."""

    name: str
    dna: str
    protein: str
    code: int = STANDARD_CODE
    flaw: str | None = None
    gene: str | None = None


def read_coding_sequences(path, proteins=None, dropped=None):
    """Yield a CodingSequence for each sound entry of a GenBank file, a table, or Ensembl's pair of FASTA files.

    A sound coding sequence is complete, within its record, without ambiguous bases and a multiple of three long. It goes
    from a start codon to its only stop codon, and its translation is exactly the protein given with it, by the genetic
    code given with it (an alternative start codon gives M).
    A table is tab-separated, with columns `cds`, `protein` and optionally `accession`. A FASTA file is like Ensembl's
    cds/*.cds.all.fa.gz, with `proteins` like pep/*.pep.all.fa.gz: both are matched by transcript and read by the
    standard code, and only the longest sound isoform of each gene is kept (of equally long ones the first by name).
    All may be compressed. Dropped entries are logged by reason, and counted in `dropped`, a Counter, if given.
    Raises LinguistError for a file that cannot be read or has no sound entry.
    """
    dropped = Counter() if dropped is None else dropped
    names = Counter()
    for candidate in _keep_longest(_keep_sound(_read_candidates(path, proteins), dropped), dropped):
        name = candidate.name
        names[name] += 1
        unique = name if names[name] == 1 else f"{name}-{names[name]}"
        yield CodingSequence(unique, candidate.dna[:-3], candidate.protein)
    reasons = ", ".join(f"{number} {flaw}" for flaw, number in dropped.most_common()) or "none"
    if not names:
        cure = "give complete coding sequences with their translations"
        raise LinguistError(f"{path}: no usable coding sequence (dropped: {reasons}); {cure}")
    logger.info("%s: %d coding sequences (dropped: %s)", path, names.total(), reasons)


def _keep_sound(candidates, dropped):
    for candidate in candidates:
        if flaw := candidate.flaw or _find_flaw(candidate.dna, candidate.protein, candidate.code):
            dropped[flaw] += 1
        else:
            yield candidate


def _keep_longest(candidates, dropped):
    """Yield the longest candidate of each gene, after all are read; those without a gene at once."""
    longest = {}
    for candidate in candidates:
        if candidate.gene is None:
            yield candidate
            continue
        isoforms = [candidate, longest.get(candidate.gene, candidate)]
        if candidate.gene in longest:
            dropped["other isoforms of their gene"] += 1
        longest[candidate.gene] = min(isoforms, key=lambda one: (-len(one.dna), one.name))
    yield from longest.values()


def _read_candidates(path, proteins):
    """Yield a _Candidate for each entry of a table, a GenBank file, or Ensembl's FASTA with its proteins."""
    if not is_parquet(path):
        check_form(path, f"GenBank, or a table with the columns {', '.join(COLUMNS)}", "genbank", "fasta")
    with reading(path) as handle:
        first = handle.readline().strip()
        if first.startswith(">") and not proteins:
            cure = "give Ensembl's peptides of the same release as 'proteins'"
            raise LinguistError(f"{path}: a FASTA file does not say what its sequences code for; {cure}")
        if proteins and not first.startswith(">"):
            raise LinguistError(f"{path}: not FASTA, so it has its own proteins; leave out 'proteins'")
    if proteins:
        yield from _read_ensembl(path, proteins)
    elif is_header(first, COLUMNS):
        for number, (_, row) in enumerate(read_records(path, [COLUMNS], COLUMNS), 1):
            dna, protein = (clean(row[column]).upper() for column in COLUMNS)
            yield _Candidate(clean(row.get("accession")) or f"row{number}", dna, protein.removesuffix("*"))
    else:
        otherwise = "neither GenBank nor a table with columns cds and protein; give one of these"
        with reading(path) as handle:
            for candidates in read_genbank(path, handle, _find_candidates, otherwise):
                yield from candidates


def _read_ensembl(path, proteins):
    # The proteins, the smaller file, are in memory; of the sequences only one for each gene.
    peptides = {
        fields["transcript"]: peptide.removesuffix("*")
        for _, fields, peptide in _read_ensembl_fasta(proteins, "pep", "transcript")
        if fields["transcript_biotype"] == CODING
    }
    for name, fields, dna in _read_ensembl_fasta(path, "cds", "gene"):
        flaw = None
        if fields["transcript_biotype"] != CODING:
            flaw = "not protein-coding"
        elif name not in peptides:
            flaw = "without a peptide"
        yield _Candidate(name, dna, peptides.get(name, ""), flaw=flaw, gene=fields["gene"])


def _read_ensembl_fasta(path, content, key):
    """Yield (name, fields of the header, upper-case sequence, unchecked); headers must have the word `content` and `key`.

    Names and fields keep their version: in plants, the number behind the dot is the isoform.
    """
    for number, header, lines in split_records(path, "dna" if content == "cds" else "protein"):
        name, *words = header.partition(" description:")[0].split() or [""]
        fields = dict(word.split(":", 1) for word in words if ":" in word)
        missing = [f"{field}:" for field in (key, "transcript_biotype") if field not in fields]
        if content not in words[:1]:
            missing = [content]
        check_name(f"{path}, line {number}", name)
        if missing:
            cure = f"give a file as Ensembl's {content}/*.{content}.all.fa.gz"
            raise LinguistError(f"{path}, line {number}: the header of {show(name)} lacks {missing[0]!r}; {cure}")
        yield name, fields, "".join(lines).upper()


def read_genbank(path, handle, use, otherwise="not GenBank; give a GenBank file"):
    """Yield `use(record)` of each record of a GenBank file, a Biopython SeqRecord.

    Raises LinguistError for damage, also for what `use` meets in a record, and for a file without a record.
    """
    records = _parse_genbank(handle)
    for number in count(1):
        where = f"{path}, record {number}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", BiopythonParserWarning)
                warnings.filterwarnings("error", "Premature end|Expected sequence length", BiopythonParserWarning)
                record = next(records, None)
        except (*UNREADABLE, LinguistError, MemoryError):
            raise
        except Exception as error:  # Biopython raises AttributeError and others for lines in another order
            raise _not_genbank(where, error) from error
        if record is None and number == 1:
            raise LinguistError(f"{path}: {otherwise}")
        if record is None:
            return
        check_name(where, record.id)
        try:
            made = use(record)
        except (ValueError, AssertionError, LookupError, UndefinedSequenceError) as error:
            raise _not_genbank(where, error) from error
        yield made


def _parse_genbank(handle):
    yield from SeqIO.parse(handle, "genbank")


def _not_genbank(where, error):
    cause = one_line(error) or type(error).__name__
    return LinguistError(f"{where}: not valid GenBank ({cause}); fetch the file again")


def _find_candidates(record):
    return [found for item in enumerate(record.features) if (found := _extract(record, *item))]


def _extract(record, index, feature):
    """The candidate of a GenBank feature, spliced and on its strand; None for a feature that is not a CDS."""
    if feature.type != "CDS":
        return None
    given = {key: values[0] for key, values in feature.qualifiers.items()}
    bacterial = record.annotations.get("data_file_division") in BACTERIAL_DIVISIONS
    code = int(given.get("transl_table", BACTERIAL_CODE if bacterial else STANDARD_CODE))
    parts = feature.location.parts if feature.location else []
    dna, flaw = "", None
    if "translation" not in given:
        flaw = "without a translation"
    elif not parts or any(part.ref for part in parts):
        flaw = "not wholly within their record"
    elif not all(isinstance(end, ExactPosition) for part in parts for end in (part.start, part.end)):
        flaw = "incomplete"
    else:
        try:
            dna = str(feature.extract(record.seq)).upper()[int(given.get("codon_start", 1)) - 1 :]
        except UndefinedSequenceError:
            flaw = "without DNA in their record"
    name = clean(given.get("protein_id")) or f"{record.id}.feature{index}"
    return _Candidate(name, dna, given.get("translation", "").upper(), code, flaw)


def _find_flaw(dna, protein, code):
    """What makes a coding sequence unfit, or None."""
    if set(dna) - set("ACGT"):
        return "with ambiguous bases"
    if len(dna) % 3:
        return "not a multiple of three long"
    try:
        translation = str(Seq(dna).translate(table=code, cds=True))
    except TranslationError:
        return "without a start, without a stop at the end, or with a stop inside"
    except KeyError:
        return "of an unknown genetic code"
    return None if translation == protein else "with a translation that differs"
