"""RNA is treated as DNA from the FASTA file to the audit, except that it has one strand. BLAST is real."""

import random
import shutil

import pytest

from helpers.data import RULES, backwards, blast_database, blast_hits, indexed, letters, make_rows
from linguist.errors import LinguistError
from linguist.pairs.audit import audit
from linguist.pairs.building import build_pairs
from linguist.pairs.homologs import choose_positives, write_homologs
from linguist.pairs.recipes import RECIPES
from linguist.pairs.store import write_pairs
from linguist.pairs.tables import read_pair_table
from linguist.sequences.fasta import read_sequences
from linguist.sequences.windows import sample_windows

needs_blast = pytest.mark.skipif(not shutil.which("blastn"), reason="BLAST+ is not installed")
SIZES = {"train": 40, "dev": 20, "test": 20}
TRANSCRIBED = str.maketrans("Tt", "Uu")


def as_rna(text):
    return text.translate(TRANSCRIBED)


def make_genomes():
    """{resource: {record: DNA}}: a genome, a relative of it, and a relative that is read from the other strand."""
    draw = random.Random(1)
    genome = letters(draw, 12_000)
    relative = "".join(draw.choice("ACGT") if draw.random() < 0.08 else letter for letter in genome)
    return {
        "old": {"r1": genome[:2000].lower() + genome[2000:]},
        "near": {"r1": relative},
        "back": {"r1": backwards(relative)},
    }


def search(folder, kind, resource, genomes):
    """The spec of a pair set and what its positives are chosen from: windows of `old` with their hits in `resource`."""
    fastas = {}
    for name, records in genomes.items():
        (folder / name).mkdir()
        fastas[name] = indexed(folder / name, records, kind)
    windows = list(sample_windows(fastas["old"], kind, 100, {"windows": 10_000, "max_masked": 1.0}, 1))
    database = blast_database(fastas[resource], resource, kind)
    hits = blast_hits(windows, "old", database, resource, kind, folder / "hits.tsv")
    spec = {"kind": kind, "recipe": "homologs", "queries": "old", "search": [resource], "length": 100, "seed": 1}
    files = {"queries": fastas["old"], "databases": [fastas[resource]], "hits": [hits]}
    return spec | {"sizes": SIZES, "rules": RULES}, files | {"earlier_hits": [], "earlier_positives": []}


def make_set(folder, kind, genomes):
    """(the splits of a pair set, the files of its splits)."""
    spec, files = search(folder, kind, "near", genomes)
    write_homologs(folder / "positives.tsv", choose_positives(spec, files))
    splits = build_pairs("set", spec, {"positives": folder / "positives.tsv"})
    paths = {split: folder / f"{split}.tsv" for split in splits}
    for split, rows in splits.items():
        write_pairs(paths[split], rows)
    return splits, paths


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """{kind: (splits, files)} of the same sequences as DNA and as RNA."""
    genomes = make_genomes()
    rna = {name: {record: as_rna(text) for record, text in records.items()} for name, records in genomes.items()}
    return {
        kind: make_set(tmp_path_factory.mktemp(kind), kind, given) for kind, given in (("dna", genomes), ("rna", rna))
    }


@needs_blast
def test_rna_gives_the_pairs_that_the_same_dna_gives(made):
    (dna, _), (rna, _) = made["dna"], made["rna"]
    assert rna == {
        split: [(name, as_rna(text1), as_rna(text2), label) for name, text1, text2, label in rows]
        for split, rows in dna.items()
    }
    assert {letter for rows in rna.values() for row in rows for letter in row[1] + row[2]} == set("ACGU")


@needs_blast
def test_the_audit_of_rna_is_that_of_the_same_dna(made):
    (_, dna), (_, rna) = made["dna"], made["rna"]
    found, known = audit("rna", rna), audit("dna", dna)
    assert found["splits"] == known["splits"] and found["overlaps"] == known["overlaps"]
    same = ("name", "side", "edges", "counts", "means")
    assert [[one[key] for key in same] for one in found["distributions"]] == [
        [one[key] for key in same] for one in known["distributions"]
    ]
    assert "GC share" in {one["unit"] for one in found["distributions"]}
    accuracies = {one["name"]: one["accuracy"] for one in found["baselines"]}
    assert accuracies == {one["name"]: one["accuracy"] for one in known["baselines"]}
    assert accuracies["alignment"] > 0.9


@needs_blast
def test_rna_has_one_strand(tmp_path):
    genomes = make_genomes()
    spec, files = search(tmp_path, "rna", "back", {n: {r: as_rna(t) for r, t in g.items()} for n, g in genomes.items()})
    with pytest.raises(LinguistError, match="back: no hits"):
        choose_positives(spec, files)


@needs_blast
@pytest.mark.parametrize("recipe", ["hard", "evolved"])
def test_controls_are_made_of_rna(made, recipe):
    spec = {"kind": "rna", "recipe": recipe, "of": "set", "seed": 1, "divergence": 0.1, "sizes": SIZES}
    rules = {"unrelated": 0.1, "transitions": 0.67, "indels": 0.125, "indel_length": 3}
    splits = make_rows(RECIPES[recipe], spec | {"rules": RULES | rules}, made["rna"][1])
    assert {split: len(rows) for split, rows in splits.items()} == SIZES
    rows = [row for rows in splits.values() for row in rows]
    assert {letter for row in rows for letter in row[1] + row[2]} == set("ACGU")
    assert not any(":-" in row[0] for row in rows)


def test_u_belongs_to_rna_alone(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text(">a\nACGUNacgu\n")
    assert [record.sequence for record in read_sequences(path, "rna")] == ["ACGUNacgu"]
    with pytest.raises(LinguistError, match="'U' is not a letter of the dna alphabet: .*RNA"):
        list(read_sequences(path, "dna"))
    path.write_text(">a\nACGT\n")
    with pytest.raises(LinguistError, match="'T' is not a letter of the rna alphabet: .*DNA"):
        list(read_sequences(path, "rna"))


def test_tables_of_rna_are_read(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("sentence1\tsentence2\tlabel\nacgu\tACGUU\t1\n")
    assert read_pair_table(path, "rna") == [("1", "ACGU", "ACGUU", 1)]
