"""The beginning of a raw file as a valid file of its own, on which a preview works: whole records, lines, rows and members."""

import bz2
import io
import lzma
import os
import random
import re
import tarfile
import time
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
import urllib3

from linguist.errors import LinguistError, hide_credentials, one_line, root_cause
from linguist.files import BLOCK, GZIP, atomic_path, file_digest
from linguist.sequences.fetching import TIMEOUT, Origin, sources_of

UNPACKERS = {GZIP: lambda: zlib.decompressobj(31), b"BZh": bz2.BZ2Decompressor, b"\xfd7zXZ": lzma.LZMADecompressor}
PARQUET, ZIP = b"PAR1", b"PK\x03\x04"
MEMBER = 1 << 16  # bytes of a member of an archive
BATCH_ROWS = 100  # rows of a Parquet file that are read at a time
DIVERGENCE = 0.05  # substitutions per letter of a simulated homolog
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, ValueError)
UNREADABLE += (urllib3.exceptions.HTTPError,)


def fetch_beginning(name, target, origin, mirror=None, size=1_000_000, homologs=()):
    """Put the beginning of the raw file of resource `name`, some `size` bytes of it, at `target`.

    Text (plain, gzip, bzip2 or xz) ends with a whole line, and FASTA and GenBank with a whole record, if that is not longer than
    half of it. Of Parquet the first rows are taken, of a tar or zip archive the first lines of each member: for that the whole
    archive is read. A JSON array is taken whole. Sources are asked in the order of `fetching.fetch`. Checksums are not compared:
    they are of whole files.
    `homologs` lists FASTA files as ((name, Origin), letters). Copies of the records at their beginnings, with DIVERGENCE, are
    added to this FASTA file, since the beginnings of two genomes need not have homologs.
    Returns what `fetching.fetch` returns, and `whole_bytes` of the file itself (None if the server does not say).
    Raises LinguistError, one line with the cause at each source.
    """
    causes = []
    for source in sources_of(name, origin, mirror):
        try:
            with atomic_path(target) as temporary:
                whole = write_beginning(source, temporary, size)
                for other, letters in homologs:
                    add_homologs(temporary, read_beginning(other, mirror, size), letters)
            return {
                "source": hide_credentials(str(source)),
                "bytes": os.path.getsize(target),
                "whole_bytes": whole,
                "sha256": file_digest(target),
                "verified": None,
                "day": time.strftime("%Y-%m-%d", time.gmtime()),
            }
        except UNREADABLE as error:
            cause = getattr(error, "strerror", None) or one_line(root_cause(error))
            causes.append(f"{hide_credentials(str(source))}: {cause}")
    raise LinguistError(f"resources/{name}: {'; '.join(causes)}; check the address, or the path and its permissions")


def write_beginning(source, target, size):
    """Write the beginning of a file, a Path or a web address, to `target`; returns the bytes of the whole file, or None."""
    with opened(source) as (stream, whole):
        start = stream.read(max(4096, min(BLOCK, size)))
        kind = next((mark for mark in UNPACKERS if start.startswith(mark)), None)
        while not (unpacked := unpack_beginning(start, kind)) and (more := stream.read(1 << 15)):
            start += more  # bzip2 has blocks of up to 900 KB
        if start.startswith(PARQUET):
            write_rows(source, target, size)
        elif start.startswith(ZIP):
            write_members(zip_members(io.BytesIO(start + stream.read())), target)
        elif unpacked[257:262] == b"ustar":
            with opened(source) as (archive, _), tarfile.open(fileobj=archive, mode="r|*") as tar:
                write_members(tar_members(tar), target)
        else:
            rest = stream.read(-1 if unpacked.lstrip()[:1] == b"[" else max(0, size - len(start)))
            packed = start + rest
            complete = not stream.read(1)
            text = unpack_beginning(packed, kind)
            write_packed(target, text if complete else whole_records(text), bool(kind))
    return whole


@contextmanager
def opened(source):
    """(A stream of the bytes of a file, a Path or a web address; its size, or None)."""
    if isinstance(source, Path):
        with open(source, "rb") as stream:
            yield stream, os.fstat(stream.fileno()).st_size
        return
    with requests.get(source, headers={"Accept-Encoding": "identity"}, stream=True, timeout=TIMEOUT) as response:
        if not response.ok:
            raise OSError(f"HTTP {response.status_code} {response.reason or ''}".strip())
        length = response.headers.get("Content-Length", "")
        yield io.BufferedReader(response.raw, BLOCK), int(length) if length.isdecimal() else None


def unpack_beginning(data, kind):
    """The beginning of a compressed file, unpacked as far as it goes; `kind` is its mark in UNPACKERS, or None."""
    if kind is None:
        return data
    parts = []
    while data.startswith(kind):  # bgzip and others write several streams in a row
        unpacker = UNPACKERS[kind]()
        parts.append(unpacker.decompress(data))
        data = unpacker.unused_data
    return b"".join(parts)


def whole_records(text):
    """The beginning of a text up to the end of a line; of FASTA or GenBank up to the end of a record, if half of it stays."""
    mark = {b">": b"\n>", b"L": b"\n//"}.get(text[:1] if text[:1] == b">" or text.startswith(b"LOCUS ") else b"")
    end = text.rfind(mark) if mark else -1
    if end < len(text) // 2:
        return text[: text.rfind(b"\n") + 1] or text
    return text[: end + 1] if mark == b"\n>" else text[: text.find(b"\n", end + 1) + 1] or text[:end] + b"\n//\n"


def write_packed(target, text, packed):
    """Write bytes, compressed with gzip if the original is compressed."""
    compressor = zlib.compressobj(6, wbits=31)
    Path(target).write_bytes(compressor.compress(text) + compressor.flush() if packed else text)


def write_rows(source, target, size):
    """Write the first rows of a Parquet file, some `size` bytes of them, as Parquet. A server must answer for parts of it."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(source if isinstance(source, Path) else io.BufferedReader(_Remote(source))) as file:
            batches, found = file.iter_batches(BATCH_ROWS, use_threads=False), 0
            with parquet.ParquetWriter(target, file.schema_arrow) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    found += batch.nbytes
                    if found >= size:
                        break
    except pyarrow.ArrowException as error:
        raise ValueError(f"not valid Parquet ({one_line(error)})") from error


class _Remote(io.RawIOBase):
    """A file on a web server, of which parts are read: the end of a Parquet file says where its rows are."""

    def __init__(self, address):
        with requests.head(address, allow_redirects=True, timeout=TIMEOUT) as response:
            if not response.ok or not response.headers.get("Content-Length", "").isdecimal():
                raise OSError(f"HTTP {response.status_code}, or no size")
            self.address, self.length, self.at = response.url, int(response.headers["Content-Length"]), 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=os.SEEK_SET):
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.length}[whence]
        return self.at

    def readinto(self, buffer):
        if self.at >= self.length or not len(buffer):
            return 0
        last = min(self.at + len(buffer), self.length) - 1
        with requests.get(self.address, headers={"Range": f"bytes={self.at}-{last}"}, timeout=TIMEOUT) as response:
            if response.status_code != 206:
                raise OSError("the server does not give parts of a file")
            buffer[: len(response.content)] = response.content
        self.at += len(response.content)
        return len(response.content)


def tar_members(tar):
    """(name, beginning, whether that is all) of each file in a tar archive."""
    for member in tar:
        if member.isfile():
            content = tar.extractfile(member)
            yield member.name, content.read(MEMBER), member.size <= MEMBER


def zip_members(stream):
    """As `tar_members`, of a zip archive."""
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as content:
                    yield member.filename, content.read(MEMBER), member.file_size <= MEMBER


def write_members(members, target):
    """Write a tar archive of the beginnings of files, each up to the end of a record."""
    with tarfile.open(target, "w:gz", compresslevel=6) as out:
        for name, content, complete in members:
            kind = next((mark for mark in UNPACKERS if content.startswith(mark)), None)
            if not complete and kind:
                text = whole_records(unpack_beginning(content, kind))
                content = zlib.compress(text, wbits=31)
            elif not complete:
                content = whole_records(content)
            about = tarfile.TarInfo(name)
            about.size = len(content)
            out.addfile(about, io.BytesIO(content))


def read_beginning(origin, mirror, size):
    """The unpacked beginning of a FASTA file. Args: (name, Origin), mirror and size as for `fetch_beginning`."""
    name, origin = origin
    for source in sources_of(name, origin, mirror):
        with suppress(*UNREADABLE), opened(source) as (stream, _):
            data = stream.read(size)
            return whole_records(
                unpack_beginning(data, next((mark for mark in UNPACKERS if data.startswith(mark)), None))
            )
    raise ValueError(f"resources/{name} cannot be read")


def add_homologs(path, text, letters):
    """Add copies of the records in a FASTA text, in which a share DIVERGENCE of the letters is drawn anew, to a FASTA file."""
    data = Path(path).read_bytes()
    kind = next((mark for mark in UNPACKERS if data.startswith(mark)), None)
    own, draw = unpack_beginning(data, kind), random.Random(f"homologs {len(text)}")
    copies = bytearray(re.sub(rb"(?m)^>", b">copy-", text))
    letters = letters.encode()
    known = {*letters, *letters.lower()}
    for line in re.finditer(rb"(?m)^[^>\n].*$", copies):
        for at in draw.sample(range(*line.span()), round(DIVERGENCE * len(line[0]))):
            if copies[at] in known:
                drawn = draw.choice(letters)
                copies[at] = drawn + 32 if copies[at] > 96 else drawn
    write_packed(path, own.rstrip(b"\n") + b"\n" + bytes(copies), bool(kind))


def origin_of(source):
    """The Origin of a resource's part of the config."""
    return Origin(**{key: value for key, value in source.items() if key != "cut"})
