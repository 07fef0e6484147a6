"""Indexed FASTA: files written so that any region can be read by its coordinates, and their reading."""

import gzip
import os
from pathlib import Path

import numpy as np
import pyfaidx
import pysam

from linguist.errors import LinguistError, cut, show
from linguist.files import atomic_path, reading_result

LINE_WIDTH = 60  # letters
_SHOWN = 3  # records that an error lists
_BLOCK = LINE_WIDTH * 20_000


def write_indexed_fasta(records, path):
    """Write records (anything with name, description, sequence) as bgzip-compressed FASTA, with .fai and .gzi beside it.

    Plain gzip cannot be read by coordinates. All three files appear or none. The FASTA file appears last, so that it is
    never seen without its indices. The same records give the same bytes. Raises LinguistError if there is no record.
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


def open_indexed(path):
    """Open an indexed FASTA file, bgzip (.gz) or plain, as a pyfaidx.Fasta; use it in a `with` statement.

    `fasta[record][start:end]` is the text of a region, 0-based and half-open, in the case of the file; `fasta.keys()`
    are the names of the records and `len(fasta[record])` is the length of one. A region outside its record raises
    pyfaidx.FetchError. Only reads: raises LinguistError for a file without its index, where pyfaidx would write one, and for
    a compressed file that does not end where its indices say.
    """
    indices = [f"{path}.fai", *([f"{path}.gzi"] if str(path).endswith(".gz") else [])]
    if missing := [index for index in indices if not Path(index).is_file()]:
        raise LinguistError(f"{path}: its index {missing[0]} is missing; delete both and run again")
    if len(indices) == 2:
        check_size(path, *indices)
    return pyfaidx.Fasta(str(path), as_raw=True, strict_bounds=True, rebuild=False, build_index=False)


def check_size(path, fai, gzi):
    """Raise LinguistError if a bgzip file or one of its indices was cut: the last record must end where the text ends.

    Only the end of the text is decompressed: from the last block that the .gzi lists (a number of blocks, then for each
    its places in the file and in the text, as little-endian 64-bit numbers).
    """
    with reading_result(gzi):
        count, *places = np.fromfile(gzi, "<u8").tolist()
        if len(places) != 2 * count:
            raise ValueError(f"{len(places) // 2} of {count} blocks")
    with reading_result(path), open(path, "rb") as handle:
        handle.seek(places[-2] if places else 0)
        text_end = (places[-1] if places else 0) + len(gzip.decompress(handle.read()))
    with reading_result(fai):
        last = Path(fai).read_text(encoding="utf-8").rstrip("\n").rpartition("\n")[2]
        length, offset, letters, width = map(int, last.split("\t")[1:])
        if offset + length + -(-length // letters) * (width - letters) != text_end:
            raise ValueError(f"its last record does not end with the text of {path}")


def check_record(record, known, where, fasta):
    """Raise LinguistError if a record is not among the `known` records of a FASTA file."""
    if record not in known:
        some = ", ".join(map(cut, list(known)[:_SHOWN])) + (", …" if len(known) > _SHOWN else "")
        raise LinguistError(
            f"{where}: {fasta} has no record {show(record)}, it has {some}; use its names, or give a file of this genome"
        )
