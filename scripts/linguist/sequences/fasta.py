"""Strict reading of FASTA files, whatever their compression and line ends; the first flaw is an error with its line."""

import re
from dataclasses import dataclass

from linguist.errors import LinguistError, cut, show
from linguist.files import reading
from linguist.kinds import KINDS, NUCLEOTIDES
from linguist.sequences.forms import check_form

_FOREIGN = {
    name: re.compile(f"[^{kind.letters}{kind.ambiguous}]", re.IGNORECASE | re.ASCII)
    for name, kind in KINDS.items()
    if kind.letters
}
UNKNOWN_LETTERS = "of unknown letters alone"  # why a sequence is dropped
_LOOKS_LIKE_DNA = re.compile("[ACGTUN]{30,}", re.IGNORECASE)


@dataclass(frozen=True)
class Sequence:
    """One record of a FASTA file: the header up to the first blank, the rest of it, and the letters, case kept."""

    name: str
    description: str
    sequence: str


def foreign_letter(sequence, alphabet):
    """The first letter, of either case, that is not of the alphabet; None if all are."""
    found = _FOREIGN[alphabet].search(sequence)
    return found and found.group()


def is_known(sequence, alphabet):
    """Whether an upper-case sequence has a letter that is not ambiguous: NNNN and XX say nothing."""
    return not set(KINDS[alphabet].letters).isdisjoint(sequence)


def read_sequences(path, alphabet):
    """Yield each record of a FASTA file as a Sequence, holding one at a time.

    The file may be plain, gzip or bgzip, with any line ends, blank lines and a byte-order mark. `alphabet` is "dna"
    (ACGT, N and the other IUPAC codes), "rna" (U for T) or "protein" (20 residues and B, Z, X, J, U, O; one stop at the
    end is removed). Lower case marks repeats and is kept. Raises LinguistError at the first flaw.
    """
    foreign = _FOREIGN[alphabet]
    names = set()
    for number, header, lines in split_records(path, alphabet):
        where = f"{path}, line {number}"
        name, _, description = header.partition(" ")
        check_name(where, name)
        sequence = "".join(lines)
        sequence = sequence.removesuffix(KINDS[alphabet].ending)
        if foreign.search(sequence):
            _refuse_letters(path, number, lines, alphabet)
        if not name:
            raise LinguistError(f"{where}: the header has no name; write one right after '>'")
        if not sequence:
            raise LinguistError(f"{where}: record {cut(name)} has no sequence; add it, or remove the header")
        if name in names:
            raise LinguistError(f"{where}: a second record is named {cut(name)}; give each its own name")
        # Only the first record is checked: among millions of proteins, one of only A, C, G, T and N may be real.
        if alphabet not in NUCLEOTIDES and not names and _LOOKS_LIKE_DNA.fullmatch(sequence):
            raise LinguistError(f"{where}: record {cut(name)} looks like DNA; give a protein file here")
        names.add(name)
        yield Sequence(name, description.strip(), sequence)
    if not names:
        raise LinguistError(f"{path}: the file is empty; give a FASTA file with at least one record")


def check_name(where, name):
    """Raise LinguistError for a name that BLAST and samtools would change: they know printable ASCII and no blanks."""
    if not re.fullmatch("[!-~]*", name):
        odd = re.search("[^!-~]", name).group()
        raise LinguistError(
            f"{where}: the name {show(name)} has the character {odd!r}; use letters, digits and signs of ASCII only"
        )


def split_records(path, alphabet):
    """Yield (line number of the header, header without '>', the lines below it, including blank ones)."""
    check_form(path, "FASTA", "fasta")
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
                raise LinguistError(
                    f"{path}, line {number}: {show(line[:30])} is not FASTA, a '>name' comes first; give a FASTA file"
                )
            elif line:
                raise LinguistError(f"{path}, line {number}: sequence before the first header; put '>name' above it")
    if header is not None:
        yield start, header, lines


def _refuse_letters(path, header_number, lines, alphabet):
    """Raise the error for the first line with a letter that is not of the alphabet."""
    last = max(index for index, line in enumerate(lines) if line)
    for number, line in enumerate(lines, header_number + 1):
        ending = KINDS[alphabet].ending if number == header_number + 1 + last else ""
        if found := _FOREIGN[alphabet].search(line.removesuffix(ending)):
            letter = found.group()
            advice = "remove it, or give another file"
            if letter in "-.":
                advice = "it looks like an alignment gap; give the sequences before alignment"
            elif letter == KINDS[alphabet].ending:
                advice = "a stop inside the protein; remove the record, or write X for it"
            elif letter in "Uu" and not _FOREIGN["dna"].search(re.sub("[Uu]", "T", line)):
                advice = "it looks like RNA; write T for U, or give the kind rna"
            elif letter in "Tt" and not _FOREIGN["rna"].search(re.sub("[Tt]", "U", line)):
                advice = "it looks like DNA; write U for T, or give the kind dna"
            elif alphabet in NUCLEOTIDES and not _FOREIGN["protein"].search(line.removesuffix("*")):
                advice = "it looks like protein; give a nucleotide file here"
            raise LinguistError(
                f"{path}, line {number}: {letter!r} is not a letter of the {alphabet} alphabet: {advice}"
            )
