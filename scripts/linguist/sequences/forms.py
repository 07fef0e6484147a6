"""What a file is that is not what a reader expects: a page of a server, a pointer, a spreadsheet, another format."""

import re
import zipfile

from linguist.errors import LinguistError
from linguist.files import PACKED, reading

BEGINNING = 4096  # bytes that tell the form
SAVE = "save it as comma-separated text (CSV, UTF-8)"
# (beginning of the file, what it is, cure); the cure is None where it follows from what was expected.
FORMS = {
    "pointer": (
        rb"version https://git-lfs\.github\.com/spec/",
        "a Git LFS pointer, not the file",
        "run git lfs pull, or fetch the file itself",
    ),
    "html": (
        rb"\s*<(!doctype html|html|head|body)\b",
        "an HTML page",
        "check the address, which gives a page and not the file",
    ),
    "old spreadsheet": (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel spreadsheet", SAVE),
    "pdf": (rb"%PDF-", "a PDF file", None),
    "fastq": (rb"@[^\n]*\n[a-z.*-]+\r?\n\+", "FASTQ", None),
    "fasta": (rb"\s*>[^\n]*\n[a-z*.-]+\s*(\n|$)", "FASTA", None),
    "genbank": (rb"LOCUS {3,}", "GenBank", None),
    "gff": (rb"##gff-version", "GFF3", None),
    "vcf": (rb"##fileformat=VCF", "VCF", None),
}
SHEETS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")  # members of Excel's and OpenDocument's archives


def check_form(path, wanted, *allowed):
    """Raise LinguistError for a file that is plainly something else than `wanted`, in words ("a table with the columns a, b").

    `allowed` are the names of the FORMS that the reader knows itself. The content decides, not the name of the file.
    """
    if what := _find_form(path, allowed):
        form, cure = what
        raise LinguistError(f"{path}: this is {form}, expected {wanted}; {cure or f'give {wanted}'}")


def _find_form(path, allowed):
    with reading(path) as handle:
        start = handle.buffer.peek(BEGINNING)[:BEGINNING].removeprefix(b"\xef\xbb\xbf")
    if start.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return ("a spreadsheet", SAVE) if set(SHEETS) & set(archive.namelist()) else None
    found = (
        FORMS[name][1:] for name in FORMS if name not in allowed and re.match(FORMS[name][0], start, re.IGNORECASE)
    )
    if b"\0" in start.partition(b"\n")[0] and not start.startswith(tuple(PACKED)):  # `reading` names what is packed
        return next(found, ("binary data, not UTF-8 text", "unpack it, or save it as UTF-8"))
    return next(found, None)
