"""The records of a table, whatever its form: Parquet, JSON lines, a JSON array, comma- or tab-separated text."""

import csv
import json
import sys

from linguist.errors import LinguistError
from linguist.files import reading
from linguist.kinds import KINDS
from linguist.sequences.fasta import foreign_letter

BATCH_ROWS = 1000  # rows of a Parquet file in memory at a time


def read_records(path, headers, without_header):
    """Yield (where, {column: value}) for each row of a table; `where` names the file and the line or row for errors.

    The content decides the form: Parquet, a JSON array, JSON lines, comma-separated with a column `label`, or else
    tab-separated. Text may be gzip.
    Args: `headers` are the sets of columns that a table can have, as tuples; it must have all columns of one of them and
    may have others. `without_header` are the columns of a tab-separated table without a header line.
    Raises LinguistError for missing columns, rows of another width, and damage.
    """
    if is_parquet(path):
        yield from read_parquet(path, headers)
        return
    with reading(path) as handle:
        first = next((line.strip() for line in handle if line.strip()), "")
    with reading(path) as handle:
        if first.startswith("["):
            yield from _read_json_array(path, handle, headers)
        elif first.startswith("{"):
            yield from read_json_lines(path, handle, headers)
        elif "\t" not in first and "label" in next(csv.reader([first]), []):
            yield from _read_separated(path, handle, headers, None)
        else:  # without quoting, which would join rows of PAWS-X, so that 199 vanish
            yield from _read_separated(path, handle, headers, without_header, delimiter="\t", quoting=csv.QUOTE_NONE)


def is_parquet(path):
    """Whether a file is Parquet, by its first four bytes. Raises LinguistError for a file that cannot be read."""
    try:
        with open(path, "rb") as handle:
            return handle.read(4) == b"PAR1"
    except OSError as error:
        raise LinguistError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def read_parquet(path, headers):
    """Yield (where, {column: value}) for each row of a Parquet file, as `read_records` does.

    Only `id` and the columns of `headers` are read. Memory: BATCH_ROWS rows, and one row group as it is stored.
    """
    # Imported here, since most jobs read no Parquet.
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            _check_columns(path, columns, headers)
            wanted = [column for column in columns if column in {"id"}.union(*headers)]
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
                for record in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", record
    except UnicodeDecodeError as error:
        raise LinguistError(f"{path}, row {number + 1} or later: not UTF-8 text; fetch the file again") from error
    except (pyarrow.ArrowException, OSError) as error:
        cause = str(error).strip().partition("\n")[0]
        raise LinguistError(f"{path}: not valid Parquet ({cause}); fetch the file again") from error


def read_json_lines(path, handle, headers):
    """Yield (where, {column: value}) for each line of an open text file with one JSON object a line."""
    for number, line in enumerate(handle, 1):
        where = f"{path}, line {number}"
        try:
            if line.strip():
                yield where, _check_object(where, json.loads(line), headers)
        except json.JSONDecodeError as error:
            cause = f"not valid JSON ({error.msg})"
            raise LinguistError(f"{where}: {cause}; give one object a line, or one array") from error


def text_of(where, record, column):
    """The text in a column of a record, "" for a missing value. Raises LinguistError for a value that is not text."""
    value = record[column]
    if not isinstance(value, str | None):
        raise LinguistError(f"{where}: {column} is {str(value)[:30]}, not text; fix or remove the row")
    return value or ""


def sequence_of(where, column, text, alphabet, cure="fix or remove the row"):
    """A sequence in upper case, a protein without the stop at its end; raises LinguistError for a foreign letter."""
    sequence = text.upper().removesuffix(KINDS[alphabet].ending)
    if letter := foreign_letter(sequence, alphabet):
        cause = f"{letter!r} in {column} is not a letter of the {alphabet} alphabet"
        raise LinguistError(f"{where}: {cause}; {cure}")
    return sequence


def _read_json_array(path, handle, headers):
    try:
        records = json.load(handle)
    except json.JSONDecodeError as error:
        raise LinguistError(
            f"{path}, line {error.lineno}: not valid JSON ({error.msg}); fetch the file again"
        ) from error
    for number, record in enumerate(records, 1):
        where = f"{path}, row {number}"
        yield where, _check_object(where, record, headers)


def _read_separated(path, handle, headers, columns, **dialect):
    """Yield the rows of comma- or tab-separated text; `columns` are the columns of a table without a header line, if allowed."""
    csv.field_size_limit(sys.maxsize)  # a gene with its introns is longer than the 131,072 letters that csv allows
    known, is_first = set().union(*headers), True
    lines = csv.reader(handle, strict=True, **dialect)
    try:
        for fields in lines:
            where = f"{path}, line {lines.line_num}"
            if not any(map(str.strip, fields)):
                continue
            if is_first and (columns is None or not known.isdisjoint(fields)):
                columns = fields
                _check_columns(where, columns, headers)
            elif len(fields) != len(columns):
                cause = f"{len(fields)} columns, expected {len(columns)} ({', '.join(columns)})"
                raise LinguistError(f"{where}: {cause}; fix or remove the line")
            else:
                yield where, dict(zip(columns, fields, strict=True))
            is_first = False
    except csv.Error as error:
        raise LinguistError(f"{path}, line {lines.line_num}: not valid CSV ({error}); fetch the file again") from error


def _check_object(where, value, headers):
    if not isinstance(value, dict):
        wanted = ", ".join(headers[0])
        raise LinguistError(f"{where}: {str(value)[:30]!r} is not an object; give one with {wanted} for each row")
    _check_columns(where, value, headers)
    return value


def _check_columns(where, columns, headers):
    """Raise LinguistError for a missing column of the header that has most columns in common with these."""
    wanted = max(headers, key=lambda header: len(set(header) & set(columns)))
    if missing := [column for column in wanted if column not in columns]:
        found = ", ".join(columns) or "none"
        raise LinguistError(f"{where}: no column {missing[0]!r} (found: {found}); give {', '.join(wanted)}")
