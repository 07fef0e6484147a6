"""Reading files, compressed or not, and writing them in one step, so that no half-written file is left."""

import gzip
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import yaml

from linguist.errors import LinguistError

ROOT = Path(__file__).resolve().parents[2]  # the folder of the workflow


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


def write_text(path, text):
    """Write UTF-8 text; a path that ends in .gz is compressed, without a time stamp."""
    data = text.encode("utf-8")
    if str(path).endswith(".gz"):
        data = gzip.compress(data, compresslevel=6, mtime=0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_table(path, table, **options):
    """Write a data frame as tab-separated text with a header and six significant digits; `options` as for `to_csv`."""
    write_text(path, table.to_csv(sep="\t", index=False, float_format="%.6g", **options))


def clean(value):
    """A value as text without tabs and line breaks, for a field of a tab-separated table."""
    return "" if value is None else str(value).translate(dict.fromkeys(map(ord, "\t\n\r"), " ")).strip()


def write_json(path, value):
    """Write a value as indented JSON, keys in their given order."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_yaml(path):
    """A YAML file of the workflow itself; by the C parser where there is one, since every job parses these files."""
    with open_text(path) as handle:
        return yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def open_text(path):
    """Open a UTF-8 text file for reading, with or without BOM; plain or gzip, by its first bytes and not its name."""
    with open(path, "rb") as handle:
        compressed = handle.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", encoding="utf-8-sig") if compressed else open(path, encoding="utf-8-sig")


@contextmanager
def reading(path):
    """An open text file; raises LinguistError if it is missing, damaged or not UTF-8, also while it is read."""
    try:
        with open_text(path) as handle:
            yield handle
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LinguistError(
            f"{path}: the gzip data are cut short or damaged ({error}); fetch the file again"
        ) from error
    except UnicodeDecodeError as error:
        with open_text(path) as handle:
            raw_lines = enumerate(handle.buffer, 1)
            line = next(number for number, raw in raw_lines if "\ufffd" in raw.decode("utf-8", "replace"))
        raise LinguistError(f"{path}, line {line}: not UTF-8 text; give a text file, saved as UTF-8") from error
    except OSError as error:
        raise LinguistError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def file_digest(path, algorithm="sha256"):
    """Hex digest of a file's bytes, read in blocks."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest()
