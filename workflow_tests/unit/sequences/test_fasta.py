"""Strict reading of FASTA: files with every flaw that real files have."""

import gzip
from pathlib import Path

import pytest

from linguist.errors import LinguistError
from linguist.sequences.fasta import Sequence, read_sequences
from linguist.sequences.indexed import write_indexed_fasta


def write(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path, alphabet="dna"):
    return list(read_sequences(path, alphabet))


def message(path, alphabet="dna"):
    with pytest.raises(LinguistError) as caught:
        read(path, alphabet)
    text = str(caught.value)
    assert "\n" not in text and text.startswith(str(path))
    return text.removeprefix(str(path))


PLAIN = ">chr1 a first one\nACGTacgtNN\nRYSWKM\n>chr2\nAC\n"
PARSED = [Sequence("chr1", "a first one", "ACGTacgtNNRYSWKM"), Sequence("chr2", "", "AC")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="crlf"),
        pytest.param(PLAIN.replace("\n", "\r"), id="old mac"),
        pytest.param("\n\n" + PLAIN.replace("\n", "\n \n"), id="blank lines"),
        pytest.param("\ufeff" + PLAIN, id="byte-order mark"),
        pytest.param(PLAIN.rstrip(), id="no end of line at the end"),
        pytest.param(PLAIN.replace("chr1 a", "chr1\ta"), id="tab after the name"),
        pytest.param(gzip.compress(PLAIN.encode()), id="gzip"),
        pytest.param(gzip.compress(PLAIN[:20].encode()) + gzip.compress(PLAIN[20:].encode()), id="gzip members"),
    ],
)
def test_reads_every_form_of_the_same_file(tmp_path, content):
    assert read(write(tmp_path / "x.fa", content)) == PARSED


def test_reads_bgzip_whatever_its_name(tmp_path):
    write_indexed_fasta(PARSED, tmp_path / "x.txt")
    assert read(tmp_path / "x.txt") == PARSED


def test_keeps_non_ascii_descriptions(tmp_path):
    assert read(write(tmp_path / "x.fa", ">a Müller\nAC\n"))[0].description == "Müller"


def test_proteins_lose_one_stop_at_the_end(tmp_path):
    path = write(tmp_path / "x.fa", ">a\nMKV\n*\n>b\nMUOBZXJ*\n\n>c\nMK\n")
    assert [record.sequence for record in read(path, "protein")] == ["MKV", "MUOBZXJ", "MK"]


def test_yields_before_it_reads_on(tmp_path):
    path = write(tmp_path / "x.fa", PLAIN + ">chr3\nAC!GT\n")
    records = read_sequences(path, "dna")
    assert [next(records), next(records)] == PARSED
    with pytest.raises(LinguistError):
        next(records)


@pytest.mark.parametrize(
    ("content", "alphabet", "expected"),
    [
        (">a\nACGT\n\nACGQ\n", "dna", ", line 4: 'Q' is not a letter of the dna alphabet: it looks like protein"),
        (">a\nMKVLAA*\n", "dna", ", line 2: 'L' is not a letter of the dna alphabet: it looks like protein"),
        (">a\nACGU\n", "dna", ", line 2: 'U' is not a letter of the dna alphabet: it looks like RNA; write T"),
        (">a\nAC-GT\n", "dna", ", line 2: '-' is not a letter of the dna alphabet: it looks like an alignment gap"),
        (">a\nACGT\n>b\nAC7GT\n", "dna", ", line 4: '7' is not a letter of the dna alphabet: remove it"),
        (">a\nAC GT\n", "dna", ", line 2: ' ' is not a letter"),
        (">a\nAC\u017fGT\n", "dna", ", line 2: 'ſ' is not a letter"),
        (">a\nMK*V\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\nMK*\nV\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\nMK**\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\n" + "ACGTN" * 8 + "\n", "protein", ", line 1: record a looks like DNA; give a protein file"),
        ("ACGT\n>a\nACGT\n", "dna", ", line 1: sequence before the first header; put '>name' above it"),
        ("@r1\nACGT\n+\nIIII\n", "dna", ", line 1: '@r1' is not FASTA"),
        ("\n<!DOCTYPE html>\n", "dna", ", line 2: '<!DOCTYPE html>' is not FASTA"),
        (">a\n>b\nAC\n", "dna", ", line 1: record a has no sequence; add it"),
        (">a\nAC\n>b\n\n", "dna", ", line 3: record b has no sequence"),
        (">a\n*\n", "protein", ", line 1: record a has no sequence"),
        (">\nAC\n", "dna", ", line 1: the header has no name"),
        (">a x\nAC\n>b\nAC\n>a y\nAC\n", "dna", ", line 5: a second record is named a"),
        ("", "dna", ": the file is empty"),
        ("\n\n", "dna", ": the file is empty"),
        (b"", "protein", ": the file is empty"),
        (gzip.compress(b""), "dna", ": the file is empty"),
        (b">a\nACGT\n>b \xe9\nAC\n", "dna", ", line 3: not UTF-8 text"),
        (PLAIN.encode("utf-16"), "dna", ", line 1: not UTF-8 text"),
        (gzip.compress(PLAIN.encode())[:-12], "dna", ": the gzip data are cut short"),
        (gzip.compress(PLAIN.encode())[:-8] + b"12345678", "dna", ": the gzip data are cut short or damaged"),
        (gzip.compress(b">a\n\xff\n"), "dna", ", line 2: not UTF-8 text"),
    ],
)
def test_refuses_in_one_line_with_place_cause_and_cure(tmp_path, content, alphabet, expected):
    assert message(write(tmp_path / "x.fa", content), alphabet).startswith(expected)


def test_refuses_a_missing_file_and_a_folder(tmp_path):
    assert message(tmp_path / "none.fa") == ": cannot be read (No such file or directory); check the path"
    assert message(tmp_path).startswith(": cannot be read")


def test_a_protein_that_only_looks_like_dna_is_read_when_others_do_not(tmp_path):
    path = write(tmp_path / "x.fa", ">a\nMKVL\n>b\n" + "GATTACA" * 9 + "\n")
    assert len(read(path, "protein")) == 2


# ---- real data ----


def test_real_genomes_and_proteins(real_data):
    for path in sorted((real_data / "genome" / "orthologs").glob("*.fa")):
        (record,) = read(path)
        assert len(record.sequence) > 90_000 and record.name.startswith("chr")
    proteins = read(real_data / "proteins" / "uniprot_mmseqs2_20000.fasta.gz", "protein")
    assert len(proteins) == 20_000
    with pytest.raises(LinguistError, match="looks like protein"):
        read(real_data / "proteins" / "uniprot_mmseqs2_20000.fasta.gz", "dna")
    with pytest.raises(LinguistError, match="looks like DNA"):
        read(real_data / "genome" / "orthologs" / "mm10.fa", "protein")


def test_the_demos_sequences_are_read():
    demo = Path(__file__).parents[3] / "resources" / "demo"
    assert all(len(read(path)) for path in demo.glob("*.fa.gz"))
    assert len(read(demo / "uniprot.fasta.gz", "protein")) == 2700
    assert sum(path.stat().st_size for path in demo.iterdir()) < 3_500_000
