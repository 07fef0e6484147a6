"""Pair sets from published tables, whatever their form: read strictly, in their order."""

import csv
import json
import sys
from pathlib import Path

from linguist.errors import LinguistError
from linguist.files import reading
from linguist.pairs import ALPHABETS, COLUMNS
from linguist.sequences import foreign_letter
from linguist.splits import SPLITS

PAIRS = ("sentence1", "sentence2", "label")
# Genes with proteins, as in LucaOne's central dogma task (He et al. 2024): 100 bases around the gene, introns inside.
LUCAONE = ("seq_id_a", "seq_id_b", "seq_type_a", "seq_type_b", "seq_a", "seq_b", "label")
FLANK = 100
FEWEST = 10  # rows that hardly have one label by chance
LABELS = {"0": 0, "1": 1, "": None}


def from_tables(spec, files):
    """Rows of published pair tables, read in order and cut to the split's size; a split without tables has no rows.

    `files` maps each split to the places of spec["files"][split]: a table, or the folder of an unpacked archive.

    With the rule `disjoint`, a train row that shares a sentence with dev or test goes, and a dev row that shares one
    with test: PAWS-X's own dev and test share some (https://github.com/google-research-datasets/paws).
    Raises LinguistError where the cut would leave rows of one label only, as it does in tables sorted by label.
    """
    splits = {split: [] for split in SPLITS}
    for split, references in spec["files"].items():
        for reference, place in zip(references, files[split], strict=True):
            splits[split] += read_table(Path(place, reference.partition(":")[2]), spec["kind"])
    if spec["rules"]["disjoint"]:
        taken = set()
        for split in reversed(SPLITS):
            rows = splits[split]
            splits[split] = [row for row in rows if taken.isdisjoint(row[1:3])]
            taken.update(sentence for row in rows for sentence in row[1:3])
    return {split: _cut(rows, spec["sizes"][split], split) for split, rows in splits.items()}


def _cut(rows, size, split):
    labels, kept = {row[3] for row in rows}, {row[3] for row in rows[:size]}
    if kept != labels and size >= FEWEST:
        raise LinguistError(
            f"the first {size} of the {len(rows)} rows for '{split}' all have label {min(kept)}: the table is sorted by "
            f"label; raise sizes.{split} to {len(rows)}, or give a shuffled table"
        )
    return rows[:size]


def read_table(path, kind="sentence"):
    """Rows (id, sentence1, sentence2, label) of a table of pairs, in its order.

    The form is told by content: tab-separated as PAWS-X (no quoting: with it 199 rows vanish; the header is optional),
    comma-separated, JSON lines, a JSON array, or Parquet; text may be gzip. Columns, in any order: sentence1, sentence2,
    label and perhaps id (else the row's number is the id), or those of LUCAONE: then sentence1 is the gene without its
    flanks, introns kept, and sentence2 the protein.
    Rows with the placeholder "NS", a blank sentence or no label are dropped. Sequences (`kind` dna, protein or coding)
    come in upper case, a protein without the stop at its end.
    Raises LinguistError for missing columns, a label that is not 0 or 1, a letter that no sequence has, or damage.
    """
    if not Path(path).is_file():
        raise LinguistError(f"{path}: no such table; name the archive's member as resource:path/in/archive.tsv")
    rows = []
    for number, (place, record) in enumerate(_read_records(path), 1):
        where = f"{path}, {place}"
        if "seq_a" in record:
            record = _unflank(where, record, kind)
        label = "" if record["label"] is None else str(record["label"]).strip()
        if label not in LABELS:
            raise LinguistError(f"{where}: label {label!r} is not 0 or 1; mend or remove the row")
        sentences = [_clean(where, record, column) for column in PAIRS[:2]]
        if label and all(sentences) and "NS" not in sentences:
            if kind in ALPHABETS:
                sentences = [_sequence(where, *side) for side in zip(PAIRS, sentences, ALPHABETS[kind], strict=False)]
            rows.append((_text(record.get("id")) or str(number), *sentences, LABELS[label]))
    return rows


def _read_records(path):
    """Yield (place, {column: value}) for each row, in words that an error can use."""
    with open(path, "rb") as handle:
        if handle.read(4) == b"PAR1":
            yield from _read_parquet(path)
            return
    with reading(path) as handle:
        first = next((line.strip() for line in handle if line.strip()), "")
    with reading(path) as handle:
        if first.startswith("["):
            yield from _read_json_array(path, handle)
        elif first.startswith("{"):
            yield from _read_json_lines(path, handle)
        elif "\t" not in first and "label" in next(csv.reader([first]), []):
            yield from _read_commas(path, handle)
        else:
            yield from _read_tabs(path, handle)


def _read_parquet(path):
    # Imported here, since who reads other tables need not have it.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            _check_columns(path, columns)
            wanted = [column for column in columns if column in {*COLUMNS, *LUCAONE}]
            number = 0
            for batch in file.iter_batches(columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    yield f"row {number}", record
    except (pyarrow.ArrowException, OSError) as error:
        cause = str(error).strip().partition("\n")[0]
        raise LinguistError(f"{path}: not valid Parquet ({cause}); fetch the file again") from error


def _read_json_array(path, handle):
    try:
        records = json.load(handle)
    except json.JSONDecodeError as error:
        raise LinguistError(
            f"{path}, line {error.lineno}: not valid JSON ({error.msg}); fetch the file again"
        ) from error
    for number, record in enumerate(records, 1):
        yield f"row {number}", _check_object(f"{path}, row {number}", record)


def _read_json_lines(path, handle):
    for number, line in enumerate(handle, 1):
        try:
            if line.strip():
                yield f"line {number}", _check_object(f"{path}, line {number}", json.loads(line))
        except json.JSONDecodeError as error:
            cause = f"not valid JSON ({error.msg})"
            raise LinguistError(f"{path}, line {number}: {cause}; give one object a line, or one array") from error


def _read_commas(path, handle):
    csv.field_size_limit(sys.maxsize)  # a gene with its introns is longer than the 131,072 letters that csv allows
    lines = csv.reader(handle, strict=True)
    columns = []
    try:
        for fields in lines:
            if fields and not columns:
                columns = fields
                _check_columns(f"{path}, line {lines.line_num}", columns)
            elif fields:
                yield f"line {lines.line_num}", _name_fields(path, lines.line_num, columns, fields, "comma")
    except csv.Error as error:
        raise LinguistError(f"{path}, line {lines.line_num}: not valid CSV ({error}); fetch the file again") from error


def _read_tabs(path, handle):
    columns = COLUMNS
    for number, line in enumerate(handle, 1):
        fields = line.rstrip("\n").split("\t")
        if number == 1 and not {*PAIRS, *LUCAONE}.isdisjoint(fields):
            columns = fields
            _check_columns(f"{path}, line 1", columns)
        elif line.strip():
            yield f"line {number}", _name_fields(path, number, columns, fields, "tab")


def _name_fields(path, number, columns, fields, separator):
    if len(fields) != len(columns):
        raise LinguistError(
            f"{path}, line {number}: {len(fields)} {separator}-separated fields, expected {len(columns)}: "
            f"{', '.join(columns)}; mend or remove the line"
        )
    return dict(zip(columns, fields, strict=True))


def _check_object(where, value):
    if not isinstance(value, dict):
        raise LinguistError(f"{where}: {str(value)[:30]!r} is no object; give one with {', '.join(PAIRS)} for each row")
    _check_columns(where, value)
    return value


def _check_columns(where, columns):
    """Raise unless the columns are those of a table of pairs."""
    wanted = PAIRS if {"seq_a", "seq_b"}.isdisjoint(columns) else LUCAONE
    if missing := [column for column in wanted if column not in columns]:
        found = ", ".join(columns) or "none"
        raise LinguistError(f"{where}: no column {missing[0]!r} (found: {found}); give {', '.join(wanted)}")


def _unflank(where, record, kind):
    """LucaOne's row as one of ours."""
    if kind != "coding":
        raise LinguistError(f"{where}: pairs of genes with proteins; give the pair set the kind 'coding', not {kind!r}")
    side = {record["seq_type_a"]: "a", record["seq_type_b"]: "b"}
    if side.keys() != {"gene", "prot"}:
        types = f"{record['seq_type_a']!r} and {record['seq_type_b']!r}"
        raise LinguistError(f"{where}: sequences of type {types}, expected 'gene' and 'prot'; mend or remove the row")
    gene, protein = side["gene"], side["prot"]
    return {
        "id": f"{record[f'seq_id_{gene}']}~{record[f'seq_id_{protein}']}",
        "sentence1": _clean(where, record, f"seq_{gene}")[FLANK:-FLANK],
        "sentence2": record[f"seq_{protein}"],
        "label": record["label"],
    }


def _clean(where, record, column):
    """The text of a column on one line."""
    if not isinstance(record[column], str | None):
        raise LinguistError(f"{where}: {column} is {str(record[column])[:30]}, not text; mend or remove the row")
    return _text(record[column])


def _text(value):
    # A pair set's file has one line a row and tabs between its columns.
    return "" if value is None else str(value).translate(dict.fromkeys(map(ord, "\t\n\r"), " ")).strip()


def _sequence(where, column, text, alphabet):
    sequence = text.upper().removesuffix("*" if alphabet == "protein" else "")
    if letter := foreign_letter(sequence, alphabet):
        cause = f"{letter!r} in {column} is not a letter of the {alphabet} alphabet"
        raise LinguistError(f"{where}: {cause}; mend or remove the row, or correct the pair set's kind")
    return sequence
