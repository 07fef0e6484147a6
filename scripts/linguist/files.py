"""Reading files, compressed or not, and writing them in one step, so that no half-written file is left.

Results that the workflow reads back are checked: JSON must be complete, compressed files have a checksum, and a table or
list ends with an empty line (`END`), without which it was cut.
"""

import fcntl
import gzip
import hashlib
import io
import json
import logging
import os
import re
import shutil
import tempfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from linguist.errors import LinguistError, machine_failure, one_line

log = logging.getLogger("linguist")

ROOT = Path(__file__).resolve().parents[2]  # the folder of the workflow
BLOCK = 2**17  # bytes unpacked at a time
# A gzip file may unpack to this many bytes, or to this many times the bytes that it has. Genomes and texts have ratios of
# 3 to 20; only one letter or line that repeats through the whole file has more, up to 1032.
LARGEST_UNPACKED, LARGEST_RATIO = 2**27, 100
GZIP = b"\x1f\x8b"
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # the SAM specification, 4.1.2
PACKED = {
    GZIP: "gzip data inside gzip data",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "zstd data",
}
# The beginning of UTF-16 or UTF-32: its mark, or ASCII with a zero before or behind each letter.
OTHER_UNICODE = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|(?:[\t\n\r -~]\0){4}|(?:\0[\t\n\r -~]){4}")
# What reading raises for a file that cannot be read; `reading` says it in one line.
UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError)
END = "\n"  # the empty last line of results that are read line by line; readers of tables skip it
# The check of `check_end` for a rule's shell command, as a prefix of the file's path. Single braces would be a wildcard's.
REFUSE_CUT = (
    """awk 'END {{ if (NR == 0 || NF) {{ print "error: " FILENAME """
    """": damaged (its end is missing); delete it and run again" > "/dev/stderr"; exit 1 }} }}'"""
)


@contextmanager
def atomic_path(target):
    """A temporary path beside `target`, which is renamed to `target` if the block succeeds and removed if it fails.

    The block may write a file or make a folder there. An existing file or folder at `target` is replaced.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield room / target.name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(room / target.name, target)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def open_locked(path, wait=True):
    """The open file at `path`, which is made if there is none; locked by this process until it is closed.

    The lock is the kernel's (flock): it ends with the process, however that ends. On NFS it holds between machines, too. The
    holder may replace or delete the file. A file system without locks gives the file unlocked, and a line in the log. Raises
    BlockingIOError if another process holds it, unless it is to `wait`.
    """
    while True:
        file = open(path, "a+")  # noqa: SIM115 - open as long as the lock is held; for writing, as NFS wants it
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        except OSError as error:
            log.info("%s: no lock on this file system (%s); let one process at a time use it", path, error)
            return file
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()  # its last holder has replaced or deleted the file after it was opened here


def write_text(path, text):
    """Write UTF-8 text; a path that ends in .gz is compressed, without a time stamp."""
    data = text.encode("utf-8")
    if str(path).endswith(".gz"):
        data = gzip.compress(data, compresslevel=6, mtime=0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_lines(path, lines):
    """Write lines (texts without a line break) and the empty line that ends a table; without it if the path ends in .gz."""
    write_text(path, "".join(f"{line}\n" for line in lines) + ("" if str(path).endswith(".gz") else END))


def write_table(path, table, **options):
    """Write a data frame as tab-separated text with a header and six significant digits; `options` as for `to_csv`."""
    text = table.to_csv(sep="\t", index=False, float_format="%.6g", **options)
    write_lines(path, [text.removesuffix("\n")])


def clean(value):
    """A value as text without tabs and line breaks, for a field of a tab-separated table."""
    return "" if value is None else str(value).translate(dict.fromkeys(map(ord, "\t\n\r"), " ")).strip()


def write_json(path, value):
    """Write a value as indented JSON, keys in their given order."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def one_line_json(value):
    """A value as JSON that can stand in a script of a page: no text in it can end that script.

    Snakemake's report keeps the params of rules so; they hold texts of the study file.
    """
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def damaged(path, why):
    """The error for a file of the results that is not as it was written."""
    return LinguistError(f"{path}: damaged ({why}); delete it and run again")


@contextmanager
def reading_result(path):
    """Turn whatever the block raises while it reads a file of the results into one line that names the file."""
    try:
        yield
    except LinguistError:
        raise
    except Exception as error:  # each library has errors of its own for damaged data
        if machine_failure(error):
            raise
        raise damaged(path, f"{type(error).__name__}: {one_line(error)}") from error


def read_json(path):
    """The value in a JSON file of the results. Raises LinguistError if it is damaged."""
    with reading_result(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))


def read_lines(path):
    """Yield the lines of a file of `write_lines`, without line breaks. Raises LinguistError if it is damaged, or was cut."""
    check_end(path)
    with reading_result(path), open_text(path) as handle:
        yield from (line.removesuffix("\n") for line in handle if line != END)


def read_table(path, columns=(), **options):
    """A data frame from a table of `write_table`, or of a program that END was written after; `options` as for `read_csv`.

    Raises LinguistError if it is damaged, was cut, has longer rows than its header, or lacks one of the `columns`.
    """
    import pandas as pd

    check_end(path)
    with reading_result(path):
        table = pd.read_csv(path, sep="\t", **options)
    if not isinstance(table.index, pd.RangeIndex):  # pandas has taken the first fields for an index
        raise damaged(path, "rows have more fields than the header")
    if missing := [name for name in columns if name not in table]:
        raise damaged(path, f"without the column {missing[0]}")
    return table


def check_end(path):
    """Raise LinguistError if a text of the results has no END; what is compressed has a checksum instead."""
    with reading_result(path), open(path, "rb") as handle:
        if handle.read(len(GZIP)) == GZIP:
            return
        handle.seek(max(0, handle.seek(0, os.SEEK_END) - 2))
        last = handle.read()
    if last not in (b"\n\n", b"\n"):  # a table without header or rows is END alone
        raise damaged(path, "its end is missing")


def read_yaml(path):
    """A YAML file of the workflow itself; by the C parser where there is one, since every job parses these files."""
    with open_text(path) as handle:
        return yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip file, for reading. Raises LinguistError where it unpacks to far more than its own size."""

    def __init__(self, path):
        self.path, self.packed, self.size, self.checked = path, gzip.GzipFile(path), 0, LARGEST_UNPACKED

    def readable(self):
        return True

    def readinto(self, buffer):
        number = self.packed.readinto(buffer)
        self.size += number
        if self.size > self.checked:
            if self.size > LARGEST_RATIO * self.packed.fileobj.tell():
                raise LinguistError(
                    f"{self.path}: the gzip data unpack to more than {LARGEST_RATIO} times their size, as no genome or text "
                    "does; check the file, or unpack it yourself"
                )
            self.checked += LARGEST_UNPACKED
        return number

    def close(self):
        self.packed.close()
        super().close()


def open_text(path):
    """Open a UTF-8 text file for reading, with or without BOM; plain or gzip, by its first bytes and not its name."""
    return io.TextIOWrapper(_open_bytes(path), encoding="utf-8-sig")


def _open_bytes(path):
    """The bytes of a file, unpacked if they are gzip."""
    with open(path, "rb") as handle:
        packed = handle.read(len(GZIP)) == GZIP
    return io.BufferedReader(_Unpacked(path), BLOCK) if packed else open(path, "rb")


@contextmanager
def reading(path):
    """An open text file; raises LinguistError if it is missing, damaged or not UTF-8, also while it is read.

    If the block raises LinguistError for what it found in damaged gzip data, the error names the damage.
    """
    try:
        _check_end(path)
        with open_text(path) as handle:
            if OTHER_UNICODE.match(handle.buffer.peek(8)):
                raise LinguistError(f"{path}: UTF-16 text; save it as UTF-8")
            yield handle
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        raise LinguistError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except UnicodeDecodeError as error:
        _check_gzip(path)
        raise LinguistError(f"{path}{_not_text(path)}") from error
    except LinguistError:
        _check_gzip(path)
        raise


def _damaged(path, error):
    cause = "other bytes follow them" if isinstance(error, gzip.BadGzipFile) and "Not a gzip" in str(error) else error
    return LinguistError(f"{path}: the gzip data are cut short or damaged ({cause}); fetch the file again")


def _check_end(path):
    """Refuse bgzip data without their end mark: cut between two blocks, they would be read as if they were whole."""
    with open(path, "rb") as handle:
        start = handle.read(16)
        if start[:2] == GZIP and start[12:14] == b"BC" and start[3:4] == b"\x04":
            handle.seek(-min(len(BGZIP_END), os.path.getsize(path)), os.SEEK_END)
            if handle.read() != BGZIP_END:
                raise _damaged(path, "their end is missing")


def _check_gzip(path):
    """Refuse damaged gzip data, which come as odd letters before their checksum shows the damage."""
    try:
        with _open_bytes(path) as handle:
            if isinstance(handle.raw, _Unpacked):
                while handle.read(BLOCK):
                    pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, error) from error


def _not_text(path):
    """Where and why a file is not UTF-8 text, and the cure."""
    with _open_bytes(path) as handle:
        start = handle.peek(8)
        for mark, what in PACKED.items():
            if start.startswith(mark):
                return f": {what}, not text; unpack it"
        for number, line in enumerate(handle, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f", line {number}: not UTF-8 text; give a text file, saved as UTF-8"
    return ": not UTF-8 text; give a text file, saved as UTF-8"


def file_digest(path, algorithm="sha256"):
    """Hex digest of a file's bytes, read in blocks."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest()
