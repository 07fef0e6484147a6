"""Whatever is in a file or a config: it works, or one line says where, what is wrong and what to do.

`make test` tries 50 files of each kind, `make soak` (--hypothesis-profile soak) a thousand.
"""

import copy
import functools
import io
import json

import pyarrow
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from snakemake.common.configfile import load_configfile

from helpers.data import ROOT, indexed
from helpers.fuzz import damaged, works_or_one_line
from linguist.config import inputs
from linguist.config.settle import settle
from linguist.config.strict import check_file
from linguist.corpora.documents import read_documents
from linguist.corpora.exclusions import excluded_regions
from linguist.pairs.store import read_pairs, write_pairs
from linguist.pairs.tables import FORMS, read_pair_table
from linguist.sequences.coding_sequences import read_coding_sequences
from linguist.sequences.fasta import read_sequences
from linguist.sequences.indexed import open_indexed, write_indexed_fasta
from linguist.tasks.building import build_task
from linguist.tasks.recipes import RECIPES
from linguist.tasks.recipes.table import read_task_table
from linguist.tasks.store import read_task, write_task

fuzzed = settings(suppress_health_check=list(HealthCheck))


def give(folder, data, name="input"):
    path = folder / name
    path.write_bytes(data)
    return path


# ── sequences ──

FASTA = b">chr1 a first one\nACGTacgtNN\nRYSWKM\n>chr2\nAC\n\n>chr3:1-9|x~y\nGGGG\n"
RNA, PROTEINS = FASTA.replace(b"T", b"U").replace(b"t", b"u"), b">sp|P1|A some\nMKVWH\nMK*\n>P2\nMUOBZXJ\n"


@fuzzed
@given(data=damaged([FASTA, RNA, PROTEINS]), kind=st.sampled_from(["dna", "rna", "protein"]))
def test_fasta(tmp_path, data, kind):
    path = give(tmp_path, data)
    records = works_or_one_line(lambda: list(read_sequences(path, kind)), path)
    if records:
        write_indexed_fasta(records, tmp_path / "x.fa.gz")
        with open_indexed(tmp_path / "x.fa.gz") as fasta:
            assert {record.name: record.sequence for record in records} == {record.name: record[:] for record in fasta}
    works_or_one_line(lambda: list(read_documents(path, "protein")), path)


CDS = b">T1.1 cds chromosome:G:7:1:9:1 gene:G1.1 transcript_biotype:protein_coding description:of it\nATGAAAGTTTGGCATTAA\n"
PEP = b">P1.1 pep chromosome:G:7:1:9:1 gene:G1.1 transcript:T1.1 transcript_biotype:protein_coding\nMKVWH\n"


@fuzzed
@given(cds=damaged([CDS, CDS + CDS.replace(b"T1", b"T2")]), pep=st.just(PEP) | damaged([PEP]))
def test_ensembl(tmp_path, cds, pep):
    path, proteins = give(tmp_path, cds), give(tmp_path, pep, "proteins")
    works_or_one_line(lambda: list(read_coding_sequences(path, proteins)), path, proteins)


GENBANK = b"""LOCUS       REC1                     90 bp    DNA     linear   PRI 01-JAN-2000
DEFINITION  Something.
ACCESSION   REC1
VERSION     REC1.1
SOURCE      human
  ORGANISM  Homo sapiens
            Eukaryota.
REFERENCE   1  (bases 1 to 90)
  AUTHORS   One,A.
  JOURNAL   J. Of 1, 1-2 (2000)
FEATURES             Location/Qualifiers
     source          1..90
     mRNA            join(1..30,41..90)
     CDS             join(6..12,19..29)
                     /codon_start=1
                     /transl_table=1
                     /protein_id="P1.1"
                     /translation="MKVWH"
     CDS             complement(40..57)
ORIGIN
        1 cccccatgaa agttgtnnag tggcattaac ccccccgtaa gtaaaaaaaa aaaaaaaaaa
       61 aaaaaaaaag cccccccccc cccccccccc
//
"""
CUT = {"length": 4, "sizes": {"train": 2, "dev": 2, "test": 2}, "seed": 1}


@fuzzed
@given(data=damaged([GENBANK, GENBANK + GENBANK.replace(b"REC1", b"REC2")]))
@example(data=GENBANK.replace(b"REFERENCE   1  (bases 1 to 90)\n", b""))
def test_genbank(tmp_path, data):
    path = give(tmp_path, data)
    works_or_one_line(lambda: list(read_coding_sequences(path)), path)
    for name, recipe in RECIPES.items():
        if set(recipe.needs) == {"sequences", "length", "sizes"}:
            spec = CUT | {"recipe": name, "answers": ["a", "b", "c"][: recipe.classes]}
            works_or_one_line(
                lambda spec=spec: build_task("cut", spec, {"sequences": path}), f"tasks/cut: {path}", "tasks/cut: "
            )


@fuzzed
@given(data=damaged([b"#x\ntrack name=x\nchr1\t0\t5\tname\t0\t+\nchr2 1 2\n", b"chr1\t3\t20\r\n"]))
@example(data=b"\t0\t5\tname\t0\t+\n")
def test_bed(tmp_path, data):
    fasta = indexed(tmp_path, {"chr1": "ACGT" * 5, "chr2": "AC"})
    path = give(tmp_path, data)
    regions = works_or_one_line(lambda: excluded_regions(fasta, beds=[path]), path)
    assert all(0 <= start < end <= 20 for found in (regions or {}).values() for start, end in found)


# ── tables ──

PAIRS = [
    {"id": "1", "sentence1": "ACGT acgt", "sentence2": 'He said "x", é', "label": "1"},
    {"id": "2", "sentence1": "NS", "sentence2": "b", "label": "0"},
    {"id": "3", "sentence1": "AC", "sentence2": "GT", "label": "0"},
]
ROWS = [{"sequence": "ACGTN", "label": "1", "id": "r 1"}, {"sequence": "acg", "label": "0", "id": ""}]
LUCAONE = [dict(zip(FORMS[1], ("g", "p", "gene", "prot", "A" * 230, "MKV", 1), strict=True))]
TEXTS = [{"text": "A document.\nOf two lines", "title": "x"}, {"text": "Another, with \x07"}]
EXAMPLES = (PAIRS, ROWS, LUCAONE, TEXTS)


def as_separated(mark):
    def write(rows):
        lines = [list(rows[0]), *(map(str, row.values()) for row in rows)]
        return "\n".join(
            mark.join(f'"{x}"' if mark == "," and "e" in x else x for x in line) for line in lines
        ).encode()

    return write


def as_parquet(rows):
    target = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), target)
    return target.getvalue()


FORMATS = {
    "tsv": as_separated("\t"),
    "csv": as_separated(","),
    "json": lambda rows: json.dumps(rows, indent=1).encode(),
    "json lines": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    "parquet": as_parquet,
}


@pytest.mark.parametrize("form", FORMATS)
@fuzzed
@given(data=st.data(), kind=st.sampled_from(["sentence", "dna", "protein", "coding"]))
def test_tables(tmp_path, form, data, kind):
    path = give(tmp_path, data.draw(damaged([FORMATS[form](rows) for rows in EXAMPLES])))
    rows = works_or_one_line(lambda: read_pair_table(path, kind), path)
    if rows:
        write_pairs(tmp_path / "pairs.tsv", rows)
        assert [tuple(row) for row in read_pairs(tmp_path / "pairs.tsv").itertuples(index=False)] == rows
    rows = works_or_one_line(lambda: read_task_table(path, ["no", "yes"]), path)
    if rows:
        write_task(tmp_path / "task.tsv", rows)
        assert [tuple(row) for row in read_task(tmp_path / "task.tsv").itertuples(index=False)] == rows
    documents = works_or_one_line(lambda: [text for _, text in read_documents(path, "text")], path)
    "".join(documents or []).encode()
    works_or_one_line(lambda: list(read_coding_sequences(path)), path)


# ── configs ──

STUDIES = [(ROOT / place).read_bytes() for place in ("config/config.yaml", "workflow_tests/workflow/tiny.yaml")]


@fuzzed
@given(data=damaged(STUDIES))
def test_damaged_configs(tmp_path, monkeypatch, data):
    monkeypatch.chdir(ROOT)
    path = give(tmp_path, data)
    works_or_one_line(lambda: check_file(path), path)
    try:
        study = load_configfile(path)
    except Exception:  # Snakemake reads the file first, and refuses it in its own words
        return
    works_or_one_line(lambda: settle(study), "config: ")


def places(node, above=()):
    """The paths to all keys and items below a node of a study."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in below:
        yield (*above, key)
        yield from places(value, (*above, key))


SOUND = [yaml.safe_load(text) for text in STUDIES]
NAMES = sorted({key for study in SOUND for place in places(study) for key in place if isinstance(key, str)})
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(st.characters(), max_size=9)
scalars |= st.sampled_from([16.0, -(2**63), 2**64, 1.0, "x" * 300, "1e999999999", "a\n", "..", "/", "~", *NAMES])
values = st.recursive(scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(scalars, below, max_size=3))


@fuzzed
@given(data=st.data(), value=values, study=st.sampled_from(SOUND))
def test_configs_with_odd_values(monkeypatch, data, value, study):
    """What is taken can be planned, too."""
    monkeypatch.chdir(ROOT)
    broken = copy.deepcopy(study)
    *above, last = data.draw(st.sampled_from(list(places(study))))
    functools.reduce(lambda block, key: block[key], above, broken)[last] = value
    config = works_or_one_line(lambda: settle(broken), "config: ")
    if config:
        assert all(isinstance(path, str) for path in inputs.requested_files(config))
