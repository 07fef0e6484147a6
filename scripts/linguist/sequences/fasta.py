"""Reading sequence files strictly, and writing them so that any region can be read at random."""

import logging
import os
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pysam
from Bio import BiopythonParserWarning, SeqIO
from Bio.Data.CodonTable import TranslationError
from Bio.Seq import Seq, UndefinedSequenceError
from Bio.SeqFeature import ExactPosition

from linguist.errors import LinguistError
from linguist.files import atomic_path, reading

logger = logging.getLogger("linguist")

# IUPAC codes: N is any base, X any residue; U and O are the two rare residues.
LETTERS = {"dna": "ACGTNRYSWKMBDHV", "protein": "ACDEFGHIKLMNPQRSTVWYBZXJUO"}
_FOREIGN = {alphabet: re.compile(f"[^{letters}]", re.IGNORECASE | re.ASCII) for alphabet, letters in LETTERS.items()}
_LOOKS_LIKE_DNA = re.compile("[ACGTUN]{30,}", re.IGNORECASE)
LINE_WIDTH = 60
_BLOCK = LINE_WIDTH * 20_000
# Where a GenBank record names no genetic code: the bacterial one for these divisions, else the standard one.
BACTERIAL_DIVISIONS = {"BCT", "PHG"}
STANDARD_CODE, BACTERIAL_CODE = 1, 11
CODING = "protein_coding"  # Ensembl's biotype


@dataclass(frozen=True)
class Sequence:
    """One record of a FASTA file: the header up to the first blank, the rest of it, and the letters, case kept."""

    name: str
    description: str
    sequence: str


@dataclass(frozen=True)
class CodingSequence:
    """A complete coding sequence: upper-case `dna` without the stop codon, and its `protein`, a residue a codon."""

    name: str
    dna: str
    protein: str


def foreign_letter(sequence, alphabet):
    """The first letter, of either case, that is not of the alphabet; None if all are."""
    found = _FOREIGN[alphabet].search(sequence)
    return found and found.group()


def read_sequences(path, alphabet):
    """Yield each record of a FASTA file as a Sequence, holding one at a time.

    The file may be plain, gzip or bgzip, with any line ends, blank lines and a byte-order mark. `alphabet` is "dna"
    (ACGT, N and the other IUPAC codes) or "protein" (20 residues and B, Z, X, J, U, O; one stop at the end is
    removed). Lower case marks repeats and is kept. Raises LinguistError at the first flaw.
    """
    foreign = _FOREIGN[alphabet]
    names = set()
    for number, header, lines in _split_records(path, alphabet):
        where = f"{path}, line {number}"
        name, _, description = header.partition(" ")
        sequence = "".join(lines)
        if alphabet == "protein":
            sequence = sequence.removesuffix("*")
        if foreign.search(sequence):
            _refuse_letters(path, number, lines, alphabet)
        if not name:
            raise LinguistError(f"{where}: the header has no name; write one right after '>'")
        if not sequence:
            raise LinguistError(f"{where}: record {name} has no sequence; add it, or remove the header")
        if name in names:
            raise LinguistError(f"{where}: a second record is named {name}; give each its own name")
        # Only the first record is judged so: among millions of proteins, one of A, C, G, T and N may be real.
        if alphabet == "protein" and not names and _LOOKS_LIKE_DNA.fullmatch(sequence):
            raise LinguistError(f"{where}: record {name} looks like DNA; give a protein file here")
        names.add(name)
        yield Sequence(name, description.strip(), sequence)
    if not names:
        raise LinguistError(f"{path}: the file is empty; give a FASTA file with at least one record")


def _split_records(path, alphabet):
    """Yield (line number of the header, header without '>', the lines that follow it, blank ones too)."""
    start, header, lines = 0, None, []
    with reading(path) as handle:
        for number, line in enumerate(handle, 1):
            line = line.strip()
            if line.startswith(">"):
                if header is not None:
                    yield start, header, lines
                start, header, lines = number, line[1:].replace("\t", " "), []
            elif header is not None:
                lines.append(line)
            elif line and _FOREIGN[alphabet].search(line):
                beginning = repr(line[:30])
                raise LinguistError(f"{path}, line {number}: not FASTA: {beginning} stands where a '>name' must be")
            elif line:
                raise LinguistError(f"{path}, line {number}: sequence before the first header; put '>name' above it")
    if header is not None:
        yield start, header, lines


def _refuse_letters(path, header_number, lines, alphabet):
    """Raise the error for the first line with a letter that is not of the alphabet."""
    last = max(index for index, line in enumerate(lines) if line)
    for number, line in enumerate(lines, header_number + 1):
        ends = alphabet == "protein" and number == header_number + 1 + last
        if found := _FOREIGN[alphabet].search(line.removesuffix("*") if ends else line):
            letter = found.group()
            advice = "remove it, or give another file"
            if letter in "-.":
                advice = "it looks like an alignment gap; give the sequences before alignment"
            elif letter == "*" and alphabet == "protein":
                advice = "a stop inside the protein; remove the record, or write X for it"
            elif letter in "Uu" and not _FOREIGN["dna"].search(re.sub("[Uu]", "T", line)):
                advice = "it looks like RNA; write T for U"
            elif alphabet == "dna" and not _FOREIGN["protein"].search(line.removesuffix("*")):
                advice = "it looks like protein; give a DNA file here"
            raise LinguistError(
                f"{path}, line {number}: {letter!r} is not a letter of the {alphabet} alphabet: {advice}"
            )


def write_indexed_fasta(records, path):
    """Write records (anything with name, description, sequence) as bgzip-compressed FASTA, with .fai and .gzi beside.

    Any region can then be read with `pysam.FastaFile` or `pyfaidx.Fasta`. All three files appear or none, the FASTA
    file last, so that it is never seen without its indices. The same records give the same bytes.
    """
    path = Path(path)
    names = set()
    with atomic_path(path) as temporary:
        # Level 4: a third of the time of the usual 6, for a file 5 % larger.
        with pysam.BGZFile(str(temporary), "wb4") as handle:
            for record in records:
                if record.name in names:
                    raise ValueError(f"{path}: a second record is named {record.name}")
                names.add(record.name)
                handle.write(f">{record.name} {record.description}".rstrip().encode() + b"\n")
                # By blocks, so that a chromosome is not held twice.
                for start in range(0, len(record.sequence), _BLOCK):
                    block = record.sequence[start : start + _BLOCK]
                    lines = (block[i : i + LINE_WIDTH] + "\n" for i in range(0, len(block), LINE_WIDTH))
                    handle.write("".join(lines).encode())
        if not names:
            raise LinguistError(f"{path}: there is no sequence to write; give at least one")
        pysam.faidx(str(temporary))
        # An older file must not be seen beside indices that are not its own.
        path.unlink(missing_ok=True)
        for suffix in (".fai", ".gzi"):
            os.replace(f"{temporary}{suffix}", f"{path}{suffix}")


def index_sequences(path_in, path_out, alphabet):
    """Check a FASTA file and write it again in a form that can be read at random, which plain gzip cannot."""
    write_indexed_fasta(read_sequences(path_in, alphabet), path_out)


class _Candidate(NamedTuple):
    """What may be a coding sequence: upper-case `dna` with its stop codon, the protein given with it, a known `flaw`."""

    name: str
    dna: str
    protein: str
    code: int = STANDARD_CODE
    flaw: str | None = None
    gene: str | None = None


def read_coding_sequences(path, proteins=None, dropped=None):
    """Yield a CodingSequence for each one of a GenBank file, a table, or Ensembl's pair of FASTA files, beyond doubt.

    That is: complete, within its record, free of ambiguous bases, a multiple of three long, from a start codon to its
    only stop codon, and translating exactly to the protein given with it, by the genetic code given with it (an
    alternative start codon gives M). A table is tab-separated, with columns `cds`, `protein` and perhaps `accession`.
    A FASTA file is in the form of Ensembl's cds/*.cds.all.fa.gz, with `proteins` in that of pep/*.pep.all.fa.gz: both
    sides are matched by transcript and read by the standard code, and of each gene only the longest protein-coding
    isoform stays (of equals the first by name).
    Any may be compressed. What was dropped is logged by reason, and counted in `dropped`, a Counter, if given.
    Raises LinguistError for a file that cannot be read or gives nothing.
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
    """Pass on the longest candidate of each gene, when all are seen; those of no named gene at once."""
    longest = {}
    for candidate in candidates:
        if candidate.gene is None:
            yield candidate
            continue
        rivals = [candidate, longest.get(candidate.gene, candidate)]
        if candidate.gene in longest:
            dropped["other isoforms of their gene"] += 1
        longest[candidate.gene] = min(rivals, key=lambda one: (-len(one.dna), one.name))
    yield from longest.values()


def _read_candidates(path, proteins):
    """Yield a _Candidate for each entry of a table, a GenBank file, or Ensembl's FASTA with its proteins."""
    with reading(path) as handle:
        first = handle.readline().strip()
        columns = first.split("\t")
        if first.startswith(">") and not proteins:
            cure = "give Ensembl's peptides of the same release as 'proteins'"
            raise LinguistError(f"{path}: a FASTA file does not say what its sequences code for; {cure}")
        if proteins and not first.startswith(">"):
            raise LinguistError(f"{path}: not FASTA, so it brings its own proteins; leave out 'proteins'")
        if {"cds", "protein"} <= set(columns):
            yield from _read_table(path, handle, columns)
            return
    with reading(path) as handle:
        if proteins:
            yield from _read_ensembl(path, proteins)
        else:
            otherwise = "neither GenBank nor a table with columns cds and protein; give one of these"
            for candidates in read_genbank(path, handle, _find_candidates, otherwise):
                yield from candidates


def _read_table(path, handle, columns):
    for number, line in enumerate(handle, 2):
        cells = [cell.strip() for cell in line.rstrip("\n").split("\t")]
        if len(cells) == len(columns):
            row = dict(zip(columns, cells, strict=True))
            protein = row["protein"].upper().removesuffix("*")
            yield _Candidate(row.get("accession") or f"row{number - 1}", row["cds"].upper(), protein)
        elif line.strip():
            cause = f"{len(cells)} columns where the header has {len(columns)}"
            raise LinguistError(f"{path}, line {number}: {cause}; mend or remove the line")


def _read_ensembl(path, proteins):
    # The proteins are the smaller file; of the sequences only one a gene is ever held.
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
    """Yield (name, fields of the header, upper-case letters, unchecked); `content` and `key` are what headers must say.

    Names and fields keep their version: in plants, what follows the dot is the isoform.
    """
    for number, header, lines in _split_records(path, "dna" if content == "cds" else "protein"):
        name, *words = header.partition(" description:")[0].split() or [""]
        fields = dict(word.split(":", 1) for word in words if ":" in word)
        missing = [f"{field}:" for field in (key, "transcript_biotype") if field not in fields]
        if content not in words[:1]:
            missing = [content]
        if missing:
            cure = f"give a file as Ensembl's {content}/*.{content}.all.fa.gz"
            raise LinguistError(f"{path}, line {number}: the header of {name!r} does not say {missing[0]!r}; {cure}")
        yield name, fields, "".join(lines).upper()


def read_genbank(path, handle, use, otherwise="not GenBank; give a GenBank file"):
    """Yield `use(record)` of each record of a GenBank file, a Biopython SeqRecord.

    Raises LinguistError for damage, also for what `use` meets in a record, and for a file without a record.
    """
    records = SeqIO.parse(handle, "genbank")
    for number in count(1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", BiopythonParserWarning)
                warnings.filterwarnings("error", "Premature end|Expected sequence length", BiopythonParserWarning)
                record = next(records, None)
            made = None if record is None else use(record)
        except UnicodeDecodeError:
            raise
        except (ValueError, AssertionError, LookupError, BiopythonParserWarning, UndefinedSequenceError) as error:
            cause = str(error).partition("\n")[0]
            raise LinguistError(
                f"{path}, record {number}: not valid GenBank ({cause}); fetch the file again"
            ) from error
        if record is None and number == 1:
            raise LinguistError(f"{path}: {otherwise}")
        if record is None:
            return
        yield made


def _find_candidates(record):
    return [found for item in enumerate(record.features) if (found := _extract(record, *item))]


def _extract(record, index, feature):
    """Give the candidate that a GenBank feature is, spliced and on its strand; None if it codes for nothing."""
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
    name = given.get("protein_id", f"{record.id}.feature{index}")
    return _Candidate(name, dna, given.get("translation", "").upper(), code, flaw)


def _find_flaw(dna, protein, code):
    """Name what makes a coding sequence unfit, or return None."""
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
