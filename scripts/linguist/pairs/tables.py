"""Pair sets from published tables, and tables of any columns, whatever their form: read strictly, in their order."""

import csv
import json
import sys
from pathlib import Path

from linguist.errors import LinguistError
from linguist.files import clean, reading
from linguist.pairs.store import ALPHABETS, COLUMNS
from linguist.sequences.fasta import foreign_letter
from linguist.splits import SPLITS

PAIRS = ("sentence1", "sentence2", "label")
# Genes with proteins, as in LucaOne's central dogma task (He et al. 2024): 100 bases around the gene, introns inside.
LUCAONE = ("seq_id_a", "seq_id_b", "seq_type_a", "seq_type_b", "seq_a", "seq_b", "label")
FORMS = (PAIRS, LUCAONE)
FLANK = 100
WRONG_KIND = "mend or remove the row, or correct the pair set's kind"
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
    for number, (where, record) in enumerate(read_records(path, FORMS, COLUMNS), 1):
        if "seq_a" in record:
            record = _unflank(where, record, kind)
        label = clean(record["label"])
        if label not in LABELS:
            raise LinguistError(f"{where}: label {label!r} is not 0 or 1; mend or remove the row")
        sentences = [_text(where, record, column) for column in PAIRS[:2]]
        if label and all(sentences) and "NS" not in sentences:
            if kind in ALPHABETS:
                sides = zip(PAIRS, sentences, ALPHABETS[kind], strict=False)
                sentences = [sequence_of(where, *side, WRONG_KIND) for side in sides]
            rows.append((clean(record.get("id")) or str(number), *sentences, LABELS[label]))
    return rows


def read_records(path, forms, bare):
    """Yield (where, {column: value}) for each row of a table, `where` in words that an error can use.

    Args: `forms` are the sets of columns that a table can have (it must have all of one of them); `bare` are the columns
    of a tab-separated table without a header.
    Raises LinguistError for a table of another form, or damage.
    """
    with open(path, "rb") as handle:
        if handle.read(4) == b"PAR1":
            yield from _read_parquet(path, forms)
            return
    with reading(path) as handle:
        first = next((line.strip() for line in handle if line.strip()), "")
    with reading(path) as handle:
        if first.startswith("["):
            yield from _read_json_array(path, handle, forms)
        elif first.startswith("{"):
            yield from _read_json_lines(path, handle, forms)
        elif "\t" not in first and "label" in next(csv.reader([first]), []):
            yield from _read_commas(path, handle, forms)
        else:
            yield from _read_tabs(path, handle, forms, bare)


def _read_parquet(path, forms):
    # Imported here, since who reads other tables need not have it.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            _check_columns(path, columns, forms)
            wanted = [column for column in columns if column in {"id"}.union(*forms)]
            number = 0
            for batch in file.iter_batches(columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", record
    except (pyarrow.ArrowException, OSError) as error:
        cause = str(error).strip().partition("\n")[0]
        raise LinguistError(f"{path}: not valid Parquet ({cause}); fetch the file again") from error


def _read_json_array(path, handle, forms):
    try:
        records = json.load(handle)
    except json.JSONDecodeError as error:
        raise LinguistError(
            f"{path}, line {error.lineno}: not valid JSON ({error.msg}); fetch the file again"
        ) from error
    for number, record in enumerate(records, 1):
        where = f"{path}, row {number}"
        yield where, _check_object(where, record, forms)


def _read_json_lines(path, handle, forms):
    for number, line in enumerate(handle, 1):
        where = f"{path}, line {number}"
        try:
            if line.strip():
                yield where, _check_object(where, json.loads(line), forms)
        except json.JSONDecodeError as error:
            cause = f"not valid JSON ({error.msg})"
            raise LinguistError(f"{where}: {cause}; give one object a line, or one array") from error


def _read_commas(path, handle, forms):
    csv.field_size_limit(sys.maxsize)  # a gene with its introns is longer than the 131,072 letters that csv allows
    lines = csv.reader(handle, strict=True)
    columns = []
    try:
        for fields in lines:
            where = f"{path}, line {lines.line_num}"
            if fields and not columns:
                columns = fields
                _check_columns(where, columns, forms)
            elif fields:
                yield where, _name_fields(where, columns, fields, "comma")
    except csv.Error as error:
        raise LinguistError(f"{path}, line {lines.line_num}: not valid CSV ({error}); fetch the file again") from error


def _read_tabs(path, handle, forms, bare):
    columns = bare
    for number, line in enumerate(handle, 1):
        where, fields = f"{path}, line {number}", line.rstrip("\n").split("\t")
        if number == 1 and not set().union(*forms).isdisjoint(fields):
            columns = fields
            _check_columns(where, columns, forms)
        elif line.strip():
            yield where, _name_fields(where, columns, fields, "tab")


def _name_fields(where, columns, fields, separator):
    if len(fields) != len(columns):
        raise LinguistError(
            f"{where}: {len(fields)} {separator}-separated fields, expected {len(columns)}: "
            f"{', '.join(columns)}; mend or remove the line"
        )
    return dict(zip(columns, fields, strict=True))


def _check_object(where, value, forms):
    if not isinstance(value, dict):
        wanted = ", ".join(forms[0])
        raise LinguistError(f"{where}: {str(value)[:30]!r} is no object; give one with {wanted} for each row")
    _check_columns(where, value, forms)
    return value


def _check_columns(where, columns, forms):
    """Raise unless the columns hold those of the form that they come nearest to."""
    wanted = max(forms, key=lambda form: len(set(form) & set(columns)))
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
        "sentence1": _text(where, record, f"seq_{gene}")[FLANK:-FLANK],
        "sentence2": record[f"seq_{protein}"],
        "label": record["label"],
    }


def _text(where, record, column):
    """The text of a column on one line."""
    if not isinstance(record[column], str | None):
        raise LinguistError(f"{where}: {column} is {str(record[column])[:30]}, not text; mend or remove the row")
    return clean(record[column])


def sequence_of(where, column, text, alphabet, cure="mend or remove the row"):
    """A sequence in upper case, a protein without the stop at its end; raises LinguistError for a foreign letter."""
    sequence = text.upper().removesuffix("*" if alphabet == "protein" else "")
    if letter := foreign_letter(sequence, alphabet):
        cause = f"{letter!r} in {column} is not a letter of the {alphabet} alphabet"
        raise LinguistError(f"{where}: {cause}; {cure}")
    return sequence
