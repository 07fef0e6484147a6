"""The records of a table, whatever its form: Parquet, JSON lines, a JSON array, comma- or tab-separated text."""

import csv
import json
import re
import sys
from collections import Counter
from functools import partial

from linguist.errors import LinguistError, cut, one_line, show
from linguist.files import clean, reading
from linguist.kinds import KINDS
from linguist.sequences.fasta import foreign_letter
from linguist.sequences.forms import check_form

csv.field_size_limit(sys.maxsize)  # a gene with its introns is longer than the 131,072 letters that csv allows
_HALF = re.compile("[\ud800-\udfff]")  # of a character; JSON can spell it, UTF-8 cannot
OPTIONAL = {"id", "accession"}  # columns that a table may have
SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
BATCH_ROWS = 1000  # rows of a Parquet file in memory at a time


def read_records(path, headers, without_header):
    """Yield (where, {column: value}) for each row of a table; `where` names the file and the line or row for errors.

    The content decides the form: Parquet, a JSON array, JSON lines, or text separated by tabs, commas or semicolons. Text
    may be gzip. Names of columns may have blanks around them and capital letters.
    Args: `headers` are the sets of columns that a table can have, as tuples; it must have all columns of one of them and
    may have others. `without_header` are the columns of a tab-separated table without a header line.
    Raises LinguistError for missing columns, rows of another width, damage, and a file that is no table, which it names.
    """
    if is_parquet(path):
        yield from read_parquet(path, headers)
        return
    check_form(path, f"a table with the columns {', '.join(headers[0])}")
    with reading(path) as handle:
        first = next((line.strip() for line in handle if line.strip()), "")
    with reading(path) as handle:
        if first.startswith("["):
            yield from _read_json_array(path, handle, headers)
        elif first.startswith("{"):
            yield from read_json_lines(path, handle, headers)
        elif "\t" in first:  # without quoting, which would join rows of PAWS-X, so that 199 vanish
            yield from _read_separated(path, handle, headers, without_header, delimiter="\t", quoting=csv.QUOTE_NONE)
        elif separator := find_separator(first, headers):
            yield from _read_separated(path, handle, headers, None, delimiter=separator, skipinitialspace=True)
        elif first:
            raise _no_header(path, first, headers)


def find_separator(line, headers):
    """The separator by which a line is a header with a column of `headers`: a tab, else that with most columns; None if none."""
    known = set().union(*headers)
    found = {mark: len(known & set(_rename(_split(line, mark), known))) for mark in SEPARATORS}
    best = "\t" if "\t" in line else max(found, key=found.get)
    return best if found[best] else None


def is_header(line, columns):
    """Whether a line is the header of a table with all of the columns."""
    separator = find_separator(line, [columns])
    return bool(separator) and set(columns) <= set(_rename(_split(line, separator), set(columns)))


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
            given = file.schema_arrow.names
            columns = _rename(given, {"id"}.union(*headers))
            _check_columns(path, columns, headers)
            wanted = {old: new for old, new in zip(given, columns, strict=True) if new in {"id"}.union(*headers)}
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(wanted), use_threads=False):
                for record in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", {wanted[column]: value for column, value in record.items()}
    except UnicodeDecodeError as error:
        raise LinguistError(f"{path}, row {number + 1} or later: not UTF-8 text; fetch the file again") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise LinguistError(f"{path}: not valid Parquet ({one_line(error)}); fetch the file again") from error


def read_json_lines(path, handle, headers):
    """Yield (where, {column: value}) for each line of an open text file with one JSON object a line."""
    hook = partial(_unique_keys, set().union(*headers))
    for number, line in enumerate(handle, 1):
        where = f"{path}, line {number}"
        try:
            if line.strip():
                yield where, _check_object(where, json.loads(line, object_pairs_hook=hook), headers)
        except (ValueError, RecursionError) as error:
            cause = f"not valid JSON ({_json_flaw(error)})"
            raise LinguistError(f"{where}: {cause}; give one object a line, or one array") from error


def text_of(where, record, column):
    """The text in a column of a record, "" for a missing value. Raises LinguistError for a value that is not text."""
    value = record[column]
    if not isinstance(value, str | None):
        raise LinguistError(f"{where}: {column} is {show(value)}, not text; fix or remove the row")
    return value or ""


def field_of(where, record, column):
    """A column of a record as `clean` text, "" if it is missing; raises LinguistError for what a table cannot hold."""
    text = clean(record.get(column))
    if _HALF.search(text):
        raise LinguistError(f"{where}: {column} is {show(text)}, with half of a character; fix or remove the row")
    return text


def sequence_of(where, column, text, alphabet, cure="fix or remove the row"):
    """A sequence in upper case, a protein without the stop at its end; raises LinguistError for a foreign letter."""
    sequence = text.upper().removesuffix(KINDS[alphabet].ending)
    if letter := foreign_letter(sequence, alphabet):
        cause = f"{letter!r} in {column} is not a letter of the {alphabet} alphabet"
        raise LinguistError(f"{where}: {cause}; {cure}")
    return sequence


def _split(line, separator):
    """The fields of a line of separated text; none if it is not."""
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    try:
        return next(csv.reader([line], strict=True, delimiter=separator, quoting=quoting, skipinitialspace=True), [])
    except csv.Error:
        return []


def _rename(columns, known):
    """The columns of a table with the names that readers know, which may have blanks around them and capital letters."""
    known = known | OPTIONAL
    wanted = known - set(columns)
    return [name if name in known or (plain := name.strip().casefold()) not in wanted else plain for name in columns]


def _no_header(path, line, headers):
    """The error for a text whose first line is no header."""
    parts = {mark: _split(line, mark) for mark in SEPARATORS}
    best = max(parts, key=lambda mark: len(parts[mark]))
    what = f"{len(parts[best])} fields separated by {SEPARATORS[best]}" if len(parts[best]) > 1 else "no table"
    columns = ", ".join(headers[0])
    return LinguistError(
        f"{path}: no header line ({show(line[:40])} is {what}), expected one with the columns {columns}; if this line names "
        "columns, rename them, else put a header above the rows, separated as they are by tabs, commas or semicolons"
    )


def _unique_keys(known, pairs):
    """A JSON object, as a dict. Raises ValueError for one of the `known` keys that stands twice, of which one would be lost."""
    record = dict(pairs)
    if len(record) < len(pairs) and (twice := known & _repeated(key for key, _ in pairs)):
        raise ValueError(f"key {show(min(twice))} stands twice")
    return record


def _repeated(names):
    return {name for name, times in Counter(list(names)).items() if times > 1}


def _json_flaw(error):
    """The cause of an error of `json`, without its place."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "a number of too many digits" if "int_max_str_digits" in str(error) else getattr(error, "msg", str(error))


def _read_json_array(path, handle, headers):
    try:
        records = json.load(handle, object_pairs_hook=partial(_unique_keys, set().union(*headers)))
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise LinguistError(f"{path}{line}: not valid JSON ({_json_flaw(error)}); fetch the file again") from error
    for number, record in enumerate(records, 1):
        where = f"{path}, row {number}"
        yield where, _check_object(where, record, headers)


def _read_separated(path, handle, headers, columns, **dialect):
    """Yield the rows of comma- or tab-separated text; `columns` are the columns of a table without a header line, if allowed."""
    known, is_first = set().union(*headers), True
    lines = csv.reader(handle, strict=True, **dialect)
    try:
        for fields in lines:
            where = f"{path}, line {lines.line_num}"
            if len(fields) < 2 and not any(map(str.strip, fields)):
                continue
            if is_first and (columns is None or not known.isdisjoint(_rename(fields, known))):
                columns = _rename(fields, known)
                _check_columns(where, columns, headers)
            elif len(fields) != len(columns):
                cause = f"{len(fields)} columns, expected {len(columns)} ({cut(', '.join(columns))})"
                raise LinguistError(f"{where}: {cause}; fix or remove the line")
            else:
                yield where, dict(zip(columns, fields, strict=True))
            is_first = False
    except csv.Error as error:
        raise LinguistError(f"{path}, line {lines.line_num}: not valid CSV ({error}); fetch the file again") from error


def _check_object(where, value, headers):
    if not isinstance(value, dict):
        wanted = ", ".join(headers[0])
        raise LinguistError(f"{where}: {show(value)} is not an object; give one with {wanted} for each row")
    columns = _rename(value, set().union(*headers))
    _check_columns(where, columns, headers)
    return dict(zip(columns, value.values(), strict=True))


def _check_columns(where, columns, headers):
    """Raise LinguistError for a missing column of the header that has most columns in common with these."""
    wanted = max(headers, key=lambda header: len(set(header) & set(columns)))
    if missing := [column for column in wanted if column not in columns]:
        found = cut(", ".join(columns)) or "none"
        raise LinguistError(f"{where}: no column {missing[0]!r} (found: {found}); give {', '.join(wanted)}")
    if twice := _repeated(columns) & set().union(*headers):
        raise LinguistError(f"{where}: two columns are named {min(twice)!r}; give each its own name")
