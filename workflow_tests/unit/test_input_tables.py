"""Tables as people have them are read, or told what they are; every row that is not read is counted, and so are contradictions.

The small inputs with their right answers are in workflow_tests/inputs/tables.yaml.
"""

import csv
import gzip
import io
import json
import zipfile
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linguist.corpora.documents import collect_documents, read_documents
from linguist.errors import LinguistError
from linguist.pairs.audit import audit_pairs, audit_split, overlap, sides_of
from linguist.pairs.building import build_pairs
from linguist.pairs.conflicts import (
    BOTH_CLASSES,
    BOTH_LABELS,
    EQUAL_SIDES,
    pair_conflicts,
    resolve_conflicts,
    task_conflicts,
)
from linguist.pairs.recipes.coding import count_sequences
from linguist.pairs.store import COLUMNS
from linguist.pairs.tables import read_pair_table
from linguist.report.rows import row_findings
from linguist.sequences.coding_sequences import read_coding_sequences
from linguist.sequences.fasta import read_sequences
from linguist.splits import SPLITS
from linguist.tally import Tally
from linguist.tasks.building import build_task
from linguist.tasks.recipes.table import read_task_table

CASES = yaml.safe_load((Path(__file__).parents[1] / "inputs/tables.yaml").read_text(encoding="utf-8"))
READERS = {
    "pairs": lambda path, tally: read_pair_table(path, "sentence", tally),
    "proteins": lambda path, tally: read_pair_table(path, "protein", tally),
    "coding": lambda path, tally: read_pair_table(path, "coding", tally),
    "task": lambda path, tally: read_task_table(path, ["no", "yes"], tally=tally),
    "genes": lambda path, tally: list(read_coding_sequences(path)),
    "text": lambda path, tally: list(read_documents(path, "text")),
    "fasta": lambda path, tally: list(read_sequences(path, "dna")),
    "protein fasta": lambda path, tally: list(read_sequences(path, "protein")),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", CASES)
def test_a_small_input_has_its_outcome(tmp_path, name, pack):
    case, path, tally = CASES[name], tmp_path / "table", Tally()
    path.write_bytes(pack(case["text"].encode(case.get("encoding", "utf-8"))))
    if "says" in case:
        with pytest.raises(LinguistError, match=case["says"]) as caught:
            READERS[case["as"]](path, tally)
        assert str(caught.value).startswith(str(path)) and "; " in str(caught.value)
    else:
        rows = READERS[case["as"]](path, tally)
        assert len(rows) == case["rows"] and tally.dropped == case.get("dropped", {})
        assert tally.read == len(rows) + tally.dropped.total() and tally.first.keys() == tally.dropped.keys()


@pytest.mark.parametrize("member", ["xl/workbook.xml", "content.xml"])
def test_a_spreadsheet_is_named(tmp_path, member):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(member, "<workbook/>")
    for data in (content.getvalue(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)):
        (tmp_path / "t.csv").write_bytes(data)
        with pytest.raises(LinguistError, match="spreadsheet, expected a table .*; save it as comma-separated text"):
            read_task_table(tmp_path / "t.csv", ["no", "yes"])


# ── rows that are dropped ──


def table_spec(**rules):
    spec = {"kind": "sentence", "recipe": "table", "files": dict.fromkeys(SPLITS, ["t"])}
    return spec | {
        "sizes": dict.fromkeys(SPLITS, 10_000),
        "rules": {"disjoint": False, "conflicts": "keep", "negatives": None} | rules,
    }


def write_splits(folder, **splits):
    """Tables of pairs; rows are (sentence1, sentence2, label)."""
    for split in SPLITS:
        rows = splits.get(split, [(f"{split}{i}", "x", i % 2) for i in range(4)])
        text = "".join(f"{i}\t{a}\t{b}\t{label}\n" for i, (a, b, label) in enumerate(rows))
        (folder / split).write_text(text, encoding="utf-8")
    return {split: [folder / split] for split in SPLITS}


@pytest.mark.parametrize(("missing", "outcome"), [(0, "fine"), (30, "note"), (60, "flaw"), (988, "refused")])
def test_a_few_dropped_rows_are_noted_many_warned_of_and_most_refused(tmp_path, caplog, missing, outcome):
    rows = [(f"a{i}", "b", "" if i < missing else i % 2) for i in range(1000)]
    files, record = write_splits(tmp_path, dev=rows), {}
    if outcome == "refused":
        with pytest.raises(
            LinguistError, match=r"mine: dev: 988 of 1,000 rows dropped \(98.8 %\): 988 without a label"
        ):
            build_pairs("mine", table_spec(), files)
        return
    with caplog.at_level("INFO", "linguist"):
        splits = build_pairs("mine", table_spec(), files, record)
    assert len(splits["dev"]) == 1000 - missing and record["rows"]["dev"]["read"] == 1000
    assert sum(record["rows"]["dev"]["dropped"].values()) == missing
    said = [text for severity, text in row_findings(record["rows"]) if severity == outcome]
    assert any(str(missing) in text for text in said) or not missing
    logged = [line for line in caplog.messages if "of 1,000 rows dropped" in line]
    assert len(logged) == 1 and logged[0].startswith("warning") == (outcome == "flaw")


def test_what_a_rule_leaves_out_is_counted_apart_and_refused_by_nothing(tmp_path):
    test = [(f"a{i}", "b", i % 2) for i in range(4)]
    files, record = write_splits(tmp_path, train=[*test, ("c", "d", 1)], test=test), {}
    splits = build_pairs("mine", table_spec(disjoint=True), files, record)
    assert len(splits["train"]) == 1
    assert record["rows"]["train"]["left_out"] == {"with a sentence of a later split": 4}
    assert not any(counts["dropped"] for counts in record["rows"].values())


def test_coding_sequences_that_are_left_out_are_counted(tmp_path):
    draw = [["GCT", "AAA", "GAT", "CTG", "TCC"][i * 7 % 5] for i in range(30)]
    genes = ["ATG" + "".join(draw[i % 5 :]) + "TAA" for i in range(5)]
    codons = {"GCT": "A", "AAA": "K", "GAT": "D", "CTG": "L", "TCC": "S", "ATG": "M"}
    rows = [(gene, "".join(codons[gene[at : at + 3]] for at in range(0, len(gene) - 3, 3))) for gene in genes]
    rows += [("ATGAAATAA", "MK"), ("ATGAAATAA", "ML"), ("ATGNAATAA", "MX"), ("ATGTAA", "*"), ("TAA", "*")]
    (tmp_path / "genes").write_text("CDS;Protein\n" + "".join(f"{dna};{protein}\n" for dna, protein in rows))
    tally = Tally()
    assert len(count_sequences({"sequences": tmp_path / "genes"}, 10, tally)) == 6
    assert tally.read == 10 and tally.left_out == {"shorter than a window": 1}
    start = "without a start, without a stop at the end, or with a stop inside"
    assert tally.dropped == {"with a translation that differs": 2, "with ambiguous bases": 1, start: 1}


# ── contradictory labels ──

CONTRADICTORY = {
    "train": [("a", "b", 1), ("b", "a", 0), ("c", "d", 1), ("e", "e", 1)],
    "dev": [("e", "e", 0), ("f", "g", 0), ("f", "g", 0)],
    "test": [("d", "c", 0), ("h", "i", 1)],
}


def test_contradictory_pairs_are_kept_and_told_or_dropped_or_refused(tmp_path, caplog):
    files, kept, dropped = write_splits(tmp_path, **CONTRADICTORY), {}, {}
    splits = build_pairs("mine", table_spec(), files, kept)
    assert [len(splits[split]) for split in SPLITS] == [4, 3, 2]
    equal, both = (line for line in caplog.messages if "contradictory" in line)
    assert "1 in dev" in equal and "3 in train, 1 in test" in both
    assert "row 0 of dev with label 0: e ~ e" in equal and "row 0 of train with label 1: a ~ b" in both
    assert kept["rows"]["train"] == {"read": 4, "dropped": {}, "left_out": {}, "first": {}}
    splits = build_pairs("mine", table_spec(conflicts="drop"), files, dropped)
    assert {split: [row[1:] for row in rows] for split, rows in splits.items()} == {
        "train": [("e", "e", 1)],
        "dev": [("f", "g", 0), ("f", "g", 0)],
        "test": [("h", "i", 1)],
    }
    assert dropped["rows"]["train"]["left_out"] == {BOTH_LABELS: 3}
    with pytest.raises(
        LinguistError, match="contradictory labels: 1 in dev: equal sides .*; 3 in train, 1 in test: same pair"
    ):
        build_pairs("mine", table_spec(conflicts="error"), files)


@pytest.mark.parametrize("mode", ["keep", "drop", "error"])
def test_contradictory_sequences_of_tasks(tmp_path, mode, caplog):
    rows = {"train": "AAAA,0 AAAC,1 AAAG,0 AAAG,1", "dev": "CCCC,0 CCCG,1", "test": "AAAA,1 GGGG,0 GGGC,1"}
    for split, part in rows.items():
        (tmp_path / split).write_text("sequence,label\n" + part.replace(" ", "\n"))
    spec = {"recipe": "table", "answers": ["no", "yes"], "seed": 1, "files": dict.fromkeys(SPLITS, ["t"])}
    spec["files"]["train"] = ["t", "u"]
    (tmp_path / "more").write_text("sequence,label\nTTTT,0\n")
    files, record = {split: [tmp_path / split] for split in SPLITS}, {}
    files["train"].append(tmp_path / "more")
    if mode == "error":
        with pytest.raises(
            LinguistError, match="tasks/t: rows with contradictory labels: 3 in train, 1 in test: same sequence"
        ):
            build_task("t", spec | {"conflicts": mode}, files)
        return
    splits = build_task("t", spec | ({"conflicts": mode} if mode == "drop" else {}), files, record)
    sequences = {split: [row[1] for row in rows] for split, rows in splits.items()}
    if mode == "drop":
        assert sequences == {"train": ["AAAC", "TTTT"], "dev": ["CCCC", "CCCG"], "test": ["GGGG", "GGGC"]}
        assert record["rows"]["train"]["left_out"] == {BOTH_CLASSES: 3}
    else:
        assert sum(map(len, splits.values())) == 10 and not record["rows"]["train"]["left_out"]
        assert any("3 in train, 1 in test: same sequence" in line for line in caplog.messages)


short = st.lists(st.tuples(st.just("i"), st.sampled_from("abc"), st.sampled_from("abc"), st.integers(0, 1)), max_size=6)


@given(short, short)
def test_conflicts_are_those_of_a_comparison_of_all_rows(train, test):
    splits = {"train": train, "test": test}
    places = [(split, at, row) for split, rows in splits.items() for at, row in enumerate(rows)]
    equal = {(s, at) for s, at, row in places if row[1] == row[2] and not row[3]}
    both = {
        (s, at)
        for s, at, row in places
        for _, _, other in places
        if row[1] != row[2] and {*row[1:3]} == {*other[1:3]} and row[3] != other[3]
    }
    found = pair_conflicts(splits, "sentence")
    for reason, expected in ((EQUAL_SIDES, equal), (BOTH_LABELS, both)):
        assert {(split, at) for split, rows in found.get(reason, {}).items() for at in rows} == expected
    tasks = {split: [(row[0], row[1], row[3]) for row in rows] for split, rows in splits.items()}
    same = {(s, at) for s, at, row in places for _, _, other in places if row[1] == other[1] and row[3] != other[3]}
    found = task_conflicts(tasks)
    assert {(split, at) for split, rows in found.get(BOTH_CLASSES, {}).items() for at in rows} == same


strands = st.sampled_from(["ACG", "CGT", "AAC", "GTT", "AT"])  # the first two are one molecule, as the next two are
dna_rows = st.lists(st.tuples(st.just("i"), strands, strands, st.integers(0, 1)), min_size=1, max_size=6)


@given(dna_rows, dna_rows, st.sampled_from(["dna", "rna"]))
def test_the_audit_counts_the_conflicts_that_a_set_can_drop(train, test, kind):
    """Conflicts of DNA are seen on both strands, by both; what is dropped is what the audit finds."""
    splits = {"train": train, "test": test}
    if kind == "rna":
        splits = {
            name: [(i, *(t.replace("T", "U") for t in ab), n) for i, *ab, n in part] for name, part in splits.items()
        }

    def audited(rows):
        sides = sides_of(kind)
        frames = {name: pd.DataFrame(part, columns=COLUMNS).astype({"label": int}) for name, part in rows.items()}
        parts = [
            audit_split(sides, frame, {kind: {}}, 2) | audit_pairs(kind, frame, {kind: {}}) for frame in frames.values()
        ]
        shared = overlap(*((sides, frame) for frame in frames.values()), {kind: {}})
        both = sum(part["contradictions"] for part in (*parts, shared))
        return both, sum(part["equal_negatives"] for part in parts), parts

    found = pair_conflicts(splits, kind)
    both, equal, parts = audited(splits)
    assert equal == sum(map(len, found.get(EQUAL_SIDES, {}).values()))
    assert all(bool(part["equal_negative"]) == bool(part["equal_negatives"]) for part in parts)
    assert bool(both or equal) == bool(found)
    kept = resolve_conflicts(splits, partial(pair_conflicts, kind=kind), "drop", defaultdict(Tally))
    assert audited(kept)[:2] == (0, 0)


# ── real tables ──


# Counted with awk: pairs of equal sides labelled 0, and rows of pairs with both labels; other files of PAWS have none.
EQUAL = {
    "de.dev": 4,
    "fr.dev": 1,
    "ja.dev": 2,
    "ja.test": 6,
    "ko.dev": 4,
    "ko.test": 4,
    "zh.dev": 8,
    "zh.test": 2,
    "test": 4,
}
BOTH = {"zh.dev": 4, "zh.test": 2, "test": 14}


def test_counts_of_real_paws_agree_with_a_count_by_hand(real_data):
    for path in sorted([*(real_data / "pawsx").glob("*.tsv"), *(real_data / "paws_wiki").glob("*.tsv")]):
        lines = [line.rstrip("\r\n").split("\t") for line in path.read_text("utf-8").rstrip("\n").split("\n")]
        lines = [fields for fields in lines if fields[0] != "id"]
        dropped = sum("NS" in fields[1:3] or "" in fields[1:4] for fields in lines)
        tally = Tally()
        rows = read_pair_table(path, "sentence", tally)
        assert (tally.read, tally.dropped.total(), len(rows)) == (len(lines), dropped, len(lines) - dropped)
        found = pair_conflicts({"t": rows}, "sentence")
        counts = [len(found.get(reason, {}).get("t", [])) for reason in (EQUAL_SIDES, BOTH_LABELS)]
        assert counts == [known.get(path.stem, 0) for known in (EQUAL, BOTH)], path


@pytest.mark.parametrize(
    ("name", "read", "left_out"), [("gbpri1.seq", 187, 76), ("ct.gbk", 895, 2), ("human_cds_protein.tsv", 819, 0)]
)
def test_counts_of_real_genes_agree_with_a_count_by_hand(real_data, name, read, left_out):
    tally = Tally()
    kept = count_sequences({"sequences": real_data / "cds" / name}, 1, tally)
    assert (tally.read, tally.left_out.total(), tally.dropped.total()) == (read, left_out, 0)
    assert len(kept) == read - left_out


def test_conflicts_of_the_authors_pairs_are_their_63_pairs_with_both_labels(real_data):
    rows = read_pair_table(real_data / "authors/dna_protein_150.json", "coding")
    assert {reason: len(part["t"]) for reason, part in pair_conflicts({"t": rows}, "coding").items()} == {
        BOTH_LABELS: 126
    }


def test_contradictions_of_real_gue_agree_with_a_count_by_hand(real_data):
    path, tally, labels = real_data / "gue/prom/prom_core_all/train.csv", Tally(), {}
    with open(path, newline="") as handle:
        table = [(row["sequence"], row["label"]) for row in csv.DictReader(handle)]
    rows = read_task_table(path, ["no", "yes"], "train-", tally)
    assert len(rows) == tally.read == len(table) == 47_356 and not tally.dropped
    for sequence, label in table:
        labels.setdefault(sequence, set()).add(label)
    both = {sequence for sequence, found in labels.items() if len(found) > 1}
    found = task_conflicts({"train": rows})[BOTH_CLASSES]["train"]
    assert {rows[at][1] for at in found} == both and len(both) == 40
    assert len(table) - len(labels) == 148 and len(found) == sum(Counter(s for s, _ in table)[s] for s in both)


@pytest.mark.parametrize("empty", [0, 4, 30])
def test_records_without_text_are_counted(tmp_path, caplog, empty):
    texts = [f"text {i}" for i in range(20)] + [" "] * (empty // 2) + [None] * (empty - empty // 2)
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    if empty > 20:
        with pytest.raises(
            LinguistError, match="documents: 30 of 50 documents dropped .*without text .first: .*line 21"
        ):
            collect_documents([tmp_path / "t.jsonl"], "text", None, tmp_path / "out.txt")
        assert not (tmp_path / "out.txt").exists()
        return
    with caplog.at_level("INFO", "linguist"):
        counts = collect_documents([tmp_path / "t.jsonl"], "text", None, tmp_path / "out.txt")
    assert counts["documents"] == 20 and counts["rows"]["read"] == 20 + empty
    assert counts["rows"]["dropped"] == ({"without text": empty} if empty else {})
    (line,) = caplog.messages
    assert f"{empty} of {20 + empty} documents dropped" in line and line.startswith("warning") == bool(empty)
