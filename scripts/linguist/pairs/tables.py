"""Pair sets from published tables, read strictly and in their order."""

from pathlib import Path

from linguist.errors import LinguistError, show
from linguist.files import clean
from linguist.kinds import KINDS
from linguist.pairs.store import COLUMNS
from linguist.sequences.fasta import UNKNOWN_LETTERS, is_known
from linguist.sequences.tables import field_of, read_records, sequence_of, text_of
from linguist.tally import Tally

PAIRS = ("sentence1", "sentence2", "label")
# Genes with proteins, as in LucaOne's central dogma task (He et al. 2024): 100 bases around the gene, introns inside.
LUCAONE = ("seq_id_a", "seq_id_b", "seq_type_a", "seq_type_b", "seq_a", "seq_b", "label")
FORMS = (PAIRS, LUCAONE)
FLANK = 100
WRONG_KIND = "fix or remove the row, or correct the kind of the pair set"
LABELS = {"0": 0, "1": 1, "": None}
PLACEHOLDER = "NS"  # of PAWS-X, where a sentence was not translated


def read_pair_table(path, kind="sentence", tally=None):
    """Rows (id, sentence1, sentence2, label) of a table of pairs, in its order.

    `read_records` says which forms a table can have. Tab-separated tables are read without quoting, as PAWS-X needs it
    (with quoting, 199 of its rows vanish). Columns, in any order: sentence1, sentence2, label and perhaps id (else the
    row's number is the id); or the columns LUCAONE, where sentence1 becomes the gene without its flanks, introns kept, and
    sentence2 the protein.

    Rows with the placeholder "NS", an empty sentence or no label are dropped, and counted in `tally` (a Tally). Biological
    sequences come in upper case, a protein without the stop at its end; one that is nothing but this stop is empty.
    Raises LinguistError for missing columns, a label that is not 0 or 1, a letter that the kind does not have, and damage.
    """
    if not Path(path).is_file():
        raise LinguistError(f"{path}: no such table; name the archive's member as resource:path/in/archive.tsv")
    rows, tally = [], tally or Tally()
    for number, (where, record) in enumerate(read_records(path, FORMS, COLUMNS), 1):
        tally.read += 1
        flanked = "seq_a" in record
        if flanked:
            record = _unflank(where, record, kind)
        label = field_of(where, record, "label")
        if label not in LABELS:
            raise LinguistError(f"{where}: label {show(label)} is not 0 or 1; fix or remove the row")
        sentences = [text_of(where, record, column) and field_of(where, record, column) for column in PAIRS[:2]]
        flaw = _find_flaw(label, sentences, flanked)
        if not flaw and (alphabets := KINDS[kind].alphabets):
            sides = zip(PAIRS, sentences, alphabets, strict=False)
            sentences = [sequence_of(where, *side, WRONG_KIND) for side in sides]
            flaw = _find_flaw(label, sentences, flanked)
            if not flaw and not all(map(is_known, sentences, alphabets)):
                flaw = UNKNOWN_LETTERS
        if flaw:
            tally.drop(flaw, where)
        else:
            rows.append((field_of(where, record, "id") or str(number), *sentences, LABELS[label]))
    return rows


def _find_flaw(label, sentences, flanked):
    """Why a row cannot be used; None if it can."""
    if PLACEHOLDER in sentences:
        return f"with the placeholder {PLACEHOLDER}"
    if not any((label, *sentences)):
        return "empty"
    if not sentences[0]:
        return f"with a gene not longer than its flanks ({2 * FLANK} bases)" if flanked else "without sentence1"
    if not sentences[1]:
        return "without sentence2"
    return None if label else "without a label"


def _unflank(where, record, kind):
    """A row of LucaOne's table with our columns."""
    if not KINDS[kind].translated:
        raise LinguistError(f"{where}: pairs of genes with proteins; give the pair set the kind 'coding', not {kind!r}")
    side = {field_of(where, record, f"seq_type_{letter}"): letter for letter in "ab"}
    if side.keys() != {"gene", "prot"}:
        types = " and ".join(show(record[f"seq_type_{letter}"]) for letter in "ab")
        raise LinguistError(f"{where}: sequences of type {types}, expected 'gene' and 'prot'; fix or remove the row")
    gene, protein = side["gene"], side["prot"]
    return {
        "id": f"{record[f'seq_id_{gene}']}~{record[f'seq_id_{protein}']}",
        "sentence1": clean(text_of(where, record, f"seq_{gene}"))[FLANK:-FLANK],
        "sentence2": record[f"seq_{protein}"],
        "label": record["label"],
    }
